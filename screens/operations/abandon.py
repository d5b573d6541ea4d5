"""Giving an operation up: what state it leaves the instance in, and the name typed."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from screens.leaving import Leaver
from screens.signs import drawn
from screens.standing import label
from screens.typed import Typed
from tui.domain.text import MARK
from tui.operations.record import Operation
from tui.operations.resume import still_out


def left_behind(operation: Operation) -> tuple[str, bool]:
    """What abandoning it leaves, and whether a server stays down or out of service by it."""
    name, out = label(operation), still_out(operation)
    more = f" And {out}" if out else ""
    if operation.instance_down:
        return (
            f"{name} is STOPPED and STAYS stopped: evac will not start it. Start it yourself, with s.{more}",
            True,
        )
    if operation.may_be_down:
        return (
            f"{name} may be stopped, and then STAYS stopped: evac will not start it. Look at it.{more}",
            True,
        )
    if out and not operation.taken_back:
        return f"{name} is out of service: it is returned there first, then nothing more is done.", False
    if out:
        return f"{name}: {out}", True
    return "The instance is left as it is now. Calls that AWS has accepted already go on.", False


class AbandonQuestion(ModalScreen[bool], Leaver[bool]):
    """True if the name was typed; anything else is no."""

    CSS_PATH = "operations.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(False)", "Cancel", show=False)]

    def __init__(self, operation: Operation, plain: bool) -> None:
        super().__init__()
        self.operation, self.plain = operation, plain
        name = label(operation)
        self.expected = operation.instance_id if MARK in name or name != name.strip() else name

    def compose(self) -> ComposeResult:
        """The consequence first."""
        left, down = left_behind(self.operation)
        with Vertical(id="abandon") as box:
            box.border_title = "Abandon"
            yield Static(Text(self.operation.title, "bold"))
            yield Static(Text(drawn(f"{'✖ ' if down else ''}{left}", self.plain), "bold red" if down else ""))
            prompt = Text("Type ")
            prompt.append(self.expected, "bold")
            prompt.append(" to abandon it", "")
            prompt.append("   esc keeps it (default)", "dim")
            yield Static(prompt)
            yield Typed(compact=True)
            yield Static(id="wrong")

    @on(Input.Submitted)
    def _entered(self, message: Input.Submitted) -> None:
        if message.value == self.expected:
            self.dismiss(True)
        elif message.value:
            self.query_one("#wrong", Static).update(
                Text(f"that is not {self.expected}: it goes on", "bold red")
            )
