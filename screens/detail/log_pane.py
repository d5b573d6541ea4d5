"""The console tab: of when the log is, the finding that was chosen, the log itself, and the line in which is searched."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from screens.detail.log_head import log_head
from screens.detail.log_layout import lines_with
from screens.detail.log_view import LogView
from screens.detail.view_model import Scene
from screens.page import Row, Sheet
from screens.safe_input import SafeInput
from tui.domain.diagnosis.evidence import SystemLog
from tui.domain.diagnosis.wall_time import about, boot_began
from tui.domain.plurals import counted
from tui.domain.sanitize import SafeText
from tui.domain.time_format import to_zone
from tui.kept_output import KeptOutput

_DAY = timedelta(hours=20)
"""So long before the log's end a time without its day is no riddle."""


class LogSearch(SafeInput):
    """Where it is typed what the log is searched for."""

    # Priority: each is dealt with before the next key is handed out.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.hit(1)", "the next line that has it", priority=True),
        Binding("down", "screen.hit(1)", "the next line that has it", priority=True),
        Binding("up", "screen.hit(-1)", "the line before that has it", priority=True),
        Binding("escape", "screen.leave_search", "leave the search", priority=True),
    ]


class SearchBar(Horizontal):
    """The slash, what is typed, and how many lines have it. Made when it is first asked for."""

    DEFAULT_CSS = """
    SearchBar { height: 1; background: $surface; }
    SearchBar > #slash { width: 3; text-style: bold; padding-left: 1; }
    SearchBar > LogSearch { width: 1fr; }
    SearchBar > #hits { width: auto; max-width: 60%; padding-right: 1; text-wrap: nowrap; }
    """

    def compose(self) -> ComposeResult:
        yield Static("/", id="slash")
        yield LogSearch(
            placeholder="words in the log; ⏎ the next line that has them, esc ends", compact=True, id="words"
        )
        yield Static(id="hits", markup=False)

    @property
    def input(self) -> LogSearch:
        """The field in which the words to search for are typed."""
        return self.query_one(LogSearch)

    def say(self, told: str, style: str) -> None:
        """Say beside the field how many lines have the words."""
        self.query_one("#hits", Static).update(Text(told, style))


