"""Several are marked, and a verb was pressed: which is meant? Nothing is done to several at once behind anybody's back."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.dismiss_once import Leaver
from screens.fleet.marks import Marks
from screens.visibility import height, seen
from tui.commands import INPUT_MODE
from tui.domain.instance import Instance
from tui.presentation.width import middle


class WhichQuestion(ModalScreen[bool], Leaver[bool]):
    """True: the one under the cursor; anything else is no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(False)", "Cancel", show=False),
        Binding("c", "cursor", "The one under the cursor", show=False),
    ]
    DEFAULT_CSS = """
    WhichQuestion { align: center middle; }
    WhichQuestion #which { width: 90%; max-width: 90; height: auto; max-height: 100%; }
    WhichQuestion #which { border: heavy $warning; padding: 0 1; background: $surface; }
    WhichQuestion Static { height: auto; }
    WhichQuestion ToastRack { height: 0; margin: 0; }
    """

    def __init__(self, title: str, marks: Marks, cursor: Instance | None) -> None:
        super().__init__()
        self.asked, self.marks, self.cursor = title, marks, cursor

    def compose(self) -> ComposeResult:
        with Vertical(id="which") as box:
            box.border_title = self.asked
            yield Static(id="whole")
            yield Static(id="under")
            yield Static(Text("esc cancels (default): nothing is sent", "dim"), id="leave")
            yield Static(id="wrong")

    def on_mount(self) -> None:
        self.on_resize()

    def on_resize(self) -> None:
        """What must be read comes first: the answers, then as many names as there is room for."""
        width, lines = self.app.size
        inside = max(1, min(int(width * 0.9), 90) - 4)
        whole, under = self.query_one("#whole", Static), self.query_one("#under", Static)
        row = self.cursor
        text = Text(f"{self.marks.count}: {self.marks.named}.")
        text.append(
            "\nevac acts on one at a time: leave one marked, or take the one under the cursor.", "dim"
        )
        whole.update(text)
        answer = Text()
        if row is None:
            answer.append("no instance is under the cursor", "dim")
        else:
            answer.append(" c ", "bold reverse")
            answer.append(f" {middle(row.label, inside - 45)}  {row.instance_id}, under the cursor")
            answer.append(", marked as well" if row.key in self.marks else ", which is not marked", "bold")
        under.update(answer)
        under.display = True
        if height(whole, inside) + height(under, inside) + 4 > lines:
            whole.update(Text(self.marks.count))
        needed = height(whole, inside) + height(under, inside) + 4
        if needed > lines:
            under.display = False
            whole.update(Text(f"this needs {needed} lines: nothing is asked", "bold yellow"))

    def action_cursor(self) -> None:
        if self.cursor is not None and seen(self, [self.query_one("#under")]):
            self.dismiss(True)

    def on_key(self, event: Key) -> None:
        if event.is_printable and event.key != "c":
            odd = f"; {INPUT_MODE}" if event.character and not event.character.isascii() else ""
            self.query_one("#wrong", Static).update(Text(f"only c and esc answer{odd}", "yellow"))
