"""Run one command and write what it took: ``launch.py FIGURES COMMAND…``.

A small process of its own, because a process begins with the peak memory of the one it was begun by.
"""

from __future__ import annotations

import json
import os
import sys
import time

if __name__ == "__main__":
    begun = time.perf_counter()
    child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - begun
    with open(sys.argv[1], "w", encoding="ascii") as figures:  # noqa: PTH123 nothing more is imported
        json.dump((usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024), figures)
    sys.exit(os.waitstatus_to_exitcode(status))
