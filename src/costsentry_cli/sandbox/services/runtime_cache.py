"""Prompt caching: the prefix before a cache point is written at first sight and read within its time to live.

AWS bills the four kinds apart; ``inputTokens`` holds only what was neither read nor written. Only digests are stored.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from costsentry_cli.domain.catalog import Tokens
from costsentry_cli.sandbox.contract import Request
from costsentry_cli.sandbox.services.runtime_prompt import Block

LIFETIME = {"5m": 300.0, "1h": 3600.0}
"""Seconds a written prefix stays; every read starts them anew."""

LOOK_BACK = 20
"""How many blocks before a cache point an older prefix is still found (AWS: simplified cache management)."""

DEFAULT_MINIMUM = 1024
"""Tokens a prefix needs to be cached where the catalogue names no figure."""


@dataclass(frozen=True)
class _Prefix:
    digest: str
    tokens: int


@dataclass
class _Path:
    """The prefixes of a prompt, one after each block, and where its cache points stand."""

    prefixes: list[_Prefix] = field(default_factory=list)
    points: list[tuple[int, str]] = field(default_factory=list)


def use(request: Request, scope: str, blocks: list[Block], minimum: int) -> Tokens:
    """Read and write the cache for one call; the counts say how many tokens were read, written and neither.

    ``scope`` is the model as called: caches are not shared between models or regions.
    """
    path = _path(f"{request.account}/{request.region}/{scope}", blocks, minimum)
    total = sum(block.tokens for block in blocks)
    if not path.points:
        return Tokens(input=total)
    hit = _longest_hit(request, path)
    read = path.prefixes[hit].tokens if hit >= 0 else 0
    written = {"5m": 0, "1h": 0}
    done = read
    for index, ttl in path.points:
        if index > hit:
            written[ttl] += path.prefixes[index].tokens - done
            done = path.prefixes[index].tokens
    _keep(request, path, hit)
    return Tokens(input=total - done, cache_read=read, cache_write_5m=written["5m"], cache_write_1h=written["1h"])


def _path(scope: str, blocks: list[Block], minimum: int) -> _Path:
    path, running, tokens = _Path(), hashlib.sha256(scope.encode()), 0
    for block in blocks:
        if block.ttl is None:
            running.update(block.digest)
            tokens += block.tokens
            path.prefixes.append(_Prefix(running.hexdigest(), tokens))
        elif tokens >= minimum:
            path.points.append((len(path.prefixes) - 1, block.ttl))
    return path


def _longest_hit(request: Request, path: _Path) -> int:
    """Index of the longest prefix that is cached and near enough to a cache point, -1 when none is."""
    near = {i for index, _ in path.points for i in range(max(0, index - LOOK_BACK), index + 1)}
    wanted = {path.prefixes[i].digest: i for i in near}
    marks = ",".join("?" * len(wanted))
    alive: list[Any] = [*wanted, request.now.timestamp()]
    query = f"SELECT digest FROM prompt_cache WHERE digest IN ({marks}) AND expires > ?"  # noqa: S608 - only marks
    return max((wanted[row["digest"]] for row in request.store.db.execute(query, alive)), default=-1)


def _keep(request: Request, path: _Path, hit: int) -> None:
    """Write every cache point's prefix, and start the time of what was read anew."""
    now = request.now.timestamp()
    kept = list(path.points)
    kept += [(hit, next(ttl for index, ttl in path.points if index >= hit))] if hit >= 0 else []
    rows = [(path.prefixes[i].digest, path.prefixes[i].tokens, now + LIFETIME[ttl]) for i, ttl in kept]
    request.store.db.execute("DELETE FROM prompt_cache WHERE expires <= ?", (now,))
    request.store.db.executemany(
        "INSERT INTO prompt_cache VALUES (?, ?, ?) "
        "ON CONFLICT (digest) DO UPDATE SET expires = max(expires, excluded.expires)",
        rows,
    )
