"""To which address AWS Health is asked, for which Region a request is signed, and where next. Real clients, no network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError, EndpointConnectionError

from tui.aws import health
from tui.aws.sessions import Sessions
from tui.config.schema import Settings

ANSWER: dict[str, Any] = {"events": []}
Said = tuple[int, dict[str, Any]] | Exception


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA0")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "EVAC_DEMO", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)


class Service:
    """AWS Health at all its addresses. `asked`: host and Region signed for, of each request."""

    def __init__(self, sessions: Sessions, said: Callable[[str], Said]) -> None:
        self.asked: list[tuple[str, str]] = []
        self._said = said
        for region in health.regions_asked(sessions, "environment"):
            client = sessions.client("environment", "health", region)
            client.meta.events.register_first("before-send", self._answer)

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        host = request.url.split("/")[2]
        scope = re.search(r"Credential=[^/]+/\d+/([^/]+)/health/", str(request.headers["Authorization"]))
        assert scope is not None
        if (host, scope[1]) not in self.asked:  # botocore repeats what failed
            self.asked.append((host, scope[1]))
        said = self._said(scope[1])
        if isinstance(said, Exception):
            raise said
        status, body = said
        raw = json.dumps(body).encode()
        stream = type("Raw", (), {"stream": lambda self: [raw], "read": lambda self: raw})()
        return AWSResponse(request.url, status, HTTPHeaders(), stream)


def refused(code: str, status: int = 400) -> Said:
    return status, {"__type": code, "message": "no"}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore waits between its attempts."""
    monkeypatch.setattr("time.sleep", lambda _: None)


@pytest.mark.parametrize(
    ("region", "host", "signed"),
    [
        ("us-east-1", "health.us-east-1.amazonaws.com", "us-east-1"),
        ("ap-northeast-2", "health.us-east-1.amazonaws.com", "us-east-1"),
        ("us-east-2", "health.us-east-1.amazonaws.com", "us-east-1"),
        ("cn-north-1", "health.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1"),
        ("us-gov-east-1", "health.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("us-iso-east-1", "health.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
    ],
)
def test_a_partition_has_one_address_and_is_signed_for_it(
    region: str, host: str, signed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    sessions = Sessions(Settings())
    service = Service(sessions, lambda _: (200, ANSWER))
    health.probe(sessions, "environment")
    assert service.asked == [(host, signed)]


@pytest.mark.parametrize(
    "away",
    [
        refused("InvalidSignatureException"),
        refused("SignatureDoesNotMatch", 403),
        refused("InternalFailure", 500),
        refused("ServiceUnavailable", 503),
        EndpointConnectionError(endpoint_url="https://health.us-east-1.amazonaws.com"),
    ],
)
@pytest.mark.usefixtures("quick")
def test_the_standby_region_answers_signed_for_itself(away: Said) -> None:
    sessions = Sessions(Settings())
    service = Service(sessions, lambda region: away if region == "us-east-1" else (200, ANSWER))
    health.probe(sessions, "environment")
    assert service.asked == [
        ("health.us-east-1.amazonaws.com", "us-east-1"),
        ("health.us-east-2.amazonaws.com", "us-east-2"),
    ]


@pytest.mark.usefixtures("quick")
def test_where_both_fail_the_first_says_why() -> None:
    sessions = Sessions(Settings())
    Service(sessions, lambda region: refused("InternalFailure" if region == "us-east-1" else "Other", 500))
    with pytest.raises(ClientError, match="InternalFailure"):
        health.probe(sessions, "environment")


@pytest.mark.parametrize(
    "code", ["SubscriptionRequiredException", "AccessDeniedException", "UnrecognizedClientException"]
)
def test_an_answer_is_an_answer_and_the_standby_is_not_asked(code: str) -> None:
    sessions = Sessions(Settings())
    service = Service(sessions, lambda _: refused(code))
    with pytest.raises(ClientError, match=code) as raised:
        health.probe(sessions, "environment")
    assert len(service.asked) == 1
    assert health.has_no_plan(raised.value) == (code == "SubscriptionRequiredException")


def test_who_answered_last_is_asked_first() -> None:
    sessions = Sessions(Settings())
    assert health.regions_asked(sessions, "environment", "us-east-2") == ("us-east-2", "us-east-1")
    assert health.regions_asked(sessions, "environment", "eu-west-1") == ("us-east-1", "us-east-2")
    text = "What happened\x1b[2J:\n the host"
    details = {
        "successfulSet": [
            {"event": {"arn": "arn:1"}, "eventDescription": {"latestDescription": text}},
            {"event": {"arn": "arn:2"}},
        ],
        "failedSet": [{"eventArn": "arn:3", "errorName": "x"}],
    }
    service = Service(sessions, lambda _: (200, details))
    ((arn, told),) = health.read_texts(sessions, "environment", ["arn:1", "arn:2", "arn:3"], "us-east-2")
    assert arn == "arn:1"
    assert told.startswith("What happened")
    assert "\x1b" not in told
    assert service.asked == [("health.us-east-2.amazonaws.com", "us-east-2")]


def test_an_event_becomes_one_for_its_entity_and_hostile_text_is_cleaned() -> None:
    event = {
        "arn": "arn:1",
        "eventTypeCode": "AWS_EC2_X\x1b]0;owned\x07",
        "region": "eu-west-1",
        "startTime": "no time",
    }
    made = health.health_event(
        event, {"entityValue": "arn:aws:ec2:eu-west-1:1:instance/i-0a", "statusCode": "PENDING"}
    )
    assert (made.entity, made.entity_status, made.starts_at) == ("i-0a", "PENDING", None)
    assert "\x1b" not in made.code
    for nothing in ({}, {"entityValue": "AWS_ACCOUNT"}, {"entityValue": None}):
        assert health.health_event(event, nothing).entity == ""
