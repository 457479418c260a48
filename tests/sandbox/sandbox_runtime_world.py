"""A sandbox account for tests: handlers called directly, inputs and answers held against AWS's own models."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module
from itertools import count

from botocore.loaders import Loader
from botocore.model import ServiceModel

from costsentry_cli.sandbox.contract import Request, ServiceError
from costsentry_cli.sandbox.model_check import problems
from costsentry_cli.sandbox.store import Store

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOVA = "amazon.nova-lite-v1:0"
HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
OPUS = "anthropic.claude-opus-4-7"
DEAD = "anthropic.claude-sonnet-4-20250514-v1:0"
MODULES = {"bedrock": "bedrock", "bedrock-runtime": "runtime", "cloudwatch": "cloudwatch"}


def model_arn(model_id, region="us-east-1"):
    return f"arn:aws:bedrock:{region}::foundation-model/{model_id}"


def system_arn(profile_id, region="us-east-1", account="123456789012"):
    return f"arn:aws:bedrock:{region}:{account}:inference-profile/{profile_id}"


def user(text):
    return {"role": "user", "content": [{"text": text}]}


def assistant(text):
    return {"role": "assistant", "content": [{"text": text}]}


@cache
def service_model(service):
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


class World:
    """One account in a file, with a clock that stands still until ``later``."""

    def __init__(self, path):
        self.store = Store(path)
        self.now = NOW
        self._ids = count(1)

    def later(self, **span):
        self.now += timedelta(**span)

    def setting(self, name, value):
        with self.store.transaction():
            self.store.set_setting(name, value)

    def call(self, service, operation, region="us-east-1", **params):
        model = service_model(service).operation_model(operation)
        assert problems(model.input_shape, params) == []
        request = Request(service, operation, params, region, self.now, f"r{next(self._ids)}", self.store)
        handler = import_module(f"costsentry_cli.sandbox.services.{MODULES[service]}").OPERATIONS[operation]
        kept = None
        with self.store.transaction():
            try:
                answer = handler(request)
            except ServiceError as error:
                if not error.commit:
                    raise
                kept = error
        if kept is not None:
            raise kept
        assert problems(model.output_shape, answer) == []
        return answer

    def refusal(self, service, operation, region="us-east-1", **params):
        try:
            self.call(service, operation, region, **params)
        except ServiceError as error:
            return error
        raise AssertionError(f"{operation} was not refused")

    def bedrock(self, operation, region="us-east-1", **params):
        return self.call("bedrock", operation, region, **params)

    def profile(self, name="docs", source=None, tags=None, **params):
        pairs = [{"key": key, "value": value} for key, value in (tags or {}).items()]
        copied = {"copyFrom": source or model_arn(NOVA)}
        answer = self.bedrock(
            "CreateInferenceProfile", inferenceProfileName=name, modelSource=copied, tags=pairs, **params
        )
        return answer["inferenceProfileArn"]

    def converse(self, model_id=NOVA, text="How much did we spend?", **params):
        asked = {"messages": [user(text)]} | params
        return self.call("bedrock-runtime", "Converse", modelId=model_id, **asked)

    def metrics(self, operation, **params):
        return self.call("cloudwatch", operation, **params)

    def rows(self):
        rows = [dict(row) for row in self.store.db.execute("SELECT * FROM calls ORDER BY id")]
        return [row | {"tags": json.loads(row["tags"]), "costs": json.loads(row["costs"])} for row in rows]
