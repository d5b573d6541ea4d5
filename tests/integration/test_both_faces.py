"""Every act, asked for in the console and by the command line, leaves the same journal, the same audit lines, the same words.

Two embedded AWSs of the same sample, one for each face; both are asked for the same, one act after the other.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pexpect
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input

from screens.base import Go
from screens.confirm import ConfirmScreen
from screens.confirm.choices import Choices
from screens.confirm.question import TypeName
from screens.operations import OperationsScreen
from screens.operations.abandon import AbandonQuestion
from tests.integration.runner_watch import Bench
from tests.nightly import some
from tui.config.durations import DurationInSeconds
from tui.config.schema import Settings
from tui.config.sections import ActionSettings
from tui.demo.environment import Demo, start
from tui.domain.plan import GuardKind
from tui.fleet import protocol
from tui.fleet.collector_client import Link
from tui.fleet.store import Store
from tui.operations import audit_log, spawn
from tui.operations.journal import Journal
from tui.operations.model import Operation, OperationState
from tui.services import Services

ROOT = Path(__file__).parents[2]
LIMIT = 60.0
SETTINGS = Settings(
    only_profiles=("prod",),
    only_regions=("ap-northeast-2", "us-east-1"),
    timezone="UTC",
    actions=ActionSettings(
        reboot_settle=DurationInSeconds(1.0)
    ),  # as the embedded AWS reboots so much faster
)
CONFIG = "[actions]\nreboot_settle = 1.0\n"
DENIED = [
    {"match": {"operation": "StopInstances"}, "then": {"error": "UnauthorizedOperation", "message": "no"}}
]
DONE = {
    "stop-start": "search-1", "reboot": "ledger-3", "image": "cache-1", "start": "standby-1",
    "reschedule": "web-7",
}  # fmt: skip
WHEN = "100h"
SCOPE = ("--profile", "prod", "--region", "ap-northeast-2", "--region", "us-east-1")


def ended(one: Operation) -> bool:
    """Its runner has let go of it too: the last line it audits comes after the last state."""
    return not one.is_open and one.lease_until is None


class Face:
    """One way to ask, with an AWS and a journal of its own."""

    def __init__(self, demo: Demo) -> None:
        self.bench = Bench(demo)
        self.demo, self.environ, self.journal = demo, self.bench.environ, self.bench.journal
        self.words: dict[str, str] = {}

    def newest(self) -> Operation:
        return self.journal.list(1)[0]

    async def wait(self, operation: str, until: Callable[[Operation], bool]) -> Operation:
        deadline = time.monotonic() + LIMIT
        while True:
            found = self.journal.get(operation)
            assert found is not None
            if until(found):
                return found
            assert time.monotonic() < deadline, (found.step, found.note)
            await asyncio.sleep(0.1)

    def audited(self) -> list[dict[str, Any]]:
        return audit_log.tail(audit_log.path_beside(self.journal.path), 1000)


class CommandLine(Face):
    """`evac do` and `evac ops` as a script calls them."""

    def __init__(self, demo: Demo, folder: Path) -> None:
        super().__init__(demo)
        config = folder / "evac.toml"
        config.write_text(CONFIG)
        self.program = [sys.executable, "-P", "-m", "tui", "--config", str(config)]
        self.environ = {**self.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"}

    def evac(self, *words: str) -> str:
        done = subprocess.run(
            [*self.program, *words, *SCOPE],
            env=self.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT, check=False,
        )  # fmt: skip
        return done.stdout + done.stderr

    def do(self, action: str, name: str) -> str:
        more = ["--at", WHEN] if action == "reschedule" else []
        return self.evac("do", action, name, "--confirm", name, *more)

    def cancel(self, action: str, name: str) -> str:
        """Ctrl+C when the question is put."""
        words = [*self.program[1:], "do", action, name, *SCOPE]
        child = pexpect.spawn(
            self.program[0], words, env=self.environ, encoding="utf-8", timeout=LIMIT, dimensions=(40, 160)
        )
        child.expect("go on:")
        child.sendintr()
        child.expect(pexpect.EOF)
        return str(child.before)

    def summary(self, operation: str) -> str:
        return self.evac("ops", "show", operation)


class Console(Face):
    """The question and the operations, as the operator drives them."""

    def __init__(self, demo: Demo, link: Link, store: Store) -> None:
        super().__init__(demo)
        self.services = Services(
            store=store, link=link, journal=Journal(self.journal.path), journal_trouble="", settings=SETTINGS,
            environ=self.environ, now=lambda: datetime.now(UTC), zone=SETTINGS.zone(),
            launch=lambda operation, profile: spawn.start(operation, profile, SETTINGS, self.environ),
        )  # fmt: skip
        self.app = Screens(self.services)
        self.pilot: Pilot[None]

    async def until(self, reached: Callable[[], Any]) -> None:
        deadline = time.monotonic() + LIMIT
        while not reached():
            assert time.monotonic() < deadline, self.app.screen
            await self.pilot.pause(0.05)

    async def ask(self, action: str, name: str) -> ConfirmScreen:
        row = next(one for one in self.services.store.rows() if one.name == name)
        question = ConfirmScreen(self.services, action, row.key)
        await self.app.push_screen(question)
        if action == "reschedule":
            await self.until(lambda: bool(question.query(Choices)) and isinstance(self.app.focused, Input))
            question.query_one("#new-start", Input).value = WHEN
            await self.pilot.press("enter")
        await self.until(lambda: question.draft is not None and not question.looking)
        return question

    async def back(self) -> None:
        while len(self.app.screen_stack) > 1:
            self.app.pop_screen()
        await self.pilot.pause()

    async def do(self, action: str, name: str) -> str:
        question = await self.ask(action, name)
        assert question.draft is not None
        if question.draft.guard.kind is GuardKind.BLOCKED:
            said = "; ".join(question.draft.guard.unblock)
            await self.pilot.press("escape")
            return said
        await self.until(lambda: question.permission is not None and question.permission.answered != "asking")
        assert question.permission is not None
        said = f"{question.permission.text}\n{question.permission.remedy}"
        if question.permission.may_confirm:
            field = question.query_one(TypeName)
            await self.until(lambda: field.armed_at < time.monotonic())
            typed = question.draft.guard.kind is GuardKind.TYPE_NAME
            await self.pilot.press(*(name if typed else "y"), *(["enter"] if typed else []))
            await self.until(lambda: isinstance(self.app.screen, OperationsScreen))
        await self.back()
        return said

    async def cancel(self, action: str, name: str) -> str:
        question = await self.ask(action, name)
        await self.until(lambda: question.permission is not None and question.permission.may_confirm)
        await self.pilot.press("escape")
        await self.until(lambda: question not in self.app.screen_stack)
        return ""

    async def chosen(self, operation: str) -> OperationsScreen:
        screen = OperationsScreen(self.services, operation)
        await self.app.push_screen(screen)
        await self.until(lambda: screen.current is not None and screen.current.id == operation)
        return screen

    async def resume(self, operation: str) -> None:
        await self.chosen(operation)
        await self.pilot.press("r")
        await self.pilot.pause()
        await self.back()

    async def abandon(self, operation: str, name: str) -> None:
        await self.chosen(operation)
        await self.pilot.press("a")
        await self.until(lambda: isinstance(self.app.screen, AbandonQuestion))
        await self.pilot.press(*(name or ["escape"]), *(["enter"] if name else []))
        await self.until(lambda: isinstance(self.app.screen, OperationsScreen))
        await self.back()

    async def summary(self, operation: str) -> str:
        await self.chosen(operation)
        await self.pilot.press("y")
        await self.until(lambda: operation in self.app.clipboard)
        await self.back()
        return self.app.clipboard


class Screens(App[None]):
    """Opens the operations when the question asks for them, as the app does."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services = services

    def on_go(self, message: Go) -> None:
        self.push_screen(OperationsScreen(self.services, message.key))


