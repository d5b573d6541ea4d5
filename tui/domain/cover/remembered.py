"""The answers kept while the very same rows are asked again: a filter asks every row at each key, a view at each look."""

from __future__ import annotations

from datetime import datetime, timedelta

from tui.domain.cover.answers import Cover
from tui.domain.cover.verdict import cover_of
from tui.domain.instance import Instance

JUDGE_AGAIN = timedelta(seconds=60)
"""After so long an answer is given anew: copies grow old, events begin."""
_LIMIT = 200_000
_kept: dict[str, tuple[Instance, timedelta, datetime, Cover]] = {}
"""Bounded by the fleet: one entry an id, emptied should ids come and go for months."""


def remembered_cover(instance: Instance, now: datetime, max_age: timedelta) -> Cover:
    """As `cover_of`, at most JUDGE_AGAIN old."""
    kept = _kept.get(instance.instance_id)
    if (
        kept is not None
        and kept[0] is instance
        and kept[1] == max_age
        and timedelta() <= now - kept[2] < JUDGE_AGAIN
    ):
        return kept[3]
    found = cover_of(instance, now, max_age)
    if len(_kept) >= _LIMIT:
        _kept.clear()
    _kept[instance.instance_id] = (instance, max_age, now, found)
    return found
