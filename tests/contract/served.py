"""A sandbox that is served by ``sentry sandbox serve``, with the real ``aws`` CLI and ``sentry`` pointed at it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fakes import violations_in

AWS = str(Path(sys.executable).parent / "aws")
SENTRY = (sys.executable, "-m", "costsentry_cli")


@dataclass(frozen=True)
class Served:
    """A served sandbox in a folder, with both commands pointed at it."""

    folder: Path
    environment: dict[str, str]

    def aws(self, *words: str) -> Any:
        """What the CLI answers."""
        ended = self.run(AWS, *words, "--output", "json")
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout) if ended.stdout.strip() else {}

    def aws_error(self, *words: str) -> str:
        """What it says when it fails."""
        ended = self.run(AWS, *words)
        assert ended.returncode != 0
        return ended.stderr

    def sentry(self, *words: str) -> Any:
        """Our own document."""
        ended = self.run(*SENTRY, *words, "-o", "json")
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def advance(self, by: str) -> None:
        """Move the sandbox's clock."""
        ended = self.run(*SENTRY, "sandbox", "advance", by, COSTSENTRY_SANDBOX_DB=str(self.folder / "sandbox.db"))
        assert ended.returncode == 0, ended.stderr

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Any command, in the folder."""
        variables = self.environment | more
        return subprocess.run(
            command, capture_output=True, text=True, timeout=120, cwd=self.folder, env=variables, check=False
        )


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Serve it from a process of its own; at the end Ctrl-C stops it, and no message broke AWS's models."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "COSTSENTRY_"))}
    clean |= {"HOME": str(folder), "AWS_PAGER": ""}
    command = [*SENTRY, "sandbox", "serve", "--port", "0", "--sandbox-db", "sandbox.db"]
    server = subprocess.Popen(command, cwd=folder, env=clean, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    port = server.stderr.readline().split("http://127.0.0.1:")[1].split()[0]
    exports = Served(folder, clean).run(*SENTRY, "sandbox", "env", "--port", port).stdout
    variables = dict(line.removeprefix("export ").split("=", 1) for line in exports.splitlines())
    yield Served(folder, clean | variables)
    server.send_signal(signal.SIGINT)
    with server.stderr:
        assert server.wait(timeout=30) == 0
    assert violations_in(folder / "sandbox.db") == []
