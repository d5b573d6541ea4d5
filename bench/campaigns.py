"""A campaign of two hundred in a fleet of ten thousand: its plan, drawn anew at each fact that comes in, and whose turn it is;
and what the operator feels at the keys while one of forty runs."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from bench import screen, stock, tools
from bench.tools import Figure, Terminal, evac, fleet, median, percentile
from tui.domain.actions import ActionOptions
from tui.domain.campaign.model import Campaign, CampaignRules, CampaignState, MemberState
from tui.domain.campaign.plan_values import CampaignPlan
from tui.domain.campaign.planning import plan_campaign
from tui.domain.campaign.turn import next_turn
from tui.domain.events import ScheduledEvent
from tui.domain.facts import Facts, TargetGroup
from tui.domain.instance import Instance
from tui.domain.policy import Policy
from tui.domain.query import Query, parse_query
from tui.domain.sanitize import clean
from tui.operations.campaign_journal import CampaignJournal
from tui.operations.journal import Journal
from tui.paths import default_journal_path

MANY, OF, GROUPS = 200, 10_000, 40
LIMIT = 0.1
"""Seconds."""
RUNNING = [f"checkout-{10 * number:05d}" for number in range(41) if number != 31]
"""Who is rebooted while keys are pressed: forty of the generated fleet in ten places; the other one fails its checks."""
FEELS = 0.05
"""Seconds from a key to its frame."""


def campaigns(repeat: int) -> list[Figure]:
    """The plan, and the keys."""
    return [*plans(repeat), *keys()]


def plans(repeat: int) -> list[Figure]:
    """CPU of the pure plan, by a filter out of the whole fleet; and of the question that a conductor asks."""
    now = datetime.now(UTC)
    fleet = _fleet(now)
    wanted = parse_query("event:instance-retirement due<7d")
    assert isinstance(wanted, Query)
    chosen = [row for row in fleet if wanted.matches(row, now)]
    assert len(chosen) == MANY, len(chosen)
    looked = _looked(chosen, now)
    bare = _spent(lambda: _plan([row for row in fleet if wanted.matches(row, now)], {}, now), repeat * 3)
    known = _spent(lambda: _plan(chosen, looked, now), repeat * 3)
    drawn = _plan(chosen, looked, now)
    assert len(drawn.going) == MANY, drawn.kinds
    assert drawn == _plan(list(reversed(chosen)), looked, now)
    members = tuple(one.member for one in drawn.members)
    halves = (MemberState.DONE,) * 95 + (MemberState.GOING,) * 5
    begun = tuple(replace(one, state=state) for one, state in zip(members, halves, strict=False))
    running = Campaign(
        "c-1",
        drawn.action,
        drawn.options,
        drawn.rules,
        CampaignState.RUNNING,
        (*begun, *members[100:]),
        "",
        "",
        now,
    )
    asked = _spent(lambda: next_turn(replace(running, rules=CampaignRules(at_once=20)), now), repeat * 3)
    return [
        Figure(f"the plan of a campaign, {MANY} of {OF} by a filter, CPU", f"{bare * 1000:.0f} ms", "0.1 s", bare / LIMIT,
               "≤ 1", bare <= LIMIT, f"with all facts {known * 1000:.0f} ms", {"seconds": bare, "looked": known}),
        Figure(f"whose turn it is of {MANY}, CPU", f"{asked * 1000:.2f} ms", values={"seconds": asked}),
    ]  # fmt: skip


def keys(presses: int = 800) -> list[Figure]:
    """Keys in the list of ten thousand, at rest, and while a campaign is carried out that its header tells of.

    Reboots of ten seconds, five at a time: a runner begins every other second, where in an account it would be one a minute.
    """
    aws = fleet(OF, 20, 5, 0.0, "--speed", "12")
    with aws as demo, tools.clean(demo) as environ, Terminal(evac(), environ) as one:
        one.until_shown(lambda shown: f"{OF} instances" in shown, 240)
        screen.settled(demo, one)
        one.press(b"2")
        one.quiet(1.0)
        without = _pressed(one, presses)
        rules = ("--at-once", "5", "--accept", "image")
        _command(one, evac("do", "reboot", *RUNNING, *rules, "--confirm", str(len(RUNNING))), environ)
        with closing(Journal(default_journal_path(environ))) as journal:
            book = CampaignJournal(journal)
            one.until_shown(lambda shown: "campaign Reboot" in shown)
            # the first went alone, then 2, then 4; now it is 5
            _until(one, lambda: len(book.list()[0].of(MemberState.DONE)) >= 7)
            beside = _pressed(one, presses)
            found = book.list()[0]
            assert found.state is CampaignState.RUNNING, (found.state, found.note)
            done = len(found.of(MemberState.DONE))
            _command(one, evac("ops", "abandon", found.id, "--confirm", found.id), environ)
            _until(one, lambda: not book.list()[0].of(MemberState.GOING))
    p_without, p_beside = percentile(without, 0.99), percentile(beside, 0.99)
    return [
        Figure(f"key → frame p99 while a campaign of {len(RUNNING)} runs, {OF:,} instances", f"{p_beside * 1000:.0f} ms",
               f"without {p_without * 1000:.0f} ms", p_beside / p_without, "≤ 50 ms", p_beside <= FEELS,
               f"median {median(beside) * 1000:.0f} ms, without {median(without) * 1000:.0f} ms; {done} were done then",
               {"p99": p_beside, "without": p_without, "median": median(beside)}),
    ]  # fmt: skip


def _pressed(one: Terminal, presses: int) -> list[float]:
    """Half of them down, over the end of the page, and the same way up."""
    return [one.press(b"j" if number < presses // 2 else b"k") for number in range(presses)]


def _command(one: Terminal, command: list[str], environ: Mapping[str, str]) -> None:
    """Run it beside the console, whose terminal goes on reading. Raises RuntimeError where it fails."""
    with subprocess.Popen(
        command, env=dict(environ), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    ) as process:  # fmt: skip
        while process.poll() is None:
            one.read(0.1)
        assert process.stderr is not None
        if process.returncode:
            said = process.stderr.read()[-300:]
            raise RuntimeError(f"{command[1:3]} ended with {process.returncode}: {said}")


def _until(one: Terminal, reached: Callable[[], bool], seconds: float = 240.0) -> None:
    """Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > deadline:
            raise TimeoutError("the campaign never came to that")
        one.read(0.5)


