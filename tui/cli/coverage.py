"""`evac coverage`: who acts when a host dies or a system hangs, and from what copy an instance comes back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

import click

from tui.cli import output
from tui.cli.coverage_copies import parsed_tag, print_old_images, print_plans
from tui.cli.empty_list import say_nothing_listed, say_unread
from tui.cli.filtering import filter_option, parsed_filter
from tui.cli.fleet_reader import Fleet, read_fleet
from tui.cli.options import shared_options, timeout_option
from tui.cli.session import UNCOVERED, USAGE, Session, Shared, open_session
from tui.domain.cover.alarm_dangers import alarm_dangers
from tui.domain.cover.answers import VERDICT_RANK, Cover, CoverAnswer, ServiceCover
from tui.domain.cover.remembered import remembered_cover
from tui.domain.cover.services import services_of
from tui.domain.cover.standing import Standing, standing_of
from tui.domain.cover.verdict import gravest_first
from tui.domain.instance import Instance
from tui.domain.plurals import counted, part_of
from tui.domain.query import Query
from tui.domain.server_plans import PlanMaker
from tui.presentation.cover_object import COVERAGE_COLUMNS, cover_cells, cover_object, service_object

COLLECTORS = 2
"""Processes that read: the most is read of all commands, and a process parses answers on one core only."""


@click.command("coverage")
@click.option("--json", "form", flag_value="json", help="Every instance with its three answers, as JSON.")
@click.option("--csv", "form", flag_value="csv", help="A line an instance, as CSV.")
@click.option("--all", "every", is_flag=True, help="In the list those without a gap as well.")
@click.option(
    "--old-images", is_flag=True, help="Which AMIs of evac's a retention would remove, with the commands."
)
@click.option(
    "--print-plan",
    "maker",
    type=click.Choice([one.value for one in PlanMaker]),
    help="A plan of AWS's own that copies nightly, as JSON with its commands.",
)
@click.option(
    "--keep",
    type=click.IntRange(1, 1000),
    metavar="N",
    default=3,
    show_default=True,
    help="With --old-images or --print-plan: how many copies of an instance stay (AWS Backup: days).",
)
@click.option(
    "--tag",
    "tagged",
    default="backup=nightly",
    show_default=True,
    metavar="KEY=VALUE",
    help="With --print-plan: of what it copies.",
)
@filter_option
@timeout_option("Seconds after which a target that has not answered counts as unread.", default=120.0)
@shared_options
def coverage_command(
    shared: Shared,
    form: str | None,
    every: bool,
    old_images: bool,
    maker: str | None,
    keep: int,
    tagged: str,
    wanted: str,
    timeout: float,
) -> int:
    """Who acts when a host dies or a system hangs, and from what copy an instance comes back. Ends with 7 if something is not
    covered."""
    parsed_filter(wanted)  # a word it does not know is said before anything is read
    _fit(old_images=old_images, maker=maker, form=form)
    try:
        tag = parsed_tag(tagged)
    except ValueError as error:
        raise click.UsageError(f"--tag: {error}") from None
    with open_session(shared) as session:
        chosen = parsed_filter(wanted, session.settings.actions.image_max_age)
        if old_images:
            return print_old_images(session, chosen, keep=keep, form=form, every=every, timeout=timeout)
        if maker:
            return print_plans(session, chosen, PlanMaker(maker), tag=tag, keep=keep, timeout=timeout)
        max_age = session.settings.actions.image_max_age

        def judged(rows: Sequence[Instance]) -> None:
            """While others are read: the answers are remembered. What can't be judged is told when it is listed."""
            with suppress(Exception):
                for row in rows:
                    remembered_cover(row, datetime.now(UTC), max_age)

        fleet = read_fleet(
            session, problems_only=False, timeout=timeout, cover=True, meanwhile=judged, collectors=COLLECTORS
        )
        now = datetime.now(UTC)
        return _told(session, fleet, chosen, now, form, every, timeout)


def _fit(*, old_images: bool, maker: str | None, form: str | None) -> None:
    """Raise UsageError where an option would be passed over in silence."""
    if old_images and maker:
        raise click.UsageError("--old-images or --print-plan, not both")
    if maker and form == "csv":
        raise click.UsageError("--print-plan prints JSON, no CSV")
    given = click.get_current_context().get_parameter_source
    for name, needs, there in (
        ("keep", "--old-images or --print-plan", old_images or maker),
        ("tagged", "--print-plan", maker),
    ):
        if not there and given(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name.removesuffix('ged')}: only with {needs}")


