"""An operation of the journal, told: as the stable JSON of `--json`, and in words. Fields are added, never renamed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tui.cli.serialize import iso_or_none
from tui.config.schema import Settings
from tui.domain.sanitize import clean
from tui.domain.time_format import span
from tui.operations.model import Operation, StepRow
from tui.operations.operation_text import operation_summary
from tui.operations.recovery import driver, is_cut_off


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
    return {
        "id": operation.id,
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
        "permission": operation.permission,
        "attention": operation.attention,
        "refused_by": operation.refused_by or None,
        "instance_down": operation.may_be_down and operation.is_open,
        "driver": driver(operation, now) if operation.is_open else "",
        "cut_off": is_cut_off(operation, now),
        "calls": list(operation.kept.texts),
        "hazards": list(operation.kept.hazards),
        "overrides": list(operation.kept.options.overrides),
        "steps": [step_object(row) for row in operation.steps],
    }


def step_text(row: StepRow, now: datetime) -> str:
    """`done  wait-stopped  31s  note`."""
    took = span(took_of(row, now)) if row.began_at else ""
    return f"{row.state:<8} {row.name:<14} {took:<6} {row.note}".rstrip()


def took_of(row: StepRow, now: datetime) -> timedelta:
    """How long the step took, or has taken so far."""
    return (row.ended_at or now) - row.began_at if row.began_at else timedelta()


def stands(operation: Operation) -> str:
    """In words nobody overlooks: whether the instance is down by it."""
    if operation.instance_down:
        return f"{operation.label} is DOWN, stopped by this operation"
    if operation.may_be_down:
        return f"{operation.label} may be DOWN: this operation stopped it and has not seen it run since"
    return f"{operation.label} is not held down by this operation"


def operation_list(
    operations: Sequence[Operation], settings: Settings, now: datetime
) -> tuple[list[str], Sequence[str], list[Sequence[str]]]:
    """The lines nobody may overlook, and the table below them."""
    loud = [f"✖ {_alarm(one, now)}" for one in operations if alarming(one, now)]
    headers = ("OPERATION", "STATE", "ACTION", "INSTANCE", "WHERE", "STEP", "ELAPSED", "NOTE")
    rows: list[Sequence[str]] = [
        (
            one.id,
            one.word,
            one.action,
            one.label,
            f"{settings.label(one.profile)}/{one.region}",
            one.step if one.is_open else "",
            elapsed(one, now),
            clean(one.note, 60),
        )
        for one in operations
    ]
    return loud, headers, rows


def alarming(operation: Operation, now: datetime) -> bool:
    """Whether a person should know: it waits for one, was cut off, or may have an instance down."""
    needed = operation.attention or operation.may_be_down or is_cut_off(operation, now)
    return operation.is_open and needed


def _alarm(operation: Operation, now: datetime) -> str:
    who = driver(operation, now)
    runner = f"{who} drives it" if who else f"NOBODY drives it: evac ops resume {operation.id}"
    said = f": {operation.note}" if operation.note else ""
    where = f"{operation.state} at {operation.step}"
    return f"{stands(operation)} ({operation.action}, {where}{said}); {runner}"


def elapsed(operation: Operation, now: datetime) -> str:
    """From the confirmation (or the plan, before it) to the end or to now."""
    return span((operation.finished_at or now) - (operation.confirmed_at or operation.created_at))


def operation_lines(operation: Operation, settings: Settings, now: datetime) -> list[str]:
    """Everything about one operation, a line each: what can be pasted anywhere, then what matters here and now."""
    one = operation
    lines = [*operation_summary(one, one.word, settings.label(one.profile), settings.zone(), now)]
    lines += [f"  from: {one.ssh_client} (SSH)"] if one.ssh_client else []
    lines += [f"  caller: {one.caller}"] if one.caller else []
    lines.append(f"  permission: {one.permission}")
    if one.is_open and one.confirmed_at:
        who = driver(one, now)
        lines.append(f"  runner: {who or 'none: evac ops resume ' + one.id}")
        lines += [f"  instance: {stands(one)}"] if one.may_be_down else []
    lines += [f"  remark: {one.remark}"] if one.remark else []
    if one.kept.hazards:
        lines += ["hazards when it was confirmed", *(f"  {text}" for text in one.kept.hazards)]
    return lines
