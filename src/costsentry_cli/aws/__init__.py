"""The door: the one room that knows AWS's client library."""

from costsentry_cli.aws.connections import assume, connect, connect_to, identity
from costsentry_cli.aws.door import Door
from costsentry_cli.aws.lent import Lent

__all__ = ["Door", "Lent", "assume", "connect", "connect_to", "identity"]