def _told(
    session: Session,
    fleet: Fleet,
    chosen: Query,
    now: datetime,
    form: str | None,
    every: bool,
    timeout: float,
) -> int:
    max_age, tag = session.settings.actions.image_max_age, session.settings.cover.service
    rows = [row for row in fleet.rows if chosen.matches(row, now)]
    pairs, left_out = output.each(rows, lambda row: (row, remembered_cover(row, now, max_age)), _name)
    pairs.sort(key=lambda pair: (gravest_first(pair[1]), pair[0].label.lower(), pair[0].key))
    keys = {row.key for row, _ in pairs}
    services = [  # of all rows: a filter does not make a service thinner than it is
        one for one in services_of(fleet.rows, tag, now, max_age) if keys.intersection(one.members)
    ]
    if not rows and (form is None or chosen.tests):
        say_nothing_listed("no instances", session, fleet, chosen, timeout, now, full=True)
    if form is None:
        _print(pairs, services, every)
    else:
        key = tag.removeprefix("tag:")
        told = [cover_object(row, cover, row.tag(key) if key else None) for row, cover in pairs]
        told += map(service_object, services)
        if form == "json":
            output.json(told)
        else:
            output.write_csv(COVERAGE_COLUMNS, map(cover_cells, told))
    for line in unread_cover(rows, fleet):
        output.say(f"evac: {line}")
    stands = {standing_of(cover) for _, cover in pairs}
    unread = say_unread(session, fleet, left_out + (Standing.UNKNOWN in stands))
    if unread == USAGE:
        return USAGE
    return UNCOVERED if services or Standing.OPEN in stands else unread


def unread_cover(rows: Sequence[Instance], fleet: Fleet) -> dict[str, None]:
    """A line for each part of the cover that could not be read of a target, once; of targets that did not answer others tell."""
    answered = {one.target for one in fleet.targets if one.trouble is None}
    told: dict[str, None] = {}
    for row in rows:
        if row.cover is not None:
            told |= {
                f"{row.target.key}: {part}: {why} (the rest was read)": None
                for part, why in row.cover.unknown
            }
        elif row.target in answered:
            told[
                f"{row.target.key}: who covers its instances was not read in time: try again, or a longer --timeout"
            ] = None
    return told


def _print(pairs: Sequence[tuple[Instance, Cover]], services: Sequence[ServiceCover], every: bool) -> None:
    stands = [standing_of(cover) for _, cover in pairs]
    if shown := [pair for pair, how in zip(pairs, stands, strict=True) if every or how.is_listed]:
        heads = ("", "NAME", "INSTANCE", "TARGET", "TYPE", "HOST DIES", "SYSTEM HANGS", "DATA LOST", "WHY")
        output.table(heads, (_line(row, cover) for row, cover in shown))
    if dangers := [(row, one) for row, _ in pairs for one in alarm_dangers(row)]:
        output.table(
            ("", "NAME", "INSTANCE", "TARGET", "WHAT MAY END IT"),
            (("danger", row.name, row.instance_id, row.target.key, one.text) for row, one in dangers),
        )
    if services:
        output.table(
            ("", "SERVICE", "ACCOUNT", "HOST DIES", "SYSTEM HANGS", "DATA LOST", "WHY"),
            (
                ("service", one.name, one.account_id, *map(_cell, one.cover.answers), one.why)
                for one in services
            ),
        )
    if pairs:
        unread = stands.count(Standing.UNKNOWN)
        rest = f", {unread} not known" if unread else ""
        more = f"; {counted(len(services), 'service')} on one instance or in one zone" if services else ""
        output.say(f"not covered: {part_of(stands.count(Standing.OPEN), len(pairs), 'instance')}{rest}{more}")


def _line(row: Instance, cover: Cover) -> tuple[object, ...]:
    worst = _worst(cover)
    return (
        worst.verdict.value,
        row.name,
        row.instance_id,
        row.target.key,
        row.instance_type,
        *map(_cell, cover.answers),
        worst.why,
    )


def _cell(answer: CoverAnswer) -> str:
    verdict, word = answer.verdict.value, answer.word
    return verdict if not word or word == verdict.replace("-", " ") else f"{verdict}: {word}"


def _worst(cover: Cover) -> CoverAnswer:
    """The gravest answer; of several, the first that is told."""
    return min(cover.answers, key=lambda one: VERDICT_RANK[one.verdict])


def _name(row: Instance) -> str:
    return f"{row.label} ({row.instance_id})"
