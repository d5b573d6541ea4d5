"""Times as words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.time_format import ago, both_zones, clock, countdown, parse_duration, parse_moment, span

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SEOUL = ZoneInfo("Asia/Seoul")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (59, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h"),
        (11520, "3h12m"),
        (3900, "1h05m"),
        (75600, "21h"),
        (47 * 3600, "47h"),
        (48 * 3600, "2d"),
        (6 * 86400 + 5, "6d"),
        (-60, "1m"),
    ],
)
def test_span(seconds: int, text: str) -> None:
    assert span(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(11520, "in 3h12m"), (0, "now"), (-360, "6m ago"), (45, "in 45s")]
)
def test_countdown(seconds: int, text: str) -> None:
    assert countdown(NOW + timedelta(seconds=seconds), NOW) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(360, "6m ago"), (3, "just now"), (-3, "just now"), (-60, "in 1m")]
)
def test_ago(seconds: int, text: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == text


def test_both_zones() -> None:
    moment = datetime(2026, 11, 24, 21, 24, tzinfo=UTC)
    assert both_zones(moment, SEOUL) == "Wed 06:24 KST (Tue 21:24 UTC)"
    assert both_zones(moment - timedelta(hours=12), SEOUL) == "Tue 18:24 KST (09:24 UTC)"
    assert both_zones(moment, UTC) == "Tue 21:24 UTC"
    assert both_zones(moment, SEOUL, NOW) == "Wed 06:24 KST (Tue 21:24 UTC)"
    assert both_zones(moment + timedelta(days=7), SEOUL, NOW) == "Wed 2 Dec 06:24 KST (Tue 21:24 UTC)"
    assert clock(moment, SEOUL) == "06:24 KST"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("45s", timedelta(seconds=45)),
        ("24h", timedelta(hours=24)),
        (" 7D ", timedelta(days=7)),
        ("1h30m", timedelta(minutes=90)),
        ("2w", timedelta(weeks=2)),
        ("0s", timedelta()),
        (" 0 ", timedelta()),
    ],
)
def test_durations(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "7", "00", "-0", "h", "-1h", "1h 30m", "1.5h", "٣h", "99999999d"])
def test_bad_durations(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("36h", NOW + timedelta(hours=36)),
        ("2026-11-26 03:00", datetime(2026, 11, 25, 18, tzinfo=UTC)),
        (" 2026-11-26T03:00Z ", datetime(2026, 11, 26, 3, tzinfo=UTC)),
        ("2026-11-26T03:00-02:00", datetime(2026, 11, 26, 5, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_in_the_operators_zone(text: str, expected: datetime) -> None:
    assert parse_moment(text, NOW, SEOUL) == expected


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-13-01", "999999w999999w", "0001-01-01 00:00"])
def test_no_moment(text: str) -> None:
    with pytest.raises(ValueError, match=r"no time|too far away"):
        parse_moment(text, NOW, SEOUL)


@given(st.integers(0, 10**8))
def test_countdown_and_ago_mirror(seconds: int) -> None:
    if seconds < 5:
        return
    length = timedelta(seconds=seconds)
    assert countdown(NOW - length, NOW) == ago(NOW - length, NOW)


BERLIN = ZoneInfo("Europe/Berlin")


def test_a_night_of_23_hours_is_counted_in_real_time() -> None:
    """Clocks go forward on 29 March 2026 at 01:00 UTC: between 23:00 and 04:00 local are four hours, not five."""
    before = datetime(2026, 3, 28, 23, tzinfo=BERLIN).astimezone(UTC)
    after = datetime(2026, 3, 29, 4, tzinfo=BERLIN).astimezone(UTC)
    assert countdown(after, before) == "in 4h"
    assert both_zones(before, BERLIN) == "Sat 23:00 CET (22:00 UTC)"
    assert both_zones(after, BERLIN) == "Sun 04:00 CEST (02:00 UTC)"


def test_an_hour_that_comes_twice_is_told_apart_by_its_zone() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    second = first + timedelta(hours=1)
    assert both_zones(first, BERLIN) == "Sun 02:30 CEST (00:30 UTC)"
    assert both_zones(second, BERLIN) == "Sun 02:30 CET (01:30 UTC)"
    assert countdown(second, first) == "in 1h"


def test_a_countdown_goes_on_over_midnight() -> None:
    due = datetime(2026, 11, 25, 0, 5, tzinfo=UTC)
    told = [countdown(due, due - timedelta(minutes=left)) for left in (20, 10, 5, 1)]
    assert told == ["in 20m", "in 10m", "in 5m", "in 1m"]
    assert countdown(due, due + timedelta(minutes=10)) == "10m ago"


@pytest.mark.parametrize(
    "zone", ["Asia/Kathmandu", "Pacific/Kiritimati", "Pacific/Marquesas", "America/St_Johns"]
)
def test_zones_of_odd_minutes_and_other_days(zone: str) -> None:
    moment = datetime(2026, 12, 31, 23, 50, tzinfo=UTC)
    told = both_zones(moment, ZoneInfo(zone))
    assert "23:50 UTC" in told
    assert parse_moment("2026-12-31T23:50:00Z", moment) == moment
