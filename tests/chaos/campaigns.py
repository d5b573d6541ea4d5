"""Campaigns, whose console, conductors and runners are killed at many points: nothing is left down, nothing is done twice.

`python -P tests/chaos/campaigns.py --kills 500 --seed 1`. A trial: a group of three to seven members, a campaign over all of
them; who plans and confirms may die, so may each conductor and each runner; somebody pauses it in the middle, and resumes it.
What was killed is taken up as the next console does. The embedded AWS counts how many serve after everything that happens.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import select
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.chaos import groups
from tests.chaos import killable_runner as mortal
from tests.chaos.backups import alive
from tests.chaos.trial_processes import ACCOUNT, PROFILE, REGION
from tui.aws import sessions
from tui.config.schema import Settings
from tui.demo.environment import start
from tui.domain.actions import ActionOptions
from tui.domain.campaign.model import CampaignRules, CampaignState, Member, MemberState
from tui.domain.hazards import HAZARD_CODES
from tui.domain.sanitize import clean
from tui.domain.this_machine import Here
from tui.operations import audit_log, recovery, status
from tui.operations.aws_gateway import FreshLooks
from tui.operations.campaign_context import Context
from tui.operations.campaign_journal import CampaignJournal, candidates
from tui.operations.conductor import Conductor
from tui.operations.journal import LEASE, Journal
from tui.operations.model import OperationState
from tui.paths import default_journal_path

WITHIN = 240.0
"""Real seconds for a trial."""
LAST = 400
"""Boundaries of a conductor among which it dies by number."""


@dataclass
class Trial:
    """`conductors`, `runners`: where the first, second, … of them dies (a boundary's number), None: not. `pause_at`: after so
    many members were begun; 0: never. `review`: its plan is looked at by a conductor first."""

    kind: str
    members: int
    needed: int
    at_once: int
    conductors: list[int | None] = field(default_factory=list)
    runners: list[int | None] = field(default_factory=list)
    console: int | None = None
    pause_at: int = 0
    review: bool = False


@dataclass
class Result:
    """What came of it. `after_pause`: operations that were made while it was paused."""

    trial: Trial
    died: list[str] = field(default_factory=list)
    boundaries: int = 0
    stops: int = 0
    down: int = 0
    twice: int = 0
    out: int = 0
    low: int = 0
    paused: int = 0
    after_pause: int = 0
    most_at_once: int = 0
    done: int = 0
    wrong: list[str] = field(default_factory=list)


class Campaigns(groups.Groups):
    """A stage for one campaign after another."""

    def context(self, ident: str, name: str, clock: mortal.Clock) -> Context:
        """Of a conductor in this process, over the embedded AWS's time."""
        sessions.SharedLoader = lambda lean: mortal.LOADER  # type: ignore[attr-defined,assignment] # parsed once, before the fork

        def sleep(seconds: float) -> None:
            select.select([], [], [], 0.004)
            clock.advance(seconds)

        looks = FreshLooks(Settings(), sleep=lambda seconds: None)
        journal = Journal(default_journal_path(os.environ))
        return Context(
            CampaignJournal(journal), ident, name, lambda: self.settings, looks.look,
            lambda operation, *_: self.fork_mortal(operation), Here, os.environ, clock.now, sleep,
        )  # fmt: skip

    def _number(self, who: str) -> int:
        """How many of them were started before."""
        with (self.folder / f"{who}.started").open("a+") as file:
            file.seek(0)
            count = len(file.read())
            file.write(".")
        return count

    def fork_mortal(self, operation: str) -> int:
        """A runner, which dies where the trial says of the so-manieth."""
        number, deaths = self._number("runners"), self.trial.runners
        return self.fork_runner(operation, deaths[number] if number < len(deaths) else None)

    def fork_conductor(self, ident: str) -> int:
        """A conductor in its own session; its process id."""
        number, deaths = self._number("conductors"), self.trial.conductors
        death = deaths[number] if number < len(deaths) else None
        pid = os.fork()
        if pid:
            return pid
        with contextlib.suppress(BaseException):
            os.setsid()
            out = os.open(self.log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
            os.dup2(out, 2)
            try:
                self._be_conductor(ident, death)
            except BaseException:
                traceback.print_exc()
        os._exit(0)

    def _be_conductor(self, ident: str, chosen: int | None) -> None:
        death = mortal.Death("conductor", chosen, self.folder / "boundaries")
        for watch in (mortal.watch_journal, mortal.watch_audit, mortal.watch_requests):
            watch(death)
        recovery.start = lambda operation, *_: self.fork_mortal(operation)  # type: ignore[attr-defined] # where it is looked up
        clock = mortal.Clock(self.demo.url)
        name = f"{status.socket.gethostname()}:{os.getpid()}:trial"  # type: ignore[attr-defined] # as it names itself
        context = self.context(ident, name, clock)
        launch = context.launch

        def launched(operation: str, profile: str, settings: Settings) -> int:
            death.at("before", "launch")
            pid = launch(operation, profile, settings)
            death.at("after", "launch")
            return pid

        context.launch = launched
        Conductor(context).run()

    # a trial

    def try_campaign(self, trial: Trial) -> Result:
        """From the plan to the verdict."""
        self.trial, result = trial, Result(trial)
        for old in self.folder.glob("*.started"):
            old.unlink()
        ids = self.begin_groups(groups.Trial(trial.kind, trial.members, trial.needed, [], []))
        before = self.all_served(ids)
        self.demo.control("calls", method="DELETE")
        # As in the program, but forked; and who lives is known by number alone: in a trial five minutes pass in a moment, so
        # that a process that is merely slow would count as hung, be replaced between intent and call, and send it later.
        status.HUNG = timedelta(days=1)
        recovery.start = lambda operation, *_: self.fork_mortal(operation)  # type: ignore[attr-defined] # where it is looked up
        recovery.start_conductor = lambda ident, *_: self.fork_conductor(ident)  # type: ignore[attr-defined] # as above
        recovery.lives = status.lives = alive  # type: ignore[attr-defined] # as above
        journal = Journal(default_journal_path(os.environ))
        campaigns = CampaignJournal(journal)
        try:
            ident = self._ordered(campaigns, ids, result)
            self._drive(campaigns, ident, result)
            self._look_at_it(campaigns, ident, ids, before, result)
        finally:
            self._bury(kill=True)
            journal.close()
        record = self.folder / "boundaries"
        lines = record.read_text().splitlines() if record.exists() else []
        result.died = [line.removeprefix("DIED ") for line in lines if line.startswith("DIED ")]
        result.boundaries = len(lines) - len(result.died)
        if result.wrong and self.log.exists():
            result.wrong.append(self.log.read_text()[-3000:])
        return result

    def _ordered(self, campaigns: CampaignJournal, ids: Sequence[str], result: Result) -> str:
        """A console plans and confirms; where it died on the way the next one does the rest."""
        trial = self.trial
        members = [
            Member(at, PROFILE, REGION, clean(ACCOUNT), clean(one), clean(one)) for at, one in enumerate(ids)
        ]
        rules = CampaignRules(at_once=trial.at_once, max_failures=2, per_group=trial.at_once)
        pid = os.fork()
        if not pid:
            with contextlib.suppress(BaseException):
                mortal.watch_journal(mortal.Death("console", trial.console, self.folder / "boundaries"))
                mine = CampaignJournal(Journal(default_journal_path(os.environ)))
                self._confirm(mine, self._create(mine, rules, members))
            os._exit(0)
        os.waitpid(pid, 0)
        ident = self._create(campaigns, rules, members)
        if trial.review:
            self._review(campaigns, ident, result)
        self._confirm(campaigns, ident)
        return ident

    def _create(self, campaigns: CampaignJournal, rules: CampaignRules, members: Sequence[Member]) -> str:
        known = campaigns.list()
        if known:
            return known[0].id
        return campaigns.create("stop-start", ActionOptions(), rules, members, self.clock.now())

    def _confirm(self, campaigns: CampaignJournal, ident: str) -> None:
        found = campaigns.get(ident)
        if found is None or found.state is not CampaignState.PLANNED:
            return
        if not self.trial.review or found.members[0].looked_at is not None:
            count, now = len(candidates(found)), self.clock.now()
            campaigns.confirm(ident, count, HAZARD_CODES, now, lambda one: "")

    def _review(self, campaigns: CampaignJournal, ident: str, result: Result) -> None:
        until = time.monotonic() + WITHIN / 3
        while time.monotonic() < until:
            self.clock.advance(0)
            found = campaigns.get(ident)
            assert found is not None
            if found.state is not CampaignState.PLANNED:
                return
            self._bury()
            if all(one.looked_at for one in found.members) and not status.conductor_of(
                found, self.clock.now()
            ):
                return
            if recovery.conduct(campaigns, found, self.fork_conductor, self.clock.now()):
                continue
            time.sleep(0.02)
        result.wrong.append("the plan was never reviewed")

    def _drive(self, campaigns: CampaignJournal, ident: str, result: Result) -> None:
        """What consoles and persons do until all is over."""
        until, paused_at, idle = time.monotonic() + WITHIN, None, 0
        while time.monotonic() < until:
            self._bury()
            self.clock.advance(0)
            now = self.clock.now()
            found = campaigns.get(ident)
            assert found is not None
            going = found.of(MemberState.GOING)
            begun = sum(bool(one.operation) for one in found.members)
            result.most_at_once = max(result.most_at_once, len(going))
            if self.trial.pause_at and begun >= self.trial.pause_at and not result.paused:
                if campaigns.pause(ident, "by kim"):
                    result.paused, paused_at = 1, self._made(campaigns, ident)
            elif found.state is CampaignState.PAUSED and not going:
                if paused_at is not None:
                    self.clock.advance(5)
                    result.after_pause += self._made(campaigns, ident) - paused_at
                    paused_at = None
                campaigns.resume(ident)
            if found.state is CampaignState.ENDED and not going and not campaigns.journal.unfinished():
                return
            for one in recovery.cut_off(campaigns.journal, now):
                recovery.resume(campaigns.journal, one, self.settings, os.environ, now)
            for one in campaigns.journal.unfinished():
                if one.state is OperationState.NEEDS_ATTENTION:
                    recovery.give_up(campaigns.journal, one, self.settings, os.environ, now)
            for left in recovery.cut_off_campaigns(campaigns, now):
                recovery.conduct(campaigns, left, self.fork_conductor, now)
            idle = 0 if self._alive() else idle + 1
            if idle > 3:  # whoever was started is dead, and counts as just starting for so long
                self.clock.advance(LEASE.total_seconds() + 5)
                idle = 0
            time.sleep(0.02)
        result.wrong.append(f"not over: {campaigns.get(ident)}"[:3000])

    @staticmethod
    def _made(campaigns: CampaignJournal, ident: str) -> int:
        return sum(one.campaign == ident for one in campaigns.journal.list(1000))

    def _bury(self, *, kill: bool = False) -> None:
        if kill:
            for pid in self._children():
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass

    @staticmethod
    def _children() -> list[int]:
        """Of this process, and theirs: a runner is its conductor's child for as long as that lives."""
        todo, found = [os.getpid()], list[int]()
        while todo:
            with contextlib.suppress(OSError):
                more = [
                    int(one) for one in Path(f"/proc/{todo[-1]}/task/{todo[-1]}/children").read_text().split()
                ]
                todo = more + todo[:-1]
                found += more
                continue
            todo.pop()
        return found

    def _alive(self) -> bool:
        return any(alive(one, "") for one in self._children())

    def _look_at_it(
        self,
        campaigns: CampaignJournal,
        ident: str,
        ids: Sequence[str],
        before: dict[str, Any],
        result: Result,
    ) -> None:
        self.clock.advance(600)
        wrong, found = result.wrong, campaigns.get(ident)
        assert found is not None
        calls = [
            one for one in self.demo.control("calls")
            if not one["dry_run"] and one["effect"] and one["operation"] == "StopInstances"
        ]  # fmt: skip
        result.stops = len(calls)
        operations = [one for one in campaigns.journal.list(1000) if one.confirmed_at is not None]
        sent = Counter(one.instance_id for one in operations if one.sent)
        result.twice = sum(max(0, count - 1) for count in sent.values()) + max(0, len(calls) - len(sent))
        if result.twice:
            wrong += [
                f"{one.id} {one.instance_id} {one.state} {sorted(one.sent)} {one.note}" for one in operations
            ]
            wrong += [f"{one['operation']} {one['result']} {one['user_agent'][-60:]}" for one in calls]
            stops = [
                call for one in operations for row in one.steps for call in row.calls if row.name == "stop"
            ]
            wrong += [f"{one.intent_at} {one.outcome_at} {one.ok} {one.code}" for one in stops]
        result.done = len(found.of(MemberState.DONE))
        after = self.all_served(ids)
        for one in ids:
            if after[one][0] != "running":
                result.down += 1
                wrong.append(f"{one} is {after[one][0]}")
            elif after[one] != before[one]:
                result.out += 1
                wrong.append(f"{one} in service before: {before[one]}, and after: {after[one]}")
        result.low = sum(one["low"] for one in self.demo.control("watch"))
        wrong += [
            f"{one.name} {one.state}: {one.why}" for one in found.members if one.state is not MemberState.DONE
        ]
        for name in ("twice", "low", "after_pause"):
            if getattr(result, name):
                wrong.append(name)
        if audit_log.check(audit_log.path_beside(default_journal_path(os.environ))).broken_at:
            wrong.append("the audit log is broken")


def at_random(chance: random.Random) -> Trial:
    """Several deaths of everybody."""
    members = chance.randint(3, 7)
    return Trial(
        chance.choice(groups.KINDS),
        members,
        chance.randint(1, members - 2),
        chance.choice([1, 3, 5]),
        [
            chance.choice([chance.randint(1, 60), chance.randint(1, LAST)])
            for _ in range(chance.randint(1, 4))
        ],
        [chance.choice([None, chance.randint(1, 120)]) for _ in range(members)],
        chance.choice([None, None, 1, 2, 3, 4]),
        chance.choice([0, 0, 1, 2, 3]),
        chance.random() < 0.25,
    )


ONCE = (
    Trial("targets", 3, 1, 3, [25, 70], [None, 40], 2, 2),
    Trial("scaling", 3, 1, 2, [None], [90], None, 0, review=True),
)
"""The two of the short version."""


def main() -> int:
    """Run it, count, print; 1 if anything was wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--once", action="store_true", help="two trials; nothing else")
    parser.add_argument(
        "--trial", help="this one again and again: as JSON, as it was told of one that went wrong"
    )
    args = parser.parse_args()
    demo = start("--speed", "5")
    pid = os.fork()
    if pid:  # the embedded AWS is not a child of who waits for its children
        try:
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        finally:
            demo.stop()
    code, stage, results = 1, None, list[Result]()
    try:
        stage = Campaigns(demo)
        chance = random.Random(args.seed)
        while len(results) < len(ONCE) if args.once else sum(len(one.died) for one in results) < args.kills:
            trial = ONCE[len(results)] if args.once else at_random(chance)
            if args.trial:
                trial = Trial(**json.loads(args.trial))
            results.append(stage.try_campaign(trial))
            if results[-1].wrong:
                print(json.dumps(asdict(results[-1]), indent=1), file=sys.stderr, flush=True)
            if len(results) % 10 == 0:
                kills = sum(len(one.died) for one in results)
                print(f"{len(results)} campaigns, {kills} kills", file=sys.stderr, flush=True)
        code = 1 if any(one.wrong for one in results) else 0
    except BaseException:
        traceback.print_exc()
    finally:
        report(results)
        if stage is not None:
            stage.close()
        sys.stdout.flush()
        os._exit(code)


def report(results: Sequence[Result]) -> None:
    """The counts as a Markdown table, which the test and docs/reliability.md read."""
    died = [name for one in results for name in one.died]
    rows = [
        ("campaigns", len(results)),
        ("members", sum(one.trial.members for one in results)),
        ("members done", sum(one.done for one in results)),
        ("most at once", max((one.most_at_once for one in results), default=0)),
        ("consoles killed", sum(one.startswith("console") for one in died)),
        ("conductors killed", sum(one.startswith("conductor") for one in died)),
        ("runners killed", sum(one.startswith("runner") for one in died)),
        ("different boundaries at which one was killed", len(set(died))),
        ("campaigns that were paused", sum(one.paused for one in results)),
        ("members begun while paused", sum(one.after_pause for one in results)),
        ("members done twice", sum(one.twice for one in results)),
        ("instances left stopped", sum(one.down for one in results)),
        ("instances not in service as before", sum(one.out for one in results)),
        ("counts below what is needed", sum(one.low for one in results)),
        ("campaigns with anything wrong", sum(bool(one.wrong) for one in results)),
    ]
    print("| counted | |\n|---|---|")
    for name, count in rows:
        print(f"| {name} | {count} |")


if __name__ == "__main__":
    sys.exit(main())
