"""Hours of the week in which something may be begun, as the settings write them: `Sat,Sun 00:00-06:00 Asia/Seoul`.

A window is told by the clock on the wall of its zone. Where that clock leaves an hour out, a window that begins in it begins
after it; where it repeats one, a moment in it means the first time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from tui.domain.sanitize import clean
from tui.domain.time_format import to_utc

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
EXPECTED_HOURS = "write them as Sat,Sun 00:00-06:00 Asia/Seoul, several of them with ; between"
_WINDOW = re.compile(r"(?:(\S+) +)?(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)(?: +(\S+))?", re.ASCII)
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_DAYS_ON = 3
"""Days on which a window may begin that is open now: yesterday's, today's, and one more for a zone that is a day ahead."""
_AHEAD = 16
"""Days looked ahead: two weeks, for a window may be left out once by a clock that is put forward."""


class Window(Struct, frozen=True):
    """One range: on these weekdays (Monday is 0) from `begin` to `end`, in minutes since midnight by the clock of `zone`.

    With `end` at `begin` or before it the window ends on the day after.
    """

    days: tuple[int, ...]
    begin: int
    end: int
    zone: str


class Hours(Struct, frozen=True):
    """When something may be begun; without a window: always. `text` is what was written. All times are UTC."""

    text: str = ""
    windows: tuple[Window, ...] = ()

    def is_open(self, now: datetime) -> bool:
        """Whether it may be begun now."""
        return not self.windows or any(begin <= now < end for begin, end in self._near(now, _DAYS_ON))

    def next_open(self, now: datetime) -> datetime:
        """When it may be begun: now, if it may now. The end of the calendar where the windows never open."""
        if self.is_open(now):
            return now
        ahead = (begin for begin, _ in self._near(now, _AHEAD) if begin > now)
        return min(ahead, default=datetime.max.replace(tzinfo=UTC))

    def openings(self, now: datetime) -> list[tuple[datetime, datetime]]:
        """The windows of the next two weeks, from one that is open now on: when each begins and ends, the first first."""
        return sorted(one for one in self._near(now, _AHEAD) if one[1] > now)

    def end(self, now: datetime) -> datetime | None:
        """Until when it may be begun, windows that touch taken together; now, if it may not. None: not for two weeks."""
        if not self.windows:
            return None
        until = now
        for begin, end in sorted(self._near(now, _AHEAD)):
            if begin <= until < end:
                until = end
        return None if until - now > timedelta(days=_AHEAD - 2) else until

    def _near(self, now: datetime, days: int) -> Iterator[tuple[datetime, datetime]]:
        """The windows of so many days, from those that may have begun the day before."""
        for window in self.windows:
            try:
                first = now.astimezone(zone_named(window.zone)).date() - _DAY
                found = [_opened(window, first + number * _DAY) for number in range(days)]
            except OverflowError:  # at the ends of the calendar
                continue
            yield from (one for one in found if one is not None)


@lru_cache(1024)
def _opened(window: Window, day: date) -> tuple[datetime, datetime] | None:
    """When it is open that begins on this day, in UTC; None: it does not, or the clock leaves all of it out."""
    if day.weekday() not in window.days:
        return None
    zone = zone_named(window.zone)
    begin = _moment(day, window.begin, zone)
    end = _moment(day, window.end if window.end > window.begin else window.end + 24 * 60, zone)
    return (begin, end) if begin < end else None


@lru_cache(64)
def zone_named(name: str) -> tzinfo:
    """The zone of that name; UTC is there even without a zone database. ValueError says which name is none."""
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such name, a path, a folder of the database
        raise ValueError(
            f"{clean(name, 40)!r} is no time zone: write one such as Asia/Seoul, or UTC"
        ) from None


@lru_cache(256)
def read_hours(text: str) -> Hours:
    """What the settings say; empty: always. ValueError says what is expected."""
    told = clean(text, 400).strip()
    windows = tuple(_window(part.strip()) for part in told.split(";") if part.strip())
    if told and not windows:
        raise ValueError(f"{told!r} names no hours: {EXPECTED_HOURS}")
    return Hours(told, windows)


def _window(text: str) -> Window:
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} are no hours: {EXPECTED_HOURS}")
    begin, end = _minutes(found[2], found[3]), _minutes(found[4], found[5])
    if begin is None or end is None or begin == 24 * 60:
        raise ValueError(f"{text!r}: a time of day is 00:00 to 23:59, and 24:00 only as an end")
    if begin == end:
        raise ValueError(f"{text!r} begins when it ends: for a whole day write 00:00-24:00")
    zone = found[6] or "UTC"
    zone_named(zone)
    return Window(_days(found[1] or ""), begin, end, zone)


def _minutes(hour: str, minute: str) -> int | None:
    told = int(hour) * 60 + int(minute)
    return told if int(minute) < 60 and told <= 24 * 60 else None


def _days(text: str) -> tuple[int, ...]:
    if not text or text.casefold() == "daily":
        return tuple(range(7))
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        begin, end = _weekday(first, text), _weekday(last or first, text)
        found.update((begin + number) % 7 for number in range((end - begin) % 7 + 1))
    return tuple(sorted(found))


def _weekday(word: str, text: str) -> int:
    names = [one.casefold() for one in WEEKDAYS]
    if word.casefold() not in names:
        raise ValueError(
            f"{text!r} are no weekdays: write them as Sat,Sun or Mon-Fri ({', '.join(WEEKDAYS)})"
        )
    return names.index(word.casefold())


def _moment(day: date, minutes: int, zone: tzinfo) -> datetime:
    """That time of that day by the zone's clock, in UTC; one that the clock leaves out means the end of the gap."""
    day += _DAY * (minutes // (24 * 60))
    told = datetime.combine(day, time(minutes % (24 * 60) // 60, minutes % 60))
    for _ in range(24 * 60 + 1):
        moment = told.replace(tzinfo=zone).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None) == told:
            return moment
        told += _MINUTE
    return to_utc(told.replace(tzinfo=zone))
