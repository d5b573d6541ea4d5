"""The conductor over a real journal: looks, runners and time are a test's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.unit.test_campaign_journal import NOW, member
from tests.unit.test_journal import WEB
from tui.config.schema import Settings
from tui.domain.actions import ActionOptions
from tui.domain.answers import Permission, RefusedBy
from tui.domain.campaign.model import Campaign, CampaignRules, CampaignState, Member, MemberState
from tui.domain.facts import Facts, TargetGroup
from tui.domain.instance import Checks, CheckStatus, Instance, InstanceState, StatusCheck, Target
from tui.domain.sanitize import clean
from tui.domain.this_machine import Here
from tui.operations import recovery
from tui.operations.aws_gateway import Looked
from tui.operations.campaign_context import Context
from tui.operations.campaign_journal import CampaignJournal
from tui.operations.conductor import Conductor
from tui.operations.journal import LEASE, Journal
from tui.operations.model import Operation, OperationState, StepState
from tui.operations.spawn import LaunchError

ME = "bastion-1:1:abc"
FACTS = Facts(NOW, stop_protection=False, termination_protection=False, target_groups=(), classic_balancers=(), membership=(),
              images=(), volumes=(), routes=(), alarms=())  # fmt: skip


@dataclass
class World:
    """A journal, a clock, what AWS shows, and runners that a test drives by hand."""

    campaigns: CampaignJournal
    settings: Settings = field(default_factory=Settings)
    at: datetime = NOW
    shown: dict[str, Looked] = field(default_factory=dict)
    started: list[str] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)
    here: Here = field(default_factory=Here)
    mates: tuple[Instance, ...] | None = ()
    on_look: Callable[[], None] = lambda: None
    on_launch: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.conductor: Conductor | None = None

    def look(self, target: Target, ident: str, account: str) -> Looked:
        self.looked.append(ident)
        self.on_look()
        return self.shown.get(ident) or self.well(target, ident)

    def well(self, target: Target, ident: str, **facts: object) -> Looked:
        row = replace(
            WEB, target=target, instance_id=clean(ident), name=clean(ident), checks=Checks(), instance_type=clean("m5.large")
        )  # fmt: skip
        return Looked(row, replace(FACTS, **facts))

    def launch(self, operation: str, profile: str, settings: Settings) -> int:
        self.on_launch()
        self.started.append(operation)
        return 999_999_999

    def context(self, name: str) -> Context:
        return Context(
            self.campaigns, self.name, name, lambda: self.settings, self.look, self.launch, lambda: self.here, {},
            lambda: self.at, lambda seconds: None, lambda target, tag, value, account: self.mates,
        )  # fmt: skip

    def plan(self, members: int | list[Member] = 4, **rules: object) -> None:
        made = [member(number) for number in range(members)] if isinstance(members, int) else members
        rules = {"accept": ("image",), **rules}
        self.name = self.campaigns.create(
            "stop-start", ActionOptions(), replace(CampaignRules(), **rules), made, self.at
        )

    def run(self, members: int | list[Member] = 4, **rules: object) -> None:
        self.plan(members, **rules)
        found = self.get()
        codes = ("image", *(code for one in found.members for code in one.dangers))
        assert self.campaigns.confirm(self.name, len(found.members), codes, self.at, lambda one: "") == ""

    def take(self, name: str = ME) -> None:
        assert self.campaigns.lease(self.name, name, self.at)
        self.conductor = Conductor(self.context(name))

    def ticks(self, count: int = 8) -> float | None:
        if self.conductor is None:
            self.take()
        assert self.conductor is not None
        self.at += timedelta(seconds=30)
        self.campaigns.lease(self.name, ME, self.at)
        pause: float | None = 0.0
        for _ in range(count):
            if (pause := self.conductor.tick()) is None:
                break
        return pause

    def get(self) -> Campaign:
        found = self.campaigns.get(self.name)
        assert found is not None
        return found

    def states(self) -> str:
        return " ".join(one.state.value for one in self.get().members)

    def operation(self, at: int) -> Operation:
        found = self.campaigns.journal.get(self.get().members[at].operation)
        assert found is not None
        return found

    def ends(
        self, at: int, state: OperationState = OperationState.SUCCEEDED, note: str = "", **more: object
    ) -> None:
        self.campaigns.journal.set_state(self.operation(at).id, state, self.at, note, **more)  # type: ignore[arg-type] # as given

    def sent(self, at: int, name: str = "StopInstances", *, ok: bool = True, code: str = "") -> None:
        one, journal = self.operation(at), self.campaigns.journal
        step = {"StopInstances": "stop", "StartInstances": "start"}[name]
        assert journal.lease(one.id, "r", self.at + LEASE * 2)
        call = journal.intent(one.id, step, "ec2", name, self.at, dry_run=False, runner="r")
        assert call is not None
        journal.outcome(call, self.at, ok=ok, code=code, message="", request_id="x")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(CampaignJournal(Journal(tmp_path / "evac" / "journal.sqlite3")))
    # A runner that is taken up again is a test's too.
    monkeypatch.setattr(recovery, "start", lambda operation, profile, settings, environ: 999_999_999)
    return made


def test_first_one_alone_then_two_and_it_ends_when_all_are_done(world: World) -> None:
    world.run(4)
    world.ticks()
    assert world.states() == "going waits waits waits"
    assert world.operation(0).campaign == world.name
    world.ends(0)
    world.ticks()
    assert world.states() == "done going going waits"
    world.ends(1)
    world.ends(2)
    world.ticks()
    assert world.states() == "done done done going"
    world.ends(3)
    assert world.ticks() is None
    assert (world.get().state, world.get().note) == (CampaignState.ENDED, "4 done")
    assert len(world.started) == len(set(world.started)) == 4


def test_groups_that_are_only_read_at_its_turn_exclude_each_other_all_the_same(world: World) -> None:
    """It may be confirmed before every member was looked at, and groups change."""
    world.run([member(number) for number in range(4)])
    ids = tuple(clean(str(one.instance_id)) for one in world.get().members)
    for one in world.get().members[1:3]:
        ident = str(one.instance_id)
        group = TargetGroup(
            clean("web"), clean("arn:x/web/1"), clean("healthy"), 4, 4, target_id=clean(ident), up=ids
        )
        target = Target(one.profile, one.region)
        world.shown[ident] = world.well(target, ident, target_groups=(group,))
    world.ticks()
    world.ends(0)
    world.ticks(12)
    assert world.states() == "done going waits going"
    assert world.get().members[1].keys == world.get().members[2].keys != ()
    world.ends(3)
    world.ticks(12)
    assert world.states() == "done going waits done"
    world.ends(1)
    world.ticks(12)
    assert world.states() == "done done going done"


def test_all_but_one_of_what_belongs_together_stay_in_service_in_the_campaign_or_not(world: World) -> None:
    world.run(1, together=("tag:service",))
    target = Target(world.get().members[0].profile, world.get().members[0].region)
    ident = str(world.get().members[0].instance_id)
    pay = ((clean("service"), clean("pay")),)
    well = Checks(StatusCheck(CheckStatus.OK), StatusCheck(CheckStatus.OK))
    row = replace(world.well(target, ident).instance or WEB, tags=pay, checks=well)
    world.shown[ident] = Looked(row, FACTS)
    ill = replace(row, instance_id=clean("i-9"), name=clean("pay-9"), state=InstanceState.PENDING)
    for mates in ((row, ill), None):
        world.mates = mates
        world.ticks()
        assert world.states() == "waits"
    assert "those of service=pay can't be read" in world.get().note
    world.mates = (row, replace(ill, state=InstanceState.RUNNING))
    world.ticks()
    assert world.states() == "going"


def test_a_failure_pauses_it_and_what_was_begun_goes_on(world: World) -> None:
    world.run(5)
    world.ticks()
    world.ends(0)
    world.ticks()
    world.sent(1)
    world.ends(1, OperationState.NEEDS_ATTENTION, "no capacity")
    world.ticks()
    assert (world.get().state, world.states()) == (CampaignState.PAUSED, "done failed going waits waits")
    assert "1 member failed" in world.get().note
    world.ends(2)
    assert world.ticks() is None
    assert world.states() == "done failed done waits waits"
    assert world.campaigns.resume(world.name) == ""
    world.ticks()
    assert world.states() == "done failed done going going"


def test_one_that_comes_back_after_all_is_done(world: World) -> None:
    world.run(3)
    world.ticks()
    world.sent(0)
    world.ends(0, OperationState.NEEDS_ATTENTION, "stuck")
    world.ticks()
    world.campaigns.resume(world.name)
    assert world.get().failures_seen == 1
    world.campaigns.journal.set_state(world.operation(0).id, OperationState.SUCCEEDED, world.at)
    world.ticks()
    assert world.states().startswith("done going")
    assert world.get().failures_seen == 0
    assert world.get().members[0].came_back
    assert world.get().members[0].why == "came back after it had failed: stuck"


def test_one_that_comes_back_while_it_is_paused_is_told_of_and_nothing_is_begun(world: World) -> None:
    world.run(3)
    world.ticks()
    for _ in range(2):
        world.sent(0, "StartInstances", ok=False, code="InsufficientInstanceCapacity")
    assert world.ticks() is None
    assert (world.states(), world.get().state) == ("failed waits waits", CampaignState.PAUSED)
    world.ends(0)
    assert world.ticks() is None
    assert (world.states(), world.get().state) == ("done waits waits", CampaignState.PAUSED)
    wanted = "came back after it had failed: no capacity: AWS refused its start 2 times"
    assert world.get().members[0].why == wanted


def test_one_that_comes_back_between_the_last_look_and_the_release_is_told_of_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its runner asked for no conductor: there was one."""
    world.run(3)
    world.ticks()
    for _ in range(2):
        world.sent(0, "StartInstances", ok=False, code="InsufficientInstanceCapacity")
    release = world.campaigns.release

    def late(campaign: str, conductor: str) -> None:
        if world.operation(0).is_open:
            world.ends(0)
        release(campaign, conductor)

    monkeypatch.setattr(world.campaigns, "release", late)
    assert world.conductor is not None
    assert world.conductor.run() == 0
    assert (world.states(), world.get().state) == ("done waits waits", CampaignState.PAUSED)
    assert world.get().lease_until is None


