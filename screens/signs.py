"""Symbol, word and style of each state: never colour alone, with an ASCII fall-back."""

from __future__ import annotations

from dataclasses import dataclass

from rich.errors import StyleSyntaxError
from rich.style import Style

from tui.domain.hazards import Gravity
from tui.domain.instance import CheckName, CheckStatus, Instance, InstanceState
from tui.domain.urgency import Level


@dataclass(frozen=True, slots=True)
class Sign:
    """How a state is drawn. `style` is a Rich style of the terminal's own sixteen colours, so that every theme stays legible."""

    symbol: str
    ascii: str
    word: str
    style: str

    def mark(self, plain: bool) -> str:
        """The symbol this terminal can draw."""
        return self.ascii if plain else self.symbol


LEVELS = {
    Level.FAILING: Sign("✖", "X", "failing", "bold red"),
    Level.DUE: Sign("▲", "!", "within 24 h", "bold yellow"),
    Level.SCHEDULED: Sign("●", "*", "scheduled", "cyan"),
    Level.UNKNOWN: Sign("?", "?", "unknown", "magenta"),
    Level.CALM: Sign("✔", "+", "ok", "green"),
}
GRAVITIES = {
    Gravity.BLOCK: Sign("✖", "X", "blocks", "bold red"),
    Gravity.DANGER: Sign("▲", "!", "DANGER", "bold red"),
    Gravity.WARN: Sign("▲", "!", "warning", "yellow"),
    Gravity.NOTE: Sign("·", "-", "note", ""),
    Gravity.OK: Sign("✔", "+", "ok", "green"),
}
STEPS = {
    "waiting": Sign("·", "-", "to come", "dim"),
    "running": Sign("▶", ">", "now", "bold cyan"),
    "done": Sign("✔", "+", "done", "green"),
    "stuck": Sign("✖", "X", "stuck", "bold red"),
}
_PLAIN = str.maketrans(
    {
        "✖": "X",
        "▲": "!",
        "●": "*",
        "✔": "+",
        "▶": ">",
        "·": "-",
        "–": "-",
        "→": "->",
        "…": "...",
        "‹": "<",
        "›": ">",
    }
)


def drawn(text: str, plain: bool) -> str:
    """Words of ours as this terminal can draw them. Names from AWS are left as they are."""
    return text.translate(_PLAIN) if plain else text


def painted(color: str) -> str:
    """A profile's colour as a style, or none where the word is no colour."""
    try:
        Style.parse(color)
    except StyleSyntaxError:
        return ""
    return color


_SHORT = {
    CheckName.SYSTEM: "system",
    CheckName.INSTANCE: "instance",
    CheckName.ATTACHED_EBS: "volume",
    CheckName.APPLICATION: "app",
    CheckName.PERFORMANCE: "perf",
}


def checks_text(instance: Instance, plain: bool) -> tuple[str, str]:
    """The checks in one cell, and its style."""
    failing = instance.checks.impaired()
    bad, good = LEVELS[Level.FAILING].mark(plain), LEVELS[Level.CALM].mark(plain)
    if instance.state in (InstanceState.STOPPED, InstanceState.TERMINATED):
        return "–", "dim"
    if failing:
        return f"{bad} " + "+".join(_SHORT[name] for name in failing), "bold red"
    core = {instance.checks.system.status, instance.checks.instance.status}
    if core == {CheckStatus.OK}:
        return good, "green"
    for status in (
        CheckStatus.UNKNOWN,
        CheckStatus.NOT_REPORTED,
        CheckStatus.INSUFFICIENT_DATA,
        CheckStatus.INITIALIZING,
    ):
        if status in core:
            return f"? {status}", "magenta"
    return "–", "dim"
