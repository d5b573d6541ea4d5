"""The word that was probably meant, for the line that says there is no such one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """The one that was probably meant."""
    named = {one.lower(): one for one in known}
    found = difflib.get_close_matches(given.lower(), named, n=1)
    return f"; did you mean {named[found[0]]}?" if found else ""
