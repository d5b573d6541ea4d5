"""`evac backup`: AMIs of what has no fresh one, without a terminal, for cron and systemd timers."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import click
from msgspec.structs import replace

from tui.cli import output
from tui.cli.empty_list import say_nothing_listed, trouble_lines
from tui.cli.filtering import filter_option, parsed_filter
from tui.cli.fleet_reader import Fleet, look_at, look_at_all, read_fleet
from tui.cli.follow import now, open_journal, operations_of
from tui.cli.inspection import inspect_and_draft
from tui.cli.options import json_option, shared_options, timeout_option
from tui.cli.session import (
    FAILED,
    GUARD,
    PARTIAL,
    READ_ONLY,
    USAGE,
    WELL,
    RefusedError,
    Session,
    Shared,
    open_session,
)
from tui.cli.this_machine import here_among
from tui.domain import backup
from tui.domain.actions import ActionOptions
from tui.domain.backup import Copying, Need
from tui.domain.facts import Facts
from tui.domain.instance import Instance
from tui.domain.plan import Draft
from tui.domain.plurals import counted
from tui.domain.this_machine import Here
from tui.domain.time_format import parse_duration, span
from tui.operations.backup_plan import Copied, Ending, Planner, Rules
from tui.operations.backup_run import BackupRun

_WORDS = {
    Ending.MADE: "made", Ending.ALREADY: "made by another timer", Ending.PENDING: "being made", Ending.FRESH: "has one",
    Ending.GONE: "gone", Ending.DUE: "due", Ending.FAILED: "FAILED", Ending.REFUSED: "REFUSED",
    Ending.READ_ONLY: "read-only", Ending.UNREAD: "not known",
}  # fmt: skip


_SIDE_BY_SIDE = 20
"""Instances that one collector looks at together."""


def _length(ctx: click.Context, param: click.Parameter, value: str | None) -> timedelta | None:
    """A duration as people type them."""
    if value is None:
        return None
    try:
        return parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


@click.command("backup")
@click.option(
    "--older-than", metavar="7d", callback=_length,
    help="Whose newest AMI, of any maker, is older than that (default: actions.image_max_age).",
)  # fmt: skip
@filter_option
@click.option(
    "--at-once", type=click.IntRange(1, 50), metavar="N", default=1, show_default=True,
    help="So many at the same time, and never two of one group.",
)  # fmt: skip
@click.option("--yes", is_flag=True, help="Do it; without it nothing is sent.")
@click.option("--dry-run", is_flag=True, help="Only say what would be copied.")
@click.option(
    "--jitter", metavar="10s", default="10s", show_default=True, callback=_length,
    help="Wait up to so long before the first, so that timers do not ring at once.",
)  # fmt: skip
@json_option("One JSON object a line.")
@timeout_option("Seconds after which a target that has not answered counts as unread.")
@shared_options
def backup_command(
    shared: Shared, older_than: timedelta | None, wanted: str, at_once: int, yes: bool, dry_run: bool, jitter: timedelta,
    as_json: bool, timeout: float,
) -> int:  # fmt: skip
    """Make an AMI of each instance that has no fresh one, always without a reboot: for cron and systemd timers.

    Two timers at once, on one machine or several, make one AMI each. evac deletes none.
    """
    parsed_filter(wanted)
    if older_than is not None and not older_than:
        raise click.UsageError("--older-than: more than 0, such as 7d")
    with open_session(shared) as session:
        if yes and not dry_run:
            _pause(jitter)
        limit = older_than or session.settings.actions.image_max_age
        chosen = parsed_filter(wanted, limit)
        fleet = read_fleet(session, problems_only=False, timeout=timeout, cover=chosen.cover)
        at = now()
        rows = [row for row in fleet.rows if chosen.matches(row, at)]
        if not rows:
            say_nothing_listed("no instances", session, fleet, chosen, timeout, at, full=True)
        rules = Rules(
            limit, at_once,
            session.settings.backup.expires, session.settings.backup.deprecate,
        )  # fmt: skip
        return _Night(session, fleet, rules, as_json).over(rows, yes=yes and not dry_run, asked=not dry_run)


def _pause(jitter: timedelta) -> None:
    seconds = random.uniform(0, jitter.total_seconds())  # noqa: S311 - spread, not a secret
    if seconds >= 1:
        output.say(f"waiting {seconds:.0f} s (--jitter)")
    time.sleep(seconds)


class _Night:
    """One run of the command: what is due, and what came of it."""

    def __init__(self, session: Session, fleet: Fleet, rules: Rules, as_json: bool) -> None:
        self._session, self._fleet, self._rules, self._as_json = session, fleet, rules, as_json
        self._counts: Counter[Ending] = Counter()
        self._unread: Counter[str] = Counter()
        self._here: Here = here_among(session, fleet.rows)

    def over(self, rows: Sequence[Instance], *, yes: bool, asked: bool) -> int:
        """Carry it out, or say what would be; the exit code."""
        at, due = now(), []
        for row in rows:
            need = backup.listed(row, at, self._rules.older_than)
            if need.copying is not Copying.DUE:
                self._count(row, need)
            elif self._session.settings.profile_read_only(row.target.profile, row.account_id):
                self._tell(
                    Copied(row, Ending.READ_ONLY, f"{need.why}; read-only: nothing may be changed there")
                )
            else:
                due.append((row, need))
        ordered = [row for row, _ in backup.neediest_first(due)]
        if not yes:
            self._only_say(ordered)
        elif ordered or self._left_behind():
            self._carry_out(ordered)
        code = self._close()
        if asked and not yes and ordered:
            raise RefusedError("nothing was sent: --yes makes these AMIs", GUARD)
        return code

    def _left_behind(self) -> bool:
        """Whether a journal is there at all: in it may be what a night before this one began."""
        from tui.paths import default_journal_path

        return default_journal_path(self._session.environ).exists()

    def _count(self, row: Instance, need: Need) -> None:
        """What needs no copy now is counted; of whom nobody knows it is told."""
        if need.copying is Copying.UNREAD and self._as_json:
            self._tell(Copied(row, Ending.UNREAD, need.why))
        else:
            self._unread[row.target.key] += need.copying is Copying.UNREAD
            self._counts[Ending(need.copying.value)] += 1

    def _carry_out(self, rows: Sequence[Instance]) -> None:
        with open_journal(self._session) as journal:
            operations = operations_of(self._session, journal)
            timer = BackupRun(
                operations, journal, self._look, self._planner(), now, time.sleep, self._tell, output.say
            )
            timer.run(rows)

    def _planner(self) -> Planner:
        addresses = {str(row.private_ip): str(row.instance_id) for row in self._fleet.rows if row.private_ip}
        return Planner(self._rules, self._plan, now, addresses)

    def _look(self, row: Instance) -> tuple[Instance | None, Facts | None, str]:
        found = look_at(self._session, row)
        return found.instance, found.facts, found.why

    def _plan(self, row: Instance, facts: Facts | None, options: ActionOptions) -> Draft:
        return inspect_and_draft(self._session, "image", row, facts, options, self._here).draft

    def _only_say(self, rows: Sequence[Instance]) -> None:
        """What would be done, after the same close look and with the same plan; nothing is written down, nothing sent."""
        planner = self._planner()
        for start in range(0, len(rows), _SIDE_BY_SIDE):
            part = rows[start : start + _SIDE_BY_SIDE]
            for row, found in zip(part, look_at_all(self._session, part), strict=True):
                if found.instance is None:
                    self._tell(Copied(row, Ending.UNREAD, found.why))
                    continue
                known = replace(found.instance, newest_image=row.newest_image)
                need = backup.looked_at(known, found.facts, now(), self._rules.older_than)
                self._tell(planner.judged(row, found.instance, found.facts, need))

    def _tell(self, one: Copied) -> None:
        self._counts[one.ending] += 1
        row = one.row
        if self._as_json:
            output.json_line(
                {
                    "kind": "backup",
                    "profile": row.target.profile,
                    "account_id": row.account_id,
                    "region": row.target.region,
                    "instance_id": row.instance_id,
                    "name": row.name,
                    "result": one.ending.value,
                    "why": one.why,
                    "remedy": one.remedy,
                    "image_name": one.image_name,
                    "operation": one.operation,
                }
            )
            return
        tail = f" → {one.remedy}" if one.remedy else f" → AMI {one.image_name}" * (one.ending is Ending.DUE)
        operation = f" ({one.operation})" if one.operation else ""
        where = f"{row.label} {row.instance_id} in {row.target.key}"
        output.line(f"{where}: {_WORDS[one.ending]}: {one.why}{tail}{operation}", flush=True)

    def _close(self) -> int:
        """The counts, what could not be read, and the exit code: of what went wrong the gravest."""
        counts = self._counts
        if self._as_json:
            kept = {one.value: counts[one] for one in Ending}
            output.json_line({"kind": "summary", **kept, "older_than": span(self._rules.older_than)})
        else:
            told = ", ".join(f"{counts[one]} {_WORDS[one]}" for one in Ending if counts[one])
            output.line(f"{counted(sum(counts.values()), 'instance')}: {told or 'nothing to copy'}")
        for place, count in self._unread.items():
            if count:
                output.say(f"evac: {place}: the AMIs of {counted(count, 'instance')} could not be read")
        for text in trouble_lines(self._fleet.targets):
            output.say(f"evac: {text}")
        if not self._fleet.targets:
            return USAGE
        if counts[Ending.FAILED]:
            return FAILED
        if counts[Ending.REFUSED]:
            return GUARD
        if counts[Ending.READ_ONLY]:
            return READ_ONLY
        return PARTIAL if counts[Ending.UNREAD] or not self._fleet.complete else WELL
