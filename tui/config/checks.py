"""What no type says of a setting: whether words to look for, a filter or a program's arguments can be used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from tui.config.reach import ConnectSettings, LinkSettings
from tui.config.sections import CallSettings, CampaignSettings, KindSettings, ProbeSettings
from tui.domain.diagnosis.patterns import SHORTEST_PART, pattern
from tui.domain.incidents import DEFAULT_ALARMS, read_alarm_rule
from tui.domain.own_links import link_fault
from tui.domain.placeholders import placeholder_fault
from tui.domain.probe import probe_place
from tui.domain.query import QueryError, parse_query
from tui.domain.sanitize import clean

_LONGEST_PROBE = timedelta(hours=1)


def first_fault(
    kinds: Sequence[KindSettings],
    probes: Sequence[ProbeSettings],
    campaign: CampaignSettings,
    alarm: CallSettings,
    connect: ConnectSettings,
    links: Sequence[LinkSettings],
) -> tuple[str, str] | None:
    """The key of the first that cannot be used, and what was expected; None if all can."""
    return next(_faults(kinds, probes, campaign, alarm, connect, links), None)


def _faults(
    kinds: Sequence[KindSettings],
    probes: Sequence[ProbeSettings],
    campaign: CampaignSettings,
    alarm: CallSettings,
    connect: ConnectSettings,
    links: Sequence[LinkSettings],
) -> Iterator[tuple[str, str]]:
    for number, kind in enumerate(kinds):
        yield from _of_kind(kind, f"diagnosis[{number}]")
    for number, probe in enumerate(probes):
        yield from _of_probe(probe, f"probe[{number}]")
    for name, program in (("before", campaign.before), ("after", campaign.after)):
        if why := placeholder_fault(program):
            yield f"campaign.{name}", why
    yield from _of_alarm(alarm)
    if connect.command and (why := placeholder_fault(connect.command)):
        yield "connect.command", why
    for number, link in enumerate(links):
        yield from _of_link(link, f"links[{number}]")


def _of_link(link: LinkSettings, key: str) -> Iterator[tuple[str, str]]:
    if clean(link.name) != link.name:
        yield f"{key}.name", "expected one line of plain text"
    if why := link_fault(link.url):
        yield f"{key}.url", why
    if isinstance(read := parse_query(link.when), QueryError):
        yield f"{key}.when", f"{link.when[read.start : read.end]}: {read.message}"


def _of_alarm(alarm: CallSettings) -> Iterator[tuple[str, str]]:
    for text in alarm.on:
        try:
            read_alarm_rule(text)
        except ValueError as error:
            yield "alarm.on", str(error)
    if alarm.command and not alarm.on:
        yield "alarm.on", f"expected what the command is run for, such as {list(DEFAULT_ALARMS)}"
    if alarm.command and (why := placeholder_fault(alarm.command, put_in=False)):
        yield "alarm.command", why


def _of_kind(kind: KindSettings, key: str) -> Iterator[tuple[str, str]]:
    for field, shortest in (("contains", SHORTEST_PART), ("unless", 1)):
        for text in getattr(kind, field):
            try:
                pattern(text, shortest)
            except ValueError as error:
                yield f"{key}.{field}", str(error)
    for field in ("words", "remedy"):
        if clean(getattr(kind, field)) != getattr(kind, field):
            yield f"{key}.{field}", "expected one line of plain text"


def _of_probe(probe: ProbeSettings, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(read := parse_query(probe.when), QueryError):
        yield f"{key}.when", f"{probe.when[read.start : read.end]}: {read.message}"
    if bool(probe.tcp) == bool(probe.http):
        yield key, "expected one of tcp and http"
    try:
        probe_place(probe.tcp, probe.http)
    except ValueError as error:
        yield f"{key}.http", str(error)
    if not timedelta() < probe.within <= _LONGEST_PROBE:
        yield f"{key}.within", "expected up to 1h, such as 5m"
