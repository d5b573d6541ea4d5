"""Times as words: relative first, both zones in full. Durations as people type them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_PART = re.compile(r"(\d{1,6})([smhdw])", re.ASCII)
_WHOLE = re.compile(r"(?:\d{1,6}[smhdw])+", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """`45s`, `90m`, `24h`, `7d`, `2w`, `1h30m`. ValueError with the expected form otherwise."""
    word = text.strip().lower()
    if not _WHOLE.fullmatch(word):
        raise ValueError(f"{text.strip()!r} is not a duration: write 45s, 30m, 24h, 7d or 1h30m")
    return timedelta(seconds=sum(int(count) * _UNITS[unit] for count, unit in _PART.findall(word)))


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


def clock(dt: datetime, zone: tzinfo) -> str:
    """`06:24 KST`."""
    local = dt.astimezone(zone)
    return f"{local:%H:%M} {local.tzname()}"


def bare_clock(dt: datetime, zone: tzinfo) -> str:
    """`06:24`, where there is no room for the zone's name."""
    return f"{dt.astimezone(zone):%H:%M}"


def both_zones(dt: datetime, zone: tzinfo, now: datetime | None = None) -> str:
    """`Tue 06:24 KST (21:24 UTC)`; UTC's weekday too where it differs; with `now`, the date if it is 6 days off or more."""
    local, utc = dt.astimezone(zone), dt.astimezone(UTC)
    date = ""
    if now is not None and abs(dt - now) >= timedelta(days=6):
        date = f" {local.day} {_MONTHS[local.month - 1]}"
    text = f"{_DAYS[local.weekday()]}{date} {local:%H:%M} {local.tzname()}"
    if local.tzname() == "UTC":
        return text
    weekday = "" if local.weekday() == utc.weekday() else f"{_DAYS[utc.weekday()]} "
    return f"{text} ({weekday}{utc:%H:%M} UTC)"
