"""The machine evac runs on dies in the middle: every process of a trial and its state folder go at once, as with its disk.

Nobody can bring back what hands stopped there. So nothing may have been stopped that those hands would have been needed for:
the instance itself, whoever ordered it, and however early or late the end comes.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.runner_watch import Bench
from tests.unit.machines import nitro
from tui.demo.environment import Demo, start
from tui.paths import default_journal_path

TRIALS = int(os.environ.get("OWN_TRIALS", "4"))


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    running = start("--speed", "20")
    yield running
    running.stop()


@pytest.mark.parametrize("trial", range(TRIALS))
def test_nothing_is_down_that_only_this_machine_could_have_started(
    demo: Demo, tmp_path: Path, trial: int
) -> None:
    chance = random.Random(trial)
    demo.control("reset", method="POST")
    bench = Bench(demo)
    bench.journal.close()
    state = tmp_path / "state"
    own = str(bench.find("ledger-2").instance_id)
    nitro(tmp_path / "root", own)
    bench.environ |= {"XDG_STATE_HOME": str(state), "EVAC_DEMO_ROOT": str(tmp_path / "root")}
    bench.journal = type(bench.journal)(default_journal_path(bench.environ))
    # Ordered by a console that did not know where it runs: only the hands can tell.
    processes = [bench.run(bench.order(chance.choice(["stop-start", "start-after-stop"]), "ledger-2"))]
    time.sleep(chance.uniform(0.0, 4.0))
    bench.journal.close()
    for process in processes:
        try:
            os.killpg(process, signal.SIGKILL)
        except ProcessLookupError:
            pass
    shutil.rmtree(state, ignore_errors=True)
    shown = bench.client().describe_instances(InstanceIds=[own])["Reservations"][0]["Instances"][0]
    assert shown["State"]["Name"] == "running"
    assert bench.sent("StopInstances") == []
