from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.unit.test_journal import WEB
from tui.config.schema import Settings
from tui.config.sections import ProfileSettings
from tui.domain.actions import ActionOptions
from tui.domain.campaign.model import Campaign, CampaignRules, CampaignState, Member, MemberState
from tui.domain.campaign.turn import NOTHING_ELSE
from tui.domain.plan import Draft, draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.operations import audit_log
from tui.operations.campaign_journal import CampaignJournal
from tui.operations.campaign_service import CampaignService
from tui.operations.journal import LEASE, Journal
from tui.operations.model import OperationState
from tui.operations.spawn import LaunchError
from tui.operations.status import conductor_of, needs_conductor, status_of

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
DOWN, WAITS, GOING = MemberState.LEFT_OUT, MemberState.WAITS, MemberState.GOING
ME = "bastion-1:1:abc"


def member(number: int, *dangers: str, profile: str = "prod", **more: object) -> Member:
    one = Member(
        number, profile, "eu-west-1", clean("111122223333"), clean(f"i-{number:017x}"), clean(f"web-{number}"),
        dangers=dangers,
    )  # fmt: skip
    return replace(one, **more)


def plan(one: Member) -> Draft:
    row = replace(
        WEB, target=replace(WEB.target, region=one.region), instance_id=one.instance_id, name=one.name
    )
    return draft("stop-start", row, None, ActionOptions(), Policy(), NOW)


@pytest.fixture
def campaigns(tmp_path: Path) -> CampaignJournal:
    return CampaignJournal(Journal(tmp_path / "evac" / "journal.sqlite3"))


def planned(campaigns: CampaignJournal, members: Sequence[Member] = (), **rules: object) -> str:
    members = members or [member(number) for number in range(3)]
    return campaigns.create("stop-start", ActionOptions(), replace(CampaignRules(), **rules), members, NOW)


def running(campaigns: CampaignJournal, members: Sequence[Member] = (), **rules: object) -> str:
    name = planned(campaigns, members, **rules)
    found = got(campaigns, name)
    assert campaigns.confirm(name, len(found.members), (), NOW, lambda one: "") == ""
    assert campaigns.lease(name, ME, NOW)
    return name


def got(campaigns: CampaignJournal, name: str) -> Campaign:
    found = campaigns.get(name)
    assert found is not None
    return found


def states(campaigns: CampaignJournal, name: str) -> list[str]:
    return [one.state.value for one in got(campaigns, name).members]


def test_a_campaign_comes_back_as_it_was_kept(campaigns: CampaignJournal) -> None:
    one = member(
        0, "public-ip", keys=("a", "b"), deadline=NOW, why="x", looked_at=NOW, instance_type="m5.large"
    )
    rules = CampaignRules(
        at_once=3, hours="Sat 00:00-06:00 Asia/Seoul", accept=("public-ip",), together=("tag:s",)
    )
    options = ActionOptions(image_first=True)
    name = campaigns.create("stop-start", options, rules, [one, member(7)], NOW)
    found = got(campaigns, name)
    assert (found.id, found.rules, found.options, found.state) == (
        name,
        rules,
        options,
        CampaignState.PLANNED,
    )
    assert found.members == (one, replace(member(7), position=1))
    assert [x.id for x in campaigns.list()] == [name] == [x.id for x in campaigns.ending(name[-4:])]
    assert campaigns.unfinished() == []


