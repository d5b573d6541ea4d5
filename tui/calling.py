"""Has the console call somebody: looks for incidents every few seconds, and has the terminal tell of those that begin.

Nothing here can hold the console up: the look is a thread's, the program that the settings name runs in threads of its own, and
what the terminal does not take is told once it does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from screens.render_errors import report_error
from tui.desktop import DesktopRoute, find_route, notice_bytes
from tui.domain.incidents import FRESH_FOR, IncidentChange, Picture
from tui.domain.sanitize import EMPTY
from tui.fleet import scope
from tui.fleet.protocol import LinkPhase
from tui.operations.console_alarm import ConsoleAlarm
from tui.operations.journal import Journal
from tui.paths import default_journal_path, state_folder
from tui.presentation.incident_text import incident_notice
from tui.services import Services

if TYPE_CHECKING:
    from pathlib import Path

    from screens.terminal_driver import OnTerminal

ALARM_EVERY = 2.0
"""Seconds between two looks."""
QUIET = 6.0
"""Seconds between two looks where nothing was read meanwhile."""
CALLS_APART = 5.0
"""Seconds between two calls by the terminal at least: what begins meanwhile is told together."""
PROGRAMS_END = 2.0
"""Seconds in which programs that were begun may come to their end, once the console ends."""
MOST_PENDING = 500


class Calling:
    """Of one console; `say` tells the operator a line, from any thread."""

    def __init__(self, app: OnTerminal[Any], services: Services, say: Callable[[str], None]) -> None:
        self._app, self._services, self._say = app, services, say
        self._wanted = services.settings.alarm
        journal = Journal(default_journal_path(services.environ), standing=False)
        self.alarm = ConsoleAlarm(services.settings, services.environ, alarm_path(services), journal, say)
        self._looking, self._looked_at = False, float("-inf")
        self._seen: tuple[object, ...] = ()
        self._pending: list[IncidentChange] = []
        self._route = DesktopRoute(why_not="off")
        self._called_at = float("-inf")
        self._said = False
        if why := self.alarm.calls.why_none:
            say(f"alarm: the command is not run: {why}")

    def look(self) -> None:
        """Look for incidents, in a thread. Call it every ALARM_EVERY seconds."""
        self._flush()
        services = self._services
        link = services.link.state if services.link is not None else None
        seen = (services.store.revision, services.own, link)
        if self._looking or (seen == self._seen and time.monotonic() - self._looked_at < QUIET):
            return
        self._looking, self._seen, self._looked_at = True, seen, time.monotonic()
        picture = Picture(
            services.store.every_row(),  # what is narrowed away from the screen calls as ever
            services.store.every_target(),
            own=services.own,
            reader=link.why if link is not None and link.state is not LinkPhase.LIVE else EMPTY,
            fresh_for=max(FRESH_FOR, timedelta(seconds=10 * services.settings.intervals.status)),
        )
        self._app.run_worker(partial(self._look, picture), thread=True, group="alarm", exit_on_error=False)

    async def end(self) -> None:
        """Keep what is known, and give programs that were begun a moment."""
        await asyncio.to_thread(self.alarm.end, PROGRAMS_END)

    def _look(self, picture: Picture) -> None:
        try:
            begun = self.alarm.look(picture, self._services.now())
            if begun:
                route = find_route(self._wanted.desktop, self._services.environ)
                self._app.call_later(self._take, begun, route)
        except Exception as error:
            report_error(self._app, "an alarm", error)
        finally:
            self._looking = False

    def _take(self, begun: Sequence[IncidentChange], route: DesktopRoute) -> None:
        self._pending = [*self._pending, *begun][-MOST_PENDING:]
        self._route = route
        if route.remedy and not self._said:
            self._said = True
            self._say(f"no desktop notification: {route.why_not}: {route.remedy}")
        self._flush()

    def _flush(self) -> None:
        """Call for all that began and was not told yet, if the terminal takes it now."""
        if not self._pending or time.monotonic() - self._called_at < CALLS_APART:
            return
        text = "\a" if self._wanted.bell else ""
        if not self._route.why_not:
            text += notice_bytes(incident_notice(self._pending), self._route)
        if not text or self._app.call_out(text):
            self._pending, self._called_at = [], time.monotonic()


def alarm_path(services: Services) -> Path:
    """What is kept by consoles that read the same, call for the same, and may run the same program."""
    settings = services.settings
    alike = (
        scope.key(settings),
        settings.alarm.on,
        settings.alarm.command,
        settings.read_only,
        settings.commands_off,
    )
    name = sha256(msgspec.json.encode(alike)).hexdigest()[:12]
    return state_folder(services.environ) / f"alarm-{name}.json"
