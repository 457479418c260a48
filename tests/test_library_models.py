"""The library's face: which model an application's call goes to, and what invocation logs know of its payer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from application import ASK, SALES, application
from costsentry_cli import metered
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.library import MeteredClient
from fakes import HAIKU, LITE, FrozenClock


def test_a_call_may_ask_for_another_model_of_the_same_payer_and_gets_no_other(tmp_path: Path) -> None:
    app = application(tmp_path)
    client = app.metered()
    client.converse(**ASK)
    for named in (HAIKU, "haiku", app_arn(client)):
        client.converse(modelId=named, **ASK)
    with pytest.raises(SentryError) as other:
        client.converse(modelId="amazon.nova-pro-v1:0", **ASK)
    assert (other.value.code, "model=amazon.nova-pro-v1:0" in other.value.message) == ("CS0105", True)
    assert [model for _, model, _ in app.spent()] == [HAIKU] * 4
    assert dict(app.count().holds) == {}


def app_arn(client: MeteredClient) -> str:
    assert client.last is not None
    return client.last.prepared.chosen.arn


TWO_MODELS = "  - {name: aws-docs-sales-lite, model: nova-lite, tags: {costCenter: sales}}\n"


@pytest.mark.parametrize("named", [LITE, "nova-lite"])
def test_a_payer_with_two_models_pays_for_the_one_that_is_asked_for(tmp_path: Path, named: str) -> None:
    app = application(tmp_path, TWO_MODELS + SALES)
    client = metered(app.client, app.manifest, cost_center="sales", model="haiku", books=app.books, clock=FrozenClock())
    client.converse(**ASK)
    client.converse(modelId=named, **ASK)
    assert [model for _, model, _ in app.spent()] == [HAIKU, LITE]


def test_invocation_logs_know_who_pays_beside_the_application_s_own_entries(tmp_path: Path) -> None:
    app = application(tmp_path)
    sent: list[Any] = []
    app.client.meta.events.register("before-parameter-build.*", lambda params, **_: sent.append(dict(params)))
    client, full = app.metered(), {f"k{number}": "v" for number in range(16)}
    client.converse(**ASK)
    client.converse(**ASK, requestMetadata={"ticket": "7", "costCenter": "support"})
    client.converse(**ASK, requestMetadata=full)
    payer = {"applicationId": "aws-documentation-helper", "costCenter": "sales", "environment": "production"}
    assert [one["requestMetadata"] for one in sent] == [payer, {"ticket": "7"} | payer, full]
