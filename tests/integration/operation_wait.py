"""Waiting for an operation in the journal, and what its runner left behind when it never comes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tui.operations.journal import Journal
from tui.operations.model import Operation

LIMIT = 60.0


def until(true: Callable[[], Any], seconds: float = LIMIT) -> Any:
    """What `true` answers once it is anything; fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, "never came"
        time.sleep(0.05)
    return found


def awaited(
    journal: Journal,
    operation: str,
    until: Callable[[Operation], bool],
    seconds: float,
    folder: Path | None = None,
) -> Operation:
    """The operation once it is as wanted; fails after so many seconds, with the runner's log if it lies in `folder`."""
    deadline = time.monotonic() + seconds
    while True:
        found = journal.get(operation)
        assert found is not None
        if until(found):
            return found
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    log = folder / "runner.log" if folder else None
    told = log.read_text() if log and log.exists() else ""
    pytest.fail(f"never came: {found.state} at {found.step}: {found.note}\n{told}")
