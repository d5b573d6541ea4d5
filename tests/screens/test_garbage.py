"""Closed screens leave memory, whichever was opened upon which, and what they drew with them."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from screens.garbage import COLLECT_AFTER, MANY, Tidying


class Page(Screen[None]):
    """Something to draw."""

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static("text\n" * 50)


@pytest.fixture(autouse=True)
def _as_the_console_has_it() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    yield
    gc.set_threshold(*before)


@pytest.fixture(autouse=True, scope="module")
def _all_can_be_collected() -> Iterator[None]:
    """What apps froze here, and did not leave before they ended, is let go; then the tests are set apart again."""
    yield
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def known(app: Tidying[Any]) -> list[weakref.ref[Any]]:
    """The screen on top, its parts, and what they keep of what they drew."""
    screen = app.screen
    parts = [screen, *screen.walk_children()]
    return [weakref.ref(one) for one in (*parts, *(part._styles_cache for part in parts))]  # type: ignore[attr-defined] # a widget's


@pytest.mark.parametrize("depth", [1, 2, 3])
async def test_closed_screens_leave_memory(depth: int) -> None:
    app: Tidying[None] = Tidying()
    async with app.run_test() as pilot:
        app.settle()
        refs: list[weakref.ref[Any]] = []
        for _ in range(3):
            for _ in range(depth):
                await app.push_screen(Page())
                await pilot.pause()
                refs += known(app)
            for _ in range(depth):
                await app.pop_screen()
            await pilot.pause(3 * COLLECT_AFTER)
        assert [ref() for ref in refs if ref() is not None] == []


async def test_a_screen_that_is_held_for_a_while_after_it_was_closed_leaves_memory_too() -> None:
    app: Tidying[None] = Tidying()
    async with app.run_test() as pilot:
        app.settle()
        held = Page()
        await app.push_screen(held)
        await pilot.pause()
        refs = known(app)
        await app.pop_screen()
        await pilot.pause(3 * COLLECT_AFTER)  # looked for while it is held
        del held
        await app.push_screen(Page())
        await pilot.pause()
        await app.pop_screen()
        await pilot.pause(3 * COLLECT_AFTER)
        assert [ref() for ref in refs if ref() is not None] == []


async def test_while_somebody_types_it_waits_but_not_for_ever() -> None:
    app: Tidying[None] = Tidying()
    async with app.run_test() as pilot:
        app.settle()
        refs: list[weakref.ref[Any]] = []
        for _ in range(MANY + 2):
            await app.push_screen(Page())
            await pilot.press("x")
            refs += known(app)
            await app.pop_screen()
            await pilot.press("x")
        await pilot.pause(COLLECT_AFTER / 2)
        for _ in range(20):
            await pilot.press("x")
            await pilot.pause(COLLECT_AFTER / 5)
        assert len([ref for ref in refs if ref() is not None]) < len(refs) / 2
