"""A log folded to a screen's width: nothing is lost, nothing is too wide, boots are told apart."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from screens.detail.log_layout import LogLayout, LogRow, lines_with, rule, same_place
from tui.domain.diagnosis.evidence import SystemLog
from tui.domain.diagnosis.log_findings import system_log
from tui.domain.sanitize import clean


def log(*lines: str) -> SystemLog:
    return system_log("\n".join(lines), None, None)


@given(st.lists(st.text(max_size=300), max_size=8), st.integers(8, 90))
@example(["🏻"], 8)
@example(["🏻 a console's line that is longer than its row", "\u0301e", "\ufe0f", "🏻" * 40], 8)
@example(["\u20dd한글 로그 🏻" * 9, "\U0001f1f0"], 9)
def test_every_character_is_in_a_row_and_no_row_is_too_wide(lines: list[str], width: int) -> None:
    told = log(*lines)
    rows = [row for row in LogLayout(told, width).rows if row.start >= 0]
    for number, text in enumerate(told.lines):
        parts = [text[row.start : row.end] for row in rows if row.line == number]
        assert "".join(parts) == text
        assert parts
        assert all(cell_len(part) <= width for part in parts)


def test_rules_stand_between_boots() -> None:
    told = log("[    0.000000] Linux version 6", "[    9.0] a", "[    0.000000] Linux version 6", "b")
    rows = LogLayout(told, 80).rows
    rules = [rule(row.end) for row in rows if row.start < 0]
    assert rules == ["the boot before it", "the last boot"]
    assert [row for row in LogLayout(log("a", "b"), 80).rows if row.start < 0] == []
    assert rows[0] == LogRow(0, -1, 1)


def test_search_is_for_words_in_any_case_and_not_for_a_pattern() -> None:
    told = log("Out of MEMORY", "a.c", "abc", "[x]")
    assert lines_with(told, "of memory") == [0]
    assert lines_with(told, "a.c") == [1]
    assert lines_with(told, "[") == [3]
    assert lines_with(told, "") == []


def test_a_line_is_found_again_where_aws_dropped_the_oldest() -> None:
    old, new = log(*map(str, range(100))), log(*map(str, range(30, 130)))
    assert same_place(old, new, 50) == 20
    assert same_place(old, new, 10) == 10, "it is gone: as far down as before"
    assert same_place(old, log("a"), 99) == 0
    assert clean(new.lines[20]) == old.lines[50]
