"""`make bench`: every scenario, one table, bench/results/*.json and docs/benchmarks.md. Exits 0 whatever the figures."""

from __future__ import annotations

import argparse
import compileall
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime

from bench import campaigns, cover, evidence, fixed, inside, reading, screen, sharing, soak
from bench.tools import ROOT, Figure

SCENARIOS: dict[str, Callable[[int], list[Figure]]] = {
    "parser": lambda repeat: reading.parser(repeat * 3),
    "frames": screen.first_frame,
    "fixed": fixed.fixed,
    "reading": reading.full,
    "keys": lambda repeat: screen.keys(),
    "large": lambda repeat: screen.large(),
    "triage": lambda repeat: evidence.triage(),
    "cover": lambda repeat: cover.cover(),
    "campaigns": campaigns.campaigns,
    "memory": lambda repeat: screen.memory(),
    "tables": screen.tables,
    "commands": reading.commands,
    "store": inside.store,
    "logs": inside.logs,
    "workers": lambda repeat: inside.workers(1),
    "sharing": lambda repeat: sharing.sharing(),
    "soak": lambda repeat: soak.soak(),
}
HEAD = ("what", "evac", "peer", "ratio", "target", "held")
HELD = {True: "yes", False: "NO", None: ""}


def line(figure: Figure) -> tuple[str, ...]:
    """One row of the table."""
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    peer = figure.peer + (f" ({figure.note})" if figure.note and figure.peer else figure.note)
    return figure.what, figure.evac, peer, ratio, figure.target, HELD[figure.held]


def page(figures: list[Figure], machine: str, failed: list[str]) -> str:
    """docs/benchmarks.md."""
    rows = [HEAD, tuple("---" for _ in HEAD), *map(line, figures)]
    table = "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows)
    lost = "".join(f"\nNot measured in this run: {one}.\n" for one in failed)
    return (
        "# Benchmarks\n\nMade by `make bench` in one run; medians. Read ratios, not seconds: whatever else the machine does slows"
        f" both sides.\n\nThe machine: {machine}.\n\n{table}\n{lost}\n"
        "How it is measured: the embedded AWS with a generated fleet serves all sides from a process of its own; its share\n"
        "of the CPU is in the table. evac's modules are compiled before, as by an installation. A frame is there when its last\n"
        "word has come through a pseudo-terminal of 160x50; a key counts until the first byte of what it changes. The AWS CLI\n"
        "is measured on a few targets and multiplied. servonaut (PyPI) runs in the benchmark's own venv (`make bench-peers`),\n"
        "its configuration naming the same profiles and regions, in a fresh home without a way to the internet; it reads no\n"
        "checks and shows its rows when it has all of them. What only one side can do has no peer. `make bench-compare A=… B=…`\n"
        "compares two result files.\n"
    )


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=soak.ROUNDS, help="of the soak")
    parser.add_argument("scenarios", nargs="*", choices=[*SCENARIOS, []], default=[])
    args = parser.parse_args()
    SCENARIOS["soak"] = lambda repeat: soak.soak(args.rounds)
    # As an installation does; a checkout may run where nobody writes bytecode.
    for package in ("tui", "screens"):
        compileall.compile_dir(ROOT / package, quiet=2)
    machine, figures, failed = screen.machine(), [], []
    for name in args.scenarios or SCENARIOS:
        sys.stderr.write(f"{name} …\n")
        try:
            figures += SCENARIOS[name](args.repeat)
        except Exception as error:  # a scenario that fails must not cost the others
            failed.append(f"{name} ({type(error).__name__}: {str(error)[:120]})")
    widths = [max(len(row[n]) for row in [HEAD, *map(line, figures)]) for n in range(len(HEAD))]
    for row in [HEAD, *map(line, figures)]:
        sys.stdout.write(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"
        )
    for one in failed:
        sys.stdout.write(f"not measured: {one}\n")
    folder = ROOT / "bench" / "results"
    folder.mkdir(exist_ok=True)
    path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    result = {
        "machine": machine,
        "at": time.time(),
        "figures": [asdict(one) for one in figures],
        "failed": failed,
    }
    path.write_text(json.dumps(result, indent=1))
    sys.stdout.write(f"written to {path.relative_to(ROOT)}\n")
    if not args.scenarios:
        (ROOT / "docs" / "benchmarks.md").write_text(page(figures, machine, failed))


if __name__ == "__main__":
    main()
