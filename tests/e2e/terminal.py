"""A real pseudo-terminal: evac runs in it, keys go in, and what a person would see comes out."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

import pexpect
import pyte

PATIENCE = 60.0
"""Seconds for anything to appear: these machines are busy."""
CLEAN = ("AWS_", "EVAC_", "XDG_", "PYTEST_", "COLUMNS", "LINES", "NO_COLOR")


class Terminal:
    """evac in a terminal of so many columns and lines, or `within` another command. Use as a context manager."""

    def __init__(
        self,
        *arguments: str,
        environ: Mapping[str, str],
        size: tuple[int, int] = (80, 24),
        cwd: str | None = None,
        special: Mapping[str, str] | None = None,
        within: Sequence[str] = (),
    ) -> None:
        columns, lines = size
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.received = 0
        self.raw = bytearray()
        usual = {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "COLORTERM": "truecolor"}
        env = {**environ, **usual, **(special or {})}
        command = [*within, sys.executable, "-P", "-m", "tui", *arguments]
        self.process: pexpect.spawn[bytes] = pexpect.spawn(
            command[0],
            command[1:],
            env=env,
            dimensions=(lines, columns),
            timeout=PATIENCE,
            cwd=cwd,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(ProcessLookupError):  # its wait for an end that was read has no limit
            if self.process.flag_eof and not self.process.closed:
                os.kill(self.pid, signal.SIGKILL)
        try:
            self.process.close(force=True)
        except pexpect.ExceptionPexpect:  # a busy machine: killed, and not gone yet
            self.process.wait()

    @property
    def pid(self) -> int:
        """The console's process id."""
        assert self.process.pid is not None
        return self.process.pid

    @property
    def text(self) -> str:
        """What is on screen."""
        return "\n".join(self.screen.display)

    def line(self, part: str) -> str:
        """The first line that holds this, or nothing."""
        return next((line for line in self.screen.display if part in line), "")

    def read(self, seconds: float = 0.05) -> bool:
        """Take in what has come; whether the program still runs."""
        try:
            data = self.process.read_nonblocking(65536, seconds)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.received += len(data)
        self.raw += data
        self._stream.feed(data)
        return True

    def until(self, shown: str | Callable[[Terminal], bool], seconds: float = PATIENCE) -> None:
        """Wait until it is on screen. AssertionError with the screen as it is, otherwise."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            alive = self.read()
            if (shown in self.text) if isinstance(shown, str) else shown(self):
                return
            assert alive, f"evac ended before {shown!r} came:\n{self.text}"
        raise AssertionError(f"{shown!r} never came:\n{self.text}")

    def keys(self, *keys: str) -> None:
        """Press them, one after another: a letter or text as it is, or a name."""
        for key in keys:
            self.process.send(NAMES.get(key, key))
            self.read(0.02)

    def gone(self, seconds: float) -> bool:
        """Whether it ends within that time; one that does not goes on."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not self.read():
                return True
        return False

    def ended(self, seconds: float = PATIENCE) -> int | None:
        """Wait for its end; the exit code."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.read():
            pass
        self.process.close()
        code: int | None = self.process.exitstatus
        return code

    def hang_up(self) -> None:
        """The terminal goes away: its window is closed, its connection lost. Nothing can be read or sent afterwards."""
        self.process.ptyproc.fileobj.close()  # type: ignore[attr-defined]  # its stubs leave it out

    def kill(self) -> None:
        """As the kernel would: no farewell."""
        os.kill(self.pid, signal.SIGKILL)
        self.process.wait()


NAMES = {
    "enter": "\r", "escape": "\x1b", "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D",
    "tab": "\t", "space": " ", "ctrl+p": "\x10", "ctrl+l": "\x0c", "end": "\x1b[F", "home": "\x1b[H",
}  # fmt: skip


def environ(**more: str) -> dict[str, str]:
    """This process's environment without anything that says AWS, evac or a folder of the user's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(CLEAN)}
    return {**kept, **more}


def has(pattern: str) -> Callable[[Terminal], bool]:
    """Whether something on screen matches."""
    return lambda terminal: re.search(pattern, terminal.text) is not None


def ready(name: str) -> Callable[[Terminal], bool]:
    """The cursor is on it, and it is read through the first of its account's profiles: the others may only look."""
    return lambda terminal: name in terminal.line("› ") and "audit" not in terminal.line("› ")
