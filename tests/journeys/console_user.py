"""One person at one console: asks, answers, follows; and what the console costs meanwhile.

`Shift` is a `Terminal` that knows evac's screens. What AWS was sent and what the journal says are read beside it, from
another process, as a colleague would.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import nightly
from tests.e2e.terminal import PATIENCE, Terminal, has
from tests.soak.storm import changes
from tui.demo.environment import Demo
from tui.operations.journal import Journal
from tui.operations.model import Operation
from tui.paths import default_journal_path

SIZES = ((80, 24), (120, 35), (160, 50))


def told_at(size: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """The sizes a story is told at: this one, or all of them where EVAC_SIZES is `all` (`make night`)."""
    return SIZES if nightly.ALL else (size,)


ASKED = r"Type .*to go on|\by +yes\b"
"""The question, open for an answer."""
SETTLED = 0.6
"""Seconds a question must have stood before a key counts as its answer, and a little more."""


class Shift(Terminal):
    """A console and the person in front of it."""

    def __init__(
        self, *arguments: str, environ: Mapping[str, str], size: tuple[int, int] = (80, 24), **more: Any
    ) -> None:
        super().__init__(*arguments, environ=environ, size=size, **more)
        self.environ = dict(environ)

    def begin(self) -> None:
        """Wait for the fleet's first rows, or for the sentence that stands where there is nothing to do."""
        self.until(has(r"READ-(WRITE|ONLY)"))
        self.until(has(r"› [^ ]|answers? (its|their) checks"))

    def fleet(self) -> None:
        """Back to the fleet without a filter, from wherever this is. What a question asked is answered with esc."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self._quiet()
            if "/ filter" in self.screen.display[-1] and not re.search(r"(?m)^ / \S", self.text):
                return
            before = self.text
            self.keys("escape")
            answered = time.monotonic() + 5
            while (
                self.text == before and time.monotonic() < answered
            ):  # a second one would take the marks away
                self.read(0.1)
        raise AssertionError(f"never back at the fleet:\n{self.text}")

    def _quiet(self, seconds: float = 0.3) -> bool:
        """Take in what comes until nothing does for so long; True."""
        before = -1
        while before != self.received:
            before = self.received
            assert self.read(seconds), f"evac ended:\n{self.text}"
        return True

    def find(self, name: str) -> None:
        """The cursor on this instance, in a list filtered by its name; other names may hold it too."""
        self.fleet()
        self.keys("2", "/")
        self.until(has(r"(?m)^ / "))  # letters typed before the filter has the focus are verbs
        self.keys(name)
        here = has(rf"› +\S+ +(\S+ +)?{re.escape(name)} ")
        moves = iter(("", "", *("down",) * 20, *("up",) * 40, *("",) * 60))
        while not here(self):
            self._quiet(0.5)
            move = next(moves, None)
            assert move is not None, f"{name} is not in the list:\n{self.text}"
            self.keys(*([move] if move else []))
        self.keys("enter")
        self.until(lambda one: "/ filter" in one.screen.display[-1])  # until then letters go into the filter
        self._quiet()

    def ask(self, verb: str, name: str, until: str = ASKED) -> None:
        """Press the verb's key on this instance and wait for its question."""
        self.find(name)
        self.keys(verb)
        self.until(has(until))
        time.sleep(SETTLED)

    def answer(self, *keys: str) -> None:
        """Keys to the question: `y`, or a name and `enter`."""
        self.keys(*keys)

    def agree(self, name: str) -> None:
        """Yes, however it is asked."""
        if re.search(r"Type .*to go on", self.text):
            self.answer(name, "enter")
        else:
            self.answer("y")

    def resize(self, columns: int, lines: int) -> None:
        """As a terminal's window is."""
        self.screen.resize(lines, columns)
        self.process.setwinsize(lines, columns)


@contextmanager
def journal(environ: Mapping[str, str]) -> Iterator[Journal]:
    """The shift's journal, opened as another process would."""
    found = Journal(default_journal_path(environ))
    try:
        yield found
    finally:
        found.close()


def awaited(
    environ: Mapping[str, str],
    reached: Callable[[Operation], bool],
    meanwhile: Callable[[], object] = lambda: time.sleep(0.05),
    seconds: float = 90,
) -> Operation:
    """The newest operation that is as wanted. AssertionError with what there is, otherwise."""
    deadline = time.monotonic() + seconds
    found: list[Operation] = []
    while time.monotonic() < deadline:
        meanwhile()
        if default_journal_path(environ).exists():
            with journal(environ) as book:
                found = list(book.list())
            for one in found:
                if reached(one):
                    return one
    told = [
        f"{one.id} {one.action} {one.instance_name} {one.state} at {one.step}: {one.note}" for one in found
    ]
    raise AssertionError("no operation came to that:\n" + "\n".join(told))


def evac(
    environ: Mapping[str, str], *arguments: str, seconds: float = 120
) -> subprocess.CompletedProcess[str]:
    """The command line beside the console, in a session of its own."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "tui", *arguments],
        env=dict(environ),
        capture_output=True,
        text=True,
        timeout=seconds,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        check=False,
    )


def sent(demo: Demo, instance: str = "") -> list[str]:
    """Changes that reached AWS, dry runs left out; of one instance, or of all."""
    return [
        one["operation"]
        for one in changes(demo)
        if (not instance or instance in one["instances"]) and not one["dry_run"]
    ]


@dataclass(frozen=True)
class Cost:
    """What a process holds: memory in MB (resident), open descriptors, threads."""

    memory: float
    descriptors: int
    threads: int


def cost(pid: int) -> Cost:
    """Of a process now (Linux's /proc)."""
    status = Path(f"/proc/{pid}/status").read_text()
    memory = int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) / 1024
    threads = int(re.findall(r"Threads:\s+(\d+)", status)[0])
    return Cost(memory, len(os.listdir(f"/proc/{pid}/fd")), threads)


@dataclass(frozen=True)
class Process:
    """One that still runs."""

    pid: int
    command: str

    def kill(self) -> None:
        """End it, if it is still there."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(self.pid, signal.SIGKILL)


def left_over(home: Path) -> list[Process]:
    """Processes of evac's whose state or home is in this folder, by their environment; zombies left out."""
    marks = [f"{name}={home}".encode() for name in ("HOME", "XDG_STATE_HOME")]
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:  # ended meanwhile, or somebody else's
            continue
        if command and any(line.startswith(mark) for line in environment for mark in marks):
            found.append(Process(int(folder.name), command.strip()))
    return found


def all_gone(home: Path, seconds: float = 30) -> list[Process]:
    """Wait until nothing of that home runs any more; what still does after so long."""
    deadline = time.monotonic() + seconds
    while (found := left_over(home)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found