def test_a_count_confirms_no_loss(campaigns: CampaignJournal) -> None:
    members = [
        member(0), member(1, "public-ip", state=DOWN, tickable=True), member(2, "data", "public-ip", state=DOWN, tickable=True),
        member(3), member(4, state=DOWN, why="blocked"), member(5, "public-ip", state=DOWN, tickable=True, by_person=True),
    ]  # fmt: skip
    name = planned(campaigns, members)
    protected = lambda one: "read-only" * (one.instance_id == members[3].instance_id)  # noqa: E731 - a table's
    assert campaigns.confirm(name, 3, ("public-ip",), NOW, protected) == "2 would go, not 3"
    assert states(campaigns, name) == ["waits", "left-out", "left-out", "waits", "left-out", "left-out"]
    assert campaigns.confirm(name, 2, ("public-ip",), NOW, protected) == ""
    found = got(campaigns, name)
    assert states(campaigns, name) == ["waits", "waits"] + ["left-out"] * 4
    assert [one.why for one in found.members][2:5] == ["not ticked: data", "read-only", "blocked"]
    assert (found.state, found.confirmed_at, found.rules.accept) == (
        CampaignState.RUNNING,
        NOW,
        ("public-ip",),
    )
    assert campaigns.confirm(name, 2, (), NOW, protected) == "it is running"
    assert campaigns.confirm("c-none", 2, (), NOW, protected) == "there is no such campaign"


def test_nobody_confirms_a_campaign_of_none(campaigns: CampaignJournal) -> None:
    name = planned(campaigns, [member(0, "data")])
    assert campaigns.confirm(name, 0, (), NOW, lambda one: "") == "0 would go, not 0"
    assert got(campaigns, name).state is CampaignState.PLANNED


def test_a_member_is_begun_once_with_its_operation_confirmed(campaigns: CampaignJournal) -> None:
    name = running(campaigns)
    one = got(campaigns, name).members[0]
    begun = campaigns.begin(name, ME, one, plan(one), NOTHING_ELSE, NOW)
    again = campaigns.begin(name, ME, one, plan(one), NOTHING_ELSE, NOW)
    found = campaigns.journal.get(begun.operation)
    assert found is not None
    assert (found.campaign, found.state, found.confirmed_at) == (name, OperationState.PLANNED, NOW)
    assert not status_of(found, NOW).cut_off
    assert status_of(found, NOW + LEASE + timedelta(seconds=1)).cut_off
    assert (again.operation, again.why) == ("", "web-0 is under way, and 1 may be at a time")
    assert got(campaigns, name).members[0].operation == begun.operation
    assert campaigns.tries(name, one) == 1


@pytest.mark.parametrize(
    "how", ["paused", "given up", "another conductor", "left out", "another's turn", "in the way"]
)
def test_a_member_is_not_begun_once(campaigns: CampaignJournal, how: str) -> None:
    name = running(campaigns, at_once=1)
    one, other = got(campaigns, name).members[:2]
    if how == "paused":
        assert campaigns.pause(name, "lunch")
    elif how == "given up":
        assert campaigns.give_up(name, NOW)
    elif how == "another conductor":
        assert campaigns.lease(name, "bastion-2:2:def", NOW + LEASE + timedelta(seconds=1))
    elif how == "left out":
        assert campaigns.leave_out(name, one.key, "by kim") == ""
    elif how == "another's turn":
        one = other
    else:
        campaigns.journal.confirm(campaigns.journal.create(plan(one), NOW), NOW)
    before = campaigns.journal.count()
    begun = campaigns.begin(name, ME, one, plan(one), NOTHING_ELSE, NOW)
    assert begun.operation == ""
    assert begun.why
    assert campaigns.journal.count() == before


def test_what_is_begun_before_a_pause_goes_on_and_counts_as_under_way(campaigns: CampaignJournal) -> None:
    name = running(campaigns)
    one = got(campaigns, name).members[0]
    campaigns.begin(name, ME, one, plan(one), NOTHING_ELSE, NOW)
    assert campaigns.give_up(name, NOW)
    assert states(campaigns, name) == ["going", "left-out", "left-out"]
    assert [x.id for x in campaigns.unfinished()] == [name]
    assert needs_conductor(got(campaigns, name))
    going = got(campaigns, name).members[0]
    assert campaigns.conclude(name, going, MemberState.DONE, "")
    assert not campaigns.conclude(name, going, MemberState.FAILED, "")
    assert (states(campaigns, name)[0], campaigns.unfinished()) == ("done", [])


