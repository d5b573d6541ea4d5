"""Hours as the settings write them, by the clock on the wall of their zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tui.domain.campaign.hours import WEEKDAYS, read_hours

SEOUL = "Sat,Sun 00:00-06:00 Asia/Seoul"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "now", "opens", "ends"),
    [
        # Saturday 00:00 in Seoul is Friday 15:00 UTC; both nights
        (SEOUL, "2026-11-24 03:00", "2026-11-27 15:00", None),
        (SEOUL, "2026-11-27 14:59", "2026-11-27 15:00", None),
        (SEOUL, "2026-11-27 15:00", "2026-11-27 15:00", "2026-11-27 21:00"),
        (SEOUL, "2026-11-27 20:59", "2026-11-27 20:59", "2026-11-27 21:00"),
        (SEOUL, "2026-11-27 21:00", "2026-11-28 15:00", None),
        (SEOUL, "2026-11-28 21:00", "2026-12-04 15:00", None),
        # over midnight, of the day it begins on
        ("Fri 22:00-04:00", "2026-11-28 03:59", "2026-11-28 03:59", "2026-11-28 04:00"),
        ("Fri 22:00-04:00", "2026-11-27 03:59", "2026-11-27 22:00", None),
        ("Fri 22:00-24:00", "2026-11-27 23:59", "2026-11-27 23:59", "2026-11-28 00:00"),
        # several, which touch
        ("Sat 22:00-24:00; Sun 00:00-02:00", "2026-11-28 22:30", "2026-11-28 22:30", "2026-11-29 02:00"),
        ("Sat 22:00-02:00 ;Sun 01:00-03:00 UTC;", "2026-11-28 22:30", "2026-11-28 22:30", "2026-11-29 03:00"),
        ("Sat,Sun 00:00-24:00", "2026-11-28 12:00", "2026-11-28 12:00", "2026-11-30 00:00"),
        ("Fri-Mon 00:00-24:00", "2026-11-27 12:00", "2026-11-27 12:00", "2026-12-01 00:00"),
        # no days: each day; no zone: UTC
        ("02:00-03:00", "2026-11-24 03:00", "2026-11-25 02:00", None),
        ("daily 2:00-3:00 utc", "2026-11-24 03:00", "2026-11-25 02:00", None),
        # the clock is put forward: 02:00 to 03:00 is left out on 29 March in Berlin
        ("Sun 02:30-03:30 Europe/Berlin", "2026-03-29 00:00", "2026-03-29 01:00", None),
        ("Sun 02:30-03:30 Europe/Berlin", "2026-03-29 01:00", "2026-03-29 01:00", "2026-03-29 01:30"),
        ("Sun 02:00-03:00 Europe/Berlin", "2026-03-29 00:00", "2026-04-05 00:00", None),
        ("Sun 01:00-05:00 Europe/Berlin", "2026-03-29 00:00", "2026-03-29 00:00", "2026-03-29 03:00"),
        # and back: 02:00 to 03:00 comes twice on 25 October; the first counts
        ("Sun 02:30-04:00 Europe/Berlin", "2026-10-25 00:00", "2026-10-25 00:30", None),
        ("Sun 01:00-02:30 Europe/Berlin", "2026-10-25 00:29", "2026-10-25 00:29", "2026-10-25 00:30"),
        ("Sun 00:00-06:00 Europe/Berlin", "2026-10-25 00:00", "2026-10-25 00:00", "2026-10-25 05:00"),
        # a zone that is put forward at midnight
        ("Sun 00:00-02:00 Asia/Beirut", "2026-03-28 12:00", "2026-03-28 22:00", None),
    ],
)
def test_when_it_opens_and_until_when(hours: str, now: str, opens: str, ends: str | None) -> None:
    found, moment = read_hours(hours), at(now)
    assert found.next_open(moment) == at(opens)
    assert found.is_open(moment) == (now == opens)
    assert found.end(moment) == (moment if ends is None else at(ends))


@pytest.mark.parametrize("always", ["", "  ", "00:00-24:00", "Mon-Sun 00:00-12:00; daily 12:00-24:00"])
def test_what_is_always_open_has_no_end(always: str) -> None:
    now = at("2026-11-24 03:00")
    assert read_hours(always).is_open(now)
    assert read_hours(always).next_open(now) == now
    assert read_hours(always).end(now) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Sat", "write them as Sat,Sun 00:00-06:00 Asia/Seoul"),
        (";", "names no hours"),
        ("Sat 00:00", "are no hours"),
        ("Sat 0000-0600", "are no hours"),
        ("Sat 00:00-25:00", "a time of day is 00:00 to 23:59"),
        ("Sat 24:00-02:00", "24:00 only as an end"),
        ("Sat 00:60-02:00", "a time of day is"),
        ("Sat 06:00-06:00", "for a whole day write 00:00-24:00"),
        ("Sonntag 00:00-06:00", "are no weekdays: write them as Sat,Sun or Mon-Fri"),
        ("Sat,,Sun 00:00-06:00", "are no weekdays"),
        ("Sat 00:00-06:00 Asia/Atlantis", "'Asia/Atlantis' is no time zone"),
        ("Sat 00:00-06:00 ../../etc/passwd", "is no time zone"),
        ("Sat 00:00-06:00 Asia", "is no time zone"),
        ("Sat 00:00-06:00 \x1b[31mred", "is no time zone"),
    ],
)
def test_what_is_no_hours_says_what_is_expected(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as told:
        read_hours(text)
    assert "\x1b" not in str(told.value)


ZONES = (
    "UTC",
    "Asia/Seoul",
    "Europe/Berlin",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Cairo",
)
MOMENTS = st.integers(0, 30 * 365 * 24 * 60).map(
    lambda minutes: datetime(2010, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*WEEKDAYS, "Mon-Fri", "Fri-Mon"]),
            st.integers(0, 1439),
            st.integers(1, 1440),
            st.sampled_from(ZONES),
        ),
        min_size=1,
        max_size=3,
    ),
    MOMENTS,
)
@example([("Sat", 0, 1440, "Pacific/Apia")], at("2011-12-29 12:00"))  # a day that was left out
@example([("Sun", 90, 150, "Australia/Lord_Howe")], at("2026-10-03 12:00"))  # half an hour that is left out
def test_it_is_open_from_when_it_opens_until_its_end(
    windows: list[tuple[str, int, int, str]], now: datetime
) -> None:
    told = "; ".join(
        f"{day} {a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02} {zone}"
        for day, a, b, zone in windows
        if a != b
    )
    hours = read_hours(told)
    opens = hours.next_open(now)
    assert opens >= now
    if not hours.windows:
        return
    assert hours.is_open(opens)
    assert opens - now <= timedelta(days=15)
    if opens > now:
        assert not hours.is_open(opens - timedelta(seconds=1))
        assert hours.end(now) == now
    end = hours.end(opens)
    assert end is None or (
        end > opens and not hours.is_open(end) and hours.is_open(end - timedelta(seconds=1))
    )


@settings(max_examples=100, deadline=None)
@given(MOMENTS, st.sampled_from(ZONES), st.integers(0, 1439), st.integers(1, 1439))
def test_on_an_ordinary_day_it_is_what_the_clock_on_the_wall_says(
    now: datetime, zone: str, begin: int, lasts: int
) -> None:
    there = now.astimezone(ZoneInfo(zone))
    offsets = {
        (now + timedelta(hours=hour)).astimezone(ZoneInfo(zone)).utcoffset() for hour in range(-50, 51, 5)
    }
    if len(offsets) > 1:  # the clock is put forward or back around then
        return
    end = (begin + lasts) % 1440
    hours = read_hours(f"daily {begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02} {zone}")
    minute = there.hour * 60 + there.minute
    assert hours.is_open(now) == ((minute - begin) % 1440 < lasts)


def test_the_ends_of_the_calendar_are_no_error() -> None:
    for now in (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
        read_hours(SEOUL).next_open(now)
        read_hours(SEOUL).end(now)
