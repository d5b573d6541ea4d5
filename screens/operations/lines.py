"""One operation in words: what it waits for, its steps and calls, who wanted it."""

from __future__ import annotations

from datetime import datetime, tzinfo
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from screens.operation_status import SIGNS
from tui.config.schema import Settings
from tui.domain.actions import ACTIONS
from tui.domain.answers import Permission
from tui.domain.aws_codes import PERMITTED
from tui.domain.sanitize import clean
from tui.domain.steps import without_dry_run
from tui.domain.time_format import ago, both_zones, span
from tui.operations.model import Operation, StepState
from tui.operations.operation_text import call_outcome, progress, took
from tui.operations.status import OperationStatus, status_of
from tui.presentation.accounts import account_number
from tui.presentation.symbols import STEP_SIGNS


def _first(one: Operation, status: OperationStatus) -> str:
    """The first line: what a person must know and the key that helps, or the current step."""
    return f"{status.headline}; press r to resume" if status.cut_off else status.headline or one.note


def _unanswered(one: Operation) -> str:
    """Why it is not known whether AWS permits it."""
    if not one.permission_asked:
        return "not asked yet"
    silent = without_dry_run(one.action, one.kept.order, one.kept.options) if one.action in ACTIONS else ()
    return (
        "AWS did not say"
        if one.steps[0].calls or not silent
        else f"AWS can't be asked for {', '.join(silent)}"
    )


def operation_facts(
    one: Operation, settings: Settings, zone: tzinfo, now: datetime, kept: Path | None = None
) -> list[tuple[str, str]]:
    """Who, when, from where, and AWS's permission; what else there is to say, and the file with the console output kept by it."""
    begun = one.confirmed_at or one.created_at
    who = f"{one.user}@{one.host}, {ago(begun, now)}, {both_zones(begun, zone, now)}"
    where = (
        f"{settings.label(one.profile)}  {account_number(one.account_id) or 'account unknown'}  {one.region}"
    )
    permission = {
        Permission.YES: "AWS said yes",
        Permission.UNKNOWN: _unanswered(one),
    }
    found = [
        ("where", where),
        ("by", who),
        ("permission", permission.get(one.permission, one.permission_text)),
    ]
    if one.is_open:
        found.append(("runner", status_of(one, now).driver or "none"))
    if one.remark:
        found.append(("note", one.remark))
    if kept is not None:
        found.append(("console output before it", str(kept)))
    return [(name, clean(text)) for name, text in found]


def detail(
    one: Operation, settings: Settings, zone: tzinfo, now: datetime, kept: Path | None = None
) -> RenderableType:
    """Everything known of an operation, its steps last. `kept` as in `operation_facts`."""
    status = status_of(one, now)
    sign = SIGNS[status.standing]
    head = Text(overflow="fold")
    head.append(sign.named, sign.style)
    head.append(f"  {clean(one.title)}", "bold")
    head.append(f"  {clean(one.instance_id)}  {progress(one)}, {span(status.elapsed)}")
    parts: list[RenderableType] = [head]
    if told := _first(one, status):
        parts.append(Text(told, sign.style if status.headline else ""))
    if one.remedy:
        parts.append(Text(f"→ {one.remedy}", "bold"))
    parts.append(_steps(one, now, alive=bool(status.driver)))
    facts = Text("")
    for name, text in operation_facts(one, settings, zone, now, kept):
        facts.append(f"{name} ", "dim")
        facts.append(f"{text}   ")
    facts.append("id ", "dim")
    facts.append(one.id)
    parts.append(facts)
    return Group(*parts)


def _steps(one: Operation, now: datetime, *, alive: bool) -> Table:
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(width=1)
    grid.add_column(width=13, no_wrap=True)
    grid.add_column(width=6, no_wrap=True)
    grid.add_column(ratio=1)
    for row in one.steps:
        sign = STEP_SIGNS.get(row.state, STEP_SIGNS["waiting"])
        # A dry run that AWS permitted is told by the step's note; its request id is in the summary and the audit log.
        told_calls = [call for call in row.calls if not (call.dry_run and call.code == PERMITTED)]
        parts = [Text(call_outcome(call), "" if call.ok or call.dry_run else "bold") for call in told_calls]
        if row.note:
            parts.append(Text(clean(row.note), "dim"))
        told = Text(" · ").join(parts)
        state = "" if row.state is StepState.DONE else sign.style
        grid.add_row(
            Text(sign.symbol, sign.style),
            Text(row.name, state),
            Text(took(row, now, alive=alive), "dim"),
            told,
        )
    return grid
