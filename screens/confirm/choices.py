"""What an operator may choose before the question: an AMI's name, a reboot or not, an event and its new start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Checkbox, Input, Static

from screens.signs import drawn
from tui.domain.actions import ActionOptions
from tui.domain.events import RESCHEDULE_LEAD, ScheduledEvent
from tui.domain.instance import Instance
from tui.domain.plan import image_name
from tui.domain.text import clean
from tui.domain.when import both_zones, countdown, parse_moment


def movable(instance: Instance, now: datetime) -> tuple[ScheduledEvent, ...]:
    """The open events that AWS lets be moved, the earliest first."""
    return tuple(one for one in instance.open_events(now) if one.why_not_reschedule(now) is None)


def proposal(event: ScheduledEvent, now: datetime) -> datetime:
    """The last full hour that AWS takes, else the deadline itself: as late as may be, and a person may say earlier."""
    assert event.deadline is not None
    hour = event.deadline.replace(minute=0, second=0, microsecond=0)
    return hour if hour >= now + RESCHEDULE_LEAD + timedelta(minutes=5) else event.deadline


class Cycle(Static, can_focus=True):
    """One of several, changed with space or the arrows: `‹ system-reboot in 3d (1 of 2) ›`."""

    class Turned(Message):
        """Another one is chosen."""

    def __init__(self, names: Sequence[str], plain: bool) -> None:
        super().__init__()
        self.names, self.chosen, self._plain = names, 0, plain

    def on_mount(self) -> None:
        """Draw it."""
        self._draw()

    def key_space(self) -> None:
        """The next."""
        self._turn(1)

    def key_right(self) -> None:
        """The next."""
        self._turn(1)

    def key_left(self) -> None:
        """The one before."""
        self._turn(-1)

    def _turn(self, by: int) -> None:
        self.chosen = (self.chosen + by) % len(self.names)
        self._draw()
        self.post_message(self.Turned())

    def _draw(self) -> None:
        count = f" ({self.chosen + 1} of {len(self.names)}, space: the next)"
        self.update(Text(drawn(f"‹ {self.names[self.chosen]} ›{count}", self._plain)))


class Choices(Vertical):
    """The options of one action. It reports each change; what is wrong with it is its `trouble`."""

    class Changed(Message):
        """Look at `options` again."""

    class Settled(Message):
        """Enter was pressed in a field: on to the question."""

    def __init__(self, action: str, instance: Instance, now: datetime, zone: tzinfo, options: ActionOptions, plain: bool) -> None:
        super().__init__()
        self.action, self.zone, self.plain = action, zone, plain
        self.events = movable(instance, now) if action == "reschedule" else ()
        if action == "image" and not options.image_name:
            options = replace(options, image_name=image_name(instance, now))
        if self.events:
            options = replace(options, event_id=self.events[0].event_id, not_before=proposal(self.events[0], now))
        self.options, self.trouble, self._now = options, "", now
        self._ready = False

    @property
    def empty(self) -> bool:
        """Whether there is nothing to choose."""
        return not (self.action in ("image", "stop-start") or self.events)

    def compose(self) -> ComposeResult:
        """A line each."""
        if self.action == "stop-start":
            yield Checkbox("make an AMI first", self.options.image_first, compact=True, id="image-first")
        elif self.action == "image":
            yield _row("AMI name", Input(self.options.image_name, compact=True, id="image-name", max_length=128))
            yield Checkbox("without a reboot (crash-consistent disks)", self.options.no_reboot, compact=True, id="no-reboot")
        elif self.events:
            if len(self.events) > 1:
                names = [self._event(one) for one in self.events]
                yield _row("event", Cycle(names, self.plain))
            assert self.options.not_before is not None
            yield _row("new start", Input(self._local(self.options.not_before), compact=True, id="new-start", max_length=40))
            yield Static(id="limits")

    def on_mount(self) -> None:
        """Setting the fields up is no change."""
        self.display = not self.empty
        self._limits()
        self.call_after_refresh(self._open)

    def _open(self) -> None:
        self._ready = True

    def _event(self, event: ScheduledEvent) -> str:
        when = countdown(event.not_before, self._now) if event.not_before else "without a start"
        return f"{event.code_text} {when}"

    def _local(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M}"

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
            text.append(f"{both_zones(moment, self.zone, self._now)}, {countdown(moment, self._now)}", "bold")
        text.append(
            f"\n60 minutes ahead at least, until AWS's deadline {both_zones(event.deadline, self.zone, self._now)};"
            f" {self._local(self._now)[:10]} 03:00 is {self._now.astimezone(self.zone).tzname()}, ...Z is UTC, 36h is from now",
            "dim",
        )
        self.query_one("#limits", Static).update(text)

    def at(self, now: datetime) -> None:
        """Time goes on: the limits move with it."""
        self._now = now
        self._limits()

    def _tell(self) -> None:
        if self._ready:
            self.post_message(self.Changed())

    @on(Checkbox.Changed)
    def _ticked(self, message: Checkbox.Changed) -> None:
        message.stop()
        if message.checkbox.id == "image-first":
            self.options = replace(self.options, image_first=message.value)
        else:
            self.options = replace(self.options, no_reboot=message.value)
        self._tell()

    @on(Cycle.Turned)
    def _another(self, message: Cycle.Turned) -> None:
        message.stop()
        event = self.events[self.query_one(Cycle).chosen]
        self.options = replace(self.options, event_id=event.event_id)
        self.query_one("#new-start", Input).value = self._local(proposal(event, self._now))
        self._limits()
        self._tell()

    @on(Input.Changed)
    def _typed(self, message: Input.Changed) -> None:
        message.stop()
        value = message.value.strip()
        if message.input.id == "image-name":
            self.trouble = "" if len(value) >= 3 else "an AMI's name has 3 characters at least"
            self.options = replace(self.options, image_name=value)
        else:
            try:
                self.options = replace(self.options, not_before=parse_moment(value, self._now, self.zone))
                self.trouble = ""
            except ValueError:
                self.options = replace(self.options, not_before=None)
                self.trouble = f"{clean(value, 40)!r} is no time: write 2026-05-06 03:00, 2026-05-05T18:00Z or 36h"
            self._limits()
        self._tell()

    @on(Input.Submitted)
    def _entered(self, message: Input.Submitted) -> None:
        message.stop()
        self.post_message(self.Settled())


def _row(label: str, field: Input | Cycle) -> Horizontal:
    return Horizontal(Static(label, classes="label"), field)
