"""The programs before a member is begun and after its operation ended, run by the conductor."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.test_conductor import World, world
from tui.config.schema import Settings
from tui.config.sections import CampaignSettings
from tui.domain.campaign.model import CampaignState
from tui.operations import audit_log
from tui.operations.campaign_programs import MemberPrograms
from tui.operations.journal import LEASE
from tui.operations.model import OperationState
from tui.operations.programs import ProgramEnd

__all__ = ["world"]


class Told:
    """What the programs wrote down: a word and an argument each time."""

    def __init__(self, folder: Path) -> None:
        self.file, self.program = folder / "told", folder / "program"
        self.program.write_text(
            f'#!/bin/sh\necho "$@" >> {self.file}\n[ "$1" != fails ] || {{ echo no; exit 3; }}\n'
        )
        self.program.chmod(0o755)

    def settings(self, before: str = "before", argument: str = "{id}") -> Settings:
        named = str(self.program)
        return Settings(
            campaign=CampaignSettings(before=(named, before, argument), after=(named, "after", argument))
        )

    def line(self, text: str) -> None:
        with self.file.open("a") as file:
            file.write(f"{text}\n")

    def lines(self) -> list[str]:
        return self.file.read_text().splitlines() if self.file.exists() else []


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path)


def test_before_it_is_begun_and_after_it_ended_and_never_in_between(world: World, told: Told) -> None:
    world.settings = told.settings()
    world.run(1)
    ident = str(world.get().members[0].instance_id)
    world.on_launch = lambda: told.line("begun")
    world.ticks()
    assert told.lines() == [f"before {ident}", "begun"]
    world.sent(0)
    world.ticks(5)
    assert told.lines() == [f"before {ident}", "begun"]
    world.ends(0)
    assert world.ticks() is None
    assert told.lines() == [f"before {ident}", "begun", f"after {ident}"]
    assert world.get().state is CampaignState.ENDED
    assert world.operation(0).remark == ""


def test_one_that_fails_holds_nothing_back_and_is_told(world: World, told: Told) -> None:
    world.settings = told.settings("fails")
    world.run(1)
    world.ticks()
    assert world.states() == "going"
    assert world.operation(0).remark == "before: program: exit code 3: no"
    path = audit_log.path_beside(world.campaigns.journal.path)
    line = next(one for one in map(json.loads, path.read_text().splitlines()) if one["step"] == "before")
    assert (line["result"], line["campaign"]) == ("before: program: exit code 3: no", world.name)
    assert {one["arn"] for one in map(json.loads, path.read_text().splitlines()) if not one["instance"]} <= {
        ""
    }
    assert line["arn"].endswith(f"instance/{world.get().members[0].instance_id}")
    world.ends(0)
    world.ticks()
    assert world.states() == "done"


def test_a_member_that_failed_has_its_after_when_its_operation_has_ended(world: World, told: Told) -> None:
    world.settings = told.settings()
    world.run(2)
    world.ticks()
    world.sent(0)
    world.ends(0, OperationState.NEEDS_ATTENTION, "stuck")
    world.ticks()
    assert [one.split()[0] for one in told.lines()] == ["before"]
    world.campaigns.resume(world.name)
    world.ticks()
    world.ends(0, OperationState.FAILED, "given up")
    world.ticks()
    world.ticks()
    assert [one.split()[0] for one in told.lines()] == ["before", "before", "after"]


def test_what_was_done_before_is_taken_back_where_a_pause_came_meanwhile(
    world: World, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.settings = told.settings()
    world.run(1)
    real = MemberPrograms.before

    def paused(*given: Any) -> ProgramEnd:
        end = real(*given)
        world.campaigns.pause(world.name, "by a person")
        return end

    monkeypatch.setattr(MemberPrograms, "before", paused)
    world.ticks()
    assert world.states() == "waits"
    assert [one.split()[0] for one in told.lines()] == ["before", "after"]
    assert world.started == []


def test_none_is_run_where_the_site_policy_allows_none(world: World, told: Told) -> None:
    world.settings = replace(told.settings(), commands_off=True)
    world.run(1)
    world.ticks()
    world.ends(0)
    world.ticks()
    assert world.states() == "done"
    assert told.lines() == []


def test_the_lease_is_kept_meanwhile_and_one_that_lost_it_begins_nobody(world: World, told: Told) -> None:
    named = told.program
    named.write_text("#!/bin/sh\nsleep 1\n")
    world.settings = told.settings()
    world.run(1)
    world.take()

    def later(seconds: float = 3.0) -> None:
        world.at += timedelta(seconds=seconds)

    world.on_look = later
    world.ticks()
    found = world.get()
    assert found.lease_until is not None
    assert found.lease_until > world.at + LEASE - timedelta(seconds=10)
    assert world.states() == "going"
    second = World(world.campaigns, world.settings, world.at)
    second.run(1)
    second.take()

    def lost() -> None:
        assert second.campaigns.lease(second.name, "another:1:x", second.at + LEASE * 2)

    second.on_look = lost
    second.ticks()
    assert second.started == []
