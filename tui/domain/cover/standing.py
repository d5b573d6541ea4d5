"""How the cover of many rows stands: in one word each, remembered while it is the same row, counted and put in order."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from datetime import datetime, timedelta
from enum import IntEnum

from msgspec import Struct

from tui.domain.cover.answers import GAPS, Cover, CoverAnswer, CoverVerdict, ServiceCover
from tui.domain.cover.remembered import remembered_cover
from tui.domain.cover.services import services_of
from tui.domain.cover.verdict import cover_of, gravest_first
from tui.domain.instance import Instance

_KEEP = timedelta(minutes=10)
"""A cover is looked at anew after so long, give or take a half: a copy grows old by the day."""
_SPREAD = 97
"""Rows that were read together are not all looked at anew together."""
_NOT_JUDGED = Cover(*[CoverAnswer(CoverVerdict.UNKNOWN, why="this cannot be judged: a fault of evac's")] * 3)


class Standing(IntEnum):
    """An instance's cover in one word. OPEN: something was read that does not cover it; UNREAD: nobody looked yet."""

    OPEN = 0
    UNKNOWN = 1
    COVERED = 2
    UNREAD = 3

    @property
    def is_listed(self) -> bool:
        """Whether the view of cover shows it unasked."""
        return self in (Standing.OPEN, Standing.UNKNOWN)


_Kept = tuple[Instance, datetime, Standing, tuple[int, ...]]
"""A row, until when it is not looked at anew, how it stands, how grave that is."""


class CoverCounts(Struct, frozen=True):
    """How many instances have a gap (`open`), of how many something was not read (`unknown`), and how many were read in all."""

    open: int = 0
    unknown: int = 0
    read: int = 0


def standing_of(cover: Cover) -> Standing:
    """The word for all three answers."""
    verdicts = [one.verdict for one in cover.answers]
    if not GAPS.isdisjoint(verdicts):
        return Standing.OPEN
    return Standing.UNKNOWN if CoverVerdict.UNKNOWN in verdicts else Standing.COVERED


class Covers:
    """Remembers. `max_age` of a copy; `odd` takes instances that could not be judged, and why: a fault of ours."""

    def __init__(self, max_age: timedelta, odd: MutableMapping[str, Exception]) -> None:
        self._max_age, self._odd = max_age, odd
        self._kept: dict[str, _Kept] = {}
        self._counted: tuple[object, datetime, CoverCounts] | None = None
        self._services: tuple[object, datetime, list[ServiceCover]] | None = None

    def _look(self, row: Instance, now: datetime) -> _Kept:
        kept = self._kept.get(row.instance_id)
        if kept is not None and kept[0] is row and now < kept[1]:  # nearly always
            return kept
        try:
            cover = cover_of(row, now, self._max_age)
        except Exception as error:
            self._odd[row.instance_id] = error
            cover = _NOT_JUDGED
        stands = Standing.UNREAD if row.cover is None else standing_of(cover)
        until = now + _KEEP * (0.5 + hash(row.instance_id) % _SPREAD / _SPREAD)
        kept = self._kept[row.instance_id] = (row, until, stands, gravest_first(cover))
        return kept

    def of(self, row: Instance, now: datetime) -> Cover:
        """All three answers of a row that is drawn."""
        try:
            return remembered_cover(row, now, self._max_age)
        except Exception as error:
            self._odd[row.instance_id] = error
            return _NOT_JUDGED

    def standing(self, row: Instance, now: datetime) -> Standing:
        """Whether there is a gap, as far as anybody looked."""
        return self._look(row, now)[2]

    def order(self, row: Instance, now: datetime) -> tuple[object, ...]:
        """The gravest first, of one gravity by name."""
        kept = self._look(row, now)
        return kept[2], kept[3], row.label.lower(), row.key

    def counts(self, rows: Sequence[Instance], now: datetime) -> CoverCounts:
        """Of all rows that were read. Counted again when other rows are given, or it is later."""
        counted = self._counted
        if counted is not None and counted[0] is rows and now < counted[1]:
            return counted[2]
        found = [self._look(row, now)[2] for row in rows if row.cover is not None]
        counts = CoverCounts(found.count(Standing.OPEN), found.count(Standing.UNKNOWN), len(found))
        self._counted = (rows, now + _KEEP / 10, counts)
        return counts

    def services(self, rows: Sequence[Instance], tag: str, now: datetime) -> list[ServiceCover]:
        """As `services_of`. Looked at again when other rows are given, or it is later."""
        kept = self._services
        if kept is None or kept[0] is not rows or now >= kept[1]:
            kept = self._services = (rows, now + _KEEP / 10, services_of(rows, tag, now, self._max_age))
        return kept[2]
