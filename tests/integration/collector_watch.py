"""Tools to watch the eyes with: a fleet of one's own, its collector, and waiting for what a frame must show."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from tui.config.schema import Settings
from tui.config.sections import Intervals
from tui.demo.environment import Demo
from tui.domain.instance import Instance, Phase, Target, TargetStatus
from tui.fleet import protocol
from tui.fleet.collector_client import Link
from tui.fleet.store import Store

REGIONS = ("ap-northeast-2", "us-east-1", "eu-west-1")
SEOUL, VIRGINIA, IRELAND = REGIONS
KEYS = {
    "prod": "AKIADEMOPROD00000001", "prod-audit": "AKIADEMOAUDIT0000001", "data": "AKIADEMODATA00000001",
    "staging": "AKIADEMOSTAGING00001", "legacy": "AKIADEMOLEGACY000001",
}  # fmt: skip
PROD, DATA, STAGING = "111122223333", "222233334444", "333344445555"
OFTEN = Intervals(status=1.0, inventory=2.0)
PATIENCE = 90.0
"""Seconds until a test gives up: a busy machine is no failure."""


def settings(
    *profiles: str, regions: tuple[str, ...] = REGIONS, often: bool = False, **more: Any
) -> Settings:
    """Those profiles (none: all) in those regions."""
    intervals = OFTEN if often else Intervals()
    return Settings(only_profiles=profiles, regions=regions, intervals=intervals, **more)


def fault(then: dict[str, Any], times: int | None = None, **match: str) -> dict[str, Any]:
    """A rule for the embedded AWS."""
    rule: dict[str, Any] = {"match": match, "then": then}
    return rule if times is None else {**rule, "times": times}


class Eyes:
    """A link whose frames are applied to a store as they come, and kept."""

    def __init__(self, link: Link) -> None:
        self.link, self.store = link, Store()
        self.seen: list[protocol.Frame] = []
        self.states: list[protocol.LinkState] = []
        self._news = asyncio.Event()

    async def watch(self) -> None:
        async for frame in self.link.frames():
            self.seen.append(frame)
            if isinstance(frame, protocol.Delta):
                self.store.apply(frame)
            elif isinstance(frame, protocol.LinkState):
                self.states.append(frame)
            self._news.set()

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Wait until it is so; what it then answers."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not (found := condition()):
                    self._news.clear()
                    await self._news.wait()
                return found
        except TimeoutError:
            raise AssertionError(f"never came; targets are {self.lines()}, {self.states[-3:]}") from None

    def target(self, profile: str, region: str = SEOUL) -> TargetStatus | None:
        return self.store.target(Target(profile, region))

    def line(self, profile: str, region: str = SEOUL) -> str:
        """The line of a target's trouble, or nothing."""
        found = self.target(profile, region)
        return found.trouble.line if found and found.trouble else ""

    def live(self, profile: str, region: str = SEOUL) -> bool:
        """Read whole and without trouble."""
        found = self.target(profile, region)
        return (
            found is not None and found.phase is Phase.LIVE and found.count is not None and not found.trouble
        )

    def newer(self, moment: datetime, profile: str, region: str = SEOUL) -> bool:
        """Its checks were asked for after this moment."""
        found = self.target(profile, region)
        return bool(found and found.status_at and found.status_at > moment)

    def named(self, name: str) -> Instance | None:
        return next((row for row in self.store.rows() if row.name == name), None)

    def lines(self) -> list[str]:
        return [
            f"{one.target.key} {one.phase}: {one.trouble and one.trouble.line}"
            for one in self.store.targets()
        ]

    def notes(self) -> list[str]:
        return [frame.text for frame in self.seen if isinstance(frame, protocol.Note)]

    def deltas_since(self, mark: int) -> list[protocol.Delta]:
        return [frame for frame in self.seen[mark:] if isinstance(frame, protocol.Delta)]


@asynccontextmanager
async def watching(chosen: Settings, environ: dict[str, str], *arguments: str) -> AsyncIterator[Eyes]:
    """A collector at work, ended afterwards."""
    link = Link(chosen, environ, *arguments)
    eyes = Eyes(link)
    await link.start()
    watcher = asyncio.create_task(eyes.watch())
    try:
        yield eyes
    finally:
        await link.stop()
        await watcher


async def passing(condition: Callable[[], Any]) -> None:
    """Wait for something outside that tells nobody when it happens."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - there is no event to await
            await asyncio.sleep(0.05)


def calls(demo: Demo, **match: str) -> list[dict[str, Any]]:
    """What AWS was asked that matches."""
    found: list[dict[str, Any]] = demo.control("calls")
    return [one for one in found if all(one[key] == value for key, value in match.items())]


def tally(demo: Demo, field: str, **match: str) -> Counter[str]:
    """How often, by a field of the call."""
    return Counter(one[field] for one in calls(demo, **match))


def home(folder: Path, url: str, config: str, credentials: str = "") -> dict[str, str]:
    """An environment of a person with these AWS files, whose AWS is at `url`."""
    import os

    (folder / ".aws").mkdir(parents=True, exist_ok=True)
    (folder / ".aws" / "config").write_text(config)
    (folder / ".aws" / "credentials").write_text(credentials)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "HOME": str(folder), "AWS_ENDPOINT_URL": url, "AWS_EC2_METADATA_DISABLED": "true"}
