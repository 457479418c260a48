"""The payer account, which alone may see and switch cost allocation tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kinds.cost_allocation_tag import TagKey, listed, payer_only


@dataclass(frozen=True)
class Payer:
    """The cloud that should be the payer's, the account it is, and what to run in the payer's when it is not."""

    cloud: Cloud
    account: str
    command: str

    def listed(self, keys: Sequence[str] | None = None) -> dict[str, TagKey]:
        """What billing says of these keys, or of all it knows. Raises ``SentryError`` CS0407 in a member account."""
        try:
            return listed(self.cloud, keys)
        except SentryError as error:
            raise self.refused(error) from error

    def refused(self, error: SentryError) -> SentryError:
        """The error; of a refusal to a member account one that names the payer and the command."""
        return payer_only(self.cloud, error, self.account, self.command)
