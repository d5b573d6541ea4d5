"""Durations of the configuration: lengths of time to the program, and as they were written to the file and to who looks at it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Self

from tui.domain.time_format import parse_duration

_LONGEST = timedelta(days=36500).total_seconds()


class Duration(timedelta):
    """A length of time, from the moment it is read; `written` is what the file says: `7d`."""

    written: str | float

    def __new__(cls, written: str | float) -> Self:
        """Of a text as `parse_duration` takes it, the empty one being none; a number is seconds. Raises ValueError."""
        if not isinstance(written, str):
            written = float(written)
        length = parse_duration(written or "0s") if isinstance(written, str) else timedelta(seconds=written)
        made = super().__new__(cls, length.days, length.seconds, length.microseconds)
        made.written = written
        return made


class Limit(Duration):
    """One that need not be: the file's empty text becomes None in its table."""


class DurationInSeconds(Duration):
    """One that the file gives as a number of seconds, at least one."""


def read_duration(kind: type, value: Any) -> Duration:
    """What msgspec calls for a value of one of these. ValueError says what was expected."""
    if kind is DurationInSeconds:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"expected float, got {type(value).__name__}")
        if not 1.0 <= value <= _LONGEST:
            raise ValueError("expected float >= 1.0" if not value > _LONGEST else "expected fewer seconds")
    elif not isinstance(value, str):
        raise ValueError(f"expected str, got {type(value).__name__}")
    elif not re.fullmatch(r"0|[0-9]{1,5}[mhdw]", value) and (value or kind is not Limit):
        empty = "an empty text, or a number and m, h, d or w, such as 2h"
        raise ValueError(f"expected {empty if kind is Limit else 'a number and m, h, d or w, such as 7d'}")
    made: Duration = kind(value)
    return made