def test_refused_for_capacity_twice_counts_as_a_failure_and_is_tried_on(world: World) -> None:
    world.run(3)
    world.ticks()
    world.sent(0, "StartInstances", ok=False, code="InsufficientInstanceCapacity")
    world.ticks()
    assert world.states() == "going waits waits"
    world.sent(0, "StartInstances", ok=False, code="InsufficientInstanceCapacity")
    world.ticks()
    assert (world.states(), world.get().state) == ("failed waits waits", CampaignState.PAUSED)
    assert world.operation(0).is_open


@pytest.mark.parametrize(
    ("state", "note", "by", "wanted"),
    [
        (OperationState.FAILED, "locked by kim", RefusedBy.LOCK, "waits"),
        (OperationState.FAILED, "this machine", RefusedBy.SELF, "needs-you"),
        (OperationState.ABANDONED, "the event is over", None, "left-out"),
        (OperationState.FAILED, "not permitted", RefusedBy.AWS, "failed"),
        (OperationState.ABANDONED, "no runner could be started: x", None, "waits"),
    ],
)
def test_what_becomes_of_one_that_sent_nothing(
    world: World, state: OperationState, note: str, by: RefusedBy | None, wanted: str
) -> None:
    world.run(1, max_failures=5)
    world.ticks(2)
    world.ends(0, state, note, refused_by=by)
    assert world.conductor is not None
    world.conductor.tick()
    one = world.get().members[0]
    assert (one.state.value, one.why, bool(one.operation)) == (wanted, note, wanted != "waits")


