"""How long to wait between tries of the same thing: exponential backoff with a ceiling."""

from __future__ import annotations

from msgspec import Struct


class RetryPolicy(Struct, frozen=True, gc=False):
    """Intervals in seconds (or whatever unit both have): the first, then `backoff_coefficient` times the one before."""

    initial_interval: float
    maximum_interval: float
    backoff_coefficient: float = 2.0

    def interval(self, failures: int) -> float:
        """The wait after so many failures in a row; the initial one for fewer than two."""
        grown = self.initial_interval * self.backoff_coefficient ** min(max(failures - 1, 0), 32)
        return min(grown, self.maximum_interval)
