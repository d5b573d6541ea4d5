"""What the operator feels: the first frame, a key, a filter, and what it costs when nothing happens."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench.tools import (
    PEER_PYTHON,
    PEERS,
    ROOT,
    Figure,
    Terminal,
    children,
    clean,
    cpu_tree,
    evac,
    fleet,
    median,
    percentile,
    pss,
)
from tui.demo.environment import Demo

LAST = b"READ-WRITE"
"""The last word of evac's key line: when it is there the whole frame is."""


def snapshot(environ: dict[str, str], rows: int) -> None:
    """What an earlier session of so many instances would have left."""
    program = "import sys; from bench.stock import save; save(sys.argv[1], int(sys.argv[2]))"
    subprocess.run(
        [sys.executable, "-c", program, environ["XDG_CACHE_HOME"], str(rows)],
        env=environ,
        cwd=ROOT,
        check=True,
    )


def first_frame(repeat: int) -> list[Figure]:
    """exec → first full frame, in turns with a bare Textual app, whose collector has nothing to read."""
    bare: list[float] = []
    empty: list[float] = []
    full: list[float] = []
    with fleet(0, 1, 1) as demo, clean(demo) as nothing, clean(demo) as kept:
        snapshot(kept, 10_000)
        for _ in range(repeat):
            with Terminal([sys.executable, str(PEERS / "bare_app.py")], nothing) as one:
                bare.append(one.until(b"column8"))
            with Terminal(evac(), nothing) as one:
                empty.append(one.until(LAST))
            snapshot(kept, 10_000)
            with Terminal(evac(), kept) as one:
                full.append(one.until(LAST))
    floor = median(bare)
    found = []
    for what, times, target in (("nothing known", empty, 1.25), ("a snapshot of 10,000", full, 1.6)):
        ratio = median(times) / floor
        found.append(
            Figure(
                f"exec → first full frame, {what}",
                f"{median(times) * 1000:.0f} ms",
                f"bare Textual app {floor * 1000:.0f} ms",
                ratio,
                f"≤ {target}",
                ratio <= target,
                values={"evac": median(times), "bare": floor},
            )
        )
    return found


WITHIN = 25
"""Times that the cursor goes down before the page scrolls."""


