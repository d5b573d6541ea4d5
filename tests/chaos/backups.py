"""Two timers on two machines, night after night, killed with their runners at every boundary: one copy each, each night.

`python -P tests/chaos/backups.py --nights 30 --seed 1`. A night: the clock moves to about two o'clock, on each machine a timer
begins at the same moment, some of them and of their runners die at chosen boundaries; what was killed is started again, as
systemd does. In the morning each instance has exactly one AMI more. The embedded AWS is the only thing the machines share.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import select
import shutil
import sys
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from tests.chaos import killable_runner as mortal
from tests.chaos.trial_conditions import Redis
from tests.chaos.trial_processes import PROFILE, REGION, Stage
from tui.aws import images, inspect, sessions
from tui.config.schema import Settings, encode_settings
from tui.demo.environment import start
from tui.domain import backup
from tui.domain.actions import ActionOptions
from tui.domain.backup import Copying
from tui.domain.facts import Facts
from tui.domain.instance import Instance, Target
from tui.domain.plan import Draft, draft
from tui.domain.policy import Policy
from tui.operations import recovery, status
from tui.operations.backup_plan import Copied, Planner, Rules
from tui.operations.backup_run import BackupRun
from tui.operations.journal import LEASE, Journal
from tui.operations.service import OperationsService
from tui.paths import default_journal_path

NAMES = ("ledger-1", "search-1", "search-2", "ledger-2")
"""Two of them serve in one classic load balancer."""
GROUP = ("search-1", "search-2")
MACHINES = ("one", "two")
DAY = timedelta(days=1)
SPEED = 5.0
WITHIN = 600.0
"""Real seconds for the processes of a night: who waits ten minutes for a dead one's question does so in small steps."""
FEW = 20
"""Boundaries that are left: then each runner of a machine dies at the same one."""
AGAIN = 4
"""How often what was killed is started again in one night."""


