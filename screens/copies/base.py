"""A list of what can be copied above, the whole text of the one under the cursor below it: nothing but that is copied."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from screens.base import AlertLine, EvacScreen, KeyLine, bindings
from screens.copies.entries import Copyable
from screens.copies.table import CopiesTable
from screens.render_errors import STYLE, UNSHOWN
from screens.static_line import Line
from tui.commands import Verb
from tui.domain.instance import Instance
from tui.domain.plurals import counted
from tui.paths import write_new

LONG_COPY = 64 * 1024
"""Characters from which on it is said that a terminal may drop it (OSC 52 has no agreed limit; terminals have)."""
COPIES_VERBS = ("back", "copy-this", "write-this", "refresh", "help", "acknowledge", "palette", "quit")


class Copies(EvacScreen):
    """A subclass says what can be copied. Works in read-only: it changes nothing but the clipboard, or writes a new file."""

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
    _drawn = ""

    def compose(self) -> ComposeResult:
        yield AlertLine()
        yield Line("head")
        yield CopiesTable()
        yield Line("about")
        with VerticalScroll(id="whole", can_focus=False):
            yield Static(id="text", markup=False)
        yield KeyLine()

    @property
    def table(self) -> CopiesTable:
        return self.query_one(CopiesTable)

    @property
    def file_stem(self) -> str:
        """What the name of a file is to say, behind `evac-`."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw it all again from what is known."""
        raise NotImplementedError

    def verb_refresh(self) -> None:
        """Look again."""
        raise NotImplementedError

    def fleet_changed(self) -> None:
        self.redraw()

    def tick(self) -> None:
        self.redraw()

    def on_resize(self) -> None:
        self.redraw()

    # what is drawn

    def show(self, head: Text, found: Sequence[Copyable], nothing: str = "") -> None:
        """Draw these, and the text of the one under the cursor."""
        self.query_one("#head", Line).paint(head)
        self.table.put(found, nothing)
        if self.table.styles.height is None or self.table.size.height != len(found) + 1:
            self.table.styles.height = len(found) + 1
        self._draw_text()
        self.draw_keys()

    def _draw_text(self) -> None:
        one = self.table.current
        if one is None:
            return
        about = Text(f" {one.name}", "bold", no_wrap=True, overflow="ellipsis")
        if one.text:
            many = f" · {counted(one.text.count(chr(10)), 'line')}" if "\n" in one.text else ""
            long = "; not every terminal takes so much" if len(one.text) > LONG_COPY else ""
            about.append(f"{many} · y copies it{long}, x writes it to a file in this folder", "not bold dim")
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
        one = self.table.current
        if one is None or not one.text:
            return
        stamp = f"{self.services.now().astimezone(UTC):%Y%m%dT%H%M%SZ}"
        stem = f"evac-{_filed(self.file_stem)}-{_filed(one.name)}-{stamp}"
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
