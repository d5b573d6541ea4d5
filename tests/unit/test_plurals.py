"""Small words: one is not many, what was typed is read again as it was, a long name loses its middle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tui.cli import output
from tui.domain.plurals import counted, part_of
from tui.domain.time_format import distance
from tui.presentation.width import middle

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)


def test_one_is_not_many() -> None:
    assert [counted(number, "instance") for number in (0, 1, 2)] == [
        "0 instances",
        "1 instance",
        "2 instances",
    ]
    assert counted(2, "entry", "entries") == "2 entries"
    assert (part_of(0, 1, "target"), part_of(1, 3, "target")) == ("0 of 1 target", "1 of 3 targets")


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (timedelta(hours=36, seconds=-8), "in 36h"),
        (timedelta(hours=36, minutes=-1), "in 35h59m"),
        (timedelta(minutes=90, seconds=-1), "in 1h30m"),
        (timedelta(hours=12, seconds=-20), "in 12h"),
        (timedelta(days=8), "in 8d"),
        (timedelta(minutes=20), "in 20m"),
    ],
)
def test_what_was_typed_is_read_again_as_it_was(after: timedelta, words: str) -> None:
    assert distance(NOW + after, NOW) == words


@pytest.mark.parametrize(
    "name", ["checkout-production-web-1", "결제-데이터베이스-서버-일호기-예비", "a" * 250 + "7", "x"]
)
@pytest.mark.parametrize("size", [1, 4, 9, 17, 48])
def test_a_long_name_loses_its_middle(name: str, size: int) -> None:
    from rich.cells import cell_len

    short = middle(name, size)
    assert cell_len(short) <= size
    if cell_len(name) > size and size >= 6:
        assert short[0] == name[0]
        assert short[-1] == name[-1]
        assert "…" in short


def test_names_that_differ_at_their_ends_look_different() -> None:
    assert middle("acme-checkout-prod-web-1", 17) != middle("acme-checkout-prod-web-2", 17)
    assert middle("blue-checkout-prod-web-1", 17) != middle("gold-checkout-prod-web-1", 17)


def test_one_long_name_widens_no_other_line(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("NAME", "STATE"), [("a" * 250, "running"), ("web-1", "stopped")])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= output.MAX_CELL + 12


@pytest.mark.parametrize(("columns", "expected"), [("80", 80), ("200", 100), ("3", 20)])
def test_running_text_is_as_wide_as_the_terminal(
    monkeypatch: pytest.MonkeyPatch, columns: str, expected: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert output.columns(100) == expected
