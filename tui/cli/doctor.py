"""`evac doctor`: everything evac needs, a line each, a remedy each."""

from __future__ import annotations

from collections.abc import Iterator

import click

from tui.cli import (
    doctor_health,
    doctor_machine,
    doctor_operations,
    doctor_setup,
    doctor_terminal,
    output,
)
from tui.cli.doctor_setup import BAD, DoctorLine, bad, doubt, well
from tui.cli.empty_list import no_profiles
from tui.cli.fleet_reader import Fleet, read_fleet
from tui.cli.options import json_option, shared_options, timeout_option
from tui.cli.session import FAILED, PARTIAL, Session, Shared, open_session
from tui.cli.session import WELL as EXIT_WELL
from tui.cli.this_machine import here_for
from tui.domain.listing import failures


@click.command("doctor")
@json_option("A JSON object a line.")
@timeout_option("Seconds for AWS to answer.", default=30.0, most=600)
@shared_options
def doctor_command(shared: Shared, as_json: bool, timeout: float) -> int:
    """Check installation, config, folders, terminal, profiles and credentials; a line each, a remedy each."""
    worst = EXIT_WELL
    with open_session(shared) as session:
        for check in _on_this_machine(session):
            _print(check, as_json)
            worst = FAILED if check.mark == BAD else worst
        place = here_for(session)
        # Where an instance may be among what this one goes through, all of them are looked at, not only the troubled ones.
        fleet = read_fleet(session, problems_only=not place.on_ec2, timeout=timeout)
        for check in _targets(session, fleet):
            _print(check, as_json)
            if check.mark == BAD and worst == EXIT_WELL:
                worst = PARTIAL
        for check in doctor_health.health(session, fleet):
            _print(check, as_json)
        for check in doctor_machine.machine(place, fleet.rows):
            _print(check, as_json)
            worst = FAILED if check.mark == BAD else worst
    return worst


def _on_this_machine(session: Session) -> Iterator[DoctorLine]:
    yield from doctor_setup.here(session)
    yield from doctor_machine.cloudshell(session.environ)
    yield from doctor_terminal.hidden_sides(session.settings, session.environ)
    yield from doctor_operations.doctor_operations(session.environ)
    yield from _aws_files(session)


def _aws_files(session: Session) -> Iterator[DoctorLine]:
    """What in the shell and in ~/.aws is probably not meant so."""
    from tui.aws.sessions import Sessions

    for said, remedy in Sessions(session.settings, session.environ, lean=True).doubts():
        yield doubt("aws files", said, remedy)


def _print(check: DoctorLine, as_json: bool) -> None:
    if as_json:
        output.json_line(
            {"check": check.subject, "result": check.mark, "said": check.said, "remedy": check.remedy}
        )
    else:
        remedy = f" → {check.remedy}" if check.remedy else ""
        output.line(f"{check.mark:4}  {check.subject:10}  {check.said}{remedy}")


def _targets(session: Session, fleet: Fleet) -> Iterator[DoctorLine]:
    """One read through the same process the console uses: what it sees is what counts."""
    if not fleet.targets:
        yield bad("profiles", *no_profiles(session.settings))
    for status in failures(fleet.targets):
        if status.trouble:
            yield bad("target", status.trouble.placed, status.trouble.remedy)
    for status in fleet.targets:
        where = f"{status.target.key}"
        mode = (
            ", read-only"
            if session.settings.profile_read_only(status.target.profile, status.account_id)
            else ""
        )
        if not status.trouble:
            account = " ".join(part for part in (status.account_id, status.account_alias) if part)
            yield well("target", f"{where}: answers as account {account or 'unknown'}{mode}")
        for trouble in status.partial:
            yield doubt("target", f"{where}: {trouble.placed}", trouble.remedy)
