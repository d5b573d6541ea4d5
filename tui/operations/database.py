"""The journal's file: opening, the schema and its version, transactions, and errors as one line."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from platformdirs import user_state_path

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


def to_text(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC."""
    return None if moment is None else moment.astimezone(UTC).isoformat()


def to_time(text: str | None) -> datetime | None:
    """The other way."""
    return None if text is None else datetime.fromisoformat(text)


class Database:
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

    def _read(self, query: str, values: tuple[Any, ...]) -> Sequence[sqlite3.Row]:
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise JournalError(self._line(error)) from error
