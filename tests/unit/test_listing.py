"""Which rows a view lists, in which order, and whom to believe."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from tests.unit.rows import BAD, OK, PROD
from tui.domain import query
from tui.domain.events import ScheduledEvent
from tui.domain.instance import (
    EVERYWHERE,
    Checks,
    Instance,
    InstanceState,
    Phase,
    Target,
    TargetStatus,
    Trouble,
    TroubleKind,
)
from tui.domain.listing import FleetView, Ranker, SortOrder, failures, group_by_target, stale
from tui.domain.sanitize import clean
from tui.domain.triage import Level, urgency

NOW = datetime(2026, 5, 4, 3, tzinfo=UTC)
DATA = Target("data", "us-east-1")


def made(
    name: str, *, bad: bool = False, due: float | None = None, target: Target = PROD, kind: str = "m5.large"
) -> Instance:
    events: tuple[ScheduledEvent, ...] = ()
    if due is not None:
        events = (ScheduledEvent(clean("instance-stop"), not_before=NOW + timedelta(hours=due)),)
    return Instance(
        target,
        clean(f"i-{name}"),
        name=clean(name),
        state=InstanceState.RUNNING,
        checks=Checks(BAD if bad else OK, OK, OK),
        events=events,
        instance_type=clean(kind),
        status_at=NOW,
    )


FLEET = [
    made("calm", kind="c5.large"),
    made("later", due=100, target=DATA),
    made("failing", bad=True, target=DATA, kind="z1"),
    made("soon", due=3),
]


def names(view: FleetView, order: SortOrder = SortOrder.URGENCY, text: str = "") -> list[str]:
    wanted = query.parse_query(text)
    assert isinstance(wanted, query.Query)
    return [str(row.name) for row in Ranker().listed(FLEET, view, order, wanted, NOW)]


@pytest.mark.parametrize(
    ("view", "order", "text", "expected"),
    [
        (FleetView.TRIAGE, SortOrder.URGENCY, "", ["failing", "soon", "later"]),
        (FleetView.ALL, SortOrder.URGENCY, "", ["failing", "soon", "later", "calm"]),
        (FleetView.EVENTS, SortOrder.URGENCY, "", ["soon", "later"]),
        (FleetView.ALL, SortOrder.NAME, "", ["calm", "failing", "later", "soon"]),
        (FleetView.ALL, SortOrder.TYPE, "", ["calm", "later", "soon", "failing"]),
        (FleetView.ALL, SortOrder.EVENT, "", ["soon", "later", "calm", "failing"]),
        (FleetView.ALL, SortOrder.TARGET, "", ["failing", "later", "calm", "soon"]),
        (FleetView.TARGETS, SortOrder.URGENCY, "", ["failing", "later", "soon", "calm"]),
        (FleetView.TARGETS, SortOrder.NAME, "", ["failing", "later", "calm", "soon"]),
        (FleetView.TRIAGE, SortOrder.URGENCY, "due<24h", ["soon"]),
        (FleetView.TRIAGE, SortOrder.URGENCY, "calm", []),
    ],
)
def test_a_view_lists_its_rows_in_order(
    view: FleetView, order: SortOrder, text: str, expected: list[str]
) -> None:
    assert names(view, order, text) == expected


def test_the_ranker_says_what_urgency_says_and_sees_time_pass() -> None:
    ranker, row = Ranker(), made("later", due=30)
    assert ranker.urgency(row, NOW) == urgency(row, NOW)
    later = NOW + timedelta(hours=7)
    assert ranker.urgency(row, later).level is Level.DUE
    changed = replace(row, checks=Checks(BAD, OK, OK))
    assert ranker.urgency(changed, later).level is Level.FAILING


def status(target: Target, **changes: object) -> TargetStatus:
    base = TargetStatus(target, Phase.LIVE, status_at=NOW)
    return replace(base, **changes)


TROUBLE = Trouble(TroubleKind.CREDENTIALS, clean("expired"), clean("log in"))


@pytest.mark.parametrize(
    ("changes", "old"),
    [
        ({}, False),
        ({"status_at": NOW - timedelta(seconds=50)}, False),
        ({"status_at": NOW - timedelta(seconds=61)}, True),
        ({"status_at": None}, True),
        ({"phase": Phase.WAITING}, True),
        ({"phase": Phase.FAILED, "trouble": TROUBLE}, True),
    ],
)
def test_what_was_not_read_lately_is_not_believed(changes: dict[str, object], old: bool) -> None:
    assert (PROD in stale([status(PROD, **changes)], 15.0, NOW)) is old


def test_what_was_well_is_unknown_once_its_target_is_silent_and_what_failed_still_fails() -> None:
    ranker, old = Ranker(), {PROD: NOW, DATA: NOW}
    counts = ranker.counts(FLEET, NOW, old)
    assert counts == {Level.FAILING: 1, Level.DUE: 1, Level.SCHEDULED: 1, Level.UNKNOWN: 1, Level.CALM: 0}
    assert ranker.counts(FLEET, NOW, {})[Level.CALM] == 1


def test_an_expired_login_fails_once_not_once_a_region() -> None:
    both = [status(Target("prod", region), trouble=TROUBLE) for region in ("eu-west-1", "us-east-1")]
    other = status(DATA, trouble=TROUBLE)
    assert [one.target for one in failures([*both, other, status(PROD)])] == [
        Target("prod", EVERYWHERE),
        DATA,
    ]


def test_each_target_has_its_line_above_its_rows_even_without_any() -> None:
    empty = Target("prod", "us-east-1")
    rows = Ranker().listed(FLEET, FleetView.TARGETS, SortOrder.URGENCY, query.Query(""), NOW)
    listed = group_by_target(rows, [status(DATA), status(PROD), status(empty)])
    shown = [str(one.name) if isinstance(one, Instance) else one.target.key for one in listed]
    assert shown == [DATA.key, "failing", "later", PROD.key, "soon", "calm", empty.key]


def unread(profile: str, region: str, what: str, of: str = "", remedy: str = "do this") -> TargetStatus:
    trouble = Trouble(
        TroubleKind.DENIED, clean(what), clean(remedy), of=clean(of), where=clean(f"{profile}/{region}")
    )
    return TargetStatus(Target(profile, region), Phase.FAILED, trouble=trouble)


def test_one_login_is_one_line_for_all_its_profiles() -> None:
    found = failures(
        unread(f"p{n}", region, "the SSO login has expired", "sso acme", "aws sso login --sso-session acme")
        for n in range(400)
        for region in ("eu-west-1", "us-east-1")
    )
    assert len(found) == 1
    assert found[0].target == Target("p0", EVERYWHERE)
    assert found[0].trouble is not None
    assert found[0].trouble.line == (
        "p0: the SSO login has expired: one login renews 400 profiles: aws sso login --sso-session acme"
    )


def test_what_one_installation_ends_is_one_line_for_all_its_profiles() -> None:
    lacking = [unread(f"p{n}", "*", "needs an extra", "evac[login]", "install it") for n in range(400)]
    (found,) = failures(
        replace(one, trouble=replace(one.trouble, kind=TroubleKind.CONFIG)) for one in lacking if one.trouble
    )
    assert found.trouble is not None
    assert found.trouble.line == "p0: needs an extra, for 400 profiles: install it"


def test_two_logins_are_two_lines_and_a_single_profile_s_line_stays() -> None:
    found = failures([unread("a", "*", "over", "sso one"), unread("b", "*", "over", "sso two")])
    assert [one.trouble.line for one in found if one.trouble] == ["a/*: over: do this", "b/*: over: do this"]


def test_a_policy_of_the_organisation_is_one_line_for_all_regions() -> None:
    regions = ["ap-east-1", "af-south-1", "me-south-1", "eu-south-1", "sa-east-1"]
    found = failures(unread("prod", region, "denied by it", "prod scp") for region in regions)
    assert [one.trouble.line for one in found if one.trouble] == [
        "prod: denied by it, in 5 regions (ap-east-1, af-south-1, me-south-1, eu-south-1, …): do this"
    ]


def test_the_view_of_events_has_a_line_for_each_open_event() -> None:
    """Sorted by their own starts; a filter on events is about each alone."""
    soon, later, over = (
        ScheduledEvent(clean("system-reboot"), clean(f"e-{hours}"), clean(text), NOW + timedelta(hours=hours))
        for hours, text in ((2, ""), (90, ""), (1, "[Completed] done"))
    )
    both = replace(made("both"), events=(later, soon, over))
    between = replace(
        made("between"), events=(replace(soon, event_id=clean("e-5"), not_before=NOW + timedelta(hours=5)),)
    )

    def listed(text: str = "") -> list[tuple[str, str]]:
        wanted = query.parse_query(text)
        assert isinstance(wanted, query.Query)
        found = Ranker().listed([both, between], FleetView.EVENTS, SortOrder.URGENCY, wanted, NOW)
        return [(one.name, event.event_id) for one in found for event in one.events]

    assert listed() == [("both", "e-2"), ("between", "e-5"), ("both", "e-90")]
    assert listed("due<3h") == [("both", "e-2")]
