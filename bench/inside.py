"""What happens inside evac, by itself: changes to a store, a heartbeat, a log searched, and how many collectors are best."""

from __future__ import annotations

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from msgspec import structs
from msgspec.structs import replace

from bench import stock
from bench.tools import Figure, clean, fleet, median, percentile, timed
from tui.config.loader import from_environment
from tui.config.schema import encode_settings
from tui.demo.console import FOLDER
from tui.demo.environment import Demo
from tui.domain.diagnosis.causes import causes
from tui.domain.diagnosis.log_findings import system_log
from tui.domain.instance import InstanceState
from tui.fleet import protocol
from tui.fleet.protocol import Delta

FRAME = 1 / 60
LOG = 64 * 1024
"""What AWS keeps of a console."""


def store(repeat: int) -> list[Figure]:
    """100 changes to 50,000 instances, and what a poll without news says of a target."""
    full = stock.store(50_000, stock.many)
    times = []
    for turn in range(repeat * 7):
        some = list(full.rows())[turn * 100 : turn * 100 + 100]
        delta = Delta(upserts=tuple(replace(row, state=InstanceState.STOPPING) for row in some))
        frame = protocol.encode_frame(delta)[4:]
        begun = time.process_time()
        taken = protocol.decode_frame(frame)
        assert isinstance(taken, Delta)
        full.apply(taken)
        full.rows()
        times.append(time.process_time() - begun)
    target = full.targets()[0]
    assert target.status_at is not None
    beat = len(
        protocol.encode_frame(Delta(replace(target, status_at=target.status_at + timedelta(seconds=15))))
    )
    spent = median(times)
    return [
        Figure("apply 100 changes to 50,000 instances, decoded and listed anew, CPU", f"{spent * 1000:.1f} ms", "a frame 16.7 ms",
               spent / FRAME, "≤ 1", spent <= FRAME, values={"seconds": spent}),
        Figure("a status poll without news, a target", f"{beat} B", values={"bytes": beat}),
    ]  # fmt: skip


def logs(repeat: int) -> list[Figure]:
    """A console's 64 KB, read, cleaned, cut into boots and searched: usual ones, and what a guest could write to cost most."""
    usual = "".join(path.read_text() for path in sorted(FOLDER.glob("*.log")))
    words = [part for cause in causes() for one in cause.contains for part in one.parts]
    hostile = [
        "a\n",
        "\n",
        "a",
        "\u00e9\n",
        "\x1b[999b",
        "x\x1b[1K",
        "\x1b[m\n",
        " login:\n",
        " ".join(words),
        "\n".join(words) + "\n",
    ]
    system_log(usual, None, None)  # reads the table of kinds
    spent = [_of_log(text, repeat * 3) for text in (usual, *hostile)]
    worst = max(spent[1:])
    return [
        Figure("64 KB of a system log, cleaned and searched, CPU", f"{spent[0] * 1000:.1f} ms", "0.040 s", spent[0] / 0.04,
               "≤ 1", spent[0] <= 0.04, values={"seconds": spent[0]}),
        Figure("64 KB of a hostile one, the worst of ten", f"{worst * 1000:.1f} ms", "0.100 s", worst / 0.1,
               "≤ 1", worst <= 0.1, values={"seconds": worst}),
    ]  # fmt: skip


def _of_log(text: str, repeat: int) -> float:
    output = (text * (LOG // len(text) + 1))[:LOG]
    times = []
    for _ in range(repeat):
        begun = time.process_time()
        system_log(output, None, None)
        times.append(time.process_time() - begun)
    return median(times)


class Ticker(threading.Thread):
    """Stands for a console: wants to run every 5 ms, and notes how late it was."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.late: list[float] = []
        self.going = True

    def run(self) -> None:
        """Until `going` is unset."""
        while self.going:
            begun = time.monotonic()
            time.sleep(0.005)
            self.late.append(time.monotonic() - begun - 0.005)


def workers(repeat: int, instances: int = 10_000) -> list[Figure]:
    """The same fleet read by one collector, and by two and four with a share of the profiles each."""
    found: dict[int, list[tuple[float, float, float]]] = {1: [], 2: [], 4: []}
    with fleet(instances, 20, 5) as demo:
        _split(demo, 1, instances)  # the server's answers are made once
        for _ in range(repeat):
            for count, values in found.items():
                values.append(_split(demo, count, instances))
    one = [median([run[n] for run in found[1]]) for n in range(3)]
    figures = []
    for count, runs in found.items():
        wall, used, late = (median([run[n] for run in runs]) for n in range(3))
        figures.append(
            Figure(f"10,000 in 100 targets by {count} collector{'s' * (count > 1)}", f"{wall:.1f} s, CPU {used:.1f} s",
                   "" if count == 1 else f"one collector {one[0]:.1f} s, CPU {one[1]:.1f} s", wall / one[0],
                   note=f"a 5 ms tick beside it is late by {late * 1000:.0f} ms (p99)",
                   values={"wall": wall, "cpu": used, "late": late})
        )  # fmt: skip
    return figures


def _split(demo: Demo, count: int, instances: int) -> tuple[float, float, float]:
    """Wall and CPU seconds until the last of them has everything, and how late a tick was meanwhile."""
    with clean(demo) as environ:
        settings, size = from_environment(environ), len(demo.profiles) // count
        environs = []
        for n in range(count):
            mine = demo.profiles[n * size : (n + 1) * size]
            handed = encode_settings(structs.replace(settings, only_profiles=tuple(mine))).decode()
            environs.append({**environ, "EVAC_SETTINGS": handed})
        command = [sys.executable, "-m", "bench.follow", str(instances // count)]
        ticker = Ticker()
        ticker.start()
        with ThreadPoolExecutor(count) as pool:
            done = list(pool.map(lambda one: json.loads(timed(command, one)[2]), environs))
        ticker.going = False
        ticker.join()
    return max(one["all"] for one in done), sum(one["cpu_all"] for one in done), percentile(ticker.late, 0.99)
