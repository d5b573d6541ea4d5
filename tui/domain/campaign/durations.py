"""How long an action usually takes: what this journal says of it, by action and type of instance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from statistics import median

from msgspec import Struct

ASSUMED = timedelta(minutes=10)
"""How long it takes as long as nobody knows."""
ENOUGH_RUNS = 3
"""So many ended well before the journal is believed."""


class Ran(Struct, frozen=True):
    """One operation that ended well, and how long it took from its confirmation to its end."""

    action: str
    instance_type: str
    took: timedelta


class Usual(Struct, frozen=True):
    """The usual durations that are known, by action and type."""

    known: Mapping[tuple[str, str], timedelta] = {}

    def of(self, action: str, instance_type: str) -> timedelta:
        """The median of those that ended well; ten minutes until there are three."""
        return self.known.get((action, instance_type), ASSUMED)


def usual(ran: Iterable[Ran]) -> Usual:
    """The usual durations, from what a journal tells of operations that ended well."""
    found = defaultdict[tuple[str, str], list[float]](list)
    for one in ran:
        if one.took > timedelta():
            found[one.action, one.instance_type].append(one.took.total_seconds())
    return Usual(
        {key: timedelta(seconds=median(all_)) for key, all_ in found.items() if len(all_) >= ENOUGH_RUNS}
    )
