"""Events can be written as several kinds of file: a key each."""

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
from screens.fleet.export import EventForm
from tui.commands import INPUT_MODE
from tui.domain.sanitize import clean

FORMS = {
    "c": (EventForm.CSV, "a table for a spreadsheet, a line an event"),
    "j": (EventForm.JSON, "for a program: each instance with its events"),
    "i": (EventForm.ICS, "a calendar, to import where the team looks"),
}
"""By the key: the form, and what for."""


class ExportQuestion(ModalScreen[EventForm | None], Leaver[EventForm | None]):
    """Ends with a form; None: nothing is written. `about`: how much would be."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Cancel", show=False),
        *(Binding(key, f"choose('{key}')", str(form), show=False) for key, (form, _) in FORMS.items()),
    ]
    DEFAULT_CSS = """
    ExportQuestion { align: center middle; }
    ExportQuestion #forms { width: 90%; max-width: 84; height: auto; max-height: 100%; }
    ExportQuestion #forms { border: round $primary; padding: 0 1; background: $surface; }
    ExportQuestion Static { height: auto; }
    ExportQuestion ToastRack { height: 0; margin: 0; }
    """

    def __init__(self, about: str) -> None:
        super().__init__()
        self.about = about

    def compose(self) -> ComposeResult:
        with Vertical(id="forms") as box:
            box.border_title = Text(f"Export {clean(self.about)}")
            for key, (form, what) in FORMS.items():
                line = Text(f" {key} ", "bold reverse").append(f" {form.upper():<5}", "not reverse bold")
                yield Static(line.append(what, "not reverse not bold"))
            yield Static(Text("a new file in this folder, as evac events writes it; esc writes none", "dim"))
            yield Static(id="wrong")

    def action_choose(self, key: str) -> None:
        self.dismiss(FORMS[key][0])

    def on_key(self, event: Key) -> None:
        """A key that nothing took."""
        if event.is_printable and event.key not in FORMS:
            odd = f"; {INPUT_MODE}" if event.character and not event.character.isascii() else ""
            told = Text(f"only {', '.join(FORMS)} and esc answer{odd}", "yellow")
            self.query_one("#wrong", Static).update(told)
