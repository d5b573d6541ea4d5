"""What all screens share: verbs become bindings, a blocked key says why, and the message that says *look*."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text
from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from tui.domain.instance import Instance
from tui.domain.text import SafeText
from tui.services import Services
from tui.verbs import VERBS, Verb, effective, shown_key, why_not


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


class Go(Message):
    """Wants another screen. The app, which knows them all, opens it: "detail" (of `key`), "operations", "help"."""

    def __init__(self, place: str, key: str = "") -> None:
        super().__init__()
        self.place, self.key = place, key


class Act(Message):
    """Wants a guarded action on the instance of this key (`region/id`, as it was when the key was pressed)."""

    def __init__(self, action: str, key: str) -> None:
        super().__init__()
        self.action, self.key = action, key


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

    def fleet_changed(self) -> None:
        """Look again: rows, targets, the link's state or the journal changed. Drawn by the screen on top only."""

    def tick(self) -> None:
        """A second has passed: times on screen are older."""

    def on_fleet_changed(self) -> None:
        """The app posts it to the screen on top."""
        self.fleet_changed()

    def on_screen_resume(self) -> None:
        """What was covered catches up."""
        self.fleet_changed()

    def on_mount(self) -> None:
        """Times on screen are alive."""
        self.set_interval(1.0, self._tick)

    def _tick(self) -> None:
        if self.is_current:
            self.tick()

    def allowed(self, verb: Verb, instance: Instance | None) -> str | None:
        """None if the verb may be used on that instance here, else why not: for the key line and for whoever presses it."""
        read_only = self.services.settings.read_only
        if instance is not None:
            read_only = self.profile_read_only(instance.target.profile)
        return why_not(verb, instance, read_only=read_only)

    def act(self, name: str, instance: Instance | None) -> None:
        """Ask for a guarded action, or say why it cannot be."""
        reason = self.allowed(VERBS[name], instance)
        if reason is not None or instance is None:
            self.say(f"{VERBS[name].title}: {reason}", "warning")
            return
        self.post_message(Act(effective(name, instance), instance.key))

    def verb_operations(self) -> None:
        """All screens know the way."""
        self.post_message(Go("operations"))

    def verb_help(self) -> None:
        """All screens know the way."""
        self.post_message(Go("help"))

    def verb_back(self) -> None:
        """Leave."""
        self.dismiss()

    def verb_quit(self) -> None:
        """Running operations go on without a console."""
        self.app.exit()

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
