"""The inbox, view 3: days between the events, two weeks above them, what falls together, and the keys that go by day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partialmethod
from typing import TYPE_CHECKING

from rich.text import Text

from screens.base import Act
from screens.fleet.columns import FleetColumn, RowContext
from screens.fleet.events_away import TakingEvents
from screens.fleet.table import FleetRow
from screens.static_line import Line
from tui.commands import Verb
from tui.domain.actions import ACTIONS, ActionOptions
from tui.domain.instance import Instance, Target
from tui.domain.listing import AnyOrder, FleetView, SortOrder
from tui.domain.triage import Level
from tui.fleet.protocol import LinkPhase, ReadKind, ReadRequest
from tui.presentation.symbols import LEVELS
from tui.presentation.width import cut
from tui.services import Services

if TYPE_CHECKING:  # loaded when somebody looks at the inbox
    from tui.domain.groups import BalancerGroups
    from tui.domain.inbox import FallsTogether, InboxDay, Strip
    from tui.domain.known_groups import KnownGroups

_FIRST = (
    "detail",
    "reschedule",
    "stop-start",
    "reboot",
    "day-before",
    "day-after",
    "export",
    "filter",
    "operations",
    "help",
)
"""The verbs that the inbox is for come first in its key line."""
_ONLY_HERE = ("day-before", "day-after")
GROUPS_EVERY = timedelta(minutes=15)
"""Who is registered with which load balancer is read again after so long."""
_LOOK_AGAIN = timedelta(seconds=20)
"""What falls together is looked at again after so long, though nothing was read: the hour moves on."""
_Place = tuple[str, str]


class Inboxing(TakingEvents):
    """Holds what was read of load balancers, and what falls together. A subclass lists `FleetView.EVENTS`."""

    view: FleetView
    order: AnyOrder

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._balancers: dict[_Place, BalancerGroups] = {}
        self._asked_at: dict[_Place, datetime] = {}
        self._falls: tuple[list[Instance], datetime, FallsTogether] | None = None
        self._days: tuple[list[Instance], datetime, Strip, list[FleetRow]] | None = None

    # what falls together

    def falls_now(self) -> FallsTogether | None:
        """What falls together, whichever events are listed; None in the other views."""
        if not self.in_inbox:
            return None
        from tui.domain.inbox import falls_together, places_in_doubt

        now, kept = self.services.now(), self._falls
        eventful = [row for row in self.services.store.rows() if row.events]
        if kept is not None and kept[0] == eventful and timedelta() <= now - kept[1] < _LOOK_AGAIN:
            return kept[2]
        found = falls_together(eventful, self.services.settings.campaign.together, self._balancers, now)
        self._falls = (eventful, now, found)
        self._ask_groups(places_in_doubt(eventful, now), now)
        return found

    def _ask_groups(self, places: dict[_Place, Target], now: datetime) -> None:
        """Have the load balancers' members read where they are in doubt: once, and again every while."""
        link = self.services.link
        if link is None or link.state.state is not LinkPhase.LIVE:
            return
        due = {
            place: target
            for place, target in places.items()
            if place not in self._asked_at or now - self._asked_at[place] >= GROUPS_EVERY
        }
        self._asked_at |= dict.fromkeys(due, now)
        for place, target in due.items():
            self.run_worker(self._read_groups(place, target), group="balancers", exit_on_error=False)

    async def _read_groups(self, place: _Place, target: Target) -> None:
        link = self.services.link
        if link is None:
            return
        answer = await link.request(ReadRequest(0, ReadKind.GROUPS, target))
        if answer.groups is not None:
            self._balancers[place] = answer.groups
        elif place not in self._balancers:
            from tui.domain.groups import BalancerGroups
            from tui.domain.sanitize import clean

            why = answer.trouble.cause if answer.trouble is not None else clean("there was no answer")
            self._balancers[place] = BalancerGroups(*place, self.services.now(), unknown=why)
        self._falls = None
        self.fleet_changed()

    def forget_groups(self) -> None:
        """All is read again: this as well, when it is next looked at."""
        self._asked_at.clear()
        self._falls = None

    # drawing

    def event_columns(self) -> Sequence[FleetColumn]:
        """Those of the inbox; none in the other views."""
        if not self.in_inbox:
            return ()
        from screens.fleet.inbox_columns import INBOX_COLUMNS

        return INBOX_COLUMNS

    def with_days(self, rows: list[FleetRow], scene: RowContext) -> list[FleetRow]:
        """In the inbox each day's name above its events, where they are in the order of their days."""
        if not self.in_inbox:
            return rows
        lines = [row for row in rows if isinstance(row, Instance) and row.events]
        by_days = self._by_days(lines, scene)[1]
        return list(by_days) if self.order is SortOrder.URGENCY else rows

    def _by_days(self, lines: list[Instance], scene: RowContext) -> tuple[Strip, list[FleetRow]]:
        """The strip and the lines with their days; the same again for the same lines, for a while."""
        from tui.domain.inbox import by_day, strip_of

        kept, now = self._days, scene.now
        if kept is None or kept[0] != lines or not timedelta() <= now - kept[1] < _LOOK_AGAIN:
            strip, days = strip_of(lines, now, scene.zone), by_day(lines, now, scene.zone)
            kept = self._days = (lines, now, strip, list(days))
        return kept[2], kept[3]

    def draw_days(self, scene: RowContext) -> None:
        """The strip of two weeks above the inbox; gone in the other views."""
        line = self.query_one("#days", Line)
        if line.display != self.in_inbox:
            line.display = self.in_inbox
        if not self.in_inbox:
            return
        from screens.fleet.inbox import strip_text
        from tui.domain.campaign.hours import read_hours

        shown = [row for row in self.table.rows if isinstance(row, Instance) and row.events]
        strip, hours = self._by_days(shown, scene)[0], read_hours(self.services.settings.maintenance.hours)
        width = self.app.size.width
        line.paint(strip_text(strip, self._day_of_cursor(scene), scene.now, scene.zone, hours, width))

    def _day_of_cursor(self, scene: RowContext) -> InboxDay | None:
        from tui.domain.inbox import InboxDay, day_of

        row = self.table.instance
        return (
            InboxDay(*day_of(row.events[0], scene.now, scene.zone), 0)
            if row is not None and row.events
            else None
        )

    def inbox_preview(self, usual: Callable[[], tuple[str, Text]], row: Instance) -> tuple[str, Text]:
        """The usual one of an instance, below what falls together with its event."""
        title, text = usual()
        return title, self.inbox_note(row, self.scene()).append_text(text)

    def inbox_note(self, row: Instance, scene: RowContext) -> Text:
        """With which others of its groups this event falls together, in a line; or why that is not known. Else empty."""
        if not row.events or scene.falls is None:
            return Text()
        found = scene.falls.of(row, row.events[0])
        if found:
            groups = self._groups()
            from tui.domain.inbox import begins
            from tui.domain.new_start import fall_together, others_announced

            known = others_announced(row, self.services.store.rows(), groups, scene.now)
            mates = fall_together(known, begins(row.events[0], scene.now))
            others = "".join(f", {one.label}" for one in mates if one.group).removeprefix(", ")
            sign = LEVELS[Level.FAILING if found[0].is_all else Level.DUE]
            return self._one_line(
                f"{sign.symbol} {found[0].text} fall together: this one and {others}", sign.style
            )
        if found is None:
            read = self._balancers.get((str(row.account_id), row.target.region))
            why = "not read yet" if read is None else f"not read: {read.unknown}"
            return self._one_line(
                f"? Who else is behind its load balancers is {why}", LEVELS[Level.UNKNOWN].style
            )
        return Text()

    def _one_line(self, told: str, style: str) -> Text:
        """So that what to press stays in sight below it."""
        room = self.query_one("#preview", Line).size.width - 2
        return Text().append(
            f"{cut(told, max(20, room)).rstrip()}\n", style
        )  # its style is not that of what follows

    def _groups(self) -> KnownGroups:
        from tui.domain.known_groups import KnownGroups

        return KnownGroups(self.services.settings.campaign.together, self._balancers.values())

    # keys

    def keys_now(self) -> list[tuple[Verb, bool]]:
        """In the inbox what moves an event, and from day to day, comes first; nowhere else."""
        found = super().keys_now()
        if not self.in_inbox:
            return [one for one in found if one[0].name not in _ONLY_HERE]
        first = (
            *_FIRST,
            *(f"view-{key}" for key in range(6, 10)),
        )  # one's own views are few, and would go first
        return sorted(found, key=lambda one: first.index(one[0].name) if one[0].name in first else len(first))

    def put_question(self, action: str, instance: Instance) -> None:
        """In the inbox `t` is about the event under the cursor, not about the first of its instance."""
        row = self.table.instance
        mine = self.in_inbox and row is not None and row.key == instance.key and bool(row.events)
        if not mine or row is None or not ACTIONS[action].moves_event or not row.events[0].event_id:
            super().put_question(action, instance)
            return
        self.ask(Act(action, instance.key, ActionOptions(event_id=str(row.events[0].event_id))))

    def _to_day(self, by: int) -> None:
        """To the first event of the next day that has any, or of the one before."""
        if not self.in_inbox or self.order is not SortOrder.URGENCY:
            self.say(
                "[ and ] go by day in the inbox: press 3"
                if not self.in_inbox
                else "sorted by days first: press S"
            )
            return
        rows = self.table.rows
        days = [at for at, row in enumerate(rows) if not self.table.rests(row)]
        here = max((at for at in days if at < self.table.cursor), default=-1)
        others = [at for at in days if (at > here if by > 0 else at < here)]
        if others:
            self.table.go((min if by > 0 else max)(others) + 1)

    verb_day_before = partialmethod(_to_day, -1)
    verb_day_after = partialmethod(_to_day, 1)
