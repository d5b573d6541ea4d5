"""What `evac do` and `evac ops` share: the journal as a command uses it, the acts, and following."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar

from tui.cli import output, streams
from tui.cli.operation_view import operation_object, step_object, step_text
from tui.cli.session import FAILED, GUARD, INTERRUPTED, READ_ONLY, WELL, RefusedError, Session
from tui.domain.answers import NoteKind
from tui.domain.instance import InstanceState
from tui.domain.plan import Draft
from tui.operations import spawn
from tui.operations.journal import STARTING, Journal, JournalError
from tui.operations.journal_peek import by_hand, left_down
from tui.operations.model import Operation, OperationState, StepRow, StepState
from tui.operations.recovery import resume
from tui.operations.service import OperationsService
from tui.operations.status import JUST_STARTING, InstanceDown, driver, status_of
from tui.paths import default_journal_path, runner_log_path

_T = TypeVar("_T")

LOOK_EVERY = 0.2
TAKEN_WITHIN = 60.0
"""Seconds within which a runner that was started takes its operation, on the busiest machine."""
_RESTARTS = 3
"""How often a follower replaces a runner that was killed, before it leaves that to a person."""


def now() -> datetime:
    """This moment in UTC."""
    return datetime.now(UTC)


@contextmanager
def open_journal(session: Session, plan: Draft | None = None) -> Iterator[Journal]:
    """The journal, open in this block. Whatever is wrong with it becomes a line, and one for each server that
    may be down by it, or that the plan would start: how to do that without evac. Raises RefusedError.
    """
    try:
        journal = Journal(default_journal_path(session.environ), standing=False)
        journal.unfinished()  # whether it can be read at all
        yield journal
    except JournalError as error:
        lines = [f"! {line}" for line in left_down(default_journal_path(session.environ))]
        if plan is not None and plan.state is InstanceState.STOPPED:
            command = by_hand(plan.target.profile, plan.target.region, str(plan.instance_id))
            lines.append(f"! {plan.label} is stopped; to start it without evac: {command}")
        raise RefusedError("\n".join((str(error), *lines)), FAILED) from None


def operations_of(session: Session, journal: Journal) -> OperationsService:
    """What may be done with operations, to act now: from here on the exit code tells how that went."""
    streams.acts()
    settings, environ = session.settings, session.environ

    def launch(operation: str, profile: str) -> int:
        return spawn.start(operation, profile, settings, environ)

    return OperationsService(journal, settings, environ, launch, now)


def exit_code(operation: Operation) -> int:
    """0 if it succeeded or goes on, 1 if it failed, was given up or needs a person."""
    return WELL if operation.state in (OperationState.SUCCEEDED, *_GOING) else FAILED


_GOING = (OperationState.PLANNED, OperationState.RUNNING)


def read_operation(journal: Journal, operation: str) -> Operation:
    """The operation. Raises RefusedError if it is not there (any more)."""
    found = journal.get(operation)
    if found is None:
        raise RefusedError(f"no operation {operation} in {journal.path}", FAILED)
    return found


def followed(session: Session, ident: str, what: str, watch: Callable[[], _T]) -> _T | None:
    """What watching it to its end brings. None after Ctrl+C: it goes on without whoever watched, which is said."""
    streams.acts()
    try:
        return watch()
    except KeyboardInterrupt:
        ends = f"the demonstration ends with this command, and this {what} with it"
        goes_on = f"{ident} goes on without you; look with: evac ops show {ident}"
        output.say(ends if session.settings.demo else goes_on)
        return None


def follow(session: Session, journal: Journal, operation: str, *, as_json: bool) -> int:
    """To its end, each step told once when it changes; the exit code. Ctrl+C leaves it running and says so.

    A runner that was killed meanwhile is replaced: a stopped instance never comes back by itself.
    """
    found = followed(session, operation, "operation", lambda: _follow(session, journal, operation, as_json))
    if found is None:
        return INTERRUPTED
    conclude(found, as_json=as_json)
    return exit_code(found)


def seen_to(session: Session, journal: Journal, one: Operation) -> tuple[str, int]:
    """Have it resumed, and stay until somebody lives who drives it: nothing and WELL; else why nobody does, and the exit code."""
    operations = operations_of(session, journal)
    before, asked, until = one.runner, 0, time.monotonic() + TAKEN_WITHIN
    while True:
        found = read_operation(journal, one.id)
        taken = bool(asked) and found.runner not in ("", before) and not found.runner.endswith(STARTING)
        who = driver(found, now())
        if taken and (who or found.state not in _GOING):
            return "", WELL
        if who and not asked and who != JUST_STARTING:
            return f"{who} drives it", GUARD
        if not who:
            if asked > _RESTARTS:
                return (
                    f"NOBODY drives it: its runner ended {asked} times before it began; {_see(session)}",
                    FAILED,
                )
            if (why := operations.resume(found)) is not None:
                read_only = session.settings.profile_read_only(one.profile, one.account_id)
                if driver(read_operation(journal, one.id), now()) != JUST_STARTING:
                    return why, READ_ONLY if read_only else GUARD
            else:
                asked, before = asked + 1, found.runner
        if time.monotonic() > until:
            told = f"{who} has not begun" if who else "NOBODY drives it"
            return f"{told} after {int(TAKEN_WITHIN)} s; {_see(session)}", FAILED
        time.sleep(LOOK_EVERY)


def _see(session: Session) -> str:
    log = runner_log_path(session.environ)
    return f"see {log}, and try again with evac ops resume"


def _follow(session: Session, journal: Journal, operation: str, as_json: bool) -> Operation:
    told: dict[str, StepState] = {}
    alarmed, restarts, waits = False, 0, ""
    while True:
        found = read_operation(journal, operation)
        for row in found.steps:
            if row.state != told.get(row.name, StepState.WAITING):
                told[row.name] = row.state
                _tell_step(found, row, as_json)
        now_waits = found.note if found.note_kind is NoteKind.WAITS else ""
        if now_waits and now_waits != waits:
            output.say(f"  … {found.note}")
        waits = now_waits
        if found.attention and not alarmed and found.state in _GOING:
            output.say(f"! {found.label}: {found.note}")
        alarmed = found.attention
        if found.state not in _GOING:
            return found
        if status_of(found, now()).cut_off:
            restarts += 1
            if restarts > _RESTARTS:
                down = status_of(found, now()).down_line
                raise RefusedError(
                    f"its runner was killed {restarts} times; {down}; go on with: evac ops resume {operation}",
                    FAILED,
                )
            output.say("its runner is gone; starting another")
            resume(journal, found, session.settings, session.environ, now())
        time.sleep(LOOK_EVERY)


def _tell_step(operation: Operation, row: StepRow, as_json: bool) -> None:
    if as_json:
        output.json_line({"kind": "step", "operation": operation.id, **step_object(row)})
    elif row.state is StepState.RUNNING:
        output.say(f"  … {row.name}")
    else:
        output.line("  " + step_text(row, now()))


def conclude(found: Operation, *, as_json: bool) -> None:
    """The last line: how it stands, and what to do if that is not well."""
    if as_json:
        output.json_line({"kind": "operation", **operation_object(found, now())})
        return
    tail = f": {found.note}" if found.note else ""
    remedy = f" → {found.remedy}" if found.remedy else ""
    output.line(f"{found.title}: {status_of(found, now()).standing}{tail}{remedy}")
    if status_of(found, now()).down is not InstanceDown.NO:
        output.say(f"{status_of(found, now()).down_line}; evac ops show {found.id}")
