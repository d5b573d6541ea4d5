"""The command palette: the verbs of the screen beneath it, and why one cannot be used now."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from rich.markup import escape
from textual.command import DiscoveryHit, Hit, Hits, Provider

from screens.base import EvacScreen
from tui.verbs import VERBS, Verb, shown_key


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
            reason = screen.allowed(verb, screen.subject)
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
