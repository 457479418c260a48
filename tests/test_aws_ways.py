"""The way to AWS breaks below the answers: names, ports, silence. Over real sockets on loopback, without waiting."""

from __future__ import annotations

import pytest
from botocore.exceptions import EndpointConnectionError, LoginInsufficientPermissions, LoginRefreshRequired, SSLError

from costsentry_cli.aws import Door, connect
from costsentry_cli.aws.door import Timeouts
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.render.errors import as_text
from fault_server import answering, refusing, silent
from stand_in import CONVERSE, LISTING, Time, answer, door, refusal


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    return monkeypatch


def to(keyed: pytest.MonkeyPatch, url: str, deadline: float = 60.0) -> Door:
    keyed.setenv("AWS_ENDPOINT_URL", url)
    made = connect("us-east-1")
    made.patience = Time().patience(deadline=deadline)
    made.timeouts = Timeouts(connect=0.2, read=0.05, paid=0.05)
    return made


def failure(made: Door, call: object = LISTING) -> SentryError:
    with pytest.raises(SentryError) as failed:
        made.call(call)  # type: ignore[arg-type]
    return failed.value


def test_a_port_nobody_listens_at_names_the_endpoint_of_the_environment(keyed: pytest.MonkeyPatch) -> None:
    url = refusing()
    error = failure(to(keyed, url))
    assert (error.code, error.undone) == ("CS0807", True)
    assert error.details == (f"AWS_ENDPOINT_URL is {url}", "tried 4 times")
    assert error.steps[0].command == "unset AWS_ENDPOINT_URL"


@pytest.mark.reaches_out("a name that is reserved to be nobody's")
def test_a_name_that_cannot_be_is_told_as_one(keyed: pytest.MonkeyPatch) -> None:
    error = failure(to(keyed, "https://bedrock.invalid"))
    assert error.code == "CS0807"
    assert "the name of the host could not be looked up" in error.details


def test_silence_is_a_time_out_and_of_a_paid_call_it_may_have_been_billed(keyed: pytest.MonkeyPatch) -> None:
    with silent() as url:
        made = to(keyed, url, deadline=0.1)
        listing, paid = failure(made), failure(made, CONVERSE)
    assert (listing.code, paid.code) == ("CS0808", "CS0808")
    assert "billed" in paid.help
    assert not paid.undone


def test_a_web_page_that_tells_of_trouble_is_asked_again_and_then_told_as_such(keyed: pytest.MonkeyPatch) -> None:
    with answering(503, b"<html><body>Service Unavailable</body></html>", Content_Type="text/html") as url:
        error = failure(to(keyed, url, deadline=1.0))
    assert (error.code, error.message) == ("CS0806", "503: Service Unavailable")
    assert error.details[0] == "a web page came in place of AWS's own words"
    assert error.details[-1].startswith("tried ")


def test_a_cut_json_answer_cannot_be_read(keyed: pytest.MonkeyPatch) -> None:
    with answering(200, b'{"inferenceProfileSummaries": [{"a', Content_Type="application/json") as url:
        error = failure(to(keyed, url))
    assert (error.code, error.message.startswith("the answer is not JSON")) == ("CS0809", True)


def test_a_region_that_is_none_gets_the_nearest_ones() -> None:
    made, _ = door(EndpointConnectionError(endpoint_url="https://bedrock.us-est-1.amazonaws.com/"))
    made.region = "us-est-1"
    error = failure(made)
    assert (error.code, error.exit) == ("CS0404", 2)
    assert [step.command for step in error.steps] == ["sentry ... --region us-east-1", "sentry ... --region us-west-1"]


def test_a_region_that_is_one_is_not_doubted() -> None:
    made, _ = door(EndpointConnectionError(endpoint_url="https://bedrock.us-east-1.amazonaws.com/"))
    assert failure(made).code == "CS0807"


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("CERTIFICATE_VERIFY_FAILED: self-signed certificate in certificate chain", "nobody this machine trusts"),
        ("CERTIFICATE_VERIFY_FAILED: certificate has expired", "is this machine's clock right?"),
        ("WRONG_VERSION_NUMBER", "does not speak TLS"),
        ("something else", ""),
    ],
)
def test_a_certificate_is_told_by_what_is_wrong_with_it(why: str, said: str) -> None:
    made, _ = door(SSLError(endpoint_url="https://x/", error=why))
    assert said in as_text(failure(made))


@pytest.mark.parametrize(
    ("trouble", "code", "said"),
    [
        (LoginRefreshRequired(), "CS0402", "aws login"),
        (LoginInsufficientPermissions(), "CS0403", "aws login"),
    ],
)
def test_a_session_of_aws_login_is_renewed_by_aws_login(trouble: Exception, code: str, said: str) -> None:
    made, _ = door(trouble)
    error = failure(made)
    assert error.code == code
    assert said in as_text(error)


def test_a_denial_names_the_action_that_aws_names_else_the_operations_own() -> None:
    sentence = "User: arn:aws:iam::1:user/x is not authorized to perform: bedrock:TagResource on resource: *"
    named = failure(door(refusal("AccessDeniedException", 403, sentence))[0])
    assert named.details == ("the IAM action needed is bedrock:TagResource",)
    own = failure(door(refusal("AccessDeniedException", 403))[0])
    assert own.details == ("the IAM action needed is bedrock:ListInferenceProfiles",)


def test_a_config_that_cannot_be_read_is_told_and_does_not_hide_what_failed(keyed: pytest.MonkeyPatch) -> None:
    keyed.setenv("AWS_CONFIG_FILE", __file__)
    with pytest.raises(SentryError) as failed:
        connect("us-east-1", "nobody")
    assert failed.value.code == "CS0412"


def test_where_an_error_is_from_is_kept_apart_for_programs() -> None:
    error = failure(door(answer({"message": "no"}, 400, {"x-amzn-errortype": "ValidationException"}))[0])
    origin = error.origin
    assert (origin.service, origin.operation, origin.request_id, origin.name) == (
        "bedrock",
        "ListInferenceProfiles",
        "req-1",
        "ValidationException",
    )
