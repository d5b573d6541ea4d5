"""A fleet whose rows can be filtered: the table has the keys, or the line in which the filter is typed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual import on
from textual.widgets import Input

from screens.base import EvacScreen
from screens.fleet.table import FleetTable
from tui.commands import TYPING, Verb
from tui.domain import query
from tui.services import Services

if TYPE_CHECKING:
    from screens.fleet.filter_bar import FilterBar


class Filtering(EvacScreen):
    """Holds the table and the filter in force, `query_now`. A subclass lists again in `fleet_changed`."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.query_now = query.Query("")
        self.table = FleetTable()
        self.table.id = "table"
        self._bar: FilterBar | None = None
        self._opening = ""

    @property
    def filter_typed_now(self) -> str:
        """What stands in the line of the filter, be it readable or not."""
        return self._bar.input.value if self._bar is not None and self._bar.is_mounted else self._opening

    def open_with_filter(self, text: str) -> None:
        """Before the screen is composed: this filter is in force from the first frame on, if it can be read."""
        parsed = query.parse_query(text, self.services.settings.actions.image_max_age)
        self._opening = text
        if isinstance(parsed, query.Query):
            self.query_now = parsed

    def first_bar(self) -> Iterator[FilterBar]:
        """The line of the filter, if the screen opens with one."""
        if self._opening:
            from screens.fleet.filter_bar import FilterBar

            self._bar = FilterBar(self._opening)
            yield self._bar

    async def _made_bar(self) -> FilterBar:
        if self._bar is None:
            from screens.fleet.filter_bar import FilterBar

            self._bar = FilterBar()
            await self.mount(self._bar, before="#targets")
        return self._bar

    async def verb_filter(self) -> None:
        """Open the filter bar; it has the focus before the next key is handled."""
        bar = await self._made_bar()
        bar.display = True
        self.set_focus(bar.input)
        bar.input.select_all()  # what is typed now replaces the filter in force; end, and it goes on

    async def put_filter(self, text: str) -> str:
        """Have that filter in force, in its line as if it had been typed. What is wrong with it, which then hides nothing."""
        if not text and self._bar is None:
            return ""
        bar = await self._made_bar()
        bar.input.value, bar.display = text, bool(text)
        read = bar.read(text, self.services.settings.actions.image_max_age)
        self.query_now = read or query.Query("")
        self.set_focus(self.table)
        return "" if read is not None else bar.why

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While the filter is typed letters are letters: only the ways out of it stay verbs."""
        typing = action == "verb" and isinstance(self.focused, Input)
        if typing and parameters not in (("back",), ("palette",)):
            return False
        return super().check_action(action, parameters)

    def keys_now(self) -> list[tuple[Verb, bool]]:
        """Those of the table, or those of the filter while it is typed."""
        if isinstance(self.focused, Input):
            return [(verb, False) for verb in TYPING]
        return super().keys_now()

    def on_descendant_focus(self) -> None:
        self.draw_keys()

    @on(Input.Changed)
    def filter_typed(self) -> None:
        """A term that makes no sense is named, and the last good result stays."""
        if self._bar is not None:
            self._filter(
                self._bar.input.value
            )  # what is typed by now, which may be more than when this was sent

    def _filter(self, typed: str) -> None:
        max_age = self.services.settings.actions.image_max_age
        asked = self._bar.read(typed, max_age) if self._bar is not None else None
        if asked is not None and asked.text != self.query_now.text:
            self.query_now = asked
            self.table.at_first()
            self.fleet_changed()

    async def settle_filter(self) -> None:
        """While it is typed: wait until the keys before this one are in it, and list what they ask for.

        Textual hands a letter to the line and goes on to the next key. Without this a key that follows at once would leave
        the filter before its last letters, and be one of them, or act on a row of the list before.
        """
        if self._bar is not None and isinstance(self.focused, Input):
            self._filter(await self._bar.input.settled())

    async def action_keep_filter(self) -> None:
        """The filter stays in force; the keys go back to the table."""
        await self.settle_filter()
        if self._bar is not None and not self._bar.input.value:
            self._bar.display = False
        self.set_focus(self.table)

    async def action_table(self, by: int) -> None:
        """Move the table's cursor while the filter is typed."""
        await self.settle_filter()
        self.table.action_move(by)

    def leave_filter(self) -> bool:
        """From the filter to the table, and the filter goes; False if there was none."""
        bar = self._bar
        if bar is None or not (self.query_now.text or bar.display):
            return False
        bar.input.value = ""
        self._filter("")
        bar.display = False
        self.set_focus(self.table)
        return True
