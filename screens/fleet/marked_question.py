"""Several are marked, and a verb was pressed: all of them, or the one under the cursor? Nothing is sent from here."""

from __future__ import annotations

from enum import StrEnum
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
from tui.domain.sanitize import clean
from tui.presentation.width import middle


class MarkedAnswer(StrEnum):
    """What the verb is about."""

    MARKED = "marked"
    CURSOR = "cursor"


class WhichQuestion(ModalScreen[MarkedAnswer], Leaver[MarkedAnswer]):
    """Ends with what is meant; with nothing where it was cancelled. `why_not_alone`, `why_not_many`: why that answer is none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", show=False),
        Binding("m", "marked", "All that are marked", show=False),
        Binding("c", "cursor", "The one under the cursor", show=False),
    ]
    DEFAULT_CSS = """
    WhichQuestion { align: center middle; }
    WhichQuestion #which { width: 90%; max-width: 90; height: auto; max-height: 100%; }
    WhichQuestion #which { border: heavy $warning; padding: 0 1; background: $surface; }
    WhichQuestion Static { height: auto; }
    WhichQuestion ToastRack { height: 0; margin: 0; }
    """

    def __init__(
        self,
        title: str,
        marks: Marks,
        cursor: Instance | None,
        why_not_alone: str = "",
        why_not_many: str = "",
    ) -> None:
        super().__init__()
        self.asked, self.marks, self.cursor = title, marks, cursor
        self.reasons = {MarkedAnswer.CURSOR: why_not_alone, MarkedAnswer.MARKED: why_not_many}

    def compose(self) -> ComposeResult:
        with Vertical(id="which") as box:
            box.border_title = self.asked
            yield Static(id="whole")
            yield Static(id="many")
            yield Static(id="under")
            yield Static(Text("esc cancels (default): nothing is sent", "dim"), id="leave")
            yield Static(id="wrong")

    def on_mount(self) -> None:
        self.on_resize()

    def on_resize(self) -> None:
        """What must be read comes first: the answers, then as many names as there is room for."""
        width, lines = self.app.size
        inside = max(1, min(int(width * 0.9), 90) - 4)
        whole = self.query_one("#whole", Static)
        answers = [self.query_one("#many", Static), self.query_one("#under", Static)]
        whole.update(Text(f"{self.marks.count}: {self.marks.named}."))
        answers[0].update(self._many())
        answers[1].update(self._under(inside))
        for answer in answers:
            answer.display = True
        if self._needed(inside) > lines:
            whole.update(Text(self.marks.count))
        needed = self._needed(inside)
        if needed > lines:
            for answer in answers:
                answer.display = False
            whole.update(Text(f"this needs {needed} lines: nothing is asked", "bold yellow"))

    def _needed(self, inside: int) -> int:
        return 4 + sum(height(self.query_one(part, Static), inside) for part in ("#whole", "#many", "#under"))

    def _many(self) -> Text:
        reason = self.reasons[MarkedAnswer.MARKED]
        text = Text(" m ", "dim" if reason else "bold reverse")
        text.append(f" the {len(self.marks)} marked", "dim strike" if reason else "bold")
        text.append(f": {reason}" if reason else ": plan a campaign; nothing begins before it is confirmed")
        return text

    def _under(self, inside: int) -> Text:
        row, reason = self.cursor, self.reasons[MarkedAnswer.CURSOR]
        if row is None:
            return Text("no instance is under the cursor", "dim")
        text = Text(" c ", "dim" if reason else "bold reverse")
        text.append(f" {middle(row.label, inside - 45)}  {row.instance_id}, under the cursor")
        text.append(", marked as well" if row.key in self.marks else ", which is not marked", "bold")
        text.append(f": {reason}" if reason else "", "yellow")
        return text

    def action_marked(self) -> None:
        self._answer(MarkedAnswer.MARKED, "#many")

    def action_cursor(self) -> None:
        if self.cursor is not None:
            self._answer(MarkedAnswer.CURSOR, "#under")

    def _answer(self, meant: MarkedAnswer, part: str) -> None:
        """Only what can be read can be chosen."""
        if self.reasons[meant]:
            self._wrong(self.reasons[meant])
        elif seen(self, [self.query_one(part)]):
            self.dismiss(meant)

    def on_key(self, event: Key) -> None:
        if event.is_printable and event.key not in ("c", "m"):
            odd = f"; {INPUT_MODE}" if event.character and not event.character.isascii() else ""
            self._wrong(f"only m, c and esc answer{odd}")

    def _wrong(self, text: str) -> None:
        self.query_one("#wrong", Static).update(Text(clean(text), "yellow"))
