"""What the ARNs of a policy are made of: accounts, regions, namespace, and the names in the manifest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from costsentry_cli.domain import catalog
from costsentry_cli.domain.kind import regions_of
from costsentry_cli.domain.kinds.inference_profile import source_in
from costsentry_cli.domain.manifest.metering import default_log_group, default_table
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.partitions import partition_of
from costsentry_cli.domain.references import Reference, read_reference

ANY = "*"


@dataclass(frozen=True)
class Place:
    """Where a policy holds. ``*`` is any account, region or namespace: what neither manifest nor option says."""

    partition: str = "aws"
    home: str = ANY
    accounts: tuple[str, ...] = (ANY,)
    regions: tuple[str, ...] = (ANY,)
    namespace: str = ANY
    manifest: Manifest | None = None

    def arns(self, service: str, resource: str, region: str | None = None) -> list[str]:
        """The resource in every account and region, or in the one region, of the home account."""
        if region is not None:
            return [f"arn:{self.partition}:{service}:{region}:{self.home}:{resource}"]
        places = [(account, one) for account in self.accounts for one in self.regions]
        return [f"arn:{self.partition}:{service}:{one}:{account}:{resource}" for account, one in places]

    def profiles(self) -> list[str]:
        """Every application inference profile."""
        return self.arns("bedrock", "application-inference-profile/*")

    def models(self) -> list[str]:
        """The foundation models behind the profiles, in every region their calls may be routed to."""
        if self.manifest is None:
            return [f"arn:{self.partition}:bedrock:*::foundation-model/*"]
        return _unique(
            f"arn:{self.partition}:bedrock:{region}::foundation-model/{name}"
            for source, home in self._sources()
            for name, region in _destinations(source, home)
        )

    def asked_models(self) -> list[str]:
        """The foundation models in the regions of the calls themselves."""
        if self.manifest is None:
            return self.models()
        found = ((read_reference(source), home) for source, home in self._sources())
        return _unique(f"arn:{self.partition}:bedrock:{home}::foundation-model/{one.id}" for one, home in found)

    def system_profiles(self) -> list[str]:
        """The system-defined profiles that the profiles are copied from."""
        if self.manifest is None:
            return self.arns("bedrock", "inference-profile/*")
        ids = ((f"{one.geo}.{one.id}", home) for one, home in self._read() if one.geo)
        return _unique(
            f"arn:{self.partition}:bedrock:{home}:{account}:inference-profile/{name}"
            for name, home in ids
            for account in self.accounts
        )

    def table(self) -> list[str]:
        """The ledger's table, and the one the namespace has without naming one."""
        ledger = self.manifest.ledger if self.manifest is not None else None
        named = [ledger.table] if ledger is not None and ledger.table else []
        return self._tables(_unique([*named, default_table(self.namespace)]))

    def any_table(self) -> list[str]:
        """Every table where the ledger's is."""
        return self._tables([ANY])

    def _tables(self, names: Sequence[str]) -> list[str]:
        ledger = self.manifest.ledger if self.manifest is not None else None
        regions = [ledger.region] if ledger is not None and ledger.region else self.regions
        return [arn for region in regions for name in names for arn in self.arns("dynamodb", f"table/{name}", region)]

    def log_group(self) -> list[str]:
        """The log group of the audit trail, and the one the namespace has without naming one."""
        audit = self.manifest.audit if self.manifest is not None else None
        return self._groups(
            _unique([*([audit.log_group] if audit is not None else []), default_log_group(self.namespace)])
        )

    def any_log_group(self) -> list[str]:
        """Every log group where the audit trail's is."""
        return self._groups([ANY])

    def _groups(self, names: Sequence[str]) -> list[str]:
        audit = self.manifest.audit if self.manifest is not None else None
        regions = [audit.region] if audit is not None and audit.region else self.regions
        return [arn for region in regions for name in names for arn in self.arns("logs", f"log-group:{name}", region)]

    def budgets(self) -> list[str]:
        """The manifest's budgets; any without a manifest."""
        names = [ANY] if self.manifest is None else [budget.name for budget in self.manifest.budgets]
        return [arn for name in names for arn in self.arns("budgets", f"budget/{name}", "")]

    def roles_passed(self) -> list[str]:
        """The roles that budgets act by."""
        budgets = self.manifest.budgets if self.manifest is not None else ()
        return _unique(budget.action.execution_role for budget in budgets if budget.action is not None)

    def roles_entered(self) -> list[str]:
        """The roles by which the manifest's accounts are entered."""
        accounts = self.manifest.accounts if self.manifest is not None else ()
        return _unique(account.assume_role for account in accounts if account.assume_role is not None)

    def _sources(self) -> Iterator[tuple[str, str]]:
        """What the profiles are copied from, each with the region it is called in."""
        profiles = self.manifest.profiles if self.manifest is not None else ()
        for profile in profiles:
            for region in profile.regions or self.regions:
                yield source_in(profile.model_id, region), region

    def _read(self) -> Iterator[tuple[Reference, str]]:
        for source, region in self._sources():
            yield read_reference(source), region


def place_of(manifest: Manifest | None, region: str | None = None, account: str | None = None) -> Place:
    """The place of a manifest, narrowed to a region and an account; any place without a manifest."""
    if manifest is None:
        regions: Sequence[str] = (region or ANY,)
        return Place(partition_of(regions[0]), account or ANY, (account or ANY,), tuple(regions))
    home = account or manifest.account or ANY
    accounts = (account,) if account else tuple(one.id for one in manifest.accounts) or (home,)
    regions = (region,) if region else regions_of(manifest, ANY)
    return Place(partition_of(regions[0]), home, accounts, tuple(regions), manifest.namespace, manifest)


def _destinations(source: str, region: str) -> Iterator[tuple[str, str]]:
    """The model behind a source, and every region it may run in."""
    reference = read_reference(source)
    if not reference.geo:
        yield reference.id, reference.region or region
        return
    known = catalog.load().regions_of(reference.geo)
    for one in _unique([*known, *([region] if region != ANY else [])]) if known else [ANY]:
        yield reference.id, one


def _unique(words: Iterable[str]) -> list[str]:
    return sorted(dict.fromkeys(words))
