"""Half an hour of a console's reading in some minutes: hundreds of refreshes with churn, and whether memory grows."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from typing import Any

from msgspec import structs

from bench.tools import Figure, clean, fleet, pss
from tui.config.loader import from_environment
from tui.config.sections import Intervals
from tui.demo.environment import Demo
from tui.fleet import protocol
from tui.fleet.collector_client import Link
from tui.fleet.store import Store

ROUNDS = 150
"""Of a second each: a status poll in every one and an inventory in every fourth; half an hour has 120 and 6."""
SETTLE = 0.25
"""Share of the rounds after which memory is what it will be."""


def soak(rounds: int = ROUNDS) -> list[Figure]:
    """1,000 instances in 20 targets, of which some change, come and go in every round."""
    with fleet(1000, 4, 5) as demo, clean(demo) as environ:
        found = asyncio.run(_soak(demo, environ, rounds))
    eyes, own = (grown(found[name]) for name in ("eyes", "store"))
    what = f"{found['polls']:.0f} polls and {found['inventories']:.0f} inventories with churn"
    return [
        Figure(f"{what}: the collector's memory, second half", f"{found['eyes'][-1]:.0f} MB, {eyes:+.1%}", "", eyes, "≤ 2 %",
               eyes <= 0.02, values={f"at{n}": value for n, value in enumerate(found["eyes"])}),
        Figure("the same: the process that holds the store", f"{found['store'][-1]:.0f} MB, {own:+.1%}", "", own, "≤ 2 %",
               own <= 0.02, values={f"at{n}": value for n, value in enumerate(found["store"])}),
    ]  # fmt: skip


def grown(values: list[float]) -> float:
    """By how much the last fifth lies above the fifth after half the time, as a share. Medians."""
    fifth = max(1, len(values) // 5)
    half = sorted(values[len(values) // 2 : len(values) // 2 + fifth])
    last = sorted(values[-fifth:])
    return last[len(last) // 2] / half[len(half) // 2] - 1


async def _soak(demo: Demo, environ: dict[str, str], rounds: int) -> dict[str, Any]:
    settings = structs.replace(from_environment(environ), intervals=Intervals(status=1.0, inventory=4.0))
    link, store, dice = Link(settings, environ), Store(), random.Random(7)
    eyes: list[float] = []
    own: list[float] = []
    polls = inventories = 0

    async def follow() -> None:
        async for frame in link.frames():
            if isinstance(frame, protocol.Delta):
                store.apply(frame)

    await link.start()
    follower = asyncio.create_task(follow())
    for turn in range(rounds):
        await asyncio.to_thread(_churn, demo, store, dice)
        await asyncio.sleep(1.0)
        calls = await asyncio.to_thread(demo.control, "calls")
        await asyncio.to_thread(demo.control, "calls", None, "DELETE")
        polls += sum(one["operation"] == "DescribeInstanceStatus" for one in calls)
        inventories += sum(
            one["operation"] == "DescribeInstances" and "Filters" not in one["params"] for one in calls
        )
        if turn > rounds * SETTLE and link.pid is not None:
            eyes.append(pss(link.pid))
            own.append(pss(os.getpid()))
    await link.stop()
    follower.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await follower
    return {"eyes": eyes, "store": own, "polls": polls, "inventories": inventories}


def _churn(demo: Demo, store: Store, dice: random.Random) -> None:
    """Some get ill, some get well, some events are announced: by name, whatever the store has."""
    rows = store.rows()
    if not rows:
        return
    for _ in range(5):
        name = str(dice.choice(rows).instance_id)
        check = dice.choice(("system", "instance"))
        demo.control("events", {"instance": name, "sick": check})
        demo.control("events", {"instance": str(dice.choice(rows).instance_id), "well": check})
    demo.control(
        "events",
        {"instance": str(dice.choice(rows).instance_id), "code": "system-reboot", "in": 60, "until": 90},
    )
