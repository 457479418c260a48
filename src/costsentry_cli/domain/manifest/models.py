"""What the ``model`` of a manifest may be, and what it stands for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from costsentry_cli.domain.aws_limits import SOURCE_ARN
from costsentry_cli.domain.document import Scalar
from costsentry_cli.domain.manifest.findings import MAX_SUGGESTIONS, Findings, shown

Suggest = Callable[[str], tuple[str, ...]]
"""The ids of known models most similar to a text, best first."""

MODEL_ID = re.compile(r"(?:[a-z]+(?:-[a-z]+)?\.)?[a-z][a-z0-9]*\.[a-z][A-Za-z0-9.:-]*", re.ASCII)
"""``provider.model``, with a geography before it for a system profile.

An id of this form need not be in the catalogue: models appear faster than catalogues do.
"""

_FORMS = "give an alias from models:, a model id, a system profile id, or the ARN of either"


def suggest_from_catalogue(text: str) -> tuple[str, ...]:
    """The catalogue's ids most similar to ``text``; the catalogue is read only when something is wrong."""
    from costsentry_cli.domain import catalog

    return catalog.load().closest(text)


@dataclass(frozen=True)
class Models:
    """The aliases of a manifest: all of them in ``aliases``, those that stand for something usable in ``ids``."""

    ids: Mapping[str, str]
    aliases: tuple[str, ...]
    suggest: Suggest
    _asked: dict[str, str] = field(init=False, repr=False, compare=False, default_factory=dict)

    def resolve(self, reference: Scalar, findings: Findings) -> str | None:
        """The model id, system profile id or ARN a reference stands for, or None after taking down why not."""
        text = reference.text
        if text in self.ids:
            return self.ids[text]
        if text in self.aliases:
            findings.attempts += 1  # its value was taken down where it stands
            return None
        return usable(reference, "model", self, findings)

    def alias(self, reference: Scalar, noun: str, used: frozenset[str], findings: Findings) -> None:
        """Take down a reference that is neither an alias nor a model some profile names."""
        if reference.text not in used and reference.text not in self.aliases:
            advice = self.help(reference.text, findings) or "use an alias from models:"
            findings.about(
                reference, "CS0023", f"{noun} {shown(reference.text)} is no alias and no profile's model", advice
            )

    def help(self, text: str, findings: Findings) -> str:
        """The alias or else the model id most similar to ``text``, as a help text."""
        return findings.similar(text, self.aliases) or self._ask(text)

    def _ask(self, text: str) -> str:
        if text not in self._asked and len(self._asked) < MAX_SUGGESTIONS:
            self._asked[text] = next((f"did you mean '{known}'?" for known in self.suggest(text[:100])), "")
        return self._asked.get(text, "")


def usable(reference: Scalar, noun: str, models: Models, findings: Findings) -> str | None:
    """The text of a reference when a profile can be made from it, else None after taking down why not."""
    text = reference.text
    if MODEL_ID.fullmatch(text) or SOURCE_ARN.fullmatch(text):
        return text
    if ":application-inference-profile/" in text:
        message = f"{noun} is an application inference profile; AWS makes none from another"
        advice = "give the model id or system profile it was made from"
    elif text.startswith("arn:"):
        message = f"{noun} {shown(text)} is not the ARN of a foundation model or a system profile"
        advice = "for example arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
    else:
        message = f"{noun} {shown(text)} is not known"
        advice = models.help(text, findings) or _FORMS
    findings.about(reference, "CS0023", message, advice)
    return None


def models_of(pairs: tuple[tuple[Scalar, Scalar | None], ...], suggest: Suggest, findings: Findings) -> Models:
    """The aliases of ``models:``, each checked to stand for something a profile can be made from."""
    bare = Models({}, (), suggest)
    ids = {}
    for alias, value in pairs:
        found = value and usable(value, f"models.{alias.text}", bare, findings)
        if found:
            ids[alias.text] = found
    return Models(ids, tuple(alias.text for alias, _ in pairs), suggest)
