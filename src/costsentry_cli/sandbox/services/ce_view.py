"""The bill as a request sees it: its billing view, its account, its filter, and up to when usage is shown.

The payer sees every account, another account itself. Each has one billing view, its primary one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from math import inf, nextafter

from costsentry_cli.sandbox.contract import ACCOUNT, Request, ServiceError
from costsentry_cli.sandbox.services.ce_charges import terms_of, with_charges
from costsentry_cli.sandbox.services.ce_filter import compile_filter
from costsentry_cli.sandbox.services.ce_lines import LineItem, lines_between, merged_lines
from costsentry_cli.sandbox.services.ce_periods import Period
from costsentry_cli.sandbox.services.ce_tags import tag_edges, visible_tags


def check_view(request: Request) -> None:
    """Raises ``ServiceError`` ResourceNotFoundException for a BillingViewArn that is not the caller's primary view."""
    own = f"arn:aws:billing::{request.account}:billingview/primary"
    asked = request.params.get("BillingViewArn", own)
    if asked != own:
        raise ServiceError("ResourceNotFoundException", f"Billing view {asked} not found.", ResourceName=asked)


def seen_lines(request: Request, periods: list[Period], shown_until: float) -> Iterable[LineItem]:
    """The lines of gapless periods that a request sees, in no order; one stands for all that are alike in a period.

    ``shown_until`` (seconds since the epoch) is itself shown. Raises ``ServiceError`` for a filter AWS does not accept.
    """
    lines = _lines(request, periods, shown_until)
    if "Filter" not in request.params:
        return lines
    return filter(compile_filter(request.params["Filter"], visible_tags(request.store, request.now)), lines)


def _lines(request: Request, periods: list[Period], shown_until: float) -> Iterable[LineItem]:
    start = periods[0].start.timestamp()
    end = min(periods[-1].end.timestamp(), nextafter(shown_until, inf))
    account = None if request.account == ACCOUNT else request.account
    terms = terms_of(request.store)
    if terms.credit or terms.refund:
        # They are used up in the order of time by all accounts: each line is needed, from the month's beginning.
        charged = with_charges(lines_between(request.store, _month_of(periods[0]).timestamp(), end), terms)
        return (item for item in charged if item.at >= start and _is_of(item, account))
    edges = sorted({period.start.timestamp() for period in periods} | tag_edges(request.store, request.now))
    lines = merged_lines(request.store, start, end, account, edges)
    return with_charges(lines, terms) if terms.tax else lines


def _month_of(period: Period) -> datetime:
    return period.start.replace(day=1, hour=0)


def _is_of(item: LineItem, account: str | None) -> bool:
    return account is None or item.meter.dimensions["LINKED_ACCOUNT"] == account
