"""Whose turn it is: the answers of the one question, in a table."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.unit.campaign_cases import NOW, campaign, member
from tui.domain.actions import ACTIONS
from tui.domain.campaign.model import Campaign, CampaignRules, CampaignState
from tui.domain.campaign.turn import (
    NOTHING_ELSE,
    Begin,
    Halt,
    Later,
    Over,
    Situation,
    bucket_of,
    next_turn,
    one_by_one,
    standing,
    why_no_campaign,
    width,
)
from tui.domain.groups import Hold, HoldState
from tui.domain.sanitize import clean

WEB, API = (
    "111122223333:eu-west-1:target group:arn:aws:elb:x:1:targetgroup/web/0a",
    "111122223333:eu-west-1:cluster:api",
)
PAY = "::tag:service=pay"
BY_JO = "waits for db-1 (op-9 by jo on ops-2) (target group web)"
PACE = "waits until its Region takes one more start"
TWO = CampaignRules(per_group=2)
NIGHT = CampaignRules(hours="04:00-06:00")


def asked(found: Campaign, situation: Situation = NOTHING_ELSE) -> str:
    """The answer in short: a member's number, or the first word of what stands in the way and its text."""
    turn = next_turn(found, NOW, situation)
    if isinstance(turn, Begin):
        return str(turn.member.position)
    return f"over: {turn.note}" if isinstance(turn, Over) else f"{type(turn).__name__.lower()}: {turn.why}"


def hold(place: str, state: HoldState = HoldState.GOING, operation: str = "op-9") -> Situation:
    return Situation(
        (Hold(operation, place, clean(""), "i-9", clean("db-1"), clean("jo"), clean("ops-2"), NOW, 1, state),)
    )


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (campaign("ww"), "0"),
        (campaign("lnw"), "2"),
        # the first alone, then two, four, at_once
        (campaign("gww"), "later: web-0 is under way, and 1 may be at a time"),
        (campaign("dww"), "1"),
        (campaign("dgww"), "2"),
        (campaign("dggww"), "later: 2 are under way, and 2 may be at a time"),
        (campaign("ddggww"), "later: 2 are under way, and 2 may be at a time"),
        (campaign("dddggww"), "5"),
        (campaign("dddggggww"), "later: 4 are under way, and 4 may be at a time"),
        (campaign("dddddddggggww"), "11"),
        (campaign("dddddddgggggww"), "later: 5 are under way, and 5 may be at a time"),
        # a failure is no success
        (campaign("fgww", rules=CampaignRules(max_failures=2)), "later: web-1 is under way, and 1 may be at a time"),
        # nobody after max_failures; what a person has seen does not count again
        (campaign("fw"), "halt: 1 member failed, and it stops at 1 failure"),
        (campaign("dffw", rules=CampaignRules(max_failures=2)), "halt: 2 members failed, and it stops at 2 failures"),
        (campaign("dffw", rules=CampaignRules(max_failures=3)), "3"),
        (campaign("dfw", failures_seen=1), "2"),
        (campaign("dffw", failures_seen=1), "halt: 1 member failed, and it stops at 1 failure"),
        # its state
        (campaign("ww", state=CampaignState.PLANNED), "later: nobody has confirmed it yet"),
        (campaign("gw", state=CampaignState.PAUSED, note="by kim"), "later: paused: by kim"),
        (campaign("gw", state=CampaignState.PAUSED), "later: paused"),
        (campaign("gw", given_up=True), "later: given up: web-0 is under way to the end"),
        (campaign("dw", given_up=True), "over: 1 done, 1 not begun"),
        (campaign("gg"), "later: all are begun: 2 are under way"),
        (campaign("ddfnl"), "over: 2 done, 1 failed, 1 need you, 1 left out"),
        (campaign("dfl", state=CampaignState.PAUSED), "over: 1 done, 1 failed, 1 left out"),
        (campaign("dw", state=CampaignState.ENDED, note="given up by kim"), "over: given up by kim"),
        # its hours
        (campaign("ww", rules=NIGHT), "later: outside its hours: 04:00-06:00"),
        # keys: one of each at a time, the next in order that shares none
        (campaign("dgww", (), (WEB,), (WEB,), (API,)), "3"),
        (campaign("dgw", (), (WEB,), (WEB,)), "later: web-2 waits for web-1 (target group web)"),
        (campaign("dgw", (), (WEB,), (WEB,), rules=TWO), "2"),
        (campaign("dgw", (), (PAY,), (PAY,), rules=TWO), "later: web-2 waits for web-1 (tag service=pay)"),
        # who waits keeps its place in all its keys
        (campaign("dgwww", (), (WEB,), (WEB, API), (API,), (PAY,)), "4"),
        # what failed is down until somebody knows better
        (campaign("dfw", (), (WEB,), (WEB,), failures_seen=1), "later: web-2 waits for web-1, which failed, (target group web)"),
        (campaign("dfww", (), (WEB,), (WEB, API), (API,), failures_seen=1), "3"),
    ],
)  # fmt: skip
def test_whose_turn_it_is(found: Campaign, says: str) -> None:
    assert asked(found) == says


