"""Instances by what covers them, for the table of verdicts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from tests.unit.rows import OK, row
from tui.domain.cover.answers import CoverVerdict
from tui.domain.cover.verdict import cover_lines, cover_of
from tui.domain.cover_facts import Alarm, AlarmActionKind, AlarmState, CoverFacts, CoverPart, ScalingMember
from tui.domain.events import ScheduledEvent
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
    return replace(CoverFacts(NOW, alarms), **changes)


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


OFF = {"auto_recovery": clean("disabled")}
"""Automatic recovery is switched off: what is left are the alarms."""
OLD = image(ago(days=40))


def event(code: str = "instance-retirement", **starts_in: float) -> tuple[ScheduledEvent, ...]:
    begins = NOW + timedelta(**starts_in)
    return (
        ScheduledEvent(clean(code), clean("ev-1"), not_before=begins, not_after=begins + timedelta(hours=2)),
    )


def denied(*parts: CoverPart, **changes: Any) -> CoverFacts:
    """Facts of which these parts were not read."""
    told = {
        CoverPart.ALARMS: "cloudwatch:DescribeAlarms is denied",
        CoverPart.GROUPS: "autoscaling:DescribeAutoScalingGroups is denied",
        CoverPart.BACKUPS: "backup:ListProtectedResources is denied",
        CoverPart.SNAPSHOTS: "ec2:DescribeSnapshots is denied",
    }
    return facts(unknown=tuple((part, clean(told[part])) for part in parts), **changes)


def off(*alarms: Alarm, **changes: Any) -> Instance:
    return machine(facts(*alarms), **{**OFF, **changes})


def store(kind: str = "i3.2xlarge", supported: bool = False) -> dict[str, Any]:
    of = replace(FACTS, instance_storage=True, auto_recovery_supported=supported)
    return {"instance_type": clean(kind), "type_facts": of}


Case = tuple[str, Instance, tuple[CoverVerdict, CoverVerdict, CoverVerdict], str]
"""What it is, the instance, its three verdicts, and words that stand in a reason or the name of who acts."""


def check(row: Instance, wanted: tuple[CoverVerdict, ...], why: str) -> None:
    """The verdicts and a reason; and that the lines, which both faces draw, tell the same in short words and one line each."""
    cover = cover_of(row, NOW, WEEK)
    assert tuple(answer.verdict for answer in cover.answers) == wanted, cover
    told = " ".join((*(answer.why for answer in cover.answers), *cover.host_dies.by))
    assert why in told, told
    sections = cover_lines(row, NOW, WEEK)
    assert tuple(one.answer for one in sections[:3]) == cover.answers
    for section, answer in zip(sections, cover.answers, strict=False):
        assert section.lines
        assert section.so
        assert 0 < len(answer.word) <= 12
        assert bool(answer.by) or answer.verdict not in (CoverVerdict.COVERED, CoverVerdict.PARTLY)
        assert not answer.by or answer.verdict not in (CoverVerdict.NOBODY, CoverVerdict.NOT_NEEDED)
