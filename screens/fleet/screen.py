"""The fleet: what is broken, what AWS will do and when, what to press."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll

from screens.base import AlertLine, Go, KeyLine, bindings, press
from screens.connecting import Connecting
from screens.fleet.columns import TARGET, RowContext, target_width
from screens.fleet.covering import cover_preview, is_covered
from screens.fleet.inboxing import Inboxing
from screens.fleet.panes import clock_line, counts_line, header, preview, targets_text
from screens.fleet.table import FleetRow, FleetTable
from screens.fleet.viewing import Viewing
from screens.render_errors import STYLE, UNSHOWN, drawn_or, report_error
from screens.static_line import Line
from tui.commands import GUARDED, VERBS
from tui.domain.down_by_aws import why_down
from tui.domain.health_notices import open_issues, trouble_text
from tui.domain.instance import Instance, InstanceState, TargetStatus
from tui.domain.listing import FleetView, Ranker, SortOrder, failures, group_by_target, stale
from tui.domain.plurals import counted
from tui.domain.triage import Level
from tui.fleet.protocol import LinkPhase, ReadKind, ReadRequest
from tui.presentation.symbols import LEVELS, READ_SIGN
from tui.presentation.width import common_start
from tui.services import Services

LAST = "recover-alarm"
"""The guarded verb that comes after the filter: where there is no room for all, it gives way to what nobody does without."""
FLEET_WIDE = 120
"""Columns from which on there is room for the pane of targets and for borders."""
NAMED = 60
"""Columns below which the header has no room for the name of a view beside how bad it is."""
NARROW, LOW = 40, 12
"""Columns and lines below which only what is broken has room: neither the clock nor the preview."""


class FleetHeader(Line):
    """How bad it is. A click opens the palette: a narrow key line has no room for all that the mouse should reach."""

    def on_click(self) -> None:
        """As the palette's key."""
        press(self.app, VERBS["palette"].key)


