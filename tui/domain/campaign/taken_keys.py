"""Which keys are taken: the one rule by which members of a campaign exclude each other, for the turn and for the timeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable


class TakenKeys:
    """Filled anew for each question: who has which key. `limit`: how many of a key may be down at a time."""

    def __init__(self, limit: Callable[[str], int]) -> None:
        self._limit = limit
        self._taken: dict[str, list[str]] = {}
        self._staying: Counter[str] = Counter()
        self._closed: set[str] = set()

    def take(self, keys: Iterable[str], label: str) -> None:
        """A member that is under way, or keeps its place: it ends by itself."""
        for key in keys:
            self._taken.setdefault(key, []).append(label)

    def stay(self, keys: Iterable[str], label: str) -> None:
        """One that may stay down until somebody does something."""
        for key in keys:
            self._taken.setdefault(key, []).insert(0, label)
            self._staying[key] += 1

    def close(self, key: str) -> None:
        """Nobody of this key may go now, whoever has it."""
        self._closed.add(key)

    def who(self, key: str) -> str:
        """The first that has this key."""
        return self._taken[key][0]

    def in_the_way(self, keys: tuple[str, ...], label: str, *, waits: bool = False) -> str | None:
        """The key that stands in the way of the next in order; None: nothing does. `waits`: it waits for something else, that
        comes by itself.

        While what it waits for ends by itself it keeps its place: nobody after it gets a key of its own. While it waits for a
        person, or for a group that may not recover, it keeps nobody from going.
        """
        taken, closed = self._taken, self._closed
        found = ""
        for key in keys:
            if key in closed:
                return key
            if key in taken and len(taken[key]) >= self._limit(key):
                if self._staying[key] >= self._limit(key):
                    return key
                found = found or key
        if found or waits:
            self.take(keys, label)
        return found or None