def test_resuming_forgives_what_failed_until_then(campaigns: CampaignJournal) -> None:
    name = running(campaigns)
    one = got(campaigns, name).members[0]
    campaigns.begin(name, ME, one, plan(one), NOTHING_ELSE, NOW)
    campaigns.conclude(name, got(campaigns, name).members[0], MemberState.FAILED, "no capacity")
    assert campaigns.resume(name) == "it is running"
    assert campaigns.pause(name, "1 failed")
    assert (got(campaigns, name).note, got(campaigns, name).failures_seen) == ("1 failed", 0)
    assert campaigns.resume(name) == ""
    assert (got(campaigns, name).state, got(campaigns, name).failures_seen) == (CampaignState.RUNNING, 1)


def test_who_is_left_out_by_a_person_is_taken_in_only_before_it_is_confirmed(
    campaigns: CampaignJournal,
) -> None:
    name = planned(campaigns)
    keys = [one.key for one in got(campaigns, name).members]
    assert campaigns.leave_out(name, keys[0], "by kim") == ""
    assert campaigns.lease(name, ME, NOW)
    looked = replace(got(campaigns, name).members[0], state=WAITS, looked_at=NOW)
    assert not campaigns.write_look(name, ME, looked)
    assert (states(campaigns, name)[0], got(campaigns, name).members[0].by_person) == ("left-out", True)
    assert campaigns.leave_out(name, keys[0], "", out=False) == ""
    assert states(campaigns, name)[0] == "waits"
    assert campaigns.leave_out(name, keys[0], "by kim") == ""
    assert campaigns.confirm(name, 2, (), NOW, lambda one: "") == ""
    assert campaigns.leave_out(name, keys[0], "", out=False) == "web-0: nobody joins it any more"


def test_looks_and_order_are_written_only_while_nobody_has_confirmed_it(campaigns: CampaignJournal) -> None:
    name = planned(campaigns)
    found = got(campaigns, name)
    looked = replace(
        found.members[2], dangers=("data",), keys=("k",), state=DOWN, why="blocked", looked_at=NOW
    )
    assert not campaigns.write_look(name, ME, looked)
    assert campaigns.lease(name, ME, NOW)
    assert campaigns.write_look(name, ME, looked)
    assert got(campaigns, name).members[2] == looked
    assert campaigns.reorder(name, ME, [looked.key, found.members[1].key])
    assert [str(one.name) for one in got(campaigns, name).members] == ["web-2", "web-1", "web-0"]
    assert campaigns.confirm(name, 2, (), NOW, lambda one: "") == ""
    assert not campaigns.write_look(name, ME, looked)
    assert not campaigns.reorder(name, ME, [])


def test_a_lease_is_one_conductors_until_it_lapses(campaigns: CampaignJournal) -> None:
    name = running(campaigns)
    later = NOW + LEASE + timedelta(seconds=1)
    assert not campaigns.lease(name, "bastion-2:2:x", NOW)
    assert conductor_of(got(campaigns, name), NOW) == "process 1 on bastion-1"
    assert campaigns.lease(name, "bastion-2:2:x", later)
    assert not campaigns.lease(name, ME, later)
    campaigns.release(name, ME)
    assert conductor_of(got(campaigns, name), later)
    campaigns.release(name, "bastion-2:2:x")
    assert not conductor_of(got(campaigns, name), later)
    assert not campaigns.make_way(name, "somebody else", later)
    assert campaigns.make_way(name, "bastion-2:2:x", later)
    assert conductor_of(got(campaigns, name), later) == "a runner that is just starting"
    assert campaigns.lease(name, ME, later)


def test_a_running_campaign_keeps_the_rescuer_awake(campaigns: CampaignJournal) -> None:
    name = planned(campaigns)
    assert campaigns.journal.at_rest()
    campaigns.confirm(name, 3, (), NOW, lambda one: "")
    assert not campaigns.journal.at_rest()


