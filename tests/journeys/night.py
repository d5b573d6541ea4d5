"""`make night`: an accelerated shift from one console, a second console and `evac do` beside it, faults throughout.

python -P -m tests.journeys.night ACTIONS SEED [MINUTES]

Seeded: the same seed is the same shift (what the processes make of it differs by their pace). It says what was counted and
ends with 1 where a promise was broken: a question that was never answered, an operation that neither ended nor says loudly
that it did not, a server that is down for it, memory or descriptors that grew, a process left when the terminals are closed.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.terminal import environ
from tests.journeys.console_user import ASKED, SETTLED, SIZES, Cost, Shift, all_gone, cost, journal, left_over
from tui.demo.environment import Demo, start
from tui.operations.model import Operation, OperationState

MEMORY = 120.0
"""MB (resident) a console may hold."""
GROWN = 4
"""Descriptors or threads more at the end than once it was warm: what one action in flight holds."""
ANSWERED = 120.0
"""Seconds within which a question must be put, refused, or say why it can't be."""
OPENS = 5.0
"""Seconds after which a question that is still not on the screen will not come."""
REFUSED = (
    r"can't be done now|could not be read|nothing can be done|permission denied|locked by|the lock "
    r"|press r to plan it again|the runner has not started|there is no scheduled event|nothing to move"
)
"""What stands where a question is not put: each names its reason."""
CALM = (
    *(f"batch-{n}" for n in (2, 3)), *(f"load-{n}" for n in range(1, 6)), *(f"notebook-{n}" for n in range(2, 7)),
    *(f"stage-web-{n}" for n in range(1, 5)), *(f"web-{n}" for n in (7, 8)), "cache-2", "ledger-2", "mail-1",
    "hpc-1", "hadoop-1", "dream-1", "eks-node-a", "payments-db-2", "search-1", "search-2",
)  # fmt: skip
"""Running instances of the sample fleet, among them members of groups, of balancers, with local disks, with public addresses."""
BESIDE = ("market-1", "edge-1", "gpu-1", "jump-old")
"""Those that the colleague acts on with `evac do`."""


@dataclass
class Told:
    """What was counted, and what broke."""

    counts: Counter[str] = field(default_factory=Counter)
    trouble: list[str] = field(default_factory=list)
    most: float = 0.0
    slowest: float = 0.0
    warm: Cost | None = None


class Weather:
    """What goes wrong beside the shift: one thing after another, each over by itself."""

    def __init__(self, demo: Demo, chance: random.Random, told: Told) -> None:
        self.demo, self.chance, self.told = demo, chance, told
        self.until = 0.0
        self.over: tuple[str, Any] | None = None

    def look(self, environ: Mapping[str, str]) -> None:
        """Begin the next, or end the one that is over."""
        if time.monotonic() < self.until:
            return
        self.clear()
        kind = self.chance.choice(
            (
                "calm",
                "calm",
                "throttled",
                "unavailable",
                "lost",
                "no capacity",
                "expired",
                "slow",
                "killed",
                "reset",
            )
        )
        self.until = time.monotonic() + self.chance.uniform(3, 15)
        self.told.counts[f"fault: {kind}"] += 1
        if kind == "expired":
            key = self.chance.choice(("AKIADEMOPROD00000001", "AKIADEMODATA00000001"))
            self.demo.control("settings", {"expired": {key: True}})
            self.over = ("settings", {"expired": {key: False}})
        elif kind == "killed":
            self._kill(environ)
        elif kind != "calm":
            self.demo.control("faults", [RULES[kind]])

    def clear(self) -> None:
        """Fair weather."""
        self.demo.control("faults", [])
        if self.over is not None:
            self.demo.control(*self.over)
            self.over = None

    def _kill(self, environ: Mapping[str, str]) -> None:
        """A runner dies, wherever it is."""
        with journal(environ) as book:
            pids = [one.runner.split(":")[1] for one in book.unfinished() if one.runner.count(":") >= 1]
        if pids:
            with contextlib.suppress(ProcessLookupError, ValueError):
                os.kill(int(self.chance.choice(pids)), signal.SIGKILL)


