"""The audit log: one JSON line for everything done or refused, each with the hash of the line before. Never a credential."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

START = "0" * 64


def _digest(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()


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
) -> dict[str, str]:
    """The fields every line has: who did what to which instance. `operation` is empty where none was journaled."""
    partition = {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(region.rsplit("-", 2)[0], "aws")
    return {
        "operation": operation,
        "user": user,
        "host": host,
        "profile": profile,
        "account": account,
        "arn": f"arn:{partition}:ec2:{region}:{account}:instance/{instance}",
        "instance": instance,
        "action": action,
    }


def append(path: Path, when: datetime, **fields: Any) -> None:
    """Add a line and sync it. Several processes may: the file is locked meanwhile. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
    with os.fdopen(handle, "rb+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 65536))
        tail = file.read().decode().splitlines()
        previous = _digest(tail[-1]) if tail else START
        line = json.dumps({"time": when.isoformat(), **fields, "prev": previous}, sort_keys=True, default=str)
        file.seek(0, os.SEEK_END)
        file.write(line.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def path_beside(journal: Path) -> Path:
    """Where the audit log of this journal is."""
    return journal.with_name("audit.jsonl")


def verify(path: Path) -> int | None:
    """The number of the first line whose chain is broken (1-based), or None if all hold or there is none."""
    previous = START
    if not path.exists():
        return None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            said = json.loads(line).get("prev")
        except ValueError:
            return number
        if said != previous:
            return number
        previous = _digest(line)
    return None
