"""What an operation set or took back is to be seen once it has ended: of which targets the cover is then read anew."""

from __future__ import annotations

from tui.domain.activity import Own
from tui.fleet.protocol import ReadKind, ReadRequest
from tui.fleet.store import Store

LOOK_AT_ENDED = 0.5
"""Seconds between two looks. An operation may begin and end between them: so it is looked at what has ended, not at what goes."""


class EndedWork:
    """Remembers which operations had ended when it was last asked, and where other machines were at work."""

    def __init__(self) -> None:
        self._ended: frozenset[tuple[str, str]] = frozenset()
        self._at_work: frozenset[str] = frozenset()

    def requests(self, own: Own, store: Store) -> list[ReadRequest]:
        """For the targets in which an operation has ended since, and whose cover somebody has asked for."""
        keys = {key for _, key in own.ended - self._ended}
        keys |= self._at_work - own.works.keys()
        self._ended, self._at_work = own.ended, frozenset(own.works)
        rows = [row for key in keys if (row := store.get(key)) is not None]
        targets = sorted({row.target for row in rows if row.cover is not None})
        return [ReadRequest(0, ReadKind.COVER, target) for target in targets]
