"""Symbol, word and style of each state: never colour alone, with an ASCII fall-back."""

from __future__ import annotations

from dataclasses import dataclass

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