def test_one_whose_lock_others_have_is_begun_thrice_and_then_left_to_a_person(world: World) -> None:
    world.run(1)
    for _ in range(3):
        world.ticks()
        world.ends(0, OperationState.FAILED, "locked by kim", refused_by=RefusedBy.LOCK)
        world.ticks(1)
    assert (world.states(), len(world.started)) == ("needs-you", 3)


def test_a_danger_that_was_not_ticked_needs_a_person_at_its_turn(world: World) -> None:
    world.run(3)
    target = Target("prod", "eu-west-1")
    shown = world.well(target, str(member(0).instance_id))
    assert shown.instance is not None
    public = replace(shown.instance, public_ip=clean("203.0.113.9"), public_kind=clean("auto"))
    world.shown[str(member(0).instance_id)] = replace(shown, instance=public)
    protected = world.well(target, str(member(1).instance_id), stop_protection=True)
    world.shown[str(member(1).instance_id)] = protected
    world.ticks()
    assert world.states() == "needs-you needs-you going"
    assert "(public-ip)" in world.get().members[0].why
    assert "(stop-protection)" in world.get().members[1].why
    world.ends(2)
    world.ticks()
    assert world.get().state is CampaignState.ENDED


def test_a_pause_while_it_looks_begins_nobody(world: World) -> None:
    world.run(2)
    world.on_look = lambda: bool(world.campaigns.pause(world.name, "by kim")) and None  # type: ignore[assignment] # a side effect
    assert world.ticks() is None
    assert (world.states(), world.started, world.get().note) == ("waits waits", [], "by kim")


