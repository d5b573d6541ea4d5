"""A storm of keys in a real terminal, and what the embedded AWS heard of it. Seeded: the same seed is the same storm."""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pexpect
import pyte

from tests.e2e.terminal import Terminal
from tui.aws.allowlist import READS
from tui.demo.environment import Demo
from tui.operations.journal import Journal

SYNC = 400
"""Keys between two looks at the screen."""
VERBS = "sbitormSxyra1234z+-"
MOVES = (
    "\x1b[A",
    "\x1b[B",
    "\x1b[C",
    "\x1b[D",
    "\x1b[5~",
    "\x1b[6~",
    "\x1b[H",
    "\x1b[F",
    "j",
    "k",
    "g",
    "G",
    "h",
    "l",
)
ANSWERS = ("\r", "\r", "\t", "\x1b[Z", "y", "Y", "n", " ", "\x7f", "\x1b")
ODD = (
    "\x10", "\x03", "\x04", "\x0c", "\x15", "\x17", "\x00", "\x1f", "\x1bOP", "\x1b[15~", "\x1b[1;5A", "\x1b[1;2B",
    "\x1b[3~", "\x1b[2~", "\x1bb", "\x1bs", "ñ", "한", "é", "🙂", "/", "?", ":", "-", "*", "0", "9", "[", "]", "\\",
    "\x1b[<0;12;9M", "\x1b[<0;12;9m", "\x1b[<64;3;7M", "\x1b[I", "\x1b[O", "\x1b[200~s\ry\r\x1b[201~",
)  # fmt: skip
WORDS = (
    "reboot", "stop and start", "make an ami", "abandon", "resume", "check:impaired", "due<24h", "-state:running",
    "tag.env:prod", "payments", "zzz", "no_reboot", "36h", "2030-01-01T00:00:00Z", "[@click=app.quit]x[/]", "a" * 80,
)  # fmt: skip


def storm(seed: int, names: list[str]) -> Iterator[str]:
    """Keys without end: single ones of every kind, and runs of them that would hurt if a guard were open."""
    chance = random.Random(seed)
    while True:
        kind = chance.random()
        if kind < 0.30:
            yield chance.choice(MOVES)
        elif kind < 0.52:
            yield chance.choice(VERBS)
        elif kind < 0.70:
            yield chance.choice(ANSWERS)
        elif kind < 0.82:
            yield chance.choice(ODD)
        elif kind < 0.86:
            yield from ("\x10", *chance.choice(WORDS), "\r")  # the palette
        elif kind < 0.90:
            yield from ("/", *chance.choice((*WORDS, *names)), "\r")
        elif kind < 0.94:
            yield from (
                "\x1b",
                chance.choice("sbit"),
                *chance.choice(names),
                "\r",
            )  # a name, perhaps the right one
        elif kind < 0.97:
            yield from ("o", chance.choice("rayj"), chance.choice(("y", "\r", *names)), "\x1b")
        else:
            yield from chance.choice(("\x1b",)) * chance.randint(1, 4)
        if chance.random() < 0.0004:
            yield "q"


@dataclass
class Result:
    """What came of it."""

    keys: int = 0
    starts: int = 0
    looks: int = 0
    seconds: float = 0.0
    trouble: list[str] = field(default_factory=list)


