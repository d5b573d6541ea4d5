"""How fast members may be begun: AWS's own buckets for StartInstances, of which each account and Region has its own.

Source: EC2 developer guide, ec2-api-throttling: 5 calls and 2 more a second; 1,000 instances started and 2 more a second.
A member is begun only if there is a token for the start that it ends with, beside those kept for whoever is under way and has
yet to be started: a start that is due is then never refused for its pace, and nobody has to hold it back.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct


class TokenBucket(Struct, frozen=True):
    """So many calls at once, and `refill` more a second, never more than `size` in all."""

    size: int
    refill: float

    def tokens(self, taken: Iterable[datetime], now: datetime) -> float:
        """What is left at `now`, full before the first of `taken` (each took one; in any order). Less than 0: more were
        taken than there were.

        A call counts from when its answer came: AWS took the token at that time or before, so there is never less than this.
        """
        left, at = float(self.size), None
        for moment in sorted(one for one in taken if one <= now):
            left = self._later(left, at, moment) - 1
            at = moment
        return self._later(left, at, now)

    def free_at(self, taken: Iterable[datetime], kept: int, now: datetime) -> datetime | None:
        """When there is one more token than the `kept` ones: `now`, or later; None: not while so many are kept."""
        if kept + 1 > self.size:
            return None
        missing = kept + 1 - self.tokens(taken, now)
        return now if missing <= 0 else now + timedelta(seconds=missing / self.refill)

    def _later(self, left: float, at: datetime | None, then: datetime) -> float:
        gained = 0.0 if at is None else (then - at).total_seconds() * self.refill
        return min(float(self.size), left + gained)


START_CALLS = TokenBucket(5, 2.0)
INSTANCES_STARTED = TokenBucket(1000, 2.0)
LOOK_BACK = timedelta(seconds=500)
"""How far back starts matter: what fills the larger bucket from empty (the smaller one: 3 s)."""


def next_begin(started: Iterable[datetime], to_start: int, now: datetime) -> datetime | None:
    """When one more member of this account and Region may be begun: `now`, or later; None: once somebody there was started.

    `started`: when AWS answered each StartInstances of evac's there within LOOK_BACK, refused ones too (each call names one
    instance). `to_start`: members and other operations there that are under way and have yet to send it, or wait for its
    answer. Times are UTC.
    """
    known = tuple(started)
    free = [bucket.free_at(known, to_start, now) for bucket in (START_CALLS, INSTANCES_STARTED)]
    times = [one for one in free if one is not None]
    return max(times) if len(times) == len(free) else None
