"""A night in which AWS stops servers: what is down comes first, is started, was ordered in advance, or is meant so."""

from __future__ import annotations

import json

import pytest

from tests.journeys.console_user import Shift, awaited, evac, journal, sent, told_at
from tui.demo.environment import Demo
from tui.operations.model import OperationState


def stops(demo: Demo, name: str, seconds: float) -> None:
    """AWS announces that it stops this server in so many seconds, and does so."""
    demo.control(
        "events", {"instance": name, "code": "instance-stop", "in": seconds, "description": "degraded"}
    )


@pytest.mark.parametrize("size", told_at((160, 50)))
def test_aws_stops_a_server_and_one_key_brings_it_back(
    demo: Demo, env: dict[str, str], size: tuple[int, int]
) -> None:
    with Shift("--profile", "prod", environ=env, size=size) as shift:
        shift.begin()
        stops(demo, "payments-db-1", 1)
        shift.until(lambda one: "down by AWS" in one.line("payments-db-1"))
        assert "payments-db-1" in shift.line("› "), "it is the first"
        assert "AWS stopped it" in shift.text
        assert "Do: s start" in shift.text
        found = json.loads(evac(env, "status", "--problems", "--json", "--profile", "prod").stdout)
        first = found[0]
        assert (first["name"], first["level"], first["down"]["code"]) == (
            "payments-db-1",
            "failing",
            "Server.ScheduledStop",
        )
        shift.ask("s", "payments-db-1")
        shift.agree("payments-db-1")
        done = awaited(env, lambda one: one.action == "start" and not one.is_open)
        assert done.state is OperationState.SUCCEEDED
        assert sent(demo, done.instance_id) == ["StartInstances"]
        shift.fleet()
        shift.keys("2", "/")
        shift.keys("payments-db-1", "enter")
        shift.until(lambda one: "down by AWS" not in one.text and "payments-db-1" in one.line("› "))


def test_ordered_in_advance_it_is_started_when_aws_has_stopped_it(demo: Demo, env: dict[str, str]) -> None:
    stops(demo, "ledger-2", 45)
    with Shift("--profile", "prod", environ=env, size=(120, 35)) as shift:
        shift.begin()
        shift.ask("w", "ledger-2")
        assert "wait until AWS has stopped it" in shift.text
        shift.agree("ledger-2")
        order = awaited(env, lambda one: one.action == "start-after-stop" and one.waiting and one.note != "")
        shift.find("ledger-2")
        shift.until(lambda one: "then start" in one.line("ledger-2"))
        assert "evac starts it then" in shift.text
        assert "DOWN" not in shift.text, "nobody is alarmed while it waits"
        done = awaited(env, lambda one: one.id == order.id and not one.is_open, seconds=150)
        assert done.state is OperationState.SUCCEEDED, done.note
        assert sent(demo, done.instance_id) == ["StartInstances"]
        shift.until(lambda one: "running" in one.line("ledger-2") and "then start" not in one.text)


@pytest.mark.parametrize("size", told_at((80, 24)))
def test_what_is_meant_to_be_down_is_no_trouble_until_it_has_run(
    demo: Demo, env: dict[str, str], size: tuple[int, int]
) -> None:
    def problems() -> set[str]:
        found = json.loads(evac(env, "status", "--problems", "--json", "--profile", "prod").stdout)
        return {one["name"] for one in found}

    with Shift("--profile", "prod", environ=env, size=size) as shift:
        shift.begin()
        assert "down-1" in problems()
        shift.find("down-1")
        shift.until("M meant")
        shift.keys("M")
        shift.until("down, meant")
        assert "down-1" not in problems()
        told = evac(env, "ops", "meant", "down-1", "--undo", "--profile", "prod")
        assert told.returncode == 0, told.stderr
        shift.until(lambda one: "down by AWS" in one.line("down-1"), seconds=30)
        assert "down-1" in problems()
        told = evac(env, "ops", "meant", "down-1", "--profile", "prod", "--read-only")
        assert told.returncode == 4
        assert "read-only" in told.stderr
    with journal(env) as book:
        assert book.intended_down() == {}


@pytest.mark.parametrize("size", told_at((120, 35)))
def test_what_another_process_does_is_in_the_picture(
    demo: Demo, env: dict[str, str], size: tuple[int, int]
) -> None:
    demo.control("clock", {"speed": 2})
    with Shift("--profile", "prod", environ=env, size=size) as shift:
        shift.begin()
        shift.find("edge-2")
        assert "▶" not in shift.text
        begun = evac(env, "do", "reboot", "edge-2", "--confirm", "edge-2", "--profile", "prod")
        assert begun.returncode == 0, begun.stderr
        shift.until(lambda one: "▶ rebooting" in one.line("edge-2"))
        assert "evac is rebooting it (by" in shift.text
        assert "Do: o operations" in shift.text
        assert "▶1" in shift.text or "▶ 1 running" in shift.text
        found = json.loads(evac(env, "status", "--json", "--filter", "edge-2", "--profile", "prod").stdout)
        doing = found[0]["operation"]
        assert (doing["action"], doing["state"], doing["instance_down"]) == ("reboot", "running", False)
        shift.keys("enter")
        shift.until("press o")
        assert "evac is rebooting it (by" in shift.text
        demo.control("clock", {"speed": 600})
        shift.fleet()
        awaited(env, lambda one: one.action == "reboot" and not one.is_open, seconds=200)
        shift.find("edge-2")
        shift.until(lambda one: "▶" not in one.text)
