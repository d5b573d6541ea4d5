"""The command palette: the verbs of the screen beneath it, and why one cannot be used now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial

from rich.markup import escape
from textual.app import ComposeResult
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.events import Click

from screens.base import EvacScreen, PaletteCommand
from screens.dismiss_once import Leaver
from tui.commands import VERBS, Verb, shown_key


class VerbProvider(Provider):
    """One line a verb; a blocked one stays, with its reason, and does nothing but say it."""

    def _verbs(self) -> Iterator[tuple[EvacScreen, Verb, str]]:
        screen = self.screen
        if not isinstance(screen, EvacScreen):
            return
        for name in screen.NAMES:
            verb = screen.verb_here(VERBS[name])
            if name == "palette" or verb is None:
                continue
            reason = screen.allowed(verb, screen.acts_on)
            yield screen, verb, escape(f"not now: {reason}" if reason else verb.help)  # Textual parses it

    def _others(self) -> Iterator[PaletteCommand]:
        if isinstance(self.screen, EvacScreen):
            yield from self.screen.commands_here()

    async def discover(self) -> Hits:
        for screen, verb, told in self._verbs():
            yield DiscoveryHit(_title(verb), partial(screen.action_verb, verb.name), help=told)
        for one in self._others():
            yield DiscoveryHit(escape(one.title), one.run, help=escape(one.help))

    async def search(self, query: str) -> Hits:
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
        for one in self._others():
            if (score := matcher.match(one.title)) > 0:
                yield Hit(
                    score,
                    matcher.highlight(escape(one.title)),
                    one.run,
                    text=one.title,
                    help=escape(one.help),
                )


def _title(verb: Verb) -> str:
    return escape(f"{verb.title}  ({shown_key(verb)})")  # a view of one's own may be called anything


class Commands(CommandList):
    """Textual's, with two faults mended that would end the console.

    A click upon a line that is no longer there chooses nothing, and a page key while the list is being filled moves nothing.
    """

    async def on_click(self, event: Click) -> None:
        """What was under the pointer when the screen was drawn may have made room for fewer lines."""
        line = event.style.meta.get("option")
        if line is not None and line >= self.option_count:
            event.prevent_default().stop()  # OptionList's own handler comes after this one

    def action_page_up(self) -> None:
        """As OptionList's, which asks for a line that may not be laid out yet."""
        with suppress(KeyError, IndexError):
            super().action_page_up()  # type: ignore[no-untyped-call] # Textual's own lacks the type

    def action_page_down(self) -> None:
        """As OptionList's, which asks for a line that may not be laid out yet."""
        with suppress(KeyError, IndexError):
            super().action_page_down()  # type: ignore[no-untyped-call] # Textual's own lacks the type


class Palette(CommandPalette, Leaver[None]):
    """Textual's palette with the list above, dismissed once."""

    def __init__(self) -> None:
        super().__init__([VerbProvider])

    def compose(self) -> ComposeResult:
        for widget in super().compose():
            yield Commands() if type(widget) is CommandList else widget

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that reaches it while it is being closed finds no list any more."""
        return bool(self.query(CommandList)) and super().check_action(action, parameters)