class Storm:
    """Keys into one console after another (some keys leave it), until there were enough."""

    def __init__(
        self, environ: Mapping[str, str], *arguments: str, size: tuple[int, int] = (80, 24), cwd: Path
    ) -> None:
        self.environ, self.arguments, self.size, self.cwd = environ, arguments, size, str(cwd)
        self.result = Result()
        self.tail = b""
        self.screens = 0

    def run(self, keys: Iterator[str], count: int) -> Result:
        began = time.monotonic()
        while self.result.keys < count:
            self._console(keys, count)
        self.result.seconds = time.monotonic() - began
        return self.result

    def _console(self, keys: Iterator[str], count: int) -> None:
        """One console, from its first frame to its end or ours."""
        self.result.starts += 1
        with Terminal(*self.arguments, environ=self.environ, size=self.size, cwd=self.cwd) as terminal:
            terminal.process.delaybeforesend = None
            terminal.until(lambda one: "READ-" in one.text and ("payments" in one.text or "mail" in one.text))
            since = 0
            while self.result.keys < count:
                burst = [next(keys) for _ in range(20)]
                self.result.keys += len(burst)
                since += len(burst)
                if not self._send(terminal, "".join(burst).encode()):
                    self._ended(terminal)
                    return
                if since >= SYNC:
                    since = 0
                    if not self._look(terminal):
                        self._ended(terminal)
                        return
            terminal.process.send("\x1b\x1b\x1b\x1b")

    def _send(self, terminal: Terminal, data: bytes) -> bool:
        """Send it and take in the answer; False if the console has ended."""
        try:
            terminal.process.send(data)
        except OSError:
            return False
        return self._drain(terminal, 0.02)

    def _drain(self, terminal: Terminal, quiet: float) -> bool:
        """Read until nothing comes for so long. What comes is not drawn: a storm's pictures are not looked at."""
        until = time.monotonic() + 2
        while time.monotonic() < until:
            try:
                self.tail = (self.tail + terminal.process.read_nonblocking(65536, quiet))[-20000:]
            except pexpect.TIMEOUT:
                return True
            except pexpect.EOF:
                return False
        return True

    def _look(self, terminal: Terminal) -> bool:
        """Another size makes it draw everything: it is alive, and shows a screen of ours. What hides it goes with escape."""
        self.result.looks += 1
        until = time.monotonic() + 90
        while time.monotonic() < until:
            columns = self.size[0] + self.screens % 2
            self.screens += 1
            terminal.screen = pyte.Screen(columns, self.size[1])
            terminal._stream = pyte.ByteStream(terminal.screen)
            terminal.process.setwinsize(self.size[1], columns)
            soon = time.monotonic() + 4
            while time.monotonic() < soon:
                if not terminal.read(0.1):
                    return False
                if "READ-" in terminal.text or "search" in terminal.text.lower():
                    return True
            terminal.process.send(b"\x1b")
        terminal.process.kill(signal.SIGABRT)  # with PYTHONFAULTHANDLER it says where it was
        self.tail = b""
        self._drain(terminal, 2)
        shown = "\n".join(filter(str.strip, terminal.screen.display))
        raise AssertionError(f"the console does not answer:\n{shown}\n{self.tail.decode('utf-8', 'replace')}")

    def _ended(self, terminal: Terminal) -> None:
        """A key may leave it, nothing else: exit code 0, the terminal given back, no traceback."""
        self._drain(terminal, 1)
        terminal.process.wait()
        terminal.process.close()
        code = terminal.process.exitstatus
        if terminal.process.signalstatus == signal.SIGINT:
            return  # ctrl+c, when a key had ended it and the terminal was the shell's again
        if code != 0 or b"Traceback" in self.tail:
            said = re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", self.tail)[-3000:].decode("utf-8", "replace")
            reports = sorted(Path(self.environ["XDG_STATE_HOME"], "evac").glob("crash-*.txt"))
            report = reports[-1].read_text() if reports else "no report"
            self.result.trouble.append(f"exit code {code}: {report}\n{said}")


def changes(demo: Demo) -> list[dict[str, Any]]:
    """Requests, dry runs included, that are none of the reads and logins in the guard's list."""
    found: list[dict[str, Any]] = demo.control("calls")
    return [one for one in found if one["operation"] not in READS.get(one["service"], ())]


def unconfirmed(demo: Demo, journal: Path) -> tuple[list[str], int]:
    """Changes on the wire that no operation in the journal accounts for, and how many it does.

    Each needs an intent of its own; one that is no dry run, of an operation that was confirmed before.
    """
    intents: Counter[tuple[str, str, bool]] = Counter()
    if journal.exists():
        book = Journal(journal)
        for operation in book.list(1_000_000):
            found = book.get(operation.id)
            assert found is not None
            for step in found.steps:
                for call in step.calls:
                    confirmed = found.confirmed_at is not None and found.confirmed_at <= call.intent_at
                    if call.dry_run or confirmed:
                        intents[(call.operation, found.instance_id, call.dry_run)] += 1
        book.close()
    wire = Counter(
        (one["operation"], instance, one["dry_run"]) for one in changes(demo) for instance in one["instances"]
    )
    return [f"{one}: {number}" for one, number in (wire - intents).items()], wire.total()


def environment(demo: Demo, folder: Path) -> dict[str, str]:
    """Leads to the demo, with a journal and a cache of its own."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "EVAC_", "XDG_", "PYTEST_", "COLUMNS", "LINES", "NO_COLOR"))
    }
    own = {"HOME": folder, "XDG_STATE_HOME": folder / "state", "XDG_CACHE_HOME": folder / "cache"}
    return {**demo.apply(kept), "PYTHONFAULTHANDLER": "1", **{name: str(path) for name, path in own.items()}}


def instance_names(demo: Demo) -> list[str]:
    """Names of the sample fleet, so that a storm can type the right one."""
    return [
        "payments-db-1",
        "warehouse-1",
        "cache-1",
        "mail-1",
        "search-2",
        "batch-14",
        "web-7",
        "legacy-erp",
    ]
