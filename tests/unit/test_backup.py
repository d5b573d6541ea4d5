"""Whom a timer copies, under which name, and what the step makes of a name that is taken."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.hazard_cases import KNOWN, NOW, SAFE
from tui.domain import backup
from tui.domain.actions import ActionOptions, Backup
from tui.domain.answers import NoteKind
from tui.domain.backup import Copying
from tui.domain.facts import Facts, GroupMembership, TargetGroup
from tui.domain.instance import Image, Instance, InstanceState, Target
from tui.domain.plan import GuardKind, draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.domain.steps import STEPS, calls_of, steps_of, without_dry_run
from tui.domain.steps.base import Attempt, Decision, Done, Moot, Order, Seen, Send, StepHistory, Stuck, Wait
from tui.domain.steps.power import Preflight

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WEEK = 7 * DAY


def ami(number: int, age: timedelta | None, state: str = "available", name: str = "x", op: str = "") -> Image:
    made = None if age is None else NOW - age
    return Image(clean(f"ami-{number}"), clean(name), clean(state), made, operation=clean(op))


def need(*images: Image, older_than: timedelta = WEEK, row: Instance = SAFE) -> backup.Need:
    return backup.looked_at(row, replace(KNOWN, images=images), NOW, older_than)


FIRST, SECOND = "i-1 after none evac", "i-1 after ami-1 evac"


@pytest.mark.parametrize(
    ("images", "copying", "name"),
    [
        ((), Copying.DUE, FIRST),
        ((ami(1, 8 * DAY),), Copying.DUE, SECOND),
        ((ami(1, 2 * DAY),), Copying.FRESH, ""),
        ((ami(1, 9 * DAY), ami(2, 2 * DAY)), Copying.FRESH, ""),
        ((ami(1, 9 * DAY), ami(2, HOUR, "pending")), Copying.PENDING, ""),
        ((ami(1, 9 * DAY), ami(2, 30 * HOUR, "pending")), Copying.DUE, SECOND),
        ((ami(1, 9 * DAY), ami(2, HOUR, "failed")), Copying.DUE, SECOND),
        ((ami(1, 9 * DAY), ami(2, HOUR, "failed", SECOND)), Copying.DUE, "i-1 after ami-2 evac"),
        ((ami(1, 9 * DAY), ami(2, HOUR, "disabled", SECOND)), Copying.DUE, "i-1 after ami-2 evac"),
        ((ami(1, 9 * DAY), ami(2, DAY, "failed", SECOND), ami(3, HOUR, "failed", "i-1 after ami-2 evac")), Copying.DUE,
         "i-1 after ami-3 evac"),
        ((ami(1, HOUR, "failed", FIRST),), Copying.DUE, SECOND),
        ((ami(1, None),), Copying.DUE, FIRST),
        ((ami(1, -HOUR),), Copying.FRESH, ""),
        ((ami(1, 8 * DAY), ami(2, 8 * DAY)), Copying.DUE, "i-1 after ami-2 evac"),
    ],
)  # fmt: skip
def test_what_is_due_and_under_which_name(images: tuple[Image, ...], copying: Copying, name: str) -> None:
    for given in (images, images[::-1]):
        found = need(*given)
        assert (found.copying, found.name) == (copying, name)


def test_a_service_copy_known_to_the_list_alone_counts() -> None:
    row = replace(SAFE, newest_image=replace(ami(7, DAY), maker=clean("AWS Backup")), images_at=NOW)
    assert need(row=row).copying is Copying.FRESH


def test_what_nobody_could_read_is_not_copied_night_after_night() -> None:
    denied = Facts(NOW, unknown=(("images", clean("ec2:DescribeImages is denied")),))
    for facts in (None, denied):
        found = backup.looked_at(SAFE, facts, NOW, WEEK)
        assert (found.copying, found.name) == (Copying.UNREAD, "")
    assert "ec2:DescribeImages" in backup.looked_at(SAFE, denied, NOW, WEEK).why
    assert backup.listed(SAFE, NOW, WEEK).copying is Copying.UNREAD
    assert backup.listed(replace(SAFE, images_at=NOW), NOW, WEEK).copying is Copying.DUE
    gone = replace(SAFE, state=InstanceState.TERMINATED, images_at=NOW)
    assert (
        backup.listed(gone, NOW, WEEK).copying
        is backup.looked_at(gone, KNOWN, NOW, WEEK).copying
        is Copying.GONE
    )


def test_a_timer_that_rings_some_minutes_early_makes_its_copy_all_the_same() -> None:
    last_night = ami(1, DAY - timedelta(minutes=40))
    assert need(last_night, older_than=DAY).copying is Copying.DUE
    assert need(ami(1, 20 * HOUR), older_than=DAY).copying is Copying.FRESH, (
        "but no second one the same night"
    )
    assert backup.limit_of(WEEK) == WEEK - 3 * HOUR
    assert backup.limit_of(HOUR) == HOUR - timedelta(minutes=7.5)


def test_who_has_no_copy_comes_first_and_the_order_is_the_same_everywhere() -> None:
    def row(number: int) -> Instance:
        return replace(SAFE, instance_id=clean(f"i-{number}"))

    pairs = [(row(number), backup.Need(Copying.DUE, "", made)) for number, made in enumerate(
        [ami(1, 9 * DAY), None, ami(2, 30 * DAY), None]
    )]  # fmt: skip
    for given in (pairs, pairs[::-1]):
        assert [str(one.instance_id) for one, _ in backup.neediest_first(given)] == [
            "i-1",
            "i-3",
            "i-2",
            "i-0",
        ]


WEB = TargetGroup(
    clean("web"),
    clean("arn-web"),
    clean("healthy"),
    2,
    2,
    target_id=clean("i-1"),
    up=(clean("i-1"), clean("i-2")),
)
POOL = GroupMembership(
    clean("pool"), clean("InService"), clean("Healthy"), 1, 2, in_service=2, up=(clean("i-1"), clean("i-9"))
)


def test_two_of_a_group_are_not_copied_together_and_neither_is_what_nobody_knows() -> None:
    in_web = backup.groups_of(SAFE, replace(KNOWN, target_groups=(WEB,)))
    in_pool = backup.groups_of(SAFE, replace(KNOWN, membership=(POOL,)))
    in_none = backup.groups_of(SAFE, KNOWN)
    unknown = backup.groups_of(SAFE, replace(KNOWN, membership=None))
    assert not backup.together(in_web, in_web)
    assert backup.together(in_web, in_pool)
    assert backup.together(in_none, in_none)
    assert not backup.together(in_none, unknown)
    elsewhere = replace(SAFE, target=Target("prod", "eu-west-1"))
    assert backup.together(in_pool, backup.groups_of(elsewhere, replace(KNOWN, membership=(POOL,))))
    addressed = replace(WEB, up=(clean("10.0.0.2"),), ill=((clean("10.0.0.3"), clean("draining")),))
    facts = replace(KNOWN, target_groups=(addressed,), membership=(POOL,))
    assert backup.beside(SAFE, facts, {"10.0.0.2": "i-5"}) == ("i-5", "i-9")


BACKUP = Backup(expires=NOW + 30 * DAY, deprecate_at=NOW + 90 * DAY, beside=("i-2", "i-3"))
ORDER = Order("op-1", "image", "i-1", image_name=FIRST, no_reboot=True, backup=BACKUP)
UP = Seen(InstanceState.RUNNING, images=())
MINE, THEIRS = ami(5, HOUR, name=FIRST, op="op-1"), ami(6, HOUR, name=FIRST, op="op-2")


def said(ok: bool | None = None, code: str = "", ago: float = 10.0) -> StepHistory:
    attempt = Attempt("CreateImage", NOW - timedelta(seconds=ago), NOW, ok, clean(code))
    return StepHistory(NOW - timedelta(seconds=ago + 10), (attempt,))


NOTHING = StepHistory(NOW - timedelta(seconds=20))
DUPLICATE = said(ok=False, code="InvalidAMIName.Duplicate")
TABLE: list[tuple[str, Seen, StepHistory, Any]] = [
    ("image", UP, NOTHING, Send),
    ("image", UP, DUPLICATE, Wait),
    ("image", UP, said(ok=False, code="InvalidAMIName.Duplicate", ago=900), Stuck),
    ("image", UP, said(ok=False, code="SnapshotCreationPerVolumeRateExceeded", ago=1), Wait),
    ("image", UP, said(ok=False, code="SnapshotCreationPerVolumeRateExceeded", ago=400), Send),
    ("image", replace(UP, images=(THEIRS,)), NOTHING, Moot),
    ("image", replace(UP, images=(THEIRS,)), DUPLICATE, Moot),
    ("image", replace(UP, images=(replace(THEIRS, state=clean("pending")),)), DUPLICATE, Wait),
    ("image", replace(UP, images=(replace(THEIRS, state=clean("failed")),)), DUPLICATE, Stuck),
    ("image", replace(UP, images=(MINE,)), said(), Done),
    ("image", replace(UP, images=(MINE,)), DUPLICATE, Done),
    ("image", replace(UP, images=(replace(MINE, state=clean("failed")),)), said(ok=True), Stuck),
    ("image", replace(UP, copying=frozenset({"i-3", "i-8"})), NOTHING, Wait),
    ("image", replace(UP, copying=frozenset({"i-8"})), NOTHING, Send),
    ("deprecate", replace(UP, images=(MINE,)), NOTHING, Send),
    ("deprecate", replace(UP, images=(MINE,)), said(), Wait),
    ("deprecate", replace(UP, images=(MINE,)), said(ago=90), Send),
    ("deprecate", replace(UP, images=(MINE,)), said(ok=True), Done),
    ("deprecate", replace(UP, images=(replace(MINE, deprecated_at=NOW),)), said(), Done),
    ("deprecate", replace(UP, images=(MINE,)), said(ok=False, code="UnauthorizedOperation"), Stuck),
    ("deprecate", UP, NOTHING, Wait),
    ("deprecate", replace(UP, images=(THEIRS,)), StepHistory(NOW - timedelta(seconds=90)), Stuck),
    ("deprecate", replace(UP, images=None), NOTHING, Wait),
]


@pytest.mark.parametrize(("step", "seen", "history", "wanted"), TABLE)
def test_the_steps_of_a_timers_copy(
    step: str, seen: Seen, history: StepHistory, wanted: type[Decision]
) -> None:
    decision = STEPS[step].decide(ORDER, seen, history, NOW)
    assert isinstance(decision, wanted)
    if isinstance(decision, Stuck):
        assert decision.final, "nobody sits before it: the next night is not kept from trying"


def test_it_waits_for_the_other_member_in_words() -> None:
    waits = STEPS["image"].decide(ORDER, replace(UP, copying=frozenset({"i-3"})), NOTHING, NOW)
    assert isinstance(waits, Wait)
    assert (waits.kind, waits.reason) == (
        NoteKind.WAITS,
        "waits for the AMI of i-3, which serves in a group with it",
    )


def test_only_its_own_ami_is_deprecated() -> None:
    both = replace(UP, images=(THEIRS, MINE))
    sent = STEPS["deprecate"].decide(ORDER, both, NOTHING, NOW)
    assert isinstance(sent, Send)
    assert sent.call.params == {"ImageId": "ami-5", "DeprecateAt": BACKUP.deprecate_at}


def test_its_plan_never_reboots_asks_a_plain_yes_and_says_what_it_writes() -> None:
    options = ActionOptions(no_reboot=True, image_name=FIRST, backup=BACKUP)
    made = draft("image", SAFE, replace(KNOWN, images=(), target_groups=(WEB,)), options, Policy(), NOW)
    assert made.guard.kind is GuardKind.YES_NO
    assert [step.name for step in made.steps] == ["preflight", "image", "deprecate"]
    create = made.calls[0]
    assert (create.params["NoReboot"], create.params["Name"]) == (True, FIRST)
    tags = {one["Key"]: one["Value"] for one in create.params["TagSpecifications"][0]["Tags"]}
    assert tags == {"evac:operation": "", "evac:source": "i-1", "evac:expires": "2026-12-24"}
    assert made.order.groups == (), "nothing goes down"
    assert without_dry_run("image", made.order, options) == ("EnableImageDeprecation",)
    asked = Preflight(calls_of("image", made.order, options)).decide(made.order, UP, NOTHING, NOW)
    assert isinstance(asked, Send)
    assert asked.call.operation == "CreateImage"
    plain = [step.name for step in steps_of("image", replace(options, backup=Backup()))]
    assert plain == ["image"]
