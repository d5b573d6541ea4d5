"""What all screens share: verbs become bindings, a blocked key says why, and the message that says *look*."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text
from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from tui.domain.text import SafeText
from tui.services import Services
from tui.verbs import VERBS, Verb, shown_key


class FleetChanged(Message):
    """Something changed in the store or the journal: look. It carries nothing, so that a newer one may swallow it."""

    def can_replace(self, message: Message) -> bool:
        """Older ones still queued are swallowed."""
        return isinstance(message, FleetChanged)


class Said(Message):
    """The collector has something to tell: one line."""

    def __init__(self, line: str) -> None:
        super().__init__()
        self.line = line


def bindings(names: Iterable[str]) -> list[Binding]:
    """Textual's bindings of these verbs; the action is `verb('name')`."""
    return [
        Binding(verb.key, f"verb('{verb.name}')", verb.title, show=False)
        for verb in (VERBS[name] for name in names)
    ]


class KeyLine(Static):
    """The bottom line: what can be pressed here and now, and the mode. Blocked verbs are dim."""

    def show(self, verbs: Iterable[tuple[Verb, bool]], mode: str, mode_style: str) -> None:
        """Draw it; as many verbs as fit."""
        width = max(self.size.width, 20) - len(mode) - 2
        line = Text(no_wrap=True)
        for verb, blocked in verbs:
            piece = f" {shown_key(verb)} {verb.footer}"
            if line.cell_len + len(piece) > width:
                continue
            line.append(f" {shown_key(verb)}", "dim" if blocked else "bold")
            line.append(f" {verb.footer}", "dim strike" if blocked else "")
        line.append(" " * max(1, width - line.cell_len + 1))
        line.append(mode, mode_style)
        self.update(line)


class EvacScreen(Screen[None]):
    """A screen with services; the verbs it knows are `NAMES`, and `verb_NAME` does one."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services = services

    def profile_read_only(self, profile: str) -> bool:
        """Whether nothing may be changed through it."""
        return self.services.settings.profile_read_only(profile)

    def say(self, line: str | SafeText, severity: str = "information") -> None:
        """A line to the operator, never parsed as markup."""
        self.notify(line, severity="warning" if severity == "warning" else "information", markup=False)

    def action_verb(self, name: str) -> None:
        """Do it."""
        method = getattr(self, "verb_" + name.replace("-", "_"), None)
        if method is not None:
            method()
