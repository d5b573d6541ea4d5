"""Who covers ten thousand instances: how soon it is read, at what cost, and whether a poll of the checks is later for it."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from datetime import datetime
from itertools import pairwise

from msgspec import structs

from bench.tools import Figure, Terminal, clean, cpu, evac, fleet, median, percentile, pss, timed
from tui.config.loader import from_environment
from tui.config.sections import Intervals
from tui.demo.environment import Demo
from tui.domain.instance import Phase, Target
from tui.fleet import protocol
from tui.fleet.collector_client import Link
from tui.fleet.store import Store

EVERY, WATCHED = 5.0, 20.0
"""Seconds between two polls of a target here, so that there are many; and how long they are watched."""


class _Console:
    """A collector and a store; when each target was asked for its checks."""

    def __init__(self, environ: dict[str, str]) -> None:
        intervals = Intervals(status=EVERY)
        self.link = Link(structs.replace(from_environment(environ), intervals=intervals), environ)
        self.store, self.polls = Store(), dict[Target, list[datetime]]()

    async def follow(self) -> None:
        """Until its link is stopped."""
        await self.link.start()
        async for frame in self.link.frames():
            if isinstance(frame, protocol.Delta):
                self.store.apply(frame)
                status = frame.target
                if status is not None and status.status_at is not None:
                    times = self.polls.setdefault(status.target, [])
                    if not times or times[-1] != status.status_at:
                        times.append(status.status_at)

    async def until_whole(self, rows: int) -> None:
        """Every check, every row, and its newest AMI."""
        while True:
            await asyncio.sleep(0.2)
            found = self.store.rows()
            live = all(one.phase is Phase.LIVE for one in self.store.targets())
            if live and len(found) == rows and all(row.images_at for row in found):
                return

    async def longest(self, seconds: float) -> float:
        """The longest time between two polls of a target, in so many seconds from now."""
        self.polls.clear()
        await asyncio.sleep(seconds)
        gaps = [(b - a).total_seconds() for times in self.polls.values() for a, b in pairwise(times)]
        return max(gaps)


async def _measured(demo: Demo, environ: dict[str, str], rows: int) -> dict[str, float]:
    one = _Console(environ)
    async with asyncio.TaskGroup() as group:
        group.create_task(one.follow())
        await one.until_whole(rows)
        await asyncio.sleep(EVERY)
        found = {"gap_before": await one.longest(WATCHED)}
        pid = one.link.pid
        assert pid is not None
        await asyncio.to_thread(demo.control, "calls", None, "DELETE")
        used, held, begun = cpu(pid), pss(pid), time.monotonic()
        watched = group.create_task(one.longest(WATCHED))
        await one.link.request(protocol.ReadRequest(0, protocol.ReadKind.COVER))
        found["wall"] = time.monotonic() - begun
        found["cpu"] = cpu(pid) - used  # with the polls of that time
        found["gap"] = await watched
        found["memory"] = pss(pid) - held
        calls = Counter(call["operation"] for call in await asyncio.to_thread(demo.control, "calls"))
        found["alarms_calls"] = calls["DescribeAlarms"]
        found["calls"] = sum(
            calls[name] for name in ("DescribeAlarms", "DescribeAutoScalingGroups", "DescribeSnapshots", "ListProtectedResources")
        )  # fmt: skip
        covers = [row.cover for row in one.store.rows() if row.cover is not None]
        found["covered"], found["alarms"] = len(covers), sum(len(cover.alarms) for cover in covers)
        found["images"] = sum(row.newest_image is not None for row in one.store.rows())
        await one.link.stop()
    return found


def _in_view(environ: dict[str, str], instances: int, presses: int) -> tuple[list[float], list[float]]:
    """Seconds from key to frame in view 2, and in view 5 once the cover of all is read."""
    found: list[list[float]] = []
    with Terminal(evac(), environ) as one:
        one.until_shown(lambda screen: f"{instances} instances" in screen, 240)
        for view in (b"2", b"5"):
            one.press(view)
            if view == b"5":
                one.until_shown(lambda screen: "not covered" in screen and "reading" not in screen, 120)
            one.quiet(2.0)
            found.append([one.press(b"j") for _ in range(presses)])
    return found[0], found[1]


def cover(instances: int = 10_000) -> list[Figure]:
    """10,000 instances in 20 x 5 targets, an alarm and an AMI each."""
    with fleet(instances, 20, 5, 0.0, "--cover") as demo, clean(demo) as environ:
        one = asyncio.run(_measured(demo, environ, instances))
    with fleet(instances, 20, 5, 0.0, "--cover") as demo, clean(demo) as environ:
        bare, _, _ = timed(evac("status", "--json"), environ)
        timed(
            evac("coverage", "--json"), environ
        )  # the server has written each answer once, as it has for every other figure
        wall, used, out = sorted(timed(evac("coverage", "--json"), environ) for _ in range(3))[1]
        told = len(json.loads(out))
        rest, view = _in_view(environ, instances, 200)
    p_rest, p_view = percentile(rest, 0.99), percentile(view, 0.99)
    late = one["gap"] - one["gap_before"]
    what = f"who covers {instances} instances in 100 targets"
    return [
        Figure(f"{what}: asked → all known", f"{one['wall']:.1f} s", "", one["wall"], "≤ 15 s", one["wall"] <= 15,
               f"{one['alarms']:.0f} alarms, {one['images']:.0f} AMIs, {one['calls']:.0f} calls", one),
        Figure("the same: CPU of the collector, polls included", f"{one['cpu']:.1f} s", "", one["cpu"] / 900, "≤ 1 % of a core",
               one["cpu"] / 900 <= 0.01, "every 15 minutes", {"cpu": one["cpu"]}),
        Figure("the same: memory of the collector more (PSS)", f"{one['memory']:.0f} MB", values={"memory": one["memory"]}),
        Figure(f"the same: longest time between two polls of a target, every {EVERY:.0f} s", f"{one['gap']:.1f} s",
               f"without {one['gap_before']:.1f} s", one["gap"] / one["gap_before"], "≤ 1 s more", late <= 1.0,
               values={"gap": one["gap"], "before": one["gap_before"]}),
        Figure(f"evac coverage --json, {told} instances", f"{wall:.1f} s", f"evac status --json {bare:.1f} s",
               wall / bare, "≤ 5 s", wall <= 5, f"CPU {used:.1f} s", {"wall": wall, "cpu": used, "status": bare}),
        Figure("key → frame p99 in the view of cover", f"{p_view * 1000:.0f} ms", f"in the list {p_rest * 1000:.0f} ms",
               p_view / p_rest, "≤ 50 ms", p_view <= 0.05, f"median {median(view) * 1000:.0f} ms",
               {"p99": p_view, "list": p_rest}),
    ]  # fmt: skip
