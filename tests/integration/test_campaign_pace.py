"""A real conductor and real runners before AWS's own buckets: no start is refused for its pace, and none waits for evac.

Three members in `make test`; `EVAC_PACE=30` in `make chaos` takes as many, all of one account and Region.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
import pytest

from tui.config.durations import DurationInSeconds
from tui.config.schema import Settings
from tui.config.sections import ActionSettings
from tui.demo.environment import Demo, start
from tui.domain.actions import ActionOptions
from tui.domain.campaign.model import Campaign, CampaignRules, CampaignState, Member, MemberState
from tui.domain.sanitize import clean
from tui.operations import spawn
from tui.operations.campaign_service import CampaignService
from tui.operations.journal import Journal
from tui.paths import default_journal_path, runner_log_path

SEOUL, ACCOUNT, KEY = "ap-northeast-2", "800000000001", "AKIACAMPAIGN00000001"
COUNT = int(os.environ.get("EVAC_PACE", "3"))
SECONDS = 90 + 30 * COUNT


@pytest.fixture
def demo() -> Iterator[Demo]:
    made = start("--campaign", "200", "--calm", "--speed", "60")
    try:
        made.control("settings", {"limits": True})
        yield made
    finally:
        made.stop()


def members(demo: Demo) -> list[Member]:
    """The first of each service, then the second ones, and so on: as few groups in common as can be."""
    client = boto3.client(
        "ec2", SEOUL, endpoint_url=demo.url, aws_access_key_id=KEY, aws_secret_access_key="demo"
    )
    found = [one for held in client.describe_instances()["Reservations"] for one in held["Instances"]]
    client.close()
    named = {
        one["InstanceId"]: next(tag["Value"] for tag in one["Tags"] if tag["Key"] == "Name") for one in found
    }
    ids = sorted(named, key=lambda one: (named[one].rpartition("-")[2], named[one]))[:COUNT]
    return [
        Member(place, "shop", SEOUL, clean(ACCOUNT), clean(one), clean(named[one]))
        for place, one in enumerate(ids)
    ]


def awaited(service: CampaignService, name: str, state: CampaignState, environ: dict[str, str]) -> Campaign:
    deadline = time.monotonic() + SECONDS
    while True:
        found = service.get(name)
        assert found is not None
        looked = all(one.looked_at is not None for one in found.members)
        if found.state is state and (looked or state is CampaignState.ENDED):
            return found
        if time.monotonic() > deadline:
            break
        time.sleep(0.2)
    log = runner_log_path(environ)
    pytest.fail(f"{found.state}: {found.note}\n{log.read_text() if log.exists() else ''}")


def test_no_start_is_refused_for_its_pace(demo: Demo) -> None:
    environ = demo.apply()
    settings = Settings(demo=True, actions=ActionSettings(reboot_settle=DurationInSeconds(1.0)))
    journal = Journal(default_journal_path(environ))
    service = CampaignService(
        journal,
        settings,
        environ,
        lambda name: spawn.start_conductor(name, settings, environ),
        lambda: datetime.now(UTC),
    )
    rules = CampaignRules(at_once=20, max_failures=1)
    name = service.create("stop-start", ActionOptions(), rules, members(demo))
    plan = awaited(service, name, CampaignState.PLANNED, environ)
    assert [one.why for one in plan.of(MemberState.LEFT_OUT)] == []
    assert service.confirm(name, COUNT, sorted({code for one in plan.members for code in one.dangers})) == ""
    done = awaited(service, name, CampaignState.ENDED, environ)
    assert [one.state for one in done.members] == [MemberState.DONE] * COUNT, [
        one.why for one in done.members
    ]
    asked = [one for one in demo.control("calls") if one["operation"] == "StartInstances"]
    assert {one["result"] for one in asked} == {"ok", "DryRunOperation"}
    started = [one for one in asked if not one["dry_run"]]
    assert len(started) == len({tuple(one["instances"]) for one in started}) == COUNT, "each of them once"
