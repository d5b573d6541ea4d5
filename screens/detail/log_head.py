"""What stands above a system log: of when it is, how much of it there is, and the finding that was gone to."""

from __future__ import annotations

from datetime import datetime

from screens.detail.log_view import SEVERITY_SIGNS
from screens.detail.view_model import Scene
from screens.page import Row
from tui.domain.diagnosis.evidence import SystemLog
from tui.domain.diagnosis.findings import Finding
from tui.domain.diagnosis.wall_time import about
from tui.domain.plurals import counted
from tui.domain.time_format import ago, both_zones
from tui.fleet.protocol import ReadKind
from tui.kept_output import KeptOutput

_WHICH = {
    True: "the latest there is",
    False: "what AWS kept of its last boot or stop: newer lines are not to be had of this type",
    None: "whether newer lines exist is not known",
}


def log_head(
    scene: Scene,
    log: SystemLog | None,
    chosen: int | None,
    began: datetime | None,
    kept: KeptOutput | None = None,
) -> list[Row]:
    """`chosen`: the finding, by its place among those of the log. `began`: as `boot_began` has it. `kept`: what evac kept."""
    gathered = scene.gathered
    why = gathered.why_unread(ReadKind.LOG)
    rows: list[Row] = []
    if log is None:
        unread = "reading …" if gathered.is_asking(ReadKind.LOG) else "don't know: not looked up (r looks)"
        rows.append(Row(f"don't know: {why}" if why else unread, style="magenta"))
    else:
        if why is not None:
            told = f"AWS's own: {why}" if log.kept_by else f"{why}; below is the output as it was read before"
            rows.append(Row(told, "? not read", "", "bold magenta"))
        rows.append(_of_when(scene, log))
        rows += _finding(scene, log, chosen, began) or _of_what(log)
    if kept is not None and (log is None or log.kept_by != kept.path):
        rows.append(_kept(scene, kept))
    return rows


def _finding(scene: Scene, log: SystemLog, chosen: int | None, began: datetime | None) -> list[Row]:
    found = log.diagnosis.findings
    if chosen is None or chosen >= len(found):
        return []
    one = found[chosen]
    sign = SEVERITY_SIGNS[one.severity]
    text = f"{_likely(one)}{one.words} ({_where(scene, log, one, began)})"
    return [
        Row(text, f"{sign.symbol} {chosen + 1} of {len(found)}", "bold", sign.style),
        Row(one.remedy, "do", note=f"[{one.source}]"),
    ]


def _likely(one: Finding) -> str:
    if one.boot:
        return "of an earlier boot, not the cause of what is now: "
    return "likely: " if one.severity > 1 else ""


def _where(scene: Scene, log: SystemLog, one: Finding, began: datetime | None) -> str:
    moment = about(log, one.line - 1, began)
    at = f", about {both_zones(moment, scene.zone, scene.now)}" if moment is not None else ""
    return f"line {one.line}{at}" + (f", {one.times} times" if one.times > 1 else "")


def _of_when(scene: Scene, log: SystemLog) -> Row:
    """Whose output it is, and of when."""
    at = f"as of {scene.when(log.at)}" if log.at is not None else "of an unknown time"
    which = _WHICH[log.latest]
    if log.kept_by:
        which = f"kept by evac before its own stop or reboot ({log.kept_by})"
    return Row(f"{at}: {which}", "output", "bold")


def _kept(scene: Scene, kept: KeptOutput) -> Row:
    of = f"{ago(kept.kept_at, scene.now)}, before its own {kept.before}"
    return Row(f"evac kept the output of {of}: {kept.path} (evac diagnose --log reads it)", "kept", "dim")


def _of_what(log: SystemLog) -> list[Row]:
    """How much there is of it, and what is in it."""
    if not any(log.lines):
        return [
            Row("there is none: it comes some minutes after a start, and not from every system", style="dim")
        ]
    diagnosis = log.diagnosis
    boots = f", {diagnosis.boots} boots (the earlier dim)" if diagnosis.boots > 1 else ""
    up = ", the last one came up" if diagnosis.boots > 1 else ", it came up"
    found = counted(len(diagnosis.findings), "finding")
    told = f"{found}: f shows the next" if diagnosis.findings else "no known kind of trouble in it"
    size = f"{counted(len(log.lines), 'line')}{boots}{up if diagnosis.came_up else ''}"
    return [Row(f"{size} · {told}")]
