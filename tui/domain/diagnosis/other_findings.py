"""What is found without the guest: AWS's own checks and events, a boot that came up, calls that changed it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from tui.domain.diagnosis import changed_last
from tui.domain.diagnosis.evidence import Change, MetricRow, SystemLog
from tui.domain.diagnosis.findings import Finding
from tui.domain.diagnosis.kinds import ADVICE
from tui.domain.diagnosis.log_evidence import Then, older_than_failure
from tui.domain.diagnosis.triage_row import TriageRow
from tui.domain.events import EventState, ScheduledEvent
from tui.domain.facts import Facts
from tui.domain.instance import CheckName, InstanceState
from tui.domain.sanitize import EMPTY
from tui.domain.time_format import span, to_utc

BOOTS_WITHIN = timedelta(minutes=8)
"""So long after a reboot the instance check may still fail because of it."""


def _finding(
    key: str, severity: int, words: str, remedy: str, source: str, at: datetime | None, *evidence: str
) -> Finding:
    advised, advice = ADVICE.get(key, ("", ""))
    return Finding(
        key, severity, 0, EMPTY, words, remedy, 0, source, at=at, evidence=evidence, advised=advised, advice=advice
    )  # fmt: skip


def said_by_aws(then: Then, events: Sequence[ScheduledEvent], facts: Facts | None) -> Iterator[Finding]:
    """What AWS itself says: its checks, a volume's status, an event under way."""
    if CheckName.SYSTEM in then.failing:
        yield _finding(
            "host", 3, "the host, its power or AWS's network fails", "stop/start (s): it moves to another host, in most cases",
            "user guide, monitoring-system-instance-status-check", then.since, "the system check fails",
        )  # fmt: skip
    devices = {one.volume_id: str(one.device).removeprefix("/dev/") for one in then.instance.volumes}
    impaired = [
        f"{devices[one.volume_id]} ({one.volume_id})" if one.volume_id in devices else str(one.volume_id)
        for one in (facts.volumes if facts is not None else None) or ()
        if one.status == "impaired"
    ]
    if impaired or CheckName.ATTACHED_EBS in then.failing:
        words = f"{', '.join(impaired) or 'a volume'} does not answer"
        said = "AWS calls its status impaired" if impaired else "the attached-EBS check fails"
        yield _finding(
            "volume-stalled", 3, words, "wait, replace the volume, or stop/start (s); a reboot is no remedy for it",
            "EBS guide, monitoring-volume-checks", then.since, said,
        )  # fmt: skip
    for event in events if then.failing else ():
        if (
            event.is_open(then.now)
            and event.state(then.now) is EventState.STARTED
            and not event.is_past(then.now)
        ):
            yield _finding(
                "event", 2, f"AWS's own {event.code_text} is under way, or its time has come", "wait until AWS is done",
                "user guide, viewing_scheduled_events", event.not_before, "a scheduled event of it has begun",
            )  # fmt: skip


def came_up(log: SystemLog | None, rows: Sequence[TriageRow], then: Then) -> Iterator[Finding]:
    """That the last boot reached its log-in, and the instance check fails all the same."""
    if (
        log is None
        or not log.diagnosis.came_up
        or CheckName.INSTANCE not in then.failing
        or CheckName.SYSTEM in then.failing
        or older_than_failure(log, then)
    ):
        return
    one = _finding(
        "came-up", 2, "it came up, and the check still fails: that points at its network, not at the boot",
        "look at its address, its network interface and its own firewall", "user guide, TroubleshootingInstances", None,
        "the last boot reached its log-in",
    )  # fmt: skip
    cpu = [row.points[-1][0] for row in rows if row.row is MetricRow.CPU and row.points]
    too_early = then.since is not None and any(newest < then.since for newest in cpu)
    doubt = ("CPU has no point since the check failed: it may hang as well",)
    yield replace(one, severity=1, against=doubt) if too_early else one


def said_by_changes(changes: Sequence[Change], then: Then) -> Iterator[Finding]:
    """Who stopped it; that it was started just now; a smaller type; what was changed just before."""
    if then.instance.state in (InstanceState.STOPPED, InstanceState.STOPPING):
        stopped = next((one for one in changed_last.made(changes) if one.event == "StopInstances"), None)
        if stopped is not None:
            yield _finding(
                "stopped-by", 1, f"{changed_last.who(stopped)} stopped it", "start it (s) if it should run",
                "CloudTrail, StopInstances", to_utc(stopped.at), changed_last.told(stopped, then.now),
            )  # fmt: skip
    if not then.failing:
        return
    yield from _still_booting(changes, then)
    moment = then.since or then.now
    if (smaller := changed_last.type_change(changes, moment)) is not None and (smaller.share or 1.0) < 0.75:
        yield _finding(
            "type-smaller", 1, f"its type was made smaller, {smaller.old} to {smaller.new}",
            "give it its type back if it lacks memory or CPU", "CloudTrail, ModifyInstanceAttribute",
            to_utc(smaller.change.at), changed_last.told(smaller.change, then.now),
        )  # fmt: skip
        return
    for one in changed_last.just_before(changes, moment):
        yield _finding(
            "changed", 1, f"{changed_last.who(one)} changed it {changed_last.how_long_before(one, moment)} before it failed",
            "see whether that could be why", f"CloudTrail, {one.event}", to_utc(one.at), changed_last.told(one, then.now),
        )  # fmt: skip
        return


def _still_booting(changes: Sequence[Change], then: Then) -> Iterator[Finding]:
    last = next(
        (one for one in changed_last.made(changes) if one.event in ("RebootInstances", "StartInstances")),
        None,
    )
    if last is None or CheckName.INSTANCE not in then.failing or CheckName.SYSTEM in then.failing:
        return
    ago = then.now - to_utc(last.at)
    if timedelta() <= ago <= BOOTS_WITHIN:
        deed = "rebooted" if last.event == "RebootInstances" else "started"
        yield _finding(
            "starting", 2, f"it was {deed} {span(ago)} ago, and may still be on its way up", "wait some minutes, then look again",
            "user guide, monitoring-system-instance-status-check", to_utc(last.at), changed_last.told(last, then.now),
        )  # fmt: skip
