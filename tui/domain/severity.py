"""How grave a hazard is, and how a part of an instance is."""

from __future__ import annotations

from enum import StrEnum


class Gravity(StrEnum):
    """BLOCK can't be confirmed; DANGER wants the name typed; WARN and NOTE inform; OK reassures."""

    BLOCK = "block"
    DANGER = "danger"
    WARN = "warn"
    NOTE = "note"
    OK = "ok"


GRAVITIES = tuple(Gravity)
GRAVE = (Gravity.DANGER, Gravity.WARN)
"""What a site policy may turn into a block."""


class Mark(StrEnum):
    """How a layer of an instance, or a line of metrics, is. THREATENED: not failing, and likely to. NONE: nothing looks at it."""

    OK = "ok"
    FAILING = "failing"
    THREATENED = "threatened"
    UNKNOWN = "unknown"
    NONE = "none"
