"""Import, adopt all, plan: nothing is left to do, whatever the account holds."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costsentry_cli.cli.context import sandbox_context
from costsentry_cli.domain.inventory import draft
from costsentry_cli.domain.kind import Action, Scope
from costsentry_cli.domain.plan import Wishes
from costsentry_cli.manifest_file import read
from costsentry_cli.render.manifest_yaml import as_yaml
from costsentry_cli.sandbox import Sandbox
from costsentry_cli.usecases import adopt, inventory, sync
from fakes import ACCOUNT, HAIKU, LITE, NOON, PROFILES, FrozenClock, home, violations_in
from foreign import made

REGION = "us-east-1"
SOURCES = (HAIKU, LITE, f"us.{LITE}", "global.anthropic.claude-haiku-4-5-20251001-v1:0", "amazon.nova-2-lite-v1:0")
CENTRES = ("sales", "0123", "on", "a b", "x")
PROFILE = st.tuples(
    st.sampled_from(("docs", "batch", "x")),
    st.sampled_from(CENTRES),
    st.sampled_from(SOURCES),
    st.dictionaries(st.sampled_from(("owner", "a:b")), st.sampled_from(("jo", "yes", "")), max_size=2),
    st.sampled_from((None, "nightly", "for sales")),
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PROFILE, min_size=1, max_size=6, unique_by=lambda one: one[:2]))
def test_import_then_adopt_all_leaves_an_empty_plan(found: list[tuple]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, db = Path(folder) / "profiles.yaml", Path(folder) / "sandbox.db"
        context = sandbox_context(Sandbox(db, clock=FrozenClock()), REGION)
        for name, centre, source, tags, text in found:
            more = {"description": text} if text else {}
            made(context, f"{name}-{centre}", source, {"costCenter": centre, **tags}, **more)
        seen = inventory.take(context.cloud, ACCOUNT, [REGION])
        path.write_text(as_yaml(draft(seen, "mine", ACCOUNT, [REGION])), encoding="utf-8")
        manifest, clouds = read(path), {ACCOUNT: context.cloud}
        adoptions = adopt.fitting(clouds, [Scope(ACCOUNT, REGION, "mine")], manifest)
        assert [one.refusal for one in adoptions] == [None] * len(found)
        assert all(ended.error is None for ended in adopt.carry_out(clouds, adoptions))
        plan = sync.plan(clouds, manifest, PROFILES, home(manifest, REGION), Wishes(), NOON)
        assert [change.action for change in plan.changes] == [Action.SAME] * len(found)
        assert violations_in(db) == []
