"""Notifications that cannot stop the console.

Textual's timer never ends its loop when its delay is negative (textual/timer.py, `_run`: the next moment stays in the past), and
a toast is given what is left of its notification: less than nothing, if that ran out while the toast was being made. The whole
console then stands still. Here something is always left.
"""

from __future__ import annotations

from typing import TypeVar

from textual.app import App
from textual.notifications import Notification, Notify, SeverityLevel

NOTIFY_AFTER = 0.05
"""Seconds a toast is shown at least."""
ReturnType = TypeVar("ReturnType")


class Notice(Notification):
    """Textual's, of which never less than nothing is left."""

    @property
    def time_left(self) -> float:
        """Seconds it is still to be shown."""
        return max(super().time_left, NOTIFY_AFTER)

    @property
    def has_expired(self) -> bool:
        return super().time_left <= 0


class Noticing(App[ReturnType]):
    """An app whose notifications are Notices."""

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """As App's; it may be called from any thread."""
        seconds = self.NOTIFICATION_TIMEOUT if timeout is None else timeout
        self.post_message(Notify(Notice(message, title, severity, seconds, markup=markup)))