def _fleet(now: datetime) -> list[Instance]:
    """Ten thousand, of which AWS retires two hundred within a week; nothing else is in their way."""
    found = []
    for number, row in enumerate(stock.rows(OF)):
        due = ScheduledEvent(
            clean("instance-retirement"),
            clean(f"e-{number}"),
            not_before=now + timedelta(hours=number % 150 + 8),
        )
        chosen = number % (OF // MANY) == 0
        found.append(
            replace(row, root_device=clean("ebs"), managed_by=clean(""), events=(due,) if chosen else ())
        )
    return found


def _looked(rows: list[Instance], now: datetime) -> dict[str, Facts]:
    """What a fresh look says: each in one of forty target groups of five."""
    found = {}
    for number, row in enumerate(rows):
        mates = tuple(one.instance_id for one in rows[number % GROUPS :: GROUPS])
        name = clean(f"g{number % GROUPS}")
        arn = clean(f"arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/{name}/0")
        group = TargetGroup(
            name, arn, clean("healthy"), len(mates), len(mates), 80, row.instance_id, up=mates
        )
        found[row.key] = Facts(
            now, stop_protection=False, membership=(), target_groups=(group,), classic_balancers=()
        )
    return found


def _plan(rows: list[Instance], looked: dict[str, Facts], now: datetime) -> CampaignPlan:
    rules = CampaignRules(
        hours="00:00-24:00", accept=("public-ip", "image", "instance-store"), together=("tag:service",)
    )
    policy = Policy()
    return plan_campaign(
        rows, lambda row: looked.get(row.key), "stop-start", ActionOptions(), rules, lambda _: policy, now
    )


def _spent(work: Callable[[], object], repeat: int) -> float:
    times = []
    for _ in range(repeat):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return median(times)
