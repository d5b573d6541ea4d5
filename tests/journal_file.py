"""The journal's file, changed as another program could change it: what no method of evac does."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """A transaction of another writer, committed at the end. Raises sqlite3.Error where the file is busy or the disk full."""
    with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield db
        db.execute("COMMIT")


def change(path: Path, statement: str, *values: object) -> None:
    """One statement, as a transaction of its own."""
    with writing(path) as db:
        db.execute(statement, values)


def flush_log(path: Path) -> None:
    """What is in the log goes to the file, and the log is empty."""
    with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def to_single_file(path: Path) -> None:
    """Everything in the one file, without a log beside it. Nobody else may have it open."""
    with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=DELETE")
