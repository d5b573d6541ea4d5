"""Leaving a screen once, however often somebody asks.

Textual pops whatever is on top: a second escape, already on its way when the first one left, would take the screen beneath
along, and in the end the last one.
"""

from __future__ import annotations

from contextlib import suppress

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette
from textual.events import Click
from textual.screen import Screen, ScreenResultType


class Leaver(Screen[ScreenResultType]):
    """Leaves when it is on top: at once, or as soon as what covers it has gone; and only once."""

    _waits_to_leave = False

    @property
    def there(self) -> bool:
        """Whether it is among the screens, with all its parts: one that has left may still be handed a message."""
        return self.is_attached and bool(self.children) and self in self.app.screen_stack

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that comes before it is there, or after it has left, finds nobody."""
        ready = self.is_mounted and self in self.app.screen_stack
        return ready and super().check_action(action, parameters)

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """As Screen's."""
        stack = self.app.screen_stack
        if self not in stack:
            return AwaitComplete()
        if stack[-1] is not self or not self.is_mounted:
            self._waits_to_leave = True
            return AwaitComplete()
        return super().dismiss(result)

    def leave_now(self) -> bool:
        """Once it is on top again: leave, if that was asked for."""
        if self._waits_to_leave:
            self.dismiss()
        return self._waits_to_leave


class Commands(CommandList):
    """Textual's; a click upon a line that is no longer there chooses nothing, instead of ending the console."""

    async def _on_click(self, event: Click) -> None:
        """What was under the pointer when the screen was drawn may have made room for fewer lines."""
        line = event.style.meta.get("option")
        if line is not None and line >= self.option_count:
            event.prevent_default().stop()  # OptionList's own handler comes after this one


class Palette(CommandPalette, Leaver[None]):
    """Textual's, left once; and a page key while its list is being filled moves nothing, instead of ending the console."""

    def compose(self) -> ComposeResult:
        """The same, with our own list in it."""
        for widget in super().compose():
            yield Commands() if type(widget) is CommandList else widget

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that reaches it while it is being closed finds no list any more."""
        return bool(self.query(CommandList)) and super().check_action(action, parameters)

    def _action_command_list(self, action: str) -> None:
        with suppress(KeyError, IndexError):  # OptionList._move_page asks for a line that is not laid out yet
            super()._action_command_list(action)
