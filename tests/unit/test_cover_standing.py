"""The cover of many rows: remembered while they are the same rows, counted once, the gravest first; a fault hides no row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.rows import row
from tui.domain.cover import remembered, standing
from tui.domain.cover.answers import Cover, CoverAnswer, CoverVerdict
from tui.domain.cover.standing import CoverCounts, Covers, Standing, standing_of
from tui.domain.cover_facts import CoverFacts
from tui.domain.listing import FleetView, Ranker, SortOrder
from tui.domain.query import Query, parse_query

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
READ = CoverFacts(NOW)
WEEK = timedelta(days=7)
NOBODY, PARTLY, UNKNOWN, COVERED, NEEDLESS = CoverVerdict


def answers(*verdicts: CoverVerdict) -> Cover:
    return Cover(*(CoverAnswer(one) for one in verdicts))


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What is said of each row, by its name; and how often it was asked."""
    said: dict[str, Any] = {"asked": 0}

    def cover_of(instance: Any, now: datetime, max_age: timedelta) -> Cover:
        said["asked"] += 1
        found = said.get(str(instance.name), answers(COVERED, COVERED, COVERED))
        if isinstance(found, Exception):
            raise found
        assert isinstance(found, Cover)
        return found

    for module in (remembered, standing):
        monkeypatch.setattr(module, "cover_of", cover_of)
    return said


@pytest.mark.parametrize(
    ("verdicts", "word"),
    [
        ((NOBODY, COVERED, COVERED), Standing.OPEN),
        ((COVERED, PARTLY, UNKNOWN), Standing.OPEN),
        ((COVERED, UNKNOWN, NEEDLESS), Standing.UNKNOWN),
        ((COVERED, NEEDLESS, COVERED), Standing.COVERED),
        ((NEEDLESS, NEEDLESS, NEEDLESS), Standing.COVERED),
    ],
)
def test_one_word_for_three_answers(verdicts: tuple[CoverVerdict, ...], word: Standing) -> None:
    assert standing_of(answers(*verdicts)) is word


def test_a_row_is_judged_again_only_when_it_is_another_or_much_later(judged: dict[str, Any]) -> None:
    covers, one = Covers(WEEK, {}), row(1, cover=READ)
    for minute in range(5):
        assert covers.standing(one, NOW + timedelta(minutes=minute)) is Standing.COVERED
    assert judged["asked"] == 1
    covers.standing(row(1, cover=READ), NOW)
    assert judged["asked"] == 2
    covers.standing(one, NOW + timedelta(hours=1))
    assert judged["asked"] == 3


def test_what_nobody_looked_at_is_neither_a_gap_nor_covered(judged: dict[str, Any]) -> None:
    covers = Covers(WEEK, {})
    judged["web-2"] = answers(NOBODY, COVERED, COVERED)
    judged["web-3"] = answers(COVERED, UNKNOWN, COVERED)
    rows = [row(1), row(2, cover=READ), row(3, cover=READ), row(4, cover=READ)]
    assert covers.standing(rows[0], NOW) is Standing.UNREAD
    assert covers.counts(rows, NOW) == CoverCounts(open=1, unknown=1, read=3)
    assert not Standing.UNREAD.is_listed


def test_a_row_that_cannot_be_judged_is_unknown_and_told(judged: dict[str, Any]) -> None:
    odd: dict[str, Exception] = {}
    covers = Covers(WEEK, odd)
    judged["web-1"] = ValueError("a fault of ours")
    one = row(1, cover=READ)
    assert covers.standing(one, NOW) is Standing.UNKNOWN
    assert [answer.verdict for answer in covers.of(one, NOW).answers] == [UNKNOWN] * 3
    assert list(odd) == [str(one.instance_id)]


def listed(
    ranker: Ranker, rows: list[Any], text: str = "", order: SortOrder = SortOrder.URGENCY
) -> list[str]:
    asked = parse_query(text)
    assert isinstance(asked, Query)
    return [str(one.name) for one in ranker.listed(rows, FleetView.COVER, order, asked, NOW)]


def test_the_view_lists_gaps_the_gravest_first_then_what_is_not_known(judged: dict[str, Any]) -> None:
    judged["web-1"] = answers(COVERED, UNKNOWN, COVERED)
    judged["web-2"] = answers(COVERED, PARTLY, COVERED)
    judged["web-3"] = answers(NOBODY, NOBODY, COVERED)
    judged["web-4"] = answers(NOBODY, NOBODY, NOBODY)
    rows = [row(number, cover=READ) for number in range(1, 6)] + [row(6)]
    ranker = Ranker()
    assert listed(ranker, rows) == ["web-4", "web-3", "web-2", "web-1"]
    assert listed(ranker, rows, order=SortOrder.NAME) == ["web-1", "web-2", "web-3", "web-4"]
    # whoever filters asks about what is covered, and what is not read, as well
    assert listed(ranker, rows, "web-5,web-6,web-3") == ["web-3", "web-5", "web-6"]
