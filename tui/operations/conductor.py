"""The conductor of a campaign: it asks whose turn it is, begins that member, and writes down what becomes of each.

It sends nothing to AWS that changes anything: each member is an ordinary operation with a runner of its own, which goes on
whatever becomes of the conductor. Killed anywhere, the next conductor asks the same question of the same journal.

Exit codes: 0 the campaign has ended, waits for a person or is another conductor's, 2 it can't be conducted.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Generator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

from tui.config.loader import from_environment
from tui.config.schema import ConfigError, Settings
from tui.domain.campaign.model import Campaign, CampaignState, Member, MemberState
from tui.domain.campaign.turn import Begin, Halt, Later, next_turn
from tui.domain.sanitize import clean
from tui.operations import demo_watchdog, recovery, spawn, this_machine
from tui.operations.aws_gateway import FreshLooks
from tui.operations.campaign_begin import Beginning
from tui.operations.campaign_context import Context
from tui.operations.campaign_journal import CampaignJournal
from tui.operations.campaign_outcome import came_back, outcome
from tui.operations.campaign_programs import MemberPrograms
from tui.operations.campaign_review import Review
from tui.operations.journal import Journal, JournalError
from tui.operations.model import Operation
from tui.operations.runner_log import keep_quiet, log_line, traceback_text, what
from tui.operations.status import status_of
from tui.paths import default_journal_path

_LOOK_EVERY, _SELDOM = 0.5, 5.0
"""Seconds between two looks at the journal, and while it waits for its hours."""
_BETWEEN = 0.3
"""Seconds between two beginnings: a runner that starts takes a core for as long."""
_RENEW = timedelta(seconds=5)
"""How often the lease is renewed, which lasts 20 s."""
_MEND = 5.0
"""Seconds after which it is tried again if the journal could not be used."""
_STUMBLES = 5
"""Errors of its own in a row after which it pauses the campaign, and says so."""
_RESTARTS = 3
"""How often it replaces a runner that was killed at the same step; then it is left with its alarm."""


class Conductor:
    """Conducts one campaign for as long as it holds its lease."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._programs = MemberPrograms(context)
        self._beginning = Beginning(context, self._programs)
        self._review: Generator[None, None, None] | None = None
        self._leased_at: datetime | None = None
        self._restarts: dict[str, tuple[str, int]] = {}
        self._note = ""

    def run(self) -> int:
        """Until it has ended, or nothing is left to be done before a person acts; the exit code."""
        context, stumbles = self._context, 0
        while True:
            try:
                if not self._lease():
                    return 0
                pause = self.tick()
                stumbles = 0
            except JournalError as error:
                context.say(f"{error}; trying again")
                pause = _MEND
            except Exception as error:
                stumbles += 1
                context.say(f"{what(error)}\n{traceback_text()}")
                pause = _MEND
                if stumbles >= _STUMBLES:
                    with suppress(JournalError):
                        context.campaigns.pause(context.ident, f"its conductor stumbled: {what(error)}")
                        stumbles = 0
            if pause is None:
                with suppress(JournalError):  # it lapses by itself
                    context.campaigns.release(context.ident, context.name)
                    self._leased_at = None
                    found = context.campaigns.get(context.ident)
                    if found is not None and recovery.back_after_all(context.journal, found):
                        continue  # it ended since it was looked at, and saw that somebody had the lease
                return 0
            context.sleep(pause)

    def _lease(self) -> bool:
        now = self._context.now()
        if self._leased_at is None or not timedelta() <= now - self._leased_at < _RENEW:
            if not self._context.campaigns.lease(self._context.ident, self._context.name, now):
                return False
            self._leased_at = now
        return True

    def tick(self) -> float | None:
        """One look and one deed: how many seconds until the next; None: nothing is left to be done."""
        campaign = self._context.campaigns.get(self._context.ident)
        if campaign is None or campaign.conductor != self._context.name:
            return None
        self._follow(campaign)
        if campaign.state is CampaignState.PLANNED:
            return self._reviewed(campaign)
        if self._review is not None:
            self._review.close()
            self._review = None
        campaign = self._context.campaigns.get(self._context.ident) or campaign
        if campaign.state is not CampaignState.RUNNING:
            return _LOOK_EVERY if campaign.of(MemberState.GOING) else None
        return self._turn(campaign)

    def _reviewed(self, campaign: Campaign) -> float | None:
        """A part of the review. One that can't be made (a setting that can't be read) leaves the plan as it is."""
        try:
            if self._review is None:
                self._review = Review(self._context, self._context.settings()).run(campaign)
        except ConfigError as error:
            self._tell(str(error))
            return None
        try:
            next(self._review)
        except StopIteration:
            self._review = None
            return None
        return 0.0

    def _turn(self, campaign: Campaign) -> float | None:
        context = self._context
        try:
            settings = context.settings()
        except ConfigError as error:  # a file that is being written at this moment
            self._tell(f"nobody is begun until the settings can be read: {error}")
            return _MEND
        situation = self._beginning.situation(campaign, settings)
        turn = next_turn(campaign, context.now(), situation)
        if isinstance(turn, Begin):
            if not self._lease():
                return None
            if told := self._beginning.begin(campaign, turn.member, situation, settings):
                context.say(told)
            return _BETWEEN
        if isinstance(turn, Halt):
            if context.campaigns.pause(campaign.id, turn.why):
                context.told("pause", f"paused: {turn.why}", campaign.action)
            return 0.0
        if isinstance(turn, Later):
            self._tell(turn.why)
            wait = _LOOK_EVERY
            if turn.until is not None:
                wait = min(_SELDOM, max(0.05, (turn.until - context.now()).total_seconds()))
            return min(wait, _LOOK_EVERY) if campaign.of(MemberState.GOING) else wait
        if context.campaigns.end(campaign.id, context.name, turn.note, context.now()):
            context.told("end", turn.note, campaign.action)
        return None

    def _tell(self, note: str) -> None:
        if note != self._note:
            self._context.campaigns.note(self._context.ident, self._context.name, note)
            self._note = note

    # those that were begun

    def _follow(self, campaign: Campaign) -> None:
        """Write down what became of those under way, and of those that failed and went on all the same."""
        for one in campaign.of(MemberState.GOING, MemberState.FAILED):
            if not one.operation:
                continue
            found = self._context.journal.get(one.operation)
            if found is None:
                if one.state is MemberState.GOING:
                    self._conclude(one, MemberState.FAILED, "its operation is gone from the journal")
                continue
            ended = outcome(found, partial(self._context.campaigns.tries, campaign.id, one))
            if ended is not None and (one.state is MemberState.GOING or ended[0] is MemberState.DONE):
                state, why = ended
                self._conclude(one, state, came_back(one) if one.state is MemberState.FAILED else why)
                self._programs.concluded(found)
            self._programs.follow(found)
            if found.is_open and status_of(found, self._context.now()).cut_off:
                self._replace_runner(found)

    def _conclude(self, one: Member, state: MemberState, why: str) -> None:
        more = {"operation": ""} if state is MemberState.WAITS else {}
        if state is MemberState.WAITS:
            self._beginning.put_aside(one.key, why)
        self._context.campaigns.conclude(self._context.ident, one, state, why, **more)

    def _replace_runner(self, found: Operation) -> None:
        step, times = self._restarts.get(found.id, ("", 0))
        times = times + 1 if step == found.step else 1
        self._restarts[found.id] = found.step, times
        if times > _RESTARTS:
            return
        try:
            settings = self._context.settings()
        except ConfigError as error:
            self._context.say(f"{found.id} was cut off, and is not taken up: {error}")
            return
        context = self._context
        why = recovery.resume(context.journal, found, settings, context.environ, context.now())
        context.say(f"{found.id} was cut off{': ' + why if why else ', and goes on'}")


