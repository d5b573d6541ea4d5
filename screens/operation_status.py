"""How an operation stands, as the console shows it: its sign, its place in the list, and the red line on top of every screen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from tui.domain.time_format import ago
from tui.domain.triage import Level
from tui.operations.model import Operation
from tui.operations.status import InstanceDown, OperationStatus, Standing, status_of
from tui.presentation.symbols import LEVELS, Sign

SIGNS = {
    Standing.CUT_OFF: Sign("✖", "cut off", "bold red"),
    Standing.NEEDS_YOU: Sign("▲", "needs you", "bold yellow"),
    Standing.RUNNING: Sign("▶", "running", "bold cyan"),
    Standing.PLANNED: Sign("·", "planned", "dim"),
    Standing.FAILED: Sign("✖", "failed", "red"),
    Standing.REFUSED: Sign("–", "refused", "yellow"),
    Standing.SUCCEEDED: Sign("✔", "succeeded", "green"),
    Standing.ABANDONED: Sign("–", "abandoned", "dim"),
}


def in_order(operations: Sequence[Operation], now: datetime) -> list[Operation]:
    """Operations in the list's order: needing a person, running, the rest; each the newest first."""
    first = {Standing.CUT_OFF: 0, Standing.NEEDS_YOU: 0, Standing.RUNNING: 1, Standing.PLANNED: 1}
    newest = sorted(operations, key=lambda one: one.id, reverse=True)
    return sorted(newest, key=lambda one: first.get(status_of(one, now).standing, 2))


def stopped_at(operation: Operation) -> datetime | None:
    """Since when the operation has the instance down, as far as the journal knows (UTC)."""
    ends = [row.ended_at for row in operation.steps if row.name in ("stop", "wait-stopped") and row.ended_at]
    return max(ends) if ends else None


class Alert(Struct, frozen=True):
    """What must not be overlooked. `calm`: a server is down, as planned, and somebody drives it; `ring`: whose it is about."""

    text: str
    calm: bool = False
    ring: frozenset[str] = frozenset()


def warning(operations: Sequence[Operation], now: datetime) -> Alert | None:
    """The one line on top of every screen, or None while nothing is amiss."""
    stands = {one.id: status_of(one, now) for one in operations}
    loud = [one for one in operations if stands[one.id].needs_person]
    sure = [one for one in operations if stands[one.id].down is InstanceDown.YES]
    down = sure or [one for one in loud if stands[one.id].down is InstanceDown.MAYBE]
    # What is certain counts; among it, what needs a person leads.
    meant = down or loud
    if not meant:
        return None
    first = next((one for one in meant if one in loud), meant[0])
    bad = LEVELS[Level.FAILING if loud else Level.DUE].symbol
    be = ("are" if len(meant) > 1 else "is") if sure else "may be"
    head = _head(len(meant), f"{be} DOWN" if down else "", cut_off=stands[meant[0].id].cut_off)
    text = f"{bad} {head}: {_told(first, stands[first.id], now)}"
    may_be = [one for one in loud if stands[one.id].down is not InstanceDown.NO]
    others = [one.label for one in dict.fromkeys((*meant, *may_be, *loud)) if one is not first]
    if others:
        text += f"; also {', '.join(others[:3])}{' …' * (len(others) > 3)}"
    text += "   press o" if stands[first.id].driver else ""  # else the key is named with what it does
    return Alert(text, not loud, frozenset(one.id for one in loud))


def _head(count: int, down: str, *, cut_off: bool) -> str:
    if down:
        unfinished = "unfinished operations" if count > 1 else "an unfinished operation"
        return f"{count} server{'s' * (count > 1)} {down} by {unfinished}"
    if count > 1:
        return f"{count} operations need you"
    return "an operation was cut off" if cut_off else "an operation needs you"


def _told(operation: Operation, status: OperationStatus, now: datetime) -> str:
    parts: list[str] = [operation.label]
    since = stopped_at(operation)
    if since is not None and status.down is not InstanceDown.NO:
        parts.append(f"stopped {ago(since, now)}")
    if status.cut_off:
        return ", ".join((*parts, f"cut off at {operation.step} (press o, then r to resume)"))
    parts.append(operation.short_note or f"at {operation.step}")
    return ", ".join(parts) + (" (runner alive)" if status.driver else " (press o, then r to resume)")
