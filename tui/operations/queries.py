"""Reading the journal: its rows as operations. A row that is spoilt raises JournalError."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from tui.domain.activity import Meant
from tui.domain.answers import NoteKind, Permission, RefusedBy
from tui.domain.sanitize import clean
from tui.domain.steps import Attempt, StepHistory
from tui.operations.database import Database, JournalError, to_text, to_time
from tui.operations.model import CallRecord, Operation, OperationState, StepRow, StepState, StoredDraft

_PLAIN = (
    "id", "action", "title", "profile", "account_id", "region", "instance_id", "instance_name", "user", "host", "note",
    "remedy", "permission_reason", "runner", "ssh_client", "caller", "remark",
)  # fmt: skip


class JournalQueries(Database):
    """What it holds, as operations. Raises JournalError of a row that can't be read."""

    _unfinished: Sequence[Operation] = ()
    _unfinished_at = 0

    def get(self, operation: str) -> Operation | None:
        """One operation with its steps and calls; None if there is none."""
        with self.looking():
            rows = self._read("SELECT * FROM operation WHERE id=?", (operation,))
            return self._operation(rows[0]) if rows else None

    def list(self, limit: int = 100) -> Sequence[Operation]:
        """Operations, the newest first."""
        return self._operations("SELECT * FROM operation ORDER BY id DESC LIMIT ?", (limit,))

    def count(self) -> int:
        """How many operations there are."""
        return int(self._read("SELECT COUNT(*) FROM operation", ())[0][0])

    def of_instance(self, instance_id: str, limit: int = 50) -> Sequence[Operation]:
        """Those on one instance, the newest first."""
        query = "SELECT * FROM operation WHERE instance_id=? ORDER BY id DESC LIMIT ?"
        return self._operations(query, (instance_id, limit))

    def unfinished(self) -> Sequence[Operation]:
        """Confirmed and not ended: what a console must not be silent about. The oldest first.

        Outside of a change, and while nobody has committed anything, what was read the last time.
        """
        if self._depth == 0 and (now := self.revision()) != self._unfinished_at:
            self._unfinished_at = 0  # unless it can be read
            self._unfinished, self._unfinished_at = self._read_unfinished(), now
        return list(self._unfinished) if self._depth == 0 else self._read_unfinished()

    def _read_unfinished(self) -> Sequence[Operation]:
        query = (
            "SELECT * FROM operation WHERE confirmed_at IS NOT NULL AND state IN ('planned','running','needs-attention')"
            " ORDER BY id"
        )
        return self._operations(query, ())

    def _operations(self, query: str, values: tuple[Any, ...]) -> Sequence[Operation]:
        with self.looking():
            return [self._operation(row) for row in self._read(query, values)]

    def at_rest(self) -> bool:
        """Whether nothing at all is open, not even a question."""
        query = "SELECT 1 FROM operation WHERE state IN ('planned','running','needs-attention') LIMIT 1"
        return not self._read(query, ())

    def intended_down(self) -> dict[str, Meant]:
        """What a person said is meant to be down, by the instance's key (`region/id`)."""
        try:
            return {
                f"{row['region']}/{row['instance_id']}": Meant(
                    clean(row["user"]),
                    clean(row["host"]),
                    datetime.fromisoformat(row["at"]),
                    to_time(row["launched_at"]),
                )
                for row in self._read("SELECT * FROM meant", ())
            }
        except (ValueError, TypeError, IndexError) as error:
            raise JournalError(self._line(error)) from error

    def _operation(self, row: sqlite3.Row) -> Operation:
        try:
            name = row["id"]
            calls = self._read("SELECT * FROM call WHERE operation=? ORDER BY id", (name,))
            steps = self._read("SELECT * FROM step WHERE operation=? ORDER BY position", (name,))
            return _operation_of(row, steps, calls)
        except (ValueError, TypeError, IndexError, msgspec.MsgspecError) as error:
            raise JournalError(self._line(error)) from error

    def step_history(self, operation: str, step: str, began_at: datetime) -> StepHistory:
        """What a step's decision is given. A refusal from before it began afresh is not held against it; what was sent, is."""
        rows = self._read(
            "SELECT * FROM call WHERE operation=? AND step=? AND (ok IS NOT 0 OR intent_at>=?) ORDER BY id",
            (operation, step, to_text(began_at)),
        )
        return StepHistory(
            began_at,
            tuple(
                Attempt(
                    one["name"],
                    datetime.fromisoformat(one["intent_at"]),
                    to_time(one["outcome_at"]),
                    _flag(one["ok"]),
                    clean(one["code"]),
                    clean(one["message"]),
                    bool(one["dry_run"]),
                    to_time(one["launched_at"]),
                )
                for one in rows
            ),
        )


def _flag(value: int | None) -> bool | None:
    """SQLite has no booleans; None stays *not known*."""
    return None if value is None else bool(value)


def _operation_of(row: sqlite3.Row, steps: Sequence[sqlite3.Row], calls: Sequence[sqlite3.Row]) -> Operation:
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
        _flag(row["ok"]),
        row["code"],
        row["message"],
        row["request_id"],
        bool(row["dry_run"]),
        to_time(row["launched_at"]),
    )
