"""Several operations at once on members of one group, their runners killed at every boundary: too few must never serve.

`python -P tests/chaos/groups.py --trials 500 --seed 1`. A trial: a classic load balancer, a target group or an Auto Scaling group
of two to eight members (some of them in a second group); two to eight operations that are confirmed in the same moment; each
runner may die at a chosen boundary, and what is cut off is taken up again until nothing is. The embedded AWS itself counts,
after everything that happens, how many serve.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from tests.chaos import killable_runner as mortal
from tests.chaos.trial_processes import ACCOUNT, PROFILE, REGION, Stage
from tui.aws import inspect
from tui.config.schema import Settings, encode_settings
from tui.config.sections import GroupSettings
from tui.demo.environment import start
from tui.domain.actions import ActionOptions
from tui.domain.instance import Target
from tui.domain.plan import Draft, GuardKind, draft
from tui.domain.policy import Policy
from tui.operations import recovery, status
from tui.operations.journal import Journal
from tui.operations.model import Operation, OperationState
from tui.paths import default_journal_path

PLAIN = ("ledger-1", "ledger-2", "ledger-3", "cache-1", "cache-2", "nat-1", "mail-1", "eks-node-a")
MIXED = (
    "search-1",
    "search-2",
    "payments-db-2",
    "ledger-1",
    "payments-db-3",
    "cache-1",
    "ledger-2",
    "cache-2",
)
"""Of these some serve in a second group besides: a classic load balancer of two, a target group of three."""
KINDS = ("classic", "targets", "scaling")
WITHIN = 180.0
"""Real seconds for a trial."""
FOREIGN = 20
GOOD = (OperationState.SUCCEEDED, OperationState.ABANDONED)


@dataclass
class Trial:
    """`acts`: one action a member; `deaths`: one of its runner's each (a boundary's number or name). `foreign`: somebody else
    stops another member between the question and the answer."""

    kind: str
    members: int
    needed: int
    acts: list[str]
    deaths: list[int | str | None]
    foreign: bool = False


@dataclass
class Result:
    """What came of it. `low`: how often too few served; `waited`: operations that had to."""

    trial: Trial
    low: int = 0
    seen: int = 0
    fewest: int = 0
    waited: int = 0
    at_once: int = 0
    died: list[str] = field(default_factory=list)
    boundaries: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    blocked: int = 0
    down: int = 0
    out: int = 0
    wrong: list[str] = field(default_factory=list)


class Groups(Stage):
    """A stage for several operations at once."""

    def begin_groups(self, trial: Trial) -> list[str]:
        """The fleet as at the start, and the group; the members' ids."""
        import shutil

        shutil.rmtree(self.folder / "evac", ignore_errors=True)
        (self.folder / "boundaries").unlink(missing_ok=True)
        self.demo.control("reset", method="POST")
        self.demo.control("clock", {"speed": 5.0, "now": datetime.now(UTC).isoformat()})
        self.clock.advance(0)
        ids = [self._find(name) for name in (MIXED if trial.needed == 1 else PLAIN)[: trial.members]]
        keep = 1
        if trial.kind == "classic":
            elb = self.client_of("elb")  # type: ignore[arg-type] # one service more than the stage knows
            listener = {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}
            elb.create_load_balancer(
                LoadBalancerName="pool", Listeners=[listener], AvailabilityZones=[f"{REGION}a"]
            )
            elb.register_instances_with_load_balancer(
                LoadBalancerName="pool", Instances=[{"InstanceId": one} for one in ids]
            )
            self._watch("classic", "pool", trial.needed)
            keep = trial.needed
        elif trial.kind == "targets":
            elbv2 = self.client_of("elbv2")
            made = elbv2.create_target_group(
                Name="pool", Protocol="HTTP", Port=80, VpcId="vpc-0a1b2c3d4e5f60718"
            )
            arn = made["TargetGroups"][0]["TargetGroupArn"]
            elbv2.register_targets(TargetGroupArn=arn, Targets=[{"Id": one} for one in ids])
            self.clock.advance(120)
            self._watch("targets", arn, trial.needed)
            keep = trial.needed
        else:
            scaling = self.client_of("autoscaling")
            scaling.create_auto_scaling_group(
                AutoScalingGroupName="pool", MinSize=trial.needed, MaxSize=20, DesiredCapacity=0,
                AvailabilityZones=[f"{REGION}a"],
            )  # fmt: skip
            scaling.attach_instances(AutoScalingGroupName="pool", InstanceIds=ids)
            self._watch("scaling", "pool", trial.needed)
        self._watch("classic", "search", 1)
        self.settings = Settings(groups=GroupSettings(keep=keep))
        os.environ["EVAC_SETTINGS"] = encode_settings(self.settings).decode()
        self.policy = Policy(keep=(keep,))
        return ids

    def _watch(self, kind: str, key: str, needed: int) -> None:
        asked = {"account": ACCOUNT, "region": REGION, "kind": kind, "key": key, "needed": needed}
        self.demo.control("watch", asked)

    def plan(self, action: str, instance: str) -> Draft:
        with ThreadPoolExecutor(4) as askers:
            row, facts = inspect.closely(mortal.logins(), Target(PROFILE, REGION), instance, askers)
        assert row is not None
        made = draft(action, row, facts, ActionOptions(), self.policy, self.clock.now())
        assert made.guard.kind is not GuardKind.BLOCKED, made.guard
        return made

    def all_served(self, ids: Sequence[str]) -> dict[str, Any]:
        """Each member's place in service, and the capacity of its group."""
        found = {}
        for one in ids:
            self.ids["member"], self.name = one, "member"
            found[one] = self.service()
        states = self.client.describe_instances(InstanceIds=list(ids))["Reservations"]
        running = {row["InstanceId"]: row["State"]["Name"] for one in states for row in one["Instances"]}
        return {one: (running[one], found[one]) for one in ids}

    def try_groups(self, trial: Trial) -> Result:
        """From the plans to the verdict."""
        result = Result(trial)
        ids = self.begin_groups(trial)
        acting = ids[: len(trial.acts)]
        before = self.all_served(ids)
        plans = [self.plan(action, one) for action, one in zip(trial.acts, acting, strict=True)]
        if trial.foreign:
            self.client.stop_instances(InstanceIds=[ids[-1]])
            self.clock.advance(120)
            for one in self.demo.control("watch"):  # that was not evac's doing: counted is what follows
                self._watch(one["kind"], one["key"], len(one["now"]))
        journal = Journal(default_journal_path(os.environ))
        try:
            orders = [journal.create(plan, self.clock.now()) for plan in plans]
            for one in orders:
                journal.confirm(one, self.clock.now())
            _Crowd(self, journal, orders, trial, result).drive(ids[-1] if trial.foreign else "")
            self.clock.advance(3000)
            self.clock.advance(0)
            self._judge(result, before, self.all_served(ids), [journal.get(one) for one in orders])
        finally:
            journal.close()
        return result

    def _judge(
        self,
        result: Result,
        before: dict[str, Any],
        after: dict[str, Any],
        orders: Sequence[Operation | None],
    ) -> None:
        watched = self.demo.control("watch")
        if result.trial.foreign:
            watched = watched[len(watched) // 2 :]
        result.low, result.seen = sum(one["low"] for one in watched), watched[0]["seen"]
        result.fewest = watched[0]["fewest"] - watched[0]["needed"]
        if result.low:
            result.wrong.append(f"too few served: {watched}")
        for one, was in before.items():
            result.down += after[one][0] != "running"
            result.out += after[one] != was and after[one][0] == "running"
            if after[one] != was:
                result.wrong.append(f"{one} was {was}, and is {after[one]}")
        for order in orders:
            assert order is not None
            result.ended.append(order.state.value)
            if order.state not in GOOD:
                result.wrong.append(f"{order.id} {order.action} {order.state}: {order.note}")
        record = self.folder / "boundaries"
        lines = record.read_text().splitlines() if record.exists() else []
        result.died = [line.removeprefix("DIED ") for line in lines if line.startswith("DIED ")]
        result.boundaries = [line for line in lines if not line.startswith("DIED ")]
        if result.wrong:
            log = self.folder / "runner.log"
            result.wrong.append(log.read_text()[-3000:] if log.exists() else "")
        (self.folder / "runner.log").unlink(missing_ok=True)


class _Crowd:
    """The runners of a trial, and who looks after them."""

    def __init__(
        self, stage: Groups, journal: Journal, orders: Sequence[str], trial: Trial, result: Result
    ) -> None:
        self.stage, self.journal, self.orders, self.result = stage, journal, orders, result
        self.deaths = dict(zip(orders, trial.deaths, strict=True))
        self.alive: dict[int, str] = {}
        self.waited: set[str] = set()
        self.sent: set[str] = set()

    def fork(self, order: str, *_: object) -> int:
        pid = self.stage.fork_runner(order, self.deaths.pop(order, None))
        self.alive[pid] = order
        return pid

    def drive(self, stopped: str) -> None:
        """Until all have ended. `stopped`: started again once everybody was seen to wait for it."""
        # As in the program, but its runners are forked, and mortal; and who lives is known here.
        recovery.start = self.fork  # type: ignore[attr-defined,assignment] # in the place where resume looks it up
        recovery.lives = lambda pid, _: pid in self.alive  # type: ignore[attr-defined,assignment] # as above
        status.lives = recovery.lives  # type: ignore[attr-defined] # where the driver is looked up
        for one in self.orders:
            self.fork(one)
        try:
            self._drive(stopped)
        finally:
            for pid in list(self.alive):
                os.kill(pid, 9)
                os.waitpid(pid, 0)

    def _drive(self, stopped: str) -> None:
        until = time.monotonic() + WITHIN
        while time.monotonic() < until:
            self._bury()
            found = [order for name in self.orders if (order := self.journal.get(name)) is not None]
            self._count(found)
            if stopped and self._all_wait(found):
                self.result.blocked = 1
                with contextlib.suppress(ClientError):  # it may be stopping still: then the next time
                    self.stage.client.start_instances(InstanceIds=[stopped])
                    stopped = ""
            if not any(one.is_open for one in found) and not self.alive:
                return
            driven = set(self.alive.values())
            for left in found:
                if left.is_open and left.id not in driven:
                    self._take_up(left)
            time.sleep(0.02)
        self.result.wrong.append(f"not over: {[(one, self.journal.get(one)) for one in self.orders]}"[:3000])

    def _bury(self) -> None:
        for pid in list(self.alive):
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0] == 0:
                    continue
            del self.alive[pid]

    def _count(self, found: Sequence[Operation]) -> None:
        self.waited |= {one.id for one in found if one.note.startswith("waits")}
        down = [one for one in found if one.is_open and (one.interrupted or one.pending_rollback)]
        self.result.waited, self.result.at_once = len(self.waited), max(self.result.at_once, len(down))

    def _all_wait(self, found: Sequence[Operation]) -> bool:
        """Each of them, with nothing sent that changes anything."""
        return all(one.is_open and not one.sent and one.note.startswith("waits") for one in found)

    def _take_up(self, one: Operation) -> None:
        """What the next console does; and of one that needs a person (a reboot of which nobody knows), what a person does."""
        now = self.stage.clock.now()
        if one.state is OperationState.NEEDS_ATTENTION:
            if "nobody can know" not in one.note and "AWS refused" not in one.note:
                self.result.wrong.append(f"needs attention for no good reason: {one.note}")
            recovery.give_up(self.journal, one, self.stage.settings, os.environ, now)
        elif self.journal.reopen(one.id, one.runner, now):
            self.fork(one.id)


