"""An embedded AWS, a journal, and the processes of a trial: a console, the runners, and those that come after them."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import select
import shutil
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from tests.chaos import killable_runner as mortal
from tests.chaos.alarms_of import AlarmsOf
from tests.chaos.invariants import judge
from tests.chaos.trial_conditions import PLIGHTS, Forgets, FullDisk, Login, Redis, free, show
from tests.chaos.trials import ALARMS, Result, Trial
from tests.disk import NotMounted, SmallDisk
from tui.aws import inspect
from tui.config.schema import Settings, encode_settings
from tui.demo.environment import Demo
from tui.domain.actions import ActionOptions
from tui.domain.events import ScheduledEvent
from tui.domain.facts import Facts
from tui.domain.instance import Instance, InstanceState, Target
from tui.domain.plan import Draft, GuardKind, draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.operations import recovery
from tui.operations.journal import LEASE, Journal
from tui.operations.model import DARK_PATIENCE, OperationState
from tui.paths import default_journal_path

REGION, ACCOUNT, PROFILE = "ap-northeast-2", "111122223333", "prod"
NAMES = {"standby": "web-7", "drain": "payments-db-2"}
"""Who it is about: a member of a group, a load balancer's target, or else ledger-2, which is neither."""
HUNG = 120.0
"""Real seconds after which a process that should have ended counts as hung."""
Service = Literal["ec2", "autoscaling", "elbv2", "cloudwatch"]


