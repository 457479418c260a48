"""A stand-in for a host of pipelines: it runs the shell steps of an example against the sandbox, with programs that
only note what they were asked in place of those that would leave the machine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from commands import Ran

ROOT = Path(__file__).parents[1]
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
NOTING = """\
#!/bin/sh
echo "${0##*/} $*" >> "$ASKED"
"""
COMMENTING = """\
#!{python} -IS
import json, os, pathlib, re, sys
words = sys.argv[1:]
store = pathlib.Path(os.environ["COMMENTS"])
comments = json.loads(store.read_text())
path = next(word for word in words if word.startswith("repos/"))
method = words[words.index("--method") + 1] if "--method" in words else "GET"
with open(os.environ["ASKED"], "a") as asked:
    asked.write(f"gh {{method}} {{path}}\\n")
if method == "GET":
    wanted = words[words.index("--jq") + 1]
    user, = re.findall(r'login == "([^"]+)"', wanted)
    start, = re.findall(r'startswith\\("([^"]+)"\\)', wanted)
    for one in comments:
        if one["user"] == user and one["body"].startswith(start):
            print(one["id"])
    sys.exit()
name, _, file = words[words.index("--field") + 1].partition("=@")
body = pathlib.Path(file).read_text()
if name != "body" or len(body) > 65536:
    sys.exit("HTTP 422: Validation Failed")
if method == "PATCH":
    next(one for one in comments if path.endswith(f"/issues/comments/{{one['id']}}"))["body"] = body
else:
    comments.append({{"id": 100 + len(comments), "user": "github-actions[bot]", "body": body}})
store.write_text(json.dumps(comments))
"""


def example(name: str) -> dict[str, Any]:
    """An example of the repository, parsed; ``on`` is a word there, not YAML 1.1's truth."""
    return dict(yaml.load((ROOT / name).read_text(encoding="utf-8"), Loader=yaml.BaseLoader))


@dataclass
class Host:
    """One run of a pipeline in a folder. ``known`` says what each ``${{ ... }}`` of an ``env`` is."""

    folder: Path
    known: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        programs = self.folder / ".programs"
        programs.mkdir()
        for name in ("python", "python3", "pip", "make"):
            self._program(programs / name, NOTING)
        self._program(programs / "gh", COMMENTING.format(python=sys.executable))
        self.comments_are([])
        (self.folder / ".asked").touch()
        ours = ("COSTSENTRY_SANDBOX", "COSTSENTRY_SANDBOX_DB", "HOME", "LANG")
        self.environment = {name: os.environ[name] for name in ours if name in os.environ} | {
            "PATH": f"{programs}:{Path(sys.executable).parent}:/usr/bin:/bin",
            "ASKED": str(self.folder / ".asked"),
            "COMMENTS": str(self.folder / ".comments.json"),
            "GITHUB_REPOSITORY": "acme/docs",
            "GITHUB_STEP_SUMMARY": str(self.folder / ".summary.md"),
            "GITHUB_OUTPUT": str(self.folder / ".output"),
            "RUNNER_TEMP": str(self.folder),
        }

    @staticmethod
    def _program(path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def comments_are(self, comments: list[dict[str, Any]]) -> None:
        """Put these comments on the pull request."""
        (self.folder / ".comments.json").write_text(json.dumps(comments), encoding="utf-8")

    def comments(self) -> list[dict[str, Any]]:
        """The comments on the pull request."""
        return list(json.loads((self.folder / ".comments.json").read_text(encoding="utf-8")))

    def text(self, name: str) -> str:
        """A file of the host: ``.asked``, ``.summary.md``, ``.output``; empty when nothing wrote it."""
        path = self.folder / name
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def step(self, step: Mapping[str, Any], **more: str) -> Ran:
        """Run one step of a GitHub job or action, as GitHub runs ``shell: bash``."""
        given = {name: EXPRESSION.sub(self._value, value) for name, value in step.get("env", {}).items()}
        return self.shell(step["run"], **given, **more)

    def job(self, job: Mapping[str, Any], **more: str) -> Ran:
        """Run every shell step of a GitHub job; the first that fails ends it."""
        for step in job["steps"]:
            if "run" in step:
                ran = self.step(step, **more)
                if ran.status:
                    return ran
        return ran

    def shell(self, script: str, **more: str) -> Ran:
        """Run a script in bash with -e, -u and pipefail."""
        words = ["bash", "--noprofile", "--norc", "-euo", "pipefail", "-c", script]
        ended = subprocess.run(
            words, cwd=self.folder, env=self.environment | more, capture_output=True, text=True, timeout=120
        )
        return Ran(ended.returncode, ended.stdout, ended.stderr)

    def _value(self, found: re.Match[str]) -> str:
        return self.known[found[1]]
