"""A notification whose time runs out while its toast is being made must not stop the console."""

from __future__ import annotations

import time

from textual.widgets._toast import Toast

from screens.notifications import NOTIFY_AFTER, Notice, Noticing
from tui.app import EvacApp


def test_of_one_that_is_over_something_is_left() -> None:
    over = Notice("x", timeout=-0.001)
    assert over.has_expired
    assert over.time_left == NOTIFY_AFTER
    assert not Notice("x", timeout=60).has_expired


async def test_a_toast_that_comes_too_late_goes_and_the_app_lives() -> None:
    """With Textual's own notification this test would never end."""
    app: Noticing[None] = Noticing()
    async with app.run_test() as pilot:
        await app.screen.mount(Toast(Notice("x", timeout=-0.001)))
        until = time.monotonic() + 60
        while app.screen.query(Toast):
            assert time.monotonic() < until
            await pilot.pause(0.02)


async def test_what_is_said_is_such_a_notice() -> None:
    assert issubclass(EvacApp, Noticing)
    app: Noticing[None] = Noticing()
    async with app.run_test() as pilot:
        app.screen.notify("from a widget", markup=False)
        app.notify("from the app", title="t", severity="warning", timeout=30)
        await pilot.pause()
        kept = list(app._notifications)
        assert [(type(one), one.message, one.severity) for one in kept] == [
            (Notice, "from a widget", "information"),
            (Notice, "from the app", "warning"),
        ]
