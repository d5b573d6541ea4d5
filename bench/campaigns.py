"""A campaign of two hundred in a fleet of ten thousand: its plan, drawn anew at each fact that comes in, and whose turn it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from bench import stock
from bench.tools import Figure, median
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

MANY, OF, GROUPS = 200, 10_000, 40
LIMIT = 0.1
"""Seconds."""


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
