"""Instances by what covers them, for the table of verdicts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from tests.unit.rows import OK, row
from tui.domain.cover_facts import Alarm, AlarmActionKind, AlarmState, CoverFacts, ScalingMember
from tui.domain.instance import Checks, Image, Instance, TypeFacts
from tui.domain.sanitize import SafeText, clean

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
FACTS = TypeFacts(instance_storage=False, bare_metal=False, auto_recovery_supported=True)


def ago(**length: float) -> datetime:
    return NOW - timedelta(**length)


def image(created: datetime | None = NOW - timedelta(hours=20), **changes: Any) -> Image:
    return replace(
        Image(clean("ami-0123456789abcdef0"), clean("nightly"), clean("available"), created), **changes
    )


def recover(**changes: Any) -> Alarm:
    """A recover alarm as AWS's console and evac set it."""
    return replace(
        Alarm(
            clean("recover-1"),
            AlarmState.OK,
            ago(days=30),
            clean("AWS/EC2"),
            clean("StatusCheckFailed_System"),
            clean("Maximum"),
            60,
            2,
            2,
            1.0,
            clean("GreaterThanOrEqualToThreshold"),
            clean("missing"),
            True,
            (AlarmActionKind.RECOVER,),
        ),
        **changes,
    )


def reboot(**changes: Any) -> Alarm:
    """A reboot alarm as AWS recommends it: three minutes, not to race with recover."""
    ours = recover(
        name=clean("reboot-1"),
        metric=clean("StatusCheckFailed_Instance"),
        evaluation_periods=3,
        datapoints=3,
        actions=(AlarmActionKind.REBOOT,),
    )
    return replace(ours, **changes)


def member(lifecycle: str = "InService", *suspended: str) -> ScalingMember:
    return ScalingMember(clean("web"), clean(lifecycle), tuple(map(clean, suspended)))


def facts(*alarms: Alarm, **changes: Any) -> CoverFacts:
    return replace(CoverFacts(NOW), alarms=alarms, **changes)


def machine(cover: CoverFacts | None = None, **changes: Any) -> Instance:
    """A running instance on EBS with automatic recovery on, an AMI of last night, and no alarm unless told."""
    ours = row(
        1,
        checks=Checks(system=OK, instance=OK),
        status_at=NOW,
        inventory_at=NOW,
        images_at=NOW,
        instance_type=clean("m5.large"),
        zone=clean("eu-west-1a"),
        root_device=clean("ebs"),
        tenancy=clean("default"),
        auto_recovery=clean("default"),
        type_facts=FACTS,
        newest_image=image(),
        cover=facts() if cover is None else cover,
    )
    return replace(ours, **changes)


def tags(**values: str) -> tuple[tuple[SafeText, SafeText], ...]:
    return tuple((clean(key), clean(value)) for key, value in values.items())
