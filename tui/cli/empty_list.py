"""What is said where nothing is listed, or not all: of whom it holds, and whether it was the filter that left nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tui.cli import output
from tui.cli.fleet_reader import Fleet, read_fleet
from tui.cli.session import PARTIAL, USAGE, WELL, Session
from tui.config.schema import Settings
from tui.domain.instance import Instance, TargetStatus, Trouble
from tui.domain.listing import failures
from tui.domain.plurals import part_of
from tui.domain.query import Query
from tui.domain.sanitize import clean
from tui.domain.suggestions import matched


def no_profiles(settings: Settings) -> tuple[str, str]:
    """Why there is nothing to read, and what to do: no profile is there, or all are hidden."""
    if settings.hidden_profiles:
        return "there is no AWS profile that the site policy does not hide", "ask who keeps the policy"
    if any(one.hidden for one in settings.profiles.values()):
        return (
            "there is no AWS profile that config.toml does not hide",
            "--profile NAME reads one all the same",
        )
    return "no AWS profile was found", "aws configure sso makes one, and evac --demo needs none"


def say_unread(session: Session, fleet: Fleet, left_out: int = 0) -> int:
    """Say what is missing: 3 if anything is (a row that could not be shown, too), and 2 where there was nothing to read."""
    if not fleet.targets:
        output.say("evac: {}: {}".format(*no_profiles(session.settings)))
        return USAGE
    for text in trouble_lines(fleet.targets):
        output.say(f"evac: {text}")
    return WELL if fleet.complete and not left_out else PARTIAL


def say_nothing_listed(
    what: str, session: Session, fleet: Fleet, chosen: Query, timeout: float, now: datetime, *, full: bool
) -> None:
    """One line on stderr. `full`: the fleet holds every instance; else they are read first where a filter is given.

    A mistyped filter matches nothing, and so does a good one where all is well: only with every name at hand are they told
    apart.
    """
    if not chosen.tests:
        if where := _where(fleet.targets):
            output.say(f"{what} {where}")
        return
    every: Fleet = fleet if full else read_fleet(session, problems_only=False, timeout=timeout)
    where = _where(every.targets)
    if not where:
        return
    output.say(_filtered(what, chosen, every.rows, now) + f" ({where})")


def _filtered(what: str, chosen: Query, rows: Sequence[Instance], now: datetime) -> str:
    found, wanted = matched(chosen, rows, now), clean(chosen.text, 100)
    if found.count:
        return f"{what} among the {part_of(found.count, found.total, 'instance')} that the filter {wanted} matches"
    return f"evac: the filter {wanted} {found.told}"


def _where(targets: Sequence[TargetStatus]) -> str:
    """`in the 7 of 8 targets that answered`, in part where that is all; empty where none did."""
    answered = [status for status in targets if status.trouble is None]
    if not answered:
        return ""
    partly = sum(1 for status in answered if status.partial)
    part = f", {partly} of them in part" if partly else ""
    return f"in the {part_of(len(answered), len(targets), 'target')} that answered{part}"


def trouble_lines(targets: Sequence[TargetStatus]) -> list[str]:
    """A line for each failure: where, cause, remedy. A profile whose login has expired fails once, not once a region."""
    lines = [_told(status, status.trouble) for status in failures(targets) if status.trouble]
    for status in targets:
        lines.extend(f"{_told(status, trouble)} (the rest was read)" for trouble in status.partial)
    return lines


def _told(status: TargetStatus, trouble: Trouble) -> str:
    return trouble.line if trouble.where else f"{status.target.key}: {trouble.line}"
