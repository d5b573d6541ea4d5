"""The line in which a filter is typed. Made when it is first asked for."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import ClassVar

from rich.highlighter import Highlighter
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.events import Key, Paste
from textual.widgets import Static

from screens.base import Go
from screens.safe_input import SafeInput
from tui.domain import query
from tui.domain.sanitize import clean

HELD_UP = 2.0
"""Seconds a key waits at most for the letters before it."""


class Underline(Highlighter):
    """Underlines the term of a filter that makes no sense."""

    def highlight(self, text: Text) -> None:
        """Called by the input with what is typed."""
        parsed = query.parse_query(text.plain)
        if isinstance(parsed, query.QueryError):
            text.stylize("underline red", parsed.start, parsed.end)


class FilterInput(SafeInput):
    """Where the filter is typed. Up and down still move the table."""

    # Priority, as the screen's verbs have it: each is dealt with before the next key is handed out.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "screen.table(-1)", "up", priority=True),
        Binding("down", "screen.table(1)", "down", priority=True),
        Binding("enter", "screen.keep_filter", "keep the filter", priority=True),
    ]

    def __init__(self, typed: str = "") -> None:
        super().__init__(
            typed,
            placeholder="words, or check:impaired due<24h -tag.env:test …   ? lists all",
            highlighter=Underline(),
            compact=True,
            select_on_focus=False,
            id="filter",
        )

    async def settled(self) -> str:
        """The text, once all keys and pastes before this moment are in it."""
        done = asyncio.Event()
        if self.call_later(done.set):
            with suppress(TimeoutError):  # whatever holds it up must not hold up the keys
                await asyncio.wait_for(done.wait(), HELD_UP)
        return self.value

    def on_key(self, event: Key) -> None:
        """A question mark is a letter, unless nothing is typed. Asked here, after all the keys before it."""
        if event.character == "?" and not self.value:
            event.stop().prevent_default()
            self.post_message(Go("help"))

    def on_paste(self, event: Paste) -> None:
        """Lines become one: Textual would keep the first alone, and a list of ids comes a line each."""
        event.stop().prevent_default()
        start, end = sorted(self.selection)
        self.replace(" ".join(event.text.split()), start, end)


class FilterBar(Horizontal):
    """The slash, what is typed, and what is wrong with it."""

    DEFAULT_CSS = """
    FilterBar { split: bottom; height: 1; background: $surface; }
    FilterBar #slash { width: 3; text-style: bold; padding-left: 1; }
    FilterBar #filter { width: 1fr; }
    FilterBar #why { width: auto; max-width: 70%; color: $error; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, typed: str = "") -> None:
        super().__init__()
        self._typed, self.why = typed, ""

    def compose(self) -> ComposeResult:
        yield Static("/", id="slash")
        yield FilterInput(self._typed)
        yield Static(id="why", markup=False)

    def on_mount(self) -> None:
        """What is wrong with what stands there already."""
        self.read(self._typed)

    @property
    def input(self) -> FilterInput:
        return self.query_one(FilterInput)

    def read(self, typed: str, max_age: timedelta = query.COPY_MAX_AGE) -> query.Query | None:
        """The parsed filter; None where a term makes no sense, which is then shown. `max_age`: of a copy that counts."""
        parsed = query.parse_query(typed, max_age)
        why = self.query_one("#why", Static)
        self.why = clean(parsed.message) if isinstance(parsed, query.QueryError) else ""
        if isinstance(parsed, query.QueryError):
            why.update(clean(f" {parsed.message} "))  # the term is underlined
            return None
        why.update("")
        return parsed
