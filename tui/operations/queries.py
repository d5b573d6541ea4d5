"""Reading the journal: its rows as operations. A row that is spoilt raises JournalError."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from tui.domain.activity import Meant
from tui.domain.campaign.durations import Ran
from tui.domain.sanitize import clean
from tui.domain.steps.base import Attempt, StepHistory
from tui.operations.database import Database, JournalError, to_text
from tui.operations.model import Operation, StoredDraft

_T = TypeVar("_T")


class _Typed(Struct, frozen=True):
    instance_type: str = ""


class _Kept(Struct, frozen=True):
    order: _Typed


class _Ended(Struct, frozen=True):
    action: str
    kept: _Kept
    confirmed_at: datetime
    finished_at: datetime


NEWEST = 50
"""Operations on one instance that are read."""


class JournalQueries(Database):
    """What it holds, as operations. Raises JournalError of a row that can't be read."""

    _unfinished: Sequence[Operation] = ()
    _unfinished_at = 0

    def get(self, operation: str) -> Operation | None:
        """One operation with its steps and calls; None if there is none."""
        with self.looking():
            rows = self._read("SELECT * FROM operation WHERE id=?", (operation,))
            return self._operation(rows[0]) if rows else None

    def list(self, limit: int = 100, *, confirmed: bool = False) -> Sequence[Operation]:
        """Operations, the newest first; or those alone that somebody confirmed."""
        query = "SELECT * FROM operation WHERE NOT ? OR confirmed_at IS NOT NULL ORDER BY id DESC LIMIT ?"
        return self._operations(query, (confirmed, limit))

    def ending(self, end: str, limit: int = 2) -> Sequence[Operation]:
        """Those whose id ends so, however old, the newest first."""
        query = "SELECT * FROM operation WHERE substr(id, -length(?)) = ? ORDER BY id DESC LIMIT ?"
        return self._operations(query, (end, end, limit))

    def ended(self, limit: int = 20) -> frozenset[tuple[str, str]]:
        """The latest that somebody confirmed and that are over, each with its instance's key (`region/id`)."""
        query = (
            "SELECT id, region || '/' || instance_id FROM operation"
            " WHERE confirmed_at IS NOT NULL AND finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT ?"
        )
        return frozenset((str(name), str(key)) for name, key in self._read(query, (limit,)))

    def count(self, *, confirmed: bool = False) -> int:
        """How many operations there are; or have been confirmed."""
        query = "SELECT COUNT(*) FROM operation WHERE NOT ? OR confirmed_at IS NOT NULL"
        return int(self._read(query, (confirmed,))[0][0])

    def of_instance(self, instance_id: str, limit: int = NEWEST) -> Sequence[Operation]:
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

    def since(self, when: datetime) -> Sequence[Operation]:
        """Confirmed, and ordered or ended since then, or not ended yet. The oldest first."""
        query = (
            "SELECT * FROM operation WHERE confirmed_at IS NOT NULL AND (confirmed_at>=? OR finished_at>=?"
            " OR state IN ('planned','running','needs-attention')) ORDER BY id"
        )
        return self._operations(query, (to_text(when), to_text(when)))

    def _read_unfinished(self) -> Sequence[Operation]:
        query = (
            "SELECT * FROM operation WHERE confirmed_at IS NOT NULL AND state IN ('planned','running','needs-attention')"
            " ORDER BY id"
        )
        return self._operations(query, ())

    def _operations(self, query: str, values: tuple[Any, ...]) -> Sequence[Operation]:
        with self.looking():
            return [self._operation(row) for row in self._read(query, values)]

    def ran(self, limit: int = 1000) -> Sequence[Ran]:
        """How long operations took that ended well, of the newest so many. Those that do not say on what type are left out."""
        rows = self._read(
            "SELECT action, kept, confirmed_at, finished_at FROM operation WHERE state='succeeded'"
            " AND confirmed_at IS NOT NULL AND finished_at IS NOT NULL ORDER BY id DESC LIMIT ?",
            (limit,),
        )
        try:
            return [
                Ran(one.action, one.kept.order.instance_type, one.finished_at - one.confirmed_at)
                for row in rows
                if (
                    one := _as(_Ended, row, kept=msgspec.json.decode(row["kept"], type=_Kept))
                ).kept.order.instance_type
            ]
        except (ValueError, TypeError, IndexError, msgspec.MsgspecError) as error:
            raise JournalError(self._line(error)) from error

    def at_rest(self) -> bool:
        """Whether nothing at all is open, not even a question, and no campaign runs."""
        query = (
            "SELECT 1 FROM operation WHERE state IN ('planned','running','needs-attention')"
            " UNION ALL SELECT 1 FROM campaign WHERE state='running' LIMIT 1"
        )
        return not self._read(query, ())

    def intended_down(self) -> dict[str, Meant]:
        """What a person said is meant to be down, by the instance's key (`region/id`)."""
        try:
            return {
                f"{row['region']}/{row['instance_id']}": _as(
                    Meant, row, user=clean(row["user"]), host=clean(row["host"])
                )
                for row in self._read("SELECT * FROM meant", ())
            }
        except (ValueError, TypeError, IndexError, msgspec.MsgspecError) as error:
            raise JournalError(self._line(error)) from error

    def _operation(self, row: sqlite3.Row) -> Operation:
        try:
            found = self._read("SELECT * FROM call WHERE operation=? ORDER BY id", (row["id"],))
            calls = [{**one, "operation": one["name"]} for one in found]
            steps = [
                {**step, "calls": [one for one in calls if one["step"] == step["name"]]}
                for step in self._read("SELECT * FROM step WHERE operation=? ORDER BY position", (row["id"],))
            ]
            kept = msgspec.json.decode(row["kept"], type=StoredDraft)
            return _as(Operation, row, kept=kept, steps=steps, refused_by=row["refused_by"] or None)
        except (ValueError, TypeError, IndexError, msgspec.MsgspecError) as error:
            raise JournalError(self._line(error)) from error

    def step_history(self, operation: str, step: str, began_at: datetime) -> StepHistory:
        """What a step's decision is given. A refusal from before it began afresh is not held against it; what was sent, is."""
        rows = self._read(
            "SELECT * FROM call WHERE operation=? AND step=? AND (ok IS NOT 0 OR intent_at>=?) ORDER BY id",
            (operation, step, to_text(began_at)),
        )
        try:
            attempts = [
                _as(
                    Attempt,
                    one,
                    operation=one["name"],
                    code=clean(one["code"]),
                    message=clean(one["message"]),
                )
                for one in rows
            ]
        except msgspec.MsgspecError as error:
            raise JournalError(self._line(error)) from error
        return StepHistory(began_at, tuple(attempts))


def _as(kind: type[_T], row: sqlite3.Row, **other: Any) -> _T:
    """A row as that struct. Not strictly: SQLite has no booleans and no times. Raises msgspec.MsgspecError."""
    return msgspec.convert({**row, **other}, kind, strict=False)
