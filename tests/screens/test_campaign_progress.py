"""A campaign under way on its screen: what failed first, what waits for whom, what may be done with it; its line elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from screens.base import AlertLine, Go
from screens.campaign.give_up import GiveUpQuestion
from screens.campaign.rules import RulesForm
from screens.fleet.screen import FleetScreen
from screens.operations import OperationsScreen
from tests.screens import fake_services
from tests.screens.campaign_pilot import (
    CONDUCTOR,
    campaign_screen,
    campaign_shown,
    journal_of,
    kept,
)
from tests.screens.fake_services import NOW, Stage
from tests.screens.pilot_helpers import lines_of, text_of, until
from tui.domain.actions import ActionOptions
from tui.domain.campaign.model import CampaignRules, CampaignState, Member, MemberState
from tui.domain.sanitize import clean
from tui.services import Services

WEB = "111122223333:ap-northeast-2:target group:web"
SIZES = [(80, 24), (120, 35), (160, 50)]


def confirmed(given: Services, number: int = 12) -> str:
    """A campaign that runs, of which nothing was begun."""
    members = [
        Member(
            at,
            "prod",
            "ap-northeast-2",
            clean("111122223333"),
            clean(f"i-{at:017x}"),
            clean(f"web-{at}"),
            keys=(WEB,) if at in (3, 4) else (),
        )
        for at in range(number)
    ]
    journal = journal_of(given)
    name = journal.create("stop-start", ActionOptions(), CampaignRules(), members, NOW)
    assert journal.confirm(name, number, (), NOW, lambda _: "") == ""
    journal.lease(name, CONDUCTOR, NOW)
    return name


def set_states(given: Services, name: str, states: dict[int, tuple[MemberState, str]]) -> None:
    for at, (state, why) in states.items():
        one = kept(given, name).members[at]
        assert journal_of(given).conclude(name, one, state, why)


def in_the_middle(given: Services) -> str:
    name = confirmed(given)
    states = {
        0: (MemberState.DONE, ""),
        1: (MemberState.DONE, ""),
        2: (MemberState.FAILED, "no capacity in ap-northeast-2a, twice"),
        3: (MemberState.GOING, ""),
        5: (MemberState.NEEDS_YOU, "its public address changes: nobody ticked that"),
    }
    set_states(given, name, states)
    journal_of(given).pause(name, "1 member failed")
    return name


@pytest.mark.parametrize("size", SIZES)
async def test_what_failed_comes_first_and_what_waits_says_for_whom(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    given = fake_services.services(tmp_path)
    name = in_the_middle(given)
    async with campaign_shown(given, name, size=size) as pilot:
        lines = lines_of(pilot.app)
        text = "\n".join(lines)
        assert "‖ paused" in lines[0]
        assert "✖" in lines[1]
        assert "░" in lines[1]
        assert "1 failed · 1 needs you · 1 going · 7 to come · 2 done" in lines[2]
        assert "paused: 1 member failed; nothing new begins, 1 finishes by itself; r resumes" in " ".join(
            text.split()
        )
        rows = [line for line in lines if "web-" in line and "PROD" in line]
        words = ("failed", "needs you", "going", "waits")
        first = [next(at for at, row in enumerate(rows) if word in row) for word in words]
        assert first == sorted(first)
        assert "no capacity" in rows[0]
        waiting = next(row for row in rows if "web-4 " in row)
        assert "web-3" in waiting
        assert "esc" in lines[-1]


async def test_two_hundred_scroll_and_only_what_changed_is_drawn(tmp_path: Path) -> None:
    given = fake_services.services(tmp_path)
    name = confirmed(given, 200)
    async with campaign_shown(given, name) as pilot:
        screen = campaign_screen(pilot)
        await pilot.press("G")
        await until(pilot, lambda: "web-199" in text_of(pilot.app))
        chosen = screen.current
        assert chosen is not None
        before = lines_of(pilot.app)
        set_states(given, name, {0: (MemberState.GOING, "")})
        screen.fleet_changed()
        await until(pilot, lambda: "1 going" in text_of(pilot.app))
        after = lines_of(pilot.app)
        assert screen.current == chosen
        same = sum(one == other for one, other in zip(before, after, strict=True))
        assert same >= len(before) - 4
        refreshed = []
        screen.table.refresh = lambda *regions, **more: refreshed.append(regions)  # type: ignore[method-assign, assignment] # counts
        screen.redraw()
        assert refreshed == []


async def test_pause_resume_and_give_up(tmp_path: Path) -> None:
    given = fake_services.services(tmp_path)
    name = confirmed(given)
    async with campaign_shown(given, name) as pilot:
        await pilot.press("p")
        await until(pilot, lambda: kept(given, name).state is CampaignState.PAUSED)
        await pilot.press("r")
        await until(pilot, lambda: kept(given, name).state is CampaignState.RUNNING)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(pilot.app.screen, GiveUpQuestion))
        assert "12 members to come will not be begun" in text_of(pilot.app)
        await pilot.press("escape")
        await until(pilot, lambda: "not given up" in text_of(pilot.app))
        assert kept(given, name).state is CampaignState.RUNNING
        await pilot.press("a")
        await until(pilot, lambda: isinstance(pilot.app.screen, GiveUpQuestion))
        await pilot.pause(0.8)
        await pilot.press("y")
        await until(pilot, lambda: kept(given, name).state is CampaignState.ENDED)
        assert kept(given, name).given_up


async def test_a_member_is_left_out_and_one_under_way_is_not(tmp_path: Path) -> None:
    given = fake_services.services(tmp_path)
    name = in_the_middle(given)
    async with campaign_shown(given, name) as pilot:
        screen = campaign_screen(pilot)
        going, waits = kept(given, name).members[3], kept(given, name).members[7]
        screen.table.hold(going.key)
        await pilot.press("space")
        await until(pilot, lambda: "goes on to its end" in text_of(pilot.app))
        screen.table.hold(waits.key)
        await pilot.press("space")
        await until(pilot, lambda: kept(given, name).members[7].state is MemberState.LEFT_OUT)
        assert kept(given, name).members[3].state is MemberState.GOING


async def test_rules_are_changed_while_it_runs_and_ticks_are_not_offered(tmp_path: Path) -> None:
    given = fake_services.services(tmp_path)
    name = confirmed(given)
    async with campaign_shown(given, name) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, RulesForm))
        await until(pilot, lambda: pilot.app.screen.focused is not None)
        assert not pilot.app.screen.query("Toggle")
        await pilot.press("backspace", "9", "enter")
        await until(pilot, lambda: kept(given, name).rules.at_once == 9)


async def test_the_summary_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = fake_services.services(tmp_path)
    name = in_the_middle(given)
    async with campaign_shown(given, name) as pilot:
        copied: list[str] = []
        monkeypatch.setattr(pilot.app, "copy_to_clipboard", copied.append)
        await pilot.press("y")
        await until(pilot, lambda: bool(copied))
        assert copied[0].startswith(f"Stop and start, campaign {name}: paused, 1 failed")
        assert "✖ failed: web-2" in copied[0]


async def test_enter_opens_the_operation_of_a_member_or_the_instance(tmp_path: Path) -> None:
    given = fake_services.services(tmp_path)
    name = confirmed(given)
    async with campaign_shown(given, name) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: bool(fake_services.asked(pilot)))
        (asked,) = fake_services.asked(pilot)
        assert isinstance(asked, Go)
        assert asked.place == "detail"


async def test_a_running_campaign_has_a_line_on_every_screen(tmp_path: Path) -> None:
    given = fake_services.services(tmp_path)
    name = in_the_middle(given)
    for screen in (FleetScreen(given), OperationsScreen(given)):
        async with Stage(screen).run_test(size=(160, 50)) as pilot:
            told = "‖ campaign Stop and start: 2 of 12 done, 1 failed"
            await until(pilot, lambda told=told, pilot=pilot: told in text_of(pilot.app))  # type: ignore[misc] # bound now
    async with campaign_shown(given, name, size=(160, 50)) as pilot:
        await pilot.pause()
        assert not any(one.display for one in pilot.app.screen.query(AlertLine))


async def test_the_operations_list_campaigns_and_enter_opens_them(tmp_path: Path) -> None:
    given = fake_services.services(tmp_path)
    ended, running = confirmed(given, 3), in_the_middle(given)
    journal_of(given).give_up(ended, NOW)
    screen = OperationsScreen(given)
    async with Stage(screen).run_test(size=(120, 35)) as pilot:
        await until(pilot, lambda: screen.campaign is not None)
        rows = [line for line in lines_of(pilot.app) if "campaign Stop and start" in line]
        rows = [row for row in rows if not row.startswith(" ‖ campaign")]
        assert len(rows) == 2
        assert "paused" in rows[0]
        assert "2 of 12 done" in rows[0]
        assert "given up" in rows[1]
        assert screen.campaign is not None
        assert screen.campaign.id == running
        assert "✖ failed: web-2" in text_of(pilot.app)
        await pilot.press("r", "a")
        await pilot.press("enter")
        await until(pilot, lambda: bool(fake_services.asked(pilot)))
        (asked,) = fake_services.asked(pilot)
        assert (asked.place, asked.key) == ("campaign", running)


async def test_read_only_follows_and_changes_nothing(tmp_path: Path) -> None:
    given = fake_services.services(tmp_path)
    name = confirmed(given)
    looking = replace(given, settings=replace(given.settings, read_only=True))
    before = kept(given, name)
    async with campaign_shown(looking, name) as pilot:
        for key in ("p", "space", "e", "a"):
            await pilot.press(key)
            await until(pilot, lambda: "read-only" in text_of(pilot.app))
        assert kept(given, name) == before


async def test_an_unknown_campaign_says_so(tmp_path: Path) -> None:
    given = fake_services.services(tmp_path)
    async with campaign_shown(given, "c-none") as pilot:
        await until(pilot, lambda: "there is no campaign c-none" in text_of(pilot.app))
