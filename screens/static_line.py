"""A text that is redrawn only when it differs, to save bytes over a slow line."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static


class Line(Static):
    """Static text whose size the stylesheet sets, so that a new text never moves its neighbours."""

    def __init__(self, name: str = "", *, grows: bool = False) -> None:
        super().__init__(id=name or None, markup=False)
        self._said: Text | None = None
        self._title: str | None = None
        self._grows = grows

    def paint(self, text: Text, title: str | None = None) -> None:
        """Draw it, if it is new; `title` stands in the border."""
        if title is not None and self._title != title:
            self._title, self.border_title = title, Text(title)
        if self._said is None or text.plain != self._said.plain or text.spans != self._said.spans:
            self._said = text
            self.update(text, layout=self._grows)
