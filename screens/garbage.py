"""Frees closed screens. They are cycles (a widget and its styles know each other), which only the garbage collector finds.

It is kept from looking by itself (tui/app.py), since it would look through everything. What is there at the start is set apart
(`gc.freeze`), and so only what has come since is looked through when a screen was closed and nobody types. Nothing is set apart
then: a screen just closed may still be held, by a timer about to end say, and would never be found again. Now and then, after a
pause, everything is looked through and set apart anew.
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import time

from textual import events
from textual.app import App, ReturnType
from textual.await_complete import AwaitComplete

from screens.textual_compat import share_styles

COLLECT_AFTER = 0.3
"""Seconds without a key after which what was closed is collected."""
MANY = 8
"""Screens that were closed meanwhile, after which nobody waits for such a pause any more."""
THOROUGH = 300.0
"""Seconds between two looks through everything, while nobody types."""
COLLECT_EVERY = 20.0
"""Seconds without a key that count as nobody typing."""
share_styles()


class Tidying(App[ReturnType]):
    """An app whose closed screens do not stay in memory. It begins with `settle`; before that it leaves memory alone."""

    _settled_at: float | None = None
    _typed_at = 0.0
    _to_collect = 0

    def settle(self) -> None:
        """Freeze what is alive now (`gc.freeze`), so that later collections skip it."""
        gc.collect()
        gc.freeze()
        gc.enable()
        if self._settled_at is None:
            self.set_interval(COLLECT_EVERY, self._look_through)
        self._settled_at = time.monotonic()

    async def on_event(self, event: events.Event) -> None:
        """As App's; it notes when somebody typed."""
        if isinstance(event, events.InputEvent):
            self._typed_at = time.monotonic()
        await super().on_event(event)

    def pop_screen(self) -> AwaitComplete:
        if self._settled_at is not None:
            self._to_collect += 1
            self._soon()
        return super().pop_screen()

    def _soon(self) -> None:
        """Not by a timer of Textual's: that belongs to the screen that is just being left, and would keep it."""
        asyncio.get_running_loop().call_later(COLLECT_AFTER, self._collect, context=contextvars.Context())

    def _collect(self) -> None:
        if not self._to_collect:
            return
        if self._to_collect < MANY and time.monotonic() - self._typed_at < COLLECT_AFTER:
            self._soon()
            return
        self._to_collect = 0
        gc.collect()

    def _look_through(self) -> None:
        now = time.monotonic()
        if (
            self._settled_at is not None
            and now - self._settled_at > THOROUGH
            and now - self._typed_at > COLLECT_EVERY
        ):
            gc.unfreeze()
            self.settle()
