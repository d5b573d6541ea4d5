"""Times as words: relative first, both zones in full. Durations as people type them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_PART = re.compile(r"(\d{1,6})([smhdw])", re.ASCII)
_WHOLE = re.compile(r"(?:\d{1,6}[smhdw])+", re.ASCII)


_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_FAR = timedelta(days=300)
"""So far away a date without its year means another one."""


def to_utc(dt: datetime) -> datetime:
    """In UTC; a time without a zone is UTC's. The calendar ends at year 9999: what lies beyond is its last (or first) moment."""
    if dt.tzinfo is None:
        return dt.replace(tzinfo=UTC)
    try:
        return dt.astimezone(UTC)
    except (OverflowError, ValueError):
        return _LATEST if dt.year > 5000 else _EARLIEST


def to_zone(dt: datetime, zone: tzinfo) -> datetime:
    """The same moment there; in UTC where that zone's calendar cannot tell it: 9999-12-31T23:59:59Z is year 10000 in Seoul."""
    try:
        return dt.astimezone(zone)
    except (OverflowError, ValueError):
        return to_utc(dt)


def later(dt: datetime, by: timedelta) -> datetime:
    """`dt + by`, or where the calendar ends its last (or first) moment. To UTC."""
    try:
        return to_utc(dt) + by
    except OverflowError:
        return _LATEST if by > timedelta() else _EARLIEST


def iso_utc(dt: datetime) -> str:
    """ISO 8601 in UTC with a Z, to the second: `2026-11-24T03:00:00Z`. The year has four digits, whichever it is."""
    return to_utc(dt).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def parse_duration(text: str) -> timedelta:
    """`45s`, `90m`, `24h`, `7d`, `2w`, `1h30m`; nothing at all is `0`. ValueError with the expected form otherwise."""
    word = text.strip().lower()
    if word == "0":
        return timedelta()
    if not _WHOLE.fullmatch(word):
        raise ValueError(f"{text.strip()!r} is not a duration: write 45s, 30m, 24h, 7d or 1h30m")
    seconds = sum(int(count) * _UNITS[unit] for count, unit in _PART.findall(word))
    try:
        return timedelta(seconds=seconds)
    except OverflowError:
        raise ValueError(f"{text.strip()[:20]!r} is too long a time") from None


def parse_moment(text: str, now: datetime, zone: tzinfo = UTC) -> datetime:
    """ISO 8601 in the zone it states, else in `zone`; or a duration from now, such as `36h`. To UTC; ValueError otherwise."""
    word = text.strip()
    try:
        return now + parse_duration(word)
    except ValueError:
        pass
    except OverflowError:
        raise ValueError(f"{word!r} is too far away") from None
    try:
        at = datetime.fromisoformat(word)
        # A time that somebody means to send is refused where it cannot be told in UTC, not moved.
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            f"{word!r} is no time: write 2026-11-24T06:00:00Z or a duration such as 36h"
        ) from None


def span(length: timedelta) -> str:
    """A length of time, two units at most, rounded down: `45s`, `12m`, `3h12m`, `21h`, `6d`."""
    seconds = int(abs(length).total_seconds())
    if seconds < 60:
        return f"{seconds}s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 60:
        return f"{minutes}m"
    if hours < 10:
        return f"{hours}h{minutes % 60:02d}m" if minutes % 60 else f"{hours}h"
    return f"{hours}h" if hours < 48 else f"{days}d"


def coarse_span(length: timedelta) -> str:
    """The same in its largest unit, for narrow cells: `12m`, `3h`, `6d`."""
    text = span(length)
    return text.partition("h")[0] + "h" if "h" in text else text


def ago(dt: datetime, now: datetime) -> str:
    """`6m ago`; `just now` within five seconds; a time still to come reads as a countdown (clocks differ)."""
    if dt - now >= timedelta(seconds=5):
        return f"in {span(dt - now)}"
    return "just now" if now - dt < timedelta(seconds=5) else f"{span(now - dt)} ago"


def countdown(dt: datetime, now: datetime) -> str:
    """`in 3h12m`, `now` within a minute of it, and `6m ago` once it is past."""
    if abs(dt - now) < timedelta(seconds=1):
        return "now"
    return f"in {span(dt - now)}" if dt > now else f"{span(now - dt)} ago"


def distance(dt: datetime, now: datetime) -> str:
    """What somebody who typed `36h` reads a moment later: `in 36h`, to the nearest minute; from two days on as a countdown."""
    minutes = round((dt - now).total_seconds() / 60)
    if not 60 <= minutes < 48 * 60:
        return countdown(dt, now)
    hours, rest = divmod(minutes, 60)
    return f"in {hours}h{rest:02d}m" if rest else f"in {hours}h"


def clock(dt: datetime, zone: tzinfo) -> str:
    """`06:24 KST`."""
    local = to_zone(dt, zone)
    return f"{local:%H:%M} {local.tzname()}"


def bare_clock(dt: datetime, zone: tzinfo) -> str:
    """`06:24`, where there is no room for the zone's name."""
    return f"{to_zone(dt, zone):%H:%M}"


def short_date(dt: datetime, zone: tzinfo, now: datetime) -> str:
    """`28 Nov 06:24` in that zone; where it is so far away that the year is in doubt, `28 Nov 2027`."""
    local = to_zone(dt, zone)
    clock_or_year = f"{local.year:04}" if abs(dt - now) >= _FAR else f"{local:%H:%M}"
    return f"{local.day} {_MONTHS[local.month - 1]} {clock_or_year}"


def clock_or_date(dt: datetime, zone: tzinfo, now: datetime) -> str:
    """`06:24`; with its date, `28 Nov 06:24`, where that would be taken for another day's."""
    return bare_clock(dt, zone) if abs(dt - now) < timedelta(hours=20) else short_date(dt, zone, now)


def both_zones(dt: datetime, zone: tzinfo, now: datetime | None = None) -> str:
    """`Tue 06:24 KST (21:24 UTC)`; UTC's weekday too where it differs; with `now`, the date if it is 6 days off or more,

    and the year if it is far.
    """
    local, utc = to_zone(dt, zone), to_utc(dt)
    date = ""
    if now is not None and abs(dt - now) >= timedelta(days=6):
        date = f" {local.day} {_MONTHS[local.month - 1]}"
        date += f" {local.year:04}" if abs(dt - now) >= _FAR else ""
    text = f"{_DAYS[local.weekday()]}{date} {local:%H:%M} {local.tzname()}"
    if local.tzname() == "UTC":
        return text
    weekday = "" if local.weekday() == utc.weekday() else f"{_DAYS[utc.weekday()]} "
    return f"{text} ({weekday}{utc:%H:%M} UTC)"


def full_moment(dt: datetime, zone: tzinfo) -> str:
    """To be read on another day, elsewhere: `2026-05-04 03:00 UTC (Mon 12:00 KST)`; in UTC alone `2026-05-04 03:00 UTC (Mon)`."""
    utc, local = to_utc(dt), to_zone(dt, zone)
    there = "" if local.tzname() == "UTC" else f" {local:%H:%M} {local.tzname()}"
    return f"{utc.year:04}-{utc:%m-%d %H:%M} UTC ({_DAYS[local.weekday()]}{there})"
