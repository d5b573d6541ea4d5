"""What is kept of incidents on disk: a restart begins none a second time, and misses none.

What is to be told is written down before it is told, and struck off after: a process that is killed between the two tells it
again, byte for byte the same line. Nothing here raises for a disk: whoever watches goes on without, and says so.
"""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from tui.domain.incidents import NO_INCIDENTS, IncidentChange, Incidents
from tui.domain.sanitize import clean
from tui.errors import EvacError
from tui.paths import write_atomically

STATE_VERSION = 1
STATE_LIMIT = 32 * 1024 * 1024
"""Bytes; a file that is longer is not ours."""


class WatchedTwiceError(EvacError):
    """Two watches of one state file would tell each incident twice."""


class WatchState(Struct, frozen=True):
    """`untold`: changes that may not have been told yet. `past`: the latest changes, the oldest first, for who asks what
    happened (`read_watched`). `began_at`: when the last watch began, `kept_at`: when this was written (UTC)."""

    incidents: Incidents = NO_INCIDENTS
    untold: tuple[IncidentChange, ...] = ()
    past: tuple[IncidentChange, ...] = ()
    began_at: datetime | None = None
    kept_at: datetime | None = None
    version: int = STATE_VERSION


def read_watched(folder: Path) -> tuple[WatchState, ...]:
    """What the watches of this state folder have kept, one for each scope; of one that can't be read nothing."""
    found = [StateFile(path)._read() for path in sorted(folder.glob("watch*.json"))]
    return tuple(one for one in found if one.kept_at is not None)


class StateFile:
    """The state of one watch. `trouble` says why it could not be read or written the last time, empty if it could."""

    def __init__(self, path: Path) -> None:
        self.path, self.trouble = path, ""
        self._lock: int | None = None

    def open(self) -> WatchState:
        """Keep others off, and read what the last watch has left; none: an empty state. Raises WatchedTwiceError."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = os.open(
                self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
            )
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise WatchedTwiceError(
                f"another evac watch keeps {self.path}: end that one, or give this one an XDG_STATE_HOME of its own"
            ) from None
        except OSError as error:  # a full disk; a file system without locks
            self.trouble = _line(self.path, error)
        return self._read()

    def close(self) -> None:
        """Let others in."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def write(self, state: WatchState) -> bool:
        """Put the state in the file's place, whole or not at all; whether it could be."""
        try:
            write_atomically(self.path, msgspec.json.encode(state))
        except OSError as error:
            self.trouble = _line(self.path, error)
            return False
        self.trouble = ""
        return True

    def _read(self) -> WatchState:
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return WatchState()
        except OSError as error:
            self.trouble = _line(self.path, error)
            return WatchState()
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid():
                self.trouble = f"{self.path} is no file of yours"
                return WatchState()
            with suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
                state = msgspec.json.decode(file.read(STATE_LIMIT), type=WatchState)
                if state.version == STATE_VERSION:
                    return state
        self.trouble = f"{self.path} can't be understood"
        return WatchState()


def _line(path: Path, error: OSError) -> str:
    return clean(f"{path}: {error.strerror or error}", 300)
