"""How a screen looks, compared with how it looked: text of single widgets, pictures where only colours tell."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from textual.pilot import Pilot
from textual.widgets import Input

from screens.base import KeyLine
from tests.screens.fake_services import Stage
from tests.screens.pilot_helpers import widget_text


class Looks(Protocol):
    """Compares the text of `widgets`, and with `picture` the whole screen as well, with what was kept.

    `before` brings the screen into its state. `picture`: "colours" leaves out the key line, so that a word in it changes no
    picture of a state; "screen" is everything. `make snapshots` keeps what there is now.
    """

    def __call__(
        self,
        app: Stage,
        size: tuple[int, int],
        *widgets: str,
        before: Callable[[Pilot[None]], Awaitable[None]] | None = None,
        picture: str = "",
    ) -> None: ...


def comparing(snapshot: Any, snap_compare: Callable[..., bool]) -> Looks:
    """For the fixture `looks`: with syrupy's and pytest-textual-snapshot's fixtures."""

    def compare(
        app: Stage,
        size: tuple[int, int],
        *widgets: str,
        before: Callable[[Pilot[None]], Awaitable[None]] | None = None,
        picture: str = "",
    ) -> None:
        told: list[str] = []

        async def reached(pilot: Pilot[None]) -> None:
            await pilot.pause()
            if before is not None:
                await before(pilot)
            for field in app.screen.query(Input):
                field.cursor_blink = False  # a cursor that blinks is not the same twice
            await pilot.pause()
            told.append(widget_text(app, *widgets))
            if picture == "colours":
                for line in (line for screen in app.screen_stack for line in screen.query(KeyLine)):
                    line.display = False

        async def run() -> None:
            async with app.run_test(size=size) as pilot:
                await reached(pilot)

        same = True
        if picture:
            same = snap_compare(app, terminal_size=size, run_before=reached)
        else:
            asyncio.run(run())
        assert told == [snapshot(name="text")]
        assert same, "the picture differs: see snapshot_report.html"

    return compare
