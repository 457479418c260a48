"""``plan`` and ``sync`` for every kind, or for one: the same two flows whatever is declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from costsentry_cli import files
from costsentry_cli.cli.context import Context, open_context, read_manifest
from costsentry_cli.cli.ending import status_of
from costsentry_cli.cli.failure import beside_the_result
from costsentry_cli.cli.forms import FINDINGS
from costsentry_cli.cli.options import FILE, OUTPUT, TARGET, Common, common
from costsentry_cli.cli.output import ask, emit, preview, say
from costsentry_cli.cli.progress import Progress
from costsentry_cli.cli.reach import tell_troubles
from costsentry_cli.cli.waiting import DEADLINE, Deadline, Wait, duration, say_how_time_passes
from costsentry_cli.domain import plan_file
from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.errors import Exit, SentryError
from costsentry_cli.domain.kind import Action, Kind, Scope
from costsentry_cli.domain.lint import series
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import GRACE, Plan, Trouble, Wishes
from costsentry_cli.domain.waiting import wait_until
from costsentry_cli.render import applied as applied_view
from costsentry_cli.render import plan as plan_view
from costsentry_cli.render import plan_markdown
from costsentry_cli.usecases import apply as applying
from costsentry_cli.usecases import lint, sync

Check = Annotated[bool, typer.Option("--check", help="Exit 3 when the plan has changes (for CI).")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Apply without asking.")]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Stop after the plan.")]
Saved = Annotated[Path | None, typer.Option("--plan", help="Apply exactly this saved plan, or exit 7.")]


@dataclass(frozen=True)
class Leave:
    """What may be replaced and deleted; nothing is, unasked."""

    allow_replace: Annotated[
        bool, typer.Option("--allow-replace", help="Replace what AWS cannot edit: the ARN changes.")
    ] = False
    prune: Annotated[
        bool, typer.Option("--prune", help="Delete what left the manifest, and idle replaced profiles.")
    ] = False
    force: Annotated[bool, typer.Option("--force", help="With --prune: delete what is in use, too.")] = False
    max_deletes: Annotated[int | None, typer.Option("--max-deletes", min=0, help="With --prune: at most so many.")] = (
        None
    )

    @property
    def wishes(self) -> Wishes:
        """The same as the plan takes it."""
        return Wishes(self.allow_replace, self.prune, self.force, self.max_deletes)


@dataclass(frozen=True)
class Asked:
    """A plan with all it was made from."""

    manifest: Manifest
    context: Context
    clouds: Mapping[str, Cloud]
    kinds: Sequence[Kind]
    wishes: Wishes
    plan: Plan

    @property
    def facts(self) -> dict[str, Any]:
        """What a plan's JSON has beside its rows: with these it can be applied later."""
        target = self.context.target
        return plan_file.members(self.plan, target.account, target.region, self.wishes, self.context.clock())


def add_commands(app: typer.Typer, kinds: Callable[[], Sequence[Kind]], sync_words: str) -> None:
    """Give an application the commands ``plan`` and ``sync`` for these kinds; ``sync_words`` is how sync is called."""

    @app.command("plan")
    @common(FILE, TARGET, OUTPUT, result=FINDINGS)
    def plan_command(shared: Common, *, check: Check = False, leave: Leave) -> int:
        """Show what sync would do; nothing is changed."""
        return show(shared, ask_for(shared, kinds(), leave.wishes), sync_words, check=check)

    @app.command("sync")
    @common(FILE, TARGET, OUTPUT)
    def sync_command(
        shared: Common,
        *,
        yes: Yes = False,
        dry_run: DryRun = False,
        plan: Saved = None,
        leave: Leave,
        wait: Wait = False,
        deadline: Deadline = DEADLINE,
    ) -> int:
        """Make the account what the manifest says.

        A second run changes nothing. Only this namespace's resources are ever written; nothing is replaced or
        deleted unasked. What AWS does not know yet is pending, which is no failure.
        """
        longest = duration(deadline) if wait else None
        asked = reviewed(shared, kinds(), plan) if plan is not None else ask_for(shared, kinds(), leave.wishes)
        return carry_out(shared, asked, yes=yes or plan is not None, dry_run=dry_run, longest=longest)


def ask_for(shared: Common, kinds: Sequence[Kind], wishes: Wishes) -> Asked:
    """Read the manifest, open the target, observe and compare."""
    manifest = read_manifest(shared)
    context = open_context(shared, manifest, then=services(kinds))
    return planned(manifest, context, kinds, Wishes(**(vars(wishes) | {"grace": manifest.grace or GRACE})))


def services(kinds: Sequence[Kind]) -> tuple[str, ...]:
    """Those that make what these kinds are."""
    return tuple(sorted({service for kind in kinds for service, _ in kind.writing}))


def reviewed(shared: Common, kinds: Sequence[Kind], path: Path) -> Asked:
    """The plan made anew under a saved plan's wishes; raises ``SentryError`` CS0208 unless it is the same."""
    try:
        saved = plan_file.read(files.read_bytes(path, plan_file.MAX_BYTES), str(path))
    except OSError as error:
        raise SentryError("CS0207", f"cannot read {path}: {error.strerror}", where=str(path)) from error
    manifest = read_manifest(shared)
    context = open_context(shared, manifest, then=services(kinds))
    asked = planned(manifest, context, kinds, saved.wishes)
    plan_file.check(saved, asked.plan, context.target.account, context.target.region)
    return asked


