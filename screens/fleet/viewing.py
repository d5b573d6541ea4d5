"""Which view the list shows: evac's own, or one that the configuration names, with its columns, its order and its filter."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Sequence
from functools import partial, partialmethod

from msgspec.structs import replace

from screens.base import PaletteCommand
from screens.fleet.columns import FleetColumn
from screens.fleet.covering import Covering
from tui.commands import Verb
from tui.config.sections import ViewSettings
from tui.domain.listing import AnyOrder, FleetView, SortOrder, TagOrder, order_named
from tui.domain.sanitize import clean
from tui.presentation.width import middle
from tui.services import Services

TITLES = {
    FleetView.TRIAGE: "triage",
    FleetView.ALL: "all",
    FleetView.EVENTS: "inbox",
    FleetView.TARGETS: "by target",
    FleetView.COVER: "cover",
}
_LISTS = (FleetView.TRIAGE, FleetView.ALL, FleetView.TARGETS)
"""Views of evac's that the top-level `columns` are for: the others have columns of their own."""
MOST_TOLD = 3
"""So many doubts of the configuration are told when the console opens; `evac doctor` has them all."""
SHORT = 8
"""Columns of a view's name in a narrow key line."""


class Viewing(Covering):
    """`view` is what is listed, `own` the name of the view of one's own that it is listed for, or nothing.

    Such a view brings its order and its filter. Left, it takes back what of them is still as it brought it: what was changed
    in it is the operator's and stays, as in any view.
    """

    def __init__(self, services: Services, view: str = "", wanted: str = "") -> None:
        """`view`: the name of the first view; `wanted`: a filter in place of its own."""
        super().__init__(services)
        self.view = FleetView.TRIAGE
        self.order: AnyOrder = SortOrder.URGENCY
        self.own = ""
        self._before: tuple[AnyOrder, str] = (self.order, "")
        self._first_view, self._first_filter = view, wanted

    @property
    def own_view(self) -> ViewSettings | None:
        """What the configuration says of it; None in evac's views."""
        return self.services.settings.views.get(self.own) if self.own else None

    @property
    def is_changed(self) -> bool:
        """Whether order or filter are others than the view of one's own says: its name alone would mislead."""
        own = self.own_view
        return own is not None and (str(self.order) != own.sort or self.filter_typed_now != own.filter)

    @property
    def view_title(self) -> str:
        """How it is called above the list."""
        if not self.own:
            return TITLES[self.view]
        return f"{clean(self.own)}, changed" if self.is_changed else clean(self.own)

    @property
    def view_told(self) -> str:
        """For the header, which names a view of one's own: nothing else tells it in a narrow terminal."""
        return (clean(self.own) + "*" * self.is_changed) if self.own else ""

    @property
    def column_names(self) -> tuple[str, ...]:
        """Those that the configuration names for what is shown; none: evac's own."""
        own = self.own_view
        if own is not None and own.columns:
            return own.columns
        return self.services.settings.columns if self.view in _LISTS else ()

    def columns_now(self) -> Sequence[FleetColumn]:
        """The columns in place of the usual ones; none: the usual ones."""
        if names := self.column_names:
            from screens.fleet.own_columns import own_columns  # most name none

            if found := own_columns(names, of_cover=self.view is FleetView.COVER):
                return found
        return self.cover_columns()

    def tag_columns(self) -> tuple[str, ...]:
        """The keys of the tags that are shown."""
        return tuple(
            dict.fromkeys(one.removeprefix("tag.") for one in self.column_names if one[:4] == "tag.")
        )

    # from one to another

    def open_first(self) -> None:
        """Before the first frame: the view and the filter that were asked for."""
        views = self.services.settings.views
        if self._first_filter and not self._first_view:
            self._first_view = FleetView.ALL  # whoever names what to see wants to see it, in trouble or not
        if self._first_view in views:
            self._enter(self._first_view)
            self.open_with_filter(self._first_filter or views[self._first_view].filter)
        elif self._first_view or self.services.settings.columns:
            self._list(FleetView(self._first_view or self.view))
        if self._first_filter and not self.own:
            self.open_with_filter(self._first_filter)

    def tell_doubts(self) -> None:
        """What of the configuration cannot be shown as it was meant."""
        settings = self.services.settings
        if not (settings.views or settings.columns):
            return
        from tui.config.views import view_doubts

        found = list(view_doubts(settings.columns, settings.views))
        where = self.services.config_path
        for line in found[:MOST_TOLD]:
            self.say(f"{clean(where)}: {line}" if where else line, "warning")
        if len(found) > MOST_TOLD:
            self.say(f"and {len(found) - MOST_TOLD} more: evac doctor lists them", "warning")

    async def look_at(self, view: FleetView) -> None:
        """Show one of evac's views."""
        await self._leave()
        self._list(view)
        self.fleet_changed()

    async def look_at_own(self, name: str) -> None:
        """Show a view of one's own as the configuration has it, also where it is shown already, and changed."""
        await self._leave()
        self._before = (self.order, self.filter_typed_now)
        self._enter(name)
        own = self.services.settings.views[name]
        if own.filter and (wrong := await self.put_filter(own.filter)):
            self.say(
                f"view {clean(name)}: its filter cannot be read, so it hides nothing: {wrong}", "warning"
            )
        self.fleet_changed()

    async def _leave(self) -> None:
        """What the view of one's own brought goes with it."""
        own = self.own_view
        self.own = ""
        if own is None:
            return
        order, text = self._before
        if str(self.order) == own.sort:
            self.order = order
        if own.filter and self.filter_typed_now == own.filter:
            await self.put_filter(text)

    def _enter(self, name: str) -> None:
        own = self.services.settings.views[name]
        self.own, self.order = name, order_named(own.sort)
        self._list(FleetView(own.base))

    def _list(self, view: FleetView) -> None:
        self.view = view
        if view is FleetView.COVER or self._shows_cover():
            self.want_cover()  # whom nobody helps; it is read from now on
        self.set_class(view is FleetView.COVER, "cover")
        self.set_class(view is FleetView.EVENTS, "inbox")
        self.table.at_first()

    def _shows_cover(self) -> bool:
        if not (names := self.column_names):
            return False
        from tui.config.views import COVER_NAMES

        return not set(names).isdisjoint(COVER_NAMES)

    # verbs

    def verb_triage(self) -> Awaitable[None]:
        return self.look_at(FleetView.TRIAGE)

    def verb_all(self) -> Awaitable[None]:
        return self.look_at(FleetView.ALL)

    def verb_events(self) -> Awaitable[None]:
        return self.look_at(FleetView.EVENTS)

    def verb_targets(self) -> Awaitable[None]:
        return self.look_at(FleetView.TARGETS)

    def verb_cover(self) -> Awaitable[None]:
        return self.look_at(FleetView.COVER)

    def own_on(self, key: int) -> str:
        """The name of the view on that key, or nothing."""
        views = self.services.settings.views
        return next((name for name, view in views.items() if view.key == key), "")

    async def _own_by_key(self, key: int) -> None:
        if name := self.own_on(key):
            await self.look_at_own(name)
        else:
            self.say(f"no view of your own is on {key}: docs/config.md, [views.NAME]", "warning")

    verb_view_6 = partialmethod(_own_by_key, 6)
    verb_view_7 = partialmethod(_own_by_key, 7)
    verb_view_8 = partialmethod(_own_by_key, 8)
    verb_view_9 = partialmethod(_own_by_key, 9)

    def verb_save_view(self) -> None:
        """Ask for a name and a key, write what is shown into the configuration, and show it as what it is now."""
        from screens.fleet.save_view import SavedView, SaveView
        from tui.config.views import is_column

        own, text = self.own_view, self.filter_typed_now
        if text and text != self.query_now.text:
            self.say("the filter cannot be read: mend it first, or esc clears it", "warning")
            return
        view = ViewSettings(
            key=own.key if own is not None else 0,
            columns=tuple(one for one in self.column_names if is_column(one)),
            sort=str(self.order),
            filter=text,
            base=str(self.view),
        )

        async def saved(found: SavedView | None) -> None:
            if found is None:
                self.say("no view was saved")
                return
            self.say(found.told)
            await self.look_at_own(found.name)
            self._before = (SortOrder.URGENCY, "")  # what it was saved with is the view's from now on

        self.app.push_screen(SaveView(self.services, self.own, view), saved)

    def verb_sort(self) -> None:
        """The next order; behind evac's those by the tags that are shown."""
        orders: list[AnyOrder] = [*SortOrder, *map(TagOrder, self.tag_columns())]
        at = orders.index(self.order) if self.order in orders else -1
        self.order = orders[(at + 1) % len(orders)]
        self.table.at_first()
        self.fleet_changed()
        self.say(f"sorted by {self.order}")

    def verb_here(self, verb: Verb) -> Verb | None:
        """A key of a view of one's own is called by its name; without one there is none."""
        if not verb.name.startswith("view-"):
            return super().verb_here(verb)
        name = self.own_on(int(verb.key))
        if not name:
            return None
        return replace(
            verb, title=clean(name), footer=clean(name), short=middle(clean(name), SHORT), in_key_line=True
        )

    def commands_here(self) -> Iterator[PaletteCommand]:
        """The views of one's own that are on no key."""
        for name, view in self.services.settings.views.items():
            if not view.key:
                told = "a view of your own that is on no key"
                yield PaletteCommand(clean(name), told, partial(self.look_at_own, name))
