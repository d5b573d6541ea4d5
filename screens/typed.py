"""A line that is typed or pasted into. What a paste brings is text from elsewhere: it is shown, and never obeyed."""

from __future__ import annotations

from textual.widgets import Input

from tui.domain.text import clean


class Typed(Input):
    """Textual's, whose value passes the sanitiser before anything draws or reads it."""

    def validate_value(self, value: str) -> str:
        """Textual asks it about every new value."""
        return clean(value)
