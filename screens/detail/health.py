"""What AWS Health says of the instance and of its zone: a line each, with AWS's own text once that was read."""

from __future__ import annotations

from collections.abc import Iterator

from screens.detail.view_model import Scene
from screens.page import Row, head
from tui.domain.diagnosis.health_findings import HEALTH_KINDS
from tui.domain.health import HealthReport
from tui.domain.health_notices import (
    HealthNotice,
    health_notices_of,
    issue_notice,
    issues_of,
    notices,
    of_scheduled,
)
from tui.domain.severity import Mark
from tui.presentation.symbols import MARKS


def told_by_health(scene: Scene) -> tuple[HealthNotice, ...]:
    """All of it; what a scheduled event shows already is not told again."""
    place = () if scene.status is None else scene.status.health
    return health_notices_of(scene.instance, place, scene.now, scene.zone)


def health_rows(scene: Scene) -> list[Row]:
    """A heading and a line each, with AWS's own words. Nothing where it tells nothing."""
    told, report = told_by_health(scene), scene.health or HealthReport()
    rows: list[Row] = []
    for one in told:
        sign = MARKS[one.mark]
        rows.append(Row(one.text, sign.symbol, "", sign.style))
        if text := report.text_of(one.event):
            rows.append(Row(str(text), "", "dim"))
    # Of what stands above as a scheduled event only AWS's longer text is new.
    for scheduled, event in of_scheduled(scene.instance, scene.now):
        if text := report.text_of(event):
            rows.append(Row(f"on the {scheduled.code_text}: {text}", "", "dim"))
    if not rows:
        return []
    waiting = "reading AWS's own text …" if told and scene.health is None else ""
    return [head("AWS Health", scene.health_trouble or waiting), *rows]


def health_head(scene: Scene) -> Iterator[Row]:
    """For the head: the gravest of what it tells of the instance, and of AWS's own trouble where it is. Each as far as the
    verdict's line does not say it."""
    first = next(iter(scene.diagnosis.findings), None)
    said = "" if first is None or not scene.diagnosis.line else first.key
    for told in notices(scene.instance, scene.now, scene.zone)[:1]:
        if said not in HEALTH_KINDS - {"aws-issue"}:
            yield Row(told.text, f"{MARKS[told.mark].symbol} Health", "", MARKS[told.mark].style)
    place = () if scene.status is None else scene.status.health
    troubles = (issue_notice(one, scene.now, scene.zone) for one in issues_of(scene.instance, place))
    for told in [one for one in troubles if one.mark is Mark.THREATENED][:1]:
        if said != "aws-issue":
            yield Row(told.text, f"{MARKS[told.mark].symbol} not you", "", MARKS[told.mark].style)
