"""The runner's clock: UTC that neither goes back nor jumps, however this machine's clock is set meanwhile.

How long ago something was is asked of what the journal says: began, intent. A clock that is set by minutes between the two
would make a grace last for an hour or for nothing. So time runs on from where it was when the runner began, by a clock that
nobody sets; and it begins no earlier than what the journal of this operation tells already.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from tui.operations.model import Operation


def ticks() -> float:
    """Seconds of a clock that can't be set; it also runs while the machine sleeps (CLOCK_BOOTTIME), where there is one."""
    kind = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if kind is None else time.clock_gettime(kind)


def steady(
    wall: Callable[[], datetime], told: datetime | None, tick: Callable[[], float] = ticks
) -> Callable[[], datetime]:
    """A clock, UTC. `wall` gives UTC; `told` is the latest time in the journal, before which it never begins."""
    now = wall()
    start = now if told is None or told < now else told
    began = tick()
    return lambda: start + timedelta(seconds=tick() - began)


def latest(operation: Operation) -> datetime:
    """The latest time that the journal holds of the operation, UTC."""
    told = [operation.created_at, operation.confirmed_at, operation.finished_at]
    for row in operation.steps:
        told += [row.began_at, row.ended_at]
        told += [moment for call in row.calls for moment in (call.intent_at, call.outcome_at)]
    return max(moment for moment in told if moment is not None)
