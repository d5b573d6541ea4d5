"""Kills the hands, the console, or both, at every boundary of every kind of operation; resumes; and looks at what is left.

`python -P tests/chaos/harness.py --trials 1000 --seed 1` runs as many trials, in two worker processes, each with an embedded
AWS in a process of its own. A trial: the fleet as at the start, faults of the server, a console that plans, starts a runner
and confirms, deaths at chosen boundaries, a new runner after each, and at the end the questions of `judge`.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import mortal_runner as mortal

from tui.demo.environment import Demo, start
from tui.domain.actions import ActionOptions
from tui.domain.events import ScheduledEvent
from tui.domain.instance import Instance, InstanceState, Target
from tui.domain.plan import Draft, GuardKind, Policy, draft
from tui.domain.text import clean
from tui.operations import audit, resume
from tui.operations.journal import Journal, default_path
from tui.operations.record import PATIENCE, Operation, OperationState
from tui.settings import Settings

REGION, ACCOUNT, PROFILE = "ap-northeast-2", "111122223333", "prod"
NAME = "ledger-2"
MUTATING = (
    "StopInstances",
    "StartInstances",
    "RebootInstances",
    "CreateImage",
    "ModifyInstanceEventStartTime",
)
KINDS = ("stop-start", "start", "reboot", "image", "image-first", "reschedule")
HUNG = 120.0
"""Real seconds after which a process that should have ended counts as hung."""


@dataclass
class Trial:
    """What happens in one trial. A death is a boundary's number or its name."""

    kind: str
    runner_deaths: list[int | str] = field(default_factory=list)
    console_death: int | str | None = None
    faults: list[dict[str, Any]] = field(default_factory=list)
    lag: float = 0.0
    speed: float = 5.0


@dataclass
class Result:
    """What came of it. `wrong` is empty if all is well."""

    trial: Trial
    state: str = ""
    note: str = ""
    died: list[str] = field(default_factory=list)
    boundaries: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    left_stopped: int = 0
    second_stops: int = 0
    second_images: int = 0
    second_reboots: int = 0
    without_intent: int = 0