def planned(manifest: Manifest, context: Context, kinds: Sequence[Kind], wishes: Wishes) -> Asked:
    """Observe and compare these kinds, everywhere the manifest speaks of."""
    with context.cloud.interrupt.listening():
        reached, unreachable = context.clouds(manifest)
        clouds = {context.target.account: context.cloud} | reached
        plan = sync.plan(clouds, manifest, kinds, context.home(manifest), wishes, context.clock())
        plan = lint.linted(clouds, plan, context.clock())
    troubles = [Trouble(Scope(account, "", manifest.namespace), error) for account, error in unreachable.items()]
    plan = replace(plan, troubles=(*plan.troubles, *troubles))
    return Asked(manifest, context, clouds, kinds, wishes, plan)


def show(shared: Common, asked: Asked, sync_words: str, *, check: bool) -> int:
    """``plan``: print it; exit 3 under ``--check`` when it has changes, 6 when a scope could not be read."""
    name, plan = asked.manifest.source.name, asked.plan
    screen = plan_view.as_text(plan, name)
    if plan.pending:
        screen += plan_view.series_line(*series(asked.manifest)) if any(kind.measured for kind in asked.kinds) else ""
        screen += f"Nothing has been changed.  \tApply: {sync_words}   (CI gate: --check)\n"
    target = asked.context.target
    emit(
        shared,
        plan_view.as_table(plan, name, asked.facts),
        target.as_dict(),
        screen,
        lambda: plan_markdown.as_markdown(plan, name, target.line()),
    )
    if check and plan.pending:
        return Exit.GATE
    return Exit.PARTIAL if plan.troubles else Exit.OK


def carry_out(shared: Common, asked: Asked, *, yes: bool, dry_run: bool, longest: timedelta | None = None) -> int:
    """``sync``: show, refuse, ask, apply, tell; with ``longest`` wait so long for what is pending."""
    name, plan, target = asked.manifest.source.name, asked.plan, asked.context.target.as_dict()
    people = preview(shared, plan_view.as_text(plan, name))
    if plan.refused and not dry_run:
        raise SentryError("CS0203", plan.refused[0], details=plan.refused[1:])
    writes = len(plan.writing())
    if writes and not dry_run and not yes and not ask(_question(plan, writes), "--yes"):
        say("nothing was changed")
        return Exit.OK
    done: tuple[applying.Applied, ...] = ()
    if not dry_run:
        done = carried_out(asked.context, asked.clouds, plan)
        if longest is not None:
            plan, done = _waited(asked, done, longest)
    if not people or shared.out is not None:
        emit(shared, applied_view.as_table(plan, done, name), target)
    interrupted = asked.context.cloud.interrupted
    status = _ending(shared, plan, done, dry_run=dry_run, interrupted=interrupted)
    if dry_run or status != Exit.OK:
        return status
    waiting = applied_view.pending(plan, done)
    for line in waiting:
        say(line)
    if waiting:
        say(shared.pasteable("next: run it again in a day   (where each key stands: sentry tags status)"))
        say_how_time_passes(shared, asked.context)
    elif asked.manifest.cost_allocation_tags and any(_carries_tags(one) for one in done):
        say(shared.pasteable("next: sentry tags status   (from when on costs carry the tags)"))
    return Exit.PARTIAL if waiting and longest is not None else status


def _carries_tags(one: applying.Applied) -> bool:
    """Something that decides from when on costs carry tags: a profile, or a key's activation."""
    return one.change.kind.measured or not one.change.kind.owned


def _waited(
    asked: Asked, done: tuple[applying.Applied, ...], longest: timedelta
) -> tuple[Plan, tuple[applying.Applied, ...]]:
    """Look again until nothing is pending, doing what has become possible: the plan and the endings of all rounds."""
    plan, ended, context = asked.plan, list(done), asked.context
    kinds = [kind for kind in asked.kinds if kind.waiting]

    def settled() -> bool:
        nonlocal plan
        if not applied_view.pending(plan, ended):
            return True
        now = sync.plan(asked.clouds, asked.manifest, kinds, context.home(asked.manifest), Wishes(), context.clock())
        known = [change for change in plan.changes if not change.kind.waiting]
        plan = replace(plan, changes=(*known, *now.changes))
        ended[:] = [one for one in ended if not one.waits]
        ended.extend(carried_out(context, asked.clouds, replace(now, troubles=(), warnings=())))
        return context.cloud.interrupted or not applied_view.pending(plan, ended)

    try:
        wait_until(settled, context.clock, context.wait, longest)
    except KeyboardInterrupt:  # while nothing was under way: what was done is told all the same
        context.cloud.interrupt.set()
    return plan, tuple(ended)


def carried_out(context: Context, clouds: Mapping[str, Cloud], plan: Plan) -> tuple[applying.Applied, ...]:
    """Apply the plan with its progress on stderr; Ctrl-C lets what is under way end."""
    with Progress(len(plan.writing())) as progress, context.cloud.interrupt.listening():
        return applying.apply(clouds, plan, context.wait, progress.ended)


def _question(plan: Plan, writes: int) -> str:
    deletes = sum(bool(change.calls) for change in plan.of(Action.DELETE))
    also = f", {deletes} of them deletes," if deletes else ""
    return f"Apply {'this change' if writes == 1 else f'these {writes} changes'}{also}?"


def _ending(shared: Common, plan: Plan, done: tuple[applying.Applied, ...], *, dry_run: bool, interrupted: bool) -> int:
    if done:
        say(applied_view.sentence(plan, done))
    tell_troubles(plan.troubles)
    if interrupted:
        say("interrupted: run it again to go on")
    status = status_of(done, left=bool(plan.troubles), interrupted=interrupted)
    if status != Exit.OK:
        return status
    held = [change for change in plan.changes if change.held]
    if held and not dry_run:
        names = tuple(f"{change.action} {change.name}: {change.held}" for change in held)
        message = f"{len(held)} change{'s' if len(held) > 1 else ''} held back"
        return beside_the_result(shared, SentryError("CS0203", message, details=names))
    return Exit.OK
