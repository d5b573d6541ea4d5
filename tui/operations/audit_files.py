"""The audit log's two files: opened, locked, and what stands in them when the next line is to be written.

The log holds the lines; the head file holds how many bytes and lines the log must have, and the hash of its last line. Both
must be regular files owned by this user. Both are locked, the head first: after a rotation two writers may have two logs
open, and never two heads.
"""

from __future__ import annotations

import bz2
import errno
import fcntl
import gzip
import hashlib
import lzma
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from msgspec import Struct, field

START = "0" * 64
_HEAD_SIZE = 160
_HEAD = re.compile(rb"([0-9]{1,15}) ([0-9]{1,15}) ([0-9a-f]{64})\s*")
LOCK_PATIENCE = 10.0
"""Seconds to wait for another process that writes a line."""
_CHUNK = 64 * 1024


def digest(line: bytes) -> str:
    """The SHA-256 of a line (without its line feed), in hex: what the next line holds as `prev`."""
    return hashlib.sha256(line).hexdigest()


class Head(Struct, frozen=True):
    """What the log must end with: so many bytes, so many lines, and the hash of the last."""

    size: int = 0
    lines: int = 0
    last: str = START

    def over(self, line: bytes) -> Head:
        """The head once this line (given without its line feed) is appended."""
        return Head(self.size + len(line) + 1, self.lines + 1, digest(line))


class AuditLogState(Struct, frozen=True):
    """The log as it is: its head, what the next line's `prev` must be, whether the last line was torn by a crash (it counts as
    a line, once closed), and what the next line has to say of all that: `head` (missing, spoilt), `lost`, `continues`.
    """

    head: Head
    prev: str
    torn: bool = False
    notes: dict[str, Any] = field(default_factory=dict)


def head_path(path: Path) -> Path:
    """The head file's path, beside the log."""
    return path.with_suffix(".head")


def open_own(path: Path, flags: int) -> int:
    """A descriptor of a regular file of ours. Raises OSError for a link, a pipe, a folder, or somebody else's."""
    try:
        handle = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(
                error.errno, "it is a symbolic link, and evac follows none here", str(path)
            ) from None
        raise
    found = os.fstat(handle)
    ours = os.geteuid() in (0, found.st_uid) or found.st_uid == 0
    why = "" if ours else "it belongs to somebody else"
    why = why if stat.S_ISREG(found.st_mode) else "it is no regular file"
    if why:
        os.close(handle)
        raise OSError(errno.EPERM, why, str(path))
    return handle


def _lock(handle: int, path: Path) -> None:
    """Lock for writing. Raises OSError after LOCK_PATIENCE seconds: a stopped writer must not stop every other runner."""
    until = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > until:
                raise OSError(
                    errno.EAGAIN, "another process stopped while it wrote: continue or end it", str(path)
                ) from None
        time.sleep(0.02)


@contextmanager
def locked(path: Path) -> Iterator[tuple[IO[bytes], int, bool]]:
    """The log to read and append, the head's descriptor, and whether the log is new. Raises OSError."""
    beside = open_own(head_path(path), os.O_CREAT | os.O_RDWR)
    try:
        _lock(beside, head_path(path))
        new = not path.exists()
        handle = open_own(path, os.O_CREAT | os.O_RDWR | os.O_APPEND)
        with os.fdopen(handle, "rb", buffering=0) as file:
            _lock(file.fileno(), path)
            yield file, beside, new
    finally:
        os.close(beside)


