"""The console: makes the services, names the screens, follows the collector. It wires; decisions are elsewhere."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from rich.console import RenderableType
from textual.app import App
from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.filter import LineFilter
from textual.worker import WorkerFailed

from screens.base import Act, Announced, EvacScreen, FleetChanged, Go, PlanMany
from screens.cell_diff import TerminalContents
from screens.fleet.screen import FleetScreen
from screens.garbage import Tidying
from screens.notifications import Noticing
from screens.render_errors import Mishap
from screens.terminal_driver import HUNG_UP, OnTerminal
from screens.theme import AsciiFilter, dress
from tui import crash_report, garbage_pace
from tui.config.schema import Settings, draws_symbols
from tui.fleet import protocol, scope, snapshot
from tui.fleet.collector_client import Link
from tui.fleet.ended_work import LOOK_AT_ENDED, EndedWork
from tui.fleet.store import Store
from tui.operations.activity_watch import Elsewhere
from tui.paths import default_journal_path, state_folder
from tui.presentation.links import shows_links
from tui.services import Services

if TYPE_CHECKING:
    from tui.calling import Calling
    from tui.operations.auto_resume import Rescue

REDRAW_EVERY = 0.1
"""Seconds between two looks at the store at most, however fast the frames come."""
KEEP = 5.0
"""Seconds between two looks for operations that were cut off."""
ELSEWHERE = 3.0
"""Seconds between two looks at the locks of other machines' operations."""
SAVE = 60.0
"""Seconds between two snapshots on disk."""
EXIT_WITHIN = 10.0
"""Seconds for all that is done at the end: the snapshot, the collector's end, threads that wait for something."""
WARM_UP = 3.0
"""Seconds after which what the first frame did without is fetched."""
PLACES = {
    "detail": ("screens.detail.screen", "DetailScreen"),
    "operations": ("screens.operations", "OperationsScreen"),
    "profiles": ("screens.profiles", "ProfilesScreen"),
    "help": ("screens.help", "HelpScreen"),
    "confirm": ("screens.confirm", "ConfirmScreen"),
    "campaign": ("screens.campaign", "CampaignScreen"),
    "copies": ("screens.copies", "CopiesScreen"),
    "marked-copies": ("screens.copies", "MarkedCopiesScreen"),
    "palette": ("screens.palette", "Palette"),
}
"""Screens that the first frame does not need: imported after it, or when asked for before that."""


