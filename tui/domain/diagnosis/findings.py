"""What is found: a kind of trouble with its line, and all that a log says."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from tui.domain.sanitize import SafeText


class Finding(Struct, frozen=True):
    """A kind of trouble. `severity`: 3 stops the machine or what it is for, 2 is likely the cause, 1 is a hint.

    Out of a log: `line` is the number of the latest line of that kind in one boot (0 is the last boot), `text` that line, `times`
    how many there are. What is not out of the log has line 0 and no text.

    `at` (UTC): about when. `evidence` and `against`: short sentences for it and what speaks against it. `advised`: the verb that
    helps, `wait`, `none`, or empty where it changes no advice; `advice` says why, in words. The guest writes its log, so both
    change what is said and which key is named, and nothing else: no guard, hazard or permission reads them.
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
    at: datetime | None = None
    evidence: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    advised: str = ""
    advice: str = ""


class LogDiagnosis(Struct, frozen=True):
    """`findings`: those of the last boot first, then gravest, then latest. `came_up`: the last boot reached its log-in."""

    findings: tuple[Finding, ...]
    lines: int
    boots: int
    came_up: bool
