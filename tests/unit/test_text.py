"""The sanitiser."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.text import MARK, clean, clean_lines


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (None, ""),
        ("web-1", "web-1"),
        ("a\x1b[31mb", f"a{MARK}[31mb"),
        ("a\nb\tc", "a b c"),
        ("\u202eevil", f"{MARK}evil"),
        ("zero\u200bwidth", f"zero{MARK}width"),
        ("line\u2028sep", f"line{MARK}sep"),
        ("\ud800", MARK),
        ("한국 ✔", "한국 ✔"),
        (42, "42"),
        ("x" * 2000, "x" * 1023 + "…"),
        ("é" * 1024, "é" * 1024),
    ],
)
def test_clean(raw: object, shown: str) -> None:
    assert clean(raw) == shown


@given(st.text())
def test_nothing_unprintable_is_left(raw: str) -> None:
    line = clean(raw)
    assert len(line) <= 1024
    assert all(unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in line)
    assert clean(line) == line


def test_lines() -> None:
    assert clean_lines("a\r\nb\x07\n\tc") == ("a", f"b{MARK}", "        c")
    assert clean_lines(None) == ("",)
    assert clean_lines("abcdef", limit=3) == ("def",)
