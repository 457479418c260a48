"""Remembered answers as files: for their owner's eyes, whole or not there."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.cli.answer_store import AnswerStore, users_folder
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.remembered import Kept
from fakes import NOON

CALL = ApiCall("ce", "GetCostAndUsage", {"Granularity": "DAILY"})
KEPT = Kept(NOON, ({"ResultsByTime": [{"Estimated": True}]}, {"ResultsByTime": []}))


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path / "new" / "answers")
    assert store.get("a" * 64) is None
    store.put("a" * 64, CALL, KEPT)
    assert store.get("a" * 64) == KEPT
    assert store.get("b" * 64) is None


def test_only_the_owner_can_read_them(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path / "answers")
    store.put("a", CALL, KEPT)
    (path,) = store.folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"form": 1}',
        "[" * 100_000,
        '{"form": 2, "key": "a", "asked": "2026-11-23T12:00:00+00:00", "pages": [{}]}',
        '{"form": 1, "key": "b", "asked": "2026-11-23T12:00:00+00:00", "pages": [{}]}',
        '{"form": 1, "key": "a", "asked": "2026-11-23T12:00:00", "pages": [{}]}',
        '{"form": 1, "key": "a", "asked": 7, "pages": [{}]}',
        '{"form": 1, "key": "a", "asked": "2026-11-23T12:00:00+00:00", "pages": []}',
        '{"form": 1, "key": "a", "asked": "2026-11-23T12:00:00+00:00", "pages": ["x"]}',
    ],
)
def test_what_cannot_be_read_was_never_there(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    assert AnswerStore(tmp_path).get("a") is None


@given(st.integers(0, 400))
def test_a_cut_file_was_never_there(length: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        store = AnswerStore(Path(folder))
        store.put("a", CALL, KEPT)
        path = Path(folder) / "a.json"
        text = path.read_text(encoding="utf-8")
        path.write_text(text[: min(length, len(text) - 1)], encoding="utf-8")
        assert store.get("a") is None


def test_a_folder_that_cannot_be_written_keeps_nothing_and_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    store = AnswerStore(tmp_path / "file" / "answers")
    store.put("a", CALL, KEPT)
    assert store.get("a") is None


def test_an_answer_json_has_no_words_for_is_not_kept(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path)
    store.put("a", CALL, Kept(NOON, ({"at": NOON},)))
    assert list(tmp_path.iterdir()) == []


def test_the_file_says_what_was_asked_and_nothing_else(tmp_path: Path) -> None:
    AnswerStore(tmp_path).put("a", CALL, KEPT)
    document = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert set(document) == {"form", "key", "asked", "question", "pages"}


def test_the_users_answers_are_in_the_cache_folder_of_the_system() -> None:
    assert users_folder().is_relative_to(os.environ["HOME"])
    assert "costsentry" in users_folder().parts
