"""Symbol, word and style of each state: never colour alone. Their ASCII forms are in `tui.presentation.ascii`."""

from __future__ import annotations

from msgspec import Struct

from tui.domain.severity import Gravity, Mark
from tui.domain.triage import Level


class Sign(Struct, frozen=True):
    """How a state is drawn. `style`: Rich's words for the terminal's own sixteen colours: every theme stays legible."""

    symbol: str
    word: str
    style: str

    @property
    def named(self) -> str:
        """`✖ failing`."""
        return f"{self.symbol} {self.word}"


LEVELS = {
    Level.FAILING: Sign("✖", "failing", "bold red"),
    Level.DUE: Sign("▲", "within 24 h", "bold yellow"),
    Level.SCHEDULED: Sign("●", "scheduled", "cyan"),
    Level.UNKNOWN: Sign("?", "unknown", "magenta"),
    Level.CALM: Sign("✔", "ok", "green"),
}
MARKS = {
    Mark.OK: LEVELS[Level.CALM],
    Mark.FAILING: LEVELS[Level.FAILING],
    Mark.THREATENED: Sign("▲", "threatened", "bold yellow"),
    Mark.UNKNOWN: LEVELS[Level.UNKNOWN],
    Mark.NONE: Sign("–", "no check", "dim"),
}
READ_SIGN = Sign("↓", "read", "")
"""A target that answered. It says nothing of how its instances are: that is never a sign of health."""
WORKING = Sign("▶", "running", "bold cyan")
"""An operation of evac's is at it."""
NO_VALUE = "–"
"""There is none."""
ASKING = "…"
"""It is being read or asked."""
GRAVITY_SIGNS = {
    Gravity.BLOCK: Sign("✖", "blocks", "bold red"),
    Gravity.DANGER: Sign("▲", "DANGER", "bold red"),
    Gravity.WARN: Sign("▲", "warning", "yellow"),
    Gravity.NOTE: Sign("·", "note", ""),
    Gravity.OK: Sign("✔", "ok", "green"),
}
STEP_SIGNS = {
    "waiting": Sign("·", "to come", "dim"),
    "running": Sign("▶", "now", "bold cyan"),
    "done": Sign("✔", "done", "green"),
    "stuck": Sign("✖", "stuck", "bold red"),
    "skipped": Sign("–", "left out", "dim"),
}
