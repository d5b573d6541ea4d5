"""What the question of a reschedule tells of the new start: why it is proposed, and what falls together with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo

from msgspec import Struct
from rich.text import Text

from tui.domain.campaign.hours import Hours
from tui.domain.events import ScheduledEvent
from tui.domain.new_start import Companion, NewStart, proposed_start
from tui.domain.triage import Level
from tui.presentation.companions import start_told
from tui.presentation.symbols import LEVELS


class StartAdvice(Struct, frozen=True):
    """`hours`: the maintenance hours. `others`: what is announced for others, asked when something is told."""

    hours: Hours = Hours()
    others: Callable[[], Sequence[Companion]] = tuple

    def proposed(self, event: ScheduledEvent, now: datetime) -> NewStart:
        """What stands in the field at first."""
        return proposed_start(event, self.hours, now)

    def told(self, event: ScheduledEvent, start: datetime, zone: tzinfo, now: datetime) -> Text:
        """What is told of a start, lines that begin anew: why it was proposed, if it was, and what falls together with it."""
        text, proposed = Text(), self.proposed(event, now)
        if start == proposed.at:
            text.append(f"\n{proposed.why}", "dim")
        others, sign = self.others(), LEVELS[Level.DUE]
        for line in start_told(event, start, others, self.hours, zone, now):
            text.append(f"\n{sign.symbol} {line}", sign.style)
        return text


NO_ADVICE = StartAdvice()
"""Nobody set hours, and nothing else is known."""
