"""How grave a hazard is."""

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
