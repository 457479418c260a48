"""A document's meaning: what a manifest can hold is the table in ``fields``, the rules between values are here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from costsentry_cli.domain.document import Node, Problem, Scalar, Source
from costsentry_cli.domain.manifest.anomalies import monitors_of
from costsentry_cli.domain.manifest.budgets import budgets_of
from costsentry_cli.domain.manifest.carried import Carried
from costsentry_cli.domain.manifest.fields import MANIFEST, MATCH_KEYS
from costsentry_cli.domain.manifest.findings import Findings, shown
from costsentry_cli.domain.manifest.limits import limits_of
from costsentry_cli.domain.manifest.metering import audit_of, ledger_of
from costsentry_cli.domain.manifest.models import Suggest, models_of, suggest_from_catalogue
from costsentry_cli.domain.manifest.profiles import Expansion, TagPairs, texts
from costsentry_cli.domain.manifest.shapes import Filled
from costsentry_cli.domain.manifest.types import Account, DesiredProfile, Manifest


def read(
    document: Node, source: Source, problems: Sequence[Problem] = (), *, suggest: Suggest = suggest_from_catalogue
) -> Manifest:
    """Give a document its meaning.

    ``problems`` are those found while the file was read; the empty scalar stands where something could not be read.
    ``suggest`` names known model ids similar to a text. Raises ``InvalidDocument`` with every problem there is.
    """
    findings = Findings(source, problems)
    top = MANIFEST.read(document, "the manifest", findings)
    manifest = _meaning(top, source, findings, suggest) if top is not None else None
    findings.raise_if_any()
    if manifest is None:
        raise AssertionError("a manifest without problems has a meaning")
    return manifest


def _meaning(top: Filled, source: Source, findings: Findings, suggest: Suggest) -> Manifest | None:
    """The manifest, or None when something essential is missing; every rule is tried in any case."""
    models = models_of(top.get("models") or (), suggest, findings)
    common: TagPairs = top.get("tags") or ()
    entries: tuple[Filled, ...] = top.get("profiles") or ()
    limits: tuple[Filled, ...] = top.get("limits") or ()
    regions = _texts(top.get("regions"))
    _one_spelling_per_key(_tag_keys(common, entries, top.get("cost_allocation_tags") or (), limits), findings)
    profiles = _profiles(entries, Expansion(models, common, regions, source, findings), top)
    used = frozenset(entry.values["model"].text for entry in entries if entry.get("model"))
    carried = Carried(_carried_keys(top), profiles)
    manifest_limits = limits_of(limits, models, used, findings)
    account = top.values["account"].text if top.get("account") else None
    budgets = budgets_of(top.get("budgets") or (), carried, account, source, findings)
    monitors = monitors_of(top.get("anomaly_monitors") or (), carried, findings)
    accounts = _accounts(top.get("accounts") or (), top, findings)
    if top.broken:
        return None
    return Manifest(
        version=int(top.values["version"]),
        namespace=top.values["namespace"].text,
        account=account,
        regions=regions,
        models=MappingProxyType(dict(models.ids)),
        tags=MappingProxyType(texts(common)),
        profiles=profiles,
        cost_allocation_tags=_texts(top.get("cost_allocation_tags")),
        limits=manifest_limits,
        budgets=budgets,
        anomaly_monitors=monitors,
        source=source,
        accounts=accounts,
        grace=top.get("grace"),
        ledger=ledger_of(top, top.values["namespace"].text, regions, manifest_limits),
        audit=audit_of(top, top.values["namespace"].text, regions),
    )


def _accounts(entries: Sequence[Filled], top: Filled, findings: Findings) -> tuple[Account, ...]:
    """The accounts, each once; a role belongs to the account it is assumed in."""
    found: dict[str, Account] = {}
    for entry in entries:
        if entry.broken:
            continue
        number, role, external = entry.values["id"], entry.get("assume_role"), entry.get("external_id")
        if role is not None and f"::{number.text}:" not in role.text:
            findings.about(role, "CS0014", f"the role is not in account {number.text}", "give a role of that account")
        if number.text in found:
            place = found[number.text].at.line
            findings.about(number, "CS0024", f"the account {number.text} is given twice; first on line {place}", "")
        found.setdefault(number.text, Account(number.text, role and role.text, external and external.text, number.at))
    if found and top.get("account"):
        findings.about(top.values["account"], "CS0014", "account and accounts are both given", "keep one of the two")
    return tuple(found.values())


def _texts(scalars: Sequence[Scalar] | None) -> tuple[str, ...]:
    return tuple(each.text for each in scalars or ())


def _profiles(entries: Sequence[Filled], expansion: Expansion, top: Filled) -> tuple[DesiredProfile, ...]:
    """The profiles of every entry that can be expanded; with broken common tags or regions none can."""
    if "tags" in top.broken or "regions" in top.broken:
        return ()
    return tuple(profile for entry in entries if not entry.broken for profile in expansion.of(entry))


def _carried_keys(top: Filled) -> Mapping[str, None] | None:
    """The tag keys of the profiles, None when there are tags or profiles that could not be read."""
    entries: tuple[Filled, ...] = top.get("profiles") or ()
    for record, name in ((top, "profiles"), (top, "tags"), *((entry, "tags") for entry in entries)):
        if name in record.broken and record.get(name) is None:
            return None
    return dict.fromkeys(key.text for key in _tag_keys(top.get("tags") or (), entries, (), ()))


def _tag_keys(
    common: TagPairs, entries: Sequence[Filled], activated: Sequence[Scalar], limits: Sequence[Filled]
) -> Iterator[Scalar]:
    """Every place that names a tag key; for a limit the value stands for its key."""
    yield from (key for key, _ in common)
    for entry in entries:
        yield from (key for key, _ in entry.get("tags") or ())
    yield from activated
    for limit in limits:
        match: Mapping[str, Scalar | None] = limit.get("match").values if limit.get("match") else {}
        yield from (Scalar(key, value.at) for key in MATCH_KEYS[1:] if (value := match.get(key)))


def _one_spelling_per_key(keys: Iterator[Scalar], findings: Findings) -> None:
    """Tag keys are case-sensitive in AWS: two spellings are two tags, and a report loses half the cost."""
    first: dict[str, Scalar] = {}
    for key in keys:
        known = first.setdefault(key.text.casefold(), key)
        if known.text != key.text:
            message = (
                f"the tag key {shown(key.text)} differs from {shown(known.text)} on line {known.at.line} only in case"
            )
            findings.about(key, "CS0022", message, f"write '{known.text}' in both places: AWS takes them for two tags")
