"""Thousands of hostile files through the command itself, each in a child of its own with bounds on memory and time.

``make fuzz``. Every file must end as a manifest (or request) or as a refusal that says file, line and column: no trace,
no defect, nothing that steers a terminal, under a second of CPU and 200 MB. Exits 1 and keeps the files that do not.
"""

from __future__ import annotations

import argparse
import gc
import io
import json
import os
import re
import resource
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from multiprocessing import Pool
from pathlib import Path

import hostile_corpus
import hostile_files
from costsentry_cli.cli.main import run
from costsentry_cli.render.safe import safe

SECONDS = 1.0
BYTES = 200 * 2**20
ADDRESSES = 512 * 2**20  # for one file: beyond it an allocation fails, so that none brings the machine down
FORMS = ("table", "table", "json", "github")
SEED = 20261126
PARTS = 10

_REFUSED = re.compile(r"^error\[(CS\d{4})\]", re.MULTILINE)
_LOCATED = re.compile(r"^error\[(CS\d{4})\]: (.*)\n +--> .*:(\d+:\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Ended:
    """How one file ended: exit status, what was written, CPU seconds, peak bytes resident."""

    status: int
    out: str
    err: str
    seconds: float = 0.0
    resident: int = 0


@dataclass
class Tally:
    """What a series came to; ``faults`` are file names with what is wrong."""

    name: str
    endings: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    resident: int = 0
    faults: list[str] = field(default_factory=list)


def refusals(err: str) -> list[tuple[str, str, str]]:
    """Every located refusal on stderr: code, ``line:column`` and what is said."""
    return [(found[1], found[3], found[2]) for found in _LOCATED.finditer(err)]


def faults_of(ended: Ended, form: str) -> list[str]:
    """What an ending has that none may have; time and memory apart."""
    found = []
    read = "target: sandbox" in ended.err  # what comes then is about the account, not about the file
    if ended.status not in (0, 2) and not (read and ended.status > 2):
        found.append(f"exit status {ended.status}")
    if "Traceback" in ended.err or "CS0901" in ended.err:
        found.append("a defect")
    if ended.status == 2 and not read and not 0 < len(_REFUSED.findall(ended.err)) == len(refusals(ended.err)):
        found.append("a refusal without file:line:column")
    if safe(ended.err) != ended.err or safe(ended.out) != ended.out:
        found.append("characters that steer a terminal")
    if form == "json":
        try:
            json.loads(ended.out)
        except ValueError:
            found.append("no JSON on stdout")
    return found


def in_a_child(words: list[str], folder: Path) -> Ended:
    """Run one command line in a forked child, bounded, and measure it."""
    outs = [folder / "out", folder / "err"]
    child = os.fork()
    if child == 0:
        for number, path in enumerate(outs, 1):
            os.dup2(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), number)
        most = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize() + ADDRESSES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CPU, (5, 6))
        signal.alarm(60)
        status = 99
        try:
            status = run(words)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(status)
    _, waited, used = os.wait4(child, 0)
    said = [path.read_text(encoding="utf-8", errors="surrogateescape") for path in outs]
    return Ended(os.waitstatus_to_exitcode(waited), *said, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def words_for(kind: str, path: Path, form: str) -> list[str]:
    """The command that reads the file: a manifest is validated, a request is metered as far as costs nothing."""
    if kind == "manifest":
        return ["validate", "-f", str(path), "-o", form]
    manifest = str(hostile_files.ROOT / "profiles.yaml")
    return [
        "invoke",
        "--sandbox",
        "--dry-run",
        "-f",
        manifest,
        "--input",
        str(path),
        "-o",
        "json" if form == "json" else "table",
    ]


def judged(kind: str, number: int, data: bytes, kept: Path) -> tuple[str, Ended, list[str]]:
    """One file run and judged; a faulty one is kept."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        folder = Path(name)
        os.chdir(folder)
        path = folder / ("hostile.yaml" if kind == "manifest" or number % 2 else "hostile.json")
        path.write_bytes(data)
        form = FORMS[number % len(FORMS)]
        ended = in_a_child(words_for(kind, path, form), folder)
        for _ in range(2):
            if ended.seconds >= SECONDS:  # on a busy machine a second of CPU holds less work: the best of three
                ended = min(ended, in_a_child(words_for(kind, path, form), folder), key=lambda one: one.seconds)
        found = faults_of(ended, "json" if "json" in words_for(kind, path, form) else form)
        os.chdir("/")
    if ended.seconds >= SECONDS:
        found.append(f"{ended.seconds:.2f} s of CPU")
    if ended.resident >= BYTES:
        found.append(f"{ended.resident / 2**20:.0f} MB")
    codes = _REFUSED.findall(ended.err)
    if found:
        kept.mkdir(parents=True, exist_ok=True)
        (kept / f"{kind}-{number}").write_bytes(data)
    return (codes[0] if ended.status else "accepted"), ended, found


def _share(task: tuple[str, int, int, int, int, str]) -> Tally:
    kind, seed, count, worker, workers, kept = task
    make = {"manifest": hostile_files.manifests, "request": hostile_files.requests}[kind]
    numbers = range(worker, count, workers)
    return tallied(kind, zip(numbers, make(seed, numbers), strict=True), Path(kept))


def tallied(kind: str, files: Iterable[tuple[int, bytes]], kept: Path, name: str = "") -> Tally:
    """Every file judged, summed up."""
    tally = Tally(name or f"{kind}s")
    for number, data in files:
        ending, ended, found = judged(kind, number, data, kept)
        tally.endings[ending] += 1
        tally.seconds.append(ended.seconds)
        tally.resident = max(tally.resident, ended.resident)
        tally.faults += [f"{kind}-{number}: {one}" for one in found]
    return tally


def joined(tallies: list[Tally]) -> Tally:
    """One tally of several."""
    whole = tallies[0]
    for one in tallies[1:]:
        whole.endings += one.endings
        whole.seconds += one.seconds
        whole.resident = max(whole.resident, one.resident)
        whole.faults += one.faults
    return whole


def report(tally: Tally) -> Iterator[str]:
    """A few lines for a person."""
    seconds = sorted(tally.seconds)
    at = {
        name: seconds[min(len(seconds) - 1, int(len(seconds) * share))]
        for name, share in (("median", 0.5), ("p99", 0.99))
    }
    yield (
        f"{len(seconds):,} {tally.name}: {tally.endings['accepted']:,} accepted, the rest refused with a place; "
        f"{len(tally.faults)} faults"
    )
    yield (
        f"  CPU {at['median'] * 1000:.0f} ms median, {at['p99'] * 1000:.0f} ms p99, {seconds[-1] * 1000:.0f} ms most; "
        f"memory {tally.resident / 2**20:.0f} MB most"
    )
    yield "  " + ", ".join(f"{code} {count:,}" for code, count in sorted(tally.endings.items()))
    yield from (f"  FAULT {fault}" for fault in tally.faults[:50])


def main() -> int:
    """Run the corpus and both series; 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifests", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", default=".costsentry/fuzz", help="where faulty files are kept")
    asked = parser.parse_args()
    kept = Path(asked.keep).resolve()
    faults = 0
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        for kind, count in (("manifest", asked.manifests), ("request", asked.requests)):
            ready(kind, Path(name))
            for tally in series(kind, asked.seed, count, asked.jobs, kept):
                faults += len(tally.faults)
                print("\n".join(report(tally)), flush=True)
    return 1 if faults else 0


