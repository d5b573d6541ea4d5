"""Two hundred by filter, from a shell: tried, miscounted, confirmed; somebody else pauses it, and a console beside it looks on.

Six of them in `make test`, for the time they take; `make night` (EVAC_SIZES=all) has all two hundred.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from tests import nightly
from tests.e2e.terminal import has
from tests.journeys.console_user import Shift, evac, journal, sent
from tests.soak.storm import changes
from tui.demo import campaign as world_of
from tui.demo.clock import Clock
from tui.demo.environment import Demo, start
from tui.demo.world import World
from tui.domain.campaign.model import Campaign, CampaignState, Member, MemberState
from tui.operations.campaign_journal import CampaignJournal
from tui.operations.model import Operation

WHOLE = nightly.ALL
FLEET, WITHIN, WANTED = (500, "7d", 200) if WHOLE else (34, "3d", 6)
"""How many there are, and of how many AWS stops within that time the least that can be stopped and started before."""
AT_ONCE, LATER = (10, 20) if WHOLE else (2, 4)
PAUSED_AT = 40 if WHOLE else 1
"""So many are done when somebody pauses it."""
PATIENCE = 1200 if WHOLE else 180
FILTER = f"event:instance-stop due<{WITHIN}"
ORDER = (
    "do", "stop-start", "--filter", FILTER, "--at-once", str(AT_ONCE), "--max-failures", "1", "--accept", "image",
    "--accept", "public-ip", "--json",
)  # fmt: skip
CALLS = ("StopInstances", "StartInstances")


@pytest.fixture
def demo() -> Iterator[Demo]:
    running = start("--speed", "60" if WHOLE else "240", "--campaign", str(FLEET))
    yield running
    running.stop()


def watch(demo: Demo) -> None:
    """Have the embedded AWS count, after everything that happens, who serves in each of its groups: one may be missing."""
    same = World(Clock())
    world_of.populate(same, FLEET)
    for (account, region), place in same.regions.items():
        sizes = {("targets", arn): len(members) for arn, members in place.targets.items()}
        sizes |= {("classic", name): len(one["Instances"]) for name, one in place.classic.items()}
        sizes |= {("scaling", name): one["DesiredCapacity"] for name, one in place.groups.items()}
        for (kind, key), size in sizes.items():
            asked = {"account": account, "region": region, "kind": kind, "key": key, "needed": size - 1}
            told = demo.control("watch", asked)
            assert len(told["now"]) == size, told


def objects(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def only_campaign(env: Mapping[str, str]) -> Campaign:
    with journal(env) as book:
        (found,) = CampaignJournal(book).list()
    return found


def awaited(env: Mapping[str, str], onlooker: Shift, reached: Callable[[Campaign], bool]) -> Campaign:
    """The campaign once it is so, while the console is looked at."""
    found: list[Campaign] = []

    def look(console: object) -> bool:
        onlooker.read(0.5)
        found[:] = CampaignJournal(book).list()
        return reached(found[0])

    try:
        with journal(env) as book:
            onlooker.until(look, PATIENCE)
    except AssertionError as error:
        told = [f"{one.label} {one.state}: {one.why}" for one in found[0].members]
        raise AssertionError("\n".join((f"{found[0].state}: {found[0].note}", *told))) from error
    return found[0]


def operations(env: Mapping[str, str], found: Campaign) -> list[Operation]:
    """What carried its members out, in their order."""
    with journal(env) as book:
        every = [book.get(one.operation) for one in found.of(MemberState.DONE)]
    return [one for one in every if one is not None and one.confirmed_at is not None]


def most_at_once(those: Sequence[Operation]) -> int:
    """How many were under way at one time."""
    moments = [(one.confirmed_at, 1) for one in those] + [(one.finished_at, -1) for one in those]
    most = now = 0
    for _, step in sorted(moments, key=lambda one: (one[0] or datetime.max.replace(tzinfo=UTC), one[1])):
        now += step
        most = max(most, now)
    return most


def together(members: Sequence[Member], stops: Mapping[str, float], ends: Mapping[str, float]) -> list[str]:
    """Who of a key was stopped, by AWS's record, before the one before it had been brought back."""
    by_key: dict[str, list[str]] = {}
    for one in members:
        for key in one.keys:
            by_key.setdefault(key, []).append(one.instance_id)
    return [
        f"{after} while {before} was down: {key}"
        for key, those in by_key.items()
        for before, after in pairwise(sorted(those, key=lambda one: stops[one]))
        if stops[after] < ends[before]
    ]