class LogPane(Vertical):
    """Shows a scene's system log. `chosen`: the finding last gone to, by its place among those of the log."""

    DEFAULT_CSS = """
    LogPane { height: 1fr; display: none; }
    LogPane #about-log { height: auto; max-height: 10; padding: 0 1; }
    LogPane LogView { height: 1fr; }
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.chosen: int | None = None
        self.picture: list[Row] = []
        """What is known of the screenshot that was asked for."""
        self.kept: KeptOutput | None = None
        """What evac kept of an earlier output."""
        self._bar: SearchBar | None = None
        self._hits: list[int] = []
        self._hit = 0
        self._from = 0
        self._scene: Scene | None = None
        self._began: datetime | None = None

    def compose(self) -> ComposeResult:
        yield Sheet(id="about-log")
        yield LogView(id="log")

    @property
    def view(self) -> LogView:
        """The scrolling part: the log's own lines."""
        return self.query_one(LogView)

    @property
    def shown(self) -> SystemLog | None:
        """The log that is shown."""
        return self.view.shown

    @property
    def is_searching(self) -> bool:
        """Whether the search field is open, so that letters are text and no keys."""
        return self._bar is not None and bool(self._bar.display)

    def show(self, scene: Scene) -> None:
        """Draw the scene's log, and what is known of it."""
        self._scene = scene
        evidence = scene.gathered.evidence
        log = None if evidence is None else evidence.log
        before = self.shown
        if log is not None and log is not before:
            self._began = boot_began(log, scene.instance.launched_at)
            self.chosen = _again(before, log, self.chosen)
            self.view.show(log, partial(about, log, began=self._began), partial(_clock, log, scene.zone))
            if self.is_searching:
                self._find(keep=True)
        about_log = log_head(scene, log, self.chosen, self._began, self.kept)
        self.query_one("#about-log", Sheet).show([*about_log, *self.picture])

    # findings

    def next_finding(self) -> str | None:
        """Go to the next one, from the gravest of the last boot on, and round again; why not, if there is none."""
        log = self.shown
        found = () if log is None else log.diagnosis.findings
        if not found:
            return "no known kind of trouble is in this log"
        self.chosen = 0 if self.chosen is None else (self.chosen + 1) % len(found)
        self._to(found[self.chosen].line - 1)
        return None

    def line_to_copy(self) -> tuple[int, SafeText] | None:
        """Number and text of the line that is marked, else of the gravest finding; None if there is neither."""
        log = self.shown
        if log is None:
            return None
        found = log.diagnosis.findings
        line = self.view.chosen
        if line is None:
            line = found[0].line - 1 if found else None
        return None if line is None or line >= len(log.lines) else (line + 1, log.lines[line])

    def _to(self, line: int) -> None:
        self.view.mark(line, self.view.words)
        if self._scene is not None:
            self.show(self._scene)
            self.call_after_refresh(self.view.reveal, line)  # the head above it may have grown

    # search

    async def begin_search(self) -> None:
        """Letters are letters from here on."""
        self._from = self.view.top_line
        if self._bar is None:
            self._bar = SearchBar()
            await self.mount(self._bar)
        self._bar.display = True
        self.screen.set_focus(self._bar.input)
        self._bar.input.select_all()
        self._find()

    def end_search(self) -> None:
        """The log stays where it is."""
        if self._bar is None or not self._bar.display:
            return
        self._bar.display = False
        self.screen.set_focus(None)
        self._hits = []
        self.view.mark(self.view.chosen)

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        """Look for what is typed by now."""
        event.stop()
        if self._bar is not None and self._bar.display and self._bar.input.value != self.view.words:
            self._find()

    def hit(self, by: int) -> None:
        """To the next line that has it, or the one before; round at the ends."""
        if self._bar is not None and self._bar.input.value != self.view.words:
            self._find()
        elif self._hits:
            self._hit = (self._hit + by) % len(self._hits)
            self.view.mark(self._hits[self._hit], self.view.words)
        self._say_hits()

    def _find(self, *, keep: bool = False) -> None:
        """The line from where the search began; if none follows, the last one before. Without any the view stays."""
        log, bar = self.shown, self._bar
        if log is None or bar is None:
            return
        words = bar.input.value
        self._hits = lines_with(log, words)
        start = self.view.chosen if keep and self.view.chosen is not None else self._from
        after = (place for place, line in enumerate(self._hits) if line >= start)
        self._hit = next(after, len(self._hits) - 1)
        if self._hits:
            self.chosen = None
        self.view.mark(self._hits[self._hit] if self._hits else self.view.chosen, words if self._hits else "")
        self.view.words = words
        self._say_hits()

    def _say_hits(self) -> None:
        words = self.view.words
        told, style = f"{self._hit + 1} of {counted(len(self._hits), 'line')}", "bold"
        if not self._hits:
            told, style = ("no line has it", "bold red") if words else ("", "")
        if self._bar is not None:
            self._bar.say(told, style)


def _clock(log: SystemLog, zone: tzinfo, moment: datetime) -> str:
    """The time of day; far before the log's end, the day."""
    local = to_zone(moment, zone)
    return f"{local:%m-%d}" if log.at is not None and log.at - moment > _DAY else f"{local:%H:%M:%S}"


def _again(before: SystemLog | None, log: SystemLog, chosen: int | None) -> int | None:
    """The place of the same finding in a newer output."""
    if before is None or chosen is None or chosen >= len(before.diagnosis.findings):
        return None
    one = before.diagnosis.findings[chosen]
    same = ((other.key, other.text) == (one.key, one.text) for other in log.diagnosis.findings)
    return next((place for place, is_same in enumerate(same) if is_same), None)


def log_text(log: SystemLog) -> str:
    """The log as a file holds it: cleaned lines, as they are shown."""
    return "".join(f"{line}\n" for line in log.lines)
