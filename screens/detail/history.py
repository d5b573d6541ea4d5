"""The sheet of operations on an instance, from the journal."""

from __future__ import annotations

from msgspec.structs import replace

from screens.detail.view_model import Scene
from screens.page import BLANK, Row
from tui.domain.sanitize import clean
from tui.domain.time_format import ago
from tui.domain.triage import Level
from tui.operations.model import Operation, OperationState
from tui.presentation.symbols import LEVELS, Sign

OPERATION = {
    OperationState.PLANNED: Sign("–", "planned", "dim"),
    OperationState.RUNNING: Sign("●", "running", "bold cyan"),
    OperationState.SUCCEEDED: replace(LEVELS[Level.CALM], word="succeeded"),
    OperationState.FAILED: Sign("✖", "failed", "bold red"),
    OperationState.NEEDS_ATTENTION: Sign("▲", "needs you", "bold yellow"),
    OperationState.ABANDONED: Sign("–", "abandoned", "dim"),
}

_REFUSED = Sign("–", "refused", "yellow")


def history(scene: Scene, cursor: int) -> list[Row]:
    """Operations on it, the newest first, a line each; under them the chosen one's last word."""
    if scene.history_trouble:
        return [Row(scene.history_trouble, style="bold red")]
    if not scene.operations:
        return [Row("no operation on it is in this journal", style="dim")]
    chosen = scene.operations[min(cursor, len(scene.operations) - 1)]
    rows = [_operation(scene, one, chosen=one is chosen) for one in scene.operations]
    rows += [BLANK, Row(clean(chosen.title), "operation", "bold", note=clean(chosen.id))]
    if chosen.note:
        rows.append(Row(clean(chosen.note), "note"))
    if chosen.remedy:
        rows.append(Row(clean(chosen.remedy), "remedy"))
    by = clean(f"{chosen.user}@{chosen.host}")
    rows.append(Row(f"{by}, {scene.when(chosen.created_at)}", "by"))
    return [*rows, Row("enter follows it on the operations screen", "", "dim")]


def _operation(scene: Scene, one: Operation, *, chosen: bool) -> Row:
    sign = _REFUSED if one.refused_by else OPERATION[one.state]
    step = f"  {clean(one.step)}" if one.is_open or one.state is OperationState.FAILED else ""
    text = f"{clean(one.action):<11}{sign.word:<11}{ago(one.created_at, scene.now):<9}{step}"
    label = ("▸ " if chosen else "  ") + sign.symbol
    return Row(text, label, "reverse" if chosen else "", sign.style, single=True)