class FleetScreen(Connecting, Viewing, Inboxing):
    """The first screen: header, targets, table, preview."""

    CSS_PATH = "fleet.tcss"
    NAMES = (
        "detail",
        *(name for name in GUARDED if name != LAST),
        "meant",
        "operations",
        "filter",
        LAST,
        "help",
        "triage",
        "all",
        "events",
        "targets",
        "cover",
        "view-6",
        "view-7",
        "view-8",
        "view-9",
        "save-view",
        "mark",
        "mark-all",
        "mark-to",
        "day-before",
        "day-after",
        "sort",
        "profiles",
        "refresh",
        "copy",
        "more-copies",
        "connect",
        "export",
        "back",
        "acknowledge",
        "palette",
        "quit",
    )
    # Priority: each key is dealt with before the next is handed out, so that what is typed right after the slash never
    # reaches a verb, nor a verb before it is lost.
    BINDINGS: ClassVar[list[BindingType]] = [replace(one, priority=True) for one in bindings(NAMES)]

    def __init__(self, services: Services, view: str = "", wanted: str = "") -> None:
        super().__init__(services, view, wanted)
        self.ranker = Ranker(image_max_age=services.settings.actions.image_max_age)
        self._title = ""
        self._full = frozenset[str]()
        self._named: tuple[object, tuple[str, int]] = (None, ("", TARGET))

    @property
    def subject(self) -> Instance | None:
        return self.table.instance

    def compose(self) -> ComposeResult:
        """Header, keys, and between them the targets beside table over preview. The filter comes when it is asked for."""
        # Before its parts are styled, so that they are styled once.
        self.set_class(self.app.size.width >= FLEET_WIDE, "wide", update=False)
        self.set_class(not self.services.store.rows(), "empty", update=False)
        self.open_first()
        yield FleetHeader("header")
        yield AlertLine()
        yield Line("marks")
        yield Line("days")
        yield KeyLine()
        yield from self.first_bar()
        with VerticalScroll(id="targets", can_focus=False) as targets:
            targets.border_title = f"targets · {READ_SIGN.symbol} read ? not"
            yield Line("targets-text", grows=True)
        yield self.table
        yield Line("preview")

    def on_mount(self) -> None:
        """The table has the keys. (Textual calls the base's handler by itself.)"""
        self.table.focus()
        self.fleet_changed()
        self.call_after_refresh(self.tell_doubts)

    def on_resize(self) -> None:
        """Wide terminals get the targets beside the table; in tiny ones what is broken comes before everything else."""
        self.set_class(self.size.width >= FLEET_WIDE, "wide")
        self.set_class(self.size.height < LOW, "low")
        self.call_after_refresh(self.fleet_changed)

    def aws_trouble(self) -> str:
        """AWS's own trouble in a zone or region that is read, in a line."""
        found = [one.health for one in self.services.store.targets() if one.health]
        text = trouble_text(open_issues(found), self.services.now(), self.services.zone) if found else ""
        return f"{LEVELS[Level.DUE].symbol} {text}" if text else ""

    # --- drawing

    def scene(self) -> RowContext:
        """What drawing needs now."""
        services, now = self.services, self.services.now()
        old = stale(services.store.targets(), services.settings.intervals.status, now)
        here = "" if services.here is None else services.here.instance_id
        start, wide = self._room(services.store.targets())
        return RowContext(
            now, services.settings, self.marks.keys, old, self.ranker, here, start, wide, self._full,
            services.zone, by_event=self.in_inbox, columns=self.columns_now() or self.event_columns(), falls=self.falls_now(),
            links=services.links,
        )  # fmt: skip

    def _room(self, targets: Sequence[TargetStatus]) -> tuple[str, int]:
        """What all their names begin with, and the columns they need: looked at again when others are read."""
        names = tuple((one.target, len(one.profiles)) for one in targets)
        if self._named[0] != names:
            settings = self.services.settings
            start = common_start(settings.label(one.target.profile) for one in targets)
            self._named = names, (start, target_width(targets, settings, start))
        return self._named[1]

    def fleet_changed(self) -> None:
        if not (self.there and self.is_mounted):
            return
        self.ranker.see(self.services.own)
        self.ask_cover()
        scene, store = self.scene(), self.services.store
        rows: list[FleetRow] = list(
            self.ranker.listed(store.rows(), self.view, self.order, self.query_now, scene.now)
        )
        listed = f"{len(rows)} of {store.total}"
        if self.view is FleetView.EVENTS:
            about = len({row.key for row in rows if isinstance(row, Instance)})
            listed = f"{len(rows)} on {about} of {counted(store.total, 'instance')}"
        elif self.view is FleetView.COVER:
            listed = self.cover_listed(rows)
        if scene.wide > TARGET and (full := _telling(rows, scene)) != self._full:
            self._full = full
            scene = self.scene()
        if self.view is FleetView.TARGETS:
            instances = [row for row in rows if isinstance(row, Instance)]
            rows = list(group_by_target(instances, store.targets()))
        rows = self.with_days(rows, scene)
        if self.view not in (FleetView.TARGETS, FleetView.ALL) and not self.query_now.tests:
            rows = self.with_services(rows, scene)
            rows += failures(store.targets())  # silence of a target is news, too
        for what, error in self.ranker.odd.items():
            report_error(self, what, error)
        self.ranker.odd.clear()
        self.set_class(not rows, "empty")
        self.table.show(rows, scene, "" if rows else self._nothing(scene))
        by = "" if self.order is SortOrder.URGENCY else f" · by {self.order}"
        self.draw_marks(rows)
        self.draw_days(scene)
        marked = f" · {len(self.marks)} marked" if self.marks else ""
        title = f"{self.view_title} · {listed}{by}{marked}"
        if self._title != title:
            self._title = self.table.border_title = title
        self._draw_around(scene)
        self.draw_keys()

    def tick(self) -> None:
        """Countdowns move; what reads the same is not sent again. Another process may have begun or ended something."""
        if self.ranker.own is not self.services.own:
            self.fleet_changed()
            return
        scene = self.scene()
        self.table.later(scene)
        self._draw_around(scene)

    def _draw_around(self, scene: RowContext) -> None:
        services, wide = self.services, self.has_class("wide")
        counts = self.ranker.counts(services.store.rows(), scene.now, scene.stale)
        counts[Level.UNKNOWN] += services.store.unread  # not read in this run
        targets = services.store.targets()
        right = None if self.app.size.width < NARROW else clock_line(services, scene.stale, wide)
        room = self.app.size.width - (right.cell_len if right is not None else 0)
        left = counts_line(
            counts, targets, services.settings, room if wide else 0, self.ranker.own, self._told_besides(),
            self.view_told if self.app.size.width >= NAMED else "",
        )  # fmt: skip
        self.query_one("#header", Line).paint(header(left, right, self.app.size.width))
        if wide:
            height = self.query_one("#targets").size.height or max(1, self.app.size.height - 4)
            self.query_one("#targets-text", Line).paint(
                targets_text(services, scene.stale, height, scene.start)
            )
        self._draw_preview()

    def _told_besides(self) -> Text:
        """For the header: what alone is shown, and what is not covered."""
        cover = self.cover_told()
        if self.services.store.scope.is_whole:
            return cover
        from screens.fleet.narrowed import scope_told

        return Text(" · ").join(one for one in (scope_told(self.services.store), cover) if one)

    def _draw_preview(self) -> None:
        """Of the row under the cursor."""
        pane = self.query_one("#preview", Line)
        wide, row = self.has_class("wide"), self.table.current
        unshown = ("", Text(UNSHOWN, STYLE))
        shown = row if isinstance(row, Instance | TargetStatus) else None
        draw = partial(preview, shown, self.services, wide)
        if self.view is FleetView.COVER and is_covered(row):
            draw = partial(cover_preview, row, self.scene(), pane.size.width - 2)
        elif self.in_inbox and isinstance(row, Instance):
            draw = partial(self.inbox_preview, draw, row)
        title, text = drawn_or(self, "the preview", draw, unshown)
        pane.paint(text, title if wide else "")

    def _nothing(self, scene: RowContext) -> str:
        """An empty table is one good sentence; of health only where everything was read and nothing filtered away."""
        from screens.fleet.empty_list import empty_sentence  # most fleets have something to list

        said = empty_sentence(self.services.store, self.view, self.query_now, scene)
        if self.services.store.scope.is_whole:
            return said
        from screens.fleet.narrowed import scope_sentence

        return f"{said}{scope_sentence(self.services.store)}"

    @on(FleetTable.Highlighted)
    def another_row(self) -> None:
        self._draw_preview()
        self.draw_days(self.scene())
        self.draw_keys()

    # --- verbs

    @on(FleetTable.Opened)
    def verb_detail(self) -> None:
        """Of the instance under the cursor; of a target what can be done about it."""
        if self.subject is not None:
            tab = "cover" if self.view is FleetView.COVER else ""
            self.post_message(Go("detail", self.subject.key, tab))
        elif isinstance(self.table.current, TargetStatus):
            self._open_target(self.table.current)

    def _open_target(self, status: TargetStatus) -> None:
        from screens.fleet.target_trouble import TroubleSheet

        def done(what: str | None) -> None:
            if what == "copy":
                self.copy_target(status)
            elif what == "refresh":
                self.verb_refresh()
            elif what == "profiles":
                self.post_message(Go("profiles", status.target.profile))

        self.app.push_screen(TroubleSheet(status, self.services), done)

    async def verb_back(self) -> None:
        """From the filter to the table; then the filter goes, then the marks."""
        await self.settle_filter()
        if not self.leave_filter() and self.marks:
            self.marks.clear()
            self.fleet_changed()

    def verb_refresh(self) -> None:
        link = self.services.link
        if link is None or link.state.state is not LinkPhase.LIVE:
            self.say("the collector is not running yet: it reads everything when it is", "warning")
            return
        self.forget_groups()
        self.run_worker(link.request(ReadRequest(0, ReadKind.REFRESH)), group="refresh")
        self.say("reading everything again")


def _telling(rows: Sequence[FleetRow], scene: RowContext) -> frozenset[str]:
    """Which of the columns that may be spared have something to tell of these rows."""
    instances = [row for row in rows if isinstance(row, Instance)]
    found = set()
    if scene.ranker.own.works or any(row.events or why_down(row, scene.now) is not None for row in instances):
        found.add("next event")
    if any(row.state is not InstanceState.RUNNING for row in instances):
        found.add("state")
    return frozenset(found)
