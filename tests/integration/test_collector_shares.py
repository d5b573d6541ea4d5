"""Several collectors read once, each some of the accounts: what they bring is what one brings, and one that dies is told."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path

from msgspec.structs import replace

from tests.integration.collector_watch import IRELAND, SEOUL, calls, fault, passing, settings
from tui.demo.environment import Demo
from tui.domain.instance import EVERYWHERE, Instance, Phase, TargetStatus
from tui.fleet.reading import read_once
from tui.fleet.store import Store

PROFILES = ("prod", "prod-audit", "analytics", "staging", "legacy")
"""Three accounts, of which two profiles lead to one, and a login that has expired."""


def of_rows(store: Store) -> dict[str, Instance]:
    return {
        row.key: replace(
            row,
            status_at=None,
            inventory_at=None,
            images_at=None,
            cover=None if row.cover is None else replace(row.cover, read_at=None),
        )
        for row in store.rows()
    }


def of_targets(store: Store) -> dict[str, TargetStatus]:
    return {
        one.target.key: replace(one, status_at=None, inventory_at=None, cover_at=None)
        for one in store.targets()
    }


def test_two_bring_what_one_brings(demo: Demo) -> None:
    chosen = settings(*PROFILES, regions=(SEOUL, IRELAND))
    one = read_once(chosen, demo.apply(), cover=True, timeout=90)
    demo.control("calls", method="DELETE")
    two = read_once(chosen, demo.apply(), cover=True, timeout=90, collectors=2)
    assert of_targets(two) == of_targets(one)
    assert of_rows(two) == of_rows(one)
    assert len({row.account_id for row in two.rows()}) == 3
    alarms = Counter((call["account"], call["region"]) for call in calls(demo, operation="DescribeAlarms"))
    assert set(alarms.values()) == {1}, "nothing is read by both"


async def test_one_that_dies_is_told_and_the_other_s_rows_stay(demo: Demo) -> None:
    demo.control("faults", [fault({"delay": 3}, operation="DescribeAlarms")])
    chosen = settings("prod", "analytics", regions=(SEOUL, IRELAND))
    reading = asyncio.create_task(
        asyncio.to_thread(read_once, chosen, demo.apply(), cover=True, timeout=90, collectors=2)
    )
    await passing(lambda: bool(calls(demo, operation="DescribeAlarms")))
    os.kill(_collector("--share=0/2"), signal.SIGKILL)
    store = await reading
    (dead,) = [one for one in store.targets() if one.target.profile == EVERYWHERE]
    assert dead.phase is Phase.FAILED
    assert dead.trouble is not None
    assert "the collector died" in dead.trouble.cause
    assert {row.target.profile for row in store.rows()} == {"prod"}


def _collector(share: str) -> int:
    """The process that reads this share, begun by this one."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            mine = f"\nPPid:\t{os.getpid()}\n" in (path / "status").read_text()
            if mine and share in (path / "cmdline").read_text().split("\0"):
                return int(path.name)
        except OSError:
            continue
    raise AssertionError(f"no collector {share}")
