"""One instance: where it breaks, what that means, what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from screens.base import Alarm, EvacScreen, Go, KeyLine
from screens.detail import header, overview, sheets
from screens.detail.scene import Scene, freshest
from screens.page import Page, Row, draw
from tui.domain.instance import Facts, Instance, Trouble
from tui.domain.text import clean
from tui.fleet.wire import ReadAnswer, ReadRequest
from tui.operations.journal import JournalError
from tui.operations.record import Operation
from tui.services import Services
from tui.verbs import Verb

WIDE = 110
"""Columns from which the picture of the layers gets a pane of its own."""
SHEETS: dict[str, Callable[[Scene], list[Row]]] = {
    "overview": overview.overview,
    "actions": overview.actions,
    "checks": sheets.checks,
    "identity": sheets.identity,
    "network": sheets.network,
    "disks": sheets.disks,
    "tags": sheets.tags,
    "console": sheets.console,
    "history": lambda scene: sheets.history(scene, 0),
}
"""The tabs, in their order."""
TABS = tuple(SHEETS)


class DetailScreen(EvacScreen, inherit_bindings=False):
    """Of the instance with this key (`region/id`). Shows what is known at once, and asks for a fresh look."""

    NAMES = (
        "back",
        "stop-start",
        "reboot",
        "image",
        "reschedule",
        "help",
        "refresh",
        "operations",
        "copy",
        "palette",
        "quit",
    )
    CSS_PATH = "detail.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        ("left,h,shift+tab", "turn(-1)", "previous tab"),
        ("right,l,tab", "turn(1)", "next tab"),
        ("down,j", "move(1)", "down"),
        ("up,k", "move(-1)", "up"),
        ("pagedown,ctrl+f,space", "page(1)", "page down"),
        ("pageup,ctrl+b", "page(-1)", "page up"),
        ("home,g", "end(0)", "top"),
        ("end,G", "end(1)", "bottom"),
        ("enter", "open", "follow the operation"),
    ]

    def __init__(self, services: Services, key: str) -> None:
        super().__init__(services)
        self.key = key
        self.tab = TABS[0]
        self.cursor = 0
        self._known: Instance | None = services.store.get(key)
        self._looked: Instance | None = None
        self._facts: Facts | None = None
        self._trouble: Trouble | None = None
        self._reading = False
        self._gone = False
        self._operations: tuple[Operation, ...] = ()
        self._history_trouble = ""
        self._revision = -1
        self._plain = services.settings.ascii
        self._drawn: dict[str, object] = {}

    def compose(self) -> ComposeResult:
        """Who, how bad, what to press; the tabs; the page; the keys."""
        yield Alarm()
        with Vertical(id="head"):
            yield Static(id="identity", markup=False)
            yield Static(id="freshness", markup=False)
            yield Static(id="troubles", markup=False)
            yield Static(id="diagnosis", markup=False)
            yield Static(id="strip", markup=False)
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield Static(id="picture", markup=False, classes="pane")
                yield Page(self._plain, id="stakes")
            with Vertical(id="right"):
                yield Static(id="tabs", markup=False)
                yield Page(self._plain, id="page")
        yield KeyLine()

    def on_mount(self) -> None:
        """What is known is drawn before anything is asked."""
        self.set_class(self._plain, "-ascii")
        self.query_one("#picture").border_title = "where it breaks"
        self.query_one("#stakes").border_title = "before you act (more: actions)"
        self.query_one("#right").border_title = "what it means"
        self._read_history()
        self.redraw()
        self.look()

    @property
    def page(self) -> Page:
        """The tab's sheet."""
        return self.query_one("#page", Page)

    @property
    def subject(self) -> Instance | None:
        """The freshest of it; none once it is gone."""
        if self._known is None or self._gone:
            return None
        return freshest(self._known, self._looked)

    @property
    def scene(self) -> Scene | None:
        """All there is to draw; None if nothing is known of that key."""
        if self._known is None:
            return None
        services, link = self.services, self.services.link
        instance = freshest(self._known, self._looked)
        return Scene(
            instance=instance,
            now=services.now(),
            zone=services.zone,
            settings=services.settings,
            facts=self._facts,
            status=services.store.target(instance.target),
            reading=self._reading,
            trouble=self._trouble,
            gone=self._gone,
            operations=self._operations,
            history_trouble=self._history_trouble,
            wide=self.size.width >= WIDE,
            collector="" if link is None or link.state.state == "live" else link.state.state,
        )

    # what changes it

    def fleet_changed(self) -> None:
        """The row, the target or the journal may have changed: its state or its events changed mean a new look."""
        row, before = self.services.store.get(self.key), self._known
        self._gone = row is None and before is not None
        if row is not None:
            self._known = row
        ended = self._read_history()
        self.redraw()
        moved = row is not None and (
            before is None or (row.state, row.events) != (before.state, before.events)
        )
        if moved or ended:
            self.look()

    def on_screen_resume(self) -> None:
        """What this console itself wrote to the journal does not count as a revision: read it in any case."""
        self._revision = -1

    def tick(self) -> None:
        """Countdowns go on."""
        if self._read_history():
            self.look()
        self.redraw()

    def on_resize(self) -> None:
        """What fits."""
        self.redraw()

    def _read_history(self) -> bool:
        """The journal's operations on this instance; whether one has ended since."""
        journal = self.services.journal
        if journal is None:
            self._history_trouble = self.services.journal_trouble
            return False
        try:
            revision = journal.revision()
            if revision == self._revision:
                return False
            found = tuple(journal.about(self.key.rpartition("/")[2]))
        except JournalError as error:
            self._history_trouble = str(error)
            return False
        was_open = {one.id for one in self._operations if one.is_open}
        self._revision, self._operations, self._history_trouble = revision, found, ""
        self.cursor = min(self.cursor, max(0, len(found) - 1))
        return any(one.id in was_open and not one.is_open for one in found)

    def look(self) -> None:
        """Ask for a fresh look, with the console's output on its tab."""
        if self._known is None or self.services.link is None or self._reading:
            return
        kind = "console" if self.tab == "console" else "look"
        self._reading = True
        self.redraw()
        self.run_worker(self._look(kind, self._known), group="look")

    async def _look(self, kind: str, row: Instance) -> None:
        link = self.services.link
        if link is None:
            return
        try:
            answer = await link.request(ReadRequest(0, kind, row.target, str(row.instance_id)))
        finally:
            self._reading = False
        self._take(answer)
        self.redraw()
        if self.tab == "console" and kind != "console":
            self._look_for_console()

    def _take(self, answer: ReadAnswer) -> None:
        self._trouble = answer.trouble
        if answer.trouble is not None and answer.trouble.kind == "gone":
            self._gone = True
        if answer.instance is not None:
            self._looked, self._gone = answer.instance, False
        if answer.facts is not None:
            kept = self._facts.console if self._facts is not None else None
            console = answer.facts.console if answer.facts.console is not None else kept
            self._facts = replace(answer.facts, console=console)

    def _look_for_console(self) -> None:
        """Its tab is open and nobody has asked yet."""
        if self._trouble is None and (self._facts is None or self._facts.console is None):
            told = () if self._facts is None else self._facts.unknown
            if not any(name == "console" for name, _ in told):
                self.look()

    # what is drawn

    def redraw(self) -> None:
        """Everything; what did not change costs nothing on the terminal."""
        if not self.is_attached or not self.query("#page"):
            return
        scene = self.scene
        self.draw_keys()
        if scene is None:
            self._put("identity", Text(f" {clean(self.key)}: nothing is known of it here", "bold magenta"))
            self.page.show([Row("it is not in the list of any target; esc goes back", style="dim")])
            return
        width = self.size.width
        self.set_class(width >= WIDE, "-wide")
        self._put("identity", header.identity(scene, width))
        self._put("freshness", header.freshness(scene, width))
        self._rows("troubles", header.troubles(scene))
        self._rows("diagnosis", header.diagnosis(scene, width, self._why_not(header.advised(scene))))
        self._put("strip", header.strip(scene, width))
        self._put("tabs", self._tabs(self.query_one("#tabs").size.width or width))
        if width >= WIDE:
            self._put("picture", header.picture(scene, self.query_one("#picture").size.width - 2))
            self.query_one("#stakes", Page).show(overview.actions(scene))
        if self.tab == "history":
            self.page.show(sheets.history(scene, self.cursor))
        else:
            self.page.show(SHEETS[self.tab](scene))

    def _why_not(self, verb: Verb | None) -> str | None:
        return None if verb is None else self.allowed(verb, self.subject)

    def _put(self, name: str, text: Text) -> None:
        if self._drawn.get(name) != text:
            self._drawn[name] = text
            self.query_one(f"#{name}", Static).update(text)

    def _rows(self, name: str, rows: list[Row]) -> None:
        if self._drawn.get(name) != rows:
            self._drawn[name] = rows
            widget = self.query_one(f"#{name}", Static)
            widget.display = bool(rows)
            widget.update(draw(rows, self._plain))

    def _tabs(self, width: int) -> Text:
        """All that fit; the first ones go where the chosen one would not be seen."""
        first, chosen = 0, TABS.index(self.tab)
        while first < chosen and sum(len(name) + 2 for name in TABS[first : chosen + 1]) > width:
            first += 1
        text = Text(no_wrap=True, overflow="ellipsis")
        for name in TABS[first:]:
            text.append(f" {name} ", "bold reverse" if name == self.tab else "")
        return text

    # keys

    def action_turn(self, by: int) -> None:
        """To the next or the previous tab."""
        self.tab = TABS[(TABS.index(self.tab) + by) % len(TABS)]
        self.page.top()
        if self.tab == "console":
            self._look_for_console()
        self.redraw()

    def action_move(self, by: int) -> None:
        """Scroll; in the history, the next operation."""
        if self.tab != "history" or not self._operations:
            self.page.move(by)
            return
        self.cursor = max(0, min(self.cursor + by, len(self._operations) - 1))
        self.redraw()
        self.page.reveal(self.cursor)

    def action_page(self, by: int) -> None:
        """A page."""
        self.page.turn(by)

    def action_end(self, last: int) -> None:
        """To the first or the last line."""
        if last:
            self.page.bottom()
        else:
            self.page.top()

    def action_open(self) -> None:
        """Follow the operation under the cursor."""
        if self.tab == "history" and self._operations:
            self.post_message(Go("operations", self._operations[self.cursor].id))

    def verb_refresh(self) -> None:
        """Look again."""
        if self._reading:
            self.say("already reading")
        self.look()

    def verb_copy(self) -> None:
        """By the terminal's own clipboard, which works over SSH."""
        if self._known is not None:
            self.app.copy_to_clipboard(str(self._known.instance_id))
            self.say(f"copied {self._known.instance_id}")

    def allowed(self, verb: Verb, instance: Instance | None) -> str | None:
        """What is gone says so."""
        if verb.mutates and self._gone:
            return "it is no longer there"
        return super().allowed(verb, instance)
