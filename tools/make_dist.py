"""Make dist/: wheel and sdist, proved to be the same however they are built and to run alone, their SBOM and hashes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
LOCK = ROOT / "requirements.lock"
WANTED = ("/py.typed", "/__init__.pyi", "/data/models.json", "/licenses/LICENSE", "/share/man/man1/sentry.1")
"""Ends of names that a wheel must hold, or the program lacks something once it is installed."""


def main() -> None:
    """Every step, each of which ends the program when it fails."""
    shutil.rmtree(DIST, ignore_errors=True)
    run("-m", "build", "--outdir", str(DIST), str(ROOT))  # the sdist, and the wheel from it
    (wheel,) = DIST.glob("*.whl")
    with tempfile.TemporaryDirectory() as scratch:
        check_contents(wheel)
        check_again(wheel, Path(scratch) / "again")
        python = installed_alone(wheel, Path(scratch) / "alone")
        write_sbom(python, DIST / f"{wheel.name.removesuffix('-py3-none-any.whl')}.cdx.json")
    write_sums()


def run(*words: str) -> None:
    """Run a module of the release environment."""
    subprocess.run([sys.executable, *words], check=True)


def check_contents(wheel: Path) -> None:
    """Nothing is missing, nothing is there that nobody needs."""
    names = zipfile.ZipFile(wheel).namelist()
    missing = [end for end in WANTED if not any(name.endswith(end) for name in names)]
    stray = [name for name in names if name.startswith(("tests/", "tools/", "benchmarks/"))]
    if missing or stray:
        sys.exit(f"{wheel.name}: missing {missing}, stray {stray}")


def check_again(wheel: Path, folder: Path) -> None:
    """The tree gives the same wheel, byte for byte, as the sdist gave, and the same sdist again."""
    run("-m", "build", "--outdir", str(folder), "--sdist", "--wheel", str(ROOT))
    for one in (wheel, *DIST.glob("*.tar.gz")):
        if one.read_bytes() != (folder / one.name).read_bytes():
            sys.exit(f"{one.name} is another one when it is built again")


def installed_alone(wheel: Path, folder: Path) -> str:
    """A fresh environment with the locked dependencies and the wheel, in which the tour runs; its Python."""
    run("-m", "venv", "--without-pip", str(folder))
    python = str(folder / "bin" / "python")
    run("-m", "pip", "--python", python, "install", "--quiet", "--require-hashes", "--requirement", str(LOCK))
    run("-m", "pip", "--python", python, "install", "--quiet", "--no-deps", str(wheel))
    with tempfile.TemporaryDirectory() as empty:
        subprocess.run([folder / "bin" / "sentry", "demo"], check=True, cwd=empty, stdout=subprocess.DEVNULL)
    return python


def write_sbom(python: str, path: Path) -> None:
    """A CycloneDX document of what an installation consists of: versions, licences, who needs whom."""
    words = ["environment", "--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible", "--output-file"]
    run("-m", "cyclonedx_py", *words, str(path), python)
    if "file:/" in path.read_text(encoding="utf-8"):
        sys.exit(f"{path.name} names a place of this machine")


def write_sums() -> None:
    """SHA256SUMS, for ``sha256sum --check``."""
    files = sorted(DIST.iterdir())
    sums = [f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.name}\n" for one in files]
    (DIST / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    print("".join(sums), end="")


if __name__ == "__main__":
    main()
