"""Ten consoles of a team on one Redis: what they ask of AWS together, and what happens when Redis dies."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import structs

from bench.tools import Figure, clean, fleet
from tests.programs import redis_server
from tui.config.loader import from_environment
from tui.config.schema import Settings
from tui.config.sections import CacheSettings
from tui.demo.environment import Demo
from tui.domain.instance import Phase
from tui.fleet import protocol
from tui.fleet.collector_client import Link
from tui.fleet.store import Store

CONSOLES, MINUTE = 10, 60.0


@contextmanager
def redis() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Redis of our own. Raises FileNotFoundError where none is installed."""
    program = redis_server()
    if program is None:
        raise FileNotFoundError("neither redis-server nor valkey-server is installed")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    folder = tempfile.mkdtemp(prefix="evac-redis-")
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0", process
    finally:
        process.kill()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


class Console:
    """A collector and a store, as a console has them."""

    def __init__(self, settings: Settings, environ: dict[str, str]) -> None:
        self.link, self.store, self.notes = Link(settings, environ), Store(), list[str]()

    async def follow(self) -> None:
        """Until its link is stopped."""
        await self.link.start()
        async for frame in self.link.frames():
            if isinstance(frame, protocol.Delta):
                self.store.apply(frame)
            elif isinstance(frame, protocol.Note):
                self.notes.append(frame.text)

    def whole(self, rows: int) -> bool:
        """Every row, every check."""
        targets = self.store.targets()
        live = bool(targets) and all(one.phase is Phase.LIVE and one.count is not None for one in targets)
        return live and len(self.store.rows()) == rows

    def age(self) -> float:
        """Seconds since the oldest of its targets was asked for its checks."""
        return max(time.time() - one.status_at.timestamp() for one in self.store.targets() if one.status_at)


async def _team(
    demo: Demo, size: int, url: str, rows: int, kill: subprocess.Popen[bytes] | None
) -> dict[str, float]:
    with clean(demo) as environ:
        settings = structs.replace(from_environment(environ), cache=CacheSettings(url=url))
        team = [Console(settings, environ) for _ in range(size)]
        demo.control("calls", method="DELETE")
        async with asyncio.TaskGroup() as group:
            for one in team:
                group.create_task(one.follow())
            while not all(one.whole(rows) for one in team):  # noqa: ASYNC110 - looked at from outside
                await asyncio.sleep(0.2)
            await asyncio.sleep(MINUTE / 4)
            found: dict[str, float] = {"start": await _asked(demo)}
            await asyncio.sleep(MINUTE)
            found["minute"], found["age"] = await _asked(demo), max(one.age() for one in team)
            if kill is not None:
                kill.kill()
                await asyncio.sleep(MINUTE)
                found["alone"], found["alone_age"] = await _asked(demo), max(one.age() for one in team)
                found["said"] = sum(any("cache" in note for note in one.notes) for one in team)
                found["whole"] = sum(one.whole(rows) for one in team)
            for one in team:
                await one.link.stop()
    return found


async def _asked(demo: Demo) -> int:
    calls = await asyncio.to_thread(demo.control, "calls")
    await asyncio.to_thread(demo.control, "calls", None, "DELETE")
    return sum(call["service"] == "ec2" and call["operation"] != "DescribeRegions" for call in calls)


def sharing(instances: int = 1000) -> list[Figure]:
    """4 accounts x 5 regions, polled every 15 s."""
    with fleet(instances, 4, 5) as demo, redis() as (url, process):
        one = asyncio.run(_team(demo, 1, "", instances, None))
        many = asyncio.run(_team(demo, CONSOLES, url, instances, process))
    start, minute = many["start"] / one["start"], many["minute"] / one["minute"]
    return [
        Figure(f"{CONSOLES} consoles on one Redis, 20 targets: calls at the start", f"{many['start']:.0f}",
               f"one console {one['start']:.0f}", start, values={"many": many["start"], "one": one["start"]}),
        Figure("the same: calls in a minute of polling", f"{many['minute']:.0f}", f"one console {one['minute']:.0f}", minute,
               note=f"oldest check {many['age']:.0f} s; alone {one['age']:.0f} s",
               values={"many": many["minute"], "one": one["minute"]}),
        Figure("the same, a minute later, Redis killed: consoles that show everything", f"{many['whole']:.0f} of {CONSOLES}",
               f"{many['said']:.0f} say so", note=f"{many['alone']:.0f} calls, oldest check {many['alone_age']:.0f} s",
               values={"calls": many["alone"], "whole": many["whole"]}),
    ]  # fmt: skip
