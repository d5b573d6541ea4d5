"""What else can be copied: the list above, the whole text of the one under the cursor below it."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from screens.base import AlertLine, KeyLine, bindings
from screens.copies.entries import EVIDENCE, HANDOVER, Copyable, copyables, is_failing
from screens.copies.table import CopiesTable
from screens.detail.asking import Asking
from screens.detail.model import Known
from screens.detail.view_model import Scene, TriageView
from screens.render_errors import STYLE, UNSHOWN, drawn_or
from screens.static_line import Line
from tui.commands import Verb
from tui.domain.instance import Instance
from tui.domain.logins import ProfileLogin
from tui.domain.plurals import counted
from tui.domain.sanitize import clean
from tui.fleet.protocol import ReadAnswer, ReadKind, ReadRequest
from tui.paths import write_new
from tui.services import Services

COPIES_VERBS = ("back", "copy-this", "write-this", "refresh", "help", "palette", "quit")


class CopiesScreen(Asking):
    """Of the instance with this key (`region/id`). `known`: what another screen knows of it already.

    Nothing is copied but the text that is drawn. Why an instance fails is asked once its handover is looked at.
    """

    NAMES = COPIES_VERBS
    CSS_PATH = "copies.tcss"
    AUTO_FOCUS = "CopiesTable"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(COPIES_VERBS),
        ("enter", "verb('copy-this')", "copy"),
        ("pageup,ctrl+b", "turn(-1)", "page up"),
        ("pagedown,ctrl+f,space", "turn(1)", "page down"),
        ("home,g", "top", "top"),
        ("end,G", "bottom", "bottom"),
    ]

    def __init__(self, services: Services, key: str, known: Known | None = None) -> None:
        super().__init__(services, key)
        self.known = known or self.known
        self._logins: tuple[ProfileLogin, ...] | None = None
        self._looked = False
        self._drawn = ""

    def compose(self) -> ComposeResult:
        yield AlertLine()
        yield Line("head")
        yield CopiesTable()
        yield Line("about")
        with VerticalScroll(id="whole", can_focus=False):
            yield Static(id="text", markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        """What is known can be copied at once; the rest is asked."""
        self.known.read_history()
        self.redraw()
        if self.known.facts is None:
            self.look()
        self.ask_health()
        self._ask_logins()

    @property
    def table(self) -> CopiesTable:
        return self.query_one(CopiesTable)

    @property
    def subject(self) -> Instance | None:
        """None of its keys acts on it; the mode is its profile's all the same."""
        return self.known.instance

    def fleet_changed(self) -> None:
        self.known.see_store()
        self.known.read_history()
        self.redraw()

    def tick(self) -> None:
        self.known.read_history()
        self.redraw()

    def on_resize(self) -> None:
        self.redraw()

    # what is asked

    def _ask_logins(self) -> None:
        if self.services.link is not None:
            self.run_worker(self._read_logins(), group="logins")

    async def _read_logins(self) -> None:
        link = self.services.link
        if link is None:
            return
        answer = await link.request(ReadRequest(0, ReadKind.LOGINS))
        self._logins = answer.logins
        self.redraw()

    async def part_came(self, request: ReadRequest, answer: ReadAnswer) -> None:
        self.redraw()

    def _ask_evidence(self, scene: Scene) -> None:
        """What speaks for the cause: once, for somebody who looks at the handover of one that fails."""
        if self._looked or not is_failing(scene):
            return
        self._looked = True
        for kind in EVIDENCE:
            if not self.known.gathered.was_asked(kind):
                self.gather(kind)

    # what is drawn

    def redraw(self) -> None:
        if not self.there or not self.query("#text"):
            return
        self.draw_keys()
        width = self.size.width
        scene = self.known.scene(reading=self.is_reading, wide=False, triage=TriageView(width=width))
        if scene is None:
            self.query_one("#head", Line).paint(
                Text(f" {clean(self.key)}: nothing is known of it here", "bold magenta")
            )
            self.table.put([], "it is not in the list of any target; esc goes back")
            return
        row = scene.instance
        label = scene.settings.label(row.target.profile)
        head = Text(f" copy of {row.label}", "bold", no_wrap=True, overflow="ellipsis")
        head.append(f"  {row.instance_id}  {label} {row.zone or row.target.region}", "not bold dim")
        self.query_one("#head", Line).paint(head)
        unshown = [Copyable(HANDOVER, why=f"{UNSHOWN}: it could not be put together")]
        found = drawn_or(self, f"{self.key}, copies", lambda: copyables(scene, self._logins), unshown)
        self.table.put(found)
        if self.table.styles.height is None or self.table.size.height != len(found) + 1:
            self.table.styles.height = len(found) + 1
        self._draw_text()
        if self.table.current is not None and self.table.current.name == HANDOVER:
            self._ask_evidence(scene)

    def _draw_text(self) -> None:
        one = self.table.current
        if one is None:
            return
        about = Text(f" {one.name}", "bold", no_wrap=True, overflow="ellipsis")
        if one.text:
            many = f" · {counted(one.text.count(chr(10)), 'line')}" if "\n" in one.text else ""
            about.append(f"{many} · y copies it, x writes it to a file in this folder", "not bold dim")
        self.query_one("#about", Line).paint(about)
        drawn = one.text or one.why
        if drawn != self._drawn:
            self._drawn = drawn
            self.query_one("#text", Static).update(_styled(one))

    @on(CopiesTable.Highlighted)
    def _another(self) -> None:
        self.query_one("#whole", VerticalScroll).scroll_home(animate=False)
        self.redraw()

    # keys

    def action_turn(self, by: int) -> None:
        """The text by a page less a line."""
        whole = self.query_one("#whole", VerticalScroll)
        whole.scroll_relative(y=by * max(1, whole.size.height - 1), animate=False)

    def action_top(self) -> None:
        self.query_one("#whole", VerticalScroll).scroll_home(animate=False)

    def action_bottom(self) -> None:
        self.query_one("#whole", VerticalScroll).scroll_end(animate=False)

    def allowed(self, verb: Verb, instance: Instance | None) -> str | None:
        """What is not there is not copied."""
        one = self.table.current if self.query(CopiesTable) else None
        if verb.name in ("copy-this", "write-this") and (one is None or not one.text):
            return f"{one.name}: {one.why}" if one is not None else "nothing is known of it here"
        return super().allowed(verb, instance)

    def keys_now(self) -> list[tuple[Verb, bool]]:
        """What cannot be copied is dim."""
        return [
            (verb, blocked or self.allowed(verb, None) is not None) for verb, blocked in super().keys_now()
        ]

    def verb_copy_this(self) -> None:
        """The text that is drawn."""
        one = self.table.current
        if one is not None and one.text:
            self.copy(one.text, one.name)

    def verb_write_this(self) -> None:
        """The text that is drawn, to a new file in this folder, for the user alone."""
        one, row = self.table.current, self.known.instance
        if one is None or not one.text or row is None:
            return
        stamp = f"{self.services.now().astimezone(UTC):%Y%m%dT%H%M%SZ}"
        stem = f"evac-{_filed(row.instance_id)}-{_filed(one.name)}-{stamp}"
        try:
            path = write_new(Path.cwd(), stem, one.suffix, one.text.rstrip("\n").encode() + b"\n")
        except OSError as error:
            place = error.filename or "this folder"
            told = (
                f"{one.name}: not written: {place}: {error.strerror}; start evac in a folder you may write to"
            )
            self.say(told, "warning")
            return
        self.say(f"{one.name}: written to {path}")

    def verb_refresh(self) -> None:
        """Look again."""
        self.look()
        self._looked = False
        self._ask_logins()
        self.redraw()


def _filed(name: str) -> str:
    """What of a name stands in a file's."""
    return "".join(char if char.isascii() and (char.isalnum() or char in "-_") else "-" for char in name)[:40]


def _styled(one: Copyable) -> Text:
    if not one.text:
        return Text(one.why, STYLE if one.why.startswith(UNSHOWN) else "dim")
    text = Text(overflow="fold")
    for line in one.text.splitlines():
        text.append(f"{line}\n", "bold" if one.suffix == ".md" and line.startswith("#") else "")
    return text
