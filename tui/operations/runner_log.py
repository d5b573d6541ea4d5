"""The one writer of runner.log, what runners report beside the journal: a line that can't be written is dropped.

The log is on the journal's disk. When that is full the first thing to fail is the line that says so, and it must not be what
ends a runner between stop and start. So every line of ours goes through `log_line`, and from the runner's start on the standard
streams themselves can't fail, whoever writes to them: a library, `warnings`, `logging`, a traceback of a thread.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import traceback
from contextlib import suppress
from typing import Any

from tui.domain.sanitize import clean


class _Bytes(io.RawIOBase):
    """A binary stream whose writes never raise; closing it does nothing."""

    def __init__(self, handle: int) -> None:
        super().__init__()
        self._handle = handle

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        """Write what the disk takes; answers the full length, so that no caller retries or raises."""
        left = memoryview(data).cast("B")
        size = len(left)
        with suppress(Exception):
            while left:
                left = left[os.write(self._handle, left) :]
        return size

    def fileno(self) -> int:
        return self._handle

    def close(self) -> None:
        """It stays open."""


def quiet(handle: int) -> io.TextIOWrapper:
    """A text stream whose writes never raise: what can't be encoded is written as a backslash escape."""
    return io.TextIOWrapper(_Bytes(handle), "utf-8", "backslashreplace", write_through=True)  # type: ignore[arg-type] # all it needs


def keep_quiet() -> None:
    """From here on nothing that is written to stdout or stderr can end this process, nor can a limit on the size of files."""
    sys.stdout = sys.__stdout__ = quiet(1)  # type: ignore[misc] # Final in typeshed
    sys.stderr = sys.__stderr__ = quiet(2)  # type: ignore[misc] # as above
    for name in ("SIGXFSZ", "SIGPIPE"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)


def log_line(line: str) -> None:
    """Write a line to stderr, which is runner.log. Never raises."""
    with suppress(Exception):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def what(error: BaseException) -> str:
    """The error as one line, `KeyError: 'x'`. Never raises: an error may fail to tell itself."""
    try:
        return clean(f"{type(error).__name__}: {error}")
    except Exception:
        return type(error).__name__


def traceback_text() -> str:
    """The traceback of what is handled just now, as far as it can be made. Never raises."""
    try:
        return traceback.format_exc()
    except Exception:
        return ""
