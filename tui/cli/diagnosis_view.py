"""How `evac diagnose` prints what it found: the likely cause, each finding, a line a metric with its chart, the last changes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from tui.cli import output, streams
from tui.domain.diagnosis.evidence import METRIC_PRICE, Change, Evidence, MetricRow, SystemLog
from tui.domain.diagnosis.findings import Finding, LogDiagnosis
from tui.domain.diagnosis.metric_marks import triage_rows
from tui.domain.diagnosis.triage_row import TriageRow
from tui.domain.diagnosis.verdict import Diagnosis
from tui.domain.instance import CheckStatus, Instance
from tui.domain.plurals import counted
from tui.domain.severity import Mark
from tui.domain.time_format import ago, bare_clock, both_zones, to_zone
from tui.presentation.chart import Grid, blocks, signs
from tui.presentation.symbols import MARKS
from tui.presentation.width import cut

_HOURS = 3
WIDTH = 36
"""Columns of a chart: five minutes each."""
_WORDS = {3: "likely", 2: "likely", 1: "a hint"}
_LABEL = 14


def print_log(found: LogDiagnosis, skipped: int) -> None:
    """A log's findings. `skipped`: lines that were left out before its first one."""
    many = f"{counted(found.lines, 'line')}, {counted(found.boots, 'boot')}"
    if skipped:
        output.say(f"only its last {counted(found.lines, 'line')} were read")
    if not found.findings:
        output.say(f"nothing known in {many}: that is no proof of health")
        return
    for one in found.findings:
        _print_finding(one, skipped)
    if found.came_up and not any(one.severity > 1 and not one.boot for one in found.findings):
        output.say("its last boot came up: if a check still fails, look at the network")


def print_diagnosis(
    instance: Instance, evidence: Evidence, told: Diagnosis, now: datetime, zone: tzinfo
) -> None:
    """An instance's. Times are of `zone`."""
    output.line(f"{instance.label} {instance.instance_id} {instance.target.key} {instance.state}")
    _wrapped(_checks(instance, now, zone))
    if told.line:
        _wrapped(f"{told.label}: {told.line}")
    output.line("")
    for one in told.findings:
        _print_finding(one, 0)
    if not told.findings:
        output.say("nothing was found in what was read: that is no proof of health")
    _print_metrics(instance, evidence, now, zone)
    _print_log_state(evidence.log, now)
    _print_changes(evidence.changes, now)
    for why in told.unknown:
        output.say(f"? {why}")
    if evidence.asked:
        output.say(f"{counted(evidence.asked, 'metric')} asked, about ${evidence.asked * METRIC_PRICE:.4f}")


def _checks(instance: Instance, now: datetime, zone: tzinfo) -> str:
    told = []
    for name in instance.checks.impaired():
        since = instance.checks.get(name).since
        when = f" since {both_zones(since, zone, now)}, {ago(since, now)}" if since is not None else ""
        told.append(f"{name.value} check fails{when}")
    if told:
        return "; ".join(told)
    known = (
        instance.checks.system.status is CheckStatus.OK and instance.checks.instance.status is CheckStatus.OK
    )
    return "no check fails" if known else "its checks are not known"


def _print_finding(one: Finding, skipped: int) -> None:
    earlier = f"{counted(one.boot, 'boot')} earlier: not what fails now" if one.boot else ""
    again = f"{one.times} times, the last" if one.times > 1 else ""
    line = f"line {one.line + skipped}" if one.line else ""
    where = ", ".join(filter(None, (line, again, earlier)))
    output.line(f"{one.key}  {_WORDS[one.severity]}" + (f"  ({where})" if where else ""))
    if one.text:
        _wrapped(one.text, "    | ")
    _wrapped(one.words, "    ")
    for word, sentences in (("for", one.evidence), ("against", one.against)):
        if sentences:
            _wrapped(f"{word}: {'; '.join(sentences)}", "    ")
    if one.remedy:
        _wrapped(f"do: {one.remedy}", "    ")
    if one.source:
        _wrapped(f"[{one.source}]", "    ")


def _print_metrics(instance: Instance, evidence: Evidence, now: datetime, zone: tzinfo) -> None:
    rows = triage_rows(instance, evidence.metrics or (), now, zone)
    if not rows:
        return
    grid = Grid(now, timedelta(hours=_HOURS), WIDTH)
    output.line("")
    if any(one.points for one in rows):
        begin = f"{bare_clock(grid.begin, zone)}"
        label = f"{_HOURS} h, {to_zone(now, zone).tzname()}"
        output.line(cut(label, _LABEL) + "  " + begin + "now".rjust(WIDTH - len(begin)))
    for one in rows:
        sign = MARKS[one.mark].symbol
        label = cut(one.label, _LABEL - 1)
        chart = f"{_chart(one, grid)}  " if one.points else ""
        output.line(f"{label} {sign} {chart}{one.words}".rstrip())


def _chart(one: TriageRow, grid: Grid) -> str:
    cells = grid.laid(one.points, one.period, min if one.lowest else max)
    plain = streams.in_plain_ascii()
    if one.row is MetricRow.CHECK:
        return signs(cells, MARKS[Mark.OK].symbol, MARKS[Mark.FAILING].symbol, plain=plain)
    shifted = [None if value is None else value - one.low for value in cells]
    return blocks(shifted, one.high - one.low, plain=plain)[0]


def _print_log_state(log: SystemLog | None, now: datetime) -> None:
    if log is None:
        return
    which = {True: "the newest output", False: "the output of its last boot or stop", None: "output"}[
        log.latest
    ]
    if log.kept_by:
        which = f"kept by evac before it acted ({log.kept_by})"
    at = f" of {ago(log.at, now)}" if log.at is not None else ""
    grave = any(one.severity > 1 and not one.boot for one in log.diagnosis.findings)
    up = ", it came up" if log.diagnosis.came_up and not grave else ""
    output.line("")
    _wrapped(
        f"system log: {which}{at}, {counted(len(log.lines), 'line')}, {counted(log.diagnosis.boots, 'boot')}{up}"
        if log.lines
        else "system log: AWS has no console output of it"
    )


def _print_changes(changes: Sequence[Change] | None, now: datetime) -> None:
    if not changes:
        return
    output.line("")
    output.line("changed last (CloudTrail shows a call only minutes later)")
    for one in changes[:8]:
        who = f"  {one.user or '?'}" + (f" from {one.source_ip}" if one.source_ip else "")
        ours = f"  (evac, {one.operation})" if one.operation else ""
        refused = f"  refused: {one.error}" if one.error else ""
        _wrapped(f"{ago(one.at, now)}  {one.event} {one.what}".rstrip() + who + ours + refused, "  ")


def _wrapped(text: str, indent: str = "") -> None:
    for part in textwrap.wrap(text, output.columns(100), initial_indent=indent, subsequent_indent=indent):
        output.line(part)
