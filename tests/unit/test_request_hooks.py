"""Each request of a reader is booked: every page, and what botocore repeats."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError

from tui.aws import describe, request_hooks
from tui.aws.sessions import Sessions
from tui.config.schema import Settings

ROOT = "DescribeInstanceStatusResponse"
OTHERS = "<Response><Errors><Error><Code>{}</Code><Message>x</Message></Error></Errors></Response>"


class Raw:
    """A body as urllib3 gives it."""

    def __init__(self, body: str) -> None:
        self._body = body.encode()

    def stream(self, *_: Any) -> Any:
        yield self._body


def page(token: str = "") -> tuple[int, str]:
    following = f"<nextToken>{token}</nextToken>" if token else ""
    return 200, f"<{ROOT}><instanceStatusSet></instanceStatusSet>{following}</{ROOT}>"


def refused(code: str) -> tuple[int, str]:
    return 503, OTHERS.format(code)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in (("ACCESS_KEY_ID", "AKIAX"), ("SECRET_ACCESS_KEY", "x"), ("CONFIG_FILE", "/nowhere")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    return Sessions(Settings()).client("environment", "ec2", "eu-west-1")


def metered(client: Any, *answers: tuple[int, str]) -> tuple[list[str], list[bool]]:
    """What is booked and heard, in order; the client gets these answers, and no network."""
    sent, heard, left = list[str](), list[bool](), iter(answers)

    def answer(request: Any, **_: Any) -> AWSResponse:
        assert len(sent) > 0, "booked before it is sent"
        status, body = next(left)
        return AWSResponse(request.url, status, HTTPHeaders(), Raw(body))

    client.meta.events.register("before-send", answer)
    for _ in range(2):  # asked for again, as before every job
        request_hooks.install_request_hooks(client, lambda: sent.append("booked"), heard.append)
    return sent, heard


def test_a_page_is_a_request(client: Any) -> None:
    booked, heard = metered(client, page("one"), page("two"), page())
    assert describe.statuses(client) == []
    assert len(booked) == 3
    assert heard == [False] * 3


def test_a_request_that_botocore_repeats_is_booked_again_and_says_why(client: Any) -> None:
    booked, heard = metered(
        client, refused("RequestLimitExceeded"), page("one"), refused("Unavailable"), page()
    )
    assert describe.statuses(client) == []
    assert len(booked) == 4
    assert heard == [True, False, False, False]


def test_one_that_is_refused_for_good_was_asked_three_times(client: Any) -> None:
    booked, heard = metered(client, *[refused("RequestLimitExceeded")] * 3)
    with pytest.raises(ClientError):
        describe.statuses(client)
    assert (len(booked), heard) == (3, [True] * 3)
