"""The settings that make a sandbox behave, changed through ``Sandbox.configure(name, value)``; values are text.

===============================  ==================  ==========  =====================================================
name                             value               default     effect
===============================  ==================  ==========  =====================================================
``list_lag_seconds``             number >= 0         0           how long a new profile stays out of listings
``profile_quota``                integer >= 0        1000        application profiles per account and region
``unique_names``                 0 or 1              0           1: a profile's name twice is a ConflictException
``metric_lag_seconds``           number >= 0         0           how late CloudWatch shows a point
``active_tag_quota``             integer >= 0        500         active cost allocation tag keys
``ce_page_size``                 integer >= 1        5000        groups or values per page of Cost Explorer
``credit_usd_per_month``         number >= 0         0           a credit against what AWS itself sells
``refund_usd_per_month``         number >= 0         0           a refund
``tax_percent``                  number >= 0         0           tax on what is billed
``caller_account``               twelve digits       the payer   whose credentials the caller has
``rpm:<model id>``               integer >= 0        none        requests a minute, per account and region
``tpm:<model id>``               integer >= 0        none        tokens a minute, per account and region
``model_denied:<base model id>``  0 or 1             0           1: no agreement for the model, calls are refused
``iam_principal_key:<key>``      0 or 1              0           1: billing knows the tag key of IAM principals
``known_tag_key:<key>``          Active or Inactive  none        billing knows the tag key, other services' usage has it
``budget_quota``                 integer >= 0        20000       budgets an account may have
``budget_email_denied:<address>``  0 or 1            0           1: budgets that name the address are refused
``dynamodb_ttl_lag_seconds``     number >= 0         0           how long an expired item stays in its table
``table_delay_looks``            integer >= 0        0           how often a new table is described as CREATING
``insights_delay_looks``         integer >= 0        0           how often a query's results are Running
``filter_page_events``           integer >= 1        all         events a page of FilterLogEvents reads
``role_external_id:<role arn>``  2-1224 characters   none        the external id AssumeRole must name
``role_denied:<role arn>``       0 or 1              0           1: AssumeRole is refused
===============================  ==================  ==========  =====================================================

A model id of ``rpm:`` and ``tpm:`` is a base id (all of the model's ids together) or a geo id. A tag key of IAM
principals is listed as ``iamPrincipal/<key>``; the API changes the status of both kinds of keys from then on.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from costsentry_cli.domain.catalog import kind_of_reference, load
from costsentry_cli.sandbox.accounts import ROLE_ARN
from costsentry_cli.sandbox.store import Store

_Check = Callable[[str], bool]

_TAG_KEY = re.compile(r"[\w\s.:/=+@-]{1,128}")
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)


def configure(store: Store, name: str, value: str | None) -> None:
    """Write a setting, or with None remove it; the caller holds the transaction.

    Raises ``ValueError`` for a name that is none of this page's, a subject (model, role) that cannot be, a bad value.
    """
    _check_name(name)
    if value is None:
        store.db.execute("DELETE FROM settings WHERE name = ?", (name,))
        return
    words, check = _NAMES[_kind(name)]
    if not check(value):
        raise ValueError(f"{name} takes {words}, not {value!r}")
    store.set_setting(name, value)


def _kind(name: str) -> str:
    """``rpm:`` of ``rpm:amazon.nova-lite-v1:0``; a name without a subject is its own kind."""
    head, colon, _ = name.partition(":")
    return head + colon


def _check_name(name: str) -> None:
    kind = _kind(name)
    if kind not in _NAMES:
        raise ValueError(f"there is no setting {name!r}; there are {', '.join(sorted(_NAMES))}")
    subject = name.removeprefix(kind)
    if kind in _SUBJECTS and not _SUBJECTS[kind](subject):
        raise ValueError(f"{name}: {subject!r} is not a {_SUBJECT_WORDS.get(kind, 'known model id')}")


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value)) and float(value) >= 0
    except ValueError:
        return False


def _is_count(value: str) -> bool:
    return value.isascii() and value.isdigit()


def _is_model(subject: str) -> bool:
    callable_kinds = ("model-id", "system-profile-id")
    return kind_of_reference(subject) in callable_kinds and load().resolve(subject) is not None


def _is_base_model(subject: str) -> bool:
    ref = load().resolve(subject)
    return ref is not None and ref.model.id == subject


_NUMBER: tuple[str, _Check] = ("a number of at least 0", _is_number)
_COUNT: tuple[str, _Check] = ("an integer of at least 0", _is_count)
_FROM_ONE: tuple[str, _Check] = ("an integer of at least 1", lambda value: _is_count(value) and int(value) > 0)
_SWITCH: tuple[str, _Check] = ("0 or 1", lambda value: value in ("0", "1"))
_NAMES: dict[str, tuple[str, _Check]] = {
    "list_lag_seconds": _NUMBER,
    "profile_quota": _COUNT,
    "unique_names": _SWITCH,
    "metric_lag_seconds": _NUMBER,
    "active_tag_quota": _COUNT,
    "ce_page_size": _FROM_ONE,
    "credit_usd_per_month": _NUMBER,
    "refund_usd_per_month": _NUMBER,
    "tax_percent": _NUMBER,
    "caller_account": ("an account id of twelve digits", lambda value: bool(_ACCOUNT.fullmatch(value))),
    "rpm:": _COUNT,
    "tpm:": _COUNT,
    "model_denied:": _SWITCH,
    "iam_principal_key:": _SWITCH,
    "known_tag_key:": ("Active or Inactive", lambda value: value in ("Active", "Inactive")),
    "budget_quota": _COUNT,
    "budget_email_denied:": _SWITCH,
    "dynamodb_ttl_lag_seconds": _NUMBER,
    "table_delay_looks": _COUNT,
    "insights_delay_looks": _COUNT,
    "filter_page_events": _FROM_ONE,
    "role_external_id:": (
        "an external id (2 to 1224 of A-Z a-z 0-9 _ + = , . @ : / -)",
        lambda value: bool(_EXTERNAL_ID.fullmatch(value)),
    ),
    "role_denied:": _SWITCH,
}
_SUBJECTS: dict[str, _Check] = {
    "budget_email_denied:": lambda subject: _EMAIL.fullmatch(subject) is not None,
    "rpm:": _is_model,
    "tpm:": _is_model,
    "model_denied:": _is_base_model,
    "role_external_id:": lambda subject: ROLE_ARN.fullmatch(subject) is not None,
    "role_denied:": lambda subject: ROLE_ARN.fullmatch(subject) is not None,
    "iam_principal_key:": lambda subject: _TAG_KEY.fullmatch(subject) is not None,
    "known_tag_key:": lambda subject: _TAG_KEY.fullmatch(subject) is not None,
}
_SUBJECT_WORDS = {
    "budget_email_denied:": "e-mail address",
    "role_external_id:": "role ARN",
    "role_denied:": "role ARN",
    "iam_principal_key:": "tag key",
    "known_tag_key:": "tag key",
}
