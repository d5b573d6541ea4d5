"""Copies: AMIs of all makers, recovery points, snapshots; and what was not read."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from tests.unit.cover_cases import (
    NOW,
    OFF,
    OLD,
    WEEK,
    Case,
    ago,
    check,
    denied,
    event,
    facts,
    image,
    machine,
    member,
)
from tui.domain.actions import ActionOptions
from tui.domain.cover.answers import CoverVerdict as V
from tui.domain.cover.verdict import cover_of
from tui.domain.cover_facts import CoverPart
from tui.domain.hazards import hazards
from tui.domain.instance import Instance
from tui.domain.policy import Policy
from tui.domain.sanitize import clean

N, P, U, C, X = V.NOBODY, V.PARTLY, V.UNKNOWN, V.COVERED, V.NOT_NEEDED

COPIES: list[Case] = [
    ("an AMI of last night", machine(), (C, N, C), "20h old, ami-0123456789abcdef0"),
    (
        "by Data Lifecycle Manager",
        machine(newest_image=image(maker=clean("Data Lifecycle Manager"))),
        (C, N, C),
        "Data Lifecycle Manager",
    ),
    ("by AWS Backup", machine(newest_image=image(maker=clean("AWS Backup"))), (C, N, C), "by AWS Backup"),
    ("to the hour at the limit", machine(newest_image=image(ago(days=7))), (C, N, C), ""),
    ("a minute beyond", machine(newest_image=image(ago(days=7, minutes=1))), (C, N, N), "limit 7d"),
    ("forty days old", machine(newest_image=OLD), (C, N, N), "40d old (limit 7d)"),
    ("none", machine(newest_image=None), (C, N, N), "no AMI"),
    ("AMIs not read", machine(newest_image=None, images_at=None), (C, N, U), "ec2:DescribeImages"),
    (
        "AMIs not read, a backup",
        machine(facts(backup_at=ago(hours=6)), newest_image=None, images_at=None),
        (C, N, C),
        "6h ago",
    ),
    (
        "pending",
        machine(newest_image=image(ago(minutes=5), state=clean("pending"))),
        (C, N, P),
        "still being made",
    ),
    (
        "pending for days",
        machine(newest_image=image(ago(days=3), state=clean("pending"))),
        (C, N, N),
        "still being made",
    ),
    ("failed", machine(newest_image=image(state=clean("failed"))), (C, N, N), "is failed"),
    ("disabled", machine(newest_image=image(state=clean("disabled"))), (C, N, N), "is disabled"),
    ("a state nobody told", machine(newest_image=image(state=clean(""))), (C, N, N), "in no known state"),
    ("no date", machine(newest_image=image(None)), (C, N, U), "not known"),
    ("a date ahead", machine(newest_image=image(NOW + timedelta(days=400))), (C, N, U), "lies ahead"),
    ("clocks differ", machine(newest_image=image(NOW + timedelta(minutes=2))), (C, N, C), ""),
    (
        "the end of the calendar",
        machine(newest_image=image(datetime.max.replace(tzinfo=NOW.tzinfo))),
        (C, N, U),
        "ahead",
    ),
    (
        "AWS Backup last night",
        machine(facts(backup_at=ago(hours=6)), newest_image=None),
        (C, N, C),
        "last recovery point 6h ago",
    ),
    (
        "AWS Backup long ago",
        machine(facts(backup_at=ago(days=30)), newest_image=OLD),
        (C, N, N),
        "30d ago (limit 7d)",
    ),
    (
        "AWS Backup ahead",
        machine(facts(backup_at=NOW + timedelta(days=3)), newest_image=None),
        (C, N, U),
        "ahead",
    ),
    (
        "AWS Backup denied, AMI old",
        machine(denied(CoverPart.BACKUPS), newest_image=OLD),
        (C, N, U),
        "backup:ListProtectedResources",
    ),
    ("AWS Backup denied, AMI young", machine(denied(CoverPart.BACKUPS)), (C, N, C), ""),
    (
        "a snapshot",
        machine(facts(snapshot_at=ago(hours=3)), newest_image=None),
        (C, N, P),
        "only a snapshot, 3h old",
    ),
    (
        "an old snapshot",
        machine(facts(snapshot_at=ago(days=90)), newest_image=None),
        (C, N, N),
        "90d old (limit 7d)",
    ),
    (
        "a snapshot, AWS Backup denied",
        machine(denied(CoverPart.BACKUPS, snapshot_at=ago(hours=3)), newest_image=None),
        (C, N, U),
        "denied",
    ),
    (
        "snapshots denied, AMI old",
        machine(denied(CoverPart.SNAPSHOTS), newest_image=OLD),
        (C, N, U),
        "ec2:DescribeSnapshots",
    ),
    ("alarms denied", machine(denied(CoverPart.ALARMS)), (C, U, C), "cloudwatch:DescribeAlarms is denied"),
    (
        "alarms denied, switched off",
        machine(denied(CoverPart.ALARMS), **OFF),
        (U, U, C),
        "cloudwatch:DescribeAlarms is denied",
    ),
    ("alarms denied, an event", machine(denied(CoverPart.ALARMS), events=event(days=5)), (U, U, C), "denied"),
    ("alarms denied, a member", machine(denied(CoverPart.ALARMS, scaling=member())), (C, C, X), ""),
    (
        "all denied",
        machine(denied(*CoverPart), **OFF, newest_image=None, images_at=None),
        (U, U, U),
        "denied",
    ),
]
NOBODY_ASKED = replace(machine(), cover=None)


@pytest.mark.parametrize(("name", "row", "wanted", "why"), COPIES, ids=[one[0] for one in COPIES])
def test_copies(name: str, row: Instance, wanted: tuple[V, V, V], why: str) -> None:
    check(row, wanted, why)


def test_what_nobody_asked_for_is_not_known() -> None:
    """But what the row itself tells is: automatic recovery, and the newest AMI."""
    assert [one.verdict for one in cover_of(NOBODY_ASKED, NOW, WEEK).answers] == [C, U, C]
    bare = replace(NOBODY_ASKED, **OFF, newest_image=OLD)
    assert [one.verdict for one in cover_of(bare, NOW, WEEK).answers] == [U, U, U]


@pytest.mark.parametrize(
    ("row", "gravity", "text"),
    [
        (machine(), "ok", "newest AMI 20h old"),
        (machine(facts(backup_at=ago(hours=6)), newest_image=None), "ok", "last recovery point 6h ago"),
        (machine(facts(backup_at=ago(hours=6)), newest_image=OLD), "ok", "last recovery point 6h ago"),
        (machine(newest_image=None), "warn", "no AMI of it was found; AWS Backup: no recovery point of it"),
        (machine(newest_image=OLD), "warn", "40d ago; AWS Backup: no recovery point of it"),
        (
            machine(denied(CoverPart.BACKUPS), newest_image=None),
            "warn",
            "backup:ListProtectedResources is denied",
        ),
        (replace(NOBODY_ASKED, newest_image=None), "warn", "AWS Backup were not asked"),
    ],
)
def test_a_plan_knows_of_the_copies_that_were_read(row: Instance, gravity: str, text: str) -> None:
    found = hazards(row, None, "stop-start", NOW, ActionOptions(), Policy())
    told = next(one for one in found if one.code == "image")
    assert told.gravity == gravity
    assert text in told.text
