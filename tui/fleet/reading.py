"""Reading for commands without a screen; blocking: everything once, and then what one asks of those who read it.

A question costs a collector a tenth of what it costs to start one and log in again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Self

from msgspec.structs import replace

from tui.config.schema import Settings
from tui.domain.instance import EVERYWHERE, Instance, Phase, Target, TargetStatus, Trouble, TroubleKind
from tui.domain.sanitize import clean
from tui.fleet import protocol
from tui.fleet.collector_client import Link
from tui.fleet.store import Store

LAST_WORDS = 2.0
"""Seconds in which a collector whose time is over sends what it has read."""


class FleetReading:
    """Every target read once, for commands without a screen; blocking. Then those who read it answer what is asked.

    Use as a context manager. `store`: what was read; what could not be read says so in its target's trouble.
    """

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        *,
        problems_only: bool = False,
        cover: bool = False,
        timeout: float = 120.0,
        meanwhile: Callable[[Sequence[Instance]], None] = lambda rows: None,
        collectors: int = 1,
    ) -> None:
        self._settings, self._environ = settings, environ
        self._timeout, self._meanwhile = timeout, meanwhile
        words = ["--once", *(["--problems"] if problems_only else []), *(["--cover"] if cover else [])]
        self._links = [
            Link(settings, environ, *words, f"--share={one}/{collectors}") for one in range(collectors)
        ]
        self._loop = asyncio.Runner()
        self._answers = False
        self.store = Store()

    def __enter__(self) -> Self:
        self._loop.__enter__()
        try:
            self._loop.run(self._read_all())
        except BaseException:
            self._loop.run(self._stop())
            self._loop.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.run(self._stop())
        self._loop.close()

    @property
    def pids(self) -> list[int]:
        """The process ids of those who read, as long as they run."""
        return [link.pid for link in self._links if link.pid is not None]

    def ask(self, *requests: protocol.ReadRequest) -> list[protocol.ReadAnswer]:
        """An answer to each, read side by side. What went wrong is in the answers."""
        if not requests:
            return []
        if not self._answers:  # it died, or is still at its first task
            return self._loop.run(_ask(Link(self._settings, self._environ, "--idle"), requests))
        return self._loop.run(self._asked(requests))

    async def _asked(self, requests: Sequence[protocol.ReadRequest]) -> list[protocol.ReadAnswer]:
        link = self._links[0]
        unread = asyncio.create_task(_pass_over(link))  # frames nobody takes would hold the answers up
        try:
            return await _all(link, requests)
        finally:
            unread.cancel()

    async def _read_all(self) -> None:
        limit, links, store = self._timeout, self._links, self.store
        late = Trouble(TroubleKind.NETWORK, clean(f"no answer within {limit:.0f} s"), clean("try again"))
        ends = await asyncio.gather(*map(self._read_to_end, links))
        died = next((end for end in ends if isinstance(end, protocol.LinkState)), None)
        trouble = late if died is None else Trouble(TroubleKind.INTERNAL, died.why, clean("run evac doctor"))
        self._answers = ended = all(isinstance(end, protocol.Done) for end in ends)
        for status in store.targets():
            if (
                ended
                and len(links) > 1
                and status.phase is Phase.READING
                and status.target.region == EVERYWHERE
            ):
                store.apply(
                    protocol.Delta(dropped=(status.target,))
                )  # begun by one, and read by another since
            elif status.phase in (Phase.WAITING, Phase.READING):
                store.apply(protocol.Delta(target=replace(status, phase=Phase.FAILED, trouble=trouble)))
        if not ended and (not store.targets() or (died is not None and len(links) > 1)):
            everything = TargetStatus(Target(EVERYWHERE, EVERYWHERE), Phase.FAILED, trouble=trouble)
            store.apply(protocol.Delta(target=everything))

    async def _read_to_end(self, link: Link) -> protocol.LinkState | protocol.Done | None:
        """What one collector sends; how it ended, None: it was not done in time."""
        await link.start()
        try:
            return await self._follow(link, self._timeout)
        except TimeoutError:
            link.finish()
            with contextlib.suppress(TimeoutError):
                await self._follow(link, LAST_WORDS)
            return None

    async def _follow(self, link: Link, seconds: float) -> protocol.LinkState | protocol.Done:
        """Until it is done, or dies. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            async for frame in link.frames():
                if isinstance(frame, protocol.Delta):
                    self.store.apply(frame)
                    self._meanwhile(frame.upserts)
                elif isinstance(frame, protocol.Done) or (
                    isinstance(frame, protocol.LinkState) and frame.state is protocol.LinkPhase.RESTARTING
                ):
                    return frame
        raise TimeoutError

    async def _stop(self) -> None:
        await asyncio.gather(*(link.stop() for link in self._links))


def read_once(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    problems_only: bool = False,
    cover: bool = False,
    timeout: float = 120.0,
    meanwhile: Callable[[Sequence[Instance]], None] = lambda rows: None,
    collectors: int = 1,
) -> Store:
    """Every target once, for commands without a screen; blocking. What could not be read says so in its target's trouble.

    `cover`: and who covers its instances. `meanwhile` gets the rows as they come, for work that need not wait for the last.
    `collectors`: so many processes read, each some of the accounts; each asks every profile whose it is.

    After `timeout` seconds the targets without an answer count as failed. A collector that could not do its work at all
    is a failed target of profile and region `*`.
    """
    with FleetReading(
        settings, environ, problems_only=problems_only, cover=cover, timeout=timeout, meanwhile=meanwhile,
        collectors=collectors,
    ) as reading:  # fmt: skip
        return reading.store


def look_once(
    settings: Settings,
    environ: Mapping[str, str],
    target: Target,
    instance_id: str,
    *,
    kind: protocol.ReadKind = protocol.ReadKind.LOOK,
    hosts: tuple[str, ...] = (),
) -> protocol.ReadAnswer:
    """One instance, freshly read, with its facts; blocking. `kind` and `hosts` as in ReadRequest."""
    return ask_once(settings, environ, protocol.ReadRequest(0, kind, target, instance_id, hosts))[0]


def ask_once(
    settings: Settings, environ: Mapping[str, str], *requests: protocol.ReadRequest
) -> list[protocol.ReadAnswer]:
    """An answer to each request, which one collector reads side by side; blocking. What went wrong is in the answers."""
    return asyncio.run(_ask(Link(settings, environ, "--idle"), requests))


async def _ask(link: Link, requests: Sequence[protocol.ReadRequest]) -> list[protocol.ReadAnswer]:
    await link.start()
    try:
        return await _all(link, requests)
    finally:
        await link.stop()


async def _pass_over(link: Link) -> None:
    async for _ in link.frames():
        pass


async def _all(link: Link, requests: Sequence[protocol.ReadRequest]) -> list[protocol.ReadAnswer]:
    return await asyncio.gather(*map(link.request, requests))
