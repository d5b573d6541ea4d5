"""The profiles: which logins there are and how each is; what of all that is read is shown; a login renewed from here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from screens.base import AlertLine, EvacScreen, KeyLine, bindings
from screens.fleet.panes import header
from screens.profiles.lines import line_told, scope_of
from screens.profiles.table import LoginContext, LoginTable
from screens.static_line import Line
from screens.terminal_driver import OnTerminal
from tui.commands import Verb
from tui.config.login import login_program, why_no_login
from tui.domain.instance import Instance, Target
from tui.domain.listing import Ranker, Stale, stale
from tui.domain.login_lines import BY_REGION, LineKind, ScopeLine, login_lines, unfolded
from tui.domain.logins import ProfileLogin
from tui.domain.plurals import counted
from tui.domain.time_format import clock
from tui.domain.triage import Level
from tui.fleet.protocol import LinkPhase, ReadKind, ReadRequest
from tui.fleet.scope import WHOLE, Scope, reading_also, reading_through
from tui.presentation.shell_line import shell_line
from tui.presentation.symbols import LEVELS
from tui.services import Services

SHARE = 20
"""To judge 50,000 instances takes a tenth of a second, in which no key is answered."""
_OF_LOGIN = ("log-in", "copy-login")


class ProfilesScreen(EvacScreen):
    """A line a login, trouble first; under it what it reads. `profile`: whose login the cursor is to be on; without one that of
    what alone is shown.
    """

    CSS_PATH = "profiles.tcss"
    AUTO_FOCUS = "LoginTable"
    NAMES = (
        "back",
        "narrow",
        "widen",
        "log-in",
        "unfold",
        "refresh",
        "copy-login",
        "operations",
        "help",
        "acknowledge",
        "palette",
        "quit",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(NAMES),
        Binding("p", "verb('back')", show=False),
        Binding("right,l", "fold(False)", show=False),
        Binding("left,h", "fold(True)", show=False),
    ]

    def __init__(self, services: Services, profile: str = "") -> None:
        super().__init__(services)
        self.profile = profile
        self.opened = frozenset[str]()
        self.logins: tuple[ProfileLogin, ...] = ()
        self._told = services.link is None
        self._trouble = ""
        self._ranker = Ranker(image_max_age=services.settings.actions.image_max_age)
        self._levels: tuple[object, Mapping[Target, Counter[Level]]] = (None, {})
        self._count_after = 0.0
        self._lines: Sequence[ScopeLine] = ()

    def compose(self) -> ComposeResult:
        yield AlertLine()
        yield Line("head")
        yield LoginTable(self._view())
        yield Line("told")
        yield KeyLine()

    def on_mount(self) -> None:
        """What is known of the targets is drawn before the collector has named the logins."""
        self.fleet_changed()
        self.ask_logins()

    def ask_logins(self) -> None:
        """Have the collector read the files again."""
        self.run_worker(self._read_logins(), group="logins", exclusive=True)

    async def _read_logins(self) -> None:
        link = self.services.link
        if link is None:
            return
        answer = await link.request(ReadRequest(0, ReadKind.LOGINS))
        self._trouble = "" if answer.trouble is None else str(answer.trouble.line)
        if answer.trouble is None:
            self.logins = answer.logins
        first, self._told = not self._told, True
        self.fleet_changed()
        if first:
            self._point()

    def _point(self) -> None:
        """The cursor goes where it is wanted."""
        scope, settings = self.services.store.scope, self.services.settings
        for line in self._lines:
            for above, one in ((line, line), *((line, one) for one in line.children)):
                here = scope_of(one, settings) == scope and not scope.is_whole
                if here if not self.profile else self.profile in one.profiles:
                    if one is not above:
                        self.opened |= {above.key}
                        self._draw(self._old())
                    self.table.hold(one.key)
                    return

    # --- drawing

    @property
    def table(self) -> LoginTable:
        """The list."""
        return self.query_one(LoginTable)

    @property
    def current(self) -> ScopeLine | None:
        """The line under the cursor."""
        row = self.table.current
        return None if row is None else row[1]

    def _view(self) -> LoginContext:
        return LoginContext(
            self.services.now(), self.services.settings, self.opened, self.services.store.scope
        )

    def _old(self) -> Stale:
        services = self.services
        return stale(services.store.every_target(), services.settings.intervals.status, services.now())

    def fleet_changed(self) -> None:
        if not (self.there and self.is_mounted):
            return
        old, store, link = self._old(), self.services.store, self.services.link
        if self._told or link is None or link.state.state is not LinkPhase.LIVE:
            self._lines = login_lines(self.logins, store.every_target(), old, self._counted(old))
        self._draw(old)

    def tick(self) -> None:
        """What was read ages, and may by now be too old to be believed."""
        self.fleet_changed()

    def _counted(self, old: Stale) -> Mapping[Target, Counter[Level]]:
        """How many instances of each target stand at which level: counted again when one changed or a target became old, but for
        one part in SHARE of the time at most. The next tick catches up."""
        store, now, begun = self.services.store, self.services.now(), monotonic()
        asked = (store.every_row(), frozenset(old), self.services.own)
        kept, found = self._levels
        same = isinstance(kept, tuple) and kept[0] is asked[0] and kept[1:] == asked[1:]
        if same or begun < self._count_after:
            return found
        self._ranker.see(self.services.own)
        level, found = self._ranker.level, {}
        for one in store.every_target():
            found[one.target] = Counter([level(row, now, old) for row in store.rows_of(one.target)])
        self._levels, taken = (asked, found), monotonic() - begun
        self._count_after = begun + SHARE * taken
        return found

    def _draw(self, old: Stale) -> None:
        nothing = self._trouble or "Reading the profiles of ~/.aws/config …"
        self.table.show(unfolded(self._lines, self.opened), self._view(), nothing)
        right = Text(f" {clock(self.services.now(), self.services.zone)} ", no_wrap=True)
        self.query_one("#head", Line).paint(header(self._head(), right, self.app.size.width))
        self._draw_told()

    def _head(self) -> Text:
        store = self.services.store
        logins = [line for line in self._lines if line.kind is LineKind.LOGIN]
        bad = sum(bool(line.reading.failures) for line in logins)
        text = Text(" evac ", "bold reverse", no_wrap=True)
        text.append(f" {counted(len(logins), 'login')}")
        if bad:
            text.append(f" · {bad} in trouble", LEVELS[Level.UNKNOWN].style)
        if store.scope.is_whole:
            accounts = len({one.account_id for one in store.every_target() if one.account_id})
            text.append(f" · {counted(accounts, 'account')}, {counted(len(store.every_row()), 'instance')}")
        else:
            from screens.fleet.narrowed import scope_told

            text.append(" · ").append_text(scope_told(store))
        return text

    def _draw_told(self) -> None:
        line = self.current
        if line is None:
            self.query_one("#told", Line).paint(Text())
            return
        program, why = self._login(line)
        _, text = line_told(line, self.services.settings, self.services.now(), program, why)
        self.query_one("#told", Line).paint(text)
        self.draw_keys()

    @on(LoginTable.Highlighted)
    def another_line(self) -> None:
        self._draw_told()

    # --- verbs

    def allowed(self, verb: Verb, instance: Instance | None) -> str | None:
        """As of every screen; and of a login only where a program renews it."""
        line = self.current
        if verb.name in (*_OF_LOGIN, "narrow", "unfold") and line is None:
            return "nothing is selected"
        if verb.name in _OF_LOGIN and line is not None:
            if not line.logins:
                return "no login is selected"
            program, why = self._login(line)
            return (why if verb.name == "log-in" or not program else "") or None
        if verb.name == "unfold" and line is not None and not line.children:
            return "there is nothing under it"
        return super().allowed(verb, instance)

    def keys_now(self) -> list[tuple[Verb, bool]]:
        """Those that do nothing here are greyed."""
        return [(verb, self.allowed(verb, None) is not None) for verb, _ in super().keys_now()]

    def action_fold(self, folded: bool) -> None:
        """Unfold the line; fold it, or what it stands under."""
        line = self.current
        if line is None:
            return
        if not folded:
            self._open(line, self.opened | {line.key} if line.children else self.opened)
        elif line.key in self.opened:
            self._open(line, self.opened - {line.key})
        elif above := self._above(line):
            self._open(above, self.opened - {above.key})

    def _above(self, line: ScopeLine) -> ScopeLine | None:
        rows = [one for _, one in self.table.rows]
        return next((one for one in rows if line in one.children), None)

    def _open(self, line: ScopeLine, opened: frozenset[str]) -> None:
        self.opened = opened
        self._draw(self._old())
        self.table.hold(line.key)

    def verb_unfold(self) -> None:
        """Unfold the line under the cursor, or fold it."""
        if (line := self.current) is not None:
            self.action_fold(line.key in self.opened)

    def verb_narrow(self) -> None:
        """Show only what the cursor is on."""
        line = self.current
        if line is None:
            return
        if line.kind is LineKind.REGIONS:
            self._open(line, self.opened ^ {line.key})
            return
        self._add(line)
        scope = scope_of(line, self.services.settings)
        self._show(scope, line.profiles)
        targets, rows = self.services.store.out_of_scope
        self.say(
            f"only {scope.words}; {counted(targets, 'target')} and {counted(rows, 'instance')} are out of scope: p, w shows all"
        )
        self.dismiss()

    def verb_widen(self) -> None:
        """Show all again; what the cursor is on is read, if nobody did."""
        line = self.current
        added = line is not None and self._add(line)
        if self.services.store.scope.is_whole and not added:
            self.say("all that is read is shown")
            return
        self._show(WHOLE)
        self.say("all that is read is shown again" if not added else "it is read from now on")

    def _show(self, scope: Scope, profiles: tuple[str, ...] = ()) -> None:
        """What is shown from now on, and through which of an account's profiles it is read and acted on first."""
        services = self.services
        services.store.scope = scope
        if services.link is not None and services.settings.read_through != profiles:
            services.settings = reading_through(services.settings, profiles)
            services.link.remember(services.settings)
            request = ReadRequest(0, ReadKind.THROUGH, profiles=profiles)
            self.app.run_worker(services.link.request(request), group="through", exit_on_error=False)
        self.fleet_changed()

    def _add(self, line: ScopeLine) -> bool:
        """Have the profiles of a line that nobody reads read from now on; whether there are any."""
        services = self.services
        if line.is_read or services.link is None:
            return False
        for profile in line.profiles:
            services.settings = reading_also(services.settings, profile)
        services.link.remember(services.settings)
        request = ReadRequest(0, ReadKind.ADD, profiles=line.profiles)
        self.app.run_worker(services.link.request(request), group="add", exit_on_error=False)
        return True

    def verb_refresh(self) -> None:
        """Read again what the cursor is on, and which logins there are."""
        line, link = self.current, self.services.link
        if link is None or link.state.state is not LinkPhase.LIVE:
            self.say("the collector is not running yet: it reads everything when it is", "warning")
            return
        self.ask_logins()
        profiles = () if line is None or line.key.startswith(BY_REGION) else line.profiles
        request = ReadRequest(0, ReadKind.REFRESH, profiles=profiles)
        self.app.run_worker(link.request(request), group="refresh", exit_on_error=False)
        self.say(
            f"reading {counted(len(profiles), 'profile')} again" if profiles else "reading everything again"
        )

    def _login(self, line: ScopeLine) -> tuple[tuple[str, ...], str]:
        """The program that renews the login of a line, and why it is not run."""
        services = self.services
        try:
            program = login_program(services.settings, line.logins)
        except ValueError as error:
            return (), f"not run: {error}"
        return program, why_no_login(services.settings, line.logins, program, services.environ)

    def verb_copy_login(self) -> None:
        """For another terminal."""
        line = self.current
        if line is not None and (program := self._login(line)[0]):
            self.copy(str(shell_line(program)), "login")

    def verb_log_in(self) -> None:
        """Run the program that renews the login; afterwards all that it renews is read again by itself."""
        line = self.current
        if line is None:
            return
        program, why = self._login(line)
        if why:
            self.say(f"Log in: {why}", "warning")
            return
        if not isinstance(self.app, OnTerminal):
            self.say("Log in: this console has no terminal to give away", "warning")
            return
        if self.app.job is not None:
            from tui.foreground import bring_back

            bring_back(self.app)
            return
        keys = {one.key for one in line.logins}
        profiles = tuple(one.profile for one in self.logins if one.key in keys)
        from screens.profiles.renewal import renew

        # The app's, not the screen's: it goes on when this is left while the program is stopped.
        work = renew(self.app, self.services, program, profiles)
        self.app.run_worker(work, group="login", exit_on_error=False)
