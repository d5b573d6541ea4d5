"""What a whole trial suffers from, beside deaths and faults: a full disk, a failing login, a wrong clock, locks that are lost.

Each comes over the runner's process from within, at a boundary, and ends by itself after so much of the trial's time: that makes
a trial the same whenever it is run.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.programs import redis_server
from tui.config.sections import LockSettings
from tui.operations.redis_lock import LockService

PLIGHTS = ("full disk", "login", "clock ahead", "clock behind", "bouncing start", "emptied Redis")
SKEW = {"clock ahead": 280.0, "clock behind": -280.0}
"""Seconds by which this machine's clock is wrong: AWS refuses 300."""
LOGIN = 60.0
"""Seconds for which a login fails at each resume."""


def ballast(folder: Path) -> Path:
    """What fills the disk."""
    return folder / "ballast"


def fill(folder: Path) -> None:
    """Not a byte is left."""
    file = os.open(ballast(folder), os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        for size in (1 << 16, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    os.write(file, b"x" * size)
    finally:
        os.close(file)


def free(folder: Path) -> None:
    """A person has made room."""
    with suppress(OSError):
        ballast(folder).unlink()


class FullDisk:
    """Fills the folder at the first boundary of a step, and frees it after so much time; again and again, at each step named."""

    def __init__(self, folder: Path, steps: tuple[str, ...], seconds: float) -> None:
        self._folder, self._steps, self._seconds = folder, list(steps), seconds
        self._left = 0.0

    def at(self, step: str) -> None:
        """Before anything else happens at this boundary."""
        if step in self._steps:
            self._steps.remove(step)
            self._left = self._seconds
        if self._left > 0:
            self._squeeze()

    def _squeeze(self) -> None:
        """Nor may SQLite write over what its log held before."""
        fill(self._folder)
        with (
            suppress(sqlite3.Error),
            closing(sqlite3.connect(self._folder / "journal.sqlite3", timeout=0)) as other,
        ):
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        fill(self._folder)

    def slept(self, seconds: float) -> None:
        """So much of the trial's time has passed."""
        if self._left > 0:
            self._left -= seconds
            if self._left <= 0:
                free(self._folder)


class Login:
    """The profile's keys are not there for a while. `keys`: the credentials file."""

    def __init__(self, keys: Path, seconds: float = LOGIN) -> None:
        self._keys, self._left = keys, seconds
        hide(keys)

    def at(self, step: str) -> None:
        """Nothing happens at a boundary."""

    def slept(self, seconds: float) -> None:
        """So much of the trial's time has passed."""
        self._left -= seconds
        if self._left <= 0:
            show(self._keys)


def hide(keys: Path) -> None:
    """As while somebody rewrites the file, or a helper that fails."""
    with suppress(FileNotFoundError):
        keys.rename(keys.with_name("credentials-hidden"))


def show(keys: Path) -> None:
    """It is back."""
    with suppress(FileNotFoundError):
        keys.with_name("credentials-hidden").rename(keys)


FORGETS = 2.0
"""Seconds of a lock's life in these trials, and so for how long one that was emptied lets nobody begin."""


class Redis:
    """A lock service that is started again, empty, whenever it ends. Raises FileNotFoundError where none is installed."""

    def __init__(self) -> None:
        program = redis_server()
        if program is None:
            raise FileNotFoundError("neither redis-server nor valkey-server is installed")
        self._folder = Path(tempfile.mkdtemp(prefix="evac-redis-"))
        self._path = self._folder / "redis.sock"
        serve = '"$0" --port 0 --unixsocket "$1" --save "" --dir "$2"'
        command = ["sh", "-c", f"while :; do {serve}; done", program, str(self._path), str(self._folder)]
        self._loop = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
        self.answers()

    @property
    def lock(self) -> LockSettings:
        """What a runner is told of it."""
        return LockSettings(url=f"unix://{self._path}", ttl=FORGETS)

    def grown(self) -> None:
        """Wait until it is old enough for anything to begin."""
        while LockService(self.lock, False).young() is not None:
            time.sleep(0.1)

    def _say(self, command: bytes) -> bytes:
        with closing(socket.socket(socket.AF_UNIX)) as asked:
            asked.settimeout(5)
            asked.connect(str(self._path))
            asked.sendall(command + b"\r\n")
            return asked.recv(100)

    def answers(self) -> None:
        """Wait until it does."""
        for _ in range(2000):
            with suppress(OSError):
                if self._say(b"PING").startswith(b"+PONG"):
                    return
            select.select([], [], [], 0.005)
        raise TimeoutError("Redis does not answer")

    def restart(self) -> None:
        """It ends, and what it knew with it; the next one is there."""
        with suppress(OSError):
            self._say(b"SHUTDOWN NOSAVE")
        self.answers()

    def close(self) -> None:
        """For good."""
        with suppress(OSError):
            os.killpg(self._loop.pid, signal.SIGKILL)
        shutil.rmtree(self._folder, ignore_errors=True)


class Forgets:
    """Starts it anew at the first boundary of a step; again and again, at each step named."""

    def __init__(self, redis: Redis, steps: tuple[str, ...]) -> None:
        self._redis, self._steps = redis, list(steps)

    def at(self, step: str) -> None:
        """Before anything else happens at this boundary."""
        if step in self._steps:
            self._steps.remove(step)
            self._redis.restart()

    def slept(self, seconds: float) -> None:
        """Its clock is the machine's."""


def sign_by(now: Callable[[], datetime]) -> None:
    """Requests of this process carry this clock's time. There is no setting for it: a machine has one clock."""
    import botocore.auth

    def told(remove_tzinfo: bool = True) -> datetime:
        return now().replace(tzinfo=None) if remove_tzinfo else now()

    botocore.auth.get_current_datetime = told  # type: ignore[attr-defined] # where it is looked up


def wrong(now: Callable[[], datetime], plight: str) -> Callable[[], datetime]:
    """This machine's clock."""
    off = timedelta(seconds=SKEW.get(plight, 0.0))
    return lambda: now() + off


def faults_of(plight: str, times: int) -> list[dict[str, Any]]:
    """What the server does for it."""
    if plight != "bouncing start":
        return []
    then = {"bounce": "Client.InternalError", "message": "Client error on launch"}
    return [{"match": {"operation": "StartInstances"}, "dry": False, "times": times, "then": then}]
