"""A store full of instances without AWS: for snapshots and tables. `python -m bench.stock ROWS` times a fill."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from bench.bodies import bodies
from tui.aws import mapping, parser
from tui.domain.instance import Instance, Phase, Target, TargetStatus
from tui.domain.sanitize import clean
from tui.fleet import snapshot
from tui.fleet.protocol import Delta
from tui.fleet.store import Store


def rows(count: int) -> list[Instance]:
    """Of 100 targets, read now."""
    now, found = datetime.now(UTC), []
    (op, body, _), (checks, status, _) = bodies(count)
    items = [one["Instances"][0] for one in parser.parse_answer(op, body)[0]["Reservations"]]
    states = [mapping.status(one) for one in parser.parse_answer(checks, status)[0]["InstanceStatuses"]]
    for number, (item, state) in enumerate(zip(items, states, strict=True)):
        target = Target(f"acct-{number % 20:02d}", f"region-{number % 5}")
        row = mapping.map_instance(item, target.region, now)
        found.append(
            replace(row, target=target, checks=state.checks, events=state.events, status_at=now, images_at=now,
                    account_id=clean(f"9{number % 20:011d}"))
        )  # fmt: skip
    return found


def many(count: int) -> list[Instance]:
    """As `rows`, made of a tenth: for who does not look at more than ids and targets."""
    few = rows(max(1, count // 10))
    return [
        replace(row, instance_id=clean(f"{row.instance_id[:-1]}{digit}{row.instance_id[-1]}"))
        for digit in range(10)
        for row in few
    ]


def store(count: int, rows: Callable[[int], list[Instance]] = rows) -> Store:
    """All of them live."""
    made, now, listed = Store(), datetime.now(UTC), rows(count)
    for target in sorted({row.target for row in listed}):
        made.apply(
            Delta(
                target=TargetStatus(target, Phase.LIVE, count=count // 100, status_at=now, inventory_at=now)
            )
        )
    made.apply(Delta(upserts=tuple(listed)))
    return made


def save(folder: str, count: int) -> None:
    """As a snapshot under that cache folder."""
    path = Path(folder) / "evac" / "snapshot.mpk"
    kept = path.with_name(f"kept-{count}.mpk")
    if not kept.exists():
        filled = store(count)
        snapshot.write_snapshot(filled.targets(), filled.rows(), kept, datetime.now(UTC))
    path.write_bytes(kept.read_bytes())
    path.chmod(0o600)


async def fill(count: int) -> float:
    """Seconds from having the rows to seeing them."""
    from textual.app import App, ComposeResult

    from screens.fleet.columns import RowContext
    from screens.fleet.table import FleetTable
    from tui.config.schema import Settings

    listed = rows(count)

    class Only(App[None]):
        def compose(self) -> ComposeResult:
            yield FleetTable()

    app = Only()
    async with app.run_test(size=(160, 50)) as pilot:
        await pilot.pause()
        begun = time.perf_counter()
        app.query_one(FleetTable).show(listed, RowContext(datetime.now(UTC), Settings()))
        await pilot.pause()
        return time.perf_counter() - begun


if __name__ == "__main__":
    sys.stdout.write(f"{asyncio.run(fill(int(sys.argv[1])))}\n")
