"""How a plan of a campaign reads: whole in its lines, and what gives way where there is no room for all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from tui.domain.actions import ActionOptions
from tui.domain.campaign.durations import Usual
from tui.domain.campaign.kept_plan import kept_plan
from tui.domain.campaign.model import Campaign, CampaignRules, CampaignState, Member, MemberState
from tui.domain.campaign.plan_values import CampaignPlan
from tui.domain.sanitize import clean
from tui.presentation.ascii import in_ascii
from tui.presentation.campaign_plan_text import CampaignLine, campaign_plan_lines, fitted
from tui.presentation.width import cell_len

NOW = datetime(2026, 11, 29, 0, 0, tzinfo=UTC)
SEOUL = ZoneInfo("Asia/Seoul")


def member(position: int, **changes: Any) -> Member:
    plain = Member(
        position, "prod", "ap-northeast-2", clean("111122223333"), clean(f"i-{position:017x}"),
        clean(f"web-{position}"), looked_at=NOW,
    )  # fmt: skip
    return replace(plain, **changes)


def plan_of(*members: Member, rules: CampaignRules | None = None) -> CampaignPlan:
    made = Campaign(
        "c-1", "stop-start", ActionOptions(), rules or CampaignRules(), CampaignState.PLANNED, members, "kim", "h", NOW
    )  # fmt: skip
    return kept_plan(made, Usual(), NOW, lambda _: "")


def text_of(plan: CampaignPlan, width: int = 78) -> str:
    return "\n".join(one.text for one in campaign_plan_lines(plan, SEOUL, NOW, width))


def two_hundred() -> CampaignPlan:
    goes = [member(at) for at in range(188)]
    out = [member(188 + at, state=MemberState.LEFT_OUT, why="stop protection is on") for at in range(9)]
    danger = [
        member(
            197 + at,
            state=MemberState.LEFT_OUT,
            why="its address: tick public-ip",
            dangers=("public-ip",),
            tickable=True,
        )
        for at in range(3)
    ]
    return plan_of(*goes, *out, *danger)


@pytest.mark.parametrize("width", [76, 78, 118, 158])
def test_every_line_fits_and_has_an_ascii_form(width: int) -> None:
    for one in campaign_plan_lines(two_hundred(), SEOUL, NOW, width):
        for line in one.text.split("\n"):
            assert cell_len(line) <= width
            assert in_ascii(line).isascii()


def test_who_goes_who_does_not_and_why() -> None:
    text = text_of(two_hundred())
    assert "188 go   12 left out (what is boxed can be ticked: e)" in text
    assert "✖   9 left out: stop protection is on" in text
    assert "▲   3 [ ] public-ip: its public address changes" in text
    assert "5 at once · one of a group at a time · stop at 1 failure · any hour" in text
    assert "1 alone" in text
    assert "5 at once" in text
    assert "looked at again at its turn" in text


def test_a_ticked_danger_is_boxed_and_its_members_go() -> None:
    danger = member(1, state=MemberState.LEFT_OUT, dangers=("public-ip",), tickable=True)
    text = text_of(plan_of(member(0), danger, rules=CampaignRules(accept=("public-ip",))))
    assert "2 go" in text
    assert "▲   1 [x] public-ip" in text


def test_who_cannot_be_kept_is_named_with_its_time() -> None:
    late = member(0, deadline=NOW + timedelta(minutes=2))
    text = text_of(plan_of(late, member(1)))
    assert "✖ web-0 can't be kept: AWS acts 09:02 KST (in 2m) → goes first" in text
    assert "after the first deadline" in text
    behind = text_of(plan_of(member(1), replace(late, position=2)))
    assert "(in 2m)" in behind
    assert "goes first" not in behind  # what is said is the order that is shown
    past = text_of(plan_of(replace(late, deadline=NOW - timedelta(minutes=12))))
    assert "(12m ago)" in past
    kept = text_of(plan_of(replace(late, deadline=NOW + timedelta(days=1))))
    assert "can't be kept" not in kept
    assert "before the first deadline" in kept


def test_what_was_not_looked_at_is_never_counted_as_well() -> None:
    assert "1 not looked at yet" in text_of(plan_of(member(0, looked_at=None), member(1)))


def test_memory_is_told_where_it_is_short() -> None:
    plan = replace(plan_of(*(member(at) for at in range(9))), memory_free_mb=100)
    assert "its runners take 250 MB, and 100 MB are free here" in text_of(plan)


@pytest.mark.parametrize("room", range(1, 20))
def test_what_matters_least_gives_way_and_the_first_line_never(room: int) -> None:
    lines = campaign_plan_lines(two_hundred(), SEOUL, NOW, 78)
    shown = fitted(lines, room)
    assert shown[0] == lines[0]
    assert sum(one.height for one in shown) <= room
    if 5 <= room < 9:
        text = "\n".join(one.text for one in shown)
        assert "time   web-0 alone from 09:00" in text
        assert "public-ip" in text


def test_lines_that_stay_are_kept_whole() -> None:
    lines = [CampaignLine("a"), CampaignLine("b\nc", "", 3, "b"), CampaignLine("d", "", 1)]
    assert [one.text for one in fitted(lines, 4)] == ["a", "b\nc", "d"]
    assert [one.text for one in fitted(lines, 3)] == ["a", "b", "d"]


def test_harmless_actions_go_one_by_one() -> None:
    made = Campaign(
        "c-1", "reschedule", ActionOptions(), CampaignRules(), CampaignState.PLANNED,
        tuple(member(at) for at in range(9)), "kim", "h", NOW,
    )  # fmt: skip
    text = text_of(kept_plan(made, Usual(), NOW, lambda _: ""))
    assert "one by one" in text
    assert "9 servers" in text
    assert "group that is short" not in text
    assert "09:00    09:00" not in text
