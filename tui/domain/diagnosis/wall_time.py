"""When a line of a system log was written, about: kernels count seconds since their boot, and AWS says when it took the output.

Pure. What it gives is drawn with *about*: the console may have been silent for long before its output was taken.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tui.domain.diagnosis.evidence import SystemLog
from tui.domain.time_format import later

_FULL = 60_000
"""Characters of an output that may have lost its beginning: AWS keeps 64 KB (user guide, instance-console)."""


def boot_began(log: SystemLog, launched_at: datetime | None = None) -> datetime | None:
    """About when the log's last boot began (UTC): its last stamp before the time AWS took the output. None: nothing tells.

    A log that holds one whole boot and is not full holds the first boot since the start at `launched_at`, and began then.
    """
    last = next(
        (
            stamp
            for boot, stamp in zip(reversed(log.boots), reversed(log.stamps), strict=False)
            if boot == 0 and stamp is not None
        ),
        None,
    )
    if log.at is None or last is None:
        return None
    latest = later(log.at, timedelta(seconds=-min(last, 4e9)))
    if launched_at is not None and launched_at <= latest and _whole(log):
        return launched_at
    return latest


def _whole(log: SystemLog) -> bool:
    """Whether it is one boot from its beginning, and room was left in the output for an earlier one."""
    first = next((stamp for stamp in log.stamps if stamp is not None), None)
    return (
        first is not None
        and first < 1.0
        and not any(log.boots)
        and sum(len(line) + 1 for line in log.lines) < _FULL
    )


def about(log: SystemLog, index: int, began: datetime | None) -> datetime | None:
    """About when the line at `index` was written (UTC), `began` as `boot_began` said. None: an earlier boot, or no stamp."""
    if began is None or not 0 <= index < min(len(log.stamps), len(log.boots)) or log.boots[index]:
        return None
    stamp = log.stamps[index]
    return None if stamp is None else later(began, timedelta(seconds=min(stamp, 4e9)))
