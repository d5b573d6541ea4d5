"""How fast members may be begun: AWS's own bucket for StartInstances, of which each account and Region has its own.

Source: EC2 developer guide, ec2-api-throttling: 5 calls and 2 more a second. That of instances started (1,000 and 2 more a
second) is never the narrower one, for each of evac's calls starts one.
A member is begun only if there are tokens for all that it will ask, beside those owed to whoever is under way and has yet to
be started: a start that is due is then never refused for its pace, and nobody has to hold it back.
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
MEMBER_USES = 2
"""Tokens of a member: AWS is asked by a dry run first, which is a call as well, and then it is started."""
MOST_TO_START = START_CALLS.size - MEMBER_USES + 1
"""So many of one account and Region are on their way to their start at a time: each of the others is owed one token."""
LOOK_BACK = timedelta(minutes=1)
"""How far back calls matter: what fills the bucket from empty, many times over."""


def next_begin(used: Iterable[datetime], owed: int, now: datetime) -> datetime | None:
    """When one more member of this account and Region may be begun: `now`, or later; None: not before one of those under way
    has used what it is owed.

    `used`: when AWS answered each StartInstances of evac's there within LOOK_BACK, dry runs and refused ones too (each names
    one instance). `owed`: the tokens that members and other operations there will use yet. Times are UTC.
    """
    return START_CALLS.free_at(used, owed + MEMBER_USES - 1, now)
