"""The sheet that says why: metrics over time, the system log's findings, what was changed last. Each part as it is answered."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta

from msgspec.structs import replace
from rich.text import Text

from screens.detail.changes import changed_rows
from screens.detail.view_model import Scene, range_word
from screens.page import BLANK, Row
from tui.domain.diagnosis.evidence import METRIC_PRICE, MetricRow
from tui.domain.diagnosis.findings import Finding
from tui.domain.diagnosis.metric_findings import row_sentence
from tui.domain.diagnosis.metric_marks import row_order
from tui.domain.diagnosis.triage_row import TriageRow
from tui.domain.plurals import counted
from tui.domain.severity import Mark
from tui.domain.time_format import ago, bare_clock, to_zone
from tui.fleet.protocol import ReadKind
from tui.presentation.chart import Grid
from tui.presentation.instance_text import SHORT_STATES
from tui.presentation.symbols import MARKS
from tui.presentation.width import cut

ZOOMED = 6
"""Lines of a metric that is looked at closer."""
READING = "reading …"
NOT_READ = "? not read"
UNASKED = "don't know: not read (r reads)"
LABEL = 11
"""Columns of a label at most: `disk /var` and `instance` fit."""
_LEAST_CHART = 12
_TITLES = {MetricRow.CPU: "CPU", MetricRow.EBS_LIMIT: "EBS limit", MetricRow.VOLUME: "volumes"}
_AGENT = (MetricRow.MEMORY, MetricRow.SWAP, MetricRow.DISK)
_SEVERITY = {3: MARKS[Mark.FAILING], 2: MARKS[Mark.THREATENED]}
_SMALL = MARKS[Mark.NONE]


def triage(scene: Scene) -> list[Row]:
    """All that is known so far, and for the rest whether it is on its way or why it is not to be had."""
    return [*_metrics(scene), *_log(scene), BLANK, *changed_rows(scene), *_why(scene), *_foot(scene)]


# metrics


def _metrics(scene: Scene) -> Iterator[Row]:
    gathered, order = scene.gathered, row_order(scene.instance)
    lines = scene.reasons.rows
    room = _Room(scene)
    if any(one.points for one in lines):
        yield Row(label=room.range_label, drawn=room.axis(), single=True)
    yield from _folded([one for row in order for one in _of_row(scene, row, lines, room)])
    if any(one.points for one in lines) and (mark := room.first_failure()) is not None:
        yield Row(drawn=mark, single=True)
    causes = [gathered.why_unread(kind) for kind in (ReadKind.METRICS, ReadKind.AGENT_METRICS)]
    yield from (Row(why, NOT_READ, "", "bold magenta") for why in dict.fromkeys(causes) if why)


def _of_row(scene: Scene, row: MetricRow, lines: Sequence[TriageRow], room: _Room) -> Iterator[Row]:
    mine = [one for one in lines if one.row is row]
    for one in mine:
        yield from _lines(scene, one, room)
    if not mine and (told := _pending(scene, row)):
        yield Row(told, _title(row), "magenta" if told in (UNASKED, NOT_READ) else "dim", single=True)


def _folded(rows: Sequence[Row]) -> Iterator[Row]:
    """One line for all that say the same instead of a chart, where the first of them stands."""
    alike = defaultdict[str, list[Row]](list)
    for row in rows:
        alike[row.text].append(row)
    for row in rows:
        first, *others = alike[row.text]
        if not others or row.text in ("", READING):
            yield row
        elif row is first and len(others) + 1 == len(rows):
            yield replace(row, label="metrics")
        elif row is first:
            yield replace(row, note=f"also {', '.join(one.label for one in others)}")


def _pending(scene: Scene, row: MetricRow) -> str:
    """What stands where a row has no metrics: nothing if its question was answered and there are none."""
    kind = ReadKind.AGENT_METRICS if row in _AGENT else ReadKind.METRICS
    if scene.gathered.read_at(kind) is not None:
        return "– no agent known: nobody sends it" if row is MetricRow.MEMORY else ""
    if scene.gathered.is_asking(kind):
        return READING
    return UNASKED if scene.gathered.why_unread(kind) is None else NOT_READ


def _title(row: MetricRow) -> str:
    return _TITLES.get(row, row.value)


class _Room:
    """Where things stand in a line: mark, chart, words; and the chart's time."""

    def __init__(self, scene: Scene) -> None:
        view, gathered = scene.triage, scene.gathered
        self.scene = scene
        room = view.width - LABEL - 1 - 2
        self.words = min(44, max(26, room // 3))
        chart = room - 2 - self.words
        if chart < _LEAST_CHART:
            self.words, chart = room, 0
        read = [gathered.read_at(kind) for kind in (ReadKind.METRICS, ReadKind.AGENT_METRICS)]
        self.at = max((one for one in read if one is not None), default=scene.now)
        self.grid = Grid(self.at, timedelta(hours=view.hours), chart)

    @property
    def range_label(self) -> str:
        """The range that is shown and the zone of its times: `3 h, KST`."""
        return f"{range_word(self.scene.triage.hours)}, {to_zone(self.at, self.scene.zone).tzname()}"

    def axis(self) -> Text:
        """The clock at the third parts of the time; at the end the moment of the newest answer."""
        width, zone = self.grid.width, self.scene.zone
        line = ""
        days = self.grid.span > timedelta(days=1)
        for part in range(3):
            moment = self.grid.begin + self.grid.span / 3 * part
            word = bare_clock(moment, zone)
            word = f"{to_zone(moment, zone):%a} {word}" if days else word
            line = cut(line, width // 3 * part) if part else ""
            line += word
        end = "now" if self.scene.now - self.at < timedelta(minutes=2) else bare_clock(self.at, zone)
        line = cut(line, max(0, width - len(end))) + end
        return Text("  " + (f"{line}  {self._keys()}" if width else ""), "dim")

    def _keys(self) -> str:
        """What can be pressed: the key line of a narrow terminal has no room for all of it."""
        return "  ".join(
            f"{key} {range_word(hours)}" for key, hours in self.scene.triage.other_ranges.items()
        )

    def first_failure(self) -> Text | None:
        """A mark under the charts where the first failing check began, and which it was."""
        checks, zone = self.scene.instance.checks, self.scene.zone
        begun = [(since, name) for name in checks.impaired() if (since := checks.get(name).since) is not None]
        if not begun or not self.grid.width:
            return None
        since, name = min(begun, key=lambda one: one[0])
        at, told = self.grid.cell(since), f"{SHORT_STATES[name]} check fails since"
        if at is None:  # before all this
            day = f"{to_zone(since, zone):%a} " if self.grid.begin - since > timedelta(hours=12) else ""
            return Text(f"  ◀ {told} {day}{bare_clock(since, zone)}", "bold red")
        told = f"{told} {bare_clock(since, zone)}"
        short = f"fails since {bare_clock(since, zone)}"
        for words in (f"{told}, {ago(since, self.scene.now)}", told, short):
            if len(words) < at:
                return Text("  " + words.rjust(at - 1) + " ▲", "bold red")
            if len(words) <= self.grid.width + self.words - at - 2:
                break
        return Text("  " + " " * at + f"▲ {words}", "bold red")


def _lines(scene: Scene, line: TriageRow, room: _Room) -> Iterator[Row]:
    sign = MARKS[line.mark]
    bad = line.mark in (Mark.FAILING, Mark.THREATENED)
    label = cut(_title(line.row) if line.label == line.row.value else line.label, LABEL).rstrip()
    words = "bold" if bad else "" if line.mark is Mark.OK else sign.style
    chart = _chart(scene, line, room) if line.points and room.grid.width else ()
    told = textwrap.wrap(line.words, room.words)
    beside = [(one, words) for one in told]
    if len(chart) > 1:
        beside += [(one, "dim") for one in textwrap.wrap(_scale(line), room.words)]
    if not chart:
        yield Row(f"{sign.symbol} {line.words}", label, sign.style, "bold" if bad else "dim", single=True)
        return
    drawn = Text(no_wrap=True, overflow="ellipsis").append(sign.symbol + " ", sign.style)
    for number, one in enumerate(chart):
        drawn.append("\n  " if number else "")
        drawn.append(one, sign.style if bad else "")
        if number < len(beside):
            drawn.append("  " + beside[number][0], beside[number][1])
    yield Row(label=label, label_style="bold" if bad else "dim", drawn=drawn, single=True)
    if rest := told[len(chart) :]:  # what is wrong is said to its end
        yield Row(drawn=Text("  " + " ".join(rest), words), single=True)


def _scale(line: TriageRow) -> str:
    """What a zoomed chart is drawn against, how often it was measured and by whom."""
    often = f"a point every {line.period // 60} min" if line.period > 60 else "a point a minute"
    source = line.series[0].namespace if line.series else ""
    return f"full height {line.high:.4g} {line.unit}".rstrip() + f", {often}" + f", {source}" * bool(source)


def _chart(scene: Scene, line: TriageRow, room: _Room) -> tuple[str, ...]:
    kind = ReadKind.AGENT_METRICS if line.row in _AGENT else ReadKind.METRICS
    held = dict(scene.triage.ranges).get(kind, scene.triage.hours)
    if held != scene.triage.hours and scene.gathered.is_asking(kind):
        return (cut(READING, room.grid.width),)
    height = ZOOMED if scene.triage.zoomed else 1
    return scene.reasons.chart(line, room.grid, height, plain=scene.settings.ascii)


# the system log


def _log(scene: Scene) -> Iterator[Row]:
    log = None if scene.gathered.evidence is None else scene.gathered.evidence.log
    why = scene.gathered.why_unread(ReadKind.LOG)
    if scene.wide:
        yield BLANK
    if log is None or why:
        yield Row(*_unread(scene, ReadKind.LOG), single=not why)
    if log is None:
        return
    found = [one for one in scene.diagnosis.findings if one.text]
    which = {True: "newest output", False: "output of its last boot or stop", None: "output"}[log.latest]
    which = "output that evac kept before it acted" if log.kept_by else which
    age = ago(log.at, scene.now) if log.at is not None else "of an unknown time"
    told = [f"{which}, {age}", counted(len(log.lines), "line")]
    if log.diagnosis.boots > 1:
        told.append(counted(log.diagnosis.boots, "boot"))
    told.append(counted(len(found), "finding") if found else "no cause found")
    if log.diagnosis.came_up and not any(one.severity > 1 and not one.boot for one in found):
        told.append("it came up")
    yield Row(" · ".join(told) if log.lines else "AWS has no console output of it", "log", "dim")
    most = 6 if scene.wide or scene.triage.zoomed else 3
    yield from (_finding(scene, one) for one in found[:most])
    if len(found) > most:
        yield Row(f"{len(found) - most} more on the console tab", style="dim", single=True)


def _finding(scene: Scene, one: Finding) -> Row:
    sign = _SEVERITY.get(one.severity, _SMALL) if not one.boot else _SMALL
    drawn = Text(no_wrap=True, overflow="ellipsis")
    when = f"about {bare_clock(one.at, scene.zone)} " if one.at is not None else ""
    earlier = "an earlier boot: " if one.boot else ""
    drawn.append(f"{sign.symbol} ", sign.style)
    drawn.append(f"{when}{earlier}", "dim")
    drawn.append(one.words, "dim" if one.boot else "bold" if one.severity > 1 else "")
    drawn.append(f"  {one.text}", "dim")
    return Row(label=f"line {one.line}", drawn=drawn, single=True)


def _unread(scene: Scene, kind: ReadKind) -> tuple[str, str, str, str]:
    """Text, label and their styles for a part that is not there."""
    label = {ReadKind.LOG: "log", ReadKind.CHANGES: "changed"}.get(kind, str(kind))
    why = scene.gathered.why_unread(kind)
    if scene.gathered.is_asking(kind):
        return READING, label, "dim", "dim"
    if why:
        return why, f"? {label}", "magenta", "bold magenta"
    return UNASKED, label, "magenta", "dim"


# why


def _why(scene: Scene) -> Iterator[Row]:
    """The likeliest causes with what speaks for each and against it, and what would have to be known."""
    causes = [one for one in scene.diagnosis.findings if one.severity > 1 and not one.boot]
    shown: list[Finding] = []
    for one in causes:
        if len(shown) == 3 or any(_said_with(one, cause) for cause in shown):
            continue
        shown.append(one)
        sign = _SEVERITY.get(one.severity, _SMALL)
        yield BLANK
        yield Row(one.words, f"{sign.symbol} why", "bold", sign.style)
        yield from (Row(text, "for it") for text in one.evidence)
        yield from (Row(text, "against it") for text in one.against)
        yield Row(one.remedy, "do", note=one.source)
    if not scene.gathered.asking:
        kinds = (ReadKind.METRICS, ReadKind.AGENT_METRICS, ReadKind.LOG, ReadKind.CHANGES)
        above = tuple(why for kind in kinds if (why := scene.gathered.why_unread(kind)))
        drawn = {row_sentence(row) for row in scene.reasons.rows}
        unknown = [text for text in scene.diagnosis.unknown if text not in drawn and not text.endswith(above)]
        yield from [BLANK] if unknown else []
        yield from (Row(text, "" if at else "not known", "magenta") for at, text in enumerate(unknown))


def _said_with(one: Finding, cause: Finding) -> bool:
    """Whether a line of the log is told already, as what another finding brought about."""
    return bool(one.line) and any(text.endswith(f"{one.words} (line {one.line})") for text in cause.evidence)


# what it cost


def _foot(scene: Scene) -> Iterator[Row]:
    evidence, total = scene.gathered.evidence, scene.gathered.asked
    asked = 0 if evidence is None else evidence.asked
    if not total:
        return
    yield BLANK
    told = f"{counted(asked, 'metric')} asked, about {_dollars(asked)} a look"
    if total > asked:
        told += f"; {_dollars(total)} since this was opened"
    yield Row(f"{told}", style="dim")


def _dollars(asked: int) -> str:
    return f"${asked * METRIC_PRICE:.4f}"
