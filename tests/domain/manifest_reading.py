"""Manifests read from text, and what is wrong with them."""

from __future__ import annotations

import pytest

from costsentry_cli.domain.document import InvalidDocument, Problem
from costsentry_cli.domain.manifest.reader import read as meaning
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.manifest_file import parse

HEAD = """\
version: 1
namespace: docs
models: {haiku: us.anthropic.claude-haiku-4-5-20251001-v1:0, lite: amazon.nova-lite-v1:0}
"""
ONE = "profiles: [{name: docs, model: haiku, tags: {costCenter: sales}}]\n"


def read(text: str) -> Manifest:
    document = parse(text, "profiles.yaml")
    return meaning(document.root, document.source, document.problems, suggest=lambda _: ("amazon.nova-pro-v1:0",))


def problems(text: str) -> list[Problem]:
    with pytest.raises(InvalidDocument) as caught:
        read(text)
    return list(caught.value.problems)


def only(text: str) -> Problem:
    found = problems(text)
    assert len(found) == 1, found
    return found[0]
