"""Texts on the detail screen: others' words are drawn raw, our own signs have an ASCII form."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from msgspec.structs import replace

from screens.detail.screen import TABS, DetailScreen
from tests.screens.detail_pilot import opened, planned
from tests.screens.fake_services import SETTINGS, Stage, named, sample_store, services
from tests.screens.pilot_helpers import LARGE, SMALL, settled, tab, text_of
from tui.config.schema import Settings
from tui.domain.sanitize import clean
from tui.fleet import protocol
from tui.presentation.ascii import in_ascii


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_a_hostile_name_is_drawn_raw(tmp_path: Path, size: tuple[int, int]) -> None:
    store = sample_store()
    hostile = next(row for row in store.rows() if "[red]" in row.name)
    tags = ((clean("[bold]k\x1b[2J"), clean("[link=https://x]v\x07\u202e")),)
    store.apply(protocol.Delta(upserts=(replace(hostile, tags=tags),)))
    given = services(tmp_path, store)
    screen = DetailScreen(given, hostile.key)
    app = Stage(screen)
    async with app.run_test(size=size) as pilot:
        for name in TABS:
            await tab(pilot, screen, name)
            shown = text_of(app)
            assert '=HYPERLINK("x")[red]' in shown
            assert not any(char in shown for char in "\x1b\x07\x9b\u202e")
            if name == "tags":
                assert "[bold]k\N{REPLACEMENT CHARACTER}[2J" in shown
                assert "[link=https://x]v" in shown


async def test_a_long_name_leaves_room_for_the_id(tmp_path: Path) -> None:
    store = sample_store()
    row = named(store, "web-1")
    store.apply(protocol.Delta(upserts=(replace(row, name=clean("x" * 255)),)))
    screen = DetailScreen(services(tmp_path, store), row.key)
    app = Stage(screen)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert f"…  {row.instance_id}  PROD 1111-2222-3333" in text_of(app).splitlines()[0]


async def test_a_colour_that_does_not_exist_is_no_crash(tmp_path: Path) -> None:
    profile = SETTINGS.profile("prod")
    odd = Settings(
        timezone="Asia/Seoul", profiles={"prod": type(profile)(label="[b]P\x1b[31m", color="no_such_colour")}
    )
    app, _, _ = opened(tmp_path, "web-1", settings=odd)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert "[b]P" in text_of(app)
        assert "\x1b" not in text_of(app)


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_our_own_signs_have_an_ascii_form(tmp_path: Path, size: tuple[int, int]) -> None:
    plain = Settings(timezone="Asia/Seoul", ascii=True)
    app, screen, given = opened(tmp_path, "payments-db-1", settings=plain)
    assert given.journal is not None
    planned(given.journal, named(given.store, "payments-db-1"), 10)
    async with app.run_test(size=size) as pilot:
        for name in TABS:
            await tab(pilot, screen, name)
            shown = text_of(app)
            left = {char for char in shown if not char.isascii()}
            assert not left, f"{left} on {name}"
        assert "X failing" in shown


async def test_a_narrow_terminal_in_ascii_cuts_without_signs(tmp_path: Path) -> None:
    app, screen, _ = opened(tmp_path, "payments-db-1", settings=Settings(timezone="Asia/Seoul", ascii=True))
    async with app.run_test(size=(40, 12)) as pilot:
        for name in TABS:
            await tab(pilot, screen, name)
            assert text_of(app).isascii()


async def test_what_is_stored_in_the_journal_is_drawn_raw(tmp_path: Path) -> None:
    app, screen, given = opened(tmp_path, "web-1")
    assert given.journal is not None
    name = planned(given.journal, named(given.store, "web-1"), 10)
    with sqlite3.connect(given.journal.path) as db:
        db.execute("UPDATE operation SET note=?, title=? WHERE id=?", ("[red]a\x1b[31mb", "\x9bt", name))
    db.close()
    async with app.run_test(size=SMALL) as pilot:
        await tab(pilot, screen, "history")
        shown = text_of(app)
    assert "[red]a\N{REPLACEMENT CHARACTER}[31mb" in shown
    assert not any(one in shown for one in "\x1b\x9b")


def test_ascii_leaves_others_letters_alone() -> None:
    assert in_ascii("✖ 서울 …") == "X 서울 ~"
