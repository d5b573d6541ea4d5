"""What an operation set or took back is to be seen once it has ended: of which targets the cover is then read anew."""

from __future__ import annotations

from tui.domain.activity import Own
from tui.fleet.protocol import ReadKind, ReadRequest
from tui.fleet.store import Store

LOOK_AT_ENDED = 0.5
"""Seconds between two looks: setting an alarm takes about one."""


class EndedWork:
    """Remembers which instances an operation was at work on when it was last asked."""

    def __init__(self) -> None:
        self._at_work: frozenset[str] = frozenset()

    def requests(self, own: Own, store: Store) -> list[ReadRequest]:
        """For the targets in which an operation has ended since, and whose cover somebody has asked for."""
        before, self._at_work = self._at_work, frozenset(own.works)
        rows = [row for key in before - self._at_work if (row := store.get(key)) is not None]
        targets = sorted({row.target for row in rows if row.cover is not None})
        return [ReadRequest(0, ReadKind.COVER, target) for target in targets]
