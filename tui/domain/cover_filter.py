"""What `recovery:` and `copy:` mean in a filter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from tui.domain.cover.answers import GAPS, VERDICT_RANK, CoverAnswer, CoverVerdict
from tui.domain.cover.remembered import remembered_cover
from tui.domain.filter_choices import ACTS, ANY_GAP, COPIES, NO_COPY, ONE_OF_TWO, VERDICTS, no_choice
from tui.domain.instance import Instance

_Test = Callable[[Instance, datetime], bool]


def recovery_test(value: str, max_age: timedelta) -> _Test:
    """`gap`, a verdict, or who acts; `host-` and `hang-` before a verdict ask of that one alone. ValueError of anything else."""
    if (named := ACTS.get(value)) is not None:
        return lambda instance, now: any(
            by.startswith(named)
            for answer in remembered_cover(instance, now, max_age).answers[:2]
            for by in answer.by
        )
    for prefix, number in ONE_OF_TWO.items():
        if value.startswith(prefix) and value.removeprefix(prefix) in VERDICTS:
            return _one_of(value.removeprefix(prefix), number, max_age)
    if value not in VERDICTS:
        raise no_choice("recovery", value)
    return _both(value, max_age)


def _both(value: str, max_age: timedelta) -> _Test:
    def test(instance: Instance, now: datetime) -> bool:
        verdicts = [answer.verdict for answer in remembered_cover(instance, now, max_age).answers[:2]]
        if value == CoverVerdict.COVERED:  # both, as check:ok
            best = VERDICT_RANK[CoverVerdict.COVERED]
            return CoverVerdict.COVERED in verdicts and min(VERDICT_RANK[one] for one in verdicts) >= best
        if value == CoverVerdict.NOT_NEEDED:
            return all(one is CoverVerdict.NOT_NEEDED for one in verdicts)
        return any(one in GAPS if value == ANY_GAP else one.value == value for one in verdicts)

    return test


def copy_test(value: str, max_age: timedelta) -> _Test:
    """`gap`, a verdict, `none` for *nobody*, or from what it comes back. ValueError of anything else."""
    if (named := COPIES.get(value)) is not None:
        return lambda instance, now: any(
            named in by for by in remembered_cover(instance, now, max_age).data_lost.by
        )
    verdict = CoverVerdict.NOBODY.value if value == NO_COPY else value
    if verdict not in VERDICTS:
        raise no_choice("copy", value)
    return _one_of(verdict, 2, max_age)


def _one_of(value: str, number: int, max_age: timedelta) -> _Test:
    def asked(answer: CoverAnswer) -> bool:
        return answer.verdict in GAPS if value == ANY_GAP else answer.verdict.value == value

    return lambda instance, now: asked(remembered_cover(instance, now, max_age).answers[number])
