"""How a campaign reads, on both faces: counts, bar, whom a member waits for, and the summary for the incident channel."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from tui.domain.actions import ActionOptions
from tui.domain.campaign.model import (
    CAME_BACK,
    Campaign,
    CampaignRules,
    CampaignState,
    Member,
    MemberState,
)
from tui.domain.campaign.turn import standing
from tui.domain.sanitize import clean
from tui.presentation.ascii import in_ascii
from tui.presentation.campaign_text import (
    campaign_bar,
    campaign_counts,
    campaign_line,
    campaign_sign,
    campaign_summary,
    counted_reasons,
    in_member_order,
    member_line,
    member_note,
    needs_somebody,
    rules_text,
)
from tui.presentation.width import cell_len

NOW = datetime(2026, 11, 29, 0, 0, tzinfo=UTC)
SEOUL = ZoneInfo("Asia/Seoul")
WEB = "111122223333:ap-northeast-2:target group:arn:aws:elasticloadbalancing:ap-northeast-2:111122223333:targetgroup/web/73e2"


def member(position: int, state: MemberState = MemberState.WAITS, **changes: Any) -> Member:
    plain = Member(
        position, "prod", "ap-northeast-2", clean("111122223333"), clean(f"i-{position:017x}"), clean(f"web-{position}"),
        state=state,
    )  # fmt: skip
    return replace(plain, **changes)


def campaign(*members: Member, state: CampaignState = CampaignState.RUNNING, **changes: Any) -> Campaign:
    made = Campaign(
        "c-20261129-000000", "stop-start", ActionOptions(), CampaignRules(), state, members, "kim", "bastion-1", NOW,
        confirmed_at=NOW,
    )  # fmt: skip
    return replace(made, **changes)


def many(**numbers: int) -> Campaign:
    found: list[Member] = []
    for name, number in numbers.items():
        found += [member(len(found) + at, MemberState[name]) for at in range(number)]
    return campaign(*found)


@pytest.mark.parametrize("width", [0, 1, 3, 5, 20, 49, 80, 157])
@pytest.mark.parametrize(
    "numbers",
    [
        {"WAITS": 188},
        {"DONE": 71, "GOING": 8, "WAITS": 109},
        {"DONE": 186, "GOING": 1, "WAITS": 1, "FAILED": 1, "NEEDS_YOU": 3, "LEFT_OUT": 9},
        {"LEFT_OUT": 3},
        {},
    ],
)
def test_the_bar_has_its_width_and_shows_whatever_there_is(width: int, numbers: dict[str, int]) -> None:
    pieces = campaign_bar(many(**numbers), width)
    text = "".join(one for one, _ in pieces)
    assert cell_len(text) == width
    assert in_ascii(text).isascii()
    if width >= 5:
        for name, sign in (("FAILED", "✖"), ("DONE", "█"), ("GOING", "▒"), ("WAITS", "░")):
            assert (sign in text) >= bool(numbers.get(name)), name


def test_what_failed_comes_first_and_each_kind_keeps_the_order_of_the_campaign() -> None:
    states = [
        MemberState.DONE,
        MemberState.WAITS,
        MemberState.LEFT_OUT,
        MemberState.GOING,
        MemberState.NEEDS_YOU,
    ]
    states += [MemberState.FAILED, MemberState.WAITS]
    found = in_member_order(member(at, state) for at, state in enumerate(states))
    assert [one.position for one in found] == [5, 4, 3, 1, 6, 0, 2]


def test_counts_name_only_what_there_is() -> None:
    told = [text for text, _ in campaign_counts(many(DONE=71, GOING=8, WAITS=109))]
    assert told == ["8 going", "109 to come", "71 done"]


def test_a_member_waits_for_the_one_that_is_under_way_in_a_group_of_its_own() -> None:
    going = member(3, MemberState.GOING, keys=(WEB,), operation="op-1")
    other = member(4, keys=("::tag:service=pay", WEB))
    alone = member(5, keys=("::tag:service=db",))
    made = campaign(going, other, alone)
    waits = {one.key: why.why for one, why in standing(made, NOW) if why is not None}
    assert member_note(other, waits=waits) == "waits for web-3 (target group web)"
    assert member_note(alone, waits=waits) == "its turn"
    assert member_note(going, {"op-1": "5/7 wait-checks 2m"}) == "5/7 wait-checks 2m"
    assert member_note(replace(alone, why="its hours: Sun 00:00 KST")) == "its hours: Sun 00:00 KST"


def test_the_line_of_every_screen() -> None:
    running = many(DONE=71, GOING=8, WAITS=109, LEFT_OUT=9)
    assert campaign_line(running) == "▶ campaign Stop and start: 71 of 188 done, 8 going"
    paused = replace(many(DONE=1, FAILED=1, WAITS=2), state=CampaignState.PAUSED, note="1 failure")
    told = campaign_line(paused)
    assert told.startswith("‖ campaign")
    assert "1 of 4 done, 1 failed; paused: 1 failure, nothing new begins" in told


@pytest.mark.parametrize(
    ("made", "needs", "symbol"),
    [
        (many(WAITS=2), False, "▶"),
        (many(WAITS=2, NEEDS_YOU=1), True, "▶"),
        (replace(many(WAITS=2), state=CampaignState.PAUSED), True, "‖"),
        (replace(many(DONE=2, FAILED=1), state=CampaignState.ENDED), False, "✖"),
        (replace(many(DONE=2, WAITS=1), state=CampaignState.ENDED, given_up=True), False, "–"),
        (replace(many(DONE=2), state=CampaignState.ENDED), False, "✔"),
        (replace(many(WAITS=2), state=CampaignState.PLANNED), False, "·"),
    ],
)
def test_what_needs_somebody_and_its_sign(made: Campaign, needs: bool, symbol: str) -> None:
    assert needs_somebody(made) is needs
    assert campaign_sign(made).symbol == symbol


def test_reasons_are_counted_the_most_frequent_first() -> None:
    left = [
        member(at, MemberState.LEFT_OUT, why="stop protection" if at % 3 else "it is terminated")
        for at in range(7)
    ]
    assert counted_reasons(left, MemberState.LEFT_OUT) == [(4, "stop protection"), (3, "it is terminated")]


def test_rules_in_words() -> None:
    assert (
        rules_text(CampaignRules()) == "5 at once · one of a group at a time · stop at 1 failure · any hour"
    )
    told = rules_text(
        CampaignRules(10, 2, "Sat,Sun 00:00-06:00 Asia/Seoul", ("public-ip",), 2, ("tag:service",))
    )
    assert "2 of a group at a time (also tag:service)" in told
    assert "stop at 2 failures · hours Sat,Sun 00:00-06:00 Asia/Seoul · accepted: public-ip" in told


def test_the_summary_for_the_incident_channel() -> None:
    made = campaign(
        member(0, MemberState.DONE),
        member(1, MemberState.FAILED, why="no capacity in us-east-1c, twice"),
        member(2, MemberState.NEEDS_YOU, why="its public address changes"),
        *(member(at) for at in range(3, 30)),
        member(30, MemberState.LEFT_OUT, why="stop protection"),
        state=CampaignState.PAUSED, note="nothing new after 1 failure",
    )  # fmt: skip
    told = list(campaign_summary(made, SEOUL, NOW + timedelta(minutes=90)))
    assert told[0].startswith(
        "Stop and start, campaign c-20261129-000000: paused, 1 failed, 1 needs you, 27 to come, 1 done"
    )
    assert told[1] == "  by: kim@bastion-1, Sun 09:00 KST (00:00 UTC)"
    text = "\n".join(told)
    assert "for 1h30m now" in text
    assert (
        "✖ failed: web-1 (i-00000000000000001, prod ap-northeast-2): no capacity in us-east-1c, twice" in text
    )
    assert "to come: web-3, web-4" in text
    assert "web-12 and 17 more" in text
    assert "  done: web-0\n" in text
    assert "left out: 1, stop protection: web-30" in text


def test_the_summary_names_who_failed_and_came_back() -> None:
    back = member(1, MemberState.DONE, why=f"{CAME_BACK}: no capacity, twice")
    text = "\n".join(campaign_summary(campaign(member(0, MemberState.DONE, why="ok"), back), SEOUL, NOW))
    where = "(i-00000000000000001, prod ap-northeast-2)"
    assert f"  ✔ done: web-1 {where}: came back after it had failed: no capacity, twice\n" in text
    assert text.endswith("  done: web-0, web-1")


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_member_fits_its_line(width: int) -> None:
    one = member(7, MemberState.FAILED, why="no capacity " * 20, name=clean("판교-결제-데이터베이스-7"))
    line = member_line(one, width)
    assert cell_len(line) <= width
    assert line.startswith("✖ failed")