@contextmanager
def open_audit_log(path: Path) -> Iterator[tuple[IO[bytes] | None, Head | str]]:
    """The log (None: there is none) and its head, or what is wrong with that: missing, spoilt. Raises OSError."""
    head: Head | str = "missing"
    beside = _if_there(head_path(path))
    try:
        if beside is not None:
            fcntl.flock(beside, fcntl.LOCK_SH)
            head = read_head(beside)
        handle = _if_there(path)
        if handle is None:
            yield None, head
            return
        with os.fdopen(handle, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            yield file, head
    finally:
        if beside is not None:
            os.close(beside)


def _if_there(path: Path) -> int | None:
    try:
        return open_own(path, os.O_RDONLY)
    except FileNotFoundError:
        return None


def read_head(handle: int) -> Head | str:
    """The head; `missing` if the file is empty (new, or emptied), `spoilt` if evac did not write what is in it."""
    data = os.pread(handle, 2 * _HEAD_SIZE, 0)
    found = _HEAD.fullmatch(data)
    if found is None:
        return "spoilt" if data else "missing"
    head = Head(int(found[1]), int(found[2]), found[3].decode())
    nothing = {head.size == 0, head.lines == 0, head.last == START}
    return head if len(nothing) == 1 else "spoilt"


def write_head(handle: int, head: Head) -> None:
    """Overwrite it in place at a fixed length, so that a full disk can't refuse it and no old bytes are left behind."""
    os.pwrite(handle, f"{head.size} {head.lines} {head.last}".ljust(_HEAD_SIZE - 1).encode() + b"\n", 0)
    os.ftruncate(handle, _HEAD_SIZE)
    os.fsync(handle)


def audit_log_state(path: Path, file: IO[bytes], head: Head | str) -> AuditLogState:
    """What the next line has to follow, read from the log and its head.

    Lines after the noted end were appended by a process that died before it could update the head. Where the noted end is
    not in the file, the log was rotated (then an earlier file has it), or its end was removed or changed.
    """
    size = file.seek(0, os.SEEK_END)
    if head == Head() and emptied(file):
        head = "spoilt"
    if isinstance(head, str):
        found, torn = _over(file, Head())
        noted = {"head": head} if size or head == "spoilt" else {}
        return AuditLogState(found, found.last, torn, noted)
    if _ends_there(file, size, head):
        found, torn = _over(file, head)
        return AuditLogState(found, found.last, torn)
    if size == 0 and (earlier := _earlier(path, head)) is not None:
        return AuditLogState(Head(last=earlier.last), earlier.last, notes={"continues": earlier.lines})
    found, torn = _over(file, Head())
    return AuditLogState(found, head.last, torn, {"lost": head.lines})


def emptied(file: IO[bytes]) -> bool:
    """Whether the log holds more than one whole line. Under an empty head a crash can't leave that: the head was reset."""
    file.seek(0)
    return file.read().count(b"\n") > 1


def _over(file: IO[bytes], head: Head) -> tuple[Head, bool]:
    """The head moved over the lines after it, and whether the last of those is torn (has no line feed)."""
    file.seek(head.size)
    *whole, rest = file.read().split(b"\n")
    for line in whole:
        head = head.over(line)
    return (head.over(rest), True) if rest else (head, False)


def _ends_there(file: IO[bytes], size: int, head: Head) -> bool:
    """Whether the line that ends at the head's byte count has the head's hash."""
    if head.size == 0:
        return True
    if size < head.size:
        return False
    line, place = b"", head.size - 1
    file.seek(place)
    if file.read(1) != b"\n":
        return False
    while place > 0 and b"\n" not in line:
        step = min(_CHUNK, place)
        place -= step
        file.seek(place)
        line = _exactly(file, step) + line
    return digest(line.rpartition(b"\n")[2]) == head.last


def _exactly(file: IO[bytes], count: int) -> bytes:
    data = b""
    while len(data) < count and (more := file.read(count - len(data))):
        data += more
    return data


def siblings(path: Path) -> list[Path]:
    """Files beside it that may have been it, the newest first: `audit.jsonl.1`, `audit.jsonl-20261129.gz`, `audit-2026.jsonl`."""
    found = [
        one
        for one in path.parent.glob(f"{path.stem}*")
        if one != path
        and path.suffix in one.name[len(path.stem) :]
        and one.is_file()
        and not one.is_symlink()
    ]
    return sorted(found, key=lambda one: (-one.stat().st_mtime, one.name))


@contextmanager
def rotated(path: Path) -> Iterator[IO[bytes]]:
    """Open a rotated log for reading; .gz, .bz2 and .xz are decompressed. Raises OSError, EOFError, ValueError."""
    handle = open_own(path, os.O_RDONLY)
    with os.fdopen(handle, "rb") as raw:
        match path.suffix:
            case ".gz":
                with gzip.open(raw) as unpacked:
                    yield unpacked  # type: ignore[misc]  # GzipFile reads bytes as IO[bytes] does
            case ".bz2":
                with bz2.open(raw) as unpacked:
                    yield unpacked
            case ".xz":
                try:
                    with lzma.open(raw) as unpacked:
                        yield unpacked
                except lzma.LZMAError as error:
                    raise ValueError(str(error)) from None
            case _:
                yield raw


def _earlier(path: Path, head: Head) -> Head | None:
    """The head of the rotated file beside the log that contains the end this head notes; None if none does."""
    for one in siblings(path):
        try:
            with rotated(one) as file:
                *whole, _ = file.read().split(b"\n")
        except (OSError, EOFError, ValueError):
            continue
        so_far, seen = Head(), False
        for line in whole:
            so_far = so_far.over(line)
            seen = seen or (so_far.size, so_far.last) == (head.size, head.last)
        if seen:
            return so_far
    return None
