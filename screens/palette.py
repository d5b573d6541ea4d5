"""The command palette: the verbs of the screen beneath it, and why one cannot be used now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial

from rich.markup import escape
from textual.app import ComposeResult
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.events import Click

from screens.base import EvacScreen
from screens.dismiss_once import Leaver
from tui.commands import VERBS, Verb, shown_key


class VerbProvider(Provider):
    """One line a verb; a blocked one stays, with its reason, and does nothing but say it."""

    def _verbs(self) -> Iterator[tuple[EvacScreen, Verb, str]]:
        screen = self.screen
        if not isinstance(screen, EvacScreen):
            return
        for name in screen.NAMES:
            verb = VERBS[name]
            if name == "palette":
                continue
            reason = screen.allowed(verb, screen.acts_on)
            yield screen, verb, escape(f"not now: {reason}" if reason else verb.help)  # Textual parses it

    async def discover(self) -> Hits:
        """All of them."""
        for screen, verb, told in self._verbs():
            yield DiscoveryHit(_title(verb), partial(screen.action_verb, verb.name), help=told)

    async def search(self, query: str) -> Hits:
        """Those that match what is typed."""
        matcher = self.matcher(query)
        for screen, verb, told in self._verbs():
            score = matcher.match(f"{verb.title} {verb.name}")
            if score > 0:
                yield Hit(
                    score,
                    matcher.highlight(_title(verb)),
                    partial(screen.action_verb, verb.name),
                    text=verb.title,
                    help=told,
                )


def _title(verb: Verb) -> str:
    return f"{verb.title}  ({shown_key(verb)})"


class Commands(CommandList):
    """Textual's; a click upon a line that is no longer there chooses nothing, instead of ending the console."""

    async def _on_click(self, event: Click) -> None:
        """What was under the pointer when the screen was drawn may have made room for fewer lines."""
        line = event.style.meta.get("option")
        if line is not None and line >= self.option_count:
            event.prevent_default().stop()  # OptionList's own handler comes after this one


class Palette(CommandPalette, Leaver[None]):
    """Textual's, left once; and a page key while its list is being filled moves nothing, instead of ending the console."""

    def __init__(self) -> None:
        super().__init__([VerbProvider])

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
