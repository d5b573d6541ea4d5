"""How evac looks: calm, dark, and nothing moves. Other themes are Textual's own."""

from __future__ import annotations

from typing import Any

from rich.color import parse_rgb_hex
from rich.errors import StyleSyntaxError
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter
from textual.theme import Theme

from tui.presentation.ascii import in_ascii

THEME = Theme(
    name="evac",
    primary="#5fa8d3",
    secondary="#8aa1b1",
    accent="#e0b050",
    warning="#e0b050",
    error="#e06c6c",
    success="#7fb77e",
    foreground="#d4d9dd",
    background="#101417",
    surface="#161b1f",
    panel="#1e252a",
    dark=True,
)


TERMINAL_THEME = TerminalTheme(
    (16, 20, 23),
    (212, 217, 221),
    [
        parse_rgb_hex(one)
        for one in ["1e252a", "e96e6e", "7fb77e", "e0b050", "5fa8d3", "ba94cd", "6fc3c8", "d4d9dd"]
    ],
    [
        parse_rgb_hex(one)
        for one in ["56626b", "f08c8c", "a0cd9e", "f0c878", "8cc3e4", "cdafdc", "96d7da", "f0f3f5"]
    ],
)
"""What *red* and the like are on screen: told apart at a glance, and calm."""


def dress(app: App[Any], theme: str) -> None:
    """Ours, or the theme of that name if there is one."""
    app.animation_level = "none"  # each step of a movement would cross a slow line
    app.set_reactive(
        App.ansi_theme_dark, TERMINAL_THEME
    )  # the theme's own watcher takes it up: all is restyled once, not twice
    app.register_theme(THEME)
    app.theme = theme if theme in app.available_themes else THEME.name


def painted(color: str) -> str:
    """A profile's colour as a style, or none where the word is no colour."""
    try:
        Style.parse(color)
    except StyleSyntaxError:
        return ""
    return color


class AsciiFilter(LineFilter):
    """For a terminal that shows only ASCII: whatever is drawn, Textual's borders and bars too, comes out in it."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same cells with other characters."""
        return [Segment(in_ascii(text), style, control) for text, style, control in segments]
