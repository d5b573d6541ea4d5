"""The journal: SQLite, WAL, synchronous=FULL, mode 0600. The only link between a console and the hands.

An intent is committed before each API call and its outcome after it. Times are ISO 8601 text in UTC, so that a person with
sqlite3 can read it.
"""

from __future__ import annotations

import getpass
import os
import secrets
import socket
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from platformdirs import user_state_path

from tui.domain.plan import Draft
from tui.domain.steps import Attempt, Said
from tui.domain.text import clean
from tui.operations.record import Call, Kept, Operation, OperationState, StepRow

LEASE = timedelta(seconds=20)
"""How long a runner may be silent before another takes its operation over."""
VERSION = 1
_SCHEMA = """
CREATE TABLE operation (
  id TEXT PRIMARY KEY, action TEXT NOT NULL, title TEXT NOT NULL, state TEXT NOT NULL, profile TEXT NOT NULL,
  account_id TEXT NOT NULL, region TEXT NOT NULL, instance_id TEXT NOT NULL, instance_name TEXT NOT NULL,
  user TEXT NOT NULL, host TEXT NOT NULL, created_at TEXT NOT NULL, confirmed_at TEXT, finished_at TEXT,
  note TEXT NOT NULL DEFAULT '', remedy TEXT NOT NULL DEFAULT '', attention INTEGER NOT NULL DEFAULT 0,
  permission TEXT NOT NULL DEFAULT 'unknown', instance_down INTEGER NOT NULL DEFAULT 0,
  runner TEXT NOT NULL DEFAULT '', lease_until TEXT, kept TEXT NOT NULL
);
CREATE TABLE step (
  operation TEXT NOT NULL REFERENCES operation(id), position INTEGER NOT NULL, name TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting', note TEXT NOT NULL DEFAULT '', began_at TEXT, ended_at TEXT,
  PRIMARY KEY (operation, position)
);
CREATE TABLE call (
  id INTEGER PRIMARY KEY, operation TEXT NOT NULL REFERENCES operation(id), step TEXT NOT NULL, service TEXT NOT NULL,
  name TEXT NOT NULL, intent_at TEXT NOT NULL, outcome_at TEXT, ok INTEGER, code TEXT NOT NULL DEFAULT '',
  message TEXT NOT NULL DEFAULT '', request_id TEXT NOT NULL DEFAULT '', dry_run INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX call_of ON call (operation, step);
"""


class JournalError(Exception):
    """The journal cannot be used, so nothing may be sent. One line: cause, place, remedy."""


def default_path(environ: Mapping[str, str]) -> Path:
    """`$XDG_STATE_HOME/evac/journal.sqlite3`."""
    state = environ.get("XDG_STATE_HOME")
    folder = Path(state) / "evac" if state else user_state_path("evac")
    return folder / "journal.sqlite3"


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