def _now() -> datetime:
    return datetime.now(UTC)


def conducted(campaign: str, journal: Journal, environ: dict[str, str]) -> int:
    """Conduct it in this process; the exit code. Raises ConfigError, JournalError."""
    settings = from_environment(environ)
    looks = FreshLooks(settings)

    def launch(operation: str, profile: str, settings: Settings) -> int:
        return spawn.start(operation, profile, settings, environ, behind=True)

    context = Context(
        CampaignJournal(journal),
        campaign,
        f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}",
        lambda: from_environment(environ),
        looks.look,
        launch,
        lambda: this_machine.read_this_machine(environ, settings, journal.path.parent),
        environ,
        _now,
        time.sleep,
        looks.mates,
    )
    return Conductor(context).run()


def main(arguments: list[str] | None = None) -> int:
    """Conduct the campaign given on the command line. Answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -P -m tui.operations.conductor")
    parser.add_argument("--campaign", required=True)
    args = parser.parse_args(arguments)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    keep_quiet()
    environ = dict(os.environ)
    os.environ.pop("EVAC_SETTINGS", None)
    try:
        journal = Journal(default_journal_path(environ))
        demo_watchdog.ends_with_it(environ, journal.path)
        return conducted(args.campaign, journal, environ)
    except (ConfigError, JournalError) as error:
        log_line(f"{args.campaign}: {clean(error)}")
        return 2


if __name__ == "__main__":
    sys.exit(main())
