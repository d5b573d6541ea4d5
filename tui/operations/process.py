"""The runner's process: open the journal, read the settings, connect to AWS, then run the loop. While an instance may be
down each of these is tried again without end: a disk may be freed, a file repaired, a login renewed.

Exit codes: 0 the operation ended or is another runner's, 1 it failed or needs a person, 2 it can't be run, 4 read-only.
"""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from tui.config.loader import from_environment
from tui.config.schema import ConfigError, Settings
from tui.operations import demo_watchdog, recovery, sigterm, this_machine
from tui.operations.aws_gateway import AwsGateway
from tui.operations.database import is_damage
from tui.operations.journal import Journal, JournalError
from tui.operations.journal_peek import peek
from tui.operations.model import Operation, OperationState
from tui.operations.output_keeper import OutputKeeper
from tui.operations.runner import Runner
from tui.operations.runner_errors import MEND, broken, to_the_end
from tui.operations.runner_log import keep_quiet, log_line, what
from tui.operations.self_guard import Ownself
from tui.operations.start_priority import come_forward
from tui.operations.steady_clock import latest, steady, ticks
from tui.paths import console_folder, default_journal_path

OPEN_TRIES = 12
"""How often what can't be judged is tried, before it is left to whoever resumes next."""


def _now() -> datetime:
    return datetime.now(UTC)


def open_when_possible(path: Path, ident: str, sleep: Callable[[float], None] = time.sleep) -> Journal:
    """Open the journal; on a disk fault, after something was sent, retry. Else it raises JournalError."""
    tries = 0
    while True:
        try:
            return Journal(path)
        except JournalError as error:
            tries += 1
            if error.__cause__ is None or is_damage(error.__cause__) or not _needed(path, ident, tries):
                raise
            log_line(f"{ident}: {error}; trying again")
        sleep(MEND)


def _needed(path: Path, ident: str, tries: int) -> bool:
    """Whether the operation must go on (something was sent); tried for a minute where the journal can't be read either."""
    found = [one for one in peek(path) if one.id == ident]
    return any(one.must_finish or one.ordered_ahead for one in found) or (not found and tries <= OPEN_TRIES)


def settings_of(operation: Operation, sleep: Callable[[float], None] = time.sleep) -> Settings:
    """The settings the runner was started with, tightened by the site policy as it is now. Raises ConfigError."""
    lasting = operation.sent or operation.ordered_ahead
    for _ in range(OPEN_TRIES if lasting else 1):
        try:
            settings = from_environment(os.environ)
            os.environ.pop("EVAC_SETTINGS", None)
            return settings
        except ConfigError as error:
            said = error
            log_line(f"{operation.id}: {error}")
        if lasting:  # a file that is being written at this moment
            sleep(MEND)
    raise said


def reached(operation: Operation, settings: Settings) -> tuple[AwsGateway, Exception | None]:
    """The gateway to AWS, and why it can't connect. After something was sent the loop itself finds that out and retries."""
    gateway = AwsGateway(settings, operation)
    if operation.sent or operation.ordered_ahead:
        return gateway, None
    try:
        gateway.connect()
    except Exception as error:
        log_line(f"{operation.id}: {what(error)}")
        return gateway, error
    return gateway, None


def main(arguments: list[str] | None = None) -> int:
    """Run one operation, given on the command line, to its end. Answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -P -m tui.operations.process")
    parser.add_argument("--operation", required=True)
    args = parser.parse_args(arguments)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    keep_quiet()
    try:
        journal = open_when_possible(default_journal_path(os.environ), args.operation)
        operation = journal.get(args.operation)
        if operation is None:
            log_line(f"no operation {args.operation} in {journal.path}: see `evac ops list`")
            return 2
        settings = settings_of(operation)
    except (ConfigError, JournalError) as error:
        log_line(str(error))
        return 2
    demo_watchdog.ends_with_it(os.environ, journal.path)
    account = str(operation.account_id)
    if why := settings.why_refused(operation.profile, operation.action, operation.kept.codes, account):
        return _refused(journal, operation, why)
    try:
        return _drive(journal, operation, settings)
    except JournalError as error:
        log_line(str(error))
        return 2
    except Exception as error:
        return broken(journal, operation, error, _now())


def _drive(journal: Journal, operation: Operation, settings: Settings) -> int:
    """Connect, and drive the operation to its end; the exit code. Raises what went wrong while nothing had been sent."""
    gateway, error = reached(operation, settings)
    come_forward()
    if error is not None:
        seen = gateway.trouble(error)
        why = f"{seen.unread}: nothing was sent"
        journal.set_state(operation.id, OperationState.FAILED, _now(), why, seen.remedy)
        return 2
    now = steady(_now, latest(operation), ticks)
    place = this_machine.read_this_machine(os.environ, settings, journal.path.parent)
    runner = Runner(
        journal, operation, settings, gateway, now=now, wall=_now, ownself=Ownself(place, gateway.state_of),
        keeper=OutputKeeper(console_folder(os.environ), gateway),
    )  # fmt: skip
    sigterm.listen()
    try:
        code = to_the_end(runner)
        if operation.campaign:
            recovery.conduct_on(journal, operation.campaign, settings, os.environ, _now())
        return code
    except sigterm.ToldToEnd:
        return sigterm.last_try(runner)
    finally:
        for lock in (runner.instance_lock, runner.turns):
            with suppress(Exception):
                lock.end()


def _refused(journal: Journal, operation: Operation, why: str) -> int:
    """Record that settings or policy forbid it now. What was begun is not called off: somebody who may must finish it."""
    log_line(f"{why}; see `evac config show`")
    if any(call.ok is not False and not call.dry_run for step in operation.steps for call in step.calls):
        remedy = "resume it where changes are allowed"
        journal.set_state(operation.id, OperationState.NEEDS_ATTENTION, _now(), why, remedy)
    else:
        journal.abandon(operation.id, why, _now())
    return 4


if __name__ == "__main__":
    atexit.register(gc.freeze)  # a quarter of a start's work would be to look for garbage at the end
    sys.exit(main())
