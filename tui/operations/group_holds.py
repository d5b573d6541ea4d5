"""Groups held in the journal: which members the operations of this journal take down, or are about to.

A hold counts for as long as its operation has not ended, however it ends. All of an operation's groups are taken in one
transaction, or none of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from tui.domain.groups import Asked, Hold, HoldState, Keep, Short, lacking
from tui.domain.sanitize import clean
from tui.operations.database import JournalError, insert, to_text, to_time
from tui.operations.model import OPEN, Operation, OperationState
from tui.operations.queries import JournalQueries

FREES = "o, then r to resume or a to abandon it (evac ops resume, evac ops abandon)"
"""What ends a hold that nobody works on."""


class Holding(JournalQueries):
    """The group holds in one journal, read and written in its transactions."""

    def holds(self, now: datetime) -> Sequence[Hold]:
        """The holds in force. A waiting operation whose runner is gone blocks nobody, so its hold is left out."""
        rows = self._read(
            "SELECT hold.*, operation.state AS stands, lease_until, instance_id, instance_name, user, host, confirmed_at,"
            " created_at FROM hold JOIN operation ON operation.id=hold.operation ORDER BY number",
            (),
        )
        try:
            return [
                _hold(row, now)
                for row in rows
                if row["stands"] in OPEN and (row["state"] != HoldState.WAITING or _driven(row, now))
            ]
        except ValueError as error:
            raise JournalError(self._line(error)) from error

    def claim(
        self, operation: Operation, asked: Sequence[Asked], keep: Sequence[Keep], now: datetime, *,
        force: bool = False, queue: bool = True,
    ) -> tuple[Short, ...]:  # fmt: skip
        """Hold all of the groups or none; the answer is what stands in the way.

        `force`: hold them whatever stands in the way. `queue`: else keep a place in line.
        """
        with self._write() as db:
            db.execute(
                "DELETE FROM hold WHERE operation IN (SELECT id FROM operation"
                " WHERE state NOT IN ('planned','running','needs-attention'))"
            )
            every = self.holds(now)
            own = [one for one in every if one.operation == operation.id]
            if own and all(one.state is not HoldState.WAITING for one in own):
                return ()
            number = own[0].number if own else _next(db)
            mine = _mine(operation, number, now)
            why = () if force else lacking(asked, every, mine, keep, going=False)
            if not queue and any(one.by for one in why):
                db.execute("DELETE FROM hold WHERE operation=?", (operation.id,))
                return why
            reserves = bool(why) and all(one.by for one in why)
            for one in asked:
                row = {"operation": operation.id, "place": one.place, "number": number, "reserves": reserves}
                group = {"text": one.group.text, "member": one.group.member}
                state = {"state": HoldState.WAITING if why else HoldState.HELD}
                insert(db, "hold", row | group | state, "OR REPLACE")
            return why

    def go(
        self, operation: Operation, asked: Sequence[Asked], keep: Sequence[Keep], now: datetime, *,
        force: bool = False,
    ) -> tuple[Short, ...]:  # fmt: skip
        """Mark the member as going down, right before it does; the answer is what forbids it now."""
        with self._write() as db:
            every = self.holds(now)
            own = next((one for one in every if one.operation == operation.id), None)
            mine = own or _mine(operation, _next(db), now)
            why = (
                ()
                if force or mine.state is HoldState.GOING
                else lacking(asked, every, mine, keep, going=True)
            )
            if not why:
                db.execute("UPDATE hold SET state='going' WHERE operation=?", (operation.id,))
            return why

    def back(self, operation: str, state: HoldState) -> None:
        """Set the holds back to `waiting` or `held`: the lock service refused what this journal allowed."""
        with self._write() as db:
            db.execute("UPDATE hold SET state=? WHERE operation=?", (state, operation))

    def free(self, operation: str) -> None:
        """Release the holds: the member is back in service, or the operation has ended."""
        if self._read("SELECT 1 FROM hold WHERE operation=? LIMIT 1", (operation,)):
            with self._write() as db:
                db.execute("DELETE FROM hold WHERE operation=?", (operation,))


def _next(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT COALESCE(MAX(number), 0) + 1 FROM hold").fetchone()[0])


def _mine(operation: Operation, number: int, now: datetime) -> Hold:
    return Hold(
        operation.id,
        "",
        "",
        "",
        operation.label,
        operation.user,
        operation.host,
        now,
        number,
        HoldState.WAITING,
    )


def _driven(row: sqlite3.Row, now: datetime) -> bool:
    until = row["lease_until"]
    return until is not None and until > (to_text(now) or "")


def _hold(row: sqlite3.Row, now: datetime) -> Hold:
    stands = ""
    if row["stands"] == OperationState.NEEDS_ATTENTION:
        stands = f"needs a person: {FREES}"
    elif not _driven(row, now):
        stands = f"was cut off: {FREES}"
    since = to_time(row["confirmed_at"] or row["created_at"]) or now
    return Hold(
        row["operation"], row["place"], row["text"], row["member"],
        clean(row["instance_name"] or row["instance_id"]), clean(row["user"]), clean(row["host"]), since,
        int(row["number"]), HoldState(row["state"]), bool(row["reserves"]), stands,
    )  # fmt: skip
