"""What acts on a failing host or system: automatic recovery, alarms, the Auto Scaling group.

Sources: EC2 user guide, instance-configuration-recovery and cloudwatch-recovery; Auto Scaling user guide,
health-checks-overview, as-suspend-resume-processes and as-enter-exit-standby.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from tui.domain.cover.alarm_judgement import (
    INSTANCE_METRIC,
    REBOOT,
    RECOVER,
    SYSTEM_METRIC,
    alarm_line,
    concerns,
)
from tui.domain.cover.answers import CoverLine, CoverVerdict
from tui.domain.cover_facts import AlarmActionKind, CoverPart, ScalingMember
from tui.domain.events import EventState
from tui.domain.instance import CheckStatus, Instance
from tui.domain.sanitize import SafeText, clean
from tui.domain.time_format import countdown, span

GROUP_TAG = "aws:autoscaling:groupName"
"""What Auto Scaling writes on its members, and nobody else can."""
NOT_ASKED = "not read yet"
NEEDED_PROCESSES = ("HealthCheck", "ReplaceUnhealthy", "Terminate", "Launch")
"""Without one of them a group replaces nobody."""
_HELPLESS = timedelta(minutes=15)
"""A system check that fails so long was not mended by automatic recovery."""
_AUTO, _GROUP = "automatic recovery", "Auto Scaling"
_COVERED, _PARTLY, _NOBODY, _UNKNOWN = (
    CoverVerdict.COVERED,
    CoverVerdict.PARTLY,
    CoverVerdict.NOBODY,
    CoverVerdict.UNKNOWN,
)


def why_cover_unread(instance: Instance, part: CoverPart) -> SafeText | str | None:
    """Why that part of its cover is not known; None: it is."""
    return NOT_ASKED if instance.cover is None else instance.cover.why_unknown(part)


def group_line(instance: Instance) -> CoverLine:
    """Whether its group replaces it when a check fails."""
    unread = why_cover_unread(instance, CoverPart.GROUPS)
    tagged = instance.tag(GROUP_TAG)
    member = None if instance.cover is None or unread else instance.cover.scaling
    if member is not None:
        return _member_line(member)
    if tagged is None:  # the tag tells it where the groups are not read
        return CoverLine(_GROUP, None, "not a member")
    name = clean(tagged, 60)
    if unread:
        return _group(_UNKNOWN, f"don't know of group {name}: {unread}", "not read")
    return _group(_UNKNOWN, f"tagged as of group {name}, which did not list it", "not read")


def _group(verdict: CoverVerdict, text: str, word: str, by: str = "") -> CoverLine:
    return CoverLine(_GROUP, verdict, text, word, by, text)


def _member_line(member: ScalingMember) -> CoverLine:
    name, lifecycle = clean(member.group, 60), clean(member.lifecycle, 30)
    off = [one for one in NEEDED_PROCESSES if one in member.suspended]
    by = f"Auto Scaling group {name}"
    if lifecycle in ("Standby", "EnteringStandby"):
        return _group(_NOBODY, f"group {name} looks away: it is in {lifecycle}", "in standby", by)
    if lifecycle.startswith(("Terminat", "Detach")):
        return _group(_NOBODY, f"group {name} gives it up: {lifecycle}", "leaves group", by)
    if off == ["Launch"]:
        text = f"group {name} would terminate it and launch none: Launch is suspended"
        return _group(_NOBODY, text, "suspended", by)
    if off:
        text = f"group {name} has {', '.join(off)} suspended"
        return _group(_NOBODY, text, "suspended", by)
    if lifecycle in ("InService", "Warmed:Running"):
        return _group(_COVERED, f"group {name} replaces it", "by its group", by)
    if lifecycle.startswith(("Pending", "Warmed")):
        text = f"group {name} does not have it in service yet: {lifecycle}"
        return _group(_PARTLY, text, "coming up", by)
    text = f"whether group {name} looks at it is not known: {lifecycle or 'AWS did not say'}"
    return _group(_UNKNOWN, text, "not told", by)


def is_member(group: CoverLine) -> bool:
    """Whether it is, or may be, in a group."""
    return group.verdict is not None


def _bare_metal(instance: Instance) -> bool:
    facts = instance.type_facts
    return (
        bool(facts is not None and facts.bare_metal)
        or "metal" in str(instance.instance_type).partition(".")[2]
    )


def _never(instance: Instance) -> tuple[str, str] | None:
    """What neither automatic recovery nor a recover alarm acts on, in a clause and in short."""
    if instance.tenancy == "host" or instance.host_id:
        return "it runs on a Dedicated Host, whose own recovery is not read", "Ded. Host"
    if any(one.kind.lower().startswith("efa") for one in instance.interfaces):
        return "it has an Elastic Fabric Adapter", "EFA"
    if instance.root_device == "instance-store":
        return "its root is on instance store", "store root"
    return None


def _type_unsupported(instance: Instance) -> tuple[str, str] | None:
    facts = instance.type_facts
    if facts is None or facts.auto_recovery_supported is not False:
        return None
    return f"the type {instance.instance_type} is not supported", "unsupported"


def automatic_line(instance: Instance, group: CoverLine, now: datetime) -> CoverLine:
    """Simplified automatic recovery: on unless switched off, where the type and all else allow it."""
    if group.verdict is _UNKNOWN:
        return _auto(_UNKNOWN, "not for members of a group, and whether it is one is not known", "group?")
    if group.verdict is not None:
        return CoverLine(_AUTO, None, "not for members of an Auto Scaling group")
    if instance.auto_recovery == "disabled":
        return _auto(_NOBODY, "switched off", "switched off", "automatic recovery is switched off")
    if obstacle := why_not_automatic(instance):
        why = f"no automatic recovery: {obstacle[0]}"
        return _auto(_NOBODY, f"does not act: {obstacle[0]}", obstacle[1], why)
    facts = instance.type_facts
    if instance.auto_recovery != "default":
        return _auto(_UNKNOWN, "don't know whether it is on: AWS did not say", "not read")
    if facts is None or facts.auto_recovery_supported is None or facts.instance_storage is None:
        return _auto(_UNKNOWN, "on, but whether the type supports it was not read", "type unread")
    return _automatic_now(instance, now)


def _auto(verdict: CoverVerdict, text: str, word: str, why: str = "") -> CoverLine:
    by = _AUTO if verdict in (_COVERED, _PARTLY) else ""
    return CoverLine(_AUTO, verdict, text, word, by, why or f"{_AUTO}: {text}")


def why_not_automatic(instance: Instance) -> tuple[str, str] | None:
    """What automatic recovery does not act on, switched on or not, in a clause and in short; its group aside."""
    if found := _never(instance):
        return found
    if _bare_metal(instance):
        return "it is bare metal", "metal"
    if instance.type_facts is not None and instance.type_facts.instance_storage:
        return "its type has instance store", "store type"
    return _type_unsupported(instance)


def _automatic_now(instance: Instance, now: datetime) -> CoverLine:
    """It is on and possible: what is in its way now."""
    system = instance.checks.system
    if system.status is CheckStatus.IMPAIRED and system.since is not None and now - system.since > _HELPLESS:
        length = span(now - system.since)
        text = f"on, but the system check has failed for {length} and it did not help"
        return _auto(_PARTLY, text, "auto failed", f"automatic recovery did not help for {length}")
    if events := instance.open_events(now):
        first = events[0]
        when = "" if first.not_before is None else f" {countdown(first.not_before, now)}"
        told = f"{clean(first.code_text, 40)}{when}"
        why = f"no automatic recovery during maintenance: {told}"
        return _auto(_PARTLY, f"on, but not during scheduled maintenance: {told}", "auto, event", why)
    return _auto(_COVERED, "on (default), and the type supports it", "auto", "automatic recovery is on")


def alarm_lines(
    instance: Instance, wanted: AlarmActionKind, group: CoverLine, now: datetime
) -> list[CoverLine]:
    """Each alarm that has to do with that check, or one line that there is none."""
    what = f"{wanted} alarm"
    if (unread := why_cover_unread(instance, CoverPart.ALARMS)) is not None or instance.cover is None:
        told = f"alarms are not read: {unread}"
        return [CoverLine(what, _UNKNOWN, f"don't know: {unread}", "not read", "", told)]
    found = [
        alarm_line(one, wanted, now, instance.launched_at)
        for one in instance.cover.alarms
        if concerns(one, wanted)
    ]
    if not found:
        metric = SYSTEM_METRIC if wanted is RECOVER else INSTANCE_METRIC
        return [CoverLine(what, _NOBODY, f"none on {metric}", "no alarm", "", f"no {what}")]
    return [_possible(one, instance, group, now) for one in found] if wanted is RECOVER else found


def _possible(line: CoverLine, instance: Instance, group: CoverLine, now: datetime) -> CoverLine:
    """The same where AWS recovers such an instance at all."""
    if line.verdict in (_NOBODY, _UNKNOWN):
        return line
    if is_member(group):
        return _but(line, _NOBODY, "AWS recovers no members of an Auto Scaling group", "in a group")
    if found := _never(instance) or _type_unsupported(instance):
        return _but(line, _NOBODY, f"it can't be recovered: {found[0]}", found[1])
    facts = instance.type_facts
    if facts is None or facts.auto_recovery_supported is None:
        return _but(line, _UNKNOWN, "whether the type can be recovered was not read", "type unread")
    for event in instance.open_events(now):
        if event.state(now) is EventState.STARTED:
            told = f"not while maintenance is under way: {clean(event.code_text, 40)}"
            return _but(line, _PARTLY, told, "alarm, event")
    if facts.instance_storage:
        return _but(line, line.verdict, "what is on its instance store is lost", line.word)
    return line


def _but(line: CoverLine, verdict: CoverVerdict | None, text: str, word: str) -> CoverLine:
    told = {"text": f"{line.text}, but {text}", "why": f"{line.why}, but {text}"}
    return replace(line, verdict=verdict, word=word, **told)


def host_lines(instance: Instance, group: CoverLine, now: datetime) -> tuple[CoverLine, ...]:
    """Who acts if its host dies."""
    return (automatic_line(instance, group, now), *alarm_lines(instance, RECOVER, group, now), group)


def hang_lines(instance: Instance, group: CoverLine, now: datetime) -> tuple[CoverLine, ...]:
    """Who acts if its system hangs. Automatic recovery looks at the system check alone."""
    return (*alarm_lines(instance, REBOOT, group, now), group)
