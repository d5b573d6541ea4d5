"""The one place where the journal's file is opened, and only by SQLite.

To close any other descriptor of it would drop all locks of this process on it (POSIX; sqlite.org/howtocorrupt.html, 2.2), and
the next process that ends would delete its -wal and -shm under us. So nobody opens, hashes or copies it; `stat` is harmless.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

SIDE_FILES = ("-wal", "-shm")
"""What SQLite keeps beside a journal while somebody has it open."""
SETTLED, SETTLED_COARSE = 0.05, 2.0
"""Seconds after which what is written next gets another time: Linux's clock ticks every 10 ms at most; where a file system
keeps whole seconds, later."""
_LOCK = threading.Lock()


class Where(Struct, frozen=True):
    """Which files a path leads to (device and number of each); None for one that is not there."""

    file: tuple[int, int] | None
    wal: tuple[int, int] | None = None
    shm: tuple[int, int] | None = None


def file_identity(path: Path, *, beside: bool = True) -> Where:
    """The files at that path now, -wal and -shm too unless not `beside`. A missing one is None. Raises OSError otherwise."""
    real = os.path.realpath(path)
    ends = SIDE_FILES if beside else ()
    return Where(_number(real), *(_number(real + end) for end in ends))


def _number(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def commit_mark(path: Path) -> int:
    """A number that differs after each commit of any process, from `stat` alone. Differs on every call during a write."""
    real = os.path.realpath(path)
    known: list[tuple[int, ...]] = []
    moving = False
    for end in ("", "-wal"):
        with suppress(OSError):
            found = os.stat(real + end)
            if found.st_size:
                known.append(
                    (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
                )
                within = SETTLED if found.st_mtime_ns % 1_000_000_000 else SETTLED_COARSE
                moving = moving or abs(time.time() - found.st_mtime) < within
    if moving:
        known.append((time.monotonic_ns(),))
    return hash(tuple(known))


def connect(path: Path, patience: float) -> tuple[sqlite3.Connection, Where]:
    """Open the journal, creating it (0600) if missing; also which file it is. Raises OSError, sqlite3.Error.

    `patience`: seconds to wait for another's lock.
    """
    with _LOCK:
        while True:
            before = file_identity(path, beside=False)
            database = _connect(path, patience, new=before.file is None)
            after = file_identity(path, beside=False)
            if after.file is not None and before.file in (None, after.file):
                database.row_factory = sqlite3.Row
                return database, after
            database.close()  # replaced at this very moment


def _connect(path: Path, patience: float, *, new: bool) -> sqlite3.Connection:
    if not new:
        return sqlite3.connect(path, timeout=patience, isolation_level=None)
    before = os.umask(0o177)
    try:
        return sqlite3.connect(path, timeout=patience, isolation_level=None)
    finally:
        os.umask(before)


def connect_as_it_lies(path: Path) -> sqlite3.Connection | None:
    """Open read-only without -wal and -shm: for a disk that is full or read-only.

    None if another process has it open, or its -wal holds commits the file has not. Raises sqlite3.Error.
    """
    real = os.path.realpath(path)
    with suppress(FileNotFoundError):
        if os.stat(real + "-wal").st_size:
            return None
    if _number(real) is None:
        return None
    database = sqlite3.connect(f"{Path(real).as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
    database.row_factory = sqlite3.Row
    return database


def connect_damaged(path: Path) -> sqlite3.Connection:
    """Open a damaged journal read-only, to read what can still be read. Raises sqlite3.Error."""
    database = sqlite3.connect(f"{Path(os.path.realpath(path)).as_uri()}?mode=ro", uri=True)
    database.row_factory = sqlite3.Row
    return database


def swap(path: Path, fresh: Path, aside: Path) -> None:
    """Replace the journal by another, closed one; the old is kept as `aside`, and at no moment is there none. Raises OSError.

    A process that has the old one open notices it before the next change (`Where`), and SQLite leaves alone what has moved.
    """
    here, there = os.path.realpath(path), os.path.realpath(aside)
    for end in SIDE_FILES:
        with suppress(FileNotFoundError):
            os.rename(here + end, there + end)
    try:
        os.link(here, there)
    except OSError:  # a file system without links
        os.rename(here, there)
    os.replace(fresh, here)
