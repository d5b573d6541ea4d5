"""A line that is typed or pasted into. What is pasted is untrusted: its control characters are shown, not obeyed."""

from __future__ import annotations

from functools import cache

from textual import on
from textual.binding import Binding
from textual.events import Key
from textual.widgets import Input

from tui.domain.sanitize import clean


class SafeInput(Input):
    """Textual's Input whose value passes the sanitiser first, and which handles keys in the order they came."""

    def validate_value(self, value: str) -> str:
        """Textual asks it about every new value."""
        return clean(value)

    @on(Key)
    async def do_bound(self, event: Key) -> None:
        """Do what the key is bound to here and now, before Input's own handler takes the next letter in.

        Textual asks for the bindings of a key only when nothing up to the app has taken it. Letters that follow at once, as over
        a slow line, would overtake it: a backspace would delete the last of them instead of the one before.
        """
        action = _bound(type(self)).get(event.key)
        if action is not None:
            event.stop().prevent_default()
            await self.run_action(action)


@cache
def _bound(kind: type[Input]) -> dict[str, str]:
    """Keys and actions of that class and those it is made from."""
    return {
        binding.key: binding.action
        for base in reversed(kind.__mro__)
        for binding in Binding.make_bindings(vars(base).get("BINDINGS", ()))
        if not binding.priority  # Textual does these before it hands the key out
    }
