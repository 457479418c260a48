"""Twenty kinds of secret, and a service that repeats what it was told."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass, field
from typing import Any

from costsentry_cli.sandbox.contract import Handler, Request, ServiceError
from costsentry_cli.sandbox.services import runtime

KEY_ID = "AKIAQ3EGCANARYKEYID7"
SECRET = "wJalrCANARYsecretK7MDENGbPxRfiCYEXAMPLEK"
TOKEN = "IQoJb3JpZ2luX2VjCANARYsessiontoken" + "Zm9vYmFyYmF6cXV4" * 6 + "=="
JWT = "eyJhbGciOiJDQU5BUlkiLCJ0.eyJzdWIiOiJjYW5hcnktand0Iiwi.c2lnbmF0dXJlLWNhbmFyeQ"
PRIVATE_KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIICANARYprivatekeyAQ==\n-----END RSA PRIVATE KEY-----"

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": KEY_ID,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_SESSION_TOKEN": TOKEN,
    "GITHUB_TOKEN": "ghp_canaryGithubTokenOfTheEnvironment",
    "DATABASE_URL": "postgres://app:canary-db-password@db.internal/prod",
    "SLACK_BOT_TOKEN": "xoxb-canary-slack-token-of-the-environment",
}
IN_FILE = {
    "aws_access_key_id": "AKIAFILECANARYKEYID8",
    "aws_secret_access_key": "fileCANARYsecretYYYYYYYYYYYYYYYYYYYYYYYY",
    "aws_session_token": "fileCANARYsessiontoken" + "QUJDREVGRw" * 9,
}
IN_PROMPT = {
    "prose": "the merger with canary-megacorp closes on the ninth",
    "e-mail address": "canary.person@secret.example",
    "phone number": "+49 30 5550 canary 1234",
    "card number": "4111-CANARY-1111-1111",
    "bank account": "DE89CANARY3704004405320",
    "password": "hunter2-canary-password",
    "JSON web token": JWT,
    "private key": PRIVATE_KEY,
    "access key": "AKIAPROMPTCANARY9999",
    "api key": "sk-canary-api-key-in-the-prompt",
}
SYSTEM = "You are canary-system-prompt, and nobody may know"
TAG = "canary-ticket-tag-4711"
ANSWER = "canary-answer the model says this and nothing else"

SPOKEN = (*(part.split("\n")[1] if "\n" in part else part for part in IN_PROMPT.values()), SYSTEM, TAG)
CREDENTIALS = (*ENVIRONMENT.values(), *IN_FILE.values())
CANARIES = (*SPOKEN, *CREDENTIALS)


PROMPT = "Please keep this to yourself. " + " ; ".join(IN_PROMPT.values())


def document(cost_center: str) -> str:
    """A request with a canary wherever one may legally be."""
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": PROMPT}]
    payer = {"applicationId": "aws-documentation-helper", "costCenter": cost_center, "environment": "production"}
    tags = payer | {"ticket": TAG}
    return json.dumps({"model": "haiku", "prompt": {"messages": messages, "parameters": {}}, "tags": tags})


@dataclass
class Hostile:
    """A model that says the canary, and a service that fails as it is told to, repeating what it was told."""

    fails: tuple[str, int] | None = None
    interrupts: bool = False
    operations: dict[str, dict[str, Handler]] = field(init=False)

    def __post_init__(self) -> None:
        self.operations = {"bedrock-runtime": {"Converse": self.converse}}

    def refuse(self, service: str, operation: str) -> None:
        """From now on this operation fails, and repeats the credentials."""
        self.operations.setdefault(service, {})[operation] = self.refused

    def refused(self, _request: Request) -> dict[str, Any]:
        """Any operation."""
        raise ServiceError("InvalidSignatureException", f"the canonical request is {self.quoted()}", 403)

    def converse(self, request: Request) -> dict[str, Any]:
        """Converse."""
        if self.interrupts:
            os.kill(os.getpid(), signal.SIGINT)
        if self.fails is not None:
            told = json.dumps(request.params)[:2500]
            raise ServiceError(self.fails[0], f"cannot do {told} {self.quoted()} {PROMPT[40:90]}", self.fails[1])
        answer = runtime.converse(request)
        answer["output"]["message"]["content"] = [{"text": ANSWER}]
        return answer

    def quoted(self) -> str:
        """What AWS says of a wrong signature: the canonical request, with every signed header."""
        return f"x-amz-security-token:{TOKEN} {KEY_ID} {SECRET} {JWT}"


def leaks(text: str, canaries: tuple[str, ...] = CANARIES) -> list[str]:
    """The canaries in a text; escapes of JSON undone, line breaks aside."""
    plain = " ".join(text.replace("\\n", "\n").replace('\\"', '"').split())
    return [canary for canary in canaries if " ".join(canary.split()) in plain]