class Stage:
    """An embedded AWS, and a folder for the journal: as at the start for each trial."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        shm = Path("/dev/shm")
        self.folder = Path(
            tempfile.mkdtemp(prefix="evac-chaos-", dir=shm if os.access(shm, os.W_OK) else None)
        )
        os.environ.clear()
        os.environ.update(self.demo.apply({"PATH": os.defpath, "HOME": str(self.folder)}))
        os.environ["XDG_STATE_HOME"] = str(self.folder)
        ctypes.CDLL(None).prctl(
            36, 1, 0, 0, 0
        )  # PR_SET_CHILD_SUBREAPER: a dead console's runner becomes our child
        self.client = self._client()
        self.instance_id = self._find(NAME)
        self.clock = mortal.Clock(self.demo.url)

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _client(self) -> Any:
        import boto3

        return boto3.client(
            "ec2", region_name=REGION, endpoint_url=self.demo.url,
            aws_access_key_id="AKIADEMOPROD00000001", aws_secret_access_key="demo",
        )  # fmt: skip

    def _find(self, name: str) -> str:
        pages = self.client.describe_instances(Filters=[{"Name": "tag:Name", "Values": [name]}])
        return str(pages["Reservations"][0]["Instances"][0]["InstanceId"])

    def state(self) -> dict[str, Any]:
        asked = {"account": ACCOUNT, "region": REGION, "instance": self.instance_id}
        found: dict[str, Any] = self.demo.control("state", asked)
        return found

    def begin(self, trial: Trial) -> Draft:
        """The fleet as at the start, what the action needs, the faults; the plan."""
        shutil.rmtree(self.folder / "evac", ignore_errors=True)
        (self.folder / "boundaries").unlink(missing_ok=True)
        self.demo.control("reset", method="POST")
        self.demo.control("settings", {"lag": 0, "limits": False})
        self.demo.control("clock", {"speed": trial.speed, "now": datetime.now(UTC).isoformat()})
        self.clock.advance(0)
        options = ActionOptions(
            image_first=trial.kind == "image-first", no_reboot=trial.kind == "image-first"
        )
        if trial.kind == "start":
            self.client.stop_instances(InstanceIds=[self.instance_id])
            self.clock.advance(120)
        elif trial.kind == "reschedule":
            event = {"instance": NAME, "code": "instance-reboot", "in": 3 * 86400, "deadline": 6 * 86400}
            self.demo.control("events", event)
            options = ActionOptions(not_before=self.clock.now() + timedelta(days=4))
        instance = self._instance()
        action = "stop-start" if trial.kind == "image-first" else trial.kind
        plan = draft(action, instance, None, options, Policy(), self.clock.now())
        assert plan.guard.kind is not GuardKind.BLOCKED, plan.guard
        self.demo.control("calls", method="DELETE")
        self.demo.control("settings", {"lag": trial.lag})
        self.demo.control("faults", trial.faults)
        return plan

    def _instance(self) -> Instance:
        found = self.state()
        doc, status = found["instance"], found["status"]
        events = tuple(
            ScheduledEvent(
                clean(one["Code"]), clean(one["InstanceEventId"]), clean(one["Description"]),
                datetime.fromisoformat(one["NotBefore"]), None,
                datetime.fromisoformat(one["NotBeforeDeadline"]) if "NotBeforeDeadline" in one else None,
            )
            for one in status.get("Events", [])
        )  # fmt: skip
        return Instance(
            Target(PROFILE, REGION), clean(self.instance_id), account_id=clean(ACCOUNT), name=clean(NAME),
            state=InstanceState(doc["State"]["Name"]), root_device=clean("ebs"), events=events,
            launched_at=datetime.fromisoformat(doc["LaunchTime"]),
        )  # fmt: skip

    # processes

    def fork_runner(self, operation: str, death: int | str | None) -> int:
        """A runner in its own session; its process id."""
        pid = os.fork()
        if pid:
            return pid
        code = 70
        with contextlib.suppress(BaseException):
            os.setsid()
            log = os.open(self.folder / "runner.log", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
            os.dup2(log, 1)
            os.dup2(log, 2)
            code = mortal.run(operation, self.demo.url, death, self.folder / "boundaries")
        os._exit(code)

    def fork_console(self, plan: Draft, trial: Trial) -> None:
        """What plans, starts the runner, waits for AWS's answer and confirms; it may die anywhere in between."""
        if os.fork():
            return
        with contextlib.suppress(BaseException):
            death = mortal.Death("console", trial.console_death, self.folder / "boundaries")
            mortal.watch_journal(death)
            journal = Journal(default_path(os.environ))
            operation = journal.create(plan, self.clock.now())
            death.at("between", "create and launch")
            hands = self.fork_runner(operation, trial.runner_deaths[0] if trial.runner_deaths else None)
            death.at("between", "launch and confirm")
            while os.waitpid(hands, os.WNOHANG)[0] == 0:  # once they are dead it is confirmed all the same
                found = journal.get(operation)
                if found is None or not found.is_open or found.permission_asked:
                    break
                time.sleep(0.005)
            journal.confirm(operation, mortal.Clock(self.demo.url).now())
            death.at("after", "confirm")
        os._exit(0)

    def reap(self) -> bool:
        """Wait until no process of the trial is left; False if one hung: then this worker is of no more use."""
        until = time.monotonic() + HUNG
        while time.monotonic() < until:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    time.sleep(0.003)
            except ChildProcessError:
                return True
        return False

    # a trial

    def run(self, trial: Trial) -> Result:
        """From the plan to the verdict."""
        result = Result(trial)
        plan = self.begin(trial)
        self.fork_console(plan, trial)
        if not self.reap():
            result.wrong.append("a process hung")
        self._go_on(trial, result)
        record = self.folder / "boundaries"
        lines = record.read_text().splitlines() if record.exists() else []
        result.died = [line.removeprefix("DIED ") for line in lines if line.startswith("DIED ")]
        result.boundaries = [line for line in lines if not line.startswith("DIED ")]
        journal = Journal(default_path(os.environ))
        try:
            judge(self, plan, journal.list(), result)
        finally:
            journal.close()
        if result.wrong:
            log = self.folder / "runner.log"
            result.note += "\n" + (log.read_text()[-3000:] if log.exists() else "")
        (self.folder / "runner.log").unlink(missing_ok=True)
        return result

    def _go_on(self, trial: Trial, result: Result) -> None:
        """What the next console does: find what was cut off, and start a runner, until nothing is."""
        deaths = trial.runner_deaths[1:]
        started: list[int] = []

        def fork(operation: str, *_: object) -> int:
            started.append(self.fork_runner(operation, deaths.pop(0) if deaths else None))
            return started[-1]

        resume.start = (
            fork  # the one thing here that is not as in the program: its runner is forked, and mortal
        )
        for _ in range(len(deaths) + 6):
            self.clock.advance(0)
            now = self.clock.now()
            journal = Journal(default_path(os.environ))
            try:
                late = now + 2 * PATIENCE if not journal.unfinished() else now
                cut = resume.cut_off(journal, late)
                for one in cut:
                    why = resume.resume(journal, one, Settings(), os.environ, now)
                    if why:
                        result.wrong.append(f"not resumed: {why}")
            finally:
                journal.close()
            if not cut:
                return
            if not self.reap():
                result.wrong.append("a process hung")
        result.wrong.append("still cut off after all its runners")


