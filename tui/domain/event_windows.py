"""Event windows: the hours that somebody set aside for what AWS schedules. They move nothing that is scheduled already.

Sources: EC2 user guide, event-windows; botocore model, InstanceEventWindow.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec import Struct

from tui.domain.sanitize import EMPTY, SafeText

DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
"""AWS's names of the days, from the first of its week."""
_WEEK = 7 * 24


class WindowHours(Struct, frozen=True, gc=False):
    """A range of each week, in UTC: days count from 0, Sunday; it ends at the hour `end_hour`."""

    start_day: int
    start_hour: int
    end_day: int
    end_hour: int

    @property
    def words(self) -> str:
        """`Sat 00:00–06:00`, `Sat 22:00 – Sun 04:00`."""
        start, end = f"{_day(self.start_day)} {self.start_hour:02}:00", f"{self.end_hour:02}:00"
        return f"{start}–{end}" if self.start_day == self.end_day else f"{start} – {_day(self.end_day)} {end}"

    def holds(self, when: datetime) -> bool:
        """Whether that time lies in it."""
        told = when.astimezone(UTC)
        begin, end = self.start_day * 24 + self.start_hour, self.end_day * 24 + self.end_hour
        at = timedelta(days=told.isoweekday() % 7, hours=told.hour, minutes=told.minute, seconds=told.second)
        hour = at / timedelta(hours=1)
        return (hour - begin) % _WEEK < (end - begin) % _WEEK


class EventWindow(Struct, frozen=True, gc=False):
    """A window that an instance is associated with, by its id, a tag or its host. `cron` where it has no ranges."""

    window_id: SafeText
    name: SafeText = EMPTY
    state: SafeText = EMPTY
    hours: tuple[WindowHours, ...] = ()
    cron: SafeText = EMPTY

    @property
    def words(self) -> str:
        """The window's name with its times: `nights (Sat 00:00–06:00 UTC)`."""
        when = ", ".join(one.words for one in self.hours)
        told = f"{when} UTC" if when else f"cron {self.cron} UTC" if self.cron else "no hours are set"
        return f"{self.name or self.window_id} ({told})"

    def holds(self, when: datetime) -> bool | None:
        """Whether that time lies in it; None: AWS's page does not say where an hour of a cron expression ends."""
        return any(one.holds(when) for one in self.hours) if self.hours else None


def _day(number: int) -> str:
    return DAYS[number % 7][:3].capitalize()
