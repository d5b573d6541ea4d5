"""What was: when an instance ran and when a check of it failed. A metric of the past is a function of these."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import datetime


class Spans:
    """Times from and until, the oldest first; the last one may be open."""

    def __init__(self) -> None:
        self._all: list[tuple[datetime, datetime | None]] = []

    def open(self, at: datetime) -> None:
        """Begin one, unless one is open."""
        if not self._all or self._all[-1][1] is not None:
            self._all.append((at, None))

    def close(self, at: datetime) -> None:
        """End the open one, if there is one."""
        if self._all and self._all[-1][1] is None:
            self._all[-1] = (self._all[-1][0], at)

    def add(self, at: datetime, until: datetime) -> None:
        """Remember a span that has ended, from `at` until `until` (UTC)."""
        self._all = sorted([*self._all, (at, until)], key=lambda one: one[0])

    def clear(self) -> None:
        """Forget all spans."""
        self._all = []

    def seconds(self) -> Iterator[tuple[float, float]]:
        """Each in seconds of the epoch; one that is open ends never."""
        for begin, end in self._all:
            yield begin.timestamp(), math.inf if end is None else end.timestamp()

    @property
    def first(self) -> datetime | None:
        """When the first one began."""
        return self._all[0][0] if self._all else None

    @property
    def last_end(self) -> datetime | None:
        """When the last one ended; None if it has not."""
        return self._all[-1][1] if self._all else None


class FailingChecks(dict[str, datetime]):
    """The failing checks and since when; each failure is remembered when it is over."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._now = now
        self.past: dict[str, Spans] = {}
        self.healed: Callable[[str], None] = lambda check: None
        """Called with the name of a check that passes again."""
        self.changed: Callable[[], None] = lambda: None
        """Called when a check fails or passes, and by the instance when its state changes."""

    def __setitem__(self, check: str, since: datetime) -> None:
        super().__setitem__(check, since)
        self.past.setdefault(check, Spans()).open(since)
        self.changed()

    def pop(self, check: str, default: datetime | None = None) -> datetime | None:  # type: ignore[override] # no overloads here
        """The check passes from now on; gives since when it failed, or `default` if it did not."""
        if check in self:
            self.past[check].close(self._now())
            since = super().pop(check)
            self.healed(check)
            self.changed()
            return since
        return default
