"""The inbox as a file: what `evac events` writes, asked for with a key."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from screens.fleet.columns import RowContext
from screens.fleet.marking import Marking
from screens.fleet.taking_away import export_trouble
from tui.domain.instance import Instance
from tui.domain.listing import FleetView
from tui.domain.plurals import counted
from tui.domain.sanitize import clean

if TYPE_CHECKING:  # loaded when somebody asks
    from screens.fleet.export import EventForm
    from tui.presentation.ical import Pair


class TakingEvents(Marking):
    """Of what is marked, else of the events that are listed."""

    @property
    def in_inbox(self) -> bool:
        """Whether the view of events is on screen."""
        return self.view is FleetView.EVENTS

    def scene(self) -> RowContext:
        """What drawing needs now; a subclass has it."""
        raise NotImplementedError

    def verb_export(self) -> None:
        """In the inbox it is asked as what: events are a table, a program's input, or a calendar."""
        if not self.in_inbox:
            super().verb_export()
            return
        from screens.fleet.export_question import ExportQuestion

        pairs = self._exported()
        if not pairs:
            self.say("export: no event is listed", "warning")
            return

        def answered(form: EventForm | None) -> None:
            if form is not None:
                self._write_events(form, pairs)

        self.app.push_screen(ExportQuestion(counted(len(pairs), "event")), answered)

    def _exported(self) -> list[Pair]:
        """The events of what is marked, else those that are listed, in the list's order, each with its whole instance."""
        from tui.domain.inbox import announced

        if self.marks:
            return announced(self.marks.rows(self.services.store), self.services.now())
        listed = (row for row in self.table.rows if isinstance(row, Instance) and row.events)
        return [(self.services.store.get(row.key) or row, row.events[0]) for row in listed]

    def _write_events(self, form: EventForm, pairs: Sequence[Pair]) -> None:
        from screens.fleet.export import export_events
        from screens.this_machine import here_now
        from tui.presentation.listing_export import Telling

        services = self.services
        places = {one.target: one.health for one in services.store.targets()}
        telling = Telling(
            services.settings, services.now(), here_now(services), services.own, places, self.scene().falls
        )
        try:
            path, left_out = export_events(form, pairs, telling, self._calendar, tags=self.tag_columns())
        except OSError as error:
            self.say(export_trouble(error), "warning")
            return
        why = "have no start and are in no calendar" if form == "ics" else "could not be told"
        more = f"; {left_out} {why}" if left_out else ""
        self.say(
            f"wrote {counted(len(pairs), 'event')} to {clean(path)}{more}",
            "warning" if more else "information",
        )

    def _calendar(self, pairs: Sequence[Pair]) -> tuple[str, int]:
        """With what is called off, as far as AWS or the last snapshot on disk tells."""
        from tui.fleet import snapshot
        from tui.paths import default_snapshot_path
        from tui.presentation.listing_export import events_calendar

        services, now, kept = self.services, self.services.now(), list[Instance]()
        with suppress(snapshot.SnapshotError):
            known = snapshot.load_snapshot(default_snapshot_path(services.environ))
            kept = [] if known is None else [row for delta in known.deltas for row in delta.upserts]
        chosen = self.marks.rows(services.store) if self.marks else services.store.rows()
        keys = {row.key for row in chosen}

        def is_meant(row: Instance) -> bool:
            return self.query_now.matches(row, now) if not self.marks else row.key in keys

        old = self.scene().stale
        answered = {one.target: one.target not in old and not one.partial for one in services.store.targets()}
        return events_calendar(
            pairs, filter(is_meant, chosen), filter(is_meant, kept), services.store.rows(), answered, now
        )
