"""When a line of a system log was written: about, by the kernel's seconds and the time AWS took the output."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tui.domain.diagnosis.evidence import SystemLog
from tui.domain.diagnosis.findings import LogDiagnosis
from tui.domain.diagnosis.wall_time import about, boot_began
from tui.domain.sanitize import SafeText

AT = datetime(2026, 11, 29, 23, 15, tzinfo=UTC)
NONE = LogDiagnosis((), 0, 0, came_up=False)


def log(*rows: tuple[int, float | None], at: datetime | None = AT, text: str = "x") -> SystemLog:
    return SystemLog(
        (SafeText(text),) * len(rows),
        tuple(boot for boot, _ in rows),
        tuple(stamp for _, stamp in rows),
        NONE,
        at,
        latest=True,
    )


def times(one: SystemLog, launched: datetime | None = None) -> list[datetime | None]:
    began = boot_began(one, launched)
    return [about(one, index, began) for index in range(len(one.lines))]


def test_the_last_stamp_is_when_aws_took_the_output_and_earlier_boots_have_no_time() -> None:
    one = log((1, 0.0), (1, 900.0), (0, 0.5), (0, None), (0, 60.0))
    assert times(one) == [None, None, AT - timedelta(seconds=59.5), None, AT]


def test_one_whole_boot_began_at_the_launch_however_long_its_console_was_silent() -> None:
    launched = AT - timedelta(hours=2)
    assert times(log((0, 0.0), (0, 60.0)), launched) == [launched, launched + timedelta(minutes=1)]
    full = log((0, 0.0), (0, 60.0), text="x" * 40_000)
    assert times(full, launched)[-1] == AT, "an earlier boot may have been pushed out"
    assert times(log((0, 500.0), (0, 560.0)), launched)[-1] == AT, "its beginning is not there"


@pytest.mark.parametrize("one", [log(), log((0, None)), log((0, 5.0), at=None)])
def test_what_cannot_be_known_is_none(one: SystemLog) -> None:
    assert set(times(one)) <= {None}


def test_no_stamp_is_beyond_the_calendar() -> None:
    assert len(times(log((0, 1e300), (0, 5.0), (0, 9e99)))) == 3
    assert about(log((0, 1.0)), 7, AT) is None
