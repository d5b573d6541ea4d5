"""The audit log: one JSON line for everything about to be done, its outcome, and every refusal. Never a credential.

Each line holds the hash of the line before, so that an edited or removed one is found. How many lines there are, and the
last one's hash, stand in a small file beside it, so that a removed *end* is found too. Who can write both can forge both:
where that matters, ship the lines elsewhere.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from msgspec import Struct

from tui.domain.text import clean

START = "0" * 64
_HEAD_SIZE = 160


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


class Head(Struct, frozen=True):
    """What the log must end with: so many bytes, so many lines, and the hash of the last."""

    size: int = 0
    lines: int = 0
    last: str = START

    def over(self, line: bytes) -> Head:
        """After this line, which has no line feed of its own."""
        return Head(self.size + len(line) + 1, self.lines + 1, _digest(line))


def ssh_client(environ: Mapping[str, str]) -> str:
    """Where the terminal comes from, `address port`; the empty text on the machine itself."""
    told = environ.get("SSH_CONNECTION") or environ.get("SSH_CLIENT") or ""
    return clean(" ".join(told.split()[:2]), 80)


def about(
    *,
    operation: str,
    user: str,
    host: str,
    profile: str,
    account: str,
    region: str,
    instance: str,
    action: str,
    ssh: str | None = None,
    caller: str = "",
) -> dict[str, str]:
    """The fields every line has: who did what to which instance. `operation` is empty where none was journaled.

    `ssh` None: of this process. `caller` is the ARN that AWS calls the credentials by, once it was asked.
    """
    partition = {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(region.rsplit("-", 2)[0], "aws")
    return {
        "operation": operation,
        "user": user,
        "host": host,
        "ssh_client": ssh_client(os.environ) if ssh is None else ssh,
        "profile": profile,
        "account": account,
        "caller": caller,
        "arn": f"arn:{partition}:ec2:{region}:{account}:instance/{instance}",
        "instance": instance,
        "action": action,
    }


def append(path: Path, when: datetime, **fields: Any) -> None:
    """Add a line and sync it. Several processes may: the file is locked meanwhile. Raises OSError, and leaves no half line."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = not path.exists()
    handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
    with os.fdopen(handle, "rb", buffering=0) as file, _head_file(path) as beside:
        fcntl.flock(file, fcntl.LOCK_EX)
        head, torn = _catch_up(file, _read_head(beside))
        record = {"time": when.isoformat(), **fields, "prev": head.last, **({"mended": True} if torn else {})}
        line = json.dumps(record, sort_keys=True, default=str).encode()
        size = file.seek(0, os.SEEK_END)
        try:
            _write(file.fileno(), b"\n" * torn + line + b"\n")
            os.fsync(file.fileno())
        except OSError:
            os.ftruncate(file.fileno(), size)
            raise
        _write_head(beside, head.over(line))
    if new:
        _sync_folder(path.parent)


def _write(handle: int, data: bytes) -> None:
    """All of it, in one call where the system takes it so."""
    while data:
        data = data[os.write(handle, data) :]


def _catch_up(file: IO[bytes], head: Head | None) -> tuple[Head, bool]:
    """The head as the file is now, and whether its last line was torn by a crash (it counts as a line, once closed).

    Lines after the known end are those of somebody who died before he could count them. A file shorter than it was has
    lost its end: the old head stays, so that the next line shows the gap for ever.
    """
    head = head or Head()
    if file.seek(0, os.SEEK_END) <= head.size:
        return head, False
    file.seek(head.size)
    *whole, rest = file.read().split(b"\n")
    for line in whole:
        head = head.over(line)
    return (head.over(rest), True) if rest else (head, False)


@contextmanager
def _head_file(path: Path) -> Iterator[int]:
    handle = os.open(head_path(path), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def head_path(path: Path) -> Path:
    """Where the log's end is kept."""
    return path.with_suffix(".head")


def _read_head(handle: int) -> Head | None:
    """None if there is none, or it was torn: then the whole file is read."""
    try:
        size, lines, last = os.pread(handle, _HEAD_SIZE, 0).split()
        return Head(int(size), int(lines), last.decode()) if len(last) == len(START) else None
    except ValueError:
        return None


def _write_head(handle: int, head: Head) -> None:
    """In its place, always of one length: no disk can be too full for it, and no reader sees an old end behind a new one."""
    os.pwrite(handle, f"{head.size} {head.lines} {head.last}".ljust(_HEAD_SIZE - 1).encode() + b"\n", 0)
    os.fsync(handle)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def path_beside(journal: Path) -> Path:
    """Where the audit log of this journal is."""
    return journal.with_name("audit.jsonl")


class Verdict(Struct, frozen=True):
    """What a check found: how many lines, the first broken one (1-based, 0 = none) and why, and what is worth knowing."""

    lines: int
    broken_at: int = 0
    why: str = ""
    remarks: tuple[str, ...] = ()


def check(path: Path) -> Verdict:
    """Follow the chain from the first line to the end that was noted. Raises OSError where it can't be read."""
    data, head = b"", None
    if head_path(path).exists():
        handle = os.open(head_path(path), os.O_RDONLY)
        try:
            head = _read_head(handle)
        finally:
            os.close(handle)
    if path.exists():
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            data = file.read()
    *lines, rest = data.split(b"\n")
    so_far, remarks = Head(), []
    seen = head is None or head.lines == 0
    for number, line in enumerate(lines, 1):
        following = lines[number] if number < len(lines) else b""
        record = _record(line)
        if record is None and not _mends(following):
            return Verdict(len(lines), number, "it is no record of evac's")
        if record is None:
            remarks.append(f"line {number} was cut off by a crash")
        elif record.get("prev") != so_far.last:
            return Verdict(len(lines), number, "the line before it was changed, or lines before it are gone")
        so_far = so_far.over(line)
        seen = seen or so_far == head
    if rest:
        remarks.append("the last line was cut off by a crash: the next one will say so")
    if not seen:
        assert head is not None
        gone = head.lines > len(lines)
        why = f"{head.lines - len(lines)} lines at the end are gone" if gone else "the end was changed"
        return Verdict(len(lines), min(head.lines, len(lines) + 1), why, tuple(remarks))
    if head is None and lines:
        remarks.append(f"{head_path(path).name} is missing: a removed end would not be found")
    return Verdict(len(lines), remarks=tuple(remarks))


def verify(path: Path) -> int | None:
    """The number of the first line that is broken (1-based), or None if all hold or there is none."""
    return check(path).broken_at or None


def tail(path: Path, count: int) -> list[dict[str, Any]]:
    """The last records, the newest last. Raises OSError."""
    if not path.exists():
        return []
    records = (_record(line) for line in path.read_bytes().split(b"\n"))
    return [one for one in records if one is not None][-count:]


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _mends(line: bytes) -> bool:
    return bool((_record(line) or {}).get("mended"))