class Journal:
    """One open journal; of one thread. Raises JournalError where it can't be used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(path, timeout=10, isolation_level=None)
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA foreign_keys=ON")
            self._migrate()
        except (OSError, sqlite3.Error) as error:
            raise JournalError(self._line(error)) from error

    def _line(self, error: Exception) -> str:
        return f"the journal can't be used ({error}), {self.path}: nothing was sent; free the disk or move the file away"

    def _migrate(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise JournalError(
                f"the journal {self.path} was written by a newer evac: upgrade this one; nothing was sent"
            )
        if version == 0:
            with self._write() as db:
                if db.execute("PRAGMA user_version").fetchone()[0] == 0:
                    for statement in filter(str.strip, _SCHEMA.split(";")):
                        db.execute(statement)
                    db.execute(f"PRAGMA user_version={VERSION}")

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise JournalError(self._line(error)) from error

    def close(self) -> None:
        """Let it go."""
        self._db.close()

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
        values = (name, draft.action, draft.title, "planned", draft.target.profile, draft.account_id, draft.target.region,
                  draft.instance_id, draft.instance_name, clean(getpass.getuser()), clean(socket.gethostname()), _text(now),
                  msgspec.json.encode(kept).decode())  # fmt: skip
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
                (_text(now), operation),
            )
            return done.rowcount == 1

    def abandon(self, operation: str, why: str, now: datetime) -> bool:
        """Give it up; False if it has ended already."""
        with self._write() as db:
            done = db.execute(
                "UPDATE operation SET state='abandoned', note=?, finished_at=?, attention=0"
                " WHERE id=? AND state IN ('planned','running','needs-attention')",
                (clean(why), _text(now), operation),
            )
            return done.rowcount == 1

    def get(self, operation: str) -> Operation | None:
        """One operation, whole."""
        rows = self._read("SELECT * FROM operation WHERE id=?", (operation,))
        return self._operation(rows[0]) if rows else None

    def list(self, limit: int = 100) -> list[Operation]:
        """The newest first."""
        return [
            self._operation(row)
            for row in self._read("SELECT * FROM operation ORDER BY id DESC LIMIT ?", (limit,))
        ]

    def unfinished(self) -> list[Operation]:
        """Confirmed and not ended: what a console must not be silent about. The oldest first."""
        query = (
            "SELECT * FROM operation WHERE confirmed_at IS NOT NULL AND state IN ('planned','running','needs-attention')"
            " ORDER BY id"
        )
        return [self._operation(row) for row in self._read(query, ())]

    def revision(self) -> int:
        """Changes whenever another process commits."""
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def _read(self, query: str, values: tuple[Any, ...]) -> list[sqlite3.Row]:
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise JournalError(self._line(error)) from error

    def _operation(self, row: sqlite3.Row) -> Operation:
        name = row["id"]
        calls = [
            Call(
                one["step"],
                one["service"],
                one["name"],
                datetime.fromisoformat(one["intent_at"]),
                _time(one["outcome_at"]),
                None if one["ok"] is None else bool(one["ok"]),
                one["code"],
                one["message"],
                one["request_id"],
                bool(one["dry_run"]),
            )  # fmt: skip
            for one in self._read("SELECT * FROM call WHERE operation=? ORDER BY id", (name,))
        ]
        steps = tuple(
            StepRow(
                one["name"],
                one["state"],
                one["note"],
                _time(one["began_at"]),
                _time(one["ended_at"]),
                tuple(call for call in calls if call.step == one["name"]),
            )  # fmt: skip
            for one in self._read("SELECT * FROM step WHERE operation=? ORDER BY position", (name,))
        )
        plain = ("action", "title", "profile", "account_id", "region", "instance_id", "instance_name", "user", "host", "note",
                 "remedy", "permission", "runner")  # fmt: skip
        return Operation(
            id=name,
            state=OperationState(row["state"]),
            created_at=datetime.fromisoformat(row["created_at"]),
            confirmed_at=_time(row["confirmed_at"]),
            finished_at=_time(row["finished_at"]),
            attention=bool(row["attention"]),
            instance_down=bool(row["instance_down"]),
            lease_until=_time(row["lease_until"]),
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
                (runner, _text(now + LEASE), operation, runner, _text(now)),
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
        ended = _text(now) if state in (OperationState.SUCCEEDED, OperationState.FAILED) else None
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
                (_text(now), operation, step),
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
                (state, clean(note), _text(now), operation, step),
            )

    def intent(
        self, operation: str, step: str, service: str, name: str, now: datetime, *, dry_run: bool
    ) -> int:
        """Committed before the call is sent; the call's number."""
        with self._write() as db:
            row = db.execute(
                "INSERT INTO call (operation, step, service, name, intent_at, dry_run) VALUES (?,?,?,?,?,?)",
                (operation, step, service, name, _text(now), int(dry_run)),
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
                    _text(now),
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
                    _time(one["outcome_at"]),
                    None if one["ok"] is None else bool(one["ok"]),
                    clean(one["code"]),
                    clean(one["message"]),
                    bool(one["dry_run"]),
                )  # fmt: skip
                for one in rows
            ),
        )
