"""The sanitiser."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from tui.domain.sanitize import REPLACEMENT, STACKED, clean, csv_cell


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (None, ""),
        ("web-1", "web-1"),
        ("a\x1b[31mb", f"a{REPLACEMENT}[31mb"),
        ("a\x9b31mb", f"a{REPLACEMENT}31mb"),
        ("a\x1b]52;c;ZXZpbA==\x07b", f"a{REPLACEMENT}]52;c;ZXZpbA=={REPLACEMENT}b"),
        ("\x1b]8;;http://evil\x1b\\x", f"{REPLACEMENT}]8;;http://evil{REPLACEMENT}\\x"),
        ("[@click=app.quit]x[/]", "[@click=app.quit]x[/]"),
        ("a\nb\tc", "a b c"),
        ("\u202eevil", f"{REPLACEMENT}evil"),
        ("\u2066evil\u2069", f"{REPLACEMENT}evil{REPLACEMENT}"),
        ("zero\u200bwidth", f"zero{REPLACEMENT}width"),
        ("\ufeffbom", f"{REPLACEMENT}bom"),
        ("line\u2028sep", f"line{REPLACEMENT}sep"),
        ("no\u00a0break\u3000wide", "no break wide"),
        ("nothing\u3164\u2800\u034f", f"nothing{REPLACEMENT}{REPLACEMENT}{REPLACEMENT}"),
        ("❤\ufe0f", f"❤{REPLACEMENT}"),
        ("\ud800", REPLACEMENT),
        ("한국 ✔", "한국 ✔"),
        ("e\u0301te\u0301", "e\u0301te\u0301"),
        ("e" + "\u0301" * 40 + "x", "e" + "\u0301" * STACKED + REPLACEMENT + "x"),
        ("\u0301x", f"{REPLACEMENT}x"),
        ("\u0e19\u0e49\u0e33 \u05e9\u05b8\u05c1", "\u0e19\u0e49\u0e33 \u05e9\u05b8\u05c1"),
        (42, "42"),
        ("x" * 2000, "x" * 1023 + "…"),
        ("é" * 1024, "é" * 1024),
        ("é" * 1025, "é" * 1023 + "…"),
    ],
)
def test_clean(raw: object, shown: str) -> None:
    assert clean(raw) == shown


HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=("Mn", "Me", "Cf", "Cc", "Cs", "Zs", "Zl", "Zp")),
        st.sampled_from("\x1b\x9b\u202e\u200b[]@=\\/;\x07\ud800\ufe0f\u0301"),
    ),
    max_size=300,
)


@given(HOSTILE)
def test_nothing_unprintable_is_left(raw: str) -> None:
    line = clean(raw)
    assert len(line) <= 1024
    assert all(unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in line)
    assert clean(line) == line
    line.encode("utf-8")


@given(HOSTILE)
def test_no_letter_carries_a_flood_and_no_mark_stands_upon_the_neighbour(raw: str) -> None:
    run = STACKED
    for char in clean(raw):
        run = run + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        assert run <= STACKED


@given(HOSTILE, st.integers(2, 40))
def test_a_short_limit_holds(raw: str, limit: int) -> None:
    assert len(clean(raw, limit)) <= limit


@given(HOSTILE)
def test_what_is_clean_is_drawn_as_it_is(raw: str) -> None:
    """As text it has no markup, and joining it with others changes no width: columns stay where they are."""
    line = clean(raw)
    assert Text(line).plain == line
    assert cell_len("|" + line + "|") == cell_len(line) + 2


@given(HOSTILE)
def test_a_cell_of_a_spreadsheet_begins_no_formula(raw: str) -> None:
    cell = csv_cell(raw)
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))
    assert "\n" not in cell
    assert "\r" not in cell
