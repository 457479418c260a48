"""The manifest as JSON Schema, for editors; made from the table the reader uses."""

from __future__ import annotations

from typing import Any

from costsentry_cli.domain.manifest.fields import MANIFEST


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of the manifest: what the reader accepts, this accepts."""
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "costsentry manifest",
        "description": "How Amazon Bedrock spend is attributed and bounded.",
    }
    return head | MANIFEST.schema()
