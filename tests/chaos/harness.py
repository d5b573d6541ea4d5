"""Kills the hands, the console, or both, at every boundary of every kind of operation; resumes; and looks at what is left.

`python -P tests/chaos/harness.py --trials 1000 --seed 1` runs as many trials, in two worker processes, each with an embedded
AWS in a process of its own. A trial: the fleet as at the start, faults of the server, a console that plans, starts a runner
and confirms, deaths at chosen boundaries, a new runner after each, and at the end the questions of `judge`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from tests.chaos.trial_conditions import PLIGHTS, Redis
from tests.chaos.trial_processes import Stage
from tests.chaos.trials import (
    IN_A_LONG_ONE,
    KINDS,
    Result,
    Trial,
    anew,
    at_random,
    every_boundary,
    in_plights,
    whole,
)
from tui.demo.environment import start


def trials_of(stage: Stage, args: argparse.Namespace) -> list[Trial]:
    """Every boundary of every kind once, several deaths a trial; then trials at random up to the number asked for."""
    mine = args.kinds[args.worker :: args.workers]
    print(json.dumps({kind: stage.run(whole(kind)).boundaries for kind in mine}), flush=True)
    known = json.loads(sys.stdin.readline())
    chance = random.Random(args.seed)
    if args.plights:
        return in_plights(chance, known, stage.plights, args.plights)
    if args.once:
        return [
            trial
            for kind, names in anew(known).items()
            for trial in every_boundary(kind, names, IN_A_LONG_ONE)
        ]
    plans = [trial for kind in args.kinds for trial in every_boundary(kind, known[kind])]
    plans += in_plights(chance, known, stage.plights, max(8, args.trials // 50))
    return plans + [at_random(chance, known) for _ in range(max(0, args.trials - len(plans)))]


def worker(args: argparse.Namespace) -> None:
    """One worker's share of the trials; a JSON line each. Embedded AWS and Redis are not its children: those are a trial's."""
    demo, redis = start("--speed", "5"), None
    with suppress(FileNotFoundError):
        redis = Redis()
    pid = os.fork()
    if pid:
        try:
            os.waitpid(pid, 0)
        finally:
            demo.stop()
            if redis is not None:
                redis.close()
        return
    stage = Stage(demo, redis)
    try:
        for index, trial in enumerate(trials_of(stage, args)):
            if index % args.workers == args.worker:
                result = _tell(stage, trial)
                missed = set(trial.runner_deaths) - set(result.died) if trial.sweep else set()
                for name in sorted(map(str, missed)):  # the death before led past it
                    _tell(stage, Trial(trial.kind, [name], sweep=True))
    finally:
        stage.close()
        os._exit(0)


def _tell(stage: Stage, trial: Trial) -> Result:
    result = stage.run(trial)
    wanted = [*trial.runner_deaths, trial.console_death or ""]
    if trial.sweep and not result.died:
        result.wrong.append(f"nobody died at {wanted}")
    print(json.dumps({**asdict(result), "boundaries": len(result.boundaries)}), flush=True)
    return result


def main() -> int:
    """Run the workers, count, print; 1 if anything was wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--worker", type=int)
    parser.add_argument(
        "--once", action="store_true", help="each boundary once, in the first kind that has it; nothing else"
    )
    parser.add_argument("--plights", type=int, default=0, help="so many trials of each plight; nothing else")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    args = parser.parse_args()
    if args.worker is not None:
        worker(args)
        return 0
    each = [sys.executable, "-P", *sys.argv, "--worker"]
    running = [
        subprocess.Popen([*each, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for number in range(args.workers)
    ]
    _share_boundaries(args.kinds, running)
    results: list[dict[str, Any]] = []
    with ThreadPoolExecutor(args.workers) as pool:
        for part in pool.map(lambda one: _follow(one, results), running):
            assert part == 0
    report(results)
    short = not args.once and not args.plights and len(results) < args.trials
    return 1 if short or not results or any(map(_bad, results)) else 0


def _share_boundaries(kinds: Sequence[str], running: Sequence[subprocess.Popen[str]]) -> None:
    """Each worker sees its share of the kinds through, and is told of them all, in their order."""
    known: dict[str, list[str]] = {}
    for process in running:
        assert process.stdout is not None
        known.update(json.loads(process.stdout.readline()))
    told = json.dumps({kind: known[kind] for kind in kinds}) + "\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write(told)
        process.stdin.close()


def _follow(process: subprocess.Popen[str], results: list[dict[str, Any]]) -> int:
    """Take a worker's results in as they come, and tell of what is wrong at once; its exit code."""
    assert process.stdout is not None
    for line in process.stdout:
        result = json.loads(line)
        results.append(result)
        if _bad(result):
            print(json.dumps(result, indent=1), file=sys.stderr, flush=True)
        if len(results) % 100 == 0:
            print(f"{len(results)} trials, {sum(map(_bad, results))} wrong", file=sys.stderr, flush=True)
    return process.wait()


def _bad(result: dict[str, Any]) -> bool:
    return bool(result["wrong"])


def report(results: Sequence[dict[str, Any]]) -> None:
    """The counts, as Markdown."""
    deaths = [one for result in results for one in result["died"]]
    where = Counter(one.split("/")[2] for one in deaths if one.startswith("runner"))
    consoles = sum(one.startswith("console") for one in deaths)
    faulty = sum(bool(result["trial"]["faults"]) for result in results)
    lagging = sum(bool(result["trial"]["lag"]) for result in results)
    rows = [
        ("trials", len(results)),
        *((f"of them {kind}", sum(one["trial"]["kind"] == kind for one in results)) for kind in KINDS),
        ("with faults of the server", faulty),
        *(
            (f"with: {plight}", sum(one["trial"]["plight"] == plight for one in results))
            for plight in PLIGHTS
        ),
        ("with describes that lag", lagging),
        ("runners killed", len(deaths) - consoles),
        *((f"of them {kind}", count) for kind, count in sorted(where.items())),
        (
            "different boundaries at which a runner was killed",
            len({one for one in deaths if one.startswith("runner")}),
        ),
        ("consoles killed", consoles),
        *(
            (f"ended {state}", count)
            for state, count in sorted(Counter(one["state"] for one in results).items())
        ),
        ("instances left stopped", sum(one["left_stopped"] for one in results)),
        ("instances not in service as before", sum(one["out_of_service"] for one in results)),
        ("second StopInstances that took effect", sum(one["second_stops"] for one in results)),
        ("second AMIs", sum(one["second_images"] for one in results)),
        ("second reboots", sum(one["second_reboots"] for one in results)),
        (
            "starts sent while the journal could not be written",
            sum(one["in_need"] + one["bare_starts"] for one in results),
        ),
        ("of them not written down since: killed before", sum(one["bare_starts"] for one in results)),
        ("starts sent again, after one that fell back", sum(max(0, one["starts"] - 1) for one in results)),
        ("calls without an intent in the journal", sum(one["without_intent"] for one in results)),
        ("trials with anything wrong", sum(map(_bad, results))),
    ]
    print("| counted | |\n|---|---|")
    for name, count in rows:
        print(f"| {name} | {count} |")


if __name__ == "__main__":
    sys.exit(main())
