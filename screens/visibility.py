"""Whether widgets are wholly on screen: an answer counts only where its question can be read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual.errors import NoWidget
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget


def seen(screen: Screen[Any], widgets: Iterable[Widget]) -> bool:
    """Whether all of these are drawn on the screen as it is now, not a line or column of them cut."""
    if screen.app.size != screen.size:  # the terminal is another already: what is drawn is of the old one
        return False
    for widget in widgets:
        try:
            found = screen.find_widget(widget)
        except NoWidget:
            return False
        region = found.region
        if not region.area or region.intersection(found.clip).intersection(screen.region) != region:
            return False
    return True


def height(widget: Widget, width: int) -> int:
    """How many lines it takes at so many columns, displayed or not."""
    room = Size(width, 1000)
    return widget.get_content_height(room, room, width)
