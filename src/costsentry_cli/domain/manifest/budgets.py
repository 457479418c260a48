"""The budgets of the manifest: amounts, alerts and actions AWS accepts, one budget for every value of a tag."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from costsentry_cli.domain import aws_limits as aws
from costsentry_cli.domain.document import Mark, Scalar, Source
from costsentry_cli.domain.manifest.carried import Carried
from costsentry_cli.domain.manifest.fields import MANY
from costsentry_cli.domain.manifest.findings import Findings, shown
from costsentry_cli.domain.manifest.forms import Start
from costsentry_cli.domain.manifest.shapes import Filled
from costsentry_cli.domain.manifest.templates import filled, known_only
from costsentry_cli.domain.manifest.types import Alert, Budget, BudgetAction

_EXAMPLE = {"month": "2026-11", "quarter": "2026-Q4"}


def budgets_of(
    entries: Sequence[Filled], carried: Carried, account: str | None, source: Source, findings: Findings
) -> tuple[Budget, ...]:
    """The budgets, those of ``for_each`` expanded; ``account`` is the one the manifest is for, None for any."""
    expansion = Expansion(carried, account, source, findings)
    return tuple(budget for entry in entries for budget in expansion.of(entry))


@dataclass
class Expansion:
    """Turns entries into budgets, one after the other, and sees to it that names are unique."""

    carried: Carried
    account: str | None
    source: Source
    findings: Findings
    _names: dict[str, Mark] = field(init=False, default_factory=dict)
    _made: int = field(init=False, default=0)

    def of(self, entry: Filled) -> tuple[Budget, ...]:
        """The budgets of one entry; none when it has a problem, of its own or in its rules."""
        before = self.findings.attempts
        alerts = tuple(self._alert(each) for each in entry.get("alerts") or () if not each.broken)
        _differ(alerts, self.findings)
        action = self._action(entry.get("action"))
        self._forecasts_exist(entry, (*alerts, action) if action else alerts)
        planned = self._planned(entry)
        if entry.broken & {"name", "for_each", "tags"} or not self._slice_is_right(entry):
            return ()
        slices = self._claimed(entry)
        if entry.broken or self.findings.attempts != before:
            return ()
        return tuple(
            Budget(
                name=name,
                tags=tags,
                amount=entry.get("amount"),
                planned=planned,
                per=entry.values["per"],
                alerts=alerts,
                action=action,
                at=entry.at,
            )
            for name, tags in slices.items()
        )

    def _alert(self, entry: Filled) -> Alert:
        email, sns = self._told(entry, "an alert")
        return Alert(entry.values["at"], entry.values["of"], email, sns, entry.at)

    def _told(self, entry: Filled, noun: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """E-mail addresses and topics, at least one of them."""
        email = tuple(each.text for each in entry.get("email") or ())
        sns = tuple(each.text for each in entry.get("sns") or ())
        if not email and not sns and not entry.broken & {"email", "sns"}:
            advice = "add: email: [you@example.com], or sns:"
            self.findings.add(entry.at, "CS0011", f"{noun} has nobody to tell", help=advice)
        return email, sns

    def _action(self, entry: Filled | None) -> BudgetAction | None:
        if entry is None:
            return None
        for name, noun in (("policy", "policy"), ("execution_role", "execution role")):
            self._of_the_account(entry.get(name), noun)
        email, sns = self._told(entry, "an action")
        if entry.broken:
            return None
        return BudgetAction(
            at_percent=entry.values["at"],
            of=entry.values["of"],
            policy=entry.values["policy"].text,
            roles=tuple(each.text for each in entry.values["roles"]),
            execution_role=entry.values["execution_role"].text,
            approval=entry.get("approval") or "manual",
            email=email,
            sns=sns,
            at=entry.at,
        )

    def _of_the_account(self, arn: Scalar | None, noun: str) -> None:
        """Budgets act within their account only; the policies of AWS itself are in every one."""
        account = arn.text.split(":")[4] if arn else None
        if arn and self.account and account not in (self.account, "aws"):
            message = f"the {noun} is in account {account}, the manifest is for {self.account}"
            self.findings.about(arn, "CS0014", message, f"give one of account {self.account}")

    def _forecasts_exist(self, entry: Filled, triggers: Sequence[Alert | BudgetAction]) -> None:
        """AWS forecasts no single day: ``InvalidParameterException`` for a DAILY budget with FORECASTED."""
        for trigger in triggers if entry.get("per") == "day" else ():
            if trigger.of == "forecast":
                message = "AWS forecasts no budget per day"
                self.findings.add(trigger.at, "CS0014", message, help="write of: actual, or per: month")

    def _planned(self, entry: Filled) -> tuple[tuple[date, Decimal], ...]:
        """Amounts by first day, ascending."""
        pairs: tuple[tuple[Start, Decimal], ...] = entry.get("planned") or ()
        per = entry.get("per")
        if pairs and per in ("day", "year"):
            message = f"AWS plans amounts by month or quarter, not per {per}"
            advice = "write amount: instead, or per: month"
            self.findings.about(pairs[0][0].written, "CS0014", message, advice)
            return ()
        for start, _ in pairs:
            if per and start.per != per:
                message = f"{start.written.text} is a {start.per}, but the budget is per {per}"
                self.findings.about(start.written, "CS0014", message, f"write periods such as {_EXAMPLE[per]}")
        if "planned" in entry.broken:
            return ()
        return tuple(sorted((start.day, amount) for start, amount in pairs))

    def _slice_is_right(self, entry: Filled) -> bool:
        """True when every tag key is one the profiles carry, given once, and the name has no other placeholder."""
        tag, own = entry.get("for_each"), entry.get("tags") or ()
        keys = [key for key, _ in own]
        good = [self.carried.has(key, "the key", self.findings) for key in keys]
        if tag is not None:
            good.append(self.carried.has(tag, "for_each", self.findings))
            for key in keys:
                if key.text == tag.text:
                    message = f"{shown(key.text)} stands in for_each already"
                    self.findings.about(key, "CS0014", message, "take it out of tags, or leave for_each out")
                    good.append(False)
        known = (*((tag.text,) if tag else ()), *(key.text for key in keys))
        good.append(known_only(entry.values["name"], known, self.source, self.findings))
        return all(good)

    def _claimed(self, entry: Filled) -> dict[str, Mapping[str, str]]:
        """The slices of cost by the name of their budget; names that cannot be had are taken down."""
        template: Scalar = entry.values["name"]
        tag = entry.get("for_each")
        own = {key.text: value.text for key, value in entry.get("tags") or ()}
        values = self.carried.values(tag.text) if tag else ("",)
        if not self._countable(entry, len(values)):
            return {}
        slices: dict[str, Mapping[str, str]] = {}
        for value in values:
            tags = own | ({tag.text: value} if tag else {})
            name = filled(template.text, tags)
            # One message per entry is enough: the others say the same of another value.
            if not self._acceptable(template, name) or not self._free(template, name, tag, slices):
                return {}
            slices[name] = MappingProxyType(dict(sorted(tags.items())))
        return slices

    def _countable(self, entry: Filled, count: int) -> bool:
        if self._made + count > MANY:
            message = f"this entry expands to {count} budgets; a manifest has at most {MANY}"
            self.findings.add(entry.at, "CS0026", message, help="leave for_each out, or split the manifest")
            return False
        self._made += count
        return True

    def _acceptable(self, template: Scalar, name: str) -> bool:
        if len(name) <= aws.BUDGET_NAME_MAX and aws.BUDGET_NAME.fullmatch(name):
            return True
        advice = f"at most {aws.BUDGET_NAME_MAX} letters, digits, spaces and . _ / = + - % @"
        self.findings.about(template, "CS0021", f"AWS would refuse the budget name {shown(name)}", advice)
        return False

    def _free(self, template: Scalar, name: str, tag: Scalar | None, made: Container[str]) -> bool:
        first = self._names.setdefault(name, template.at)
        if first is template.at and name not in made:
            return True
        same = first == template.at
        advice = f"put {{{tag.text}}} into the name" if same and tag else "choose another name"
        place = "by this entry" if same else f"on line {first.line}"
        message = f"the budget name {shown(name)} is given twice; first {place}"
        self.findings.about(template, "CS0024", message, advice)
        return False


def _differ(alerts: Sequence[Alert], findings: Findings) -> None:
    """AWS knows an alert by kind and threshold: the same twice is a ``DuplicateRecordException``."""
    seen: dict[tuple[str, Decimal], Mark] = {}
    for alert in alerts:
        first = seen.setdefault((alert.of, alert.at_percent), alert.at)
        if first != alert.at:
            message = f"an alert at this share of the {alert.of} cost stands on line {first.line} already"
            findings.add(alert.at, "CS0014", message, help="put the addresses into one alert")