class Faces:
    """The service with a launcher that only counts."""

    def __init__(self, campaigns: CampaignJournal, settings: Settings | None = None) -> None:
        self.started: list[str] = []
        self.fails = False
        self.service = CampaignService(
            campaigns.journal, settings or Settings(), {}, self.launch, lambda: NOW
        )
        self.campaigns = campaigns

    def launch(self, campaign: str) -> int:
        if self.fails:
            raise LaunchError("no process")
        self.started.append(campaign)
        return 999_999_999

    def audit(self) -> list[dict[str, object]]:
        path = audit_log.path_beside(self.campaigns.journal.path)
        return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_act_is_audited_with_the_campaign_and_has_a_conductor_started(
    campaigns: CampaignJournal,
) -> None:
    faces = Faces(campaigns)
    service = faces.service
    name = service.create("stop-start", ActionOptions(), CampaignRules(), [member(0), member(1)])
    found = got(campaigns, name)
    assert service.confirm(name, 2) == ""
    assert service.pause(name) == ""
    assert service.pause(name) == "it is not running"
    assert service.leave_out(name, found.members[1].key) == ""
    assert service.change_rules(name, replace(found.rules, at_once=2)) == ""
    assert service.change_rules(name, replace(found.rules, accept=("instance-store",))).startswith(
        "what was ticked"
    )
    with pytest.raises(ValueError, match="at most 20"):
        service.change_rules(name, replace(found.rules, at_once=21))
    assert service.resume(name) == ""
    assert service.give_up(name) == ""
    lines = faces.audit()
    assert {one["campaign"] for one in lines} == {name}
    assert [f"{one['step']} {one['result']}" for one in lines] == [
        "plan planned: 2 members", "confirm ordered", "pause ordered", "pause ordered", "pause refused: it is not running",
        "leave-out ordered", "rules ordered", "rules ordered",
        "rules refused: what was ticked is confirmed: a member with another danger needs its own yes", "resume ordered",
        "abandon ordered",
    ]  # fmt: skip
    assert lines[1]["members"] == [one.instance_id for one in found.members]
    assert faces.started[0] == name
    assert got(campaigns, name).given_up


def test_nothing_is_confirmed_in_read_only_nor_what_the_policy_switched_off(
    campaigns: CampaignJournal,
) -> None:
    name = planned(campaigns)
    assert Faces(campaigns, Settings(read_only=True)).service.confirm(name, 3).startswith("read-only")
    assert "switched" in Faces(campaigns, Settings(actions_off=("stop-start",))).service.confirm(name, 3)
    assert got(campaigns, name).state is CampaignState.PLANNED
    mixed = planned(campaigns, [member(0), member(1, profile="locked")])
    locked = Faces(campaigns, Settings(profiles={"locked": ProfileSettings(read_only=True)}))
    assert locked.service.confirm(mixed, 2) == "1 would go, not 2"
    assert locked.service.confirm(mixed, 1) == ""
    assert "read-only" in got(campaigns, mixed).members[1].why


def test_read_only_changes_no_campaign(campaigns: CampaignJournal) -> None:
    """What a campaign may begin would be begun by somebody else's conductor: so nothing of it is changed."""
    name = running(campaigns)
    campaigns.pause(name, "paused by kim")
    before = got(campaigns, name)
    service = Faces(campaigns, Settings(read_only=True)).service
    key = before.members[0].key
    for act in (
        service.resume(name), service.pause(name), service.give_up(name), service.leave_out(name, key),
        service.leave_out(name, key, out=False), service.change_rules(name, CampaignRules(at_once=20)),
    ):  # fmt: skip
        assert act.startswith("read-only")
    assert got(campaigns, name) == before


def test_a_conductor_that_cannot_start_is_told_and_the_campaign_stands(campaigns: CampaignJournal) -> None:
    faces = Faces(campaigns)
    faces.fails = True
    name = faces.service.create("stop-start", ActionOptions(), CampaignRules(), [member(0)])
    assert faces.service.confirm(name, 1) == "no process"
    assert got(campaigns, name).state is CampaignState.RUNNING
    assert not conductor_of(got(campaigns, name), NOW)