def series(kind: str, seed: int, count: int, jobs: int, kept: Path) -> Iterator[Tally]:
    """The corpus, then the generated files, a part of them at a time."""
    yield tallied(kind, enumerate(hostile_corpus.files(kind)), kept, f"{kind}s of the corpus")
    tasks = [(kind, seed, count, one, jobs * PARTS, str(kept)) for one in range(jobs * PARTS)]
    done: list[Tally] = []
    with Pool(jobs, maxtasksperchild=1) as pool:  # a generator's heap must not count as a file's memory
        for tally in pool.imap_unordered(_share, tasks):
            done.append(tally)
            print(f"{sum(len(one.seconds) for one in done):,} of {count:,} {kind}s", file=sys.stderr, flush=True)
    yield joined(done)


def ready(kind: str, folder: Path) -> None:
    """What every child needs is loaded here, before they fork; requests find a sandbox that has profiles."""
    if kind == "manifest":
        run(["validate", "-f", str(hostile_files.ROOT / "profiles.yaml")])
        return
    os.environ |= {"COSTSENTRY_SANDBOX": "1", "COSTSENTRY_SANDBOX_DB": str(folder / "sandbox.db")}
    request = folder / "request.yaml"
    request.write_text(hostile_files.REQUEST, encoding="utf-8")
    sync = [
        "sync",
        "--yes",
        "-f",
        str(hostile_files.ROOT / "profiles.yaml"),
        "-o",
        "json",
        "--out",
        str(folder / "out"),
    ]
    with redirect_stderr(io.StringIO()):
        done = [run(words) for words in (sync, [*words_for("request", request, "json"), "--out", str(folder / "out")])]
    gc.collect()  # an open SQLite connection must not cross a fork
    if done[1:] != [0]:
        raise SystemExit(f"the sandbox is not ready: {done}")


if __name__ == "__main__":
    sys.exit(main())
