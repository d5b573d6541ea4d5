"""Console output that evac kept before its own stop or reboot put it out of reach: one file each, for whoever asks why later.

A file is a few lines `name: value`, an empty line, and the output as lines that a terminal may be given. The newest `NEWEST`
stay, none longer than `MAX_AGE`. Files are 0600 in a folder of ours, 0700; a folder that is a link or somebody else's is refused.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from tui.domain.console_output import console_lines
from tui.domain.sanitize import EMPTY, SafeText, clean

NEWEST, MAX_AGE = 20, timedelta(days=30)
_ROOM = 2 << 20
"""Bytes that must be free on the disk: a journal on it needs its room more."""
_MAX_BYTES = 1 << 20
"""Of a file that is read: 64 K characters take four bytes each at most."""
_NAME = re.compile(r"(\d{8}T\d{6}Z)-(i-[0-9a-zA-Z]{1,64})-([0-9a-zA-Z-]{1,64})\.log")
_UNFINISHED = re.compile(rf"\.{_NAME.pattern}\.[0-9a-f]+")
_STAMP = "%Y%m%dT%H%M%SZ"
_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC


class KeptOutput(Struct, frozen=True):
    """One console's output, the oldest line first. `taken_at`: when AWS took it; `latest`: as of that moment. `operation`: which
    of evac's kept it at `kept_at`, before it sent `before`. `path`: the file. Times are UTC.
    """

    instance_id: SafeText
    account_id: SafeText
    region: SafeText
    operation: SafeText
    before: SafeText
    kept_at: datetime
    taken_at: datetime | None
    latest: bool
    lines: tuple[SafeText, ...]
    path: SafeText = EMPTY


def keep_output(folder: Path, output: KeptOutput) -> Path:
    """Write it whole or not at all, and remove what is too much or too old. Raises OSError, ValueError."""
    name = f"{output.kept_at.astimezone(UTC):{_STAMP}}-{output.instance_id}-{output.operation}.log"
    if not _NAME.fullmatch(name):
        raise ValueError(f"no name for a file: {clean(name)}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _opened(folder) as handle:
        os.fchmod(handle, 0o700)
        disk = os.fstatvfs(handle)
        if disk.f_bavail * disk.f_frsize < _ROOM:
            raise OSError(errno.ENOSPC, f"less than {_ROOM >> 20} MB are free", str(folder))
        fresh = f".{name}.{secrets.token_hex(4)}"
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, 0o600, dir_fd=handle)
        try:
            with os.fdopen(file, "wb") as stream:
                os.fchmod(file, 0o600)
                stream.write(_text(output).encode("utf-8", "replace"))
            os.replace(fresh, name, src_dir_fd=handle, dst_dir_fd=handle)
        except BaseException:
            with suppress(OSError):
                os.unlink(fresh, dir_fd=handle)
            raise
        _tidy(handle, output.kept_at, name)
    return folder / name


def newest_kept(folder: Path, instance_id: str, now: datetime) -> KeptOutput | None:
    """The newest output that was kept of an instance; None if there is none that can be read. What is too old is removed."""
    with suppress(OSError), _opened(folder) as handle:
        _tidy(handle, now)
        for name in sorted(os.listdir(handle), reverse=True):
            found = _NAME.fullmatch(name)
            if found is not None and found[2] == instance_id:
                with suppress(OSError, ValueError, KeyError):
                    return replace(_read(handle, name), path=clean(folder / name))
    return None


def kept_by_operation(folder: Path, operation: str) -> Path | None:
    """The file that an operation kept, if it is still there."""
    with suppress(OSError), _opened(folder) as handle:
        names = [one for one in os.listdir(handle) if (it := _NAME.fullmatch(one)) and it[3] == operation]
        return folder / max(names) if names else None
    return None


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """The folder's descriptor, by which its files are named from here on. Raises OSError: also of a link or another's folder."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | _FLAGS)
    try:
        if os.fstat(handle).st_uid != os.getuid():
            raise PermissionError(f"{folder} belongs to somebody else")
        yield handle
    finally:
        os.close(handle)


def _tidy(handle: int, now: datetime, fresh: str = "") -> None:
    """Remove all but the newest, what is too old, what `fresh` is a newer one of, and what a killed runner left half-written."""
    oldest = f"{(now - MAX_AGE).astimezone(UTC):{_STAMP}}"
    new = _NAME.fullmatch(fresh)
    kept = 0
    with suppress(OSError):
        for name in sorted(os.listdir(handle), reverse=True):
            found, unfinished = _NAME.fullmatch(name), _UNFINISHED.fullmatch(name)
            if found is None and unfinished is None:
                continue
            replaced = new is not None and found is not None and found[3] == new[3] and name != fresh
            hour_ago = f"{(now - timedelta(hours=1)).astimezone(UTC):{_STAMP}}"
            left_behind = unfinished is not None and unfinished[1] < hour_ago
            if found is not None and not replaced and found[1] >= oldest and kept < NEWEST:
                kept += 1
            elif found is not None or left_behind:
                with suppress(OSError):
                    os.unlink(name, dir_fd=handle)


def _text(output: KeptOutput) -> str:
    head = {
        "instance": output.instance_id,
        "account": output.account_id,
        "region": output.region,
        "operation": output.operation,
        "before": output.before,
        "kept": output.kept_at.astimezone(UTC).isoformat(),
        "taken": output.taken_at.astimezone(UTC).isoformat() if output.taken_at else "",
        "latest": "yes" if output.latest else "no",
    }
    return "\n".join((*(f"{key}: {clean(value)}" for key, value in head.items()), "", *output.lines, ""))


def _read(handle: int, name: str) -> KeptOutput:
    """Raises OSError, ValueError, KeyError."""
    file = os.open(name, os.O_RDONLY | os.O_NONBLOCK | _FLAGS, dir_fd=handle)
    with os.fdopen(file, "rb") as stream:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise ValueError("no file")
        text = stream.read(_MAX_BYTES).decode("utf-8", "replace")
    top, _, body = text.partition("\n\n")
    head = {key: value.strip() for key, _, value in (line.partition(":") for line in top.split("\n"))}
    return KeptOutput(
        instance_id=clean(head["instance"]),
        account_id=clean(head["account"]),
        region=clean(head["region"]),
        operation=clean(head["operation"]),
        before=clean(head["before"]),
        kept_at=_time(head["kept"]),
        taken_at=_time(head["taken"]) if head["taken"] else None,
        latest=head["latest"] == "yes",
        lines=console_lines(body),
    )


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