def test_two_conductors_begin_nobody_twice(world: World) -> None:
    world.run(2)
    world.take()
    first = world.conductor
    assert first is not None
    world.at += LEASE * 2
    assert world.campaigns.lease(world.name, "bastion-2:2:def", world.at)
    second = Conductor(world.context("bastion-2:2:def"))
    second.tick()
    assert first.tick() is None
    assert (world.states(), len(world.started)) == ("going waits", 1)


def test_a_member_whose_runner_cannot_be_started_waits_and_the_campaign_is_paused(world: World) -> None:
    world.run(2)

    def no_process() -> None:
        raise LaunchError("no process")

    world.on_launch = no_process
    world.ticks()
    assert (world.get().state, world.states()) == (CampaignState.PAUSED, "waits waits")
    assert "no process" in world.get().note
    assert [one.state for one in world.campaigns.journal.list()] == [OperationState.ABANDONED]


def test_killed_between_the_operation_and_its_runner_the_next_conductor_follows_it(world: World) -> None:
    world.run(2)

    def dies() -> None:
        raise SystemExit

    world.on_launch = dies
    with pytest.raises(SystemExit):
        world.ticks()
    assert world.states() == "going waits"
    assert not world.operation(0).runner
    world.on_launch = lambda: None
    world.conductor = Conductor(world.context(ME))
    world.conductor.tick()
    assert (world.states(), world.campaigns.journal.count()) == ("going waits", 1)


def test_one_that_cannot_be_read_thrice_pauses_it_and_stays_a_member(world: World) -> None:
    world.run(1)
    world.shown[str(member(0).instance_id)] = Looked(why="the login of prod has expired: log in")
    world.ticks()
    world.ticks()
    world.ticks()
    found = world.get()
    assert found.state is CampaignState.PAUSED
    assert "the login of prod has expired" in found.note
    assert found.members[0].state is MemberState.WAITS


def test_one_that_is_gone_is_left_out(world: World) -> None:
    world.run(2)
    world.shown[str(member(0).instance_id)] = Looked(why="i-0 is no longer there", gone=True)
    world.ticks()
    assert world.states() == "left-out going"


def test_policy_and_read_only_are_asked_again_at_each_turn(world: World) -> None:
    world.run(3)
    world.ticks()
    world.ends(0)
    world.settings = Settings(locked_profiles=("prod",))
    world.ticks()
    assert world.states() == "done needs-you needs-you"
    assert "read-only" in world.get().members[1].why


@pytest.mark.parametrize("settings", [Settings(read_only=True), Settings(actions_off=("stop-start",))])
def test_what_forbids_all_pauses_it(world: World, settings: Settings) -> None:
    world.run(2)
    world.settings = settings
    world.ticks()
    assert (world.get().state, world.states()) == (CampaignState.PAUSED, "waits waits")


