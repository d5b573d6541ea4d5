"""The sample fleet shows everything there is to show: each event, each failing check, each hazard."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from tui.aws import describe, inspect
from tui.aws.sessions import Sessions
from tui.config.schema import Settings
from tui.demo.environment import start
from tui.domain.actions import ACTIONS, ActionOptions
from tui.domain.events import KNOWN_CODES, EventState
from tui.domain.facts import Facts
from tui.domain.hazards import hazards
from tui.domain.instance import CheckName, Instance, Target
from tui.domain.policy import Policy

TARGETS = [
    Target("prod", "ap-northeast-2"), Target("prod", "us-east-1"), Target("data", "us-east-1"),
    Target("data", "eu-west-1"), Target("staging", "eu-west-1"), Target("staging", "ap-northeast-2"),
]  # fmt: skip
HAZARDS = {
    "alarm-at-once", "alarm-events", "alarm-name", "alarm-terms", "alarm-topic", "auto-scaling", "awaited-stop", "bare-metal",
    "capacity", "cluster", "cpu-credits", "dedicated-host", "hibernation", "image", "image-pending", "image-reboot",
    "instance-store", "instance-store-root", "last-healthy", "lifecycle", "load-balancer", "mac", "managed", "outpost",
    "placement-group", "product-codes", "public-ip", "reboot-event", "recover-store", "recover-supported", "recovery-now",
    "reschedule", "router", "same-host", "shutdown-behavior", "slow-boot", "spot", "state", "stop-protection",
    "termination-protection", "undo", "windows", "xen",
}  # fmt: skip
"""Each code a hazard can have; the next test holds the list against the code."""


@dataclass(frozen=True)
class Sample:
    now: datetime
    seen: list[tuple[Instance, Facts]]

    @property
    def rows(self) -> list[Instance]:
        return [row for row, _ in self.seen]


@pytest.fixture(scope="module")
def sample() -> Iterator[Sample]:
    demo = start("--speed", "60")
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(8) as askers:
        for name in demo.unset:
            patch.delenv(name, raising=False)
        for name, value in demo.environment.items():
            patch.setenv(name, value)
        sessions, now, seen = Sessions(Settings(demo=True)), datetime.now(UTC), []
        for target in TARGETS:
            client = sessions.client(target.profile, "ec2", target.region)
            for one in describe.instances(client, target.region, now):
                row = inspect.inspect_instance(sessions, target, one.instance_id, now)
                assert row is not None
                seen.append((row, inspect.facts(sessions, row, now, askers)))
        yield Sample(now, seen)
    demo.stop()


def test_it_is_large_enough_and_of_several_accounts_and_regions(sample: Sample) -> None:
    assert len(sample.rows) >= 60
    assert len({target.profile for target in TARGETS}) >= 3
    assert len({target.region for target in TARGETS}) >= 3
    assert "ap-northeast-2" in {target.region for target in TARGETS}


@pytest.mark.parametrize("code", KNOWN_CODES)
def test_every_event_code_is_there(sample: Sample, code: str) -> None:
    assert any(event.code == code for row in sample.rows for event in row.events)


@pytest.mark.parametrize("state", EventState)
def test_every_state_of_an_event_is_there(sample: Sample, state: EventState) -> None:
    assert any(event.state(sample.now) is state for row in sample.rows for event in row.events)


def test_events_with_and_without_a_deadline_and_two_on_one_instance(sample: Sample) -> None:
    events = [event for row in sample.rows for event in row.events]
    assert {event.deadline is None for event in events} == {True, False}
    assert any(len(row.open_events(sample.now)) == 2 for row in sample.rows)


@pytest.mark.parametrize("check", CheckName)
def test_every_check_fails_somewhere(sample: Sample, check: CheckName) -> None:
    assert any(check in row.checks.impaired() for row in sample.rows)


def test_every_hazard_is_there(sample: Sample) -> None:
    found = {
        hazard.code
        for row, facts in sample.seen
        for action in ACTIONS
        for hazard in hazards(row, facts, action, sample.now, ActionOptions(), Policy())
    }
    assert found == HAZARDS


def test_nothing_about_it_is_unknown(sample: Sample) -> None:
    assert [(row.name, facts.unknown) for row, facts in sample.seen if facts.unknown] == []
