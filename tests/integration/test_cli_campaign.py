"""Campaigns on the command line, as real processes against the embedded AWS: planned, refused, left as a plan, carried out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.test_cli_do import EVAC, LIMIT, Stage, lines
from tui.demo.environment import Demo, start
from tui.domain.campaign.model import Campaign, CampaignState
from tui.operations import audit_log
from tui.operations.campaign_journal import CampaignJournal
from tui.operations.model import OperationState

LOADS = ("load-1", "load-2", "load-3", "load-4", "load-5", "stage-web-4")


@pytest.fixture(scope="module")
def running() -> Iterator[Demo]:
    demo = start("--speed", "60")
    try:
        yield demo
    finally:
        demo.stop()


@pytest.fixture
def stage(running: Demo) -> Iterator[Stage]:
    running.control("calls", method="DELETE")
    one = Stage(running)
    try:
        yield one
    finally:
        one.journal.close()


def kept(stage: Stage) -> list[Campaign]:
    return list(CampaignJournal(stage.journal).list())


def test_a_dry_run_by_filter_sends_nothing_keeps_nothing_and_says_what_was_not_read(stage: Stage) -> None:
    before = kept(stage)
    accept = ("--accept", "public-ip", "--accept", "image")
    done = stage.evac("do", "stop-start", "--filter", "tag.Name:web-", *accept, "--dry-run", "--json")
    (plan,) = lines(done)
    assert done.returncode == 3, done.stderr
    assert "legacy" in done.stderr
    assert plan["kind"] == "plan"
    assert plan["campaign"] is None
    assert plan["going"] == len([one for one in plan["members"] if one["state"] == "waits"]) > 0
    assert all(one["looked"] for one in plan["members"])
    assert [one["ticked"] for one in plan["kinds"] if one["code"] == "public-ip"] == [True]
    assert plan["expected"] == str(plan["going"])
    assert stage.sent() == []
    assert kept(stage) == before


def test_read_only_shows_the_plan_and_confirms_nothing(stage: Stage) -> None:
    before = kept(stage)
    done = stage.evac("do", "reboot", "load-1", "load-2", "--confirm", "2", "--read-only")
    assert done.returncode == 4
    assert "2 go" in done.stdout
    assert stage.sent() == []
    assert kept(stage) == before


def test_what_the_rows_alone_cannot_tell_is_looked_at_before_anybody_is_left_out(stage: Stage) -> None:
    """Whether an alarm would be overwritten is known only after a look."""
    done = stage.evac("do", "recover-alarm", "load-1", "load-2", "--confirm", "2", "--wait", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [one["going"] for one in lines(done) if one["kind"] == "plan"] == [2]
    assert lines(done)[-1]["counts"]["done"] == 2


def test_a_wrong_count_confirms_nothing_and_the_kept_plan_is_carried_out_though_its_conductor_is_killed(
    stage: Stage, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        '[profiles.staging]\nproduction = true\nlabel = "LIVE"\n[actions]\nreboot_settle = 2.0\n'
    )
    given = ("--config", str(config))
    done = stage.evac("do", "reboot", *LOADS, "--confirm", "6", "--at-once", "4", *given)
    assert done.returncode == 5, done.stdout + done.stderr
    assert "--confirm 6 is not 6 LIVE" in done.stderr
    plan = kept(stage)[0]
    assert plan.state is CampaignState.PLANNED
    assert f"evac ops confirm {plan.id}" in done.stderr
    assert stage.really_sent() == []

    words = ("ops", "confirm", plan.id, "--confirm", "6 LIVE", "--wait", "--json", *given)
    follower = subprocess.Popen(
        [*EVAC, *words], env=stage.environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert follower.stdout is not None
    begun = [follower.stdout.readline() for _ in range(2)]  # the plan, and the first member
    now_is = kept(stage)[0]
    os.kill(int(now_is.conductor.split(":")[1]), signal.SIGKILL)
    rest, err = follower.communicate(timeout=LIMIT)
    assert follower.returncode == 0, rest + err
    assert "its conductor is gone; starting another" in err
    told = [json.loads(line) for line in (*begun, *rest.splitlines())]
    assert [one["expected"] for one in told if one["kind"] == "plan"] == ["6 LIVE"]
    assert told[-1]["kind"] == "campaign"
    assert (told[-1]["state"], told[-1]["counts"]["done"]) == ("ended", 6)
    ended = [one for one in told if one["kind"] == "member" and one["state"] == "done"]
    assert len({one["instance_id"] for one in ended}) == 6
    assert stage.really_sent() == ["RebootInstances"] * 6

    operations = json.loads(stage.evac("ops", "list", "--json").stdout)
    of_it = [one for one in operations if one["campaign"] == plan.id]
    assert {one["state"] for one in of_it if one["confirmed_at"]} == {OperationState.SUCCEEDED}
    first = min(one["confirmed_at"] for one in of_it if one["confirmed_at"])
    alone = next(one for one in of_it if one["confirmed_at"] == first)
    assert sum(one["confirmed_at"] < alone["finished_at"] for one in of_it if one["confirmed_at"]) == 1
    audited = audit_log.path_beside(stage.journal.path).read_text().splitlines()
    assert sum(json.loads(line)["campaign"] == plan.id for line in audited) > 6
