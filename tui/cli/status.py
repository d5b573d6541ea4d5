"""`evac events` and `evac status`: one read of every target, then out."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

import click
from msgspec.structs import replace

from tui.cli import output
from tui.cli.activity import own
from tui.cli.empty_list import say_nothing_listed, say_unread
from tui.cli.filtering import filter_option, parsed_filter
from tui.cli.fleet_reader import Fleet, read_fleet
from tui.cli.options import shared_options, timeout_option
from tui.cli.session import Session, Shared, open_session
from tui.cli.this_machine import here_among
from tui.cli.together import read_falls
from tui.domain import query, time_format
from tui.domain.activity import NO_ACTIVITY, Own
from tui.domain.events import ScheduledEvent
from tui.domain.health_notices import issue_notice, open_issues
from tui.domain.inbox import FallsTogether, announced
from tui.domain.instance import Instance
from tui.domain.triage import Level, urgency
from tui.fleet import snapshot
from tui.fleet.reading import FleetReading
from tui.paths import default_snapshot_path
from tui.presentation import instance_objects
from tui.presentation.instance_text import checks_text
from tui.presentation.listing_export import Telling, events_calendar

TIMEOUT = timeout_option("Seconds after which a target that has not answered counts as unread.")


@click.command("events")
@click.option("--json", "form", flag_value="json", help="Instances with their events, as JSON.")
@click.option("--csv", "form", flag_value="csv", help="A line an event, as CSV.")
@click.option("--ics", "form", flag_value="ics", help="As an iCalendar file.")
@click.option("--all", "every", is_flag=True, help="Completed and canceled events as well.")
@filter_option
@TIMEOUT
@shared_options
def events_command(shared: Shared, form: str | None, every: bool, wanted: str, timeout: float) -> int:
    """Scheduled events of all targets, most urgent first."""
    parsed_filter(wanted)
    with open_session(shared) as session:
        chosen = parsed_filter(wanted, session.settings.actions.image_max_age)
        with FleetReading(
            session.settings, session.environ, problems_only=True, cover=chosen.cover, timeout=timeout
        ) as asked:
            fleet = Fleet(tuple(asked.store.rows()), tuple(asked.store.targets()))
            now, zone = datetime.now(UTC), session.settings.zone()
            falls = None if form == "ics" else read_falls(session, asked, fleet.rows, now)
        told = replace(_telling(session, fleet, now), falls=falls)
        chosen_rows = [row for row in fleet.rows if chosen.matches(row, now)]
        pairs = announced(chosen_rows, now, every=every)
        if not pairs and (form is None or chosen.tests):
            say_nothing_listed("no scheduled events", session, fleet, chosen, timeout, now, full=False)
    left_out = 0
    if form == "json":
        rows = list({row.key: row for row, _ in pairs}.values())
        made, left_out = output.each(rows, lambda row: told.instance(row, open_only=not every), _name)
        output.json(made)
    elif form == "csv":
        lines, left_out = output.each(
            pairs, lambda pair: instance_objects.event_row(*pair, now, falls), _name_of_pair
        )
        output.write_csv(instance_objects.EVENT_COLUMNS, lines)
    elif form == "ics":
        known = [row for row in _known_before(session) if chosen.matches(row, now)]
        answered = {one.target: one.trouble is None and not one.partial for one in fleet.targets}
        text, unannounced = events_calendar(pairs, chosen_rows, known, fleet.rows, answered, now)
        output.raw(text)
        if unannounced:
            output.say(f"evac: {unannounced} without an announced start: not in the calendar")
    elif pairs:
        cells, left_out = output.each(pairs, lambda pair: _event_line(*pair, zone, now, falls), _name_of_pair)
        output.table(
            ("EVENT", "STATE", "STARTS", "NAME", "INSTANCE", "TARGET", "MOVABLE UNTIL", "TOGETHER"), cells
        )
    return say_unread(session, fleet, left_out)


def _telling(session: Session, fleet: Fleet, now: datetime) -> Telling:
    places = {one.target: one.health for one in fleet.targets}
    return Telling(session.settings, now, here_among(session, fleet.rows), own(session), places)


def _event_line(
    row: Instance, event: ScheduledEvent, zone: tzinfo, now: datetime, falls: FallsTogether | None
) -> tuple[str, ...]:
    together = instance_objects.together_texts(row, event, falls)
    return (
        event.code_text,
        event.state(now).value,
        _when(event.not_before, zone, now),
        row.name,
        row.instance_id,
        row.target.key,
        time_format.both_zones(event.deadline, zone, now) if event.deadline else "",
        "?" if together is None else "; ".join(together),
    )


def _name(row: Instance) -> str:
    return f"{row.label} ({row.instance_id})"


def _name_of_pair(pair: tuple[Instance, ScheduledEvent]) -> str:
    return f"{_name(pair[0])}, {pair[1].code_text}"


@click.command("status")
@click.option("--json", "form", flag_value="json", help="Instances with their checks and events, as JSON.")
@click.option("--csv", "form", flag_value="csv", help="A line an instance, as CSV.")
@click.option(
    "--problems",
    is_flag=True,
    help="Only instances with a failing check, an open event, or that AWS stopped.",
)
@filter_option
@TIMEOUT
@shared_options
def status_command(shared: Shared, form: str | None, problems: bool, wanted: str, timeout: float) -> int:
    """Instances with their checks, most urgent first."""
    parsed_filter(wanted)
    with open_session(shared) as session:
        chosen = parsed_filter(wanted, session.settings.actions.image_max_age)
        fleet = read_fleet(session, problems_only=problems, timeout=timeout, cover=chosen.cover)
        now = datetime.now(UTC)
        told = _telling(session, fleet, now)
        ours, places = told.own, told.places
        rows = _ordered(fleet, chosen, now, ours)
        if problems:
            rows = [row for row in rows if urgency(row, now, ours).level <= Level.SCHEDULED]
        if not rows and (form is None or chosen.tests):
            what = "no problems" if problems else "no instances"
            say_nothing_listed(what, session, fleet, chosen, timeout, now, full=not problems)
    left_out = 0
    if form == "json":
        made, left_out = output.each(rows, lambda row: told.instance(row, open_only=False), _name)
        output.json(made)
    elif form == "csv":
        lines, left_out = output.each(rows, lambda row: instance_objects.status_row(row, now), _name)
        output.write_csv(instance_objects.STATUS_COLUMNS, lines)
    elif rows:
        cells, left_out = output.each(rows, lambda row: _status_line(row, now, ours), _name)
        output.table(("", "NAME", "INSTANCE", "TARGET", "STATE", "CHECKS", "NEXT EVENT", "ADDRESS"), cells)
    for issue in open_issues(places.values()):
        output.say(f"evac: {issue_notice(issue, now, session.settings.zone()).text}")
    return say_unread(session, fleet, left_out)


def _status_line(row: Instance, now: datetime, ours: Own) -> tuple[str, ...]:
    return (
        urgency(row, now, ours).level.name.lower(),
        row.name,
        row.instance_id,
        row.target.key,
        row.state.value,
        checks_text(row, now, ours),
        _next_event(row, now),
        row.public_ip or row.private_ip,
    )


def _known_before(session: Session) -> list[Instance]:
    """What the console's last snapshot knows to be in trouble: every event is. None where it can't be read."""
    try:
        kept = snapshot.load_snapshot(default_snapshot_path(session.environ))
    except snapshot.SnapshotError:
        return []
    return [] if kept is None else [row for delta in kept.deltas for row in delta.upserts]


def _ordered(fleet: Fleet, chosen: query.Query, now: datetime, own: Own = NO_ACTIVITY) -> list[Instance]:
    rows = [row for row in fleet.rows if chosen.matches(row, now)]
    return sorted(rows, key=lambda row: urgency(row, now, own))


def _when(start: datetime | None, zone: tzinfo, now: datetime) -> str:
    return (
        f"{time_format.countdown(start, now)} · {time_format.both_zones(start, zone, now)}"
        if start
        else "not announced"
    )


def _next_event(row: Instance, now: datetime) -> str:
    upcoming = row.open_events(now)
    if not upcoming:
        return ""
    start = upcoming[0].not_before
    return (
        f"{upcoming[0].code_text} {time_format.countdown(start, now) if start else '(start not announced)'}"
    )
