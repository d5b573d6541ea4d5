"""The plan of a campaign on its screen: there at once, streaming in, ticked, confirmed by its count, or left as it is."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.events import Key
from textual.widgets import Static

from screens.campaign.rules import RulesForm
from tests.screens import fake_services
from tests.screens.campaign_pilot import (
    CONDUCTOR,
    campaign_screen,
    campaign_shown,
    journal_of,
    kept,
    keys_of_all,
    looked,
)
from tests.screens.fake_services import NOW, SETTINGS, Conductors
from tests.screens.pilot_helpers import lines_of, text_of, until
from tui.config.sections import ProfileSettings
from tui.domain.campaign.durations import Usual
from tui.domain.campaign.kept_plan import kept_plan
from tui.domain.campaign.model import Campaign, CampaignState, MemberState
from tui.presentation.ascii import in_ascii
from tui.services import Services

SIZES = [(80, 24), (120, 35), (160, 50)]


def go_in(campaign: Campaign) -> int:
    return len(kept_plan(campaign, Usual(), NOW, lambda _: "").going)


def untouched(given: Services, number: int = 60) -> tuple[str, ...]:
    return keys_of_all(given, number)


@pytest.mark.parametrize("size", SIZES)
async def test_the_plan_is_there_at_once_whole_and_kept(tmp_path: Path, size: tuple[int, int]) -> None:
    given = fake_services.services(tmp_path)
    async with campaign_shown(given, keys=untouched(given, 200), size=size) as pilot:
        screen = campaign_screen(pilot)
        await until(pilot, lambda: bool(screen.ident))
        await pilot.pause()
        lines = lines_of(pilot.app)
        text = "\n".join(lines)
        found = kept(given, screen.ident)
        count = go_in(found)
        assert f"{count} go" in text
        assert f"{len(found.members) - count} left out" in text
        assert "[ ] public-ip: its public address changes" in text
        assert "1 alone" in text
        assert f" Type {count} to begin: " in lines[-3]
        assert "esc" in lines[-1]
        assert found.state is CampaignState.PLANNED
        conduct = given.conduct
        assert isinstance(conduct, Conductors)
        assert conduct.made == [screen.ident]
        assert [one.state for one in screen.table.rows[:count]] == [MemberState.WAITS] * count


async def test_what_is_looked_at_streams_in_and_the_cursor_stays(tmp_path: Path) -> None:
    given = fake_services.services(tmp_path)
    async with campaign_shown(given, keys=untouched(given)) as pilot:
        screen = campaign_screen(pilot)
        await until(pilot, lambda: bool(screen.ident))
        await pilot.press("down", "down")
        chosen = screen.current
        assert chosen is not None
        journal = journal_of(given)
        journal.lease(screen.ident, CONDUCTOR, NOW)
        first = kept(given, screen.ident).members[0]
        journal.write_look(
            screen.ident,
            CONDUCTOR,
            replace(first, looked_at=NOW, state=MemberState.LEFT_OUT, why="stop protection is on"),
        )
        screen.fleet_changed()
        await until(pilot, lambda: "stop protection is on" in text_of(pilot.app))
        assert screen.current is not None
        assert screen.current.key == chosen.key
        assert f"Type {go_in(kept(given, screen.ident))} to begin" in text_of(pilot.app)


async def test_the_count_confirms_and_nothing_else(tmp_path: Path) -> None:
    given = fake_services.services(tmp_path)
    async with campaign_shown(given, keys=untouched(given)) as pilot:
        screen = campaign_screen(pilot)
        await until(pilot, lambda: bool(screen.ident))
        looked(given, screen.ident)
        screen.fleet_changed()
        await until(pilot, lambda: screen.typing.open_at < float("inf"))
        count = go_in(kept(given, screen.ident))
        await pilot.press(*str(count + 1), "enter")
        await until(pilot, lambda: "nothing begins" in text_of(pilot.app))
        assert kept(given, screen.ident).state is CampaignState.PLANNED
        await pilot.press("escape", *str(count), "enter")
        await until(pilot, lambda: kept(given, screen.ident).state is CampaignState.RUNNING)
        await until(pilot, lambda: "running" in lines_of(pilot.app)[0])
        found = kept(given, screen.ident)
        assert len(found.of(MemberState.WAITS)) == count
        assert "░" in text_of(pilot.app)


async def test_a_production_profile_is_typed_as_well(tmp_path: Path) -> None:
    profiles = {**SETTINGS.profiles, "prod": ProfileSettings(label="PROD", color="red", production=True)}
    given = fake_services.services(tmp_path, settings=replace(SETTINGS, profiles=profiles))
    async with campaign_shown(given, keys=untouched(given)) as pilot:
        screen = campaign_screen(pilot)
        await until(pilot, lambda: screen.typing.open_at < float("inf"))
        count = go_in(kept(given, screen.ident))
        assert f"Type {count} PROD to begin" in text_of(pilot.app)
        await pilot.press(*str(count), "enter")
        await until(pilot, lambda: f"that is not {count} PROD" in text_of(pilot.app))
        await pilot.press("space", *"PROD", "enter")
        await until(pilot, lambda: kept(given, screen.ident).state is CampaignState.RUNNING)


async def test_what_is_typed_in_one_piece_is_the_count_and_nothing_else(tmp_path: Path) -> None:
    """Over a slow line the keys come together: the blank before the label leaves nobody out, and no letter is lost."""
    profiles = {**SETTINGS.profiles, "prod": ProfileSettings(label="PROD", color="red", production=True)}
    given = fake_services.services(tmp_path, settings=replace(SETTINGS, profiles=profiles))
    async with campaign_shown(given, keys=untouched(given)) as pilot:
        screen = campaign_screen(pilot)
        await until(pilot, lambda: screen.typing.open_at < time.monotonic())
        count = go_in(kept(given, screen.ident))
        driver = pilot.app._driver
        assert driver is not None
        for letter in f"{count} PROD":
            driver.process_message(Key("space" if letter == " " else letter, letter))
        await until(pilot, lambda: screen.typing.value == f"{count} PROD")
        assert go_in(kept(given, screen.ident)) == count
        await pilot.press("enter")
        await until(pilot, lambda: kept(given, screen.ident).state is CampaignState.RUNNING)


async def test_a_danger_is_ticked_in_the_rules_and_then_its_members_go(tmp_path: Path) -> None:
    given = fake_services.services(tmp_path)
    async with campaign_shown(given, keys=untouched(given)) as pilot:
        screen = campaign_screen(pilot)
        await until(pilot, lambda: bool(screen.ident))
        before = go_in(kept(given, screen.ident))
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, RulesForm))
        form = pilot.app.screen
        await until(pilot, lambda: bool(form.query("#tick-image")))
        form.query_one("#tick-image").focus()
        await pilot.press("space", "enter")
        await until(pilot, lambda: kept(given, screen.ident).rules.accept == ("image",))
        await until(pilot, lambda: "[x] image" in text_of(pilot.app))
        assert go_in(kept(given, screen.ident)) > before
        assert f"Type {go_in(kept(given, screen.ident))} to begin" in text_of(pilot.app)


async def test_rules_that_are_none_say_what_is_wrong(tmp_path: Path) -> None:
    given = fake_services.services(tmp_path)
    async with campaign_shown(given, keys=untouched(given)) as pilot:
        screen = campaign_screen(pilot)
        await until(pilot, lambda: bool(screen.ident))
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, RulesForm))
        await pilot.press("0", "0", "enter")
        await until(pilot, lambda: "20 may be under way" in text_of(pilot.app))
        assert "500" in text_of(pilot.app)
        wrong = pilot.app.screen.query_one("#wrong", Static)
        assert "not 500" in str(wrong.render())
        await pilot.press("backspace", "backspace", "enter")
        await until(pilot, lambda: not isinstance(pilot.app.screen, RulesForm))


async def test_left_out_by_a_person_and_taken_in_again(tmp_path: Path) -> None:
    given = fake_services.services(tmp_path)
    async with campaign_shown(given, keys=untouched(given)) as pilot:
        screen = campaign_screen(pilot)
        await until(pilot, lambda: bool(screen.ident))
        one = screen.current
        assert one is not None
        before = go_in(kept(given, screen.ident))
        await pilot.press("space")
        await until(pilot, lambda: go_in(kept(given, screen.ident)) == before - 1)
        screen.table.hold(one.key)
        await pilot.press("space")
        await until(pilot, lambda: go_in(kept(given, screen.ident)) == before)


@pytest.mark.parametrize("size", SIZES)
async def test_a_read_only_junior_sees_the_plan_exports_it_and_cannot_confirm(
    tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = fake_services.services(tmp_path, settings=replace(SETTINGS, read_only=True))
    async with campaign_shown(given, keys=untouched(given), size=size) as pilot:
        screen = campaign_screen(pilot)
        await pilot.pause()
        text = text_of(pilot.app)
        assert " go   " in text
        assert "read-only: nothing can be confirmed here" in text
        assert "Type" not in text
        await pilot.press("3", "enter", "space", "e", "a", "x")
        await until(pilot, lambda: "wrote 60 members to" in text_of(pilot.app))
        (name,) = (one for one in os.listdir(tmp_path) if one.startswith("evac-campaign-"))
        told = (tmp_path / name).read_text(encoding="utf-8-sig")
        assert told.count("\n") == 61
        assert "payments-db-1" in told
        assert not journal_of(given).list()
        assert screen.ident == ""
        conduct = given.conduct
        assert isinstance(conduct, Conductors)
        assert conduct.made == []


async def test_esc_keeps_the_plan_and_it_is_opened_again_by_its_id(tmp_path: Path) -> None:
    given = fake_services.services(tmp_path)
    async with campaign_shown(given, keys=untouched(given)) as pilot:
        screen = campaign_screen(pilot)
        await until(pilot, lambda: bool(screen.ident))
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is not screen)
    (found,) = journal_of(given).list()
    assert found.state is CampaignState.PLANNED
    async with campaign_shown(given, found.id) as pilot:
        await until(pilot, lambda: f"Type {go_in(found)} to begin" in text_of(pilot.app))


async def test_what_the_site_has_switched_off_is_never_confirmed(tmp_path: Path) -> None:
    given = fake_services.services(tmp_path, settings=replace(SETTINGS, actions_off=("stop-start",)))
    async with campaign_shown(given, keys=untouched(given)) as pilot:
        await until(pilot, lambda: "the site policy has switched stop-start off" in text_of(pilot.app))
        assert "Type" not in text_of(pilot.app)


@pytest.mark.parametrize("size", [(80, 12), (40, 10), (60, 16)])
async def test_the_question_is_never_below_the_edge(tmp_path: Path, size: tuple[int, int]) -> None:
    given = fake_services.services(tmp_path)
    async with campaign_shown(given, keys=untouched(given), size=size) as pilot:
        screen = campaign_screen(pilot)
        await until(pilot, lambda: bool(screen.ident))
        await until(pilot, lambda: screen.typing.open_at < float("inf"))
        count = go_in(kept(given, screen.ident))
        assert f"Type {count} to begin" in lines_of(pilot.app)[-3]
        await pilot.press(*str(count), "enter")
        await until(pilot, lambda: kept(given, screen.ident).state is CampaignState.RUNNING)


async def test_the_plan_has_an_ascii_form(tmp_path: Path) -> None:
    given = fake_services.services(tmp_path)
    keys = [row.key for row in given.store.rows() if str(row.label).isascii()][:60]
    async with campaign_shown(given, keys=keys) as pilot:
        await until(pilot, lambda: "Type" in text_of(pilot.app))
        assert in_ascii(text_of(pilot.app)).isascii()


async def test_a_reschedule_is_confirmed_only_with_its_new_start(tmp_path: Path) -> None:
    given = fake_services.services(tmp_path)
    keys = [row.key for row in given.store.rows() if row.open_events(NOW)]
    async with campaign_shown(given, action="reschedule", keys=keys, size=(120, 35)) as pilot:
        screen = campaign_screen(pilot)
        await until(pilot, lambda: "to which time is not said yet" in text_of(pilot.app))
        assert "Type" not in text_of(pilot.app)
        first = screen.ident
        await pilot.press("e")
        await until(pilot, lambda: bool(pilot.app.screen.query("#not-before")))
        pilot.app.screen.query_one("#not-before").focus()
        await pilot.press("4", "d", "enter")
        await until(pilot, lambda: screen.ident not in ("", first))
        await until(pilot, lambda: "to begin" in text_of(pilot.app))
        assert kept(given, first).given_up
        found = kept(given, screen.ident)
        assert found.options.not_before == NOW + timedelta(days=4)
        assert go_in(found) > 0


async def test_a_plan_that_was_left_lying_is_looked_at_again(tmp_path: Path) -> None:
    given = fake_services.services(tmp_path)
    async with campaign_shown(given, keys=untouched(given)) as pilot:
        await until(pilot, lambda: bool(campaign_screen(pilot).ident))
        name = campaign_screen(pilot).ident
    later = fake_services.services(tmp_path, now=lambda: NOW + timedelta(hours=9))
    async with campaign_shown(later, name) as pilot:
        conduct = later.conduct
        assert isinstance(conduct, Conductors)
        await until(pilot, lambda: conduct.made == [name])
