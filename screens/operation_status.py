"""How an operation stands, for a person: is somebody driving it, is a server down by it, does it need you."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from tui.domain.sanitize import clean
from tui.domain.time_format import ago
from tui.domain.triage import Level
from tui.operations.model import Operation, OperationState
from tui.operations.recovery import is_cut_off
from tui.presentation.symbols import LEVELS, Sign


class Standing(StrEnum):
    """The order is that of the list: what needs a person comes first."""

    CUT_OFF = "cut off"
    NEEDS_YOU = "needs you"
    RUNNING = "running"
    PLANNED = "planned"
    FAILED = "failed"
    REFUSED = "refused"
    SUCCEEDED = "succeeded"
    ABANDONED = "abandoned"


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
_ENDS = {
    OperationState.SUCCEEDED: Standing.SUCCEEDED,
    OperationState.FAILED: Standing.FAILED,
    OperationState.ABANDONED: Standing.ABANDONED,
}


def standing(operation: Operation, now: datetime) -> Standing:
    """Of one operation."""
    if operation.refused_by:
        return Standing.REFUSED
    if operation.state in _ENDS:
        return _ENDS[operation.state]
    if is_cut_off(operation, now):
        return Standing.CUT_OFF
    if operation.attention or operation.state is OperationState.NEEDS_ATTENTION:
        return Standing.NEEDS_YOU
    return Standing.PLANNED if operation.confirmed_at is None else Standing.RUNNING


def in_order(operations: Sequence[Operation], now: datetime) -> list[Operation]:
    """Those that need a person, then those that run, then the rest; each the newest first."""
    first = {Standing.CUT_OFF: 0, Standing.NEEDS_YOU: 0, Standing.RUNNING: 1, Standing.PLANNED: 1}
    newest = sorted(operations, key=lambda one: one.id, reverse=True)
    return sorted(newest, key=lambda one: first.get(standing(one, now), 2))


def label(operation: Operation) -> str:
    """The instance's name, or its id."""
    return clean(operation.instance_name or operation.instance_id)


def stopped_at(operation: Operation) -> datetime | None:
    """Since when the instance is down by it, as far as the journal knows."""
    ends = [row.ended_at for row in operation.steps if row.name in ("stop", "wait-stopped") and row.ended_at]
    return max(ends) if ends else None


class Alert(Struct, frozen=True):
    """What must not be overlooked. `calm`: a server is down, as planned, and somebody drives it; `ring`: whose it is about."""

    text: str
    calm: bool = False
    ring: frozenset[str] = frozenset()


def warning(operations: Sequence[Operation], now: datetime) -> Alert | None:
    """The one line on top of every screen, or None while nothing is amiss."""
    stands = {one.id: standing(one, now) for one in operations}
    loud = [one for one in operations if stands[one.id] in (Standing.CUT_OFF, Standing.NEEDS_YOU)]
    down = [one for one in operations if one.instance_down or (one in loud and one.may_be_down)]
    if not loud and not down:
        return None
    sure = [one for one in down if one.instance_down]
    # What is certain counts; among it, what needs a person leads.
    meant = sure or down or loud
    first = next((one for one in meant if one in loud), meant[0])
    bad = LEVELS[Level.FAILING if loud else Level.DUE].symbol
    text = f"{bad} {_head(meant, sure, down, stands)}: {_told(first, stands[first.id], now)}"
    others = [label(one) for one in dict.fromkeys((*meant, *down, *loud)) if one is not first]
    if others:
        text += f"; also {', '.join(others[:3])}{' …' * (len(others) > 3)}"
    text += "" if "press o" in text else "   press o"
    return Alert(text, not loud, frozenset(one.id for one in loud))


def _head(
    meant: Sequence[Operation],
    sure: Sequence[Operation],
    down: Sequence[Operation],
    stands: Mapping[str, Standing],
) -> str:
    many = len(meant) > 1
    if down:
        be = ("are" if many else "is") if sure else "may be"
        return f"{len(meant)} server{'s' * many} {be} DOWN by {'unfinished operations' if many else 'an unfinished operation'}"
    if many:
        return f"{len(meant)} operations need you"
    return "an operation was cut off" if stands[meant[0].id] is Standing.CUT_OFF else "an operation needs you"


def _told(operation: Operation, stands: Standing, now: datetime) -> str:
    parts = [label(operation)]
    since = stopped_at(operation)
    if since is not None and operation.may_be_down:
        parts.append(f"stopped {ago(since, now)}")
    if stands is Standing.CUT_OFF:
        return ", ".join((*parts, f"cut off at {operation.step} (press o, then r to resume)"))
    parts.append(operation.note.removeprefix("STOPPED: ") or f"at {operation.step}")
    alive = operation.state is not OperationState.NEEDS_ATTENTION
    return ", ".join(parts) + (" (runner alive)" if alive else " (press o, then r to resume)")