def judge(stage: Stage, plan: Draft, operations: Sequence[Operation], result: Result) -> None:
    """What must hold, whatever died."""
    stage.demo.control("faults", [])
    stage.clock.advance(600)
    wrong, kind = result.wrong, result.trial.kind
    calls = [
        one for one in stage.demo.control("calls") if one["operation"] in MUTATING and not one["dry_run"]
    ]
    done = Counter(one["operation"] for one in calls if one["effect"])
    state = stage.state()["instance"]["State"]["Name"]
    images = stage.client.describe_images(
        Owners=["self"], Filters=[{"Name": "name", "Values": [plan.order.image_name or "none"]}]
    )["Images"]
    result.second_stops = max(0, done["StopInstances"] - 1)
    result.second_images = max(0, len(images) - 1, done["CreateImage"] - 1)
    result.second_reboots = max(0, done["RebootInstances"] - 1)
    _intents(calls, operations, result)
    if audit.check(audit.path_beside(default_path(os.environ))).broken_at:
        wrong.append("the audit log is broken")
    for name in ("second_stops", "second_images", "second_reboots", "without_intent"):
        if getattr(result, name):
            wrong.append(name)
    if not operations:  # the console died before it had written the plan down
        result.state = "none"
        if calls:
            wrong.append("something was sent without a journal")
        return
    one = operations[0]
    result.state, result.note = one.state.value, one.note
    began = "stopped" if kind == "start" else "running"
    if one.confirmed_at is None and (done or state != began or one.state is not OperationState.ABANDONED):
        wrong.append(f"not confirmed, and {dict(done)}, {state}, {one.state}")
    if one.confirmed_at is not None:
        _ended(kind, one, state, done, images, result)


def _intents(calls: Sequence[dict[str, Any]], operations: Sequence[Operation], result: Result) -> None:
    """Each call that reached AWS has an intent of its own in the journal, of the operation its user agent names."""
    written = Counter(
        (one.id, call.operation)
        for one in operations
        for row in one.steps
        for call in row.calls
        if not call.dry_run
    )
    names = [one["user_agent"].partition(" op/")[2].partition(" ")[0] for one in calls]
    sent = Counter((name, one["operation"]) for name, one in zip(names, calls, strict=True))
    result.without_intent = sum(max(0, count - written[key]) for key, count in sent.items())


