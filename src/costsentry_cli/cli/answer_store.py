"""Paid answers as files, readable by their owner alone: one a question, whole or not there."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from costsentry_cli import files
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.remembered import Kept

FORM = 1
MAX_BYTES = 256 * 1024 * 1024
"""An answer is not larger: a year of days by two groups is a tenth of it."""
APP = "costsentry"


@dataclass(frozen=True)
class AnswerStore:
    """Answers in a folder. What cannot be read was never there, what cannot be written is not kept."""

    folder: Path

    def get(self, key: str) -> Kept | None:
        """The answer under this key."""
        try:
            document = json.loads(files.read_bytes(self._path(key), MAX_BYTES, follow=False))
            if document["form"] != FORM or document["key"] != key:
                return None
            pages = document["pages"]
            asked = datetime.fromisoformat(document["asked"])
            whole = pages and all(isinstance(page, dict) for page in pages) and asked.tzinfo is not None
            return Kept(asked, tuple(pages)) if whole else None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def put(self, key: str, call: ApiCall, kept: Kept) -> None:
        """Keep it, with the question for whoever looks into the file."""
        question = {"operation": call.operation, "params": dict(call.params)}
        document = {"form": FORM, "key": key, "asked": kept.asked.isoformat(), "question": question}
        with suppress(OSError, TypeError):  # TypeError: an answer that JSON has no words for
            content = json.dumps(document | {"pages": list(kept.pages)}).encode()
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            files.replace(self._path(key), content)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"


def users_folder() -> Path:
    """Where this user's answers are: in the system's folder for caches."""
    from platformdirs import user_cache_path

    return user_cache_path(APP, appauthor=False) / "answers"
