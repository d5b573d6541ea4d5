"""Notifications that cannot stop the console.

Textual's timer never ends its loop when its delay is negative (textual/timer.py, `_run`: the next moment stays in the past), and
a toast is given what is left of its notification: less than nothing, if that ran out while the toast was being made. The whole
console then stands still. Here something is always left.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from time import time
from typing import Any, TypeVar

from textual.app import App
from textual.notifications import Notification, Notify, SeverityLevel

UNSEEN = 10
"""Notices that are kept while nobody sees the screen, the newest."""
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
    """An app whose notifications are Notices, and that keeps them while nobody sees its screen."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._unseen: deque[Notice] = deque(maxlen=UNSEEN)

    @property
    def is_unseen(self) -> bool:
        """Whether somebody else has the terminal: a notice would have run out before anybody reads it."""
        return False

    def show_unseen(self) -> None:
        """Show what was kept, each text once, from now on."""
        kept, told = list(self._unseen), set[str]()
        self._unseen.clear()
        for notice in kept:
            if notice.message not in told:
                told.add(notice.message)
                self.post_message(Notify(replace(notice, raised_at=time())))

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
        notice = Notice(message, title, severity, seconds, markup=markup)
        if self.is_unseen:
            self._unseen.append(notice)
        else:
            self.post_message(Notify(notice))