def _ended(
    kind: str, one: Operation, state: str, done: Counter[str], images: Sequence[Any], result: Result
) -> None:
    """Of an operation that was confirmed."""
    wrong = result.wrong
    if one.state not in (OperationState.SUCCEEDED, OperationState.NEEDS_ATTENTION):
        wrong.append(f"confirmed, and {one.state}: {one.note}")
    if state != "running":
        result.left_stopped = 1
        wrong.append(f"left {state}")
    if one.state is OperationState.NEEDS_ATTENTION:
        known = ("nobody can know", "AWS refused")
        if not any(word in one.note for word in known):
            wrong.append(f"needs attention for no good reason: {one.note}")
        return
    wanted = {
        "stop-start": {"StopInstances": 1, "StartInstances": 1},
        "image-first": {"CreateImage": 1, "StopInstances": 1, "StartInstances": 1},
        "start": {"StartInstances": 1}, "reboot": {"RebootInstances": 1}, "image": {"CreateImage": 1}, "reschedule": {},
    }[kind]  # fmt: skip
    for name, count in wanted.items():
        if done[name] < count:
            wrong.append(f"succeeded without {name}")
    if wanted.get("CreateImage") and [image["State"] for image in images] != ["available"]:
        wrong.append(f"succeeded, and the AMIs are {images}")
    if kind == "reschedule" and not done["ModifyInstanceEventStartTime"]:
        wrong.append("succeeded, and the event was not moved")


# which trials


def whole(kind: str) -> Trial:
    """Nobody dies: its boundaries are those to die at."""
    return Trial(kind)


def distinct(boundaries: Sequence[str], who: str) -> list[str]:
    """Each boundary's name once: the step, what kind, which call or write."""
    return [one for one in dict.fromkeys(boundaries) if one.startswith(f"{who}/")]


def every_boundary(kind: str, boundaries: Sequence[str]) -> list[Trial]:
    """One trial a boundary, of the runner and of the console."""
    trials = [Trial(kind, [one]) for one in distinct(boundaries, "runner")]
    return trials + [Trial(kind, console_death=one) for one in distinct(boundaries, "console")]


