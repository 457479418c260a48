# The library face as a type checker sees it; __init__.py loads each name when it is first used.
from costsentry_cli.aws import connect as connect
from costsentry_cli.library import invoke as invoke
from costsentry_cli.library import metered as metered
from costsentry_cli.manifest_file import read as read_manifest
from costsentry_cli.usecases.apply import apply as apply
from costsentry_cli.usecases.report_costs import costs as report
from costsentry_cli.usecases.sync import plan as plan

__all__ = ["__version__", "apply", "connect", "invoke", "metered", "plan", "read_manifest", "report"]

__version__: str
