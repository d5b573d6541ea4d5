"""The plan of a campaign: who goes, in which order, who is left out and why, when it will be done. The same every time."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.hazard_cases import KNOWN, NOW, SAFE
from tui.domain.actions import ACTIONS, ActionOptions
from tui.domain.campaign.durations import Ran, usual
from tui.domain.campaign.judgement import objections, options_for
from tui.domain.campaign.model import CampaignRules, MemberState
from tui.domain.campaign.plan_values import CampaignPlan
from tui.domain.campaign.planning import NO_OUTLOOK, Outlook, plan_campaign, why_not_rules
from tui.domain.events import ScheduledEvent
from tui.domain.facts import Facts, TargetGroup
from tui.domain.hazards import hazards
from tui.domain.instance import Instance, PublicAddress, Target
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.domain.this_machine import Here, Way

HOUR = timedelta(hours=1)


def row(number: int, due: timedelta | None = None, **changes: Any) -> Instance:
    """`web-3`, safe to stop; `due`: AWS retires it then."""
    found = replace(
        SAFE, instance_id=clean(f"i-{number}"), name=clean(f"web-{number}"), account_id=clean("111122223333")
    )
    if due is not None:
        event = ScheduledEvent(clean("instance-retirement"), clean(f"e-{number}"), not_before=NOW + due)
        found = replace(found, events=(event,))
    return replace(found, **changes)


def web(*members: int, up: int | None = None) -> TargetGroup:
    """A target group of these members; so many of them are in service, the first ones."""
    ids = tuple(clean(f"i-{one}") for one in members)
    well = len(ids) if up is None else up
    ill = tuple((one, clean("unhealthy")) for one in ids[well:])
    return TargetGroup(
        clean("web"), clean("arn:tg/web/0"), clean("healthy"), well, len(ids), up=ids[:well], ill=ill
    )


def plan(
    rows: Sequence[Instance],
    facts: Facts | None = KNOWN,
    action: str = "stop-start",
    options: ActionOptions | None = None,
    policy: Policy | None = None,
    outlook: Outlook = NO_OUTLOOK,
    now: datetime = NOW,
    **rules: Any,
) -> CampaignPlan:
    """The plan of these rows, all with the same facts."""
    kept = CampaignRules(**rules)
    return plan_campaign(
        rows,
        lambda _: facts,
        action,
        options or ActionOptions(),
        kept,
        lambda _: policy or Policy(),
        now,
        outlook,
    )


def names(found: CampaignPlan) -> list[str]:
    return [str(one.member.name) for one in found.going]


def serving(one: Instance, group: TargetGroup) -> Facts:
    """The facts of a member of this group."""
    return replace(KNOWN, target_groups=(replace(group, target_id=one.instance_id),))


AUTO: dict[str, Any] = {"public_kind": PublicAddress.AUTO}
OUT: dict[str, tuple[Instance, Facts | None, Policy, str, bool]] = {
    "protected": (row(1), replace(KNOWN, stop_protection=True), Policy(), "stop-protection", False),
    "managed": (row(1, managed_by=clean("eks.amazonaws.com")), KNOWN, Policy(), "managed", False),
    "instance-store root": (row(1, root_device=clean("instance-store")), KNOWN, Policy(), "instance-store-root", False),
    "read-only": (row(1), KNOWN, Policy(read_only=True), "read-only", False),
    "switched off": (row(1), KNOWN, Policy(actions_off=("stop-start",)), "actions-off", False),
    "its address changes": (row(1, **AUTO), KNOWN, Policy(), "public-ip", True),
    "the site forbids that": (row(1, **AUTO), KNOWN, Policy(blocking=("public-ip",)), "public-ip", False),
    "no AMI": (row(1), replace(KNOWN, images=()), Policy(), "image", True),
    "nobody could tell of an AMI": (row(1), replace(KNOWN, images=None), Policy(), "image", True),
    "last healthy": (row(1), serving(row(1), web(1)), Policy(), "last-healthy", True),
    "a Mac": (row(1, instance_type=clean("mac1.metal")), KNOWN, Policy(), "mac", True),
}  # fmt: skip


@pytest.mark.parametrize("case", OUT)
def test_who_is_left_out_and_whether_it_can_be_ticked(case: str) -> None:
    one, facts, policy, code, tickable = OUT[case]
    found = plan([one], facts, policy=policy)
    kind = next(kind for kind in found.kinds if kind.code == code)
    assert (kind.tickable, kind.ticked, kind.members) == (tickable, False, (one.key,))
    assert [str(out.member.name) for out in found.left_out] == ["web-1"]
    assert found.left_out[0].member.why
    ticked = plan([one], facts, policy=policy, accept=(code,) if tickable else ("public-ip", "mac"))
    assert bool(ticked.going) == tickable
    if tickable:
        assert (ticked.kinds[0].ticked, ticked.going[0].member.dangers) == (True, (code,))


def test_a_rule_of_the_policy_that_makes_an_ami_first_is_no_loss() -> None:
    bare = replace(KNOWN, images=())
    assert names(plan([row(1)], bare, policy=Policy(require_image=timedelta(days=1)))) == ["web-1"]
    assert names(plan([row(1)], bare, options=ActionOptions(image_first=True))) == ["web-1"]
    assert names(plan([row(1)], bare, action="reboot")) == ["web-1"]


def test_one_tick_is_for_one_kind_only() -> None:
    one = row(1, **AUTO, instance_type=clean("mac1.metal"))
    assert not plan([one], accept=("public-ip",)).going
    assert plan([one], accept=("public-ip", "mac")).going


def test_the_machine_evac_runs_on_and_its_way_to_aws_are_never_taken_along() -> None:
    name_server = Way("its name server (DNS)", "203.0.113.7", "the runner can't reach AWS")
    here = Here("i-1", ways=(name_server,))
    rows = [row(1), row(2, public_ip=clean("203.0.113.7")), row(3)]
    for action in ("stop-start", "reboot"):
        for ticked in ((), ("self", "path")):
            options = ActionOptions(overrides=("self", "path"))
            found = plan(rows, action=action, options=options, outlook=Outlook(here=here), accept=ticked)
            assert names(found) == ["web-3"]
            assert {kind.code: kind.tickable for kind in found.kinds} == {"self": False, "path": False}


def test_where_nobody_knows_whether_this_is_an_instance_not_all_are_left_out() -> None:
    assert names(plan([row(1)], outlook=Outlook(here=Here(known=False, why="no DMI")))) == ["web-1"]


def test_who_may_not_or_is_busy_is_left_out_with_the_reason() -> None:
    refused = {row(2).key: ("permission", "AWS says no: UnauthorizedOperation")}
    found = plan([row(1), row(2)], outlook=Outlook(refused=refused))
    assert names(found) == ["web-1"]
    assert found.left_out[0].member.why == "AWS says no: UnauthorizedOperation"


def test_who_was_not_looked_at_yet_is_said_so() -> None:
    found = plan([row(1), row(2)], None)
    assert (len(found.going), found.not_looked) == (2, 2)
    assert plan([row(1)]).not_looked == 0


# the order


def test_the_order_is_by_deadline_less_twice_the_usual_duration_then_by_risk() -> None:
    risky = row(4, placement_group=clean("p"))
    rows = [
        risky,
        row(3),
        row(2, 30 * HOUR),
        row(1, 20 * HOUR),
        row(5, 20 * HOUR, instance_type=clean("x1.large")),
    ]
    slow = usual([Ran("stop-start", "x1.large", HOUR)] * 3)
    found = plan(rows, outlook=Outlook(usual=slow))
    # 5 takes an hour: it must be begun 18 h from now, before 1 (19 h 40 min)
    assert names(found) == ["web-5", "web-1", "web-2", "web-3", "web-4"]
    assert [one.member.position for one in found.members] == [0, 1, 2, 3, 4]


def test_the_least_hazardous_goes_first_and_alone_unless_a_deadline_is_near() -> None:
    risky = {"placement_group": clean("p")}
    far = [row(1, 20 * HOUR, **risky), row(2, 30 * HOUR), row(3, 40 * HOUR)]
    assert names(plan(far)) == ["web-2", "web-1", "web-3"]
    near = [row(1, timedelta(minutes=35), **risky), row(2, 30 * HOUR)]
    assert names(plan(near)) == ["web-1", "web-2"]
    started = [row(1, -HOUR, **risky), row(2, 30 * HOUR)]
    assert names(plan(started)) == ["web-1", "web-2"]


def test_who_cannot_be_kept_goes_first_and_is_named() -> None:
    found = plan([row(1, 9 * HOUR), row(2, timedelta(minutes=5)), row(3)])
    assert names(found) == ["web-2", "web-1", "web-3"]
    assert [str(one.member.name) for one in found.late] == ["web-2"]
    assert found.deadline == NOW + timedelta(minutes=5)


def test_a_tick_takes_members_along_at_the_place_they_would_have() -> None:
    rows = [
        row(1, 9 * HOUR),
        row(2, -HOUR, **AUTO),
        row(3, 5 * HOUR),
        row(4),
        row(5, managed_by=clean("eks")),
    ]
    bare, ticked = plan(rows), plan(rows, accept=("public-ip",))
    assert names(ticked) == ["web-2", "web-3", "web-1", "web-4"]
    assert names(bare) == ["web-3", "web-1", "web-4"]
    kept = [str(one.member.name) for one in bare.members]
    assert kept == ["web-2", "web-3", "web-1", "web-4", "web-5"]


def test_one_of_which_aws_did_not_say_when_goes_first() -> None:
    at_any_time = row(2, events=(ScheduledEvent(clean("instance-stop"), clean("e")),))
    found = plan([row(1, HOUR), at_any_time])
    assert names(found) == ["web-2", "web-1"]
    assert found.going[0].member.deadline is None


def test_outside_its_hours_it_waits_and_those_whose_event_is_sooner_are_named() -> None:
    found = plan([row(1, HOUR), row(2, 30 * HOUR)], hours="06:00-08:00")
    opens = NOW + 3 * HOUR
    assert names(found) == ["web-1", "web-2"]
    assert [str(one.member.name) for one in found.late] == ["web-1"]
    assert found.going[0].begins == opens


# the timeline


def test_the_first_alone_then_two_then_four_up_to_at_once() -> None:
    found = plan([row(number) for number in range(20)], at_once=5)
    assert [(one.at_once, one.count) for one in found.stretches] == [(1, 1), (2, 2), (4, 4), (5, 13)]
    assert found.stretches[0].first == "web-0"
    assert found.done_at == NOW + timedelta(minutes=60)
    assert max(one.ends for one in found.going if one.ends) == found.done_at


def test_members_of_one_group_follow_one_another_in_it() -> None:
    rows = [row(number) for number in range(4)]

    def drawn(per_group: int, *keep: int) -> CampaignPlan:
        rules = CampaignRules(per_group=per_group)
        looks = {one.key: serving(one, web(0, 1, 2, 3)) for one in rows}
        policy = Policy(keep=keep)
        asked = ActionOptions()
        return plan_campaign(
            rows, lambda one: looks[one.key], "stop-start", asked, rules, lambda _: policy, NOW
        )

    assert [one.begins for one in drawn(1).going] == [
        NOW + timedelta(minutes=10 * number) for number in range(4)
    ]
    assert drawn(2).done_at == NOW + timedelta(minutes=30)
    # of which only one may be down, whatever the rules allow: three must stay
    assert drawn(2, 3).done_at == NOW + timedelta(minutes=40)


def test_hours_that_close_put_off_the_rest() -> None:
    found = plan([row(number) for number in range(6)], hours="03:00-03:15", at_once=5)
    assert [one.begins for one in found.going] == [
        NOW,
        *[NOW + timedelta(minutes=10)] * 2,
        *[NOW + timedelta(days=1)] * 3,
    ]


def test_no_more_of_one_region_are_on_their_way_to_a_start_than_it_has_tokens_for() -> None:
    here = [row(number) for number in range(40)]
    apart = [replace(one, target=Target("prod", f"region-{number % 10}")) for number, one in enumerate(here)]
    one, many = plan(here, at_once=20), plan(apart, at_once=20)
    assert one.done_at is not None
    assert many.done_at is not None
    assert many.done_at < one.done_at
    five_minutes = Counter(begun for planned in one.going if (begun := planned.begins) is not None)
    assert max(five_minutes.values()) == 4
    assert max(Counter(planned.begins for planned in many.going).values()) > 4
    reboots = plan(here, action="reboot", at_once=20)
    assert reboots.done_at == many.done_at


def test_harmless_actions_follow_one_another() -> None:
    looked = replace(KNOWN, alarms=())
    found = plan([row(number) for number in range(5)], looked, action="reboot-alarm")
    assert len(found.going) == 5, found.kinds
    assert [(one.at_once, one.count) for one in found.stretches] == [(1, 5)]
    assert found.done_at is not None
    assert found.done_at - NOW < timedelta(minutes=5)


def test_nobody_goes_and_nothing_is_ever_done() -> None:
    assert plan([]).done_at is None
    nobody = plan([row(1)], policy=Policy(read_only=True))
    assert (nobody.going, nobody.stretches, nobody.done_at, nobody.memory_mb) == ((), (), None, 0)


# the rest


def test_memory_and_production_are_told() -> None:
    outlook = Outlook(memory_free_mb=200, label_of=lambda one: "PROD" if one.instance_id != "i-2" else "")
    found = plan([row(1), row(2)], outlook=outlook, at_once=20)
    assert (found.memory_mb, found.memory_short, found.production) == (100, False, ("PROD",))
    assert plan([row(number) for number in range(9)], outlook=outlook, at_once=20).memory_short
    assert not plan([row(number) for number in range(9)], at_once=20).memory_short
    gone = plan([row(1, managed_by=clean("eks")), row(2)], outlook=outlook)
    assert gone.production == ()  # only of those that go


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ({"at_once": 0}, "at most 20"),
        ({"at_once": 21}, "at most 20"),
        ({"max_failures": 0}, "one failure or more"),
        ({"per_group": 0}, "at least one"),
        ({"hours": "nights"}, "are no hours"),
        ({"together": ("service",)}, "write tag:service"),
        ({"together": ("tag:",)}, "write tag:service"),
        ({"accept": ("everything",)}, "is no danger's code"),
    ],
)
def test_rules_that_cannot_be_kept_are_refused(rules: dict[str, Any], says: str) -> None:
    assert says in why_not_rules(CampaignRules(**rules))
    with pytest.raises(ValueError, match=says):
        plan([row(1)], **rules)


def test_the_block_of_the_last_healthy_one_is_lifted_only_where_it_was_planned() -> None:
    asked = ActionOptions(overrides=("self", "path", "last-healthy"))
    assert options_for(asked, (), ("last-healthy",)).overrides == ()
    assert options_for(asked, ("last-healthy",), ()).overrides == ()
    assert options_for(asked, ("last-healthy",), ("last-healthy",)).overrides == ("last-healthy",)


def test_every_danger_of_every_action_is_left_out_unless_it_is_ticked() -> None:
    """Of whatever hazard there is or will be: what wants a name typed for one is not confirmed by a count."""
    lone = replace(SAFE, **AUTO, instance_type=clean("mac1.metal"), lifecycle=clean("spot"))
    for name, action in ACTIONS.items():
        found = hazards(lone, replace(KNOWN, images=()), name, NOW, ActionOptions(), Policy())
        grave = {one.code for one in found if one.gravity.value in ("block", "danger")}
        told = {one.code for one in objections(found, action, ActionOptions(), (), looked=True) if one.stands}
        assert grave <= told, name


def test_it_is_the_same_whatever_the_order_of_the_rows() -> None:
    dice = random.Random(15)
    rows = [
        row(number, dice.choice((None, HOUR * dice.randint(-2, 60))), **dice.choice(({}, AUTO, {"placement_group": clean("p")})))
        for number in range(60)
    ]  # fmt: skip
    groups = [web(*range(start, 60, 7)) for start in range(7)]

    def drawn() -> CampaignPlan:
        return plan_campaign(
            rows,
            lambda one: serving(one, groups[int(one.instance_id[2:]) % 7]),
            "stop-start",
            ActionOptions(),
            CampaignRules(hours="02:00-05:00"),
            lambda _: Policy(),
            NOW,
        )

    first = drawn()
    for _ in range(3):
        dice.shuffle(rows)
        assert drawn() == first
    assert plan([row(1), row(1)]).members == plan([row(1)]).members


SAME = """
import hashlib, msgspec
from tests.unit.test_campaign_plan import KNOWN, plan, replace, row, serving, timedelta, web
rows = [row(number, timedelta(hours=number % 5 + 2), tags=(("service", "pay"), ("team", "a"))) for number in range(30)]
found = plan(rows, serving(rows[0], web(*range(30))), together=("tag:service", "tag:team"), accept=("image", "public-ip"))
print(hashlib.sha256(msgspec.json.encode(found)).hexdigest())
"""


def test_it_is_the_same_in_every_process() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", SAME], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(told) == 1
    assert all(told)


def test_the_members_are_what_the_journal_keeps() -> None:
    found = plan([row(1, HOUR, **AUTO), row(2), row(3, managed_by=clean("eks")), row(4)])
    assert [(str(one.member.name), one.member.position, one.member.state) for one in found.members] == [
        ("web-2", 0, MemberState.WAITS),
        ("web-1", 1, MemberState.LEFT_OUT),
        ("web-4", 2, MemberState.WAITS),
        ("web-3", 3, MemberState.LEFT_OUT),
    ]
    out = found.left_out[0].member
    assert (out.name, out.dangers, out.deadline) == ("web-1", ("public-ip",), NOW + HOUR)
    assert out.why.endswith("tick public-ip to take it along")
