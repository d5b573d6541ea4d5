"""The three answers of an instance: who acts if its host dies, who if its system hangs, whence its data comes back.

Pure and cheap: both faces ask it of ten thousand rows. What was not read is *don't know*, unless something that was read covers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from tui.domain.cover.alarm_dangers import other_alarm_lines
from tui.domain.cover.answers import (
    VERDICT_RANK,
    Cover,
    CoverAnswer,
    CoverLine,
    CoverSection,
    CoverVerdict,
)
from tui.domain.cover.copies import copy_lines
from tui.domain.cover.recovery import group_line, hang_lines, host_lines
from tui.domain.instance import Instance, InstanceState
from tui.domain.sanitize import clean

_ENDED = (InstanceState.TERMINATED, InstanceState.SHUTTING_DOWN)
_DOWN = (InstanceState.STOPPED, InstanceState.STOPPING)


def cover_of(instance: Instance, now: datetime, max_age: timedelta) -> Cover:
    """All three answers at `now` (UTC). `max_age`: an older copy counts as none (`actions.image_max_age`)."""
    host, hang, copies = _lines(instance, now, max_age)
    return Cover(*_answers(instance, host, hang, copies))


def cover_lines(instance: Instance, now: datetime, max_age: timedelta) -> tuple[CoverSection, ...]:
    """The same with all that it rests on, as the tab of cover tells it."""
    lines = _lines(instance, now, max_age)
    titles = (
        "if the host dies (system check)",
        "if the system hangs (instance check)",
        "if its data is lost",
    )
    answers = _answers(instance, *lines)
    sections = tuple(
        CoverSection(title, found, answer, _so(number, answer))
        for number, (title, found, answer) in enumerate(zip(titles, lines, answers, strict=True))
    )
    others = other_alarm_lines(instance)
    return (*sections, CoverSection("what else its alarms do", others)) if others else sections


def _lines(
    instance: Instance, now: datetime, max_age: timedelta
) -> tuple[tuple[CoverLine, ...], tuple[CoverLine, ...], tuple[CoverLine, ...]]:
    group = group_line(instance)
    return (
        host_lines(instance, group, now),
        hang_lines(instance, group, now),
        copy_lines(instance, now, max_age),
    )


def _answers(
    instance: Instance, host: Sequence[CoverLine], hang: Sequence[CoverLine], copies: Sequence[CoverLine]
) -> tuple[CoverAnswer, CoverAnswer, CoverAnswer]:
    if gone := _gone(instance):
        return gone, gone, gone
    data = _data(instance, host[-1], copies)
    if instance.state in _DOWN:
        down = _not_needed(f"it is {instance.state}: it starts on whichever host is well")
        return down, _not_needed(f"it is {instance.state}"), data
    return _best(host), _best(hang), data


def _gone(instance: Instance) -> CoverAnswer | None:
    if instance.state in _ENDED:
        return _not_needed(f"it is {instance.state}")
    member = None if instance.cover is None else instance.cover.scaling
    if member is not None and member.lifecycle.startswith("Terminat"):
        return _not_needed(f"group {clean(member.group, 60)} terminates it")
    return None


def _not_needed(why: str) -> CoverAnswer:
    return CoverAnswer(CoverVerdict.NOT_NEEDED, (), why, "not needed")


def _data(instance: Instance, group: CoverLine, copies: Sequence[CoverLine]) -> CoverAnswer:
    """A member's data is its group's: another is launched from the template, unless the group launches none."""
    member = None if instance.cover is None else instance.cover.scaling
    if member is not None and not member.lifecycle.startswith("Detach") and "Launch" not in member.suspended:
        return _not_needed(f"group {clean(member.group, 60)} launches another from its template")
    answer = _best(copies)
    if group.verdict is CoverVerdict.UNKNOWN and answer.verdict is not CoverVerdict.COVERED:
        return CoverAnswer(CoverVerdict.UNKNOWN, answer.by, _clause(group), group.word)
    return answer


def _best(lines: Sequence[CoverLine]) -> CoverAnswer:
    """The best of its lines; what is unread may be better than what is read in part."""
    best = CoverVerdict.NOBODY
    for line in lines:
        if line.verdict is not None and VERDICT_RANK[line.verdict] > VERDICT_RANK[best]:
            best = line.verdict
    sure = [line for line in lines if line.verdict is CoverVerdict.COVERED]
    partly = [line for line in lines if line.verdict is CoverVerdict.PARTLY]
    by = tuple(line.by for line in (*sure, *partly) if line.by)
    if sure:
        return CoverAnswer(best, by, _clause(sure[0]), sure[0].word)
    told = [line for line in lines if line.verdict is best]
    if best is CoverVerdict.NOBODY:  # what only looks like it, before what is simply not there
        told.sort(key=lambda line: line.word in ("none", "no alarm"))
    return CoverAnswer(best, by, "; ".join(map(_clause, told)), told[0].word)


def _clause(line: CoverLine) -> str:
    return line.why or f"{line.what}: {line.text}"


def _so(question: int, answer: CoverAnswer) -> str:
    """The conclusion in a sentence."""
    verdict = answer.verdict
    if verdict is CoverVerdict.NOT_NEEDED:
        return f"nothing is needed: {answer.why}"
    if verdict is CoverVerdict.UNKNOWN:
        return "don't know: something that could cover it was not read, or not told"
    by = ", ".join(answer.by)
    return _SO[question, verdict].format(by=by)


_SO = {
    (0, CoverVerdict.COVERED): "AWS moves it to another host, in most cases: {by}",
    (0, CoverVerdict.PARTLY): "it may be moved, or may not: {by}",
    (0, CoverVerdict.NOBODY): "nobody acts: it stays down until somebody stops and starts it (s)",
    (1, CoverVerdict.COVERED): "it is acted on without you: {by}",
    (1, CoverVerdict.PARTLY): "it may be rebooted, or may not: {by}",
    (1, CoverVerdict.NOBODY): "nobody acts: it stays down until somebody reboots it (b)",
    (2, CoverVerdict.COVERED): "it comes back from {by}",
    (2, CoverVerdict.PARTLY): "no AMI young enough to start from, but there is: {by}",
    (2, CoverVerdict.NOBODY): "there is nothing young enough to come back from: make an AMI (i)",
}
"""Of each question (host, system, data) and verdict."""


def gravest_first(cover: Cover) -> tuple[int, ...]:
    """A key to sort by: the gravest cover first, by its worst answer, then its second worst."""
    ranks = [VERDICT_RANK[answer.verdict] for answer in cover.answers]
    return (*sorted(ranks), *ranks)
