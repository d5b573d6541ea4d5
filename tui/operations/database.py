"""The journal's file: opening, bringing it up to date, transactions, and errors as one line."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tui.domain.sanitize import clean
from tui.errors import EvacError
from tui.operations.journal_file import Where, commit_mark, connect, connect_as_it_lies, file_identity
from tui.operations.schema import MIGRATIONS


class JournalError(EvacError):
    """The journal cannot be used, so nothing may be sent."""

    def __init__(self, line: str) -> None:
        super().__init__(clean(line))  # SQLite quotes what it found in the file


def to_text(moment: datetime | None) -> str | None:
    """The time as ISO 8601 text, in UTC."""
    return None if moment is None else moment.astimezone(UTC).isoformat()


def to_time(text: str | None) -> datetime | None:
    """The time of such a text, UTC."""
    return None if text is None else datetime.fromisoformat(text)


def insert(
    db: sqlite3.Connection, table: str, values: Mapping[str, Any], otherwise: str = ""
) -> sqlite3.Cursor:
    """Add a row of these columns. `otherwise`: `OR IGNORE` or `OR REPLACE` where one is there. Raises sqlite3.Error."""
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    query = f"INSERT {otherwise} INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - our own names
    return db.execute(query, tuple(values.values()))


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
    return not isinstance(error, OSError | MemoryError) and not name.startswith(_ELSEWHERE)


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


PATIENCE, PATIENCE_TO_READ = 10.0, 2.0
"""Seconds to wait for another process that writes, and for one that is just tidying up: only that keeps readers waiting."""
REPLACED = "the journal was deleted or replaced by another: what is there now is read"


class Database:
    """The journal's file; of one thread. Raises JournalError where it can't be used.

    `standing`: it is kept open, as runners do: they must get on when the disk is full. Else it is opened for each look and each
    change, and no lock, no descriptor and no unread end of a log stays behind: a console lives for hours. Both notice a file
    that was deleted, restored or set aside by another process, and go on with what is there now.
    """

    def __init__(self, path: Path, *, standing: bool = True) -> None:
        self.path, self._standing = path, standing
        self._open: sqlite3.Connection | None = None
        self._where: Where | None = None
        self._last: tuple[int, int] | None = None
        self._depth, self._closed = 0, False
        self.replaced = 0
        if standing:
            self._begin(PATIENCE)

    @property
    def _db(self) -> sqlite3.Connection:
        if self._open is None:
            raise JournalError(f"the journal can't be used (it is closed), {self.path}: nothing was sent")
        return self._open

    def _begin(self, patience: float, *, look: bool = False) -> None:
        """Open it and bring it up to date. `look`: nothing will be written, so that a full disk need not be in the way."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _refuse_strangers(self.path.parent)
            self._open, found = connect(self.path, patience)
            self._refuse_newer()
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA foreign_keys=ON")
            self._db.execute("PRAGMA wal_autocheckpoint=1")  # what is committed is soon in the file itself
            self._migrate()
            self._version()  # the file's companions are open from here on
            self._where = file_identity(self.path) if self._standing else found
            self._notice(found.file)
        except (OSError, sqlite3.Error, UnicodeDecodeError, MemoryError) as error:
            self._end()
            if not (look and self._begin_as_it_lies(error)):
                raise JournalError(self._line(error)) from error
        except JournalError:
            self._end()
            raise

    def _begin_as_it_lies(self, error: Exception) -> bool:
        if is_damage(error):
            return False
        try:
            self._open = connect_as_it_lies(self.path)
            if self._open is None:
                return False
            self._where = None  # so that it is opened in earnest the next time
            if self._version() == len(MIGRATIONS):
                self._notice(file_identity(self.path, beside=False).file)
                return True
        except (OSError, sqlite3.Error, UnicodeDecodeError):
            pass
        self._end()
        return False

    def _notice(self, file: tuple[int, int] | None) -> None:
        """Count it if this is not the file of the last time."""
        if self._last is not None and file != self._last:
            self.replaced += 1
        self._last = file

    def _moved(self) -> bool:
        """Whether the path leads to another file than the one that is open."""
        try:
            return file_identity(self.path, beside=self._standing) != self._where
        except OSError:
            return True

    def _end(self) -> None:
        if self._open is not None:
            self._open.close()
        self._open = None

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Several looks in a row, for which it is opened once. No transaction: nobody is kept waiting."""
        try:
            with self._used(PATIENCE_TO_READ, look=True):
                yield
        except (sqlite3.Error, UnicodeDecodeError, MemoryError) as error:
            raise JournalError(self._line(error)) from error

    @contextmanager
    def _used(self, patience: float, *, look: bool = False) -> Iterator[sqlite3.Connection]:
        """It is open in this block, and in those within."""
        if self._closed:
            raise JournalError(f"the journal can't be used (it is closed), {self.path}: nothing was sent")
        if self._depth == 0:
            if self._open is not None and self._moved():
                self._end()
            if self._open is None:
                self._begin(patience, look=look)
        self._depth += 1
        try:
            yield self._db
        finally:
            self._depth -= 1
            if self._depth == 0 and not self._standing:
                self._end()

    def _line(self, error: Exception) -> str:
        remedy = "free the disk or move the file away"
        if isinstance(error, PermissionError) or "read" in str(error).lower():
            remedy = "make it and its folder yours to write, or set XDG_STATE_HOME"
        elif "unable to open" in str(error):  # a read-only disk, a folder in its place
            remedy = (
                "see what stands there, and that its folder can be written; or set XDG_STATE_HOME to another"
            )
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
                f"the journal {self.path} was written by a newer evac; nothing was sent: close this evac and"
                " open it anew, and upgrade it if it says so again"
            )

    def _migrate(self) -> None:
        while self._version() < len(MIGRATIONS):
            self._db.execute("BEGIN IMMEDIATE")
            with self._transaction(self._db) as db:
                version = self._version()  # another process may have been faster
                if version < len(MIGRATIONS):
                    for statement in MIGRATIONS[version].statements:
                        db.execute(statement)
                    db.execute(f"PRAGMA user_version={version + 1}")

    @contextmanager
    def _transaction(self, db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
        """One that was begun: committed, or taken back."""
        try:
            yield db
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:  # a full disk may have ended it already
                db.execute("ROLLBACK")
            raise

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._used(PATIENCE) as db:
                if self._depth == 1 and db.in_transaction:  # one that a failing disk did not even let go
                    db.execute("ROLLBACK")
                db.execute("BEGIN IMMEDIATE")
                if self._depth == 1 and self._moved():  # set aside between the look and the lock
                    db.execute("ROLLBACK")
                    self._end()
                    self._begin(PATIENCE)
                    db = self._db
                    db.execute("BEGIN IMMEDIATE")
                with self._transaction(db):
                    yield db
        except (sqlite3.Error, MemoryError) as error:  # of memory that is short Python tells in its own way
            raise JournalError(self._line(error)) from error

    def probe(self) -> None:
        """Whether it can be written, without writing. Raises JournalError."""
        with self._write():
            pass

    def check(self) -> str:
        """What SQLite finds wrong when it looks through all of it; the empty text: nothing. Raises JournalError."""
        found = str(self._read("PRAGMA quick_check(1)", ())[0][0])
        return "" if found == "ok" else found

    def revision(self) -> int:
        """Another number whenever somebody has committed; now and then also without that. Opens nothing. Raises JournalError."""
        if self._closed:
            raise JournalError(f"the journal can't be used (it is closed), {self.path}: nothing was sent")
        return commit_mark(self.path)

    def close(self) -> None:
        """Close the connection; whatever is asked afterwards raises JournalError."""
        self._closed = True
        self._end()

    def _read(self, query: str, values: tuple[Any, ...]) -> Sequence[sqlite3.Row]:
        try:
            with self._used(PATIENCE_TO_READ, look=True) as db:
                return db.execute(query, values).fetchall()
        except (sqlite3.Error, UnicodeDecodeError, MemoryError) as error:
            raise JournalError(self._line(error)) from error
