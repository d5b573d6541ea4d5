"""A console's output: nothing of what a terminal would obey is left, and what moved is where it ended."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.console_output import CONSOLE_LIMIT, console_lines
from tui.domain.sanitize import clean


@pytest.mark.parametrize(
    ("raw", "lines"),
    [
        (None, ("",)),
        ("", ("",)),
        ("a\r\nb\r\n", ("a", "b")),
        ("a\n\rb\r\r\nc", ("a", "b", "c")),
        ("[\x1b[0;32m  OK  \x1b[0m] Started \x1b[0;1;39mnetwork\x1b[0m.", ("[  OK  ] Started network.",)),
        ("[    0.000000] Linux version 6.1", ("[    0.000000] Linux version 6.1",)),
        ("\x1b]0;root@host: ~\x07root@host:~# ", ("root@host:~#",)),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", ("link",)),
        ("\x1b]52;c;ZXZpbA==\x07\x1b[2J", ("",)),
        ("\x1b(B\x1b)0text\x1b[m\x0f", ("text",)),
        ("\x1bPq#0;2;0\x1b\\after", ("after",)),
        ("\x1b%G\x1b=\x1b>\x1b7x\x1b8", ("x",)),
        ("10%\r50%\r100% done", ("100% done",)),
        ("downloading\rok", ("okwnloading",)),
        ("downloading\r\x1b[Kok", ("ok",)),
        ("abc\x08\x08X", ("aXc",)),
        ("pass\x08\x08\x08\x08\x1b[K", ("",)),
        ("a\tb", ("a       b",)),
        ("one\x1b[5;1Htwo\x1b[2Jthree", ("one", "two", "three")),
        ("ab\x1b[10Gc", ("ab       c",)),
        ("bell\x07 and \x00fill", ("bell and fill",)),
        ("\x9b1mC1\x9d0;t\x9c", ("C1",)),
        ("one\ntwo\x1b", ("one", "two")),
        ("one\ntwo\x1b[", ("one", "two")),
        ("one\ntwo\x1b[0;3", ("one", "two")),
        ("one\ntwo\x1b]0;tit", ("one", "two")),
        ("\x1b]0;never ended\nnext", ("", "next")),
        ("0;32mOK\nb", ("OK", "b")),
        ("[0m  OK", ("  OK",)),
        ("[root@web ~]# ", ("[root@web ~]#",)),
        ("\x1b[999999999999Cx", (" x",)),
        ("\x1b[99999Cx", (" " * 1000 + "x",)),
        ("\x1bkname\x1b\\x", ("x",)),
        ("\x1bk~\x07$ ls\n", ("$ ls",)),
        ("\x1b[[Ax", ("x",)),
        ("a\x85b\x84c", ("a", "b", "c")),
        ("abc\r\x1b[2Px", ("x",)),
        ("abc\r\x1b[P", ("bc",)),
        ("abc\r\x1b[2@x", ("x abc",)),
        ("abc\r\x1b[2X", ("  c",)),
        ("abc\x1b[9X", ("abc",)),
        ("\x1b[9Cab\x1b[50D\x1b[99999P", ("",)),
        ("=\x1b[4b|", ("=====|",)),
        ("\x1b[4b|", ("|",)),
        ("abc\x1b[2`x", ("axc",)),
        ("a\x1b[2ab", ("a  b",)),
        ("\u202eevil\u2066", ("\ufffdevil\ufffd",)),
        ("a\n\n\n", ("a",)),
    ],
)
def test_lines(raw: str | None, lines: tuple[str, ...]) -> None:
    assert console_lines(raw) == tuple(clean(line) for line in lines)


def test_only_the_newest_are_read() -> None:
    lines = console_lines("old\n" * CONSOLE_LIMIT + "new\n")
    assert lines[-1] == "new"
    assert len(lines) <= CONSOLE_LIMIT


PIECES = st.sampled_from(
    [
        "\x1b",
        "[",
        "]",
        "0",
        ";",
        "m",
        "K",
        "\x07",
        "\\",
        "\r",
        "\n",
        "\x08",
        "\t",
        "\x9b",
        "\x9d",
        "(",
        "B",
        "P",
        "x",
        "한",
        "?",
    ]
)


@given(st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=60))
def test_whatever_comes_nothing_is_left_to_obey(raw: str) -> None:
    for line in console_lines(raw):
        assert clean(line) == line
        assert "\x1b" not in line
        assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in line)


@given(st.lists(st.text(alphabet="abc xyz[]", min_size=1, max_size=8), max_size=9), st.integers(0, 200))
def test_a_sequence_cut_anywhere_leaves_nothing_of_it(words: list[str], cut: int) -> None:
    """As AWS cuts: the end is lost, or with the newest kept the beginning."""
    raw = "".join(f"<{word}>\x1b[0;38;5;196m" for word in words)
    whole = "".join(f"<{word}>" for word in words)
    (line,) = console_lines(raw[:cut])
    assert whole.startswith((line, line.rstrip()))