@dataclass
class Month:
    """The counts of all nights: copies made, missed, made twice, and who was killed."""

    nights: int = 0
    copies: int = 0
    missed: int = 0
    double: int = 0
    refused: int = 0
    reboots: int = 0
    overlaps: int = 0
    open: int = 0
    met: set[str] = field(default_factory=set)
    died: list[str] = field(default_factory=list)
    endings: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def alive(process: int, operation: str) -> bool:
    """Whether that process still runs: it is a fork of this one, so that its command line says nothing."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


class Nights(Stage):
    """The machines and their AWS."""

    def begin_month(self, nights: int, lag: float) -> datetime:
        """As at the start, so long ago that the last night is no later than now; when it begins."""
        first = datetime.now(UTC).replace(hour=2, minute=0, second=0) - (nights + 1) * DAY
        for machine in MACHINES:
            shutil.rmtree(self.folder / machine, ignore_errors=True)
            (self.folder / machine / "evac").mkdir(parents=True, mode=0o700)
        self.demo.control("reset", method="POST")
        self.demo.control("settings", {"lag": 0, "limits": False, "strict": False})
        self.demo.control("clock", {"speed": SPEED, "now": first.isoformat()})
        self.demo.control("calls", method="DELETE")
        self.demo.control("settings", {"lag": lag})
        self.members = {self._find(name): name for name in NAMES}
        self.clock.advance(0)
        return first

    @property
    def rules(self) -> Settings:
        """Of both machines: with a lock service, where there is one."""
        return Settings() if self._redis is None else Settings(lock=self._redis.lock)

    @property
    def log(self) -> Path:
        return Path(os.environ["XDG_STATE_HOME"]) / "evac" / "runner.log"

    def at_night(self, machine: str) -> None:
        """This process is that machine's from now on."""
        os.environ["XDG_STATE_HOME"] = str(self.folder / machine)

    def fork_timer(self, machine: str, death: str | None, runners: Sequence[str]) -> None:
        """`evac backup` of that machine, which dies at that boundary, and each of its runners at one of these, in turn."""
        if os.fork():
            return
        with contextlib.suppress(BaseException):
            os.setsid()
            self.at_night(machine)
            os.environ["EVAC_SETTINGS"] = encode_settings(self.rules).decode()
            out = os.open(self.log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
            os.dup2(out, 2)
            try:
                self._be_timer(machine, death, list(runners))
            except BaseException:
                traceback.print_exc()
        os._exit(0)

    def _be_timer(self, machine: str, death: str | None, deaths: list[str]) -> None:
        clock = mortal.Clock(self.demo.url)
        mortal.watch_journal(mortal.Death("timer", death, self.folder / "boundaries"))
        sessions.SharedLoader = lambda lean: mortal.LOADER  # type: ignore[attr-defined,assignment] # parsed once, before the fork
        aws = sessions.Sessions(Settings())

        def launch(operation: str, *_: object) -> int:
            return self.fork_runner(operation, deaths.pop(0) if deaths else None)

        # As in the program, but its runners are forked, and mortal; who lives is known by number alone.
        recovery.start = launch  # type: ignore[attr-defined,assignment] # where it looks them up
        recovery.lives = status.lives = alive  # type: ignore[attr-defined] # as above
        journal = Journal(default_journal_path(os.environ))

        def look(row: Instance) -> tuple[Instance | None, Facts | None, str]:
            with ThreadPoolExecutor(4) as askers:
                found, facts = inspect.closely(aws, row.target, str(row.instance_id), askers)
            return found, facts, "gone"

        def plan(row: Instance, facts: Facts | None, options: ActionOptions) -> Draft:
            return draft("image", row, facts, options, Policy(), clock.now())

        def sleep(seconds: float) -> None:
            select.select([], [], [], 0.004)
            clock.advance(seconds * 2)

        def tell(one: Copied) -> None:
            with (self.folder / "told").open("a") as file:
                file.write(f"{machine} {one.ending} {one.row.instance_id} {one.why} {one.operation}\n")

        rules = Rules(DAY, at_once=2, expires=30 * DAY, deprecate=90 * DAY)
        operations = OperationsService(journal, self.rules, os.environ, launch, clock.now)
        planner = Planner(rules, plan, clock.now)
        rows = self._due(aws, clock.now())
        BackupRun(operations, journal, look, planner, clock.now, sleep, tell).run(rows)

    def _due(self, aws: sessions.Sessions, now: datetime) -> list[Instance]:
        client, target = aws.client(PROFILE, "ec2", REGION), Target(PROFILE, REGION)
        newest, found = images.newest(client), []
        for ident in self.members:
            row = inspect.describe_instance(client, target, ident, now)
            assert row is not None
            row = replace(row, images_at=now, newest_image=newest.get(ident))
            need = backup.listed(row, now, DAY)
            if need.copying is Copying.DUE:
                found.append((row, need))
        return [row for row, _ in backup.neediest_first(found)]

    @contextlib.contextmanager
    def all_ended(self, month: Month) -> Iterator[None]:
        """As `awaited`: until every process that was forked in this block is gone."""
        ours, theirs = os.pipe()
        os.set_inheritable(theirs, True)
        yield
        os.close(theirs)
        ended, _, _ = select.select([ours], [], [], WITHIN)
        os.close(ours)
        if not ended:
            month.wrong.append("a process hung")
            return
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, 0)[0]:
                pass

    def night(self, month: Month, *tries: dict[str, tuple[str | None, list[str]]]) -> None:
        """One night on these machines, with its deaths: a timer's, and its runners'; and those of when it is begun again."""
        began = self.clock.now()
        record = self.folder / "boundaries"
        for again in range(AGAIN):
            record.unlink(missing_ok=True)
            with self.all_ended(month):
                deaths = tries[again] if again < len(tries) else dict.fromkeys(tries[0], (None, []))
                for machine, (timer, runners) in deaths.items():
                    self.fork_timer(machine, timer, runners)
            lines = record.read_text().splitlines() if record.exists() else []
            died = [line.removeprefix("DIED ") for line in lines if line.startswith("DIED ")]
            month.died += died
            month.met |= {line for line in lines if not line.startswith("DIED ")}
            if not died:
                break
            self.clock.advance(LEASE.total_seconds() + 5)
        self.clock.advance(60)
        before = len(month.wrong)
        self._judge(month, began)
        for line in month.wrong[before:]:
            print(f"{line}\n{tries}"[:4000], file=sys.stderr, flush=True)

    def _judge(self, month: Month, began: datetime) -> None:
        """After each night: whether every instance has its one new AMI, and nothing was rebooted or left open."""
        month.nights += 1
        self.clock.advance(0)
        since = began - timedelta(seconds=1)
        made: dict[str, list[datetime]] = {ident: [] for ident in self.members}
        for one in self.client.describe_images(Owners=["self"])["Images"]:
            at = datetime.fromisoformat(one["CreationDate"].replace("Z", "+00:00"))
            ident = one.get("SourceInstanceId", "")
            if ident in made and at >= since:
                made[ident].append(at)
                self._right(month, one)
        for ident, found in made.items():
            month.copies += len(found)
            month.missed += not found
            month.double += max(0, len(found) - 1)
            if len(found) != 1:
                month.wrong.append(
                    f"night {month.nights}: {len(found)} copies of {self.members[ident]}\n{self.told()}"
                )
        pair = [made[ident][0] for ident, name in self.members.items() if name in GROUP and made[ident]]
        month.overlaps += len(pair) == 2 and abs((pair[0] - pair[1]).total_seconds()) < 90 / SPEED - 1
        calls = self.demo.control("calls")
        self.demo.control("calls", method="DELETE")
        real = [one for one in calls if not one["dry_run"]]
        month.refused += sum(one["result"] == "InvalidAMIName.Duplicate" for one in real)
        month.reboots += sum(one["operation"] == "RebootInstances" for one in real)
        for machine in MACHINES:
            self.at_night(machine)
            journal = Journal(default_journal_path(os.environ))
            left = [one for one in journal.unfinished() if one.confirmed_at is not None]
            journal.close()
            month.open += len(left)
            month.wrong += [f"open: {one.id} {one.state} {one.note}" for one in left]

    def _right(self, month: Month, image: dict[str, Any]) -> None:
        tags = {one["Key"]: one["Value"] for one in image["Tags"]}
        right = (
            image["State"] == "available"
            and tags["evac:source"] == image["SourceInstanceId"]
            and "evac:expires" in tags
            and "DeprecationTime" in image
        )
        if not right:
            month.wrong.append(f"not as it should be: {image}")

    def told(self) -> str:
        """What both timers wrote to their output, for the report of a night that went wrong."""
        file = self.folder / "told"
        return file.read_text()[-1500:] if file.exists() else ""


