"""What is found: a kind of trouble with its line, and all that a log says."""

from __future__ import annotations

from msgspec import Struct

from tui.domain.sanitize import SafeText


class Finding(Struct, frozen=True):
    """A kind of trouble in one boot. `line` is the number of the latest line of that kind, `text` that line, `times` how many
    there are. `severity`: 3 stops the machine or what it is for, 2 is likely the cause, 1 is a hint. `boot`: 0 is the last.
    """

    key: str
    severity: int
    line: int
    text: SafeText
    words: str
    remedy: str
    boot: int
    source: str
    times: int = 1


class LogDiagnosis(Struct, frozen=True):
    """`findings`: those of the last boot first, then gravest, then latest. `came_up`: the last boot reached its log-in."""

    findings: tuple[Finding, ...]
    lines: int
    boots: int
    came_up: bool
