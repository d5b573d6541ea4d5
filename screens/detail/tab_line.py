"""The line of tabs: a click on a name puts that tab in front."""

from __future__ import annotations

from collections.abc import Sequence

from textual.events import Click
from textual.message import Message

from screens.detail.header import tab_places, tab_strip
from screens.static_line import Line
from tui.presentation.width import cell_len


class TabLine(Line):
    """Names of tabs, the chosen one always."""

    class Chosen(Message):
        """The tab of that name is wanted."""

        def __init__(self, tab: str) -> None:
            super().__init__()
            self.tab = tab

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._places: Sequence[tuple[str, str]] = ()

    def show(self, tabs: Sequence[str], chosen: str, width: int) -> None:
        """Draw those that fit."""
        self._places = tab_places(tabs, chosen, width)
        self.paint(tab_strip(tabs, chosen, width))

    def on_click(self, event: Click) -> None:
        """The tab under the pointer."""
        inside, end = event.get_content_offset(self), 0
        for piece, name in self._places:
            end += cell_len(piece)
            if inside is not None and inside.x < end:
                self.post_message(self.Chosen(name))
                return
