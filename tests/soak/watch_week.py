"""`evac watch` over an accelerated week: real frames of real targets, a scripted clock, and a script that knows what is true.

python -P -m tests.soak.watch_week DAYS SEED

Each target is the collector's own `AccountRegion`; what it sends is encoded, decoded and taken in as in the program, polled
twice a minute of the script. The script breaks instances and puts them right, has AWS stop some and announce events, replaces
some, takes a login, a Region or everything away, has operations cut off, and puts between all this what is no incident: a
person's stop, a check without data, an event that is called off, a short outage, a collector or a watch that is started anew
or killed while it tells.

What has to be told, and at which poll, follows from the script alone (`Expected`), never from what the watch was sent. It says
what was counted, and ends with 1 where an incident was missed, false, told twice, early or late, or where memory grew.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path

from msgspec.structs import replace

from tui.aws.mapping import Status
from tui.config.schema import Settings
from tui.domain.actions import ActionOptions
from tui.domain.events import ScheduledEvent
from tui.domain.incidents import DEFAULT_ALARMS, WELL_FOR, IncidentChange, IncidentState, read_alarm_rule
from tui.domain.instance import (
    Checks,
    CheckStatus,
    Instance,
    InstanceState,
    StatusCheck,
    Target,
    Trouble,
    TroubleKind,
)
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.sanitize import SafeText, clean
from tui.fleet import protocol
from tui.fleet.collector.account_region import AccountRegion
from tui.fleet.collector.schedule import Job
from tui.operations.journal import Journal
from tui.operations.needs import LOOKED_AFTER_WITHIN
from tui.paths import default_journal_path
from tui.watch.state_file import StateFile
from tui.watch.watcher import Watcher

START = datetime(2026, 11, 23, tzinfo=UTC)
POLL = timedelta(seconds=30)
INVENTORY_EVERY = 10
"""Polls."""
PROFILES, REGIONS, INSTANCES = ("prod", "stage", "dev"), ("eu-west-1", "us-east-1", "ap-northeast-2"), 6
ACCOUNTS = {name: clean(f"{at + 1}" * 12) for at, name in enumerate(PROFILES)}
RULES = tuple(map(read_alarm_rule, DEFAULT_ALARMS))
ROW_KINDS = ("failing", "stopped-by-aws", "due<1h")
UNREAD = "unread>10m"
OK, BAD, NO_DATA, STARTING, NONE = (
    StatusCheck(one)
    for one in (
        CheckStatus.OK, CheckStatus.IMPAIRED, CheckStatus.INSUFFICIENT_DATA, CheckStatus.INITIALIZING, CheckStatus.NOT_APPLICABLE,
    )
)  # fmt: skip
ALL_OK = Checks(OK, OK, OK)
BY_AWS, BY_PERSON = clean("Server.ScheduledStop"), clean("Client.UserInitiatedShutdown")
LOGIN = Trouble(
    TroubleKind.CREDENTIALS, clean("the login has expired"), clean("aws sso login"), of=clean("sso corp")
)
OUTAGE = Trouble(
    TroubleKind.NETWORK, clean("AWS failed at DescribeInstanceStatus (503)"), clean("evac tries again")
)
THINGS = (
    "fails", "fails", "flaps", "no data", "AWS stops it", "AWS stops it", "a person stops it", "event", "event off", "cut off",
    "replaced",
)  # fmt: skip
"""What befalls instances, some more often."""
GROWN = 24.0
"""MB more at the end than after a quarter."""

Key = tuple[str, str]
"""A cause: its kind, and of whom or what."""


class Truth(Enum):
    """What is so of a cause, as far as AWS lets it be known."""

    WELL = 0
    ILL = 1
    UNKNOWN = 2


@dataclass
class Expected:
    """One cause, followed through the script: whether it has begun, and since when it is known to be well."""

    begun: bool = False
    well_since: datetime | None = None

    def step(self, truth: Truth, now: datetime) -> str:
        """What has to be told now, if anything."""
        if truth is Truth.ILL:
            told, self.begun, self.well_since = "" if self.begun else "begun", True, None
            return told
        if truth is Truth.UNKNOWN or not self.begun:
            self.well_since = None
            return ""
        self.well_since = self.well_since or now
        if now - self.well_since < WELL_FOR:
            return ""
        self.begun, self.well_since = False, None
        return "over"


@dataclass
class Box:
    """An instance as AWS would tell of it."""

    place: Target
    ident: SafeText
    checks: Checks = ALL_OK
    state: InstanceState = InstanceState.RUNNING
    reason: SafeText = field(default_factory=lambda: clean(""))
    events: tuple[ScheduledEvent, ...] = ()

    def row(self, at: datetime) -> Instance:
        name, place = clean(f"name of {self.ident}"), Target("", self.place.region)
        return Instance(
            place, self.ident, name=name, state=self.state, reason_code=self.reason, inventory_at=at
        )

    def status(self) -> Status:
        return Status(self.ident, self.state, clean(""), self.checks, self.events)

    def truths(self, now: datetime) -> Iterator[tuple[str, Truth]]:
        """Of each kind, where its target is read."""
        unclear = self.checks.instance in (NO_DATA, STARTING)
        yield "failing", Truth.ILL if self.checks.impaired() else Truth.UNKNOWN if unclear else Truth.WELL
        yield "stopped-by-aws", Truth.ILL if self.reason == BY_AWS else Truth.WELL
        soon = any(one.not_before and one.not_before - now < timedelta(hours=1) for one in self.events)
        yield "due<1h", Truth.ILL if soon else Truth.WELL


class Killed(BaseException):
    """The watch is killed where it stands."""


class Week:
    """The world, its script, and the watch that looks at it."""

    def __init__(self, folder: Path, days: float, seed: int) -> None:
        self.random, self.now, self.polls = random.Random(seed), START, int(timedelta(days=days) / POLL)
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        self._journal = Journal(default_journal_path({"XDG_STATE_HOME": str(folder)}), standing=False)
        self._state_path = folder / "watch.json"
        self._boxes = {
            Target(profile, region): [Box(Target(profile, region), self._ident()) for _ in range(INSTANCES)]
            for profile in PROFILES
            for region in REGIONS
        }
        self._script: dict[int, list[tuple[str, Box | str | None]]] = {}
        self._away: tuple[Key, datetime] | None = None
        self._unread: dict[Target, Trouble] = {}
        self._operations: dict[str, tuple[str, datetime]] = {}
        self._gone: dict[str, Target] = {}
        self._expected: dict[Key, Expected] = {}
        self._told: Counter[tuple[str, str, str]] = Counter()
        self._lines: Counter[tuple[str, str]] = Counter()
        self._kill = ""
        self._begin_watch()
        self._write_script()

    def run(self) -> None:
        """Poll after poll, each compared with what had to be told at it."""
        memory = 0.0
        for poll in range(self.polls):
            self.now = START + poll * POLL
            for what, whom in self._script.pop(poll, ()):
                self.counts[what] += 1
                self._act(what, whom)
            self._read(poll)
            due = self._due()
            self._look()
            for key in (due - self._told) + (self._told - due):
                missing = key in due - self._told
                self.faults.append(
                    f"{self.now:%a %H:%M:%S} {'missed' if missing else 'false'}: {' '.join(key)}"
                )
            self.counts["begun"] += sum(number for key, number in self._told.items() if key[2] == "begun")
            self._told.clear()
            if poll == self.polls // 4:
                memory = megabytes()
        self._watcher.end()
        if megabytes() - memory > GROWN:
            self.faults.append(f"memory grew by {megabytes() - memory:.0f} MB")
        twice = {key: number for key, number in self._lines.items() if number > 1}
        self.counts["repeated after a kill"] = sum(number - 1 for number in twice.values())
        if self.counts["repeated after a kill"] > self.counts["killed after"]:
            self.faults.append(f"told twice: {twice}")

    # The script

    def _ident(self) -> SafeText:
        return clean(f"i-{self.random.randrange(16**17):017x}")

    def _write_script(self) -> None:
        """To each instance one thing after the other; beside it one outage after the other, and what befalls the watch."""
        minutes = int(self.polls * POLL / timedelta(minutes=1))
        for boxes in self._boxes.values():
            for box in boxes:
                at = self._between(1, 18 * 60)
                while at < minutes:
                    at += self._one_thing(box, at) + self._between(30, 20 * 60)
        at = self._between(30, 200)
        while at < minutes:
            what = self.random.choice(("login", "everywhere", "blink", *REGIONS))
            lasts = self._between(2, 8) if what == "blink" else self._between(14, 90)
            self._at(at, "away", what)
            if what == "everywhere":  # it comes region by region, and goes so
                self._at(at + 1, "all of it")
                for turn, region in enumerate(REGIONS[1:]):
                    self._at(at + lasts + 7 * turn, "back in", region)
                lasts += 7 * len(REGIONS)
            self._at(at + lasts, "back")
            at += lasts + self._between(20, 300)
        for at in range(self._between(20, 90), minutes, 73):
            self._at(at, self.random.choice(("collector", "restart", "kill before", "kill after")))

    def _between(self, least: int, most: int) -> int:
        return self.random.randint(least, most)

    def _at(self, minute: int, what: str, whom: Box | str | None = None) -> None:
        poll = int(timedelta(minutes=minute) / POLL) + self.random.choice((0, 1))
        self._script.setdefault(poll, []).append((what, whom))

    def _one_thing(self, box: Box, at: int) -> int:
        """Write down one thing for an instance; the minutes that it takes."""
        lasts = self._between(1, 240)
        kind = self.random.choice(THINGS)
        if kind == "flaps":
            for turn in range(8):
                self._at(at + 3 * turn, "well" if turn % 2 else "fails", box)
            return 40
        if kind == "replaced":
            self._at(at, "fails", box)
            self._at(at + lasts, "replaced", box)
            return lasts
        self._at(at, kind, box)
        lasts = {"event": 26 * 60, "event off": 20 * 60}.get(kind, lasts)
        if kind not in ("event", "event off", "cut off"):
            self._at(at + lasts, self.random.choice(("starting", "well")), box)
        self._at(at + lasts + 4, "well", box)
        return lasts + 10

    def _act(self, what: str, whom: Box | str | None) -> None:
        if isinstance(whom, Box):
            self._to_box(what, whom)
        elif what == "collector":
            self._begin_collector()
        elif what == "restart":
            self._watcher.end()
            self._begin_watch()
        elif what.startswith("kill"):
            self._kill = what.removeprefix("kill ")
        elif what == "back":
            self._away, self._unread = None, {}
        elif what == "all of it":
            self._unread = dict.fromkeys(self._boxes, OUTAGE)
        elif what == "back in":
            self._unread = {place: why for place, why in self._unread.items() if place.region != whom}
        elif whom is not None:
            self._take_away(whom)

    def _to_box(self, what: str, box: Box) -> None:
        box.state, box.reason, box.events = InstanceState.RUNNING, clean(""), ()
        box.checks = ALL_OK
        if what == "fails":
            box.checks = self.random.choice((Checks(BAD, OK, OK), Checks(OK, BAD, OK), Checks(BAD, BAD, OK)))
        elif what == "no data":
            box.checks = Checks(NO_DATA, NO_DATA, OK)
        elif what == "starting":
            box.checks = Checks(STARTING, STARTING, STARTING)
        elif "stops it" in what:
            box.state, box.checks = InstanceState.STOPPED, Checks(NONE, NONE, NONE)
            box.reason = BY_AWS if what.startswith("AWS") else BY_PERSON
        elif what.startswith("event"):
            start = self.now + timedelta(hours=25 if what == "event" else 22)
            ident = clean(f"instance-event-{self.random.randrange(10**9)}")
            box.events = (ScheduledEvent(clean("instance-retirement"), ident, not_before=start),)
        elif what == "replaced":
            self._gone[box.ident] = box.place
            box.ident = self._ident()
        if operation := self._operations.pop(box.ident, None):
            self._journal.abandon(operation[0], "by the operator", self.now)
        if what == "cut off":
            whole = replace(box.row(self.now), target=box.place, account_id=ACCOUNTS[box.place.profile])
            name = self._journal.create(
                draft("stop-start", whole, None, ActionOptions(), Policy(), self.now), self.now
            )
            self._journal.confirm(name, self.now)
            self._operations[box.ident] = name, self.now

    def _take_away(self, what: str) -> None:
        """A login, everything, or one Region; `blink`: everything, and not for long."""
        cause = f" {what}" if what in REGIONS else " "
        self._away = (UNREAD, cause), self.now
        for place in self._boxes:
            if what == "login":
                if place.profile != "prod":
                    self._unread[place] = LOGIN
            elif what in ("blink", place.region) or (what == "everywhere" and place.region == REGIONS[0]):
                self._unread[place] = OUTAGE

    # The world

    def _begin_collector(self) -> None:
        self._units = {
            place: AccountRegion(ACCOUNTS[place.profile], clean(""), place.region) for place in self._boxes
        }
        for place, unit in self._units.items():
            unit.join(place.profile, {name: at for at, name in enumerate(PROFILES)})

    def _read(self, poll: int) -> None:
        for place, unit in self._units.items():
            if (trouble := self._unread.get(place)) is not None:
                unit.record_failure(Job.STATUS, {place.profile: trouble})
            else:
                boxes = self._boxes[place]
                moved = unit.take_statuses([box.status() for box in boxes], self.now)
                if unit.inventory_at is None or poll % INVENTORY_EVERY == 0:
                    unit.take_inventory([box.row(self.now) for box in boxes], self.now)
                elif moved:
                    unit.take_described(moved, [box.row(self.now) for box in boxes if box.ident in moved])
                unit.record_success(Job.STATUS, place.profile, {}, live=True)
            for delta in protocol.split(unit.delta()):
                self._watcher.take(protocol.decode_frame(protocol.encode_frame(delta)[4:]))

    # The watch

    def _begin_watch(self) -> None:
        """With a collector of its own. Of the time before it nothing is known."""
        self._file = StateFile(self._state_path)
        journal = Journal(self._journal.path, standing=False)
        self._watcher = Watcher(
            Settings(), {}, RULES, self._file, journal, self._tell, self._say, lambda: self.now
        )
        self._begin_collector()
        self._watcher.begin()
        for one in self._expected.values():
            one.well_since = None

    def _look(self) -> None:
        try:
            self._watcher.look()
        except Killed:
            self.counts[f"killed {self._kill}"] += 1
            self._kill = ""
            self._file.close()  # as the end of a process does
            self._begin_watch()
            self._read(0)
            self._due()
            self._watcher.look()

    def _tell(self, change: IncidentChange) -> bool:
        if self._kill == "before":
            raise Killed
        line = change.incident, change.state.value
        self._lines[line] += 1
        if self._lines[line] == 1:
            where = change.instance_id or f"{change.account_id} {change.region}"
            self._told[change.kind, where, change.state.value] += 1
        if change.state is IncidentState.OVER and not self._lines[change.incident, "begun"]:
            self.faults.append(f"over, and never begun: {change}")
        if self._kill == "after":
            raise Killed
        return True

    def _say(self, text: str) -> None:
        self.faults.append(f"{self.now:%a %H:%M} said: {text}")

    # What has to be told

    def _due(self) -> Counter[tuple[str, str, str]]:
        found: Counter[tuple[str, str, str]] = Counter()
        for key, truth in self._truths():
            expected = self._expected.setdefault(key, Expected())
            if told := expected.step(truth, self.now):
                found[(*key, told)] += 1
        return found

    def _truths(self) -> Iterator[tuple[Key, Truth]]:
        for place, boxes in self._boxes.items():
            for box in boxes:
                for kind, truth in box.truths(self.now):
                    yield (kind, box.ident), Truth.UNKNOWN if place in self._unread else truth
                _, since = self._operations.get(box.ident, ("", self.now))
                in_need = self.now - since >= LOOKED_AFTER_WITHIN
                yield ("operation", box.ident), Truth.ILL if in_need else Truth.WELL
        for ident, place in self._gone.items():
            for kind in ROW_KINDS:
                yield (kind, ident), Truth.UNKNOWN if place in self._unread else Truth.WELL
        away, since = self._away or (None, self.now)
        if away is not None:
            yield away, Truth.ILL if self.now - since >= timedelta(minutes=10) else Truth.UNKNOWN
        for key in [key for key in self._expected if key[0] == UNREAD and key != away]:
            yield key, Truth.WELL


def megabytes() -> float:
    """Resident memory of this process."""
    return (
        int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
        if Path("/proc/self/statm").exists()
        else 0.0
    )


def watch_week(folder: Path, days: float, seed: int) -> Week:
    """The week of that seed, over."""
    week = Week(folder, days, seed)
    week.run()
    return week


def main() -> int:
    """Run it; the exit code."""
    days, seed = float(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="evac-week-") as folder:
        week = watch_week(Path(folder), days, seed)
    print(
        f"{days:g} days, seed {seed}: {week.counts['begun']} incidents; "
        + ", ".join(f"{k}: {n}" for k, n in sorted(week.counts.items()))
    )
    print("\n".join(week.faults[:50]) or "0 false, 0 missed, 0 twice")
    return 1 if week.faults else 0


if __name__ == "__main__":
    sys.exit(main())
