"""One operation in words: what it waits for, its steps and calls, who wanted it. Drawn, and copied."""

from __future__ import annotations

from datetime import datetime, tzinfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from screens.operation_status import SIGNS, Standing, standing
from screens.operations.table import elapsed, progress
from tui.config.schema import Settings
from tui.domain.sanitize import clean
from tui.domain.time_format import ago, both_zones
from tui.operations.model import Operation
from tui.operations.operation_text import call_outcome, took
from tui.operations.operation_text import operation_summary as paste
from tui.operations.recovery import driver
from tui.presentation.accounts import account_number
from tui.presentation.symbols import STEP_SIGNS


def _loud(one: Operation, now: datetime) -> str:
    """What a person must know first, or nothing."""
    down = (
        " The instance is STOPPED."
        if one.instance_down
        else " The instance may be stopped."
        if one.may_be_down
        else ""
    )
    stands = standing(one, now)
    if stands is Standing.CUT_OFF:
        return f"Cut off at {one.step}: nobody drives it.{down} Press r to resume."
    if stands is Standing.NEEDS_YOU:
        down = "" if one.note.startswith("STOPPED") else down
        return f"{one.note or 'It needs you'}.{down}"
    return f"{one.note}.{down}" if stands in (Standing.FAILED, Standing.REFUSED) and one.note else ""


def operation_facts(one: Operation, settings: Settings, zone: tzinfo, now: datetime) -> list[tuple[str, str]]:
    """Who, when, from where, and AWS's permission."""
    begun = one.confirmed_at or one.created_at
    who = f"{one.user}@{one.host}, {ago(begun, now)}, {both_zones(begun, zone, now)}"
    where = (
        f"{settings.label(one.profile)}  {account_number(one.account_id) or 'account unknown'}  {one.region}"
    )
    runner = driver(one, now)
    permission = {
        "yes": "AWS said yes",
        "unknown": "AWS did not say" if one.permission_asked else "not asked yet",
    }
    found = [
        ("where", where),
        ("by", who),
        ("permission", permission.get(one.permission, one.permission)),
    ]
    if one.is_open:
        found.append(("runner", runner or "none"))
    return [(name, clean(text)) for name, text in found]


def detail(one: Operation, settings: Settings, zone: tzinfo, now: datetime) -> RenderableType:
    """All of it, the steps last."""
    sign = SIGNS[standing(one, now)]
    head = Text(overflow="fold")
    head.append(f"{sign.named}", sign.style)
    head.append(f"  {clean(one.title)}", "bold")
    head.append(f"  {clean(one.instance_id)}  {progress(one)}, {elapsed(one, now)}")
    parts: list[RenderableType] = [head]
    if loud := _loud(one, now):
        parts.append(Text(loud, sign.style))
    elif one.note:
        parts.append(Text(one.note))
    if one.remedy:
        parts.append(Text(f"→ {one.remedy}", "bold"))
    parts.append(_steps(one, now))
    told = Text("")
    for name, text in operation_facts(one, settings, zone, now):
        told.append(f"{name} ", "dim")
        told.append(f"{text}   ")
    told.append("id ", "dim")
    told.append(one.id)
    parts.append(told)
    return Group(*parts)


def _steps(one: Operation, now: datetime) -> Table:
    alive = bool(driver(one, now))
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(width=1)
    grid.add_column(width=13, no_wrap=True)
    grid.add_column(width=6, no_wrap=True)
    grid.add_column(ratio=1)
    for row in one.steps:
        sign = STEP_SIGNS.get(row.state, STEP_SIGNS["waiting"])
        # A dry run that AWS permitted is told by the step's note; its request id is in the summary and the audit log.
        told_calls = [call for call in row.calls if not (call.dry_run and call.code == "DryRunOperation")]
        parts = [Text(call_outcome(call), "" if call.ok or call.dry_run else "bold") for call in told_calls]
        if row.note:
            parts.append(Text(clean(row.note), "dim"))
        told = Text(" · ").join(parts)
        state = "" if row.state == "done" else sign.style
        grid.add_row(
            Text(sign.symbol, sign.style),
            Text(row.name, state),
            Text(took(row, now, alive=alive), "dim"),
            told,
        )
    return grid


def copied_summary(one: Operation, settings: Settings, zone: tzinfo, now: datetime) -> str:
    """To paste into an incident channel: plain text, a line a fact."""
    word = f"{SIGNS[standing(one, now)].word}, {progress(one)}"
    if loud := _loud(one, now):
        word = f"{word}. {loud}"
    return "\n".join(paste(one, word, settings.label(one.profile), zone, now))
