"""Driving a screen: read the terminal or one widget of it, wait for a condition, go to a tab."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.errors import NoWidget
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widget import Widget

from screens.base import KeyLine
from screens.detail.screen import DetailScreen
from tests.screens.fake_services import Stage

SMALL, LARGE = (80, 24), (160, 50)


def strips_of(app: App[Any]) -> list[Strip]:
    """The lines of the terminal, with their styles. Textual has no public name for them."""
    return app.screen._compositor.render_strips()


def lines_of(app: App[Any]) -> list[str]:
    """The lines of the terminal."""
    return [strip.text for strip in strips_of(app)]


def text_of(app: App[Any]) -> str:
    """What is on the terminal."""
    return "\n".join(lines_of(app))


def widget_text(app: App[Any], *selectors: str) -> str:
    """The cells that each of these widgets has on the terminal: as they are drawn, wrapped and cut off there, borders
    included. A widget that is there and not displayed has none; so has one that is not there."""
    strips, parts = strips_of(app), []
    for selector in selectors:
        parts.append(f"-- {selector}")
        for widget in app.screen.query(selector).results(Widget):
            try:
                seen = app.screen.find_widget(widget).visible_region
            except NoWidget:
                continue
            parts += [strips[y].crop(seen.x, seen.right).text.rstrip() for y in seen.line_range]
    return "\n".join(parts)


async def until(pilot: Pilot[None], true: Callable[[], object]) -> None:
    """Wait for a condition, generously: other tests use the machine too."""
    try:
        async with asyncio.timeout(60):
            while not true():
                await pilot.pause(0.01)
    except TimeoutError:
        raise AssertionError(f"never came; the terminal shows\n{text_of(pilot.app)}") from None


async def settled(pilot: Pilot[None]) -> None:
    """The screen is there and has its answers; what they changed is drawn."""
    app = pilot.app
    assert isinstance(app, Stage)
    screen = app.shown
    await until(pilot, lambda: screen.is_attached and screen.query(KeyLine))
    if isinstance(screen, DetailScreen):
        known, link = screen.known, screen.services.link
        await until(pilot, lambda: link is None or known.row is None or known.facts or known.trouble)
    await app.workers.wait_for_complete()
    await pilot.pause()


async def tab(pilot: Pilot[None], screen: DetailScreen, name: str) -> None:
    while screen.tab != name:
        await pilot.press("right")
    await settled(pilot)
