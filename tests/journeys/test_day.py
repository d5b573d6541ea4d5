"""A day's shift: an AMI, a refusal in the middle, an event moved; the same by a second opinion's AWS."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.aws_worlds import REGION, Cloud, moto
from tests.e2e.terminal import environ, has
from tests.journeys.console_user import ASKED, SETTLED, Shift, awaited, left_over, sent, told_at
from tests.nightly import at_night
from tui.demo.environment import Demo
from tui.operations.model import OperationState


@at_night
@pytest.mark.parametrize("size", told_at((120, 35)), ids=lambda size: "x".join(map(str, size)))
def test_an_ami_is_throttled_and_made_and_an_event_is_moved(
    env: dict[str, str], demo: Demo, size: tuple[int, int]
) -> None:
    with Shift(environ=env, size=size) as shift:
        shift.begin()
        demo.control(
            "faults",
            [
                {
                    "match": {"operation": "CreateImage"},
                    "dry": False,
                    "times": 2,
                    "then": {"error": "RequestLimitExceeded"},
                }
            ],
        )
        shift.ask("i", "load-1")
        shift.agree("load-1")
        made = awaited(env, lambda one: one.state is OperationState.SUCCEEDED, shift.read)
        assert (made.action, made.instance_name) == ("image", "load-1")
        shift.until(has("succeeded.*load-1|load-1.*succeeded"))
        shift.find("web-3")
        shift.keys("t")
        shift.until("new start")
        time.sleep(SETTLED)
        shift.keys("enter")  # the time that is proposed
        shift.until(has(ASKED))
        time.sleep(SETTLED)
        shift.keys("y")
        moved = awaited(
            env,
            lambda one: one.action == "reschedule" and one.state is OperationState.SUCCEEDED,
            lambda: (shift.read(), demo.control("advance", {"seconds": 5})),
        )
        shift.until(has("succeeded.*web-3|web-3.*succeeded"))
        assert sent(demo, moved.instance_id) == ["ModifyInstanceEventStartTime"]
        assert sent(demo, made.instance_id).count("CreateImage") == 3  # twice refused, once made
        shift.fleet()
        shift.keys("q")
        assert shift.ended() == 0


@pytest.fixture
def second_opinion(tmp_path: Path) -> Iterator[tuple[Cloud, dict[str, str]]]:
    """moto with one running server named web-1, and an environment that leads to it."""
    cloud = moto()
    try:
        tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web-1"}]}]
        cloud.launch(1, TagSpecifications=tags)
        (tmp_path / "config").mkdir()
        (tmp_path / "config" / "evac").mkdir()
        (tmp_path / "config" / "evac" / "config.toml").write_text(f'regions = ["{REGION}"]\n')
        (tmp_path / "aws").write_text(
            f"[profile lab]\nregion = {REGION}\naws_access_key_id = AKIADEMOLAB000000001\n"
            "aws_secret_access_key = none\n"
        )
        own = {
            "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CACHE_HOME": str(tmp_path / "cache"),
            "AWS_CONFIG_FILE": str(tmp_path / "aws"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
            "AWS_ENDPOINT_URL": cloud.url, "AWS_EC2_METADATA_DISABLED": "true",
        }  # fmt: skip
        yield cloud, environ(**own)
    finally:
        cloud.close()
        for process in left_over(tmp_path):  # one that follows a reboot whose end moto does not show
            process.kill()


def test_stopped_and_started_then_rebooted_on_an_aws_that_is_not_ours(
    second_opinion: tuple[Cloud, dict[str, str]],
) -> None:
    cloud, env = second_opinion
    with Shift(environ=env, size=(80, 24)) as shift:
        shift.begin()
        shift.ask("s", "web-1")
        shift.answer("escape")
        shift.ask("s", "web-1")
        shift.agree("web-1")
        done = awaited(env, lambda one: one.state is OperationState.SUCCEEDED, shift.read, seconds=180)
        assert done.action == "stop-start"
        assert cloud.state(done.instance_id) == "running"
        shift.ask("b", "web-1")
        shift.agree("web-1")
        awaited(
            env,
            lambda one: (
                one.action == "reboot" and one.confirmed_at is not None and "RebootInstances" in one.sent
            ),
            shift.read,
        )
        shift.fleet()
        shift.keys("q")
        assert shift.ended() == 0
