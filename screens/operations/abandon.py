"""Giving an operation up: what state it leaves the instance in, and the name typed."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.confirm.question import Answer, TypeName
from screens.dismiss_once import Leaver
from screens.visibility import height, seen
from tui.domain.sanitize import clean
from tui.domain.typed_name import expected
from tui.operations.model import Operation
from tui.operations.recovery import left_behind
from tui.presentation.width import middle

MIN_ABANDON_HEIGHT = 20
"""Lines of the terminal below which there are no blank ones."""


class AbandonQuestion(ModalScreen[bool], Leaver[bool]):
    """True if the name or the id was typed where that could be read; anything else is no."""

    CSS_PATH = "operations.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(False)", "Cancel", show=False)]

    def __init__(self, operation: Operation, now: datetime) -> None:
        super().__init__()
        self.operation, self.now = operation, now
        self.expected = expected(clean(operation.instance_name), clean(operation.instance_id))
        self.accepts = (operation.instance_name, operation.instance_id)

    def compose(self) -> ComposeResult:
        left, down = left_behind(self.operation, self.now)
        with Vertical(id="abandon") as box:
            box.border_title = "Abandon"
            yield Static(Text(middle(self.operation.title, 80), "bold"), classes="told")
            told = f"{'✖ ' if down else ''}{left}"
            yield Static(Text(told, "bold red" if down else ""), classes="told")
            prompt = Text("Type ")
            prompt.append(self.expected, "bold")
            prompt.append(" to abandon it", "")
            prompt.append("   esc keeps it (default)", "dim")
            yield Static(prompt, id="prompt")
            yield TypeName(id="name", compact=True, select_on_focus=False)
            yield Static(id="wrong")
            yield Static(id="needs")

    def on_mount(self) -> None:
        """It is answered like every other question that wants a name."""
        self.query_one(TypeName).ask(self.expected, self.accepts)
        self._fit()

    def on_resize(self) -> None:
        """What was in sight may not be."""
        self._fit()

    def _fit(self) -> None:
        """Nothing is asked that can't be read whole."""
        width, lines = self.app.size
        bare = lines < MIN_ABANDON_HEIGHT
        self.set_class(bare, "-bare")
        inside = max(1, min(int(width * 0.9), 90) - 4)
        parts = self.query("#abandon Static, #abandon TypeName").results()
        tall = sum(height(one, inside) + (not bare) for one in parts if one.id not in ("needs", "wrong"))
        needed = tall + 3 + (not bare)
        cramped = needed > lines
        for one in self.query("#prompt, #name, #wrong"):
            one.display = not cramped
        needs = self.query_one("#needs", Static)
        needs.display = cramped
        needs.update(Text(f"this needs {needed} lines: nothing is asked; esc keeps it", "bold yellow"))
        name = self.query_one(TypeName)
        name.open_at = name.armed_at = float("inf") if cramped else 0.0
        if not cramped:
            name.focus()

    @on(Answer)
    def _answered(self, message: Answer) -> None:
        message.stop()
        if not message.yes:
            self.query_one("#wrong", Static).update(
                Text(f"{message.why.removesuffix(': nothing was sent')}: it goes on", "bold red")
            )
        elif seen(self, self.query("#abandon .told, #prompt, #name")):
            self.dismiss(True)
