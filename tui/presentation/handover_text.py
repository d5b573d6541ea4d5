"""A handover as Markdown: of an instance, and of a shift. All that strangers wrote is inert (`tui.presentation.inert`).

Times are told in full, in UTC and in the operator's zone: it is read on another day, and elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, tzinfo

from tui.config.schema import Settings
from tui.domain.deed import Deed
from tui.domain.diagnosis.evidence import Change
from tui.domain.diagnosis.findings import Finding
from tui.domain.events import ScheduledEvent
from tui.domain.handover import Due, Happening, InstanceHandover, ShiftHandover
from tui.domain.instance import CheckName, Instance
from tui.domain.plurals import counted
from tui.domain.time_format import ago, countdown, full_moment, span, to_zone
from tui.presentation.accounts import account_number
from tui.presentation.inert import in_code, inert
from tui.presentation.symbols import LEVELS

MOST_OF_A_SECTION = 100
"""Lines of one section: of more the number is told, and where they stand."""
WATCHER_SILENT = timedelta(minutes=5)
"""A watcher that has written nothing for so long is not there; it writes twice a minute."""
NO_WATCHER = "No watcher kept account here (`evac watch`): what began and ended again is not known, nor when AWS announced what."


def instance_handover_text(
    told: InstanceHandover,
    settings: Settings,
    zone: tzinfo,
    now: datetime,
    links: Iterable[tuple[str, str]] = (),
) -> str:
    """Verdict, evidence, events, what was done, what waits: a Markdown document that ends in a line feed.

    `links`: names and whole addresses, in which what is a stranger's is percent-encoded.
    """
    one = told.instance
    lines = [f"# {inert(one.label)}: {LEVELS[told.level].word}", "", _place(one, settings, zone), ""]
    gone = "AWS lists it no more; this was known last. " if told.gone else ""
    lines.append(f"**Verdict:** {gone}{inert(told.verdict)}")
    if told.since is not None:
        lines += ["", f"**Since:** {full_moment(told.since, zone)}, {ago(told.since, now)}"]
    if told.likely:
        lines += ["", f"**Cause:** {inert(told.likely)}"]
    lines += _section("Evidence", _evidence(told, zone, now))
    lines += _section(
        "Events", (_event(event, zone, now) for event in told.events), "AWS has announced nothing"
    )
    lines += _section(
        "Done", (_deed(deed, zone) for deed in told.deeds), "nothing, as far as this journal knows"
    )
    lines += _section("Changed by others (CloudTrail)", (_change(one, zone) for one in told.changes))
    lines += _section("Waits", map(inert, told.waits), "nothing is known to wait")
    lines += _section("Links", (f"{inert(name)}: {_address(url)}" for name, url in links))
    bare = f" A time of day without a date is {inert(to_zone(now, zone).tzname())}."
    return "\n".join([*lines, "", _written(zone, now) + bare, ""])


def _change(one: Change, zone: tzinfo) -> str:
    source = f" from {inert(one.source_ip)}" if one.source_ip else ""
    refused = f"; refused: {inert(one.error)}" if one.error else ""
    what = f"{inert(one.event)} {inert(one.what)}".strip()
    return f"{full_moment(one.at, zone)}: {what}, by {inert(one.user) or 'nobody it names'}{source}{refused}"


def _address(url: str) -> str:
    """The same address without what Markdown or Slack take for emphasis (RFC 3986, 2.3: both spellings are one)."""
    return url.replace("_", "%5F").replace("~", "%7E")


def _place(one: Instance, settings: Settings, zone: tzinfo) -> str:
    number = account_number(one.account_id) or "account unknown"
    parts = [
        in_code(one.instance_id),
        f"{inert(settings.label(one.target.profile))} {inert(number)}",
        in_code(one.zone or one.target.region),
        *([in_code(one.instance_type)] if one.instance_type else []),
        inert(one.state.value),
    ]
    read = f"checks read {full_moment(one.status_at, zone)}" if one.status_at else "its checks were not read"
    return " · ".join([*parts, read])


def _evidence(told: InstanceHandover, zone: tzinfo, now: datetime) -> Iterator[str]:
    checks = told.instance.checks
    for name in CheckName:
        check = checks.get(name)
        if name in checks.impaired():
            since = f" since {full_moment(check.since, zone)}, {ago(check.since, now)}" if check.since else ""
            yield f"{name.value} check: {inert(check.status.value)}{since}"
    for finding in told.findings:
        yield from _finding(finding, zone)
    for text in told.health:
        yield f"AWS Health: {inert(text)}"
    for text in told.unknown:
        yield f"not known: {inert(text)}"


def _finding(one: Finding, zone: tzinfo) -> Iterator[str]:
    at = f", about {full_moment(one.at, zone)}" if one.at is not None else ""
    where = f" (system log, line {one.line})" if one.line else ""
    yield f"{inert(one.words)}{at}{where}"
    if one.text:
        yield f"  log: {in_code(one.text, 300)}"
    for word, sentences in (("for", one.evidence), ("against", one.against)):
        for sentence in sentences:
            if sentence != one.words:
                yield f"  {word}: {inert(sentence)}"
    if one.remedy:
        yield f"  helps: {inert(one.remedy)}"


def _event(event: ScheduledEvent, zone: tzinfo, now: datetime) -> str:
    start = event.not_before
    parts = [f"{in_code(event.code_text)}, {event.state(now).value}"]
    parts.append(
        f"{'starts' if start > now else 'start was'} {full_moment(start, zone)}, {countdown(start, now)}"
        if start
        else "AWS announced no start"
    )
    if event.not_after is not None:
        parts.append(f"ends by {full_moment(event.not_after, zone)}")
    if event.deadline is not None:
        parts.append(f"can be moved to {full_moment(event.deadline, zone)} at the latest")
    if event.description:
        parts.append(f"AWS: {inert(event.description)}")
    if event.event_id:
        parts.append(in_code(event.event_id))
    return "; ".join(parts)


def _deed(one: Deed, zone: tzinfo) -> str:
    who = f"{inert(one.user)} on {inert(one.host)}"
    took = f" after {span(one.ended_at - one.at)}" if one.ended_at is not None else ""
    parts = [f"{full_moment(one.at, zone)}: {inert(one.what)}, by {who}: {inert(one.outcome)}{took}"]
    parts += [inert(one.told)] if one.told else []
    parts += [f"to do: {inert(one.remedy)}"] if one.remedy and (one.is_open or one.needs_person) else []
    parts += [in_code(one.ident)] if one.ident else []
    return "; ".join(parts)


def shift_handover_text(told: ShiftHandover, zone: tzinfo) -> str:
    """What waits and what is due, what began, ended and stands, what was done: a Markdown document that ends in a line feed."""
    now = told.now
    read = f"{counted(told.targets, 'target')} asked, not all was read" if told.unread else ""
    counts = [
        f"{len(told.began)} began",
        f"{len(told.ended)} ended",
        f"{len(told.standing)} from before",
        f"{len(told.done)} done",
        f"{len(told.waits)} under way or waiting",
        f"{len(told.due)} due within a day",
        read or f"all of {counted(told.targets, 'target')} read",
    ]
    lines = [
        f"# Handover: the last {span(now - told.since)}", "",
        f"{full_moment(told.since, zone)} to {full_moment(now, zone)}: {', '.join(counts)}.",
    ]  # fmt: skip
    lines += _section("Waits", (_deed(one, zone) for one in told.waits), "nothing, as far as was read")
    later = [f"{counted(told.later, 'event')} later than that: `evac events`"] if told.later else []
    lines += _section(
        "Due within a day", [*_most((_due(one, zone, now) for one in told.due), "evac events"), *later],
        "nothing that was read",
    )  # fmt: skip
    for title, found, none in (
        ("Began", told.began, "nothing is known to have begun"),
        ("Ended", told.ended, "nothing is known to have ended"),
        ("Still so from before", told.standing, "nothing is known"),
    ):
        lines += _section(
            title, _most((_happening(one, zone) for one in found), "evac status --problems"), none
        )
    lines += _section(
        "Done",
        _most((_deed(one, zone) for one in told.done), "evac ops list"),
        "nothing, as far as was read",
    )
    if told.unread:
        lines += _section("Not read", map(inert, told.unread))
    if account := _account(told, zone):
        lines += ["", account]
    return "\n".join([*lines, "", _written(zone, now), ""])


def _account(told: ShiftHandover, zone: tzinfo) -> str:
    """What nobody can know, because no watcher was there; empty: one was, all the time."""
    first, last = told.account.first, told.account.last
    if first is None or last is None or last < told.since:
        return NO_WATCHER
    gaps = [f"from {full_moment(first, zone)} on"] if first > told.since else []
    gaps += [f"until {full_moment(last, zone)}"] if told.now - last > WATCHER_SILENT else []
    if not gaps:
        return ""
    return f"A watcher kept account only {' and '.join(gaps)}: what began and ended again outside of that is not known."


def _happening(one: Happening, zone: tzinfo) -> str:
    at = full_moment(one.at, zone) if one.at is not None else "since when is not known"
    return f"{at}: {_named(one.name, one.instance_id, one.place)}{inert(one.what)}"


def _due(one: Due, zone: tzinfo, now: datetime) -> str:
    row = one.instance
    return f"{_named(row.name, row.instance_id, row.target.key)}{_event(one.event, zone, now)}"


def _named(name: str, instance_id: str, place: str) -> str:
    """`web-1, i-…, prod/us-east-1: `; of what is of no instance its place, if any."""
    parts = [inert(name)] if name else []
    parts += [in_code(instance_id)] if instance_id else []
    parts += [inert(place)] if place else []
    return f"{', '.join(parts)}: " if parts else ""


def _most(lines: Iterable[str], all_of_them: str) -> Iterator[str]:
    every = list(lines)
    yield from every[:MOST_OF_A_SECTION]
    if len(every) > MOST_OF_A_SECTION:
        yield f"{len(every) - MOST_OF_A_SECTION} more: `{all_of_them}`"


def _section(title: str, lines: Iterable[str], none: str = "") -> Sequence[str]:
    """A heading and a list; what begins with two spaces stands below the line before it. Without lines what `none` says."""
    told = [f"{line[: len(line) - len(line.lstrip())]}- {line.lstrip()}" for line in lines]
    if not told and not none:
        return []
    return ["", f"## {title}", "", *(told or [f"- {none}"])]


def _written(zone: tzinfo, now: datetime) -> str:
    return f"Written by evac, {full_moment(now, zone)}."
