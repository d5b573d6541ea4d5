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
_NOBODY, _UNKNOWN = CoverVerdict.NOBODY, CoverVerdict.UNKNOWN
SKEW = timedelta(minutes=10)
"""So far ahead a time may lie where clocks differ."""
PENDING_LONG = timedelta(days=1)
"""An AMI that is pending longer than this is not counted on."""


def copy_lines(instance: Instance, now: datetime, max_age: timedelta) -> tuple[CoverLine, ...]:
    """Each kind of copy with its age; one that is younger than `max_age` counts."""
    return (
        image_line(instance, now, max_age),
        backup_line(instance, now, max_age),
        snapshot_line(instance, now, max_age),
    )


def image_line(instance: Instance, now: datetime, max_age: timedelta) -> CoverLine:
    """The newest AMI, whoever made it."""
    image = instance.newest_image
    if image is None:
        if instance.images_at is None:
            unread = "not read (ec2:DescribeImages)"
            return _line(_AMI, _UNKNOWN, f"don't know: {unread}", "not read", why=f"AMIs are {unread}")
        return _line(_AMI, _NOBODY, "none found", "none", why="no AMI")
    maker = clean(image.maker, 40)
    told = f"{image.image_id}{f' (by {maker})' if maker else ''}"
    by = f"AMI {told}"
    if image.state != "available":
        return _not_available(image, told, by, now)
    verdict, age = _age(image.created, now, max_age)
    if verdict is _UNKNOWN:
        return _line(_AMI, verdict, f"{told}: {age}", "AMI, no date", by)
    text = f"{age} old{_limit(verdict, max_age)}, {told}"
    return _line(_AMI, verdict, text, f"{age} {_SHORT.get(str(maker), 'AMI')}", by, f"newest AMI {text}")


_SHORT = {"Data Lifecycle Manager": "DLM", "AWS Backup": "Backup"}


def _line(what: str, verdict: CoverVerdict, text: str, word: str, by: str = "", why: str = "") -> CoverLine:
    return CoverLine(what, verdict, text, word, by, why or f"{what}: {text}")


def _limit(verdict: CoverVerdict, max_age: timedelta) -> str:
    return "" if verdict is CoverVerdict.COVERED else f" (limit {span(max_age)})"


def _not_available(image: Image, told: str, by: str, now: datetime) -> CoverLine:
    if image.state == "pending":
        young = image.created is not None and -SKEW <= now - image.created <= PENDING_LONG
        text = f"{told} is still being made"
        return _line(_AMI, CoverVerdict.PARTLY if young else _NOBODY, text, "AMI pending", by)
    state = clean(image.state, 40)
    text = f"{told} is {state or 'in no known state'}"
    return _line(_AMI, _NOBODY, text, f"AMI {state[:8] or 'unusable'}", by)


def backup_line(instance: Instance, now: datetime, max_age: timedelta) -> CoverLine:
    """AWS Backup's last recovery point."""
    if (unread := why_cover_unread(instance, CoverPart.BACKUPS)) is not None or instance.cover is None:
        return _unread(_BACKUP, unread, "not read")
    if instance.cover.backup_at is None:
        return _line(_BACKUP, _NOBODY, "no recovery point of it", "none", why="no recovery point")
    verdict, age = _age(instance.cover.backup_at, now, max_age)
    if verdict is _UNKNOWN:
        return _line(_BACKUP, verdict, f"last recovery point: {age}", "no date", _BACKUP)
    text = f"last recovery point {age} ago{_limit(verdict, max_age)}"
    return _line(_BACKUP, verdict, text, f"{age} Backup", _BACKUP)


def snapshot_line(instance: Instance, now: datetime, max_age: timedelta) -> CoverLine:
    """The newest snapshot of its root volume: a copy of data, from which nothing starts at once."""
    if (unread := why_cover_unread(instance, CoverPart.SNAPSHOTS)) is not None or instance.cover is None:
        return _unread(_SNAPSHOT, unread, "not read")
    if instance.cover.snapshot_at is None:
        return _line(_SNAPSHOT, _NOBODY, "none of its root volume", "none", why="no snapshot")
    verdict, age = _age(instance.cover.snapshot_at, now, max_age)
    if verdict is _UNKNOWN:
        return _line(_SNAPSHOT, verdict, age, "no date")
    text = f"{age} old{_limit(verdict, max_age)}: its data, from which nothing starts at once"
    young = verdict is CoverVerdict.COVERED
    why = f"only a snapshot, {age} old" if young else f"newest snapshot {age} old (limit {span(max_age)})"
    by = "snapshot of its root volume"
    return _line(_SNAPSHOT, CoverVerdict.PARTLY if young else verdict, text, f"{age} snapshot", by, why)


def _unread(what: str, why: str | None, word: str) -> CoverLine:
    return _line(what, _UNKNOWN, f"don't know: {why}", word, why=f"{what} is not read: {why}")


def _age(at: datetime | None, now: datetime, max_age: timedelta) -> tuple[CoverVerdict, str]:
    """Whether a copy of then is young enough, and its age in words; UNKNOWN with the reason where that can't be told."""
    if at is None:
        return CoverVerdict.UNKNOWN, "when it was made is not known"
    age = now - at
    if age < -SKEW:
        return CoverVerdict.UNKNOWN, "its date lies ahead"
    return CoverVerdict.COVERED if age <= max_age else CoverVerdict.NOBODY, span(max(age, timedelta()))