class Stage:
    """An embedded AWS, and a folder for the journal: as at the start for each trial."""

    def __init__(self, demo: Demo, redis: Redis | None = None) -> None:
        self.demo = demo
        shm = Path("/dev/shm")
        self.folder = Path(
            tempfile.mkdtemp(prefix="evac-chaos-", dir=shm if os.access(shm, os.W_OK) else None)
        )
        self._disk: SmallDisk | None = SmallDisk(self.folder / "evac", "3m")
        try:
            self._disk.__enter__()
        except NotMounted:
            self._disk = None
        self._redis = redis
        os.environ.clear()
        os.environ.update(self.demo.apply({"PATH": os.defpath, "HOME": str(self.folder)}))
        os.environ["XDG_STATE_HOME"] = str(self.folder)
        ctypes.CDLL(None).prctl(
            36, 1, 0, 0, 0
        )  # PR_SET_CHILD_SUBREAPER: a dead console's runner becomes our child
        self.client = self.client_of()
        self._suffers: Trial | None = None
        self.name = "ledger-2"
        self.ids = {name: self._find(name) for name in {self.name, *NAMES.values()}}
        self.alarms = AlarmsOf(self.client_of("cloudwatch"), REGION, self.instance_id)
        self.clock = mortal.Clock(self.demo.url)
        mortal.warm()
        gc.collect()
        gc.freeze()  # or each process that is forked looks through it, and makes it its own

    @property
    def plights(self) -> tuple[str, ...]:
        """Those that can be had here: to mount a disk takes rights, and a Redis has to be installed."""
        lacks = {"full disk": self._disk is None, "emptied Redis": self._redis is None}
        return tuple(one for one in PLIGHTS if not lacks.get(one))

    def close(self) -> None:
        if self._disk is not None:
            self._disk.__exit__(None, None, None)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def instance_id(self) -> str:
        return self.ids[self.name]

    def client_of(self, service: Service = "ec2") -> Any:
        import boto3

        return boto3.client(
            service, region_name=REGION, endpoint_url=self.demo.url,
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
        self.name = NAMES.get(trial.kind, "ledger-2")
        (self.folder / "evac").mkdir(mode=0o700, exist_ok=True)
        for one in (self.folder / "evac").iterdir():
            shutil.rmtree(one) if one.is_dir() else one.unlink()
        show(self.keys)
        if trial.plight == "emptied Redis" and self._redis is not None:
            self._redis.grown()
        self._suffers = trial
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
            event = {"instance": self.name, "code": "instance-reboot", "in": 3 * 86400, "deadline": 6 * 86400}
            self.demo.control("events", event)
            options = ActionOptions(not_before=self.clock.now() + timedelta(days=4))
        instance, facts = self._instance(), None
        action = "stop-start" if trial.kind in ("image-first", *NAMES) else trial.kind
        if trial.kind in NAMES:
            instance, facts = self.closely()
        elif trial.kind in ALARMS:
            action, options = self.alarms.begin(trial.kind)
            instance, facts = self.closely()
        plan = draft(action, instance, facts, options, Policy(), self.clock.now())
        assert plan.guard.kind is not GuardKind.BLOCKED, plan.guard
        self.served = self.service()
        self.demo.control("calls", method="DELETE")
        self.demo.control("settings", {"lag": trial.lag, "limits": True, "strict": True})
        self.demo.control("faults", trial.faults)
        return plan

    def closely(self) -> tuple[Instance, Facts]:
        """As a console looks before it plans."""
        with ThreadPoolExecutor(4) as askers:
            row, facts = inspect.closely(mortal.logins(), Target(PROFILE, REGION), self.instance_id, askers)
        assert row is not None
        assert facts is not None
        return row, facts

    def service(self) -> tuple[list[str], int, list[str]]:
        """Its state in its group, that group's desired capacity, and its health in each target group."""
        scaling, balancing = self.client_of("autoscaling"), self.client_of("elbv2")
        rows = scaling.describe_auto_scaling_instances(InstanceIds=[self.instance_id])["AutoScalingInstances"]
        names = [one["AutoScalingGroupName"] for one in rows]
        groups = (
            scaling.describe_auto_scaling_groups(AutoScalingGroupNames=names)["AutoScalingGroups"]
            if names
            else []
        )
        health = [
            one["TargetHealth"]["State"]
            for group in balancing.describe_target_groups()["TargetGroups"]
            for one in balancing.describe_target_health(TargetGroupArn=group["TargetGroupArn"])[
                "TargetHealthDescriptions"
            ]
            if one["Target"]["Id"] == self.instance_id
        ]
        return [one["LifecycleState"] for one in rows], sum(one["DesiredCapacity"] for one in groups), health

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
            Target(PROFILE, REGION), clean(self.instance_id), account_id=clean(ACCOUNT), name=clean(self.name),
            state=InstanceState(doc["State"]["Name"]), root_device=clean("ebs"), events=events,
            launched_at=datetime.fromisoformat(doc["LaunchTime"]),
        )  # fmt: skip

    # processes

    @property
    def log(self) -> Path:
        """On the same disk as the journal, as in the program."""
        return self.folder / "evac" / "runner.log"

    @property
    def keys(self) -> Path:
        return Path(os.environ["AWS_SHARED_CREDENTIALS_FILE"])

    def _plight(self, resumed: bool) -> mortal.Plight | None:
        """What comes over a runner in this trial, made in its own process."""
        trial = self._suffers
        if trial is not None and trial.plight == "full disk":
            return FullDisk(self.folder / "evac", tuple(trial.full_at), trial.full_for)
        if trial is not None and trial.plight == "login" and resumed:
            return Login(self.keys)
        if trial is not None and trial.plight == "emptied Redis" and self._redis is not None:
            return Forgets(self._redis, tuple(trial.full_at))
        return None

    def fork_runner(self, operation: str, death: int | str | None, *, resumed: bool = False) -> int:
        """A runner in its own session; its process id."""
        pid = os.fork()
        if pid:
            return pid
        code = 70
        with contextlib.suppress(BaseException):
            os.setsid()
            log = os.open(self.log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
            os.dup2(log, 1)
            os.dup2(log, 2)
            plight = self._plight(resumed)
            if isinstance(plight, Forgets) and self._redis is not None:
                os.environ["EVAC_SETTINGS"] = encode_settings(Settings(lock=self._redis.lock)).decode()
            suffers = self._suffers.plight if self._suffers is not None else ""
            code = mortal.run(operation, self.demo.url, death, self.folder / "boundaries", suffers, plight)
        os._exit(code)

    def fork_console(self, plan: Draft, trial: Trial) -> None:
        """What plans, starts the runner, waits for AWS's answer and confirms; it may die anywhere in between."""
        if os.fork():
            return
        with contextlib.suppress(BaseException):
            death = mortal.Death("console", trial.console_death, self.folder / "boundaries")
            mortal.watch_journal(death)
            journal = Journal(default_journal_path(os.environ))
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

    @contextlib.contextmanager
    def awaited(self, result: Result) -> Iterator[None]:
        """What is forked in this block holds a pipe open, and so do its children: when it closes, all of them are dead."""
        ours, theirs = os.pipe()
        yield
        os.close(theirs)
        ended, _, _ = select.select([ours], [], [], HUNG)
        os.close(ours)
        if not ended:
            result.wrong.append("a process hung")
            return
        with contextlib.suppress(
            ChildProcessError
        ):  # one that is dying still looks alive: wait until each is gone
            while os.waitpid(-1, 0)[0]:
                pass

    # a trial

    def run(self, trial: Trial) -> Result:
        """From the plan to the verdict."""
        result = Result(trial)
        plan = self.begin(trial)
        with self.awaited(result):
            self.fork_console(plan, trial)
        self.go_on(trial, result)
        record = self.folder / "boundaries"
        lines = record.read_text().splitlines() if record.exists() else []
        result.died = [line.removeprefix("DIED ") for line in lines if line.startswith("DIED ")]
        result.boundaries = [line for line in lines if not line.startswith("DIED ")]
        journal = Journal(default_journal_path(os.environ))
        try:
            judge(self, plan, journal.list(), result)
        finally:
            journal.close()
        if result.wrong:
            result.note += "\n" + (self.log.read_text()[-3000:] if self.log.exists() else "")
        return result

    def go_on(self, trial: Trial, result: Result) -> None:
        """What the next console does: find what was cut off, and start a runner, until nothing is."""
        deaths = trial.runner_deaths[1:]

        def fork(operation: str, *_: object) -> int:
            return self.fork_runner(operation, deaths.pop(0) if deaths else None, resumed=True)

        # The one thing here that is not as in the program: its runner is forked, and mortal.
        recovery.start = fork  # type: ignore[attr-defined,assignment] # in the place where resume looks it up
        for _ in range(len(deaths) + 6):
            self.clock.advance(0)
            now = self.clock.now()
            free(self.folder / "evac")  # a person has made room, and logged in
            show(self.keys)
            journal = Journal(default_journal_path(os.environ))
            try:
                late = now + 2 * DARK_PATIENCE if not journal.unfinished() else now
                cut = recovery.cut_off(journal, late)
                waits = OperationState.NEEDS_ATTENTION  # for a person, whether or not its runner let go
                if not cut and not any(
                    one.lease_until and one.state is not waits for one in journal.unfinished()
                ):
                    return
                if not cut:  # the runner died before it had its lease: for so long it counts as just starting
                    self.clock.advance(LEASE.total_seconds() + 5)
                with self.awaited(result):
                    for one in cut:
                        why = recovery.resume(journal, one, Settings(), os.environ, now)
                        if why:
                            result.wrong.append(f"not resumed: {why}")
            finally:
                journal.close()
        result.wrong.append("still cut off after all its runners")