@pytest.mark.parametrize(
    ("found", "situation", "says"),
    [
        (campaign("dfw", (), (WEB,), (WEB,), failures_seen=1), Situation(back=frozenset({member(1).key})), "2"),
        (campaign("www", (WEB,), (WEB, API), (API,)), hold(WEB), "2"),
        (campaign("ww", (WEB,), (WEB,)), hold(WEB), f"later: web-0 {BY_JO}"),
        (campaign("ww", (WEB,), (WEB,)), hold(WEB, HoldState.WAITING), "0"),
        (campaign("dgw", (), (WEB,), (WEB,), rules=TWO), hold(WEB, operation="op-1"), "2"),  # its own
        (campaign("dgw", (), (WEB,), (WEB,), rules=TWO), hold(WEB), f"later: web-2 {BY_JO}"),
        (campaign("www", (WEB,), (WEB, API), (API,)), Situation(short={WEB: "2 of 3 are unhealthy"}), "2"),
        (campaign("w", (WEB,)), Situation(short={WEB: "2 of 3 are unhealthy"}), "later: web-0 waits: 2 of 3 are unhealthy"),
        (campaign("www", (WEB,), (WEB, API), (API,)), Situation(aside={member(0).key: "op-9 is at it"}), "1"),
        (campaign("w"), Situation(aside={member(0).key: "op-9 is at it"}), "later: web-0 waits: op-9 is at it"),
        (campaign("ww"), Situation(forbidden="read-only"), "halt: read-only"),
        (campaign("g"), Situation(forbidden="read-only"), "later: all are begun: web-0 is under way"),
        (campaign("ww"), Situation(ready_at={bucket_of(member(0)): NOW}), "0"),
        (campaign("ww"), Situation(ready_at={bucket_of(member(0)): None}), f"later: web-0 {PACE}"),
    ],
)  # fmt: skip
def test_what_is_seen_beside_the_campaign(found: Campaign, situation: Situation, says: str) -> None:
    assert asked(found, situation) == says


def test_it_says_until_when_where_that_is_known() -> None:
    soon = NOW + timedelta(seconds=3)
    turn = next_turn(campaign("ww"), NOW, Situation(ready_at={bucket_of(member(0)): soon}))
    assert turn == Later("web-0 waits until its Region takes one more start", soon)
    assert next_turn(campaign("w", rules=NIGHT), NOW) == Later(
        "outside its hours: 04:00-06:00", NOW + timedelta(hours=1)
    )
    assert isinstance(next_turn(campaign("dgw", (), (WEB,), (WEB,)), NOW), Later)


def test_who_waits_for_its_region_keeps_its_place_before_its_own_key() -> None:
    found = campaign("dww", (), (WEB,), (WEB,))
    other = replace(found.members[2], region="us-east-1")
    found = replace(found, members=(*found.members[:2], other))
    late = Situation(ready_at={bucket_of(found.members[1]): NOW + timedelta(seconds=3)})
    assert asked(found, late) == "later: web-1 waits until its Region takes one more start"


def test_each_that_waits_is_told_for_whom() -> None:
    found = campaign("dgwww", (), (WEB,), (WEB, API), (API,), ())
    told = {one.label: why and why.why for one, why in standing(found, NOW)}
    assert told == {
        "web-2": "waits for web-1 (target group web)",
        "web-3": "waits for web-2 (cluster api)",
        "web-4": None,
    }


@pytest.mark.parametrize("action", ["recover-alarm", "reboot-alarm", "auto-recovery", "reschedule"])
def test_a_harmless_action_goes_one_after_another_without_holds(action: str) -> None:
    assert one_by_one(ACTIONS[action])
    many = campaign("ddddwww", (), (), (), (), (WEB,), (WEB,), (WEB,), action=action)
    assert asked(many, hold(WEB)) == "4"
    assert asked(campaign("ddddgw", action=action)) == "later: web-4 is under way, and 1 may be at a time"
    assert asked(campaign("fw", action=action)) == "halt: 1 member failed, and it stops at 1 failure"


def test_a_start_takes_nobody_down_and_minds_no_group() -> None:
    assert asked(campaign("dgw", (), (WEB,), (WEB,), action="start"), hold(WEB)) == "2"


def test_what_begins_is_never_more_than_the_machine_bears() -> None:
    assert [width(CampaignRules(at_once=20), done) for done in (0, 1, 2, 3, 6, 7, 14, 15, 40, 400)] == [
        1,
        2,
        2,
        4,
        4,
        8,
        8,
        16,
        20,
        20,
    ]
    assert width(CampaignRules(at_once=99), 1000) == 20
    assert width(CampaignRules(at_once=0), 1000) == 1


def test_which_actions_are_done_to_many() -> None:
    refused = {name for name in ACTIONS if why_no_campaign(name)}
    assert refused == {"undo", "start-after-stop"}


def test_what_is_unknown_to_this_version_is_an_error_and_no_guess() -> None:
    with pytest.raises(KeyError):
        next_turn(campaign("w", action="hibernate"), NOW)


def test_halting_and_pausing_are_only_about_who_waits() -> None:
    for found in (campaign("gf"), campaign("gf", state=CampaignState.PAUSED), campaign("g", rules=NIGHT)):
        assert isinstance(next_turn(found, NOW, Situation(forbidden="read-only")), Later)
    assert isinstance(next_turn(campaign("gfw"), NOW), Halt)