def keys(presses: int = 200) -> list[Figure]:
    """Keys and rest with 10,000 instances in 100 targets."""
    with fleet(10_000, 20, 5) as demo, clean(demo) as environ, Terminal(evac(), environ) as one:
        one.until_shown(lambda screen: "10000 instances" in screen, 240)
        settled(demo, one)
        one.press(b"2")
        one.quiet(1.0)
        before = len(one.raw)
        idle = [one.press(b"j") for _ in range(WITHIN)]
        bytes_within, before = (len(one.raw) - before) / WITHIN, len(one.raw)
        idle += [one.press(b"j") for _ in range(presses - WITHIN)]
        bytes_beyond = (len(one.raw) - before) / (presses - WITHIN)
        busy: list[float] = []
        until = time.monotonic() + 90
        while len(busy) < presses and time.monotonic() < until:
            os.write(one.fd, b"r")
            busy += [one.press(b"jk"[number % 2 : number % 2 + 1]) for number in range(presses // 4)]
        letters = [one.press(b"/")]
        letters = [one.press(letter) for letter in (b"c", b"h", b"e", b"c", b"k")]
        one.press(b"\x1b")
        settled(demo, one)
        one.press(b"1")
        one.quiet(2.0)
        used, begun = cpu_tree(one.pid), time.monotonic()
        quiet = one.count(60.0)
        rest = (cpu_tree(one.pid) - used) / (time.monotonic() - begun)
    p_idle, p_busy = percentile(idle, 0.99), percentile(busy, 0.99)
    return [
        Figure("key → frame p99, 10,000 instances, idle", f"{p_idle * 1000:.0f} ms", f"median {median(idle) * 1000:.0f} ms",
               values={"p99": p_idle, "median": median(idle)}),
        Figure("key → frame p99 while 100 targets refresh", f"{p_busy * 1000:.0f} ms", f"idle {p_idle * 1000:.0f} ms",
               p_busy / p_idle, "≤ 50 ms, ≤ 1.5x", p_busy <= 0.05 and p_busy <= 1.5 * p_idle,
               f"median {median(busy) * 1000:.0f} ms",
               {"p99": p_busy}),
        Figure("bytes for a key that moves the cursor within the page, 160x50", f"{bytes_within:.0f} B",
               f"beyond it, most of the time: {bytes_beyond:.0f} B", values={"bytes": bytes_within, "beyond": bytes_beyond}),
        Figure("filter keystroke → frame while reading goes on, 10,000", f"{median(letters) * 1000:.0f} ms",
               values={"seconds": median(letters)}),
        Figure("bytes in a minute when nothing changes, 160x50", f"{quiet / 1024:.1f} KB", "", quiet / 1024, "≤ 6 KB",
               quiet <= 6 * 1024, values={"bytes": quiet}),
        Figure("CPU at rest, status every 15 s, 60 s", f"{rest:.1%} of a core", "", rest, "≤ 15 %", rest <= 0.15,
               "console and collector", {"share": rest}),
    ]  # fmt: skip


def _holds(text: str, screen: str) -> bool:
    return text in screen


def memory() -> list[Figure]:
    """Console and collector after everything was read from 20 accounts in 5 regions."""
    found = {}
    for rows in (10_000, 50_000):
        with fleet(rows, 20, 5) as demo, clean(demo) as environ, Terminal(evac(), environ) as one:
            one.until_shown(partial(_holds, f"{rows} instances"), 600)
            settled(demo, one)
            found[rows] = pss(one.pid), sum(map(pss, children(one.pid)))
    (console, collector), (console_50, collector_50) = found[10_000], found[50_000]
    growth = (console_50 + collector_50) / (console + collector)
    return [
        Figure("memory at 50,000 in 100 targets (PSS)", f"console {console_50:.0f} MB, collector {collector_50:.0f} MB",
               f"10,000: console {console:.0f} MB, collector {collector:.0f} MB", growth, "≤ 5 (linear)", growth <= 5,
               values={"console": console_50, "collector": collector_50, "console_10": console, "collector_10": collector}),
    ]  # fmt: skip


def settled(demo: Demo, one: Terminal) -> None:
    """Wait until the collector asks for statuses only: everything else was read."""
    while True:
        demo.control("calls", method="DELETE")
        end = time.monotonic() + 4
        while time.monotonic() < end:
            one.read(0.2)
        if not [call for call in demo.control("calls") if call["operation"] != "DescribeInstanceStatus"]:
            return


def large() -> list[Figure]:
    """A filter typed over 10,000 and 50,000 rows of a snapshot, with nothing else going on; and the memory of 50,000."""
    found: dict[int, float] = {}
    memory: dict[int, float] = {}
    for rows in (10_000, 50_000):
        with fleet(0, 1, 1) as demo, clean(demo) as environ:
            snapshot(environ, rows)
            with Terminal(evac(), environ) as one:
                one.until(LAST)
                one.quiet(3.0)
                one.press(b"2")
                one.quiet(1.0)
                one.press(b"/")
                one.quiet(0.5)
                times = []
                for _ in range(4):
                    for letter in (b"c", b"h", b"e", b"c"):
                        times.append(one.press(letter))
                        one.quiet(0.3)
                    for _ in range(4):
                        one.press(b"\x7f")
                        one.quiet(0.3)
                found[rows], memory[rows] = median(times), pss(one.pid)
    small, big = found[10_000], found[50_000]
    return [
        Figure("filter keystroke → frame, 10,000 rows", f"{small * 1000:.0f} ms", "", small * 1000, "≤ 30 ms", small <= 0.03,
               values={"seconds": small}),
        Figure("filter keystroke → frame, 50,000 rows", f"{big * 1000:.0f} ms", f"10,000 rows {small * 1000:.0f} ms",
               big / small, "≤ 4x", big <= 4 * small, values={"seconds": big}),
        Figure("memory of the console with a snapshot of 50,000 (PSS)", f"{memory[50_000]:.0f} MB",
               f"10,000 rows {memory[10_000]:.0f} MB", memory[50_000] / memory[10_000], values={"console": memory[50_000]}),
    ]  # fmt: skip


def tables(repeat: int) -> list[Figure]:
    """Filling the table with 10,000 rows: ours, Textual's, and textual-fastdatatable where the bench's venv has it."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}

    def run(python: str, *command: str) -> float | None:
        done = [
            subprocess.run(
                [python, *command, "10000"],
                env=environ,
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
            )
            for _ in range(repeat)
        ]
        times = [float(one.stdout.split()[-1]) for one in done if one.returncode == 0 and one.stdout.strip()]
        return median(times) if times else None

    ours = run(sys.executable, "-m", "bench.stock")
    theirs = run(sys.executable, str(PEERS / "data_table.py"))
    fast = run(str(PEER_PYTHON), str(PEERS / "fast_table.py")) if PEER_PYTHON.exists() else None
    assert ours is not None
    assert theirs is not None
    note = (
        f"textual-fastdatatable {fast * 1000:.0f} ms"
        if fast
        else "textual-fastdatatable: not installed in bench/.venv"
    )
    return [
        Figure("fill a table with 10,000 rows x 10 columns, drawn", f"{ours * 1000:.0f} ms",
               f"Textual's DataTable {theirs * 1000:.0f} ms", ours / theirs, note=note,
               values={"evac": ours, "datatable": theirs, "fast": fast or 0.0})
    ]  # fmt: skip


def machine() -> str:
    """What all this ran on."""
    model = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        "unknown",
    )
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 1024 / 1024
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"{os.cpu_count()} cores ({model}), {memory:.0f} GB, Linux, Python {sys.version.split()[0]}, "
        f"load {load} at the start, {datetime.now(UTC):%Y-%m-%d}"
    )
