"""The one table of errors and exit codes.

Every failure a person can meet has a stable code (``CS0012``), an exit status and a next step. A test keeps codes
unique and documented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any


class Exit(IntEnum):
    """Exit statuses of the command; the meaning of each is in ``EXIT_MEANING``."""

    OK = 0
    BUG = 1
    USAGE = 2
    GATE = 3
    ACCESS = 4
    DENIED = 5
    PARTIAL = 6
    UNSAFE = 7
    AWS = 8
    INTERRUPTED = 130


EXIT_MEANING: dict[Exit, str] = {
    Exit.OK: "done, or nothing to do",
    Exit.BUG: "a defect in this program (--debug shows the trace)",
    Exit.USAGE: "the command line or the manifest is invalid",
    Exit.GATE: "a gate you asked for tripped (plan --check, --fail-on, --fail-under)",
    Exit.ACCESS: "no credentials, or no permission",
    Exit.DENIED: "denied by a limit",
    Exit.PARTIAL: "applied in part",
    Exit.UNSAFE: "refused as unsafe, or the reviewed plan is stale",
    Exit.AWS: "AWS refused or is unavailable",
    Exit.INTERRUPTED: "interrupted",
}


@dataclass(frozen=True)
class Entry:
    """One row of the table: stable code, exit status, what it means and what usually helps."""

    code: str
    exit: Exit
    meaning: str
    help: str


_ROWS: tuple[Entry, ...] = (
    # 00xx the manifest: the file
    Entry("CS0001", Exit.USAGE, "the manifest cannot be read", "name it with -f FILE, or write one: sentry init"),
    Entry("CS0002", Exit.USAGE, "the manifest is not UTF-8 text", "save the file as UTF-8"),
    Entry("CS0003", Exit.USAGE, "the manifest is not valid YAML", "mend the line shown"),
    Entry("CS0004", Exit.USAGE, "the manifest is too large or too deep", "split it; the limits are in the message"),
    Entry("CS0005", Exit.USAGE, "a YAML feature that is not accepted here", "write the value out in full"),
    Entry("CS0006", Exit.USAGE, "a key stands twice in one mapping", "keep one of the two"),
    Entry("CS0007", Exit.USAGE, "the manifest is empty", "write one: sentry init"),
    # 001x the manifest: the shape
    Entry("CS0011", Exit.USAGE, "a required key is missing", "add the key"),
    Entry("CS0012", Exit.USAGE, "an unknown key", "see the keys that exist: sentry schema"),
    Entry("CS0013", Exit.USAGE, "a value of the wrong form", "write the form the message names"),
    Entry("CS0014", Exit.USAGE, "a value outside what is allowed", "use one of the values the message names"),
    # 002x the manifest: AWS's own rules
    Entry("CS0021", Exit.USAGE, "a name AWS would refuse", "letters and digits, single separators between them"),
    Entry("CS0022", Exit.USAGE, "a tag AWS would refuse", "letters, digits, spaces and . _ : / = + - @"),
    Entry("CS0023", Exit.USAGE, "an unknown model", "give a model id, or an alias from models:"),
    Entry("CS0024", Exit.USAGE, "two profiles with one name", "put the varying tag into the name: {costCenter}"),
    Entry("CS0025", Exit.USAGE, "a placeholder that names no tag", "use a tag of this entry in braces"),
    Entry("CS0026", Exit.USAGE, "too many of something AWS limits", "split it"),
    # 01xx the command line
    Entry("CS0101", Exit.USAGE, "the command line is not understood", "see --help"),
    Entry("CS0102", Exit.USAGE, "an answer is needed and nobody can be asked", "give the flag the message names"),
    Entry("CS0103", Exit.USAGE, "the output cannot be written", "choose another --out"),
    Entry("CS0104", Exit.USAGE, "the query is not valid JMESPath", "see https://jmespath.org"),
    Entry("CS0105", Exit.USAGE, "no profile fits", "list what there is: sentry profiles list"),
    Entry("CS0106", Exit.USAGE, "more than one profile fits", "narrow it: --model, --application, --environment"),
    Entry("CS0107", Exit.USAGE, "a period that cannot be read", "for example --last 30d, --month 2026-10"),
    # 02xx gates, partial work, safety
    Entry("CS0201", Exit.GATE, "the plan has changes", "apply them: sentry sync"),
    Entry("CS0202", Exit.PARTIAL, "applied in part", "mend the cause and run it again: done work is not repeated"),
    Entry("CS0203", Exit.UNSAFE, "refused as unsafe", "look at the plan: it says why, and which flag allows it"),
    Entry("CS0204", Exit.UNSAFE, "this is another account than the manifest names", "check account: and --aws-profile"),
    Entry("CS0205", Exit.UNSAFE, "one key is carried by two profiles", "delete one of the two ARNs shown"),
    Entry("CS0207", Exit.USAGE, "the plan file cannot be read", "make it anew: sentry plan --out plan.json"),
    Entry("CS0208", Exit.UNSAFE, "the reviewed plan is stale", "make and review it anew: sentry plan --out plan.json"),
    Entry("CS0206", Exit.DENIED, "denied by a limit", "wait for the next window, or raise the limit"),
    Entry(
        "CS0209",
        Exit.DENIED,
        "a limit cannot be checked",
        "see that the ledger is there: sentry sync; or on_ledger_error: allow",
    ),
    Entry("CS0210", Exit.GATE, "more paid requests than allowed", "raise --max-requests, or ask for a shorter period"),
    # 04xx access
    Entry("CS0401", Exit.ACCESS, "no AWS credentials found", "aws sso login, --aws-profile NAME, or --sandbox"),
    Entry("CS0402", Exit.ACCESS, "the AWS credentials have expired or are invalid", "log in again: aws sso login"),
    Entry(
        "CS0403",
        Exit.ACCESS,
        "AWS denied the permission",
        "ask for the IAM action named; all of them: sentry iam-policy",
    ),
    Entry("CS0404", Exit.USAGE, "no AWS region", "--region us-east-1, or AWS_REGION"),
    Entry("CS0405", Exit.ACCESS, "that AWS profile does not exist", "see: aws configure list-profiles"),
    Entry("CS0406", Exit.ACCESS, "a part of AWS's client library is missing", "pip install 'botocore[crt]'"),
    Entry("CS0407", Exit.ACCESS, "only the payer account can do this", "use that account's credentials"),
    Entry("CS0408", Exit.ACCESS, "this machine's clock is wrong", "set it: timedatectl set-ntp true"),
    Entry(
        "CS0409",
        Exit.ACCESS,
        "the account may not use this model yet",
        "ask for access in the Bedrock console; it may need aws-marketplace:Subscribe once",
    ),
    Entry(
        "CS0410",
        Exit.ACCESS,
        "Cost Explorer is not switched on for this account",
        "switch it on in the Billing console, or let the payer share it with member accounts; data come a day later",
    ),
    Entry(
        "CS0411",
        Exit.ACCESS,
        "the account has not signed up for the service or the region",
        "switch it on in the AWS console, or take another --region",
    ),
    Entry("CS0412", Exit.ACCESS, "the AWS config cannot be used", "mend the file; what is read: aws configure list"),
    # 08xx AWS
    Entry("CS0801", Exit.AWS, "AWS throttled the call", "run it again in a while: done work is not repeated"),
    Entry("CS0802", Exit.AWS, "AWS refused the call", "read AWS's sentence; it names the field"),
    Entry("CS0803", Exit.AWS, "AWS does not know that resource", "see: sentry profiles list"),
    Entry("CS0804", Exit.AWS, "AWS reports a conflict", "run it again; if it stays: sentry plan"),
    Entry("CS0805", Exit.AWS, "an AWS quota is used up", "ask for more in Service Quotas"),
    Entry("CS0806", Exit.AWS, "AWS is unavailable", "run it again in a while"),
    Entry("CS0807", Exit.AWS, "AWS cannot be reached", "check network, proxy, region and AWS_ENDPOINT_URL"),
    Entry("CS0808", Exit.AWS, "AWS did not answer in time", "run it again; a paid call may have been billed"),
    Entry("CS0809", Exit.AWS, "AWS answered what cannot be read", "run it again; --debug shows the trace"),
    Entry("CS0810", Exit.AWS, "the model failed", "run it again, or use another model"),
    Entry("CS0811", Exit.AWS, "billing data is not available", "see the message; data can be a day late"),
    Entry("CS0812", Exit.AWS, "the target does not have this operation", "with --sandbox: run it against AWS"),
    Entry("CS0813", Exit.USAGE, "the sandbox file cannot be used", "name another: --sandbox-db FILE"),
    Entry("CS0814", Exit.AWS, "AWS found a condition of ours not met", "somebody else was quicker: run it again"),
    Entry("CS0815", Exit.AWS, "AWS's client library failed", "run it with --debug; pip install --upgrade boto3"),
    # 09xx ours
    Entry("CS0901", Exit.BUG, "a defect in this program", "run it with --debug and report the trace"),
    Entry("CS0902", Exit.INTERRUPTED, "interrupted", "run it again: done work is not repeated"),
)

NOT_THERE = "CS0803"
CONFLICT = "CS0804"
PAYER_ONLY = "CS0407"
CONDITION_NOT_MET = "CS0814"
TOO_MANY_REQUESTS = "CS0210"
INTERRUPTED = "CS0902"
"""The codes that the program itself asks for."""

ERRORS: dict[str, Entry] = {row.code: row for row in _ROWS}


@dataclass(frozen=True)
class Origin:
    """The AWS call an error came from; what is not known is empty.

    ``service`` and ``operation`` are botocore's names, ``name`` is AWS's own name of the error.
    """

    service: str = ""
    operation: str = ""
    region: str = ""
    request_id: str = ""
    name: str = ""


@dataclass(frozen=True)
class Step:
    """A way out: what to run, and what is to be said of it."""

    command: str
    note: str = ""


class SentryError(Exception):
    """A failure with a row in the table.

    ``message`` says what happened, ``where`` names the place (``profiles.yaml:5:5`` or operation and request id),
    ``help`` the next step (the row's own when not given), ``details`` further lines to print. ``cause`` is why, where
    the message does not say it, ``steps`` are commands of which one helps, the likeliest first. ``answer`` is what
    AWS's error answer holds beside its code and sentence (the old ``Item`` of a conditional write), as in its model.
    ``undone``: the call was certainly not carried out, and not billed.
    """

    def __init__(  # noqa: PLR0913, RUF100 what is known of a failure
        self,
        code: str,
        message: str,
        *,
        where: str = "",
        help: str = "",
        details: tuple[str, ...] = (),
        cause: str = "",
        steps: tuple[Step, ...] = (),
        origin: Origin = Origin(),
        answer: Mapping[str, Any] | None = None,
        undone: bool = False,
    ) -> None:
        super().__init__(message)
        self.entry = ERRORS[code]
        self.message = message
        self.where = where
        self.help = help or self.entry.help
        self.details = details
        self.cause = cause
        self.steps = steps
        self.origin = origin
        self.answer: Mapping[str, Any] = answer or {}
        self.undone = undone

    @property
    def code(self) -> str:
        """The stable code, ``CS0012``."""
        return self.entry.code

    @property
    def exit(self) -> Exit:
        """The exit status of the command when this error ends it."""
        return self.entry.exit
