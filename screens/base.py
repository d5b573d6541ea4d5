"""What all screens share: verbs become bindings, a blocked key says why, and the message that says *look*."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

from msgspec import Struct
from rich.text import Text
from textual.app import App
from textual.binding import Binding
from textual.events import Click, Key
from textual.message import Message

from screens.dismiss_once import Leaver
from screens.static_line import Line
from screens.terminal_driver import OnTerminal
from tui.commands import (
    INPUT_MODE,
    VERBS,
    Verb,
    effective,
    offered,
    shown_key,
    why_verb_blocked,
    worded,
)
from tui.domain.actions import ActionOptions, alike
from tui.domain.instance import Instance
from tui.domain.sanitize import SafeText, clean
from tui.presentation.width import cell_len
from tui.services import Services

if TYPE_CHECKING:  # the first frame is drawn before the journal is opened
    from tui.clipboard import CopyResult
    from tui.operations.model import Operation


class FleetChanged(Message):
    """Something changed in the store or the journal: look. It carries nothing, so that a newer one may swallow it."""

    def can_replace(self, message: Message) -> bool:
        """Older ones still queued are swallowed."""
        return isinstance(message, FleetChanged)


class Announced(Message):
    """The collector has something to tell: one line."""

    def __init__(self, line: str) -> None:
        super().__init__()
        self.line = line


class Go(Message):
    """Wants another screen. The app, which knows them all, opens it: "detail" (of `key`, on `tab`), "operations", "profiles"
    (at `key`, a profile's name), "help".

    `known`: what the asking screen knows, for the one that takes it.
    """

    def __init__(self, place: str, key: str = "", tab: str = "", known: object = None) -> None:
        super().__init__()
        self.place, self.key, self.tab, self.known = place, key, tab, known


class Act(Message):
    """Wants a guarded action on the instance of this key (`region/id`, as it was when the key was pressed).

    `options`: what is settled about it already; `instance`: what is known of it where the list has it no more.
    """

    def __init__(
        self,
        action: str,
        key: str,
        options: ActionOptions | None = None,
        instance: Instance | None = None,
    ) -> None:
        super().__init__()
        self.action, self.key, self.options, self.instance = action, key, options, instance


class PlanMany(Message):
    """Asks for a campaign: one action on all of these instances (`region/id`)."""

    def __init__(self, action: str, keys: tuple[str, ...]) -> None:
        super().__init__()
        self.action, self.keys = action, keys


class PaletteCommand(Struct, frozen=True):
    """What the palette offers besides verbs: words of somebody's configuration, shown and never parsed."""

    title: str
    help: str
    run: Callable[[], Awaitable[None]]


def bindings(names: Iterable[str]) -> list[Binding]:
    """Textual's bindings of these verbs; the action is `verb('name')`."""
    return [
        Binding(verb.key, f"verb('{verb.name}')", verb.title, show=False)
        for verb in (VERBS[name] for name in names)
    ]


def _method(name: str) -> str:
    return "verb_" + name.replace("-", "_")


class KeyLine(Line):
    """The bottom line: what can be pressed here and now, and the mode. Blocked verbs are dim. A click is the key."""

    DEFAULT_CSS = "KeyLine { split: bottom; height: 1; background: $panel; }"

    def __init__(self) -> None:
        super().__init__()
        self._places: list[tuple[int, int, tuple[str, ...]]] = []

    def show(
        self, verbs: Iterable[tuple[Verb, bool]], mode: str, mode_style: str, *, plain: bool = False
    ) -> None:
        """Draw it: long words where all fit, short ones else, and then the last verbs give way."""
        width = max(self.size.width or self.app.size.width, 20) - len(mode) - 2  # as wide as the terminal
        known = list(verbs)

        def named(verb: Verb) -> str:
            return shown_key(verb, plain=plain)

        roomy = sum(len(named(verb)) + cell_len(verb.word) + 4 for verb, _ in known) <= width
        line, places = Text(no_wrap=True), []
        for verb, blocked in known:
            word = verb.word if roomy else verb.short or verb.word
            start = line.cell_len
            if start + len(named(verb)) + cell_len(word) + 2 > width:
                continue
            line.append(f" {named(verb)}", "dim" if blocked else "bold")
            line.append(f" {word}", "dim strike" if blocked else "")
            places.append((start + 1, line.cell_len, tuple(verb.key.split(" "))))
            line.append("  " if roomy else "")
        line.append(" " * max(1, width - line.cell_len + 1))
        line.append(mode, mode_style)
        self._places = places
        self.paint(line)

    def on_click(self, event: Click) -> None:
        """Press what is named there; of two keys in one place (`↑↓`) the one under the pointer."""
        inside = event.get_content_offset(self)
        if inside is None:
            return
        for start, end, names in self._places:
            if start <= inside.x < end:
                press(self.app, names[min(inside.x - start, len(names) - 1)])


def press(app: App[Any], name: str) -> None:
    """As if the key of that name, as a binding has it, had been pressed."""
    (binding,) = Binding.make_bindings([(name, "", "")])
    app.post_message(Key(binding.key, _CHARACTERS.get(name, name if len(name) == 1 else None)))


_CHARACTERS = {"space": " ", "asterisk": "*", "question_mark": "?"}

_RUNG: WeakKeyDictionary[App[Any], frozenset[str]] = WeakKeyDictionary()
"""For which operations the bell rang already, whichever screen it was."""


class AlertLine(Line):
    """A red line nobody can miss: an operation has left a server down, or needs a person. Empty and gone otherwise."""

    DEFAULT_CSS = """
    AlertLine { height: auto; max-height: 4; padding: 0 1; display: none; text-style: bold; }
    AlertLine { background: $error; color: $background; }
    AlertLine.-calm { background: $panel; color: $warning; }
    """

    def __init__(self) -> None:
        super().__init__(grows=True)  # what to press stands at its end: a longer text needs its lines at once

    def show(
        self,
        operations: Sequence[Operation],
        trouble: str,
        now: datetime,
        own: str = "",
        calls: str = "",
        *,
        rings: bool = True,
    ) -> None:
        """Draw what needs attention, and ring once for each that newly does; `trouble` is why the journal can't be read.

        `own`: what AWS is to do to the machine this runs on, and its own trouble. `calls`: the incidents that nobody has
        acknowledged. `rings`: not where an incident's alarm does.
        """
        found = None
        if operations and not trouble:
            from screens.operation_status import warning

            found = warning(operations, now)
        ring = frozenset[str]() if found is None else found.ring
        rung = _RUNG.get(self.app, frozenset())
        if rings and ring - rung:
            self.app.bell()
        _RUNG[self.app] = ring | (rung & {one.id for one in operations})
        said = trouble or (found.text if found else "")
        shown = bool(said or calls or own)
        if self.display != shown:  # to set it lays out the screen anew
            self.display = shown
        self.set_class(not trouble and not calls and (found is None or found.calm), "-calm")
        self.paint(Text("\n".join(one for one in (said, calls, own) if one), overflow="ellipsis"))


class EvacScreen(Leaver[None]):
    """A screen with services; the verbs it knows are `NAMES`, and `verb_NAME` does one; a guarded action needs none.

    It holds an AlertLine and a KeyLine, which it draws by itself; `subject` is the instance that verbs are about.
    """

    NAMES: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """A key that would do nothing is an error of ours: raises TypeError when the screen is loaded."""
        super().__init_subclass__(**kwargs)
        for name in cls.NAMES:
            if not (VERBS[name].mutates or hasattr(cls, _method(name))):
                raise TypeError(f"{cls.__name__} has the verb {name}, and no {_method(name)}")

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services = services
        self._asks = False

    @property
    def subject(self) -> Instance | None:
        """The instance that the guarded verbs would act on now."""
        return None

    @property
    def acts_on(self) -> Instance | None:
        """The instance that a guarded verb is about: what is marked comes before the subject."""
        return self.subject

    def fleet_changed(self) -> None:
        """Look again: rows, targets, the link's state or the journal changed. Drawn by the screen on top only."""

    def tick(self) -> None:
        """A second has passed: times on screen are older."""

    def on_fleet_changed(self) -> None:
        if self.there:
            self.fleet_changed()

    def on_screen_resume(self) -> None:
        """What was covered catches up, or goes."""
        if self.leave_now() or not self.there:
            return
        self.fleet_changed()
        self._tick()

    def on_resize(self) -> None:
        self.draw_keys()

    def on_mount(self) -> None:
        self.set_interval(1.0, self._tick)
        self.call_later(self.leave_now)

    def on_announced(self, message: Announced) -> None:
        self.say(message.line)

    def _tick(self) -> None:
        if self.is_current and self.there:
            self.draw_alarm()
            self.tick()

    def draw_alarm(self) -> None:
        """Read the journal for what must not be overlooked."""
        services, journal = self.services, self.services.journal
        unfinished: list[Operation] = []
        if journal is not None:
            from tui.operations.database import REPLACED, JournalError

            services.journal_trouble = ""
            try:
                unfinished = list(journal.unfinished())
            except JournalError as error:
                services.journal_trouble = str(error)
            if journal.replaced:
                journal.replaced = 0
                self.say(REPLACED, "warning")
        own = ""
        if services.here is not None and services.here.instance_id:
            from screens.this_machine import own_alarm

            own = own_alarm(services)
        own = "\n".join(filter(None, (self.campaign_told(), own, self.aws_trouble())))
        for alarm in self.query(AlertLine):
            alarm.show(
                unfinished,
                services.journal_trouble,
                services.now(),
                own,
                self.calls_told(),
                rings=services.alarm is None or not services.alarm.calls_for_operations,
            )

    def calls_told(self) -> str:
        """The incidents that nobody has acknowledged, in a line."""
        alarm, services = self.services.alarm, self.services
        if alarm is None or not (waiting := alarm.unacknowledged):
            return ""
        from tui.presentation.incident_text import incident_line

        terminal = self.app.terminal if isinstance(self.app, OnTerminal) else None
        if terminal is None or not terminal.quiet:
            alarm.drawn()
        pairs = [(one.begun, one.over_at) for one in waiting]
        room, key = max(self.app.size.width - 2, 20), "acknowledge" in self.NAMES
        return incident_line(pairs, services.now(), services.zone, room, key=key)

    def campaign_told(self) -> str:
        """The campaigns that run or need somebody, in a line each; of several the rest is counted."""
        found = [
            one
            for one in self.services.watch.campaigns(self.services.journal)
            if one.id != self.campaign_shown
        ]
        if not found:
            return ""
        from tui.presentation.campaign_text import campaign_line, needs_somebody

        found.sort(key=needs_somebody, reverse=True)
        more = f"; {len(found) - 1} more" if len(found) > 1 else ""
        return f"{campaign_line(found[0])}{more}   press o"

    @property
    def campaign_shown(self) -> str:
        """The id of the campaign that this screen is about: its line would say the same twice."""
        return ""

    def aws_trouble(self) -> str:
        """What stands beside that of AWS's own trouble; the fleet tells of all of it."""
        return ""

    def draw_keys(self) -> None:
        """What can be pressed here and now."""
        if not self.there:
            return
        mode, style = self.mode()
        for line in self.query(KeyLine):
            line.show(self.keys_now(), mode, style, plain=self.services.settings.ascii)

    def keys_now(self) -> list[tuple[Verb, bool]]:
        """The verbs of the key line, and which of them are blocked."""
        subject = self.acts_on
        return [
            (worded(verb, subject), self._is_blocked(verb.name, subject))
            for name in self.NAMES
            if (verb := self.verb_here(VERBS[name])) is not None
            and verb.in_key_line
            and offered(name, subject, self.services.now())
        ]

    def verb_here(self, verb: Verb) -> Verb | None:
        """As key line and palette name it here; None: there is nothing to name."""
        return verb

    def _is_blocked(self, name: str, subject: Instance | None) -> bool:
        if name == "meant" and subject is not None:
            return self.profile_read_only(subject.target.profile, subject.account_id)
        return VERBS[name].mutates and self.allowed(VERBS[name], subject) is not None

    def mode(self) -> tuple[str, str]:
        """The word at the end of the key line, and its style: it stays where the eye expects it."""
        demo = "DEMO " if self.services.settings.demo else ""
        subject = self.acts_on
        if subject is not None and self.profile_read_only(subject.target.profile, subject.account_id):
            return f"{demo}READ-ONLY", "bold reverse"
        if self.services.settings.read_only:
            return f"{demo}READ-ONLY", "bold reverse"
        return f"{demo}READ-WRITE", "bold"

    def commands_here(self) -> Iterable[PaletteCommand]:
        """What the palette has here besides the verbs."""
        return ()

    def allowed(self, verb: Verb, instance: Instance | None) -> str | None:
        """None if the verb may be used on that instance here, else why not: for the key line and for whoever presses it."""
        read_only = self.services.settings.read_only
        if instance is not None:
            read_only = self.profile_read_only(instance.target.profile, instance.account_id)
        return why_verb_blocked(verb, instance, read_only=read_only, off=self.services.settings.actions_off)

    def act(self, name: str, instance: Instance | None) -> None:
        """Ask for a guarded action, or say why it cannot be."""
        reason = self.allowed(VERBS[name], instance)
        trouble = self.services.journal_trouble
        if reason is None and (trouble or self.services.journal is None):
            reason = trouble or "the journal is not open yet; press it again"
        if reason is not None or instance is None:
            self.say(f"{VERBS[name].title}: {reason}", "warning")
            return
        if len(alike(name)) > 1:
            self._ask_which(name, instance)
        else:
            self.put_question(effective(name, instance), instance)

    def _ask_which(self, name: str, instance: Instance) -> None:
        """The key stands for several actions: which is meant?"""
        from screens.which_action import action_question

        question = action_question(name, instance, self.services)

        def answered(action: str | None) -> None:
            if action:
                self.put_question(action, instance)
            else:
                self.say(f"nothing was sent: {question.asked}")

        self.app.push_screen(question, answered)

    def put_question(self, action: str, instance: Instance) -> None:
        """Have the question of that action put."""
        self.ask(Act(action, instance.key))

    def ask(self, what: Act) -> None:
        """Post it; what is typed until its question is there is no verb."""
        self._asks = True
        self.post_message(what)
        self.call_later(lambda: self.app.call_later(self._asked))

    def _asked(self) -> None:
        """The app has dealt with the message: the question is there."""
        self._asks = False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is typed after the key of an action, before its question is there, is no other verb."""
        return not (self._asks and action == "verb") and super().check_action(action, parameters)

    def on_key(self, event: Key) -> None:
        """A key that nothing took."""
        self.other_letters(event)

    def other_letters(self, event: Key) -> None:
        """A letter of an input method is no key of ours: silence would look like a console that hangs."""
        letter = event.character if event.is_printable else None
        if letter is not None and not letter.isascii():
            self.say(f"{letter}: {INPUT_MODE}", "warning")

    def verb_meant(self) -> None:
        """Say of what AWS stopped that it is meant to be down, or take that back."""
        instance, services = self.subject, self.services
        if instance is None:
            self.say("Meant to be down: no instance is selected", "warning")
            return
        from tui.operations import intended_down
        from tui.operations.database import JournalError

        reason = intended_down.why_not_intendable(instance, services.settings, services.now())
        if reason is None and services.journal is None:
            reason = services.journal_trouble or "the journal is not open yet; press it again"
        if reason is not None or services.journal is None:
            self.say(f"Meant to be down: {reason}", "warning")
            return
        try:
            if services.own.meant(instance) is None:
                intended_down.mark_intended(services.journal, instance, services.now())
                self.say(f"{instance.label} is meant to be down, until it runs again; M takes that back")
            else:
                intended_down.take_back(services.journal, instance, services.now())
                self.say(f"{instance.label} is trouble again")
        except (JournalError, OSError) as error:
            self.say(f"Meant to be down: not noted: {error}", "warning")
        self.fleet_changed()

    def verb_acknowledge(self) -> None:
        """Somebody knows of the incidents that the line on top names."""
        alarm = self.services.alarm
        if alarm is None:
            self.say("Acknowledge: nobody is called here: [alarm] on names nothing")
            return
        from tui.presentation.incident_text import acknowledged_line

        done = alarm.acknowledge()
        self.say(acknowledged_line([one.begun for one in done], len(alarm.unacknowledged)))
        self.draw_alarm()

    def came_again(self, key: str) -> None:
        """It is on top already, and wanted with another key."""

    def verb_operations(self) -> None:
        self.post_message(Go("operations"))

    def verb_more_copies(self) -> None:
        """What else of the instance can be copied."""
        one = self.acts_on
        if one is None:
            self.say(f"{VERBS['more-copies'].title}: no instance is selected", "warning")
        else:
            self.post_message(Go("copies", one.key))

    def verb_profiles(self) -> None:
        self.post_message(Go("profiles"))

    def verb_help(self) -> None:
        self.post_message(Go("help"))

    def verb_palette(self) -> None:
        self.app.action_command_palette()

    def verb_back(self) -> Awaitable[None] | None:
        self.dismiss()
        return None

    def verb_quit(self) -> None:
        """Running operations go on without a console."""
        self.app.exit()

    def profile_read_only(self, profile: str, account: str = "") -> bool:
        """Whether nothing may be changed through it, or in this account."""
        return self.services.settings.profile_read_only(profile, account)

    def say(self, line: str | SafeText, severity: str = "information") -> None:
        """A line to the operator, never parsed as markup."""
        self.notify(clean(line), severity="warning" if severity == "warning" else "information", markup=False)

    def copy(self, text: str, what: str) -> None:
        """To the clipboard; the line says what is known: tmux answers, a terminal does not."""
        from tui import clipboard

        environ = self.services.environ
        self.app.copy_to_clipboard(text)
        if not clipboard.in_tmux(environ):
            self._copied(what, clipboard.sent(environ))
            return

        def load() -> None:
            self.app.call_from_thread(self._copied, what, clipboard.to_tmux(text, environ))

        self.run_worker(load, thread=True, group="copy", exit_on_error=False)

    def _copied(self, what: str, kept: CopyResult) -> None:
        line = f"{what}: {kept.said}"
        self.say(line, "information" if kept.well else "warning")

    async def action_verb(self, name: str) -> None:
        """Do it, before the next key is handed out. What was chosen in the palette may come when this screen has left."""
        if not self.there:
            return
        if VERBS[name].mutates:
            self.act(name, self.acts_on)  # on the instance as it is now
            return
        if (reason := self.allowed(VERBS[name], self.acts_on)) is not None:  # it may come from the palette
            self.say(f"{VERBS[name].title}: {reason}", "warning")
            return
        done = getattr(self, _method(name))()
        if isawaitable(done):
            await done