def chained(kind: str, boundaries: Sequence[str]) -> list[Trial]:
    """Each boundary of the runner once, three deaths a trial, in their order; and each of the console."""
    names = distinct(boundaries, "runner")
    third = -(-len(names) // 3)
    trials = [Trial(kind, list(names[at::third])) for at in range(third)]
    return trials + [Trial(kind, console_death=one) for one in distinct(boundaries, "console")]


_CALLS = {
    "stop-start": ("StopInstances", "StartInstances"), "image-first": ("CreateImage", "StopInstances", "StartInstances"),
    "start": ("StartInstances",), "reboot": ("RebootInstances",), "image": ("CreateImage",),
    "reschedule": ("ModifyInstanceEventStartTime",),
}  # fmt: skip


def _fault(chance: random.Random, kind: str) -> dict[str, Any]:
    call = chance.choice(_CALLS[kind])
    looks = chance.choice(["DescribeInstances", "DescribeInstanceStatus", "DescribeImages", "*"])
    when, skip = chance.choice(["before", "after"]), chance.randrange(6)
    on_call = {"match": {"operation": call}, "dry": False, "times": chance.randint(1, 2)}
    on_look = {"match": {"operation": looks}, "dry": False, "skip": skip, "times": chance.randint(1, 8)}
    return chance.choice(
        [
            {**on_call, "then": {"error": "RequestLimitExceeded"}},
            {**on_call, "when": when, "then": {"error": "InternalError", "status": 500}},
            {**on_call, "when": when, "then": {"hang": 1.0}, "times": 1},
            {**on_call, "when": "after", "then": {"reset": True}},
            {**on_call, "then": {"reset": True}},
            {**on_call, "then": {"cut": 60}},
            {**on_call, "then": {"raw": "<html><body>proxy</body></html>"}, "times": 1},
            {"match": {"operation": "StartInstances"}, "dry": False, "times": chance.randint(1, 9),
             "then": {"error": "InsufficientInstanceCapacity"}},
            {**on_look, "then": {"error": "RequestLimitExceeded"}},
            {**on_look, "then": {"error": "InternalError", "status": 500}},
            {**on_look, "then": {"cut": 300}, "times": 2},
            {**on_look, "then": {"hang": 1.0}, "times": 1, "match": {"operation": "DescribeInstances"}},
            {"match": {"key": "AKIADEMOPROD00000001"}, "dry": False, "skip": chance.randrange(20),
             "times": chance.randint(3, 30), "then": {"error": "RequestExpired"}},
        ]
    )  # fmt: skip


def at_random(chance: random.Random, known: dict[str, list[str]]) -> Trial:
    """Up to three deaths of runners, perhaps the console's, up to three faults, lag and slowness."""
    kind = chance.choice(KINDS)
    boundaries = [one for one in known[kind] if one.startswith("runner/")]
    names, last = distinct(boundaries, "runner"), len(boundaries)
    deaths: list[int | str] = []
    for _ in range(chance.choice([1, 1, 2, 3])):
        deaths.append(chance.choice(names) if chance.random() < 0.6 else chance.randint(1, last))
    console = chance.choice(distinct(known[kind], "console")) if chance.random() < 0.25 else None
    faults = [_fault(chance, kind) for _ in range(chance.choice([0, 0, 1, 2, 3]))]
    lag, speed = chance.choice([0, 0, 3, 20, 50]), chance.choice([0.5, 2, 5, 20])
    return Trial(kind, deaths, console, faults, lag, speed)


# the long run


def trials_of(stage: Stage, args: argparse.Namespace) -> list[Trial]:
    """Every boundary of every kind once, then trials at random up to the number that was asked for."""
    known = {kind: stage.run(whole(kind)).boundaries for kind in args.kinds}
    if args.chained:
        return [trial for kind in args.kinds for trial in chained(kind, known[kind])]
    plans = [trial for kind in args.kinds for trial in every_boundary(kind, known[kind])]
    chance = random.Random(args.seed)
    return plans + [at_random(chance, known) for _ in range(max(0, args.trials - len(plans)))]


def worker(args: argparse.Namespace) -> None:
    """One worker's share of the trials; a JSON line each. The embedded AWS is not its child: its children are a trial's."""
    demo = start("--speed", "5")
    pid = os.fork()
    if pid:
        try:
            os.waitpid(pid, 0)
        finally:
            demo.stop()
        return
    stage = Stage(demo)
    try:
        for index, trial in enumerate(trials_of(stage, args)):
            if index % args.workers == args.worker:
                result = asdict(stage.run(trial))
                result["boundaries"] = len(result["boundaries"])
                print(json.dumps(result), flush=True)
    finally:
        stage.close()
        os._exit(0)


def main() -> int:
    """Run the workers, count, print; 1 if anything was wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--worker", type=int)
    parser.add_argument(
        "--chained", action="store_true", help="three boundaries a trial, each once, and nothing else"
    )
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    args = parser.parse_args()
    if args.worker is not None:
        worker(args)
        return 0
    each = [sys.executable, "-P", *sys.argv, "--worker"]
    running = [
        subprocess.Popen([*each, str(number)], stdout=subprocess.PIPE, text=True)
        for number in range(args.workers)
    ]
    results: list[dict[str, Any]] = []
    with ThreadPoolExecutor(args.workers) as pool:
        for part in pool.map(lambda one: _follow(one, results), running):
            assert part == 0
    report(results)
    short = not args.chained and len(results) < args.trials
    return 1 if short or not results or any(map(_bad, results)) else 0


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
        ("second StopInstances that took effect", sum(one["second_stops"] for one in results)),
        ("second AMIs", sum(one["second_images"] for one in results)),
        ("second reboots", sum(one["second_reboots"] for one in results)),
        ("calls without an intent in the journal", sum(one["without_intent"] for one in results)),
        ("trials with anything wrong", sum(map(_bad, results))),
    ]
    print("| counted | |\n|---|---|")
    for name, count in rows:
        print(f"| {name} | {count} |")


if __name__ == "__main__":
    sys.exit(main())
