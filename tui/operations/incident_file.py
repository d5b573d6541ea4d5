"""What is kept of incidents on disk: a restart begins none a second time, and misses none.

Nothing here raises for a disk: whoever watches goes on without, and says so.
"""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import msgspec

from tui.domain.sanitize import clean
from tui.errors import EvacError
from tui.paths import write_atomically

LIMIT = 32 * 1024 * 1024
"""Bytes; a file that is longer is not ours."""


class WatchedTwiceError(EvacError):
    """Two that keep one file would tell each incident twice."""


class _Versioned(Protocol):
    @property
    def version(self) -> int: ...


_State = TypeVar("_State", bound=_Versioned)


class IncidentFile(Generic[_State]):
    """One state, kept by one process. `trouble` says why it could not be read or written the last time, empty if it could."""

    def __init__(self, path: Path, empty: _State) -> None:
        self.path, self.trouble = path, ""
        self._empty, self._lock = empty, -1

    def open(self) -> _State:
        """Keep others off, and read what the last one has left; none: the empty state. Raises WatchedTwiceError."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = os.open(self.path.with_suffix(".lock"), flags, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise WatchedTwiceError(
                f"another evac watch keeps {self.path}: end that one, or give this one an XDG_STATE_HOME of its own"
            ) from None
        except OSError as error:  # a full disk; a file system without locks
            self.trouble = _line(self.path, error)
        return self.read()

    def close(self) -> None:
        """Let others in."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def write(self, state: _State, *, durable: bool = True) -> bool:
        """Put the state in the file's place, whole or not at all; whether it could be. `durable`: also on the disk."""
        try:
            write_atomically(self.path, msgspec.json.encode(state), durable=durable)
        except OSError as error:
            self.trouble = _line(self.path, error)
            return False
        self.trouble = ""
        return True

    def read(self) -> _State:
        """What is there; the empty state where nothing is, or nothing that can be used."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return self._empty
        except OSError as error:
            self.trouble = _line(self.path, error)
            return self._empty
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid():
            os.close(descriptor)
            self.trouble = f"{self.path} is no file of yours"
            return self._empty
        file = os.fdopen(descriptor, "rb")
        with file, suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
            state = msgspec.json.decode(file.read(LIMIT), type=type(self._empty))
            if state.version == self._empty.version:
                return state
        self.trouble = f"{self.path} can't be understood"
        return self._empty


def _line(path: Path, error: OSError) -> str:
    return clean(f"{path}: {error.strerror or error}", 300)
