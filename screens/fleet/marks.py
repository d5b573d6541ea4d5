"""What is marked, by identity: it stays so whatever is filtered, sorted or viewed, and it is said how much of it is hidden."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text

from tui.domain.instance import Instance
from tui.fleet.store import Store

MAX_MARKS_NAMED = 12
"""So many are named at most; the rest are counted."""


class Marks:
    """Keys of instances, in the order in which they were marked."""

    def __init__(self) -> None:
        self._labels: dict[str, str] = {}
        self._hidden: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self._labels)

    def __contains__(self, key: object) -> bool:
        return key in self._labels

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(self._labels)

    @property
    def in_order(self) -> tuple[str, ...]:
        """Their keys, in the order in which they were marked."""
        return tuple(self._labels)

    @property
    def last(self) -> str:
        """The key of the one marked last; empty if none is."""
        return next(reversed(self._labels), "")

    def toggle(self, row: Instance) -> None:
        if self._labels.pop(row.key, None) is None:
            self._labels[row.key] = str(row.label)

    def add(self, rows: Iterable[Instance]) -> None:
        """Mark these too; the last of them is then the one marked last."""
        for row in rows:
            self._labels.pop(row.key, None)
            self._labels[row.key] = str(row.label)

    def remove(self, rows: Iterable[Instance]) -> None:
        for row in rows:
            self._labels.pop(row.key, None)

    def clear(self) -> None:
        self._labels.clear()
        self._hidden = frozenset()

    def settle(self, store: Store, shown: Iterable[str]) -> list[str]:
        """Which of them are in view now. Those that are gone from the list are unmarked: their names."""
        gone = [key for key in self._labels if store.get(key) is None]
        names = [self._labels.pop(key) for key in gone]
        self._hidden = self.keys.difference(shown)
        return names

    def rows(self, store: Store) -> list[Instance]:
        found = (store.get(key) for key in self._labels)
        return [row for row in found if row is not None]

    @property
    def count(self) -> str:
        """`3 marked, 2 not in this view`."""
        hidden = f", {len(self._hidden)} not in this view" if self._hidden else ""
        return f"{len(self._labels)} marked{hidden}"

    @property
    def named(self) -> str:
        """Their names, and of which one does not see that they are meant."""
        found = [
            f"{label} (not in this view)" if key in self._hidden else label
            for key, label in list(self._labels.items())[:MAX_MARKS_NAMED]
        ]
        more = len(self._labels) - MAX_MARKS_NAMED
        return ", ".join(found) + (f" and {more} more" if more > 0 else "")

    def line(self) -> Text:
        """How many are marked, then which: the end may be cut."""
        text = Text(no_wrap=True, overflow="ellipsis")
        meant = "mean it" if len(self._labels) == 1 else "plan a campaign"
        text.append(f" {self.count}", "bold")
        text.append(f" (actions {meant}): ")
        text.append(", ".join(list(self._labels.values())[:MAX_MARKS_NAMED]))
        return text

    def note(self, key: str, label: str) -> str:
        """For a question about one instance: what it means for the marks."""
        if not self._labels:
            return ""
        if list(self._labels) == [key]:
            return f"it is the one marked{', and not in this view' if self._hidden else ''}"
        odd = "" if key in self._labels else ", which is not marked"
        return f"{self.count}: {self.named}. This is about {label} alone{odd}"
