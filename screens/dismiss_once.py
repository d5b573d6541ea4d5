"""Leaving a screen once, however often somebody asks.

Textual pops whatever is on top: a second escape, already on its way when the first one left, would take the screen beneath
along, and in the end the last one.
"""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.screen import Screen, ScreenResultType


class Leaver(Screen[ScreenResultType]):
    """A screen that leaves once: at once if it is on top, else when what covers it has gone."""

    _waits_to_leave = False

    @property
    def there(self) -> bool:
        """Whether it is among the screens, with all its parts: one that has left may still be handed a message."""
        return self.is_attached and bool(self.children) and self in self.app.screen_stack

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Ignore keys that come before the screen is there or after it has left."""
        ready = self.is_mounted and self in self.app.screen_stack
        return ready and super().check_action(action, parameters)

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        stack = self.app.screen_stack
        if self not in stack:
            return AwaitComplete()
        if stack[-1] is not self or not self.is_mounted:
            self._waits_to_leave = True
            return AwaitComplete()
        return super().dismiss(result)

    def leave_now(self) -> bool:
        """Leave if that was asked for and it is on top now."""
        if self._waits_to_leave:
            self.dismiss()
        return self._waits_to_leave
