"""Entry of the console scripts. ``--version`` is answered before anything else is imported."""

from __future__ import annotations

import gc
import sys

from costsentry_cli import __version__

COLLECT_AFTER = 50_000
"""Objects between two runs of the collector. At the default of 700 it walks what imports and AWS's models build, none
of which is garbage, again and again: a twelfth of a short command's time."""


def main() -> int:
    """Run the command line; the return value is the exit status."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"sentry (costsentry-cli) {__version__}\n")
        return 0
    gc.set_threshold(COLLECT_AFTER)
    try:
        from costsentry_cli.cli.main import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:  # before the command line's own boundary stands
        sys.stderr.write("interrupted\n")
        return 130
    finally:
        gc.freeze()  # or the interpreter walks all there is at its end, to free what the system takes back anyway


if __name__ == "__main__":
    sys.exit(main())