def test_two_hundred_by_filter(demo: Demo, env: dict[str, str]) -> None:
    watch(demo)
    kim = {**env, "LOGNAME": "kim"}

    tried = evac(env, *ORDER, "--dry-run", seconds=300)
    assert tried.returncode == 0, tried.stderr
    (plan,) = objects(tried)
    going = plan["going"]
    assert going >= WANTED
    assert plan["left_out"] == len(plan["members"]) - going > 0
    missed = evac(env, *ORDER, "--confirm", f"{going + 1} SHOP", seconds=300)
    assert missed.returncode == 5, missed.stderr
    wanted = objects(missed)[-1]["expected"]
    assert wanted == f"{going} SHOP"  # production
    kept = only_campaign(env)
    assert kept.state is CampaignState.PLANNED
    assert f"evac ops confirm {kept.id}" in missed.stderr
    assert sent(demo) == []

    with Shift(environ=env, size=(120, 35)) as onlooker:
        onlooker.begin()
        begun = evac(env, "ops", "confirm", kept.id, "--confirm", wanted, "--json", seconds=300)
        assert begun.returncode == 0, begun.stderr
        onlooker.until(has(r"▶ campaign Stop and start: \d+ of \d+ done"))
        awaited(env, onlooker, lambda one: len(one.of(MemberState.DONE)) >= PAUSED_AT)
        paused = evac(kim, "ops", "pause", kept.id)
        assert paused.returncode == 0, paused.stderr
        onlooker.until(has(r"campaign Stop and start: .*paused by kim, nothing new begins"))
        rests = awaited(env, onlooker, lambda one: not one.of(MemberState.GOING))
        so_far = operations(env, rests)
        assert 0 < len(so_far) < going
        assert most_at_once(so_far) <= AT_ONCE
        rules = ("--at-once", str(LATER), "--max-failures", "2")
        assert evac(kim, "ops", "rules", kept.id, *rules).returncode == 0
        wire = changes(demo)
        assert sum(one["operation"] == "StopInstances" and not one["dry_run"] for one in wire) == len(so_far)
        demo.control("calls", method="DELETE")  # it remembers the last 20,000
        resumed = evac(kim, "ops", "resume", kept.id, "--json")
        assert resumed.returncode == 0, resumed.stderr
        onlooker.until(has(r"▶ campaign Stop and start: \d+ of \d+ done"))
        found = awaited(env, onlooker, lambda one: one.state is CampaignState.ENDED)
        onlooker.until(lambda one: "campaign Stop and start" not in one.text)
    wire += changes(demo)

    left = [one for one in found.members if one.state is not MemberState.LEFT_OUT]
    assert {one.state for one in left} == {MemberState.DONE}, [one.why for one in left]
    assert len(left) == going
    assert (found.rules.at_once, found.rules.max_failures) == (LATER, 2)
    every = operations(env, found)
    assert len(every) == going
    assert most_at_once(every) <= LATER
    really = [one for one in wire if not one["dry_run"]]
    once = Counter({str(one.instance_id): 1 for one in left})
    for name in CALLS:
        assert Counter(who for one in really if one["operation"] == name for who in one["instances"]) == once
    for member in left:
        where = {"account": member.account_id, "region": member.region, "instance": member.instance_id}
        assert demo.control("state", where)["instance"]["State"]["Name"] == "running", member.label

    watched = demo.control("watch")
    assert [one for one in watched if one["low"] or len(one["now"]) <= one["needed"]] == []
    assert min(one["seen"] for one in watched) > going
    stops = {who: one["time"] for one in really if one["operation"] == CALLS[0] for who in one["instances"]}
    ends = {str(one.instance_id): one.finished_at.timestamp() for one in every if one.finished_at is not None}
    assert together(left, stops, ends) == []
