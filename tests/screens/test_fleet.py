"""The fleet screen, driven by keys."""

from __future__ import annotations

import csv
from datetime import timedelta
from glob import glob
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.events import Key
from textual.geometry import Region
from textual.pilot import Pilot

from screens.base import Act
from screens.fleet.table import FleetTable
from tests.screens import fake_services
from tests.screens.fleet_pilot import cursor, said, screen, shown
from tests.screens.pilot_helpers import text_of
from tui.commands import VERBS
from tui.config.schema import Settings
from tui.config.sections import ProfileSettings
from tui.domain.events import ScheduledEvent
from tui.domain.instance import (
    Checks,
    CheckStatus,
    Instance,
    Phase,
    StatusCheck,
    Target,
    TargetStatus,
    Trouble,
    TroubleKind,
)
from tui.domain.sanitize import clean
from tui.fleet import protocol
from tui.fleet.store import Store


@pytest.mark.parametrize("size", [(160, 50), (80, 24)])
async def test_the_worst_comes_first_and_says_what_to_press(tmp_path: Path, size: tuple[int, int]) -> None:
    async with shown(fake_services.services(tmp_path), size) as pilot:
        assert cursor(pilot) == "payments-db-1"
        drawn = text_of(pilot.app)
        assert "It will NOT start by itself" in drawn or "it will NOT start by" in drawn
        assert f"s {VERBS['stop-start'].word}: moves it off the failing host" in drawn
        assert "READ-WRITE" in drawn
        assert "7 failing" in drawn or "✖7" in drawn


