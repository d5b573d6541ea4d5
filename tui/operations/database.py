"""The journal's file: opening, bringing it up to date, transactions, and errors as one line."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from platformdirs import user_state_path

from tui.domain.text import clean
from tui.operations.schema import MIGRATIONS


class JournalError(Exception):
    """The journal cannot be used, so nothing may be sent. One line: cause, place, remedy."""

    def __init__(self, line: str) -> None:
        super().__init__(clean(line))  # SQLite quotes what it found in the file


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


def _refuse_strangers(folder: Path) -> None:
    """A folder, or one that a link leads to, must be ours: who owns it says what stands in the journal. Raises JournalError."""
    found = folder.stat()
    if found.st_uid != os.getuid():
        raise JournalError(
            f"the journal can't be used: its folder {folder} belongs to somebody else: nothing was sent;"
            " set XDG_STATE_HOME to a folder of yours"
        )
    if found.st_mode & 0o022:
        folder.chmod(0o700)


def is_damage(error: BaseException) -> bool:
    """Whether it is the file's content that can't be used, and not the disk, a lock or a permission."""
    name = getattr(error, "sqlite_errorname", "")  # of what Python itself could not decode there is none
    return not isinstance(error, OSError) and not name.startswith(_ELSEWHERE)


_ELSEWHERE = tuple(
    f"SQLITE_{one}"
    for one in (
        "BUSY",
        "LOCKED",
        "IOERR",
        "FULL",
        "CANTOPEN",
        "READONLY",
        "PERM",
        "AUTH",
        "PROTOCOL",
        "NOMEM",
    )
)
"""Beginnings of SQLite's names for what is wrong around the file (sqlite.org/rescode.html)."""


class Database:
    """One open journal; of one thread. Raises JournalError where it can't be used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _refuse_strangers(path.parent)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(path, timeout=10, isolation_level=None)
            self._db.row_factory = sqlite3.Row
            self._refuse_newer()
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA foreign_keys=ON")
            self._migrate()
        except (OSError, sqlite3.Error, UnicodeDecodeError) as error:
            raise JournalError(self._line(error)) from error

    def _line(self, error: Exception) -> str:
        remedy = "free the disk or move the file away"
        if isinstance(error, PermissionError) or "read" in str(error).lower():
            remedy = "make it and its folder yours to write, or set XDG_STATE_HOME"
        elif "locked" in str(error):
            remedy = "another process stopped while it wrote: continue or end it"
        elif is_damage(error):
            remedy = "evac ops repair sets it aside and keeps what can be read"
        return f"the journal can't be used ({error}), {self.path}: nothing was sent; {remedy}"

    def _version(self) -> int:
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    def _refuse_newer(self) -> None:
        """Before anything is written to it. Raises JournalError, sqlite3.Error."""
        if self._version() < 0:
            raise sqlite3.DatabaseError("its version is a negative number")
        if self._version() > len(MIGRATIONS):
            raise JournalError(
                f"the journal {self.path} was written by a newer evac: upgrade this one; nothing was sent"
            )

    def _migrate(self) -> None:
        while self._version() < len(MIGRATIONS):
            with self._write() as db:
                version = self._version()  # another process may have been faster
                if version < len(MIGRATIONS):
                    for statement in MIGRATIONS[version].statements:
                        db.execute(statement)
                    db.execute(f"PRAGMA user_version={version + 1}")

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # a full disk may have ended it already
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise JournalError(self._line(error)) from error

    def probe(self) -> None:
        """Whether it can be written, without writing. Raises JournalError."""
        with self._write():
            pass

    def check(self) -> str:
        """What SQLite finds wrong when it looks through all of it; the empty text: nothing. Raises JournalError."""
        found = str(self._read("PRAGMA quick_check(1)", ())[0][0])
        return "" if found == "ok" else found

    def close(self) -> None:
        """Let it go."""
        self._db.close()

    def _read(self, query: str, values: tuple[Any, ...]) -> Sequence[sqlite3.Row]:
        try:
            return self._db.execute(query, values).fetchall()
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise JournalError(self._line(error)) from error
