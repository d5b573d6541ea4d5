"""The console's end without a screen: start the collector, take its frames, and note when what was there. Prints JSON."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time

from bench.tools import cpu_tree
from tui.config.loader import from_environment
from tui.domain.instance import Phase
from tui.fleet import protocol
from tui.fleet.collector_client import Link
from tui.fleet.store import Store


async def main(wanted: int) -> None:
    """Until every target has its inventory and its checks, then until AMIs and types are there too."""
    begun, store = time.monotonic(), Store()
    link = Link(from_environment(os.environ), dict(os.environ))
    seen: dict[str, float] = {}
    size, looked = 0, 0.0
    await link.start()
    async for frame in link.frames():
        if not isinstance(frame, protocol.Delta):
            continue
        store.apply(frame)
        size += 1
        now = time.monotonic() - begun
        if "trouble" not in seen and any(row.events or row.checks.impaired() for row in frame.upserts):
            seen["trouble"] = now
        if frame.upserts and "first" not in seen:
            seen["first"] = now
        if now < looked + 0.1 and not link._frames.empty():
            continue  # a console looks ten times a second at most
        looked = now
        targets = store.targets()
        live = all(one.phase is Phase.LIVE for one in targets)
        if live and "checks" not in seen:
            seen["checks"] = now
        if (
            live
            and "all" not in seen
            and len(store.rows()) >= wanted
            and all(one.count is not None for one in targets)
        ):
            seen["all"] = now
            usage = resource.getrusage(resource.RUSAGE_SELF)
            assert link.pid is not None
            seen["cpu_eyes"], seen["cpu_store"] = cpu_tree(link.pid), usage.ru_utime + usage.ru_stime
            seen["cpu_all"] = usage.ru_utime + usage.ru_stime + cpu_tree(link.pid)
        if "all" in seen and all(row.images_at for row in store.rows()):
            break
    seen["frames"] = size
    await link.stop()
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
