"""The help screen: everything that can be pressed or typed is on it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from screens.help import EXAMPLES, MOVING, HelpScreen, keys, language, mode
from tests.screens.fake_services import SETTINGS, Stage, services
from tests.screens.pilot_helpers import LARGE, SMALL, settled, text_of, until
from tui.commands import VERBS, shown_key
from tui.config.schema import Settings
from tui.config.sections import ProfileSettings
from tui.domain.query import FIELDS, Query, parse_query
from tui.presentation.ascii import in_ascii
from tui.presentation.symbols import LEVELS


def test_every_verb_is_there_with_its_key_and_help() -> None:
    rows = {row.text: row.label for row in keys()}
    for verb in VERBS.values():
        assert rows[f"{verb.title}: {verb.help}"] == shown_key(verb)


def test_the_language_and_the_signs_are_whole() -> None:
    labels = {row.label.removesuffix(":") for row in language()}
    assert set(FIELDS) <= labels
    for sign in LEVELS.values():
        assert f"{sign.symbol} {sign.word}" in labels
    assert {in_ascii(sign.symbol) for sign in LEVELS.values()} == set(
        "X!*?+"
    )  # told apart without colour, too


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_can_be_read(example: str) -> None:
    assert isinstance(parse_query(example), Query)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (Settings(), "READ-WRITE"),
        (Settings(read_only=True), "READ-ONLY"),
        (Settings(demo=True), "DEMO"),
    ],
)
def test_the_mode_is_told(settings: Settings, told: str) -> None:
    assert told in [row.label for row in mode(settings)]


def test_profiles_that_may_not_be_changed_are_named() -> None:
    settings = Settings(profiles={"audit": ProfileSettings(read_only=True)}, locked_profiles=("prod*",))
    text = " ".join(row.text for row in mode(settings))
    assert "config file: audit" in text
    assert "site policy: prod*" in text


async def test_two_columns_where_there_is_room(tmp_path: Path) -> None:
    app = Stage(HelpScreen(services(tmp_path)))
    async with app.run_test(size=LARGE) as pilot:
        await settled(pilot)
        first, second = app.screen.query_one("#first"), app.screen.query_one("#second")
        assert first.region.y == second.region.y
        assert "q quit" in text_of(app)


async def test_at_80_columns_everything_is_reached_by_scrolling(tmp_path: Path) -> None:
    app = Stage(HelpScreen(services(tmp_path)))
    seen = ""
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        body = app.screen.query_one("#body")

        def below(line: int) -> bool:
            return body.scroll_offset.y > line

        while True:
            seen += text_of(app)
            if body.scroll_offset.y >= body.max_scroll_y:
                break
            before = body.scroll_offset.y
            await pilot.press("pagedown")
            await until(pilot, partial(below, before))
        await pilot.press("g")
        await until(pilot, lambda: body.scroll_offset.y == 0)
        await pilot.press("j", "down", "k")
        await until(pilot, lambda: body.scroll_offset.y == 1)
    for verb in VERBS.values():
        assert verb.title in seen
    for word in (*MOVING, *EXAMPLES, *(sign.word for sign in LEVELS.values())):
        assert word in seen


@pytest.mark.parametrize("key", ["escape", "question_mark"])
async def test_it_closes(tmp_path: Path, key: str) -> None:
    screen = HelpScreen(services(tmp_path))
    app = Stage(screen)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press(key)
        await until(pilot, lambda: app.screen is not screen)


async def test_in_ascii(tmp_path: Path) -> None:
    app = Stage(HelpScreen(services(tmp_path, settings=Settings(timezone=SETTINGS.timezone, ascii=True))))
    async with app.run_test(size=LARGE) as pilot:
        await settled(pilot)
        shown = text_of(app)
    assert "enter" in shown
    assert shown.isascii()
