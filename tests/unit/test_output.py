"""What is printed can neither drive the terminal nor the spreadsheet it lands in."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.cli import output
from tui.domain.sanitize import csv_cell

EVIL = "\x1b]0;gone\x07\u202eweb\x9b2J"


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =cmd|' /C calc'!A0", "\r=1"])
def test_text_that_starts_like_a_formula_is_disarmed(value: str) -> None:
    assert csv_cell(value).startswith("'")


@pytest.mark.parametrize(
    "value",
    [
        "＝1+1",
        "＋1",
        "－1",
        "＠SUM(A1)",
        "\u3000＝1",
        "\u00a0=1",
        "\u200b=1",
        "\ufeff=1",
        "﹣1",
        "⁺1",
        "\u22121",
        "\n=1",
    ],
)
def test_so_is_one_in_another_width_or_behind_what_nobody_sees(value: str) -> None:
    assert csv_cell(value).startswith("'")


@pytest.mark.parametrize("value", ["서버-1", "ａ＝1", "web=1", "…=1", "x\t=1"])
def test_what_only_holds_such_a_sign_stays(value: str) -> None:
    assert not csv_cell(value).startswith("'")


@pytest.mark.parametrize(
    ("value", "shown"), [(-1, "-1"), (2.5, "2.5"), (None, ""), ("web-1", "web-1"), (True, "True")]
)
def test_other_cells_stay(value: object, shown: str) -> None:
    assert csv_cell(value) == shown


@given(st.lists(st.lists(st.text(max_size=20), min_size=3, max_size=3), max_size=5))
def test_csv_reads_back_as_as_many_cells_none_of_which_is_a_formula(rows: list[list[str]]) -> None:
    written = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", written)
        output.write_csv(("a", "b", "c"), rows)
    read = list(csv.reader(io.StringIO(written.getvalue(), newline="")))
    assert len(read) == len(rows) + 1
    for row in read[1:]:
        assert len(row) == 3
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row)


def test_no_way_out_passes_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    output.line(EVIL)
    output.say(EVIL)
    output.table((EVIL,), [(EVIL,)])
    output.json({EVIL: [EVIL, {"x": EVIL}]})
    output.json_line({"x": EVIL})
    output.write_csv(("h",), [(EVIL,)])
    out, err = capsys.readouterr()
    for char in "\x1b\x07\x9b\u202e":
        assert char not in out + err


def test_json_keeps_what_is_not_text(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"a": [1, 2.5, None, True], "b": ("x",)}
    output.json(value)
    assert json.loads(capsys.readouterr().out) == {"a": [1, 2.5, None, True], "b": ["x"]}


def test_results_go_to_stdout_and_narration_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    output.line("result")
    output.say("first\nsecond")
    assert capsys.readouterr() == ("result\n", "first\nsecond\n")


def test_a_table_aligns_wide_characters(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("NAME", "X"), [("서버", "1"), ("a", "2")])
    assert capsys.readouterr().out == "NAME  X\n서버  1\na     2\n"


def test_nobody_is_asked_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    assert output.ask("sure?") is None


def written(path: Path, mode: str, encoding: str = "utf-8") -> bytes:
    """What the command line leaves in a file that its stdout was."""
    with pytest.MonkeyPatch.context() as patch, path.open(mode, encoding=encoding, newline="") as file:
        patch.setattr("sys.stdout", file)
        output.write_csv(("name",), [("결제",)])
    return path.read_bytes()


def test_a_file_begins_with_the_mark_that_excel_reads_utf_8_by_and_has_it_once(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    first = written(path, "w")
    assert first == b"\xef\xbb\xbf" + "name\r\n결제\r\n".encode()
    assert written(path, "a") == first + "name\r\n결제\r\n".encode()  # >>: no second one in the middle


def test_a_file_is_utf_8_with_its_mark_whatever_the_terminal_speaks(tmp_path: Path) -> None:
    """A spreadsheet then needs not be told; a name with a sign that euc-kr lacks is not lost."""
    assert written(tmp_path / "events.csv", "w", "euc-kr") == b"\xef\xbb\xbf" + "name\r\n결제\r\n".encode()


def test_a_pipe_gets_no_mark(capfd: pytest.CaptureFixture[str]) -> None:
    read, write = os.pipe()
    with pytest.MonkeyPatch.context() as patch, os.fdopen(write, "w", newline="", encoding="utf-8") as pipe:
        patch.setattr("sys.stdout", pipe)
        output.write_csv(("name",), [("결제",)])
    with os.fdopen(read, "rb") as pipe_end:
        assert pipe_end.read().startswith(b"name")
