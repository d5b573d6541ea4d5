"""From what copy an instance comes back: the newest AMI of any maker, AWS Backup's recovery points, snapshots of its root.

Sources: botocore model, Image, ProtectedResource and Snapshot; EC2 user guide, ami-ancestry.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tui.domain.cover.answers import CoverLine, CoverVerdict
from tui.domain.cover.recovery import why_cover_unread
from tui.domain.cover_facts import CoverPart
from tui.domain.instance import Image, Instance
from tui.domain.sanitize import clean
from tui.domain.time_format import span

_AMI, _BACKUP, _SNAPSHOT = "newest AMI", "AWS Backup", "newest snapshot"
SKEW = timedelta(minutes=10)
"""So far ahead a time may lie where clocks differ."""
PENDING_LONG = timedelta(days=1)
"""An AMI that is pending longer than this is not counted on."""


def copy_lines(instance: Instance, now: datetime, max_age: timedelta) -> tuple[CoverLine, ...]:
    """Each kind of copy with its age; one that is younger than `max_age` counts."""
    return (
        image_line(instance, now, max_age),
        _dated(instance, CoverPart.BACKUPS, now, max_age),
        _dated(instance, CoverPart.SNAPSHOTS, now, max_age),
    )


def image_line(instance: Instance, now: datetime, max_age: timedelta) -> CoverLine:
    """The newest AMI, whoever made it."""
    image = instance.newest_image
    if image is None:
        if instance.images_at is None:
            return CoverLine(
                _AMI, CoverVerdict.UNKNOWN, "don't know: not read (ec2:DescribeImages)", "AMIs not read"
            )
        return CoverLine(_AMI, CoverVerdict.NOBODY, "none found", "none")
    maker = clean(image.maker, 40)
    told = f"{image.image_id}{f' (by {maker})' if maker else ''}"
    by = f"AMI {told}"
    if image.state != "available":
        return _not_available(image, told, by, now)
    verdict, age = _age(image.created, now, max_age)
    word = f"{age} {_SHORT.get(str(maker), 'AMI')}"
    if verdict is CoverVerdict.UNKNOWN:
        return CoverLine(_AMI, verdict, f"{told}: {age}", "AMI, no date", by)
    limit = "" if verdict is CoverVerdict.COVERED else f" (limit {span(max_age)})"
    return CoverLine(_AMI, verdict, f"{age} old{limit}, {told}", word, by)


_SHORT = {"Data Lifecycle Manager": "DLM", "AWS Backup": "AWS Backup"}


def _not_available(image: Image, told: str, by: str, now: datetime) -> CoverLine:
    if image.state == "pending":
        young = image.created is not None and -SKEW <= now - image.created <= PENDING_LONG
        verdict = CoverVerdict.PARTLY if young else CoverVerdict.NOBODY
        return CoverLine(_AMI, verdict, f"{told} is still being made", "AMI pending", by)
    state = clean(image.state, 14)
    text = f"{told} is {state or 'in no known state'}"
    return CoverLine(_AMI, CoverVerdict.NOBODY, text, f"AMI {state or 'unusable'}", by)


def _dated(instance: Instance, part: CoverPart, now: datetime, max_age: timedelta) -> CoverLine:
    backup = part is CoverPart.BACKUPS
    what = _BACKUP if backup else _SNAPSHOT
    if (unread := why_cover_unread(instance, part)) is not None or instance.cover is None:
        return CoverLine(what, CoverVerdict.UNKNOWN, f"don't know: {unread}", f"{part} not read")
    at = instance.cover.backup_at if backup else instance.cover.snapshot_at
    if at is None:
        return CoverLine(
            what,
            CoverVerdict.NOBODY,
            "no recovery point of it" if backup else "none of its root volume",
            "none",
        )
    verdict, age = _age(at, now, max_age)
    if verdict is CoverVerdict.UNKNOWN:
        return CoverLine(what, verdict, age, "no date", what)
    limit = "" if verdict is CoverVerdict.COVERED else f" (limit {span(max_age)})"
    if backup:
        return CoverLine(what, verdict, f"last recovery point {age} ago{limit}", f"{age} AWS Backup", what)
    if verdict is CoverVerdict.COVERED:
        verdict = CoverVerdict.PARTLY
    text = f"{age} old{limit}: its data, from which nothing starts at once"
    return CoverLine(what, verdict, text, f"{age} snapshot", "snapshot of its root volume")


def _age(at: datetime | None, now: datetime, max_age: timedelta) -> tuple[CoverVerdict, str]:
    """Whether a copy of then is young enough, and its age in words; UNKNOWN with the reason where that can't be told."""
    if at is None:
        return CoverVerdict.UNKNOWN, "when it was made is not known"
    age = now - at
    if age < -SKEW:
        return CoverVerdict.UNKNOWN, "its date lies ahead"
    return CoverVerdict.COVERED if age <= max_age else CoverVerdict.NOBODY, span(max(age, timedelta()))