@asynccontextmanager
async def both(folder: Path) -> AsyncIterator[tuple[Console, CommandLine]]:
    demos = [start("--speed", "60"), start("--speed", "60")]
    link = Link(SETTINGS, demos[0].apply())
    try:
        store = Store()
        await link.start()
        async for frame in link.frames():
            if isinstance(frame, protocol.Delta):
                store.apply(frame)
                if {*DONE.values(), "report-1", "vault-1"} <= {one.name for one in store.rows()}:
                    break
        console = Console(demos[0], link, store)
        async with console.app.run_test(size=(120, 40)) as console.pilot:
            yield console, CommandLine(demos[1], folder)
    finally:
        await link.stop()
        for demo in demos:
            demo.stop()


async def at_once(console: Awaitable[Any], command: Callable[[], Any]) -> tuple[Any, Any]:
    """The same, of both faces."""
    return tuple(await asyncio.gather(console, asyncio.to_thread(command)))


IDS = re.compile(
    r"(op|ami|snap|eventlog|instance-event)-[0-9a-f-]+|\d{4}-\d\d-\d\d[T -]?[\d:.]*Z?|[0-9a-f-]{36}|\b\d\d:\d\d\b"
    r"|\b\d+(\.\d+)*(s|m|h)\b"
)


def plain(text: object) -> str:
    """Without ids, times and how long it took."""
    return IDS.sub("_", str(text))


def row_of(one: Operation) -> list[Any]:
    """An operation of the journal, but for who, when and ids."""
    steps = [
        (
            row.name,
            row.state,
            plain(row.note),
            sorted({(c.operation, c.dry_run, c.ok, c.code) for c in row.calls}, key=str),
        )
        for row in one.steps
    ]
    told = [
        one.action,
        one.title,
        one.state,
        one.note,
        one.remedy,
        one.permission,
        one.refused_by,
        one.instance_id,
    ]
    return [
        *map(plain, told),
        one.kept.steps,
        one.kept.options.overrides,
        one.confirmed_at is not None,
        steps,
    ]


