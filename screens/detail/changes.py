"""Changed last: who called what on the instance, from where and when, as CloudTrail tells it; on demand of its volumes, too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from screens.detail.view_model import Scene
from screens.page import Row
from tui.commands import VERBS, shown_key
from tui.domain.diagnosis.changed_last import type_change
from tui.domain.diagnosis.evidence import Change
from tui.domain.instance import Instance
from tui.domain.plurals import counted
from tui.domain.sanitize import clean
from tui.domain.time_format import ago, bare_clock, clock, short_date
from tui.fleet.gathered import Gathered
from tui.fleet.protocol import ReadKind

DELIVERY_LAG = timedelta(minutes=15)
"""CloudTrail delivers an event within about that time (CloudTrail user guide, how-cloudtrail-works)."""
MOST_OTHERS = 10
"""Volumes and security groups that are asked for: CloudTrail answers two calls a second (LookupEvents)."""
MOST_SHOWN = 12
_HALF = 0.55
_RECENT = timedelta(hours=20)


def other_resources(instance: Instance) -> tuple[str, ...]:
    """Its volumes and security groups, the root volume first: by their ids, as CloudTrail names them."""
    volumes = sorted(instance.volumes, key=lambda one: one.device != instance.root_device_name)
    return (*(str(one.volume_id) for one in volumes), *map(str, instance.security_group_ids))[:MOST_OTHERS]


def changed_rows(scene: Scene) -> list[Row]:
    """The changes, the newest first; what of them is not read yet, could not be, and cannot be known yet."""
    gathered = scene.gathered
    why, asking = gathered.why_unread(ReadKind.CHANGES), gathered.is_asking(ReadKind.CHANGES)
    read_at = gathered.read_at(ReadKind.CHANGES)
    if read_at is None:
        if why:
            return [Row(why, "? changed", "magenta", "bold magenta")]
        told = "reading …" if asking else "don't know: not read (r reads)"
        return [Row(told, "changed", "dim" if asking else "magenta")]
    evidence = gathered.evidence
    found = () if evidence is None or evidence.changes is None else evidence.changes
    since = clock(read_at - DELIVERY_LAG, scene.zone)
    rows = [
        Row(
            f"CloudTrail, this region, 90 d; may lack changes after {since}",
            "changed",
            "dim",
        )
    ]
    if why is not None:
        rows.append(
            Row(f"{why}; below is what was read {ago(read_at, scene.now)}", "? not anew", "", "bold magenta")
        )
    rows += [_changed(scene, found[number:]) for number in range(min(len(found), MOST_SHOWN))]
    if not found:
        rows.append(Row("nothing: no change is told of", style="dim"))
    elif len(found) > MOST_SHOWN:
        rows.append(Row(f"{len(found) - MOST_SHOWN} more, older than these", style="dim"))
    return [*rows, *_others(scene, gathered)]


def _changed(scene: Scene, changes: Sequence[Change]) -> Row:
    """The first of them; the others are those before it."""
    one = changes[0]
    about = f"{one.resource}: " if one.resource and one.resource != scene.instance.instance_id else ""
    text = f"{one.user or 'somebody'}  {about}{one.event}" + (f"  {one.what}" if one.what else "")
    style = ""
    if one.error:
        text, style = f"{text}  ✖ refused by AWS ({one.error}): nothing was changed", "dim"
    elif shrunk := _shrunk(changes):
        text, style = f"{text}  ▲ {shrunk}", "bold yellow"
    zone, now = scene.zone, scene.now
    when = bare_clock(one.at, zone) if now - one.at < _RECENT else short_date(one.at, zone, now)
    source = "" if one.operation or not one.source_ip else f" from {one.source_ip}"
    return Row(text, ago(one.at, now), style, note=f"{_operation(scene, one)}at {when}{source}")


def _operation(scene: Scene, one: Change) -> str:
    """evac's own call, by the operation it was sent for; what this journal says of it."""
    if not one.operation:
        return ""
    known = next((op for op in scene.operations if op.id == one.operation), None)
    of = (
        f" {clean(known.action)}, {clean(known.user)}@{clean(known.host)}"
        if known is not None
        else ", of another journal"
    )
    return f"evac's own: operation {one.operation}{of}; "


def _shrunk(changes: Sequence[Change]) -> str:
    """A type with less memory than the one before."""
    found = type_change(changes, changes[0].at)
    if found is None or found.change is not changes[0] or found.share is None or found.share >= 1:
        return ""
    return "half the memory it had, or less" if found.share <= _HALF else "less memory than it had"


def _others(scene: Scene, gathered: Gathered) -> Iterator[Row]:
    """Of its volumes and security groups: how to ask, what is on its way, what could not be read."""
    names = other_resources(scene.instance)
    asking = [one for one in names if gathered.is_asking(ReadKind.CHANGES, one)]
    asked = [one for one in names if gathered.was_asked(ReadKind.CHANGES, one)]
    if names and not asked:
        key = shown_key(VERBS["more-changes"], plain=scene.settings.ascii)
        yield Row(f"{key} asks for those of its {_counted(names)} too", style="dim")
    elif asking:
        yield Row(f"reading those of {len(asking)} of its {_counted(names)} …", style="dim")
    elif asked:
        yield Row(f"with those of its {_counted(names)}", style="dim")
    for one in asked:
        if (why := gathered.why_unread(ReadKind.CHANGES, one)) is not None:
            yield Row(f"{one}: {why}", "? not read", "", "bold magenta")


def _counted(names: Sequence[str]) -> str:
    volumes = sum(one.startswith("vol-") for one in names)
    parts = [counted(volumes, "volume"), counted(len(names) - volumes, "security group")]
    return " and ".join(one for one in parts if not one.startswith("0 "))
