"""With marks set a verb means the marked; what is marked and not seen is counted, and named in every question."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Static

from screens.base import Act, PlanMany
from screens.fleet.marked_question import WhichQuestion
from screens.fleet.screen import FleetScreen
from screens.which_action import ActionQuestion
from tests.screens import fake_services
from tests.screens.fleet_pilot import cursor, said, screen, shown
from tests.screens.pilot_helpers import lines_of, until
from tui.commands import INPUT_MODE
from tui.config.schema import Settings
from tui.domain.instance import Instance, InstanceState
from tui.domain.sanitize import clean
from tui.fleet import protocol


def acts(pilot: Pilot[None]) -> list[tuple[str, str]]:
    """What was asked for: the action, and of which instance."""
    app = pilot.app
    assert isinstance(app, fake_services.Stage)
    assert isinstance(app.shown, FleetScreen)
    store = app.shown.services.store
    found = [(one.action, store.get(one.key)) for one in fake_services.asked(pilot) if isinstance(one, Act)]
    return [(action, str(row.name)) for action, row in found if row is not None]


def planned(pilot: Pilot[None]) -> list[tuple[str, tuple[str, ...]]]:
    """The campaigns that were asked for: the action, and the names in their order."""
    assert isinstance(pilot.app, fake_services.Stage)
    assert isinstance(pilot.app.shown, FleetScreen)
    store = pilot.app.shown.services.store
    found = [one for one in fake_services.asked(pilot) if isinstance(one, PlanMany)]
    return [
        (one.action, tuple(str(row.label) for key in one.keys if (row := store.get(key)) is not None))
        for one in found
    ]


def said_in(pilot: Pilot[None]) -> str:
    """The texts of the question."""
    return "\n".join(str(one.render()) for one in pilot.app.screen.query(Static) if one.display)


async def test_one_marked_is_the_one_that_is_meant(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        await pilot.press("3")
        table = screen(pilot).table
        table.go(next(at for at, row in enumerate(table.rows) if getattr(row, "name", "") == "web-7"))
        await pilot.press("space", "j")
        assert cursor(pilot) != "web-7"
        for key in ("s", "b", "i", "t"):
            await pilot.press(key)
            await pilot.pause()
        wanted = ["stop-start", "reboot", "image", "reschedule"]
        await until(pilot, lambda: acts(pilot) == [(one, "web-7") for one in wanted])


async def test_what_a_filter_hides_is_counted_at_every_width(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path), (80, 24)) as pilot:
        await pilot.press("2", "space", "space", "space")
        await pilot.pause()
        assert "3 marked (" in "\n".join(lines_of(pilot.app))
        await pilot.press("/", *"load-1", "enter")
        for size in ((80, 24), (80, 12), (120, 35), (160, 50), (60, 20), (40, 10)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert "3 marked, 3 not in this view" in "\n".join(lines_of(pilot.app)), size


async def test_several_marked_are_named_and_the_one_under_the_cursor_is_offered_too(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path), (80, 24)) as pilot:
        await pilot.press("space", "space", "space")
        names = [str(row.label) for row in screen(pilot).chosen()]
        under = cursor(pilot)
        assert under not in names
        await pilot.press("b")
        await until(pilot, lambda: isinstance(pilot.app.screen, WhichQuestion))
        await pilot.pause()
        text = said_in(pilot)
        assert "3 marked: " + ", ".join(names) in text
        assert f" c  {under}" in text
        assert "which is not marked" in text
        for other in ("y", "enter", "s", "ㅊ"):
            await pilot.press(other)
        await pilot.pause()
        assert f"only m, c and esc answer; {INPUT_MODE}" in said_in(pilot)
        assert acts(pilot) == []
        await pilot.press("c")
        await until(pilot, lambda: acts(pilot) == [("reboot", under)])


async def test_esc_sends_nothing_and_says_so(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        await pilot.press("space", "space", "s")
        await until(pilot, lambda: isinstance(pilot.app.screen, WhichQuestion))
        await pilot.press("escape")
        await until(pilot, lambda: "nothing was sent: Stop and start" in " ".join(said(pilot)))
        assert acts(pilot) == []
        assert len(screen(pilot).marks) == 2


@pytest.mark.parametrize("size", [(80, 12), (80, 6), (30, 9), (160, 50)])
async def test_it_is_answered_only_where_it_is_seen(tmp_path: Path, size: tuple[int, int]) -> None:
    async with shown(fake_services.services(tmp_path), size) as pilot:
        await pilot.press("2", *["space"] * 20, "s")
        await until(pilot, lambda: isinstance(pilot.app.screen, WhichQuestion))
        await pilot.pause()
        text = "\n".join(lines_of(pilot.app))
        await pilot.press("c")
        await pilot.pause()
        assert bool(acts(pilot)) is ("under the cursor" in text.replace("\n", " ")), text
        assert acts(pilot) or "nothing is asked" in text


async def test_views_orders_and_filters_never_mark(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        await pilot.press("space", "space")
        before = screen(pilot).marks.keys
        for key in ("2", "S", "3", "4", "S", "1"):
            await pilot.press(key)
            assert screen(pilot).marks.keys == before
        await pilot.press("/", *"web", "enter")
        assert screen(pilot).marks.keys == before
        await pilot.press("escape")
        assert screen(pilot).marks.keys == before
        await pilot.press("escape")
        assert not screen(pilot).marks


async def test_a_marked_one_that_is_gone_is_unmarked_and_named(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        store = screen(pilot).services.store
        await pilot.press("space", "space")
        gone, left = screen(pilot).chosen()
        store.apply(protocol.Delta(removed=(gone.key,)))
        screen(pilot).fleet_changed()
        await pilot.pause()
        assert f"{gone.label} is no longer in the list" in " ".join(said(pilot))
        assert screen(pilot).marks.keys == {left.key}


async def test_a_marked_one_that_was_terminated_stays_marked_and_cannot_be_acted_on(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        store = screen(pilot).services.store
        await pilot.press("space")
        (row,) = screen(pilot).chosen()
        store.apply(protocol.Delta(upserts=(replace(row, state=InstanceState.TERMINATED),)))
        screen(pilot).fleet_changed()
        await pilot.press("b")
        await until(pilot, lambda: "it is terminated" in " ".join(said(pilot)))
        assert acts(pilot) == []


async def test_read_only_opens_the_plan_and_not_the_question_of_one(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path, settings=Settings(read_only=True))) as pilot:
        await pilot.press("space", "space", "b")
        await until(pilot, lambda: isinstance(pilot.app.screen, WhichQuestion))
        await pilot.press("c")
        await pilot.pause()
        assert "read-only: this console changes nothing here" in said_in(pilot)
        await pilot.press("m")
        await until(pilot, lambda: len(planned(pilot)) == 1)
        assert acts(pilot) == []


async def test_a_question_says_what_is_marked_beside_it(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        store, marks = screen(pilot).services.store, screen(pilot).marks
        web, load = fake_services.named(store, "web-7"), fake_services.named(store, "load-1")
        assert marks.note(web.key, "web-7") == ""
        marks.toggle(web)
        assert marks.note(web.key, "web-7") == "it is the one marked"
        assert "This is about load-1 alone, which is not marked" in marks.note(load.key, "load-1")
        marks.toggle(load)
        marks.settle(store, [load.key])
        assert marks.note(load.key, "load-1") == (
            "2 marked, 1 not in this view: web-7 (not in this view), load-1. This is about load-1 alone"
        )
        store.apply(protocol.Delta(upserts=(replace(web, name=clean("web-8")),)))
        assert [row.label for row in marks.rows(store)] == ["web-8", "load-1"]


def listed(pilot: Pilot[None]) -> list[Instance]:
    return [row for row in screen(pilot).table.rows if isinstance(row, Instance)]


async def test_a_star_marks_all_of_the_view_and_takes_that_back(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path), (80, 24)) as pilot:
        await pilot.press("space", "2", "/", *"web", "enter", "asterisk")
        marks, rows = screen(pilot).marks, listed(pilot)
        assert len(rows) > 2
        assert {row.key for row in rows} <= marks.keys
        before = len(marks)
        assert f"{before} marked" in "\n".join(lines_of(pilot.app))
        await pilot.press("escape")
        assert len(marks) == before  # what the filter shows again is not marked by that
        await pilot.press("/", *"web", "enter", "asterisk")
        assert not {row.key for row in rows} & marks.keys
        assert len(marks) == before - len(rows)


@pytest.mark.parametrize(("anchor", "cursor_at"), [(2, 6), (6, 2), (None, 3)])
async def test_v_marks_up_to_the_cursor(tmp_path: Path, anchor: int | None, cursor_at: int) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        await pilot.press("2")
        table, rows = screen(pilot).table, listed(pilot)
        if anchor is not None:
            table.go(anchor)
            await pilot.press("space")
        table.go(cursor_at)
        await pilot.press("V")
        start, end = sorted((anchor or 0, cursor_at))
        assert screen(pilot).marks.keys == {row.key for row in rows[start : end + 1]}
        assert screen(pilot).marks.last == rows[cursor_at].key
        await pilot.press("escape")
        assert not screen(pilot).marks


async def test_m_plans_a_campaign_of_the_marked_in_their_order(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path), (80, 24)) as pilot:
        await pilot.press("2", "/", *"state:running", "enter", "space", "space", "space")
        names = tuple(str(row.label) for row in screen(pilot).chosen())
        await pilot.press("s")
        await until(pilot, lambda: isinstance(pilot.app.screen, WhichQuestion))
        await pilot.press("m")
        await until(pilot, lambda: planned(pilot) == [("stop-start", names)])
        assert acts(pilot) == []


async def test_where_a_key_stands_for_several_actions_it_is_asked_which(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path), (80, 24)) as pilot:
        await pilot.press("2", "space", "space", "A")
        await until(pilot, lambda: isinstance(pilot.app.screen, WhichQuestion))
        await pilot.press("m")
        await until(pilot, lambda: isinstance(pilot.app.screen, ActionQuestion))
        await pilot.press("2")
        await until(pilot, lambda: [action for action, _ in planned(pilot)] == ["reboot-alarm"])


async def test_start_is_meant_where_all_marked_are_stopped(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        store = screen(pilot).services.store
        rows = [replace(row, state=InstanceState.STOPPED) for row in store.rows()[:3]]
        store.apply(protocol.Delta(upserts=tuple(rows)))
        screen(pilot).marks.add(rows)
        screen(pilot).fleet_changed()
        await pilot.press("s")
        await until(pilot, lambda: isinstance(pilot.app.screen, WhichQuestion))
        await pilot.press("m")
        await until(pilot, lambda: [action for action, _ in planned(pilot)] == ["start"])
