"""A text that is sent to the terminal only when it reads differently: over a slow line, nothing else may be."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static


class Line(Static):
    """Static text of a size that its sheet gives: a new text never moves its neighbours."""

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
