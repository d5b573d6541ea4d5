"""JSON as evac writes it: every text in it cleaned, indented, in the order in which it was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tui.domain.sanitize import clean


def json_document(value: Any) -> str:
    """A whole document, with a line's end: for stdout, and for a file of the console's."""
    return msgspec.json.format(msgspec.json.encode(scrub(value)), indent=2).decode() + "\n"


def scrub(value: Any) -> Any:
    """The value with every text in it cleaned, keys too; tuples become lists."""
    if isinstance(value, str):
        return clean(value, limit=100_000)
    if isinstance(value, list | tuple):
        return [scrub(item) for item in value]
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return {clean(key): scrub(item) for key, item in value.items()}
    return value
