"""What an operator may choose before the question: an AMI's name, a reboot or not, an event and its new start."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from msgspec.structs import replace
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from screens.confirm.start_advice import NO_ADVICE, StartAdvice
from screens.safe_input import SafeInput
from tui.domain.actions import ACTIONS, ActionOptions
from tui.domain.choices import Offer
from tui.domain.events import ScheduledEvent
from tui.domain.instance import Instance
from tui.domain.new_start import movable
from tui.domain.plan import image_name, why_no_image_name
from tui.domain.plurals import counted
from tui.domain.sanitize import clean
from tui.domain.time_format import both_zones, countdown, distance, parse_moment, to_zone

OTHER_MINUTES = (5, 10, 15, 30, 60)
"""For how long a check fails before its alarm acts, to choose from beside what the plan proposes."""


class Cycle(Static, can_focus=True):
    """One of several, changed with space or the arrows: `‹ system-reboot in 3d (1 of 2) ›`."""

    class Turned(Message):
        """Posted when another one is chosen."""

    def __init__(self, names: Sequence[str], chosen: int = 0) -> None:
        super().__init__()
        self.names, self.chosen = names, chosen

    def on_mount(self) -> None:
        self._draw()

    def key_space(self) -> None:
        self._turn(1)

    def key_right(self) -> None:
        self._turn(1)

    def key_left(self) -> None:
        self._turn(-1)

    def _turn(self, by: int) -> None:
        self.chosen = (self.chosen + by) % len(self.names)
        self._draw()
        self.post_message(self.Turned())

    def _draw(self) -> None:
        count = f" ({self.chosen + 1} of {len(self.names)}, space: the next)"
        self.update(Text(f"‹ {self.names[self.chosen]} ›{count}"))


class Toggle(Static, can_focus=True):
    """Yes or no, changed with space: `[x] make an AMI first`. (Textual's own draws its X in both states.)"""

    class Turned(Message):
        """Posted when it was switched."""

        def __init__(self, toggle: Toggle) -> None:
            super().__init__()
            self.toggle = toggle

    def __init__(self, words: str, on: bool, name: str, fixed: str = "") -> None:
        super().__init__(id=name)
        self.words, self.on, self.fixed = words, on, fixed
        self.can_focus = not fixed

    def on_mount(self) -> None:
        self._draw()

    def key_space(self) -> None:
        self.on = not self.on
        self._draw()
        self.post_message(self.Turned(self))

    def _draw(self) -> None:
        text = Text(f"[{'x' if self.on else ' '}] {self.words}", "bold" if self.on else "")
        text.append(f"  ({self.fixed or 'tab to it, then space'})", "not bold dim")
        self.update(text)


class Choices(Vertical):
    """The options of one action. It reports each change; what is wrong with it is its `trouble`.

    `minutes`: for how long the plan would have a check fail before an alarm acts. `starts`: what is told of an event's new start.
    """

    class Changed(Message):
        """The operator changed a choice: `options` is another, and the plan is to be drafted again."""

    class Settled(Message):
        """Posted when the choice is made. `go_on`: by enter, so the question is next."""

        def __init__(self, go_on: bool = False) -> None:
            super().__init__()
            self.go_on = go_on

    def __init__(
        self,
        action: str,
        instance: Instance,
        now: datetime,
        zone: tzinfo,
        options: ActionOptions,
        offered: Sequence[Offer] = (),
        minutes: int = 0,
        starts: StartAdvice = NO_ADVICE,
    ) -> None:
        super().__init__()
        self._starts = starts
        self._minutes = (minutes, *(one for one in OTHER_MINUTES if one != minutes))
        self.action, self.zone, self.offered = action, zone, tuple(offered)
        self.events = movable(instance, now, options.event_id) if ACTIONS[action].moves_event else ()
        if ACTIONS[action].images and not options.image_name:
            options = replace(options, image_name=image_name(instance, now))
        if self.events:
            first = self.events[0]
            options = replace(options, event_id=first.event_id, not_before=starts.proposed(first, now).at)
        self.options, self.trouble, self._now = options, "", now
        self._told = self._said = self.options
        self.settled = False

    @property
    def choosable(self) -> tuple[object, ...]:
        """What there is to choose, however it was chosen: the action, the events, the offers."""
        events = [one.event_id for one in self.events]
        minutes = self._minutes if self._waits else ()
        return self.action, events, minutes, [(one.name, one.words, one.fixed) for one in self.offered]

    def keep(self, other: Choices) -> None:
        """Take over what was chosen in another one, as far as it can be chosen here."""
        kept, before = other.options, {one.name: one for one in other.offered}
        if ACTIONS[self.action].images:
            self.options = replace(self.options, image_name=kept.image_name, no_reboot=kept.no_reboot)
        elif self._waits:
            self.options = replace(self.options, minutes=kept.minutes)
        elif kept.event_id in {one.event_id for one in self.events}:
            self.options = replace(self.options, event_id=kept.event_id, not_before=kept.not_before)
            self.settled = other.settled
        for one in self.offered:
            if one.name in before and not one.fixed and (on := _chosen(kept, one)) is not None:
                self._choose(one, on)
        self._told = self._said = self.options

    def _on(self, one: Offer) -> bool:
        """As chosen; else as the plan would have it."""
        chosen = _chosen(self.options, one)
        return one.on if one.fixed or chosen is None else chosen

    def _choose(self, one: Offer, on: bool) -> None:
        """An override lifts its block and no other."""
        options = self.options
        if one.override:
            others = tuple(code for code in options.overrides if code != one.override)
            self.options = replace(options, overrides=(*others, one.override) if on else others)
        elif one.name == "if-held":
            self.options = replace(options, if_held="wait" if on else "refuse")
        else:
            self.options = replace(options, **{one.name.replace("-", "_"): on})

    def focus_first(self) -> None:
        """Focus the field that is most likely to be changed."""
        self.query_one(Input).focus()

    @property
    def empty(self) -> bool:
        return not (ACTIONS[self.action].images or self.events or self.offered or self._waits)

    @property
    def _waits(self) -> bool:
        """Whether it may be chosen for how long a check fails before an alarm acts."""
        return "minutes" in ACTIONS[self.action].takes

    def compose(self) -> ComposeResult:
        if ACTIONS[self.action].images:
            yield _row("AMI name", _input(self.options.image_name, "image-name", 128))
            yield Toggle("without a reboot: disks as after a crash", self.options.no_reboot, "no-reboot")
        elif self.events:
            names = [self._event(one) for one in self.events]
            yield _row("event", Cycle(names) if len(names) > 1 else Static(Text(names[0])))
            assert self.options.not_before is not None
            yield _row("new start", _input(self._local(self.options.not_before), "new-start", 40))
            yield Static(id="limits")
        elif self._waits:
            proposed, *others = (counted(number, "minute") for number in self._minutes)
            chosen = self.options.minutes
            at = self._minutes.index(chosen) if chosen in self._minutes else 0
            yield _row("acts after", Cycle([f"{proposed}, as proposed", *others], at))
        for one in self.offered:
            yield Toggle(one.words, self._on(one), one.name, one.fixed)

    def on_mount(self) -> None:
        self.display = not self.empty
        self._limits()

    def _event(self, event: ScheduledEvent) -> str:
        """Only events with a start can be moved."""
        assert event.not_before is not None
        when = both_zones(event.not_before, self.zone, self._now)
        return f"{event.code_text} {countdown(event.not_before, self._now)}, {when}"

    def _local(self, moment: datetime) -> str:
        return f"{to_zone(moment, self.zone):%Y-%m-%d %H:%M}"

    @property
    def _chosen(self) -> ScheduledEvent:
        return next(one for one in self.events if one.event_id == self.options.event_id)

    def _limits(self) -> None:
        """What is meant, in both zones, and how far it may go."""
        if not self.events:
            return
        event = self._chosen
        assert event.deadline is not None
        text = Text(overflow="fold")
        if self.trouble:
            text.append(self.trouble, "bold red")
        elif self.options.not_before is not None:
            moment = self.options.not_before
            text.append(f"{both_zones(moment, self.zone, self._now)}, {distance(moment, self._now)}", "bold")
            text.append_text(self._starts.told(event, moment, self.zone, self._now))
        latest = both_zones(event.deadline, self.zone, self._now)
        here = self._now.astimezone(self.zone).tzname()
        text.append(f"\nat least 60 min ahead, at most AWS's deadline {latest}", "dim")
        text.append(f"\n2026-05-06 03:00 is {here}, 2026-05-05T18:00Z is UTC, 36h is from now", "dim")
        self.query_one("#limits", Static).update(text)

    def at(self, now: datetime) -> None:
        """Redraw the limits of a time for the new `now`."""
        self._now = now
        if self.is_mounted and self.query("#limits"):
            self._limits()

    def _tell(self) -> None:
        """Setting the fields up is no change; a wrong time is one."""
        if self.options != self._told:
            self._told = self.options
            self.post_message(self.Changed())

    def _settle(self) -> None:
        if self.options != self._said:
            self._said = self.options
            self.settled = True
            self.post_message(self.Settled())

    @on(Toggle.Turned)
    def _ticked(self, message: Toggle.Turned) -> None:
        message.stop()
        on, name = message.toggle.on, str(message.toggle.id)
        known = {one.name: one for one in self.offered}
        self._choose(known.get(name, Offer(name, "", on)), on)
        self._tell()
        self._settle()

    @on(Cycle.Turned)
    def _another(self, message: Cycle.Turned) -> None:
        message.stop()
        chosen = self.query_one(Cycle).chosen
        if self._waits:
            self.options = replace(self.options, minutes=self._minutes[chosen] if chosen else 0)
        else:
            event = self.events[chosen]
            self.options = replace(self.options, event_id=event.event_id)
            self.query_one("#new-start", Input).value = self._local(
                self._starts.proposed(event, self._now).at
            )
            self._limits()
        self._tell()
        self._settle()

    @on(Input.Changed)
    def _typed(self, message: Input.Changed) -> None:
        message.stop()
        value = message.value.strip()
        if message.input.id == "image-name":
            self.trouble = why_no_image_name(value)
            self.options = replace(self.options, image_name=value)
        else:
            try:
                self.options = replace(self.options, not_before=parse_moment(value, self._now, self.zone))
                self.trouble = ""
            except ValueError:
                self.options = replace(self.options, not_before=None)
                self.trouble = (
                    f"{clean(value, 40)!r} is no time: write 2026-05-06 03:00, 2026-05-05T18:00Z or 36h"
                )
            self._limits()
        self._tell()

    @on(Input.Submitted)
    def _entered(self, message: Input.Submitted) -> None:
        message.stop()
        self.settled, self._said = True, self.options
        self.post_message(self.Settled(go_on=True))

    @on(Input.Blurred)
    def _left(self, message: Input.Blurred) -> None:
        message.stop()
        self._settle()


def _chosen(options: ActionOptions, one: Offer) -> bool | None:
    """Whether it is chosen; None: neither way, so as the plan would have it."""
    if one.override:
        return one.override in options.overrides
    if one.name == "if-held":
        return options.if_held == "wait"
    chosen: bool | None = getattr(options, one.name.replace("-", "_"))
    return chosen


def _input(value: str, name: str, longest: int) -> SafeInput:
    return SafeInput(value, compact=True, id=name, max_length=longest, select_on_focus=False)


def _row(label: str, field: Static | Input) -> Horizontal:
    return Horizontal(Static(label, classes="label"), field)
