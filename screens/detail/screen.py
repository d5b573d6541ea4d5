"""One instance: where it breaks, what that means, what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical

from screens.base import AlertLine, Go, KeyLine, bindings
from screens.connecting import Connecting
from screens.detail import header, overview, tabs
from screens.detail.console_tab import CONSOLE, CONSOLE_VERBS, ConsoleTab
from screens.detail.cover import cover
from screens.detail.cover_tab import COVER, CoverTab
from screens.detail.history import history
from screens.detail.log_pane import LogPane
from screens.detail.log_view import LogView
from screens.detail.tab_line import TabLine
from screens.detail.triage import triage
from screens.detail.triage_tab import TRIAGE, TRIAGE_VERBS, TriageTab
from screens.detail.view_model import Scene
from screens.line_table import MOVES
from screens.page import Page, Row, Sheet
from screens.render_errors import STYLE, UNSHOWN, drawn_or
from screens.static_line import Line
from tui.commands import GUARDED, Verb
from tui.domain.facts import Facts
from tui.domain.instance import Instance
from tui.domain.sanitize import clean
from tui.fleet.protocol import ReadAnswer, ReadKind, ReadRequest
from tui.services import Services

DETAIL_WIDE = 110
"""Columns from which the picture of the layers gets a pane of its own."""
LOW = 18
"""Lines below which the head is cut, so that something of the page is seen."""
SHEETS: dict[str, Callable[[Scene], list[Row]]] = {
    "overview": overview.overview,
    TRIAGE: triage,
    COVER: cover,
    "actions": overview.actions,
    "checks": tabs.checks,
    "identity": tabs.identity_tab,
    "network": tabs.network,
    "disks": tabs.disks,
    "tags": tabs.tags,
    CONSOLE: lambda _: [],  # the pane of the log stands in its place
    "history": lambda scene: history(scene, 0),
}
"""The tabs, in their order."""
TABS = tuple(SHEETS)
DETAIL_VERBS = (
    "back",
    *GUARDED,
    "meant",
    *CONSOLE_VERBS,
    "help",
    *TRIAGE_VERBS,
    "refresh",
    "operations",
    "profiles",
    "copy",
    "more-copies",
    "connect",
    "acknowledge",
    "palette",
    "quit",
)


class DetailScreen(Connecting, ConsoleTab, TriageTab, CoverTab, inherit_bindings=False):
    """Of the instance with this key (`region/id`), on that tab. Shows what is known at once, and asks for a fresh look."""

    NAMES = DETAIL_VERBS
    CSS_PATH = "detail.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(DETAIL_VERBS),
        ("left,h,shift+tab", "turn(-1)", "previous tab"),
        ("right,l,tab", "turn(1)", "next tab"),
        *MOVES,
        ("space", "page(1)", "page down"),
        ("enter", "open", "follow the operation"),
    ]

    def __init__(self, services: Services, key: str, tab: str = "") -> None:
        super().__init__(services, key)
        self.tab, self.cursor = tab or self.first_tab(self.known.row, TABS[0]), 0

    def compose(self) -> ComposeResult:
        """Who, how bad, what to press; the tabs; the page; the keys."""
        yield AlertLine()
        with Vertical(id="head"):
            yield Line("identity")
            yield Line("freshness")
            yield Sheet(id="troubles")
            yield Sheet(id="diagnosis")
            yield Line("strip")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield Line("picture", grows=True)
                yield Page(id="stakes")
            with Vertical(id="right"):
                yield TabLine("tabs")
                yield Page(id="page")
                yield LogPane(id="console")
        yield KeyLine()

    def on_mount(self) -> None:
        """What is known is drawn before anything is answered."""
        self.query_one("#picture").border_title = "where it breaks"
        self.query_one("#stakes").border_title = "before you act (more: actions)"
        self.query_one("#right").border_title = "what it means"
        self.known.read_history()
        self.ask_due()  # before the look: its dozen calls would be signed first
        self.redraw()
        self.look()
        self.ask_health()
        if self.tab == COVER:
            self.ask_cover()

    @property
    def page(self) -> Page:
        """The tab's sheet."""
        return self.query_one("#page", Page)

    @property
    def subject(self) -> Instance | None:
        """The freshest of it; none once it is gone."""
        return None if self.known.gone else self.known.instance

    @property
    def facts_of_subject(self) -> Facts | None:
        return self.known.facts

    # what changes it

    def fleet_changed(self) -> None:
        """Another state, other events or the end of an operation are worth a new look."""
        moved, ended = self.known.see_store(), self.known.read_history()
        self.redraw()
        if moved or ended:
            self.look()
        self.ask_health()

    def on_screen_resume(self) -> None:
        """A question may have been answered meanwhile."""
        self.known.forget_revision()

    def tick(self) -> None:
        """Countdowns go on."""
        if self.known.read_history():
            self.look()
        self.ask_due()
        self.redraw()

    def on_resize(self) -> None:
        """What fits."""
        self.redraw()

    async def part_came(self, request: ReadRequest, answer: ReadAnswer) -> None:
        """It is drawn, and what follows from it is asked."""
        self.take_part(request, answer)
        self.redraw()
        if request.kind is ReadKind.LOG:
            await self.find_kept()

    # what is drawn

    def redraw(self) -> None:
        """Everything; what did not change costs nothing on the terminal."""
        if not self.there or not self.query("#page"):
            return
        width = self.size.width
        self.measure(width, wide=width >= DETAIL_WIDE)
        scene = self.known.scene(reading=self.is_reading, wide=width >= DETAIL_WIDE, triage=self.triage)
        self.draw_keys()
        if scene is None:
            self._put("identity", Text(f" {clean(self.key)}: nothing is known of it here", "bold magenta"))
            self.page.show([Row("it is not in the list of any target; esc goes back", style="dim")])
            return
        self.set_class(width >= DETAIL_WIDE, "-wide")
        self.set_class(self.size.height < LOW, "-low")
        self._put("identity", self._text("identity", lambda: header.identity_line(scene, width)))
        self._put("freshness", self._text("freshness", lambda: header.state_and_age(scene, width)))
        self._rows("troubles", self._sheet("troubles", lambda: header.troubles(scene)))
        self._rows(
            "diagnosis",
            self._sheet(
                "diagnosis", lambda: header.diagnosis(scene, width, self._why_not(header.advised(scene)))
            ),
        )
        self._put("strip", self._text("layers", lambda: header.strip(scene, width)))
        strip = self.query_one("#tabs", TabLine)
        strip.show(TABS, self.tab, strip.size.width or width)
        if width >= DETAIL_WIDE:
            room = self.query_one("#picture").size.width - 2
            self._put("picture", self._text("layers", lambda: header.picture(scene, room)))
            stakes = self._sheet("actions", lambda: overview.actions(scene))
            self.query_one("#stakes", Page).show(stakes)
        is_log = self.tab == CONSOLE
        self.page.display, self.console.display = not is_log, is_log
        if is_log:
            drawn_or(self, f"{self.key}, console", lambda: self.console.show(scene), None)
        elif self.tab == "history":
            self.page.show(self._sheet(self.tab, lambda: history(scene, self.cursor)))
        else:
            self.page.show(self._sheet(self.tab, lambda: SHEETS[self.tab](scene)))

    def _text(self, what: str, make: Callable[[], Text]) -> Text:
        """A part of the head; what it cannot show is its own matter."""
        return drawn_or(self, f"{self.key}, {what}", make, Text(f" {UNSHOWN}: {what}", STYLE))

    def _sheet(self, what: str, make: Callable[[], list[Row]]) -> list[Row]:
        """A page; what it cannot show is its own matter, and the other tabs are read all the same."""
        unshown = Row("this part cannot be shown; the other tabs can", UNSHOWN, "", STYLE)
        return drawn_or(self, f"{self.key}, {what}", make, [unshown])

    def _why_not(self, verb: Verb | None) -> str | None:
        return None if verb is None else self.allowed(verb, self.subject)

    def _put(self, name: str, text: Text) -> None:
        self.query_one(f"#{name}", Line).paint(text)

    def _rows(self, name: str, rows: list[Row]) -> None:
        sheet = self.query_one(f"#{name}", Sheet)
        sheet.show(rows)
        if sheet.display != bool(rows):
            sheet.display = bool(rows)

    # keys

    def action_turn(self, by: int) -> None:
        """To the next or the previous tab."""
        self.turn_to(TABS[(TABS.index(self.tab) + by) % len(TABS)])

    @on(TabLine.Chosen)
    def tab_clicked(self, message: TabLine.Chosen) -> None:
        """The one under the pointer."""
        self.turn_to(message.tab)

    def turn_to(self, tab: str) -> None:
        """Put it in front, from its beginning."""
        self.console.end_search()
        self.tab = tab
        self.page.top()
        if self.tab == CONSOLE and not self.known.gathered.was_asked(ReadKind.LOG):
            self.gather(ReadKind.LOG)  # once; r asks again
        if self.tab == COVER:
            self.ask_cover()
        self.ask_soon()
        self.redraw()

    @property
    def in_front(self) -> Page | LogView:
        """The part of the tab in front that arrows and pages move."""
        return self.console.view if self.tab == CONSOLE else self.page

    def action_move(self, by: int) -> None:
        """Scroll; in the history, the next operation."""
        count = len(self.known.operations)
        if self.tab != "history" or not count:
            self.in_front.move(by)
            return
        self.cursor = max(0, min(self.cursor + by, count - 1))
        self.redraw()
        self.page.reveal(self.cursor)

    def action_page(self, by: int) -> None:
        """A page."""
        self.in_front.turn(by)

    def action_end(self, last: int) -> None:
        """To the first or the last line."""
        if last:
            self.in_front.bottom()
        else:
            self.in_front.top()

    def action_open(self) -> None:
        """Follow the operation under the cursor."""
        found = self.known.operations
        if self.tab == "history" and found:
            self.post_message(Go("operations", found[min(self.cursor, len(found) - 1)].id))

    def verb_refresh(self) -> None:
        """Look again."""
        if self.is_reading:
            self.say("already reading")
        self.look()
        if self.tab == TRIAGE:
            self.ask_evidence()
        elif self.tab == CONSOLE:
            self.gather(ReadKind.LOG)
        elif self.tab == COVER:
            self.ask_cover(again=True)

    def verb_copy(self) -> None:
        """Its id."""
        if self.known.row is not None:
            self.copy(str(self.known.row.instance_id), str(self.known.row.instance_id))

    def verb_more_copies(self) -> None:
        """With all that is known of it here."""
        self.post_message(Go("copies", self.key, known=self.known))

    def allowed(self, verb: Verb, instance: Instance | None) -> str | None:
        """What is gone says so."""
        if verb.mutates and self.known.gone:
            return "it is no longer there"
        return super().allowed(verb, instance)
