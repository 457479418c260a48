"""What can be said of the manifest alone: its counts, its models' lives, what its metrics cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from costsentry_cli.domain import catalog
from costsentry_cli.domain.doctor.findings import Area, Finding, fail, ok, warn
from costsentry_cli.domain.errors import Exit
from costsentry_cli.domain.kinds.inference_profile import source_in
from costsentry_cli.domain.lint import series
from costsentry_cli.domain.manifest.types import Manifest


def manifest_finding(manifest: Manifest) -> Finding:
    """What is in a valid manifest, counted."""
    counts = {
        "profile": len(manifest.profiles),
        "limit": len(manifest.limits),
        "budget": len(manifest.budgets),
        "tag key": len(manifest.cost_allocation_tags),
    }
    told = ", ".join(f"{number} {noun}{'' if number == 1 else 's'}" for noun, number in counts.items())
    return ok(Area.MANIFEST, "manifest", f"{manifest.source.name} is valid: {told}")


def metrics_finding(manifest: Manifest) -> Finding:
    """What the custom metrics of metered calls cost."""
    profiles, each, usd = series(manifest)
    return ok(
        Area.MANIFEST, "metrics", f"{profiles} profiles x {each} CloudWatch series: about ${usd} a month once called"
    )


def models_finding(manifest: Manifest, regions: Sequence[str], today: date) -> Finding | None:
    """The models behind the profiles by their lifecycle; None without profiles."""
    wanted = {source_in(one.model_id, region) for one in manifest.profiles for region in one.regions or regions}
    known = {
        name: reference.model for name in sorted(wanted) if (reference := catalog.load().resolve(name)) is not None
    }
    dead = [
        f"{name}, end of life {model.end_of_life}" for name, model in known.items() if model.status_on(today) == "EOL"
    ]
    old = [
        f"{name} is LEGACY" + (f"; calls fail from {model.end_of_life} on" if model.end_of_life else "")
        for name, model in known.items()
        if model.status_on(today) == "LEGACY"
    ]
    unknown = [
        f"{name} is not in the catalogue: no price, so dollar limits refuse it" for name in sorted(wanted - set(known))
    ]
    if dead:
        says = f"{len(dead)} of {len(wanted)} models {_is(len(dead))} at the end of life: calls fail"
        return fail(
            Area.MANIFEST, "models", says, "name another model, then: sentry plan", Exit.AWS, *dead, *old, *unknown
        )
    if old or unknown:
        says = f"{len(old) + len(unknown)} of {len(wanted)} models will not do for long, or are not known"
        return warn(Area.MANIFEST, "models", says, "name another model, then: sentry plan", *old, *unknown)
    return ok(Area.MANIFEST, "models", f"{len(wanted)} in use, none near the end of life") if wanted else None


def _is(number: int) -> str:
    return "is" if number == 1 else "are"