def trials_of(stage: Groups, args: argparse.Namespace) -> list[Trial]:
    """Every boundary of each kind once, of one runner among others; foreign stops; then at random."""
    chance, trials = random.Random(args.seed), list[Trial]()
    if args.once:
        return [
            Trial("classic", 3, 2, ["reboot", "stop-start"], ["runner/reboot/sent/RebootInstances", None]),
            Trial("targets", 4, 2, ["stop-start"] * 3, ["runner/stop/answered/StopInstances", None, 25]),
            Trial(
                "scaling", 4, 2, ["stop-start"] * 3, [None, "runner/enter-standby/sent/EnterStandby", None]
            ),
            Trial(
                "classic", 2, 1, ["stop-start", "stop-start"], ["runner/stop/before send/StopInstances", None]
            ),
            Trial("targets", 2, 1, ["stop-start"], [None], foreign=True),
            Trial("classic", 5, 1, ["stop-start", "stop-start", "reboot", "stop-start"], [30, 31, None, 60]),
        ]
    for kind in KINDS:
        for action in ("stop-start", "reboot"):
            whole = stage.try_groups(Trial(kind, 3, 2, [action, "stop-start"], [None, None]))
            assert not whole.wrong, whole.wrong
            names = [one for one in dict.fromkeys(whole.boundaries) if one.startswith("runner/")]
            trials += [Trial(kind, 3, 2, [action, "stop-start"], [name, None]) for name in names]
    trials = chance.sample(trials, k=min(len(trials), args.trials * 3 // 4))
    # Not in an Auto Scaling group: it terminates a member that somebody stopped, and nothing brings that one back.
    trials += [
        Trial(KINDS[at % 2], 2, 1, ["stop-start"], [None], foreign=True)
        for at in range(min(FOREIGN, args.trials // 4))
    ]
    while len(trials) < args.trials:
        members = chance.randint(3, 8)
        count = chance.randint(2, members)
        acts = [chance.choice(["stop-start", "stop-start", "reboot"]) for _ in range(count)]
        deaths: list[int | str | None] = [chance.choice([None, chance.randint(1, 120)]) for _ in range(count)]
        trials.append(Trial(chance.choice(KINDS), members, chance.randint(1, members - 1), acts, deaths))
    chance.shuffle(trials)  # each sort is met also where somebody ends the run early
    return trials


def worker(args: argparse.Namespace) -> None:
    """One worker's share; a JSON line each. The embedded AWS is not its child: its children are runners."""
    demo = start("--speed", "5")
    pid = os.fork()
    if pid:
        signal.signal(signal.SIGTERM, lambda *_: os.kill(pid, signal.SIGTERM))
        try:
            os.waitpid(pid, 0)
        finally:
            demo.stop()
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end"))
    stage = Groups(demo)
    try:
        for index, trial in enumerate(trials_of(stage, args)):
            if index % args.workers == args.worker:
                result = stage.try_groups(trial)
                print(json.dumps({**asdict(result), "boundaries": len(result.boundaries)}), flush=True)
    except BaseException:
        traceback.print_exc()
    finally:
        stage.close()
        os._exit(0)


def main() -> int:
    """Run the workers, count, print; 1 if anything was wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--worker", type=int)
    parser.add_argument("--once", action="store_true", help="six trials, one of each sort; nothing else")
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

    def end(*_: object) -> None:
        """What was counted until then is told."""
        for one in running:
            one.terminate()

    signal.signal(signal.SIGTERM, end)
    with ThreadPoolExecutor(args.workers) as pool:
        codes = list(pool.map(partial(_follow, results=results), running))
    report(results)
    short = len(results) < args.trials or any(codes)
    return 1 if short or any(one["wrong"] for one in results) else 0


def _follow(process: subprocess.Popen[str], results: list[dict[str, Any]]) -> int:
    assert process.stdout is not None
    for line in process.stdout:
        results.append(json.loads(line))
        if results[-1]["wrong"]:
            print(json.dumps(results[-1], indent=1), file=sys.stderr, flush=True)
        if len(results) % 50 == 0:
            print(f"{len(results)} trials", file=sys.stderr, flush=True)
    return process.wait()


def report(results: Sequence[dict[str, Any]]) -> None:
    """The counts, as Markdown."""
    died = [one for result in results for one in result["died"]]
    rows = [
        ("trials", len(results)),
        *((f"of them {kind}", sum(one["trial"]["kind"] == kind for one in results)) for kind in KINDS),
        ("operations", sum(len(one["trial"]["acts"]) for one in results)),
        ("most at once", max((len(one["trial"]["acts"]) for one in results), default=0)),
        ("operations that waited for their turn", sum(one["waited"] for one in results)),
        ("runners killed", len(died)),
        ("different boundaries at which a runner was killed", len(set(died))),
        *(
            (f"operations ended {state}", count)
            for state, count in sorted(Counter(state for one in results for state in one["ended"]).items())
        ),
        ("counts of who serves", sum(one["seen"] for one in results)),
        ("counts below what is needed", sum(one["low"] for one in results)),
        ("foreign stops between question and answer", sum(one["trial"]["foreign"] for one in results)),
        ("of them waited for, nothing sent", sum(one["blocked"] for one in results)),
        ("instances left stopped", sum(one["down"] for one in results)),
        ("instances not in service as before", sum(one["out"] for one in results)),
        ("trials with anything wrong", sum(bool(one["wrong"]) for one in results)),
    ]
    print("| counted | |\n|---|---|")
    for name, count in rows:
        print(f"| {name} | {count} |")


if __name__ == "__main__":
    sys.exit(main())
