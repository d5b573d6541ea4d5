"""The sheet of operations on an instance, from the journal."""

from __future__ import annotations

from screens.detail.view_model import Scene
from screens.operation_status import SIGNS
from screens.page import BLANK, Row
from tui.domain.sanitize import clean
from tui.domain.time_format import ago
from tui.operations.model import Operation, OperationState
from tui.operations.queries import NEWEST
from tui.operations.status import status_of


def history(scene: Scene, cursor: int) -> list[Row]:
    """Operations on it, the newest first, a line each; under them the chosen one's last word."""
    if scene.history_trouble:
        return [Row(scene.history_trouble, style="bold red")]
    if not scene.operations:
        return [Row("no operation on it is in this journal", style="dim")]
    chosen = scene.operations[min(cursor, len(scene.operations) - 1)]
    rows = [_operation(scene, one, chosen=one is chosen) for one in scene.operations]
    if len(scene.operations) >= NEWEST:
        rows.append(Row(f"the newest {NEWEST}; all of them: evac ops list --json", style="dim"))
    rows += [BLANK, Row(clean(chosen.title), "operation", "bold", note=clean(chosen.id))]
    if chosen.note:
        rows.append(Row(clean(chosen.note), "note"))
    if chosen.remedy:
        rows.append(Row(clean(chosen.remedy), "remedy"))
    by = clean(f"{chosen.user}@{chosen.host}")
    rows.append(Row(f"{by}, {scene.when(chosen.created_at)}", "by"))
    return [*rows, Row("enter follows it on the operations screen", "", "dim")]


def _operation(scene: Scene, one: Operation, *, chosen: bool) -> Row:
    sign = SIGNS[status_of(one, scene.now).standing]
    step = f"  {clean(one.step)}" if one.is_open or one.state is OperationState.FAILED else ""
    text = f"{clean(one.action):<11}{sign.word:<11}{ago(one.created_at, scene.now):<9}{step}"
    label = ("▸ " if chosen else "  ") + sign.symbol
    return Row(text, label, "reverse" if chosen else "", sign.style, single=True)