def test_outside_its_hours_nobody_is_begun(world: World) -> None:
    world.run(2, hours="Sat 00:00-06:00 UTC")  # NOW is a Monday
    assert world.ticks() == pytest.approx(5.0)
    assert (world.states(), world.looked) == ("waits waits", [])
    assert "outside its hours" in world.get().note


def test_no_more_are_begun_in_a_region_than_it_has_starts_for(world: World) -> None:
    world.run(20, at_once=20)
    for at in range(7):  # width 8 from here on
        world.ticks(2)
        world.sent(at, "StartInstances")
        world.ends(at)
    world.at += timedelta(seconds=600)
    world.ticks(20)
    assert world.states().count("going") < 8
    going = [at for at, one in enumerate(world.get().members) if one.state is MemberState.GOING]
    for at in going:
        world.sent(at, "StartInstances")
        for step in ("preflight", "start"):
            world.campaigns.journal.end_step(world.operation(at).id, step, StepState.DONE, "", world.at)
    world.at += timedelta(seconds=5)
    world.ticks(20)
    assert world.states().count("going") > len(going)


def test_a_plan_is_looked_at_and_ordered_and_aws_is_asked_once(world: World) -> None:
    members = [member(number) for number in range(3)] + [
        member(3, by_person=True, state=MemberState.LEFT_OUT)
    ]
    world.plan(members)
    target = Target("prod", "eu-west-1")
    world.shown[str(member(0).instance_id)] = world.well(
        target, str(member(0).instance_id), stop_protection=True
    )
    world.shown[str(member(1).instance_id)] = Looked(why="no answer")

    def asked() -> None:
        (one,) = world.campaigns.journal.list()
        world.campaigns.journal.set_permission(one.id, Permission.NO, "not allowed", RefusedBy.AWS)

    world.ticks(5)
    asked()
    assert world.ticks(20) is None
    found = {str(one.name)[-1]: one for one in world.get().members}
    assert found["0"].state is MemberState.LEFT_OUT
    assert found["0"].looked_at
    assert "it can't be read" in next(
        one.why for one in found.values() if one.looked_at is None and not one.by_person
    )
    told = [one.why for one in found.values() if "not allowed" in one.why]
    assert len(told) == 1
    assert len(world.campaigns.journal.list()) == len(world.started) == 1
    assert world.campaigns.journal.list()[0].state is OperationState.ABANDONED
    assert world.campaigns.journal.count(confirmed=True) == 0
    assert str(member(3).instance_id) not in world.looked
    assert world.get().state is CampaignState.PLANNED


def test_a_plan_that_is_confirmed_while_it_is_looked_at_goes_on_at_once(world: World) -> None:
    world.plan(2)
    world.ticks(4)  # two looks, and AWS is being asked
    (asked,) = world.campaigns.journal.list()
    assert asked.is_open
    assert world.campaigns.confirm(world.name, 2, ("image",), world.at, lambda one: "") == ""
    world.ticks(2)
    assert sorted(world.states().split()) == ["going", "waits"]
    withdrawn = world.campaigns.journal.get(asked.id)
    assert withdrawn is not None
    assert withdrawn.state is OperationState.ABANDONED


def test_one_before_whom_another_gets_its_turn_during_the_look_is_not_put_aside(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run([member(0), member(1, region="us-east-1")])
    world.take()
    assert world.conductor is not None
    until = world.at + timedelta(seconds=1)
    monkeypatch.setattr(
        "tui.operations.campaign_begin.ready_at",
        lambda journal, waiting, now: {"111122223333/eu-west-1": until} if now < until else {},
    )

    def time_passes() -> None:
        world.at = max(world.at, until)

    world.on_look = time_passes
    world.conductor.tick()
    world.conductor.tick()
    assert world.states() == "going waits"
    world.ends(0)
    for _ in range(2):
        world.conductor.tick()
    assert world.states() == "done going"
