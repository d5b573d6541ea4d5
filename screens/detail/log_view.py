"""The lines of a system log: only the visible ones are drawn, whatever its length."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.events import Resize
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from screens.detail.log_layout import LogLayout, LogRow, finder, rule, same_place
from screens.render_errors import STYLE, UNSHOWN, report_error
from tui.domain.diagnosis.evidence import SystemLog
from tui.presentation.symbols import Sign
from tui.presentation.width import set_cell_size

SEVERITY_SIGNS = {
    3: Sign("✖", "stops it", "bold red"),
    2: Sign("▲", "likely", "bold yellow"),
    1: Sign("·", "hint", "bold"),
}
"""Of a finding."""
_TIMED = 64
"""Columns from which a line has its time beside it."""
_DIM = Style(dim=True)
_HIT = Style(reverse=True, bold=True)


class LogView(ScrollView, can_focus=False):
    """A log from its oldest line on. Its screen owns the keys. `chosen`: the marked line; `words`: what is searched."""

    DEFAULT_CSS = """
    LogView { scrollbar-size-vertical: 1; overflow: hidden scroll; padding: 0; }
    LogView .log--chosen { background: $primary-muted; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"log--chosen"}

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.shown: SystemLog | None = None
        self.chosen: int | None = None
        self.words = ""
        self._clock: Callable[[datetime], str] = str
        self._times: Callable[[int], datetime | None] = lambda _: None
        self._marks: Mapping[int, int] = {}
        self._layout_now: LogLayout | None = None
        self._drawn: dict[int, list[Segment]] = {}
        self._at_end = True
        self._to_reveal: int | None = None
        """The line to be seen once there is room to lay the log out."""

    def show(
        self, log: SystemLog, times: Callable[[int], datetime | None], clock: Callable[[datetime], str]
    ) -> None:
        """Show this log: at its end, or where the eye was in the one before. `times`: about when a line was written."""
        self._times, self._clock = times, clock
        before = self.shown
        if log is before:
            return
        at_end = self._at_end
        top = 0 if self._layout_now is None else self._layout_now.line_at(self.scroll_offset.y)
        self.shown = log
        self._marks = {one.line - 1: one.severity for one in reversed(log.diagnosis.findings)}
        if before is not None:
            self.chosen = None if self.chosen is None else same_place(before, log, self.chosen)
            top = same_place(before, log, top)
        self._lay_out()
        if at_end and self._to_reveal is None:
            self.call_after_refresh(self.bottom)
        elif self._layout_now is not None and self._layout_now.rows:
            self.scroll_to(y=self._layout_now.first[top], animate=False)
        self.redraw()

    def mark(self, line: int | None, words: str = "") -> None:
        """Mark a line and bring it into view; and the words that are searched for."""
        self.chosen, self.words = line, words
        if line is not None:
            self.reveal(line)
        self.redraw()

    def reveal(self, line: int) -> None:
        """Scroll, if it is out of view, so that it stands a third down: what led to it is above."""
        found = self._layout_now
        self._to_reveal = line if found is None else None
        if found is None or line >= len(found.first):
            return
        row, height, top = found.first[line], max(1, self.size.height), self.scroll_offset.y
        last = found.first[line + 1] - 1 if line + 1 < len(found.first) else len(found.rows) - 1
        if row < top or last >= top + height:
            self.scroll_to(y=max(0, row - height // 3), animate=False)

    @property
    def top_line(self) -> int:
        """The first line in view."""
        return 0 if self._layout_now is None else self._layout_now.line_at(self.scroll_offset.y)

    # as a page scrolls

    def move(self, lines: int) -> None:
        """Scroll by so many lines: down, or up if negative."""
        self.scroll_relative(y=lines, animate=False)

    def turn(self, pages: int) -> None:
        """Scroll by a page less a line, so that the eye finds its place."""
        self.move(pages * max(1, self.size.height - 1))

    def top(self) -> None:
        """Scroll to the first line."""
        self.scroll_to(y=0, animate=False)

    def bottom(self) -> None:
        """Scroll to the last line."""
        self.scroll_to(y=self.max_scroll_y, animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Whoever looks at the end, however it was reached, stays there when there is more or less room."""
        super().watch_scroll_y(old_value, new_value)
        self._at_end = round(new_value) >= self.max_scroll_y

    # drawing

    def on_resize(self, event: Resize) -> None:
        """Fold anew; the line that was on top stays there."""
        top, at_end = self.top_line, self._at_end
        self._drawn.clear()
        self._lay_out()
        found = self._layout_now
        if self._to_reveal is not None:
            self.call_after_refresh(self.reveal, self._to_reveal)
        elif at_end:
            self.call_after_refresh(self.bottom)
        elif found is not None and found.rows:
            self.scroll_to(y=found.first[min(top, len(found.first) - 1)], animate=False)

    def _lay_out(self) -> None:
        if self.shown is None or not self._width:
            return
        self._layout_now = LogLayout(self.shown, self._width - self._gutter)
        self.virtual_size = Size(self._width, len(self._layout_now.rows))

    @property
    def _width(self) -> int:
        """Columns beside the scroll bar."""
        return self.scrollable_content_region.width

    @property
    def _gutter(self) -> int:
        """Columns before the text: mark, number, time."""
        return 2 + self._number + 1 + (10 if self._is_timed else 0)

    @property
    def _number(self) -> int:
        return len(str(len(self.shown.lines))) if self.shown is not None else 1

    @property
    def _is_timed(self) -> bool:
        log = self.shown
        return self._width >= _TIMED and log is not None and any(one is not None for one in log.stamps)

    def redraw(self) -> None:
        """Draw the visible lines that differ."""
        for y in range(self.size.height):
            if self._drawn.get(y) != self._segments(y):
                self.refresh(Region(0, y, self._width, 1))

    def render_line(self, y: int) -> Strip:
        """A row of the log."""
        segments = self._drawn[y] = self._segments(y)
        return Strip(segments).adjust_cell_length(self._width, self.rich_style).simplify()

    def _segments(self, y: int) -> list[Segment]:
        ground, row = self.rich_style, y + self.scroll_offset.y
        found, log = self._layout_now, self.shown
        if found is None or log is None or row >= len(found.rows):
            return [Segment(" " * self._width, ground)]
        at = found.rows[row]
        try:
            return self._rule(at, ground) if at.start < 0 else self._row(log, at, ground)
        except Exception as error:
            report_error(self, f"line {at.line + 1} of the log", error)
            return [
                Segment(
                    set_cell_size(f"  {UNSHOWN}: line {at.line + 1}", self._width),
                    ground + Style.parse(STYLE),
                )
            ]

    def _rule(self, at: LogRow, ground: Style) -> list[Segment]:
        text = f"── {rule(at.end)} "
        return [Segment(text + "─" * max(0, self._width - len(text)), ground + _DIM)]

    def _row(self, log: SystemLog, at: LogRow, ground: Style) -> list[Segment]:
        if at.line == self.chosen:
            ground = ground + self.get_component_rich_style("log--chosen", partial=True)
        faint = ground + _DIM
        text, severity = log.lines[at.line], self._marks.get(at.line)
        body = faint if log.boots[at.line] and at.line != self.chosen else ground
        segments = [Segment("  ", ground)]
        if severity is not None:
            sign = SEVERITY_SIGNS[severity]
            body = body if log.boots[at.line] else ground + Style(bold=True)
            if not at.start:
                segments = [Segment(f"{sign.symbol} ", body + Style.parse(sign.style))]
        segments.append(Segment(self._beside(at), faint))
        segments += self._with_hits(text, at, body)
        room = self._width - sum(one.cell_length for one in segments)
        return [*segments, Segment(" " * max(0, room), ground)]

    def _beside(self, at: LogRow) -> str:
        if at.start:
            return " " * (self._gutter - 2)
        number = f"{at.line + 1:>{self._number}} "
        if not self._is_timed:
            return number
        moment = self._times(at.line)
        return number + (f"~{self._clock(moment)}" if moment is not None else "").ljust(10)

    def _with_hits(self, text: str, at: LogRow, body: Style) -> list[Segment]:
        if not self.words:
            return [Segment(text[at.start : at.end], body)]
        parts, done = [], at.start
        for hit in finder(self.words).finditer(text):
            start, end = max(hit.start(), done), min(hit.end(), at.end)
            if start < end:
                parts += [Segment(text[done:start], body), Segment(text[start:end], body + _HIT)]
                done = end
        return [one for one in (*parts, Segment(text[done : at.end], body)) if one.text]
