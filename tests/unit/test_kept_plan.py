"""A kept campaign as a plan: who would go with what is ticked now, the kinds of objection by number, and when it is done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from tui.domain.actions import ActionOptions
from tui.domain.campaign.durations import Usual
from tui.domain.campaign.kept_plan import kept_plan
from tui.domain.campaign.model import Campaign, CampaignRules, CampaignState, Member, MemberState
from tui.domain.campaign.plan_values import CampaignPlan
from tui.domain.sanitize import clean

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)


def member(number: int, **more: object) -> Member:
    one = Member(
        number, "prod", "eu-west-1", clean("111122223333"), clean(f"i-{number:08}"), clean(f"web-{number}")
    )
    return replace(one, **more)


OUT, STANDS = MemberState.LEFT_OUT, "its public address changes: tick public-ip to take it along"
MEMBERS = (
    member(0, looked_at=NOW, deadline=NOW + timedelta(minutes=5)),
    member(1),
    member(2, looked_at=NOW, dangers=("public-ip",), state=OUT, tickable=True, why=STANDS),
    member(3, looked_at=NOW, dangers=("public-ip",), state=OUT, tickable=True, why=STANDS),
    member(4, looked_at=NOW, dangers=("public-ip",), state=OUT, why="stop protection is on"),
    member(5, looked_at=NOW, dangers=("public-ip",), state=OUT, tickable=True, by_person=True, why="by ann"),
)


def plan(*accept: str, state: CampaignState = CampaignState.PLANNED) -> CampaignPlan:
    campaign = Campaign(
        "c-1", "stop-start", ActionOptions(), CampaignRules(accept=accept), state, MEMBERS, "ann", "here", NOW
    )
    return kept_plan(campaign, Usual(), NOW, lambda one: "PROD" if one.position == 3 else "", 300)


def going(found: CampaignPlan) -> list[int]:
    return [int(str(one.member.instance_id)[2:]) for one in found.going]


def test_those_with_a_danger_go_once_it_is_ticked_and_no_others() -> None:
    found = plan()
    assert (going(found), found.production, found.not_looked) == ([0, 1], (), 1)
    assert found.memory_mb == 100
    ticked = plan("public-ip")
    assert (going(ticked), ticked.production) == ([0, 1, 2, 3], ("PROD",))
    assert going(plan("public-ip", state=CampaignState.RUNNING)) == [0, 1]


def test_reasons_are_counted_what_cannot_be_ticked_first() -> None:
    kinds = [(one.code, one.text, one.tickable, one.ticked, one.count) for one in plan().kinds]
    assert kinds == [
        ("", "by ann", False, False, 1),
        ("", "stop protection is on", False, False, 1),
        ("public-ip", "its public address changes", True, False, 4),
    ]
    assert [one.ticked for one in plan("public-ip").kinds if one.tickable] == [True]


def test_when_it_is_done_and_who_cannot_be_kept() -> None:
    found = plan()
    assert found.done_at == NOW + timedelta(minutes=20)
    assert found.deadline == NOW + timedelta(minutes=5)
    assert [one.member.position for one in found.late] == [0]
    assert [one.member.position for one in found.members] == [0, 1, 2, 3, 4, 5]
