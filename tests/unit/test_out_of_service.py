"""Which way out of service is offered, which is the default, what blocks, and what the plan makes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.extra_hazard import second_override
from tui.domain import out_of_service
from tui.domain.actions import ActionOptions
from tui.domain.choices import offers
from tui.domain.facts import ClassicBalancer, Facts, GroupMembership, TargetGroup
from tui.domain.hazards import Gravity
from tui.domain.instance import Image, Instance, InstanceState, Target
from tui.domain.plan import Draft, GuardKind, draft
from tui.domain.policy import Policy
from tui.domain.sanitize import SafeText

T = SafeText
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
WEB = Instance(
    Target("prod", "eu-west-1"), T("i-0a"), name=T("web-7"), state=InstanceState.RUNNING, root_device=T("ebs"),
    public_ip=T("203.0.113.9"),
)  # fmt: skip
MEMBER = GroupMembership(T("web-prod"), T("InService"), T("HEALTHY"), 6, 8, False, 8)
POOL = TargetGroup(T("web"), T("arn:a"), T("healthy"), 8, 8, 8080, T("i-0a"))
BY_IP = TargetGroup(T("api"), T("arn:b"), T("unhealthy"), 3, 4, 80, T("10.0.0.9"))
ALONE = Facts(NOW, membership=(), target_groups=(), classic_balancers=(), images=())
GROUPED = replace(ALONE, membership=(MEMBER,), target_groups=(POOL,))
BALANCED = replace(ALONE, target_groups=(POOL, BY_IP))


def planned(
    facts: Facts | None, action: str = "stop-start", policy: Policy | None = None, **options: Any
) -> Draft:
    return draft(action, WEB, facts, ActionOptions(**options), policy or Policy(), NOW)


def names(made: Draft) -> list[str]:
    return [one.name for one in made.steps[1:]]


@pytest.mark.parametrize(
    ("facts", "options", "out", "back"),
    [
        (GROUPED, {}, "enter-standby", "exit-standby"),
        (GROUPED, {"standby": True}, "enter-standby", "exit-standby"),
        (GROUPED, {"standby": True, "drain": True}, "enter-standby", "exit-standby"),
        (GROUPED, {"standby": False}, "", ""),
        (GROUPED, {"standby": False, "drain": True}, "drain", "register"),
        (BALANCED, {}, "drain", "register"),
        (BALANCED, {"drain": False}, "", ""),
        (ALONE, {}, "", ""),
        (ALONE, {"drain": True}, "", ""),
        (None, {}, "", ""),
    ],
)
@pytest.mark.parametrize("action", ["stop-start", "reboot"])
def test_the_way_out_and_the_way_back(
    action: str, facts: Facts | None, options: dict[str, bool], out: str, back: str
) -> None:
    made = names(planned(facts, action, None, **options))
    assert {one for one in made if one in ("enter-standby", "drain")} == ({out} if out else set())
    assert {one for one in made if one in ("exit-standby", "register")} == ({back} if back else set())
    if out:
        assert made[0] == out
        assert made.index("wait-checks") < made.index(back) < made.index("verify-event")
    assert ("wait-healthy" in made) == (facts in (GROUPED, BALANCED))


def test_an_image_is_made_out_of_service() -> None:
    assert names(planned(GROUPED, image_first=True))[:3] == ["enter-standby", "image", "stop"]


@pytest.mark.parametrize(
    ("member", "why"),
    [
        (replace(MEMBER, desired=6), "the minimum of web-prod is 6"),
        (replace(MEMBER, desired=None), "the capacity of web-prod is not known"),
        (replace(MEMBER, min_size=None), "the capacity of web-prod is not known"),
        (replace(MEMBER, lifecycle=T("Standby")), "in no Auto Scaling group's service"),
        (replace(MEMBER, lifecycle=T("Terminating:Wait")), "in no Auto Scaling group's service"),
    ],
)
def test_where_standby_is_not_possible_it_is_not_the_default_and_asked_for_it_blocks(
    member: GroupMembership, why: str
) -> None:
    facts = replace(GROUPED, membership=(member,))
    assert why in out_of_service.why_no_standby(facts)
    assert "enter-standby" not in names(planned(facts))
    asked = planned(facts, standby=True)
    assert asked.guard.kind is GuardKind.BLOCKED
    assert any(why in one for one in asked.guard.unblock)


def test_an_unknown_membership_is_no_default_and_no_promise() -> None:
    assert "not known" in out_of_service.why_no_standby(Facts(NOW))
    assert planned(Facts(NOW), standby=True).guard.kind is GuardKind.BLOCKED


def test_the_order_keeps_how_it_served() -> None:
    order = planned(GROUPED).order
    assert (order.group, order.desired, order.public_ip) == ("web-prod", 8, "203.0.113.9")
    assert [(one.arn, one.target_id, one.port, one.healthy) for one in planned(BALANCED).order.places] == [
        ("arn:a", "i-0a", 8080, True),
        ("arn:b", "10.0.0.9", 80, False),
    ]


@pytest.mark.parametrize("health", ["draining", "unused"])
def test_what_is_on_its_way_out_is_not_drained_nor_registered_again(health: str) -> None:
    facts = replace(ALONE, target_groups=(replace(POOL, health=T(health)),))
    assert out_of_service.places(facts) == ()


LAST_TARGET = replace(ALONE, target_groups=(replace(POOL, healthy=1),))
LAST_CLASSIC = replace(ALONE, classic_balancers=(ClassicBalancer(T("old"), T("InService"), 1, 2),))
LAST_MEMBER = replace(ALONE, membership=(replace(MEMBER, in_service=1),))


@pytest.mark.parametrize(
    ("facts", "what"),
    [
        (LAST_TARGET, "target group web"),
        (LAST_CLASSIC, "classic load balancer old"),
        (LAST_MEMBER, "Auto Scaling group web-prod"),
    ],
)
@pytest.mark.parametrize("action", ["stop-start", "reboot", "image"])
def test_the_last_healthy_one_is_blocked_unless_overridden_and_then_its_name_is_typed(
    action: str, facts: Facts, what: str
) -> None:
    blocked = planned(facts, action)
    assert blocked.guard.kind is GuardKind.BLOCKED
    assert any(f"last healthy member of {what}" in one for one in blocked.guard.unblock)
    lifted = planned(facts, action, overrides=("last-healthy",))
    assert (lifted.guard.kind, lifted.guard.expected) == (GuardKind.TYPE_NAME, "web-7")
    told = next(one for one in lifted.hazards if one.code == "last-healthy")
    assert told.gravity is Gravity.DANGER


def test_an_image_without_a_reboot_takes_nobody_down() -> None:
    assert planned(LAST_TARGET, "image", no_reboot=True).guard.kind is not GuardKind.BLOCKED


def test_each_override_is_a_choice_of_its_own_and_lifts_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    second_override(monkeypatch)
    found = offers("stop-start", WEB, LAST_TARGET, ActionOptions(overrides=("fake",)), Policy(), NOW)
    assert [(one.override, one.on) for one in found if one.override] == [
        ("last-healthy", False),
        ("fake", True),
    ]
    for lifted in (("last-healthy",), ("fake",)):
        made = planned(LAST_TARGET, overrides=lifted)
        assert made.guard.kind is GuardKind.BLOCKED
        blocks = [one.override for one in made.hazards if one.gravity is Gravity.BLOCK]
        assert blocks == [code for code in ("last-healthy", "fake") if code not in lifted]
    assert planned(LAST_TARGET, overrides=("fake", "last-healthy")).guard.kind is GuardKind.TYPE_NAME


def test_what_the_site_blocks_is_not_offered_to_be_lifted() -> None:
    policy = Policy(blocking=("last-healthy",))
    found = offers("stop-start", WEB, LAST_TARGET, ActionOptions(), policy, NOW)
    assert [one.override for one in found if one.override] == []


def test_an_ami_with_its_reboot_holds_its_groups_and_waits_until_it_serves_again() -> None:
    made = planned(BALANCED, "image")
    assert names(made) == ["image", "wait-healthy"]
    assert [one.name for one in made.order.groups] == ["web", "api"]
    assert [one.up for one in made.order.groups] == [True, False]
    quiet = planned(BALANCED, "image", no_reboot=True)
    assert (names(quiet), quiet.order.groups) == (["image"], ())
    assert planned(BALANCED, "start").order.groups == ()


@pytest.mark.parametrize("keep", [(), (8,), ("100%",)])
def test_what_must_stay_in_service_blocks_what_the_group_can_not_spare(keep: tuple[int | str, ...]) -> None:
    made = planned(GROUPED, policy=Policy(keep=keep))
    told = [one.text for one in made.hazards if one.code == "last-healthy"]
    assert told == (["with it down 7 of Auto Scaling group web-prod would be in service, and 8 must be",
                     "with it down 7 of target group web would be in service, and 8 must be"][::-1] if keep else [])  # fmt: skip


def test_a_member_whose_group_has_another_in_standby_is_not_planned_without_standby() -> None:
    """It would wait for the other and then be stopped in service: the group would replace it."""
    full = replace(MEMBER, desired=6, in_service=6, standing=2)
    assert (
        names(planned(replace(GROUPED, membership=(full,)), overrides=("last-healthy",)))[0]
        == "enter-standby"
    )
    assert (
        names(
            planned(replace(GROUPED, membership=(replace(full, standing=0),)), overrides=("last-healthy",))
        )[0]
        == "stop"
    )


def test_an_override_lifts_nothing_else() -> None:
    facts = replace(LAST_TARGET, stop_protection=True)
    assert planned(facts, overrides=("last-healthy",)).guard.kind is GuardKind.BLOCKED


@pytest.mark.parametrize(
    "facts",
    [
        replace(GROUPED, membership=(replace(MEMBER, health=T("UNHEALTHY"), in_service=0),)),
        replace(ALONE, membership=(replace(MEMBER, in_service=None),)),
        replace(ALONE, target_groups=(replace(POOL, health=T("unhealthy"), healthy=0),)),
        replace(ALONE, classic_balancers=(ClassicBalancer(T("old"), T("OutOfService"), 1, 2),)),
    ],
)
def test_one_that_is_not_healthy_or_not_known_to_be_the_last_is_not_blocked_for_it(facts: Facts) -> None:
    assert out_of_service.shorts(facts, WEB, ()) == ()


def image(days: float, state: str = "available") -> Image:
    return Image(T("ami-1"), T("web"), T(state), NOW - timedelta(days=days))


WEEK = Policy(require_image=timedelta(days=7))


@pytest.mark.parametrize(
    ("images", "required"),
    [((image(3),), False), ((image(9),), True), ((), True), (None, True), ((image(1, "pending"),), True)],
)
def test_policy_demands_an_ami_where_none_is_known_to_be_young_enough(
    images: tuple[Image, ...] | None, required: bool
) -> None:
    facts = replace(ALONE, images=images)
    made = planned(facts, policy=WEEK, image_first=False)
    assert ("image" in names(made)) is required
    assert made.options.image_first is required
    assert any(one.code == "image-required" for one in made.hazards) is required
    offer = next(
        one
        for one in offers("stop-start", WEB, facts, ActionOptions(), WEEK, NOW)
        if one.name == "image-first"
    )
    assert (offer.on, bool(offer.fixed)) == (required, required)


def test_policy_demands_no_ami_of_a_reboot_nor_of_what_is_stopping_already() -> None:
    assert "image" not in names(planned(ALONE, "reboot", WEEK))
    stopping = replace(WEB, state=InstanceState.STOPPING)
    assert "image" not in names(draft("stop-start", stopping, ALONE, ActionOptions(), WEEK, NOW))


@pytest.mark.parametrize(
    ("action", "facts", "expected"),
    [
        ("stop-start", GROUPED, [("standby", True), ("image-first", False)]),
        ("reboot", GROUPED, [("standby", True)]),
        ("stop-start", BALANCED, [("drain", True), ("image-first", False)]),
        (
            "stop-start",
            LAST_TARGET,
            [("drain", True), ("image-first", False), ("override-last-healthy", False)],
        ),
        ("image", LAST_TARGET, [("override-last-healthy", False)]),
        ("reboot", ALONE, []),
        ("start", GROUPED, []),
        ("reschedule", LAST_TARGET, []),
        ("stop-start", None, [("image-first", False)]),
    ],
)
def test_what_is_offered(action: str, facts: Facts | None, expected: list[tuple[str, bool]]) -> None:
    found = offers(action, WEB, facts, ActionOptions(), Policy(), NOW)
    assert [(one.name, one.on) for one in found] == expected


def test_where_the_minimum_forbids_standby_draining_is_offered_and_off() -> None:
    facts = replace(GROUPED, membership=(replace(MEMBER, desired=6),))
    found = offers("reboot", WEB, facts, ActionOptions(), Policy(), NOW)
    assert [(one.name, one.on) for one in found] == [("drain", False)]
