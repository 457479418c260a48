"""Look at everything that can go wrong, side by side; a look that fails is a finding, the others go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.doctor import account as accounts
from costsentry_cli.domain.doctor import machine
from costsentry_cli.domain.doctor.account import Look
from costsentry_cli.domain.doctor.findings import Area, Finding, fail, failed, ok
from costsentry_cli.domain.errors import Exit, SentryError
from costsentry_cli.domain.kind import Kind, Scope, scopes_of
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import GRACE, Sight, Wishes, diff
from costsentry_cli.domain.skew import apart

LOOKS_AT_ONCE = 8
ANSWER_HEADERS = "ResponseMetadata"
Check = Callable[[], Sequence[Finding]]


def examined(checks: Sequence[tuple[Area, str, Check]]) -> list[Finding]:
    """The findings of all checks, in their order; one that raises ``SentryError`` is a finding itself."""

    def done(one: tuple[Area, str, Check]) -> Sequence[Finding]:
        area, name, check = one
        try:
            return check()
        except SentryError as error:
            return [failed(area, name, error)]

    with ThreadPoolExecutor(min(LOOKS_AT_ONCE, len(checks) or 1)) as pool:
        return [finding for found in pool.map(done, checks) for finding in found]


def who(cloud: Cloud, region: str, clock: Callable[[], datetime], manifest: Manifest | None) -> list[Finding]:
    """Whose credentials these are, where they work, and whether the two clocks agree. One free call."""
    sent = clock()
    answer, received = cloud.call(ApiCall("sts", "GetCallerIdentity")), clock()
    arn, account = str(answer["Arn"]), str(answer["Account"])
    found = [
        ok(Area.WHO, "identity", _named(arn)),
        ok(Area.WHO, "region", f"{region} (partition {arn.split(':')[1]})"),
    ]
    wanted = None if manifest is None else manifest.account
    if wanted not in (None, account):
        says = f"the manifest is for account {wanted}, these credentials belong to {account}"
        found.append(fail(Area.WHO, "account", says, "check account: and --aws-profile", Exit.UNSAFE))
    told = machine.clock(apart(sent, received, answer.get(ANSWER_HEADERS, {}).get("HTTPHeaders", {})))
    return [*found, *([told] if told is not None else [])]


def account(
    clouds: Mapping[str, Cloud], manifest: Manifest, kinds: Sequence[Kind], home: Scope, now: datetime
) -> list[Finding]:
    """What is declared against what is live, for every kind in every account and region; reading calls only."""
    numbers = [one.id for one in manifest.accounts if one.id in clouds] or [home.account]
    places = [(kind, scope) for kind in kinds for scope in scopes_of(kind, manifest, home, numbers)]

    def look(place: tuple[Kind, Scope]) -> Look:
        kind, scope = place
        return _look(clouds[scope.account], kind, scope, manifest, now)

    with ThreadPoolExecutor(min(LOOKS_AT_ONCE, len(places))) as pool:
        looks = list(pool.map(look, places))
    denying = any(one.mode == "enforce" and one.on_ledger_error == "deny" for one in manifest.limits)
    return accounts.judged(accounts.Sight(looks, now, denying))


def _look(cloud: Cloud, kind: Kind, scope: Scope, manifest: Manifest, now: datetime) -> Look:
    desired = kind.desired(manifest, scope, now)
    try:
        observed = kind.observe(cloud, scope, desired)
        changes = diff(kind, desired, observed, scope, Sight(Wishes(grace=manifest.grace or GRACE), now))
    except SentryError as error:
        return Look(kind, scope, desired, error=error)
    return Look(kind, scope, desired, observed, changes)


def _named(arn: str) -> str:
    """Who an ARN is, in words, with the account's middle hidden as in the target line."""
    parts = arn.split(":")
    kind, _, name = parts[5].partition("/")
    if kind == "assumed-role":
        role, _, session = name.partition("/")
        kind, name = "role", f"{role}, session {session}"
    return f"{kind} {name}".strip() + f", account {parts[4][:4]}****{parts[4][-4:]}"
