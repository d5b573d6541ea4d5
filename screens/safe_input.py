"""A line that is typed or pasted into. What is pasted is untrusted: its control characters are shown, not obeyed."""

from __future__ import annotations

from textual.events import Key
from textual.widgets import Input

from tui.domain.sanitize import clean


class SafeInput(Input):
    """Textual's Input whose value passes the sanitiser first, and which handles keys in the order they came."""

    def validate_value(self, value: str) -> str:
        """Textual asks it about every new value."""
        return clean(value)

    async def _on_key(self, event: Key) -> None:
        """Do what the key is bound to here and now, before Input's own handler takes the next letter in.

        Textual asks for the bindings of a key only when nothing up to the app has taken it. Letters that follow at once, as over
        a slow line, would overtake it: a backspace would delete the last of them instead of the one before.
        """
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            if not binding.priority:
                event.stop()
                event.prevent_default()
                await self.run_action(binding.action)
                return