RULES: dict[str, dict[str, Any]] = {
    "throttled": {"match": {"operation": "*"}, "then": {"error": "RequestLimitExceeded"}, "skip": 2, "times": 8},
    "unavailable": {"match": {"service": "ec2"}, "then": {"error": "Unavailable"}, "times": 6},
    "lost": {
        "match": {"operation": "St*Instances"}, "then": {"reset": True}, "when": "after", "dry": False, "times": 2,
    },
    "no capacity": {
        "match": {"operation": "StartInstances"}, "dry": False, "times": 2,
        "then": {"error": "InsufficientInstanceCapacity", "message": "We currently do not have sufficient capacity"},
    },
    "slow": {"match": {"service": "ec2"}, "then": {"delay": 0.7}, "times": 12},
    "reset": {"match": {"service": "ec2"}, "then": {"reset": True}, "times": 4},
}  # fmt: skip


class Night:
    """The shift."""

    def __init__(self, demo: Demo, home: Path, seed: int) -> None:
        self.demo, self.home, self.chance, self.told = demo, home, random.Random(seed), Told()
        own = {"HOME": home, "XDG_STATE_HOME": home / "state", "XDG_CACHE_HOME": home / "cache"}
        self.environ = {**demo.apply(environ()), **{name: str(path) for name, path in own.items()}}
        self.weather = Weather(demo, self.chance, self.told)
        self.beside: list[subprocess.Popen[bytes]] = []

    def run(self, actions: int, minutes: float) -> Told:
        """So many questions, or as many as fit into the time."""
        until = time.monotonic() + minutes * 60
        with Shift(environ=self.environ) as mine, Shift(environ=self.environ, size=(160, 50)) as other:
            mine.begin()
            other.begin()
            for number in range(actions):
                if time.monotonic() > until:
                    self.told.trouble.append(f"only {number} of {actions} actions in {minutes:.0f} minutes")
                    break
                self.weather.look(self.environ)
                self._act(mine)
                self._colleague(other, number)
                self._meanwhile(mine, number)
                if number == min(20, actions // 4):
                    mine.fleet()
                    self.told.warm = cost(mine.pid)
                self.told.most = max(self.told.most, cost(mine.pid).memory)
            self.weather.clear()
            self._ends(mine, other)
            self._costs(mine)
            for one in (mine, other):
                one.hang_up()
            for left in all_gone(self.home):
                self.told.trouble.append(f"left when the terminals were closed: {left.pid} {left.command}")
        return self.told

    def _act(self, mine: Shift) -> None:
        """One question, and one of the answers people give."""
        verb, name = self.chance.choice("ssbbbit"), self.chance.choice(CALM)
        answer = self.chance.choice(("yes", "yes", "yes", "escape", "n", "wrong"))
        began = time.monotonic()
        try:
            mine.find(name)
            mine.keys(verb)
            kind = self._asked(mine)
        except AssertionError as error:
            self.told.trouble.append(f"{verb} on {name}: {error}")
            mine.keys("escape", "escape")
            return
        self.told.slowest = max(self.told.slowest, time.monotonic() - began)
        self.told.counts[f"{verb}: {kind}"] += 1
        if kind != "asked" or answer == "escape":
            mine.keys("escape")
            return
        time.sleep(SETTLED)
        mine.read()
        if not re.search(ASKED, mine.text):  # what it knew has changed meanwhile: it is drawn anew
            self.told.counts["changed while it was asked"] += 1
            mine.keys("escape")
        elif answer == "n":
            mine.keys("n", "escape")
        elif answer == "wrong":
            mine.keys(*("not-it", "enter"), "escape")
        else:
            self.told.counts["answered yes"] += 1
            mine.agree(name)
            mine._quiet(0.5)

    def _asked(self, mine: Shift) -> str:
        """How the question stands once it is answered or refused. AssertionError where neither comes."""
        deadline, entered = time.monotonic() + ANSWERED, float("inf")
        while time.monotonic() < deadline:
            assert mine.read(0.1), f"evac ended:\n{mine.text}"
            if re.search(ASKED, mine.text):
                return "asked"
            if re.search(REFUSED, mine.text):
                return "refused"
            if "ask AWS" in mine.screen.display[-1]:  # when it shall be: the field says what is proposed
                if time.monotonic() > entered + OPENS:
                    return "to be chosen"
                if entered == float("inf"):
                    mine.keys("enter")
                    entered = time.monotonic()
            shut = time.monotonic() > deadline - ANSWERED + OPENS
            if shut and "/ filter" in mine.screen.display[-1]:
                return "not offered"  # a greyed key says so below
        raise AssertionError(f"the question was never answered:\n{mine.text}")

    def _colleague(self, other: Shift, number: int) -> None:
        """Somebody else: now and then by command, now and then in a console of his own."""
        self.beside = [one for one in self.beside if one.poll() is None]
        if number % 4 == 3 and len(self.beside) < 2:
            name = self.chance.choice(BESIDE)
            action = self.chance.choice(("reboot", "reboot", "stop-start"))
            command = [sys.executable, "-P", "-m", "tui", "do", action, name, "--confirm", name]
            self.told.counts["by command"] += 1
            self.beside.append(
                subprocess.Popen(
                    command,
                    env=self.environ,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            )
        other.keys(self.chance.choice(("j", "k", "1", "2", "3", "o", "escape", "escape")))
        other.read()

    def _meanwhile(self, mine: Shift, number: int) -> None:
        """What people do between two actions."""
        for pause in range(self.chance.randrange(3)):
            mine.read(0.2 + pause / 10)
        if number % 5 == 1:
            mine.keys("enter", "right", "right", "right", "escape")
        elif number % 5 == 2:
            mine.keys("?", "escape", "o", "down", "enter", "escape", "escape")
        elif number % 5 == 3:
            mine.resize(*self.chance.choice(SIZES))
        mine.read()
        self.told.counts["looked around"] += 1

    def _ends(self, mine: Shift, other: Shift) -> None:
        """Each operation ends, or says loudly that it did not."""
        for command in self.beside:
            with contextlib.suppress(subprocess.TimeoutExpired):
                command.wait(90)
        deadline = time.monotonic() + 420
        loud: list[Operation] = []
        while time.monotonic() < deadline:
            mine.read()
            other.read()
            with journal(self.environ) as book:
                left = book.unfinished()
            loud = [one for one in left if one.attention or one.state is OperationState.NEEDS_ATTENTION]
            if not [one for one in left if one.confirmed_at is not None and one not in loud]:
                break
            time.sleep(0.5)
        with journal(self.environ) as book:
            all_of_them = book.list(100_000)
        for one in all_of_them:
            self.told.counts[f"operation: {one.state}"] += 1
            quiet = one.is_open and one.confirmed_at is not None and one not in loud
            if quiet:
                self.told.trouble.append(
                    f"neither ended nor loud: {one.id} {one.state} at {one.step}: {one.note}"
                )
            if one.may_be_down:
                self.told.trouble.append(
                    f"down: {one.id} {one.instance_name} {one.state} at {one.step}: {one.note}"
                )

    def _costs(self, mine: Shift) -> None:
        mine.fleet()
        warm, end = self.told.warm, cost(mine.pid)
        self.told.most = max(self.told.most, end.memory)
        if self.told.most > MEMORY:
            self.told.trouble.append(f"the console held {self.told.most:.0f} MB")
        if warm is not None and end.descriptors > warm.descriptors + GROWN:
            self.told.trouble.append(
                f"descriptors: {warm.descriptors} once warm, {end.descriptors} at the end"
            )
        if warm is not None and end.threads > warm.threads + GROWN:
            self.told.trouble.append(f"threads: {warm.threads} once warm, {end.threads} at the end")
        self.told.counts["descriptors once warm"] = warm.descriptors if warm else 0
        self.told.counts["descriptors at the end"] = end.descriptors
        self.told.counts["threads at the end"] = end.threads


def main(actions: int, seed: int, minutes: float = 90) -> int:
    """Run it, say what was counted; the exit code."""
    began = time.monotonic()
    demo = start("--speed", "60")
    try:
        with tempfile.TemporaryDirectory(prefix="evac-night-") as folder:
            home = Path(folder)
            try:
                told = Night(demo, home, seed).run(actions, minutes)
            finally:
                for process in left_over(home):
                    process.kill()
    finally:
        demo.stop()
    minutes = (time.monotonic() - began) / 60
    sys.stdout.write(f"{actions} actions, seed {seed}: {minutes:.1f} minutes\n")
    sys.stdout.write(f"  slowest question {told.slowest:.1f} s, most memory {told.most:.0f} MB\n")
    for what, count in sorted(told.counts.items()):
        sys.stdout.write(f"  {what}: {count}\n")
    for line in told.trouble:
        sys.stdout.write(f"  WRONG {line}\n")
    sys.stdout.write("0 promises broken\n" if not told.trouble else f"{len(told.trouble)} promises broken\n")
    return 1 if told.trouble else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), *map(float, sys.argv[3:4])))
