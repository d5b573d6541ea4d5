"""One member fails at night. Nobody need stay: what was begun ends by itself, and in the morning the rest is done."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.e2e.terminal import Terminal, has
from tests.journeys.console_user import SETTLED, Shift, journal, sent, told_at
from tests.journeys.test_campaign import TYPED, count_of, marked, planned, typed
from tui.demo.environment import Demo, start
from tui.domain.campaign.model import Campaign, CampaignState, Member, MemberState
from tui.operations import audit_log
from tui.operations.campaign_journal import CampaignJournal
from tui.operations.journal import Journal
from tui.operations.model import Operation

MEMBERS = 4
NO_ROOM = "InsufficientInstanceCapacity"
OF_IT = ("plan", "confirm", "pause", "resume", "end")
"""What the audit log tells of the campaign itself, in this order."""


@pytest.fixture
def demo() -> Iterator[Demo]:
    running = start("--speed", "60", "--campaign", "11", "--calm")
    yield running
    running.stop()


def told(pattern: str) -> Callable[[Terminal], bool]:
    """Whether it is on screen, however its lines are broken."""
    return lambda terminal: re.search(pattern, " ".join(terminal.text.split())) is not None


class Night:
    """The campaign as the journal has it; time passes for AWS only as the story wants."""

    def __init__(self, book: Journal, demo: Demo) -> None:
        self.book, self.demo, self.campaigns = book, demo, CampaignJournal(book)

    def now(self) -> Campaign:
        (found,) = self.campaigns.list()
        return found

    def operation(self, one: Member) -> Operation:
        member = next(each for each in self.now().members if each.key == one.key)
        found = self.book.get(member.operation)
        assert found is not None, member
        return found

    def states(self, *members: Member) -> list[MemberState]:
        stand = {one.key: one.state for one in self.now().members}
        return [stand[one.key] for one in members]

    def until(
        self,
        reached: Callable[[], bool],
        wait: Callable[[], object],
        seconds: float = 90,
        *,
        hurry: float = 0,
    ) -> None:
        """`hurry`: so many seconds pass for AWS at each look."""
        deadline = time.monotonic() + seconds
        while not reached():
            now = self.now()
            assert time.monotonic() < deadline, [
                now.note,
                *(f"{one.label} {one.state}: {one.why}" for one in now.members),
            ]
            wait()
            if hurry:
                self.demo.control("advance", {"seconds": hurry})


@pytest.mark.parametrize("size", told_at((80, 24)))
def test_one_fails_at_night_and_in_the_morning_the_rest_is_done(
    demo: Demo, env: dict[str, str], size: tuple[int, int]
) -> None:
    with Shift(environ=env, size=size) as kim:
        marked(kim, MEMBERS)
        planned(kim)
        kim.until(lambda one: bool(re.search(TYPED, one.text)) and "not looked at yet" not in one.text)
        time.sleep(SETTLED)
        with journal(env) as book:
            night = Night(book, demo)
            first, failing, *others = night.now().members
            beside = next(one for one in others if not {*one.keys} & {*failing.keys})
            (last,) = (one for one in others if one is not beside)
            match = {"operation": "StartInstances", "instance": str(failing.instance_id)}
            demo.control("faults", [{"match": match, "dry": False, "then": {"error": NO_ROOM}}])
            demo.control("clock", {"speed": 1})  # from here on nothing ends but when it is wanted
            typed(kim, count_of(kim))
            kim.until(has(r"▶ running"))
            night.until(lambda: night.states(first) == [MemberState.DONE], lambda: kim.read(0.3), hurry=20)
            both = [MemberState.GOING] * 2
            night.until(lambda: night.states(failing, beside) == both, lambda: kim.read(0.3))
            night.until(lambda: night.operation(failing).step == "start", lambda: kim.read(0.3), hurry=10)
            night.until(lambda: night.now().state is CampaignState.PAUSED, lambda: kim.read(0.3))
            _said(kim, failing)
            kim.hang_up()
            os.kill(int(night.now().conductor.split(":")[1]), signal.SIGKILL)
            assert night.operation(failing).instance_down

            demo.control("faults", [])
            both = [MemberState.DONE] * 2
            night.until(lambda: night.states(failing, beside) == both, lambda: time.sleep(0.3), hurry=20)
            assert (night.now().state, night.states(last)) == (CampaignState.PAUSED, [MemberState.WAITS])
            assert sent(demo, str(last.instance_id)) == []
            demo.control("clock", {"speed": 60})
            demo.control("advance", {"seconds": 8 * 3600})
            _in_the_morning(night, env, size, failing)
            _all_came_to_an_end(night, failing)


def _said(kim: Shift, failing: Member) -> None:
    """On the campaign's screen and in the fleet's header: who is down, why nothing new begins, and what to press."""
    down = rf"servers? (is|are) DOWN by .*: {failing.label}, stopped .*no capacity.* press o"
    kim.until(told(down))
    kim.until(told(r"‖ paused: 1 member failed.*; nothing new begins, 1 finishes by itself; r resumes"))
    kim.until(has(rf"✖ failed +{failing.label} .*no capacity"))
    kim.keys("escape")
    counts = rf"1 of {MEMBERS} done, 1 failed, 1 going; paused: 1 member failed"
    kim.until(told(rf"{down}.*‖ campaign Stop and start: {counts}.*, nothing new begins press o"))


def _in_the_morning(night: Night, env: dict[str, str], size: tuple[int, int], failing: Member) -> None:
    with Shift(environ=env, size=size) as lee:
        lee.begin()
        lee.until(
            told(rf"‖ campaign Stop and start: 3 of {MEMBERS} done; paused: .*nothing new begins press o")
        )
        assert "DOWN" not in lee.text
        lee.keys("o")
        lee.until(has(r"› ?‖ paused +campaign"))
        lee.keys("enter")
        lee.until(has(rf"✔ done +{failing.label} .*came back"))
        assert night.now().state is CampaignState.PAUSED
        lee.keys("r")
        lee.until(has(rf"✔ ended.*{MEMBERS} instances"), 300)
        lee.keys("y")
        lee.until(has(r"summary of campaign"))
        lee.keys("escape")
        lee.until(lambda one: "operations" in one.screen.display[0])
        lee.keys("end")
        lee.until(
            told(rf"✔ done: {failing.label} \(.*\): came back after it had failed: no capacity: AWS refused")
        )


def _all_came_to_an_end(night: Night, failing: Member) -> None:
    ended, book = night.now(), night.book
    assert ended.state is CampaignState.ENDED
    assert [one.state for one in ended.members] == [MemberState.DONE] * MEMBERS
    assert [one.key for one in ended.members if one.came_back] == [failing.key]
    assert list(book.holds(datetime.now(UTC))) == []
    log = audit_log.path_beside(book.path)
    assert not audit_log.check(log).broken_at
    lines: list[dict[str, Any]] = [json.loads(line) for line in log.read_text().splitlines()]
    # For the plan AWS was asked whether it may be done, by operations of their own.
    asked = [one for one in lines if not one["campaign"]]
    assert {one["step"] for one in asked} <= {"plan", "preflight", "confirm"}
    assert {one["campaign"] for one in lines if one not in asked} == {ended.id}
    assert [one["step"] for one in lines if not one["operation"] and one["step"] in OF_IT] == list(OF_IT)
    for one in ended.members:
        of_it = [
            (x["step"], x["result"])
            for x in lines
            if x["operation"] == one.operation and not x.get("dry_run")
        ]
        assert [of_it.count(("stop", "ok")), of_it.count(("start", "ok"))] == [1, 1], of_it
        assert of_it[-1] == ("end", "succeeded")
        assert (of_it.count(("start", NO_ROOM)) >= 2) == (one.key == failing.key)
        wanted = {"StopInstances": 1, "StartInstances": 1 + of_it.count(("start", NO_ROOM))}
        calls = sent(night.demo, str(one.instance_id))
        assert {name: calls.count(name) for name in wanted} == wanted
