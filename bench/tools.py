"""The fleet server, a terminal that only counts and times, and what /proc says of processes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyte

from tui.demo.environment import Demo, start

ROOT = Path(__file__).parents[1]
PEERS = Path(__file__).parent / "peers"
PEER_PYTHON = Path(__file__).parent / ".venv" / "bin" / "python"
TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Figure:
    """One line of the table. `ratio` is what the target is held against; None where there is nothing to compare."""

    what: str
    evac: str
    peer: str = ""
    ratio: float | None = None
    target: str = ""
    held: bool | None = None
    note: str = ""
    values: dict[str, float] = field(default_factory=dict)


def median(values: Sequence[float]) -> float:
    """Of the repetitions."""
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which so much lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


@contextmanager
def fleet(instances: int, accounts: int, regions: int, latency: float = 0.0, *more: str) -> Iterator[Demo]:
    """The embedded AWS with a generated fleet, in a process of its own."""
    demo = start(
        "--scale", str(instances), "--accounts", str(accounts), "--regions", str(regions), *more, seconds=120
    )
    try:
        demo.control("settings", {"memo": 3600})
        if latency:
            demo.control("faults", [{"match": {}, "then": {"delay": latency}}])
        yield demo
    finally:
        demo.stop()


@contextmanager
def clean(demo: Demo) -> Iterator[dict[str, str]]:
    """An environment that leads to the server, with state and cache of its own, in English and true colour."""
    folder = Path(tempfile.mkdtemp(prefix="evac-bench-"))
    environ = {
        **demo.apply(),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
    }
    environ.pop("NO_COLOR", None)
    try:
        yield environ
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def cpu(pid: int) -> float:
    """Seconds of CPU a process has used so far, its ended children included."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICK


def children(pid: int) -> list[int]:
    """Its descendants that run now."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *children(int(child))]
    return found


def cpu_tree(pid: int) -> float:
    """Of a process and its descendants."""
    return cpu(pid) + sum(map(cpu, children(pid)))


def pss(pid: int) -> float:
    """Proportional resident memory in MB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def timed(command: Sequence[str], environ: Mapping[str, str]) -> tuple[float, float, str]:
    """Wall and CPU seconds of a command with all its children, and what it printed."""
    begun = time.monotonic()
    process = subprocess.Popen(command, env=dict(environ), stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    out = process.stdout.read()
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    process.stdout.close()
    return time.monotonic() - begun, usage.ru_utime + usage.ru_stime, out


class Terminal:
    """A pseudo-terminal that keeps what came and when. It draws only where told: drawing costs the same two cores."""

    def __init__(
        self, command: Sequence[str], environ: Mapping[str, str], size: tuple[int, int] = (160, 50)
    ) -> None:
        self.begun = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], list(command), dict(environ))
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.raw, self._drawn = bytearray(), 0
        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            os.kill(self.pid, signal.SIGTERM)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            self.read(0.05)
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                break
        else:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    def read(self, seconds: float) -> bytes:
        """What comes within so many seconds, at the first of it."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return b""
        try:
            data = os.read(self.fd, 1 << 20)
        except OSError:
            return b""
        self.raw += data
        return data

    def until(self, seen: bytes | Callable[[bytes], bool], seconds: float = 90.0) -> float:
        """Seconds from the start until it was there. Raises TimeoutError with the last that came."""
        deadline, start = time.monotonic() + seconds, max(0, len(self.raw) - 4096)
        while time.monotonic() < deadline:
            part = bytes(self.raw[start:])
            if (seen in part) if isinstance(seen, bytes) else seen(part):
                return time.monotonic() - self.begun
            self.read(0.5)
        raise TimeoutError(f"{seen!r} never came; last: {bytes(self.raw[-400:])!r}")

    def until_shown(self, seen: Callable[[str], bool], seconds: float = 90.0) -> float:
        """Seconds from the start until the screen, as a terminal draws it, was so: only cells that differ are sent.

        Drawing is not counted for the frame that is waited for. Raises TimeoutError with the screen.
        """
        deadline, came = time.monotonic() + seconds, time.monotonic()
        while time.monotonic() < deadline:
            self._stream.feed(bytes(self.raw[self._drawn :]))
            self._drawn = len(self.raw)
            if seen("\n".join(self.screen.display)):
                return came - self.begun
            self.read(0.5)
            came = time.monotonic()
        raise TimeoutError("never shown: " + " / ".join(line.strip() for line in self.screen.display)[:400])

    def quiet(self, seconds: float, limit: float = 60.0) -> None:
        """Wait until nothing came for so long."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline and self.read(seconds):
            pass

    def press(self, key: bytes, patience: float = 5.0) -> float:
        """Seconds from the key to the first of what it changes on screen."""
        self.quiet(0.03, 1.0)  # the rest of an earlier frame is not this key's
        begun = time.monotonic()
        os.write(self.fd, key)
        self.read(patience)
        return time.monotonic() - begun

    def count(self, seconds: float) -> int:
        """Bytes that come in so many seconds."""
        before, deadline = len(self.raw), time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.read(min(left, 1.0))
        return len(self.raw) - before


def evac(*arguments: str) -> list[str]:
    """The command line of evac in this environment."""
    return [str(Path(sys.executable).with_name("evac")), *arguments]
