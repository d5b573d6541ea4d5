"""Time in the embedded AWS: the wall clock (or a given start), and a queue of what is due.

Scheduled events come at their announced time; what takes a while (stopping, checks, an AMI) takes `speed` times less.
Nothing runs by itself: each request first settles what is due, so that a run is deterministic.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count


class Clock:
    """`now` in UTC. `speed` divides the durations of transitions."""

    def __init__(self, start: datetime | None = None, speed: float = 1.0) -> None:
        self._began = time.monotonic()
        self._start = start or datetime.now(UTC)
        self.speed = speed
        self._queue: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = count()
        self._settling: datetime | None = None
        self._until: datetime | None = None
        self.told: Callable[[], None] = lambda: None
        """Called after each thing that came due."""

    @property
    def now(self) -> datetime:
        """The current time; while something due is done, the time at which it was due."""
        return self._settling or self._start + timedelta(seconds=time.monotonic() - self._began)

    @property
    def until(self) -> datetime:
        """While something due is done: the time up to which all that is due will be done; else `now`."""
        return self._until or self.now

    def at(self, when: datetime, do: Callable[[], None]) -> None:
        """Call the function at that time."""
        heapq.heappush(self._queue, (when, next(self._order), do))

    def later(self, seconds: float, do: Callable[[], None]) -> None:
        """Call the function after so many of AWS's seconds, divided by the speed."""
        self.at(self.now + timedelta(seconds=seconds / self.speed), do)

    def settle(self) -> bool:
        """Call everything that is due, in order; whether there was anything."""
        until, done = self.now, False
        self._until = until
        while self._queue and self._queue[0][0] <= until:
            self._settling, _, do = heapq.heappop(self._queue)
            do()
            self.told()
            done = True
        self._settling = self._until = None
        return done

    def advance(self, seconds: float) -> None:
        """Move the clock ahead by so many seconds."""
        self._start += timedelta(seconds=seconds)

    def set(self, now: datetime) -> None:
        """Set the clock."""
        self._start, self._began = now, time.monotonic()
