"""An operation of the journal, told: as the stable JSON of `--json`, and in words. Fields are added, never renamed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tui.config.schema import Settings
from tui.domain.sanitize import clean
from tui.domain.time_format import span
from tui.operations.model import Operation, StepRow
from tui.operations.operation_text import operation_summary, took
from tui.operations.status import InstanceDown, OperationStatus, status_of
from tui.operations.undo import why_not_undoable
from tui.presentation.instance_objects import iso_or_none


def step_object(row: StepRow) -> dict[str, Any]:
    """One step of an operation, with its API calls."""
    return {
        "step": row.name,
        "state": row.state,
        "note": row.note,
        "began_at": iso_or_none(row.began_at),
        "ended_at": iso_or_none(row.ended_at),
        "calls": [
            {
                "service": call.service,
                "operation": call.operation,
                "dry_run": call.dry_run,
                "intent_at": iso_or_none(call.intent_at),
                "outcome_at": iso_or_none(call.outcome_at),
                "ok": call.ok,
                "code": call.code,
                "message": call.message,
                "request_id": call.request_id,
            }
            for call in row.calls
        ],
    }


def operation_object(operation: Operation, now: datetime) -> dict[str, Any]:
    """One operation. `state` is one of planned, running, succeeded, failed, needs-attention, abandoned."""
    status = status_of(operation, now)
    return {
        "id": operation.id,
        "campaign": operation.campaign or None,
        "action": operation.action,
        "title": operation.title,
        "state": operation.state.value,
        "profile": operation.profile,
        "account_id": operation.account_id,
        "region": operation.region,
        "instance_id": operation.instance_id,
        "name": operation.instance_name,
        "user": operation.user,
        "host": operation.host,
        "ssh_client": operation.ssh_client,
        "caller": operation.caller,
        "created_at": iso_or_none(operation.created_at),
        "confirmed_at": iso_or_none(operation.confirmed_at),
        "finished_at": iso_or_none(operation.finished_at),
        "step": operation.step,
        "note": operation.note,
        "remark": operation.remark,
        "remedy": operation.remedy,
        "permission": operation.permission_text,
        "attention": operation.attention,
        "refused_by": operation.refused_by if operation.refused else None,
        "instance_down": status.down is not InstanceDown.NO and operation.is_open,
        "driver": status.driver,
        "cut_off": status.cut_off,
        "calls": list(operation.kept.texts),
        "hazards": list(operation.kept.hazards),
        "overrides": list(operation.kept.options.overrides),
        "undoes": undone.operation if (undone := operation.kept.options.undone) is not None else None,
        "undoable": not why_not_undoable(operation),
        "steps": [step_object(row) for row in operation.steps],
    }


def step_text(row: StepRow, now: datetime) -> str:
    """`done  wait-stopped  31s  note`."""
    return f"{row.state:<8} {row.name:<14} {took(row, now):<6} {row.note}".rstrip()


def operation_list(
    operations: Sequence[Operation], settings: Settings, now: datetime
) -> tuple[list[str], Sequence[str], list[Sequence[str]]]:
    """The lines nobody may overlook, and the table below them."""
    stands = [(one, status_of(one, now)) for one in operations]
    loud = [f"✖ {_alarm(one, status)}" for one, status in stands if status.alarming]
    headers = ("OPERATION", "STATE", "ACTION", "INSTANCE", "WHERE", "STEP", "ELAPSED", "NOTE")
    rows: list[Sequence[str]] = [
        (
            one.id,
            status.standing,
            one.action,
            one.label,
            f"{settings.label(one.profile)}/{one.region}",
            one.step if one.is_open else "",
            span(status.elapsed),
            clean(one.note, 60),
        )
        for one, status in stands
    ]
    return loud, headers, rows


def _alarm(operation: Operation, status: OperationStatus) -> str:
    way = f"{status.driver} drives it" if status.driver else f"evac ops resume {operation.id}"
    return f"{operation.title}: {status.headline}; {way}"


def operation_lines(
    operation: Operation, settings: Settings, now: datetime, kept: Path | None = None
) -> list[str]:
    """Everything about one operation, a line each: what can be pasted anywhere, then what matters here and now. `kept`: the file
    with the console output that it kept before its stop or reboot.
    """
    one = operation
    lines = [*operation_summary(one, settings.label(one.profile), settings.zone(), now)]
    lines += [f"  from: {one.ssh_client} (SSH)"] if one.ssh_client else []
    lines += [f"  caller: {one.caller}"] if one.caller else []
    lines += [f"  campaign: {one.campaign}"] if one.campaign else []
    lines.append(f"  permission: {one.permission}")
    if one.is_open and one.confirmed_at:
        lines.append(f"  runner: {status_of(one, now).driver or 'none: evac ops resume ' + one.id}")
    lines += [f"  console output before it: {kept}"] if kept is not None else []
    if one.kept.hazards:
        lines += ["hazards when it was confirmed", *(f"  {text}" for text in one.kept.hazards)]
    return lines
