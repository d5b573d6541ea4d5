"""The eyes begun before there is a loop: they read at once, and end with who began them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from tests.integration.collector_watch import SEOUL, passing, settings
from tui.demo.environment import Demo
from tui.domain.instance import Phase
from tui.fleet import collector_client as module
from tui.fleet.collector_client import Link
from tui.fleet.protocol import Delta, LinkState, ReadKind, ReadRequest
from tui.fleet.store import Store


async def test_a_link_begun_early_reads_answers_and_starts_the_next_one_itself(demo: Demo) -> None:
    link, store, states = Link(settings("prod", regions=(SEOUL,)), demo.apply()), Store(), list[str]()
    link.begin()
    link.begin()
    await passing(lambda: [one for one in demo.control("calls") if one["service"] == "ec2"])
    await link.start()
    killed = None
    async for frame in link.frames():
        if isinstance(frame, Delta):
            store.apply(frame)
        elif isinstance(frame, LinkState):
            states.append(frame.state)
        targets = store.targets()
        live = bool(targets) and all(one.phase is Phase.LIVE and one.count is not None for one in targets)
        if live and killed is None:
            assert len(store.rows()) == 24
            answer = await link.request(
                ReadRequest(0, ReadKind.LOOK, targets[0].target, store.rows()[0].instance_id)
            )
            assert answer.instance is not None
            killed = link.pid
            assert killed is not None
            os.kill(killed, signal.SIGKILL)
        elif killed is not None and link.pid not in (None, killed):
            break
    await link.stop()
    assert "restarting" in states
    assert "live" in states[states.index("restarting") :] or link.state.state == "dead"


def test_a_collector_begun_for_a_console_that_never_comes_ends_with_it(demo: Demo) -> None:
    program = (
        "import os, sys\n"
        "from tui.fleet.collector_client import Link\n"
        "from tui.config.schema import Settings\n"
        "link = Link(Settings(), os.environ)\nlink.begin()\nprint(link._early.pid, flush=True)\nos._exit(1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=demo.apply(), capture_output=True, text=True, check=False
    )
    pid = int(done.stdout)
    assert subprocess.run([sys.executable, "-c", WAIT, str(pid)], check=False, timeout=120).returncode == 0, (
        f"{module.COMMAND} outlived its parent"
    )


WAIT = """
import os, sys, time
for _ in range(1000):
    try:
        state = open(f"/proc/{sys.argv[1]}/stat").read().rpartition(")")[2].split()[0]
    except OSError:
        sys.exit(0)
    if state == "Z":
        sys.exit(0)
    time.sleep(0.1)
sys.exit(1)
"""


async def test_one_that_is_stopped_before_it_is_started_leaves_nothing(demo: Demo) -> None:
    link = Link(settings("prod", regions=(SEOUL,)), demo.apply())
    link.begin()
    begun = link._early
    assert begun is not None
    await link.stop()
    assert begun.returncode is not None
    assert begun.stdin is not None
    assert begun.stdin.closed