def deaths_of(
    month: Month, machines: Sequence[str], chance: random.Random
) -> dict[str, tuple[str | None, list[str]]]:
    """Where a timer dies on each machine, and its runners; those boundaries first at which nobody has died yet."""
    left, deaths = month.met - set(month.died), {}
    pools = {}
    for who in ("timer/", "runner/"):
        known = sorted(one for one in month.met if one.startswith(who))
        pools[who] = [one for one in known if one in left] or known
    for machine in machines:
        timer = chance.choice(pools["timer/"]) if chance.random() < 0.4 else None
        dying = chance.choices(pools["runner/"], k=chance.choice([1, 2, 3]))
        if len(left) < FEW:  # those that only the next runner of a dead one comes to, say
            dying = [*chance.choices(sorted(month.met), k=chance.choice([0, 1])), *dying[:1] * 4]
        deaths[machine] = (timer, dying)
    return deaths


def over_a_month(stage: Nights, nights: int, chance: random.Random, lag: float) -> Month:
    """The first night nobody dies: its boundaries are those to die at, those first at which nobody has died yet."""
    month = Month()
    first = stage.begin_month(nights, lag)
    stage.night(month, dict.fromkeys(MACHINES, (None, [])))
    for number in range(1, nights):
        rings = first + number * DAY + timedelta(seconds=chance.uniform(-600, 600))
        stage.clock.advance((rings - stage.clock.now()).total_seconds())
        ringing = MACHINES if chance.random() < 0.6 else (chance.choice(MACHINES),)  # the other is off
        stage.night(month, *(deaths_of(month, ringing, chance) for _ in range(2)))
        if number % 5 == 0:
            progress = f"{month.nights} nights, {len(month.died)} deaths, {len(month.wrong)} wrong"
            print(progress, file=sys.stderr, flush=True)
    file = stage.folder / "told"
    month.endings.update(line.split()[1] for line in (file.read_text().splitlines() if file.exists() else []))
    return month


def main() -> int:
    """Run it, count, print; 1 if anything was wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lag", type=float, default=0.0)
    parser.add_argument("--redis", action="store_true", help="the machines share a lock service too")
    args = parser.parse_args()
    demo, redis = start("--speed", str(SPEED)), Redis() if args.redis else None
    pid = os.fork()
    if pid:  # the embedded AWS is not a child of who waits for its children
        try:
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        finally:
            demo.stop()
            if redis is not None:
                redis.close()
    code, stage = 1, None
    try:
        stage = Nights(demo, redis)
        month = over_a_month(stage, args.nights, random.Random(args.seed), args.lag)
        report(month)
        code = 1 if month.wrong else 0
    except BaseException:
        traceback.print_exc()
    finally:
        if stage is not None:
            stage.close()
        sys.stdout.flush()
        os._exit(code)


def report(month: Month) -> None:
    """The counts as a Markdown table, which the test and docs/reliability.md read."""
    rows = [
        ("nights", month.nights),
        ("copies made", month.copies),
        ("copies missed", month.missed),
        ("second copies", month.double),
        ("timers killed", sum(one.startswith("timer") for one in month.died)),
        ("runners killed", sum(one.startswith("runner") for one in month.died)),
        ("boundaries there are", len(month.met)),
        ("different boundaries at which one was killed", len(set(month.died))),
        ("copies that AWS refused since the other machine had made them", month.refused),
        ("reboots", month.reboots),
        ("two of a group at once", month.overlaps),
        ("operations left open", month.open),
        *((f"told {name}", count) for name, count in sorted(month.endings.items())),
        ("nights with anything wrong", len(month.wrong)),
    ]
    print("| counted | |\n|---|---|")
    for name, count in rows:
        print(f"| {name} | {count} |")
    print(f"nobody died at: {sorted(month.met - set(month.died))}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