async def test_the_views(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        table = screen(pilot).table
        seen = {}
        for key in "1234":
            await pilot.press(key)
            seen[key] = sum(isinstance(row, Instance | TargetStatus) for row in table.rows)  # days left out
            assert f"of {78}" in text_of(pilot.app)
        assert seen["2"] == 78
        assert seen["4"] == 78 + 8
        assert seen["1"] == 28 + 2
        assert seen["3"] < seen["1"]


@pytest.mark.parametrize(
    ("keys", "row"),
    [
        (("j", "enter"), 1),
        (("down", "j", "k", "enter"), 1),
        (("end", "home", "j", "s"), 1),
        (("pagedown", "g", "s"), 0),
        (("j", "h", "l", "j", "enter"), 2),
    ],
)
async def test_a_verb_typed_right_after_a_move_is_about_the_row_moved_to(
    tmp_path: Path, keys: tuple[str, ...], row: int
) -> None:
    """Over a slow line keys arrive in one piece."""
    async with shown(fake_services.services(tmp_path)) as pilot:
        wanted = screen(pilot).table.rows[row]
        assert isinstance(wanted, Instance)
        driver = pilot.app._driver
        assert driver is not None
        for key in keys:
            driver.process_message(Key(key, key if len(key) == 1 else None))
        for _ in range(100):
            if fake_services.asked(pilot):
                break
            await pilot.pause(0.05)
        assert [one.key for one in fake_services.asked(pilot)] == [wanted.key]


async def test_an_action_is_about_the_instance_under_the_cursor_when_the_key_was_pressed(
    tmp_path: Path,
) -> None:
    services = fake_services.services(tmp_path)
    async with shown(services) as pilot:
        wanted = fake_services.named(services.store, "payments-db-1")
        await pilot.press("s")
        # the table sorts itself anew before the app gets to it
        services.store.apply(protocol.Delta(removed=(wanted.key,)))
        screen(pilot).fleet_changed()
        await pilot.pause()
        (asked,) = fake_services.asked(pilot)
        assert isinstance(asked, Act)
        assert (asked.action, asked.key) == ("stop-start", wanted.key)


async def test_s_starts_what_is_stopped(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        await pilot.press("slash", *"down-1", "enter")
        await pilot.pause()
        assert " s start" in text_of(pilot.app).splitlines()[-1]
        await pilot.press("s")
        await pilot.pause()
        (asked,) = fake_services.asked(pilot)
        assert asked.action == "start"


@pytest.mark.parametrize("key", ["s", "b", "i", "t"])
@pytest.mark.parametrize(
    "settings",
    [
        Settings(read_only=True),
        Settings(profiles={"prod": ProfileSettings(read_only=True)}),
        Settings(locked_profiles=("pr*",)),
    ],
)
async def test_read_only_says_why_and_asks_for_nothing(tmp_path: Path, key: str, settings: Settings) -> None:
    async with shown(fake_services.services(tmp_path, settings=settings)) as pilot:
        await pilot.press(key)
        await pilot.pause()
        assert fake_services.asked(pilot) == []
        assert "READ-ONLY" in text_of(pilot.app)
        assert any("read-only: this console changes nothing here" in line for line in said(pilot))


async def test_the_cursor_holds_on_to_its_instance_once_moved_and_to_the_worst_before(tmp_path: Path) -> None:
    store = fake_services.sample_store()
    services = fake_services.services(tmp_path, store)
    async with shown(services) as pilot:
        calm = fake_services.named(store, "load-1")
        failing = replace(
            calm,
            name=clean("aaa-first"),
            checks=Checks(StatusCheck(CheckStatus.IMPAIRED)),
            events=(ScheduledEvent(clean("instance-stop")),),
        )
        store.apply(protocol.Delta(upserts=(failing,)))
        screen(pilot).fleet_changed()
        await pilot.pause()
        assert cursor(pilot) == "aaa-first"
        await pilot.press("j", "j")
        held = cursor(pilot)
        store.apply(protocol.Delta(removed=(failing.key,)))
        screen(pilot).fleet_changed()
        await pilot.pause()
        assert cursor(pilot) == held


async def test_a_name_typed_right_after_an_actions_key_runs_no_other_verb(tmp_path: Path) -> None:
    """Over a slow line keys arrive in one piece, and the question is not there yet."""
    async with shown(fake_services.services(tmp_path)) as pilot:
        driver = pilot.app._driver
        assert driver is not None
        for key in "sorders-2qb":
            driver.process_message(Key(key, key))
        await pilot.pause(0.3)
        assert [one.action for one in fake_services.asked(pilot) if isinstance(one, Act)] == ["stop-start"]
        assert len(fake_services.asked(pilot)) == 1
        await pilot.press("b")
        await pilot.pause()
        assert len(fake_services.asked(pilot)) == 2


async def test_marks_are_copied_and_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    services = fake_services.services(tmp_path)
    async with shown(services) as pilot:
        await pilot.press("space", "space")
        await pilot.pause()
        assert "2 marked" in text_of(pilot.app)
        await pilot.press("y", "x")
        await pilot.pause()
        ids = {str(row.instance_id) for row in screen(pilot).chosen()}
        assert set(pilot.app.clipboard.split()) == ids
        await pilot.press("escape")
        assert not screen(pilot).marks
        await pilot.press("2", "x")
        await pilot.pause()
    first, second = sorted(map(Path, glob(f"{tmp_path}/evac-*.csv")), key=lambda path: len(path.name))
    assert {row["instance_id"] for row in csv.DictReader(first.read_text().splitlines())} == ids
    rows = list(csv.DictReader(second.read_text().splitlines()))
    assert len(rows) == 78
    assert not [value for row in rows for value in row.values() if value.startswith(("=", "+", "-", "@"))]
    assert first.stat().st_mode & 0o777 == 0o600


async def test_a_folder_that_cannot_be_written_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    async with shown(fake_services.services(tmp_path)) as pilot:
        await pilot.press("x")
        await pilot.pause()
        assert any(line.startswith("export: ") for line in said(pilot))


async def test_hostile_names_are_drawn_as_marks(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        await pilot.press("2", "slash", *"HYPERLINK", "enter")
        await pilot.pause()
        drawn = text_of(pilot.app)
        assert '=HYPERLINK("x")[red]\N{REPLACEMENT CHARACTER}evil' in drawn
        assert "\x1b" not in drawn
        assert "\u202e" not in drawn


async def test_an_empty_triage_is_one_good_sentence(tmp_path: Path) -> None:
    store = Store()
    calm = fake_services.named(fake_services.sample_store(), "load-1")
    status = fake_services.sample_store().target(calm.target)
    store.apply(protocol.Delta(status, (calm,)))
    async with shown(fake_services.services(tmp_path, store)) as pilot:
        assert "The one instance answers its checks, and AWS has announced nothing." in text_of(pilot.app)


async def test_no_sentence_of_health_stands_beside_what_is_unread_partly_read_or_filtered_away(
    tmp_path: Path,
) -> None:
    def calm_store(*others: TargetStatus) -> Store:
        sample, store = fake_services.sample_store(), Store()
        for name in ("load-1", "load-2"):
            calm = fake_services.named(sample, name)
            store.apply(protocol.Delta(sample.target(calm.target), (calm,)))
        for other in others:
            store.apply(protocol.Delta(other))
        return store

    waiting = [TargetStatus(Target("p", f"r-{n}"), Phase.WAITING, (clean("p"),)) for n in range(40)]
    denied = Trouble(
        TroubleKind.DENIED,
        clean("may not ask which regions are enabled"),
        clean("allow it"),
        where=clean("p"),
    )
    partly = TargetStatus(
        Target("p", "r"), Phase.LIVE, (clean("p"),), count=0, status_at=fake_services.NOW, partial=(denied,)
    )
    for others, part in (
        (waiting, "Not read: 40 of 41 targets; 4 lists them"),
        (waiting[:1], "Not read: p/r-0"),
        ([partly], "Read in part: p: may not ask which regions are enabled"),
    ):
        async with shown(fake_services.services(tmp_path, calm_store(*others)), (100, 30)) as pilot:
            drawn = " ".join(text_of(pilot.app).split())
            assert "All " not in drawn
            assert "2 of 2 instances answer their checks" in drawn
            assert part in drawn
            await pilot.press("3")
            await pilot.pause()
            drawn = " ".join(text_of(pilot.app).split())
            assert "these 2 instances" not in drawn
            assert part in drawn
    async with shown(fake_services.services(tmp_path, calm_store()), (118, 30)) as pilot:
        await pilot.press("slash", *"laod", "enter")
        await pilot.pause()
        drawn = " ".join(text_of(pilot.app).split())
        assert "matches none of the 2 instances that are read: nothing has laod, did you mean load?" in drawn
        assert "answer their checks" not in drawn
        await pilot.press("slash", *["backspace"] * 4, *"load-1", "enter")
        await pilot.pause()
        assert "1 of 2 instances elsewhere does: 2 shows all" in " ".join(text_of(pilot.app).split())


@pytest.mark.parametrize("plain", [False, True])
async def test_a_target_that_answered_is_no_sign_of_health(tmp_path: Path, plain: bool) -> None:
    settings = replace(fake_services.SETTINGS, ascii=plain)
    async with shown(fake_services.services(tmp_path, settings=settings)) as pilot:
        await pilot.press("4")
        await pilot.pause()
        sign, well = ("v", "+") if plain else ("↓", "✔")
        drawn = text_of(pilot.app).splitlines()
        lines = [line for line in drawn if " account " in line and " instances" in line]
        assert lines
        for line in lines:
            assert f"{sign} PROD" in line or f"{sign} DATA" in line or f"{sign} STAGE" in line, line
            assert f" {well} " not in line
        assert any(f"{sign} read ? not" in line for line in drawn)


async def test_nothing_read_yet_is_not_nothing_wrong(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path, Store())) as pilot:
        drawn = text_of(pilot.app)
        assert "Reading the profiles" in drawn
        assert "announced nothing" not in drawn
        assert "live" not in drawn


async def test_a_failed_target_is_its_own_line_and_its_rows_are_not_drawn_healthy(tmp_path: Path) -> None:
    store = fake_services.sample_store()
    target = Target("staging", "ap-northeast-2")
    status = store.target(target)
    assert status is not None
    trouble = Trouble(
        TroubleKind.CREDENTIALS,
        clean("the SSO login has expired"),
        clean("aws sso login --profile staging"),
        where=clean("staging/ap-northeast-2"),
    )
    store.apply(protocol.Delta(replace(status, phase=Phase.FAILED, trouble=trouble)))
    async with shown(fake_services.services(tmp_path, store)) as pilot:
        assert "aws sso login --profile staging" in text_of(pilot.app)
        assert "7 unknown" in text_of(pilot.app)
        await pilot.press("2", "slash", *"load-", "enter")
        await pilot.pause()
        drawn = [
            line
            for line in text_of(pilot.app).splitlines()
            if "load-" in line and "i-0" in line and "running" in line
        ]
        assert len(drawn) == 5
        assert all("✔" not in line.split("load-")[1] and "? ok" in line for line in drawn)


async def test_a_collector_that_died_is_said_in_the_header(tmp_path: Path) -> None:
    services = fake_services.services(tmp_path)
    assert services.link is not None
    services.link.state = protocol.LinkState(
        protocol.LinkPhase.RESTARTING, clean("the collector died (signal 9)"), 1.0
    )
    for size in ((160, 50), (80, 24)):
        async with shown(services, size) as pilot:
            assert "NOT READING" in text_of(pilot.app)


async def test_refresh_asks_the_collector(tmp_path: Path) -> None:
    services = fake_services.services(tmp_path)
    async with shown(services) as pilot:
        await pilot.press("r")
        await pilot.pause()
        assert [one.kind for one in services.link.asked] == ["refresh"]  # type: ignore[union-attr]  # the stand-in's


async def test_a_tick_without_news_draws_nothing(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        drawn: list[object] = []
        table = pilot.app.screen.query_one(FleetTable)

        def counted(*regions: Region, **_: object) -> FleetTable:
            drawn.extend(regions)
            return table

        table.refresh = counted  # type: ignore[method-assign]  # counts instead
        screen(pilot).tick()
        assert drawn == []


async def test_a_name_above_the_preview_goes_when_the_terminal_becomes_narrow(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path), (160, 50)) as pilot:
        first = cursor(pilot)
        assert first in str(screen(pilot).query_one("#preview").border_title)
        await pilot.resize_terminal(80, 24)
        await pilot.press("j", "j")
        await pilot.pause()
        assert cursor(pilot) != first
        preview = text_of(pilot.app).splitlines()[-6:]
        assert not any(first in line for line in preview), preview  # not above another instance's advice


async def test_a_check_that_fails_for_hours_fits_its_cell(tmp_path: Path) -> None:
    services = fake_services.services(tmp_path)
    row = next(one for one in services.store.rows() if one.name == "warehouse-1")
    since = services.now() - timedelta(hours=2, minutes=7)
    checks = replace(row.checks, system=replace(row.checks.system, since=since))
    services.store.apply(protocol.Delta(upserts=(replace(row, checks=checks),)))
    async with shown(services, (80, 24)) as pilot:
        line = next(line for line in text_of(pilot.app).splitlines() if "warehouse-1" in line)
        assert "✖ system+2 2h " in line, line


async def test_in_a_tiny_terminal_the_worst_is_what_there_is_room_for(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path), (20, 5)) as pilot:
        await pilot.pause()
        drawn = text_of(pilot.app)
        assert "payments" in drawn
        assert "✖7" in drawn or "7 failing" in drawn
        assert "READ-WRITE" in drawn


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (300, 80)])
async def test_any_size_is_survived(tmp_path: Path, size: tuple[int, int]) -> None:
    async with shown(fake_services.services(tmp_path), size) as pilot:
        await pilot.press("j", "4", "slash", "a", "escape", "1")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "payments-db-1" in text_of(pilot.app)