def line_of(one: dict[str, Any]) -> list[str]:
    """An audit line, but for when and ids."""
    free = ("time", "prev", "operation", "request_id", "ssh_client", "mended")
    return [f"{name}={plain(one[name])}" for name in sorted(one) if name not in free]


def compared(console: Face, command: Face, begun: tuple[int, int]) -> None:
    """The newest operation of each, and the lines since."""
    ours, theirs = (
        [line_of(one) for one in face.audited()[since:]]
        for face, since in zip((console, command), begun, strict=True)
    )
    assert unrepeated(ours) == unrepeated(theirs)


def unrepeated(lines: list[list[str]]) -> list[list[str]]:
    """Each once: how often a step is asked for again depends on the clock."""
    return [line for at, line in enumerate(lines) if line not in lines[:at]]


async def test_every_act_is_the_same_through_both_faces(tmp_path: Path) -> None:
    async with both(tmp_path) as (console, command):
        faces = (console, command)

        def begun() -> tuple[int, int]:
            return len(console.audited()), len(command.audited())

        async def over(until: Callable[[Operation], bool] = ended) -> list[Operation]:
            return [await face.wait(face.newest().id, until) for face in faces]

        # done: the words of the permission, the rows, the lines and the summary
        for action, name in some(list(DONE.items()), 0, 4):
            since = begun()
            said, told = await at_once(console.do(action, name), lambda a=action, n=name: command.do(a, n))  # type: ignore[misc] # bound now
            assert said.strip() in told, action
            ours, theirs = await over()
            assert row_of(ours) == row_of(theirs)
            assert ours.state is OperationState.SUCCEEDED, ours.note
            compared(*faces, since)
            summary, shown = await at_once(console.summary(ours.id), lambda i=theirs.id: command.summary(i))  # type: ignore[misc] # bound now
            assert plain(shown).startswith(plain(summary)), (summary, shown)

        # blocked: nothing is journaled, and the refusal is audited
        since = begun()
        said, told = await at_once(
            console.do("stop-start", "vault-1"), lambda: command.do("stop-start", "vault-1")
        )
        assert said in told
        compared(*faces, since)
        assert console.audited()[-1]["result"] == f"refused: blocked: {said}"

        # refused by AWS
        for face in faces:
            face.demo.control("faults", DENIED)
        since = begun()
        said, told = await at_once(
            console.do("stop-start", "payments-db-3"), lambda: command.do("stop-start", "payments-db-3")
        )
        assert all(part in told for part in said.splitlines())
        ours, theirs = await over()
        assert row_of(ours) == row_of(theirs)
        compared(*faces, since)
        for face in faces:
            face.demo.control("faults", [])

        # withdrawn
        since = begun()
        await at_once(
            console.cancel("stop-start", "search-2"), lambda: command.cancel("stop-start", "search-2")
        )
        ours, theirs = await over()
        assert row_of(ours) == row_of(theirs)
        assert (ours.state, ours.note) == (OperationState.ABANDONED, "cancelled")
        compared(*faces, since)

        # ordered ahead, kept, and abandoned
        since = begun()
        await at_once(
            console.do("start-after-stop", "report-1"), lambda: command.do("start-after-stop", "report-1")
        )
        ours, theirs = await over(lambda one: one.step == "wait-stopped")
        wrong = ("ops", "abandon", theirs.id, "--confirm", "report-2")
        await at_once(console.abandon(ours.id, ""), lambda: command.evac(*wrong))
        right = ("ops", "abandon", theirs.id, "--confirm", "report-1")
        await at_once(console.abandon(ours.id, "report-1"), lambda: command.evac(*right))
        ours, theirs = await over()
        assert row_of(ours) == row_of(theirs)
        assert ours.state is OperationState.ABANDONED
        compared(*faces, since)
        assert [one["result"] for one in console.audited() if one["step"] == "abandon"] == [
            "refused: not confirmed",
            "abandoned",
        ]

        # resumed: confirmed, and nobody drives it
        since = begun()
        left = [face.bench.order("reboot", "mail-1") for face in faces]
        await at_once(console.resume(left[0]), lambda: command.evac("ops", "resume", left[1]))
        ours, theirs = [await face.wait(ident, ended) for face, ident in zip(faces, left, strict=True)]
        assert row_of(ours) == row_of(theirs)
        assert ours.state is OperationState.SUCCEEDED, ours.note
        mine, others = (
            {tuple(line_of(one)) for one in face.audited()[at:]}
            for face, at in zip(faces, since, strict=True)
        )
        assert mine == others  # the runner may be quicker than the line of who ordered it
        assert any(one["step"] == "resume" and one["result"] == "ordered" for one in command.audited())
