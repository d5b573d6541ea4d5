"""The journal: what was planned, confirmed, sent and answered. The only link between a console and the hands.

SQLite, WAL, synchronous=FULL, mode 0600. An intent is committed before each API call and its outcome after it. Times are
ISO 8601 text in UTC, so that a person with sqlite3 can read it.
"""

from __future__ import annotations

import getpass
import secrets
import socket
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec

from tui.domain.plan import Draft
from tui.domain.steps import Attempt, Said
from tui.domain.text import clean
from tui.operations.database import Database, JournalError, default_path, to_text, to_time
from tui.operations.record import Call, Kept, Operation, OperationState, StepRow

__all__ = ["LEASE", "Journal", "JournalError", "default_path"]

LEASE = timedelta(seconds=20)
"""How long a runner may be silent before another takes its operation over."""


def _flag(value: int | None) -> bool | None:
    return None if value is None else bool(value)


class Journal(Database):
    """The journal, opened. Raises JournalError where it can't be used."""

    # the console's side

    def create(self, draft: Draft, now: datetime) -> str:
        """Keep a draft as *planned*; the new operation's id, which sorts by time."""
        name = f"op-{now.astimezone(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        kept = Kept(
            replace(draft.order, operation_id=name),
            draft.options,
            tuple(step.name for step in draft.steps),
            tuple(call.text for call in draft.calls),
            tuple(f"{hazard.gravity}: {hazard.text}" for hazard in draft.hazards),
        )
        values = (
            name,
            draft.action,
            draft.title,
            "planned",
            draft.target.profile,
            draft.account_id,
            draft.target.region,
            draft.instance_id,
            draft.instance_name,
            clean(getpass.getuser()),
            clean(socket.gethostname()),
            to_text(now),
            msgspec.json.encode(kept).decode(),
        )
        with self._write() as db:
            db.execute(
                "INSERT INTO operation (id, action, title, state, profile, account_id, region, instance_id, instance_name,"
                " user, host, created_at, kept) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
                values,
            )
            rows = [(name, position, step) for position, step in enumerate(kept.steps)]
            db.executemany("INSERT INTO step (operation, position, name) VALUES (?,?,?)", rows)
        return name

    def confirm(self, operation: str, now: datetime) -> bool:
        """The operator said yes; False if it is no longer waiting for that."""
        with self._write() as db:
            done = db.execute(
                "UPDATE operation SET confirmed_at=? WHERE id=? AND state='planned' AND confirmed_at IS NULL",
                (to_text(now), operation),
            )
            return done.rowcount == 1

    def abandon(self, operation: str, why: str, now: datetime) -> bool:
        """Give it up; False if it has ended already."""
        with self._write() as db:
            done = db.execute(
                "UPDATE operation SET state='abandoned', note=?, finished_at=?, attention=0"
                " WHERE id=? AND state IN ('planned','running','needs-attention')",
                (clean(why), to_text(now), operation),
            )
            return done.rowcount == 1

    def get(self, operation: str) -> Operation | None:
        """One operation, whole."""
        rows = self._read("SELECT * FROM operation WHERE id=?", (operation,))
        return self._operation(rows[0]) if rows else None

    def list(self, limit: int = 100) -> Sequence[Operation]:
        """The newest first."""
        return [
            self._operation(row)
            for row in self._read("SELECT * FROM operation ORDER BY id DESC LIMIT ?", (limit,))
        ]

    def unfinished(self) -> Sequence[Operation]:
        """Confirmed and not ended: what a console must not be silent about. The oldest first."""
        query = (
            "SELECT * FROM operation WHERE confirmed_at IS NOT NULL AND state IN ('planned','running','needs-attention')"
            " ORDER BY id"
        )
        return [self._operation(row) for row in self._read(query, ())]

    def revision(self) -> int:
        """Changes whenever another process commits."""
        return int(self._read("PRAGMA data_version", ())[0][0])

    def _operation(self, row: sqlite3.Row) -> Operation:
        name = row["id"]
        calls = [
            Call(
                one["step"],
                one["service"],
                one["name"],
                datetime.fromisoformat(one["intent_at"]),
                to_time(one["outcome_at"]),
                _flag(one["ok"]),
                one["code"],
                one["message"],
                one["request_id"],
                bool(one["dry_run"]),
            )
            for one in self._read("SELECT * FROM call WHERE operation=? ORDER BY id", (name,))
        ]
        steps = tuple(
            StepRow(
                one["name"],
                one["state"],
                one["note"],
                to_time(one["began_at"]),
                to_time(one["ended_at"]),
                tuple(call for call in calls if call.step == one["name"]),
            )
            for one in self._read("SELECT * FROM step WHERE operation=? ORDER BY position", (name,))
        )
        plain = (
            "action",
            "title",
            "profile",
            "account_id",
            "region",
            "instance_id",
            "instance_name",
            "user",
            "host",
            "note",
            "remedy",
            "permission",
            "runner",
        )
        return Operation(
            id=name,
            state=OperationState(row["state"]),
            created_at=datetime.fromisoformat(row["created_at"]),
            confirmed_at=to_time(row["confirmed_at"]),
            finished_at=to_time(row["finished_at"]),
            attention=bool(row["attention"]),
            instance_down=bool(row["instance_down"]),
            lease_until=to_time(row["lease_until"]),
            kept=msgspec.json.decode(row["kept"], type=Kept),
            steps=steps,
            **{key: row[key] for key in plain},
        )

    # the runner's side

    def lease(self, operation: str, runner: str, now: datetime) -> bool:
        """Take it or keep it; False while another runner's lease lasts, or once it has ended."""
        with self._write() as db:
            done = db.execute(
                "UPDATE operation SET runner=?, lease_until=? WHERE id=? AND state IN ('planned','running','needs-attention')"
                " AND (runner=? OR lease_until IS NULL OR lease_until<?)",
                (runner, to_text(now + LEASE), operation, runner, to_text(now)),
            )
            return done.rowcount == 1

    def release(self, operation: str, runner: str) -> None:
        """Let the lease go."""
        with self._write() as db:
            db.execute("UPDATE operation SET lease_until=NULL WHERE id=? AND runner=?", (operation, runner))

    def set_state(
        self, operation: str, state: OperationState, now: datetime, note: str = "", remedy: str = ""
    ) -> None:
        """Where it stands; an end gets its time."""
        ended = to_text(now) if state in (OperationState.SUCCEEDED, OperationState.FAILED) else None
        with self._write() as db:
            db.execute(
                "UPDATE operation SET state=?, note=?, remedy=?, finished_at=?, attention=? WHERE id=?",
                (
                    state.value,
                    clean(note),
                    clean(remedy),
                    ended,
                    int(state is OperationState.NEEDS_ATTENTION),
                    operation,
                ),
            )

    def say(self, operation: str, note: str, *, attention: bool, down: bool) -> None:
        """What it is waiting for, whether a person should know, and whether the instance is down by it."""
        with self._write() as db:
            db.execute(
                "UPDATE operation SET note=?, attention=?, instance_down=? WHERE id=?",
                (clean(note), int(attention), int(down), operation),
            )

    def permit(self, operation: str, answer: str) -> None:
        """What the dry run said."""
        with self._write() as db:
            db.execute("UPDATE operation SET permission=? WHERE id=?", (clean(answer), operation))

    def begin_step(self, operation: str, step: str, now: datetime) -> datetime:
        """Mark it running; when it first began."""
        with self._write() as db:
            db.execute(
                "UPDATE step SET state='running', began_at=COALESCE(began_at, ?) WHERE operation=? AND name=?",
                (to_text(now), operation, step),
            )
            row = db.execute(
                "SELECT began_at FROM step WHERE operation=? AND name=?", (operation, step)
            ).fetchone()
        return datetime.fromisoformat(row[0])

    def end_step(self, operation: str, step: str, state: str, note: str, now: datetime) -> None:
        """Done or stuck."""
        with self._write() as db:
            db.execute(
                "UPDATE step SET state=?, note=?, ended_at=? WHERE operation=? AND name=?",
                (state, clean(note), to_text(now), operation, step),
            )

    def intent(
        self, operation: str, step: str, service: str, name: str, now: datetime, *, dry_run: bool
    ) -> int:
        """Committed before the call is sent; the call's number."""
        with self._write() as db:
            row = db.execute(
                "INSERT INTO call (operation, step, service, name, intent_at, dry_run) VALUES (?,?,?,?,?,?)",
                (operation, step, service, name, to_text(now), int(dry_run)),
            )
            return int(row.lastrowid or 0)

    def outcome(
        self, call: int, now: datetime, *, ok: bool | None, code: str, message: str, request_id: str
    ) -> None:
        """What came of it. `ok` None: nobody knows."""
        with self._write() as db:
            db.execute(
                "UPDATE call SET outcome_at=?, ok=?, code=?, message=?, request_id=? WHERE id=?",
                (
                    to_text(now),
                    None if ok is None else int(ok),
                    clean(code),
                    clean(message, 300),
                    clean(request_id),
                    call,
                ),
            )

    def said(self, operation: str, step: str, began_at: datetime) -> Said:
        """What a step's decision is given."""
        rows = self._read("SELECT * FROM call WHERE operation=? AND step=? ORDER BY id", (operation, step))
        return Said(
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
                )
                for one in rows
            ),
        )
