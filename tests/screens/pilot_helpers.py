"""Driving a screen on its stage: read the terminal, wait for a condition."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.pilot import Pilot

from screens.base import KeyLine
from screens.detail.screen import DetailScreen
from tests.screens.fake_services import Stage

SMALL, LARGE = (80, 24), (160, 50)


def text_of(app: Stage) -> str:
    """What is on the terminal."""
    return "\n".join(
        "".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()
    )


async def until(pilot: Pilot[None], true: Callable[[], object]) -> None:
    """Wait for a condition, generously: other tests use the machine too."""
    async with asyncio.timeout(30):
        while not true():
            await pilot.pause(0.01)


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