class EvacApp(Noticing[int], OnTerminal[int], Tidying[int]):
    """The one composition root: screens are given their services, and ask it for one another by message."""

    TITLE = "evac"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "suspend_process", show=False),
        Binding("ctrl+l", "redraw", show=False, priority=True),
    ]
    CSS_PATH = Path(__file__).parents[1] / "screens" / "fleet" / "fleet.tcss"

    def __init__(
        self,
        services: Services,
        start: snapshot.StartSnapshot | None = None,
        *,
        opens_journal: bool = False,
        view: str = "",
        wanted: str = "",
    ) -> None:
        super().__init__()
        self.services, self._opens_journal = services, opens_journal
        self._first = (view, wanted)
        self._snapshot_path = start.path if start else None
        self._began_with = services.settings
        self._kept = start.kept if start else None
        self._opening = start.opening if start else None
        self._said = start.said if start else ""
        self._shown = TerminalContents()
        self._rescue: Rescue | None = None
        self._elsewhere: Elsewhere | None = None
        self._calling: Calling | None = None
        self._look_planned, self._ended = False, EndedWork()
        self._saved_revision = services.store.revision
        dress(self, services.settings.theme)
        self._ascii = (AsciiFilter(),) if services.settings.ascii else ()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's, and ours for terminals that show only ASCII."""
        return (*super().get_line_filters(), *self._ascii)

    def is_harmless(self, error: Exception) -> bool:
        """What was looked for on a screen that has been closed meanwhile. Of all else `run_console` writes a report."""
        if isinstance(error, WorkerFailed):  # the palette's search, say
            return isinstance(error.error, NoMatches)
        return (
            isinstance(error, NoMatches) and self.return_code is not None
        )  # told to end while a screen was being opened

    def before_display(self, update: RenderableType | None) -> RenderableType | None:
        """Only the cells that look different."""
        return super().before_display(self._shown.thrifty(update))

    def get_default_screen(self) -> FleetScreen:
        return FleetScreen(self.services, *self._first)

    def on_mount(self) -> None:
        """The fleet is there; the collector is started."""
        if self._said:
            self.call_after_refresh(self._tell, Announced(self._said))
        if not self.is_headless:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT):
                # Not the loop's own handlers: they are called by a loop that may be waiting for something else.
                signal.signal(number, lambda told, _: self.told_to_end(told))
        self.app_resume_signal.subscribe(self, self._back)
        self.set_timer(WARM_UP, self._warm_up)
        if self.services.link is not None:
            self.run_worker(self._follow(self.services.link), exclusive=True)
            self.set_interval(LOOK_AT_ENDED, self._look_at_ended)
        if self._snapshot_path is not None:
            self.set_interval(SAVE, self._save)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """What waits for the first frame: the journal is opened, and what was cut off is taken up."""
        services = self.services
        if self._kept is not None:
            self.run_worker(self._load_rest(self._kept), group="snapshot")
            self._kept = None
        if self._opens_journal:
            if shared := open_journal(services):
                self._tell(Announced(shared))
            find_here(services)
            self._tell(FleetChanged())
        if not services.settings.read_only and services.journal is not None:
            from tui.operations.auto_resume import Rescue

            self._rescue = Rescue(services.settings, services.environ, services.now)
            self._keep()
            self.set_interval(KEEP, self._keep)
        if services.settings.alarm.on:
            from tui.calling import ALARM_EVERY, Calling

            self._calling = Calling(self, services, lambda line: self._tell(Announced(line)))
            services.alarm = self._calling.alarm
            self.set_interval(ALARM_EVERY, self._calling.look)
        if services.settings.lock.url and not services.settings.demo:
            self._elsewhere = Elsewhere(services.settings)
            self._look_elsewhere()
            self.set_interval(ELSEWHERE, self._look_elsewhere)

    def on_resize(self) -> None:
        """Nobody knows what the terminal made of what it showed."""
        self._shown.forget()

    def action_redraw(self) -> None:
        """Somebody else wrote on the terminal."""
        self._shown.forget()
        self.refresh(layout=True)

    def _back(self, _: App[Any]) -> None:
        """Fetched back by fg, or from a program that had the terminal: it shows what others wrote."""
        self.action_redraw()
        self.show_unseen()

    @property
    def is_unseen(self) -> bool:
        return self.terminal is not None and self.terminal.lent

    def caught_up(self) -> None:
        """The terminal takes what is drawn again."""
        self.action_redraw()

    async def on_unmount(self) -> None:
        """What is known now is what the next start shows first."""
        if self.terminal is not None:
            self.terminal.end_by(self.return_code or 0, EXIT_WITHIN)
        if self.fault is None:  # else what is known now may be what ended it
            self._saving()()
            self._drawn_once()
        if self._calling is not None:
            await self._calling.end()
        if self.services.link is not None:
            await self.services.link.stop()

    def _keep(self) -> None:
        """A stopped instance never comes back by itself: what was cut off goes on, whoever ordered it."""
        self.run_worker(self._resume, thread=True, group="rescue", exit_on_error=False)

    def _look_elsewhere(self) -> None:
        """What other machines do to instances is in this picture too, as far as the locks tell."""
        self.run_worker(self._ask_locks, thread=True, exclusive=True, group="locks", exit_on_error=False)

    def _ask_locks(self) -> None:
        if self._elsewhere is not None:
            self.services.watch.elsewhere = self._elsewhere.look()

    def _resume(self) -> None:
        for line in self._rescue.look() if self._rescue else ():
            self.call_from_thread(self._tell, Announced(line))

    async def _follow(self, link: Link) -> None:
        await link.start()
        async for frame in link.frames():
            if isinstance(frame, protocol.Delta):
                self.services.store.apply(frame)
            elif isinstance(frame, protocol.Note):
                self._tell(Announced(frame.text))
            self._plan_look()

    def _warm_up(self) -> None:
        for name in PLACES:
            screen_class(name)
        self.settle()

    def _plan_look(self) -> None:
        if not self._look_planned:
            self._look_planned = True
            self.set_timer(REDRAW_EVERY, self._look)

    def _look(self) -> None:
        self._look_planned = False
        self._tell(FleetChanged())

    def _look_at_ended(self) -> None:
        services = self.services
        for request in self._ended.requests(services.own, services.store):
            if services.link is not None:
                self.run_worker(services.link.request(request), group="cover", exit_on_error=False)

    def _tell(self, message: FleetChanged | Announced) -> None:
        """To the evac screen nearest the top: a palette or a question may lie over it."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, EvacScreen):
                screen.post_message(message)
                return

    async def _load_rest(self, kept: snapshot.SavedSnapshot) -> None:
        store = self.services.store
        for rows in kept.rest():
            store.load_rest(rows)
            await asyncio.sleep(0)  # keys first
        store.unread = 0
        self._plan_look()
        self.set_timer(2 * REDRAW_EVERY, lambda: self.call_after_refresh(self._drawn_once))

    def _drawn_once(self) -> None:
        """The snapshot was shown whole, and nothing came of it."""
        if self._opening is not None:
            self._opening.done()

    def _save(self) -> None:
        self.run_worker(self._saving(), thread=True, group="save", exit_on_error=False)

    def _saving(self) -> Callable[[], None]:
        """What is known now, to be written; maybe in a thread, and maybe it never comes to that."""
        store, path, now = self.services.store, self._snapshot_path, self.services.now()
        revision, targets, rows = store.revision, store.every_target(), store.every_row()
        read, began = scope.key(self.services.settings), scope.key(self._began_with)

        def write() -> None:
            if path is None or store.unread or revision == self._saved_revision:
                return
            where = path if read == began else snapshot.path_of(path, read)
            with suppress(OSError):  # a full disk costs the next start its first picture, nothing else
                snapshot.write_snapshot(targets, rows, where, now, read)
                self._saved_revision = revision

        return write

    def on_mishap(self, message: Mishap) -> None:
        """What could not be drawn is marked where it stands; here it gets a report, and a line."""
        path = crash_report.write_crash_report(message.error, self.services.environ)
        where = f"report: {path}" if path else "no report could be written"
        told = (
            f"{message.what}: could not be shown ({type(message.error).__name__}), all else goes on; {where}"
        )
        self._tell(Announced(told))

    def on_go(self, message: Go) -> None:
        kind = screen_class(message.place)
        if type(self.screen) is not kind:
            arguments: list[object] = [] if message.place == "help" else [message.key]
            arguments += [message.tab] if message.tab else []
            arguments += [message.known] if message.known is not None else []
            self.push_screen(kind(self.services, *arguments))
        elif message.key and isinstance(self.screen, EvacScreen):
            self.screen.came_again(message.key)

    def action_command_palette(self) -> None:
        palette = screen_class("palette")
        if not isinstance(self.screen, palette):
            self.push_screen(palette())

    def on_act(self, message: Act) -> None:
        row, fleet = self.services.store.get(message.key), self.screen_stack[0]
        label = str(row.label) if row is not None else message.key
        note = fleet.marks.note(message.key, label) if isinstance(fleet, FleetScreen) else ""
        confirm = screen_class("confirm")
        self.push_screen(
            confirm(self.services, message.action, message.key, note, message.options, message.instance)
        )

    def on_plan_many(self, message: PlanMany) -> None:
        self.push_screen(screen_class("campaign")(self.services, "", message.action, message.keys))


def screen_class(name: str) -> Any:
    """The class of one of PLACES."""
    module, kind = PLACES[name]
    return getattr(import_module(module), kind)


def open_services(
    settings: Settings, environ: Mapping[str, str], link: Link | None = None
) -> tuple[Services, snapshot.StartSnapshot]:
    """Everything the screens are given, but for the journal: it is opened after the first frame. `link`: one begun already."""
    store, found = Store(), snapshot.find_snapshot(environ, settings)
    if found.kept is not None:
        store.load_snapshot(found.kept.deltas, found.kept.count)

    def start(operation: str, profile: str) -> int:
        from tui.operations import spawn

        return spawn.start(operation, profile, settings, environ)

    services = Services(
        store=store,
        link=link or Link(settings, environ),
        journal=None,
        journal_trouble="",
        settings=settings,
        environ=environ,
        now=lambda: datetime.now(UTC),
        zone=settings.zone(),
        launch=start,
        links=shows_links(environ),
    )
    return services, found


def open_journal(services: Services) -> str:
    """One that can't be used is said, and forbids acting, not looking, until it can be. Also told: why nothing may be begun."""
    from tui.operations.journal import Journal, JournalError
    from tui.operations.network_mounts import why_mount_unusable

    services.journal = Journal(default_journal_path(services.environ), standing=False)
    try:
        services.journal.unfinished()
    except JournalError as error:
        services.journal_trouble = str(error)
        return ""
    return why_mount_unusable(services.journal.path)


def find_here(services: Services) -> None:
    """Which machine this is, and what it goes through: a few small files."""
    from tui.operations import this_machine

    services.here = this_machine.read_this_machine(
        services.environ, services.settings, state_folder(services.environ)
    )


def run_console(
    settings: Settings,
    environ: Mapping[str, str],
    link: Link | None = None,
    *,
    view: str = "",
    wanted: str = "",
    config_path: Path | None = None,
) -> int:
    """Open the console, with the link begun already if one was; its exit code. Raises CrashError, with the terminal as it was.

    `view`, `wanted`: the view it opens in, and the filter. `config_path`: where the settings come from.
    """
    garbage_pace.slow_down()
    if not draws_symbols(environ):
        settings = msgspec.structs.replace(settings, ascii=True)
    services, found = open_services(settings, environ, link)
    services.config_path = config_path
    app = EvacApp(services, found, opens_journal=True, view=view, wanted=wanted)
    del found  # the snapshot's pieces are the app's to let go
    result = app.run()
    if app.terminal_lost:
        return HUNG_UP
    if app.fault is not None:
        raise crash_report.CrashError(app.fault, environ)
    if app.return_code:
        return app.return_code
    return result or 0