async def test_plain_terminals_get_ascii_signs(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path, settings=Settings(ascii=True))) as pilot:
        line = next(
            line for line in text_of(pilot.app).splitlines() if "payments-db-1" in line and "running" in line
        )
        assert ">" in line
        assert "X system" in line
        assert "✖" not in text_of(pilot.app)


async def test_a_click_selects_and_a_second_opens(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        await pilot.click("#table", offset=(10, 4))  # within the frame: head, and two rows above it
        assert cursor(pilot) == "warehouse-1"
        await pilot.click("#table", offset=(10, 4), times=2)
        await pilot.pause()
        assert [one.place for one in fake_services.asked(pilot)] == ["detail"]


def _head(pilot: Pilot[Any]) -> str:
    return next(
        line
        for line in text_of(pilot.app).splitlines()
        if (" name " in line and "checks" in line) or "AMI" in line
    )


@pytest.mark.parametrize(("right", "left"), [("right", "left"), ("l", "h")])
async def test_columns_that_do_not_fit_are_reached_sideways_and_the_name_stays(
    tmp_path: Path, right: str, left: str
) -> None:
    async with shown(fake_services.services(tmp_path), (80, 24)) as pilot:
        assert "AMI" not in _head(pilot)
        assert _head(pilot).rstrip().endswith("→")
        for _ in range(12):
            await pilot.press(right)
        await pilot.pause()
        assert _head(pilot).startswith("←")
        assert "AMI" in _head(pilot)
        assert "→" not in _head(pilot)
        assert "payments-db-1" in text_of(pilot.app)
        for _ in range(12):
            await pilot.press(left)
        await pilot.pause()
        assert "AMI" not in _head(pilot)
        assert not _head(pilot).startswith("←")
        await pilot.press(right)
        await pilot.resize_terminal(220, 50)
        await pilot.pause()
        assert "←" not in _head(pilot)
        assert "→" not in _head(pilot)


async def test_a_target_s_line_ends_beside_the_scroll_bar_not_under_it(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path), (80, 24)) as pilot:
        await pilot.press("G")  # the targets that could not be read, with their remedies
        await pilot.pause()
        table = screen(pilot).table
        room = table.scrollable_size.width
        assert room < table.size.width, "there is no scroll bar to hide anything"
        for y in range(1, table.size.height):
            line = table.line_at(y)
            if line is not None and not isinstance(table.rows[line], Instance):
                assert table.render_line(y).text[room:].strip() == ""


async def test_a_rule_for_an_account_shows_before_anything_is_asked(tmp_path: Path) -> None:
    """Its number is the rule's name; under whichever profile it is read, its rows say read-only and their verbs are struck."""
    services = fake_services.services(tmp_path)
    row = fake_services.named(services.store, "payments-db-1")
    services.settings = replace(services.settings, profiles={row.account_id: ProfileSettings(read_only=True)})
    async with shown(services) as pilot:
        assert cursor(pilot) == "payments-db-1"
        assert text_of(pilot.app).splitlines()[-1].rstrip().endswith("READ-ONLY")
        await pilot.press("s")
        await pilot.pause()
        assert fake_services.asked(pilot) == []
        assert any("read-only" in one for one in said(pilot))
        await pilot.press("2", "slash", *"batch-14", "enter")
        await pilot.pause()
        assert text_of(pilot.app).splitlines()[-1].rstrip().endswith("READ-WRITE")
