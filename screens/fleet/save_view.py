"""What is shown, saved as a view of one's own: its name, its key, its columns; the rest is as it is on screen."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace
from rich.table import Table
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from screens.dismiss_once import Leaver
from screens.safe_input import SafeInput
from tui.config.edit import put_table
from tui.config.schema import ConfigError
from tui.config.sections import ViewSettings
from tui.config.views import COLUMN_NAMES, OWN_KEYS, column_doubts, view_fault
from tui.domain.sanitize import clean
from tui.presentation.width import cell_len, middle
from tui.services import Services

_HINTS = {
    "name": "what it is called",
    "key": "6 to 9, or none",
    "columns": "name, tag.service, checks; empty: evac's",
}


_LOW = 18
"""Lines below which there is no room but for what is typed."""


class SavedView(Struct, frozen=True):
    """Under which name it was saved, and `told`, where: for the operator."""

    name: str
    told: str


class SaveView(ModalScreen[SavedView], Leaver[SavedView]):
    """Ends with what was saved, which is then in force; with None where it was left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", show=False),
        Binding("enter", "save", "Save", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]
    DEFAULT_CSS = """
    SaveView { align: center middle; }
    SaveView #save { width: 90%; max-width: 96; height: auto; max-height: 100%; }
    SaveView #save { border: heavy $primary; padding: 0 1; background: $surface; }
    SaveView .field { height: 1; }
    SaveView .label { width: 9; color: $text-muted; }
    SaveView Input { width: 1fr; }
    SaveView Static { height: auto; }
    SaveView ToastRack { height: 0; margin: 0; }
    """

    def __init__(self, services: Services, name: str, view: ViewSettings) -> None:
        """`name`: the one proposed; `view`: what is shown."""
        super().__init__()
        self.services, self.proposed, self.view = services, name, view
        self._sure = name if name in services.settings.views else ""

    def compose(self) -> ComposeResult:
        view = self.view
        key = view.key or next((one for one in OWN_KEYS if one not in self._taken()), 0)
        with Vertical(id="save") as box:
            box.border_title = Text("Save what is shown as a view of your own")
            yield from self._field("name", self.proposed)
            yield from self._field("key", str(key or ""))
            yield from self._field("columns", ", ".join(view.columns))
            yield Static(id="rest")
            yield Static(id="wrong")
            yield Static(Text("⏎ saves it   tab the next   esc saves nothing", "dim"), id="leave")

    @staticmethod
    def _field(name: str, value: str) -> ComposeResult:
        with Horizontal(classes="field"):
            yield Static(name, classes="label")
            yield SafeInput(value, placeholder=_HINTS[name], id=name, compact=True, select_on_focus=False)

    def _taken(self) -> dict[int, str]:
        return {view.key: name for name, view in self.services.settings.views.items() if view.key}

    def on_mount(self) -> None:
        self.query_one("#name").focus()
        self.on_resize()

    def on_resize(self) -> None:
        """What is saved besides, and where; in a low terminal what is typed comes first."""
        self.query_one("#rest").display = self.app.size.height >= _LOW
        view, room = self.view, max(20, min(int(self.app.size.width * 0.9), 96) - 4)
        taken = ", ".join(f"{key} {clean(name)}" for key, name in sorted(self._taken().items()))
        rows = [
            ("lists", view.base),
            ("sorted by", view.sort),
            ("filter", clean(view.filter) or "none"),
            ("taken", f"keys {taken}" if taken else "no key is taken yet"),
            ("there are", f"{', '.join(COLUMN_NAMES)}, tag.KEY"),
        ]
        path, tail = str(clean(self.services.config_path or "")), "; its comments stay"
        rows.append(("into", middle(path, max(10, room - 10 - cell_len(tail))) + tail))
        grid = Table.grid(padding=(0, 1, 0, 0), expand=True)
        grid.add_column(width=9)
        grid.add_column(ratio=1, overflow="fold")
        for word, told in rows:
            grid.add_row(Text(word, "dim"), Text(told))
        self.query_one("#rest", Static).update(grid)

    def _typed(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    @on(Input.Submitted)
    def action_save(self) -> None:
        """Write it; where that cannot be, say why, and stay."""
        name = self._typed("name")
        if why := self._why_not(name) or self._write(name):
            self.query_one("#wrong", Static).update(Text(why, "bold yellow"))

    def _read(self) -> ViewSettings | str:
        """The view as it is typed, or what is wrong."""
        key = self._typed("key")
        if key and key not in map(str, OWN_KEYS):
            return f"key: expected {', '.join(map(str, OWN_KEYS))}, or nothing"
        columns = tuple(part.strip() for part in self._typed("columns").split(",") if part.strip())
        return next(column_doubts("columns", columns), "") or replace(
            self.view, key=int(key or 0), columns=columns
        )

    def _why_not(self, name: str) -> str:
        read, views = self._read(), self.services.settings.views
        if isinstance(read, str):
            return read
        if not name:
            return "name: it needs one"
        if (fault := view_fault({**views, name: read})) is not None:
            return f"{fault[0]}: {fault[1]}"
        if name in views and name != self._sure:
            self._sure = name
            return f"{name} is there already: ⏎ again writes over it"
        return ""

    def _write(self, name: str) -> str:
        """What went wrong; nothing: it is in the file and in force, and this screen has ended."""
        services, view = self.services, self._read()
        assert isinstance(view, ViewSettings)
        if services.config_path is None:
            return "this console has no configuration file"
        try:
            copy = put_table(Path(services.config_path), ("views", name), _as_written(view))
        except ConfigError as error:
            return str(error)
        services.settings = replace(services.settings, views={**services.settings.views, name: view})
        kept = f"; the file as it was, with its comments: {copy}" if copy else ""
        self.dismiss(SavedView(name, f"view {name} is saved in {services.config_path}{kept}"))
        return ""


def _as_written(view: ViewSettings) -> dict[str, object]:
    """What of it is not as it would be without being said; its base always is, so that the table tells what it lists."""
    usual = ViewSettings()
    found: dict[str, object] = {}
    for name in ("key", "base", "columns", "sort", "filter"):
        value = getattr(view, name)
        if name == "base" or value != getattr(usual, name):
            found[name] = list(value) if isinstance(value, tuple) else value
    return found
