"""From the journal's rows to the record of an operation. Raises ValueError, TypeError or msgspec's errors on a spoilt row."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

import msgspec

from tui.domain.answers import NoteKind, Permission, RefusedBy
from tui.operations.database import to_time
from tui.operations.model import CallRecord, Operation, OperationState, StepRow, StepState, StoredDraft

_PLAIN = (
    "id", "action", "title", "profile", "account_id", "region", "instance_id", "instance_name", "user", "host", "note",
    "remedy", "permission_reason", "runner", "ssh_client", "caller", "remark",
)  # fmt: skip


def flag(value: int | None) -> bool | None:
    """SQLite has no booleans; None stays *not known*."""
    return None if value is None else bool(value)


def operation_of(row: sqlite3.Row, steps: Sequence[sqlite3.Row], calls: Sequence[sqlite3.Row]) -> Operation:
    """The operation, with its steps in their order and each step's calls, the oldest first."""
    made = [_call(one) for one in calls]
    return Operation(
        state=OperationState(row["state"]),
        created_at=datetime.fromisoformat(row["created_at"]),
        confirmed_at=to_time(row["confirmed_at"]),
        finished_at=to_time(row["finished_at"]),
        permission=Permission(row["permission"]),
        refused_by=RefusedBy(row["refused_by"]) if row["refused_by"] else None,
        given_up=bool(row["given_up"]),
        note_kind=NoteKind(row["note_kind"]),
        attention=bool(row["attention"]),
        instance_down=bool(row["instance_down"]),
        lease_until=to_time(row["lease_until"]),
        kept=msgspec.json.decode(row["kept"], type=StoredDraft),
        steps=tuple(
            StepRow(
                one["name"],
                StepState(one["state"]),
                one["note"],
                to_time(one["began_at"]),
                to_time(one["ended_at"]),
                tuple(call for call in made if call.step == one["name"]),
            )
            for one in steps
        ),
        **{key: row[key] for key in _PLAIN},
    )


def _call(row: sqlite3.Row) -> CallRecord:
    return CallRecord(
        row["step"],
        row["service"],
        row["name"],
        datetime.fromisoformat(row["intent_at"]),
        to_time(row["outcome_at"]),
        flag(row["ok"]),
        row["code"],
        row["message"],
        row["request_id"],
        bool(row["dry_run"]),
        to_time(row["launched_at"]),
    )
