"""What both faces say things with: one ASCII map, one measure, one form of an account's number."""

from __future__ import annotations

import pytest
from rich.cells import cell_len as rich_len

from tui.cli import output, streams
from tui.presentation.accounts import account_number
from tui.presentation.ascii import STAND_INS, encoded, in_ascii
from tui.presentation.symbols import GRAVITY_SIGNS, LEVELS, READ_SIGN, STEP_SIGNS, WORKING
from tui.presentation.width import cell_len, cut, middle, set_cell_size


@pytest.mark.parametrize(("sign", "ascii_sign"), STAND_INS.items())
def test_a_stand_in_is_ascii_and_as_wide_as_its_sign(sign: str, ascii_sign: str) -> None:
    """So what was laid out with the sign need not be laid out again."""
    assert ascii_sign.isascii()
    assert len(ascii_sign) == rich_len(sign)


def test_every_sign_of_a_state_has_a_stand_in() -> None:
    for sign in (*LEVELS.values(), *GRAVITY_SIGNS.values(), *STEP_SIGNS.values(), READ_SIGN, WORKING):
        assert in_ascii(sign.symbol).isascii()


def test_levels_are_told_apart_in_ascii() -> None:
    assert len({in_ascii(sign.symbol) for sign in LEVELS.values()}) == len(LEVELS)


@pytest.mark.parametrize("name", ["cafe\u0301", "👩\u200d💻", "한국", "❤\ufe0f", "web-1", "e\u0301" * 9, ""])
@pytest.mark.parametrize("size", [0, 1, 2, 3, 5, 8])
def test_every_text_is_brought_to_the_columns_that_a_terminal_gives_it(name: str, size: int) -> None:
    assert cell_len(name) == rich_len(name)
    assert rich_len(set_cell_size(name, size)) == size
    assert rich_len(cut(name, size)) == size
    assert rich_len(middle(name, size)) <= size


@pytest.mark.parametrize("name", ["cafe\u0301-1", "a👩\u200d💻b", "한국-1"])
def test_the_columns_of_a_list_align(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Marks take no column and a joined emoji two: counted by character, what stands behind was moved."""
    output.table(("NAME", "STATE"), [(name, "running"), ("x" * 9, "stopped")])
    head, *lines = capsys.readouterr().out.splitlines()
    at = rich_len(head[: head.index("STATE")])
    assert [
        rich_len(line[: line.index(word)]) for line, word in zip(lines, ("running", "stopped"), strict=True)
    ] == [at] * 2


def test_the_command_line_draws_ascii_where_that_is_wished(capsys: pytest.CaptureFixture[str]) -> None:
    streams.draws_ascii(True)
    output.line("✖ 서울 → …")
    output.table(("", "NAME"), [("▲", "web–1")])
    output.say("· one")
    output.json({"name": "–"})
    streams.draws_ascii(False)
    said = capsys.readouterr()
    assert said.out.splitlines() == ["X 서울 > ~", "   NAME", "!  web-1", "{", '  "name": "–"', "}"]
    assert said.err == "- one\n"


@pytest.mark.parametrize(
    ("number", "told"),
    [("111122223333", "1111-2222-3333"), ("12345", "12345"), ("", ""), ("1111222233334", "1111222233334")],
)
def test_an_account_has_one_form(number: str, told: str) -> None:
    assert account_number(number) == told


def test_an_unknown_encoding_is_ascii() -> None:
    assert encoded("✖ é", "no-such") == b"X ?"
