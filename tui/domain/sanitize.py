"""The sanitiser. Every text that AWS, a guest or a file hands us passes here once, when it enters the domain.

A terminal obeys what is printed on it; so control characters (C0, C1, DEL), bidirectional overrides, zero-width and other
format characters, line and paragraph separators, lone surrogates, letters that draw nothing and floods of combining marks
never reach it. They are replaced by a visible mark rather than dropped: a name that hides something should look like one
that does.
"""

from __future__ import annotations

import unicodedata
from typing import NewType

SafeText = NewType("SafeText", str)
"""A single line that may be drawn: made by `clean` (or a literal of ours), never by a cast elsewhere."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
EMPTY = SafeText("")
_FORMULA = ("=", "+", "-", "@", "\N{MINUS SIGN}", "\t", "\r")
"""What begins a formula; in a full-width, small or raised form as well, which a spreadsheet takes for the same."""
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKS = frozenset({"Mn", "Me"})
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | frozenset(
    chr(code)
    for first, last in ((0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
    for code in range(first, last + 1)
)
"""Letters, marks and variation selectors that draw nothing or change the width of what stands before them."""
STACKED = 3
"""Combining marks upon one letter, at most: what writing needs. More of them climb over the neighbouring lines."""


def _safe_char(char: str) -> str:
    if char in "\t\n\r\v\f":
        return " "
    if char in _UNSEEN:
        return REPLACEMENT
    category = unicodedata.category(char)
    if category in _UNSAFE:
        return REPLACEMENT
    return " " if category == "Zs" else char


def _stacked(line: str) -> str:
    """Drop combining marks without a letter or beyond STACKED on one; the first one dropped becomes REPLACEMENT."""
    kept, upon = [], STACKED  # at the start there is no letter to stand upon
    for char in line:
        if unicodedata.category(char) in _MARKS:
            upon += 1
            if upon <= STACKED:
                kept.append(char)
            elif upon == STACKED + 1:
                kept.append(REPLACEMENT)
        else:
            upon = STACKED + 1 if char == REPLACEMENT else 0
            kept.append(char)
    return "".join(kept)


def clean(text: object, limit: int = 1024) -> SafeText:
    """One printable line of at most `limit` characters (longer ones end in an ellipsis); None becomes the empty text."""
    if text is None:
        return EMPTY
    raw = str(text)
    if raw.isascii() and raw.isprintable() and len(raw) <= limit:
        return SafeText(raw)
    line = _stacked("".join(map(_safe_char, raw[: limit + 1])))
    cut = len(raw) > limit
    return SafeText(line[: limit - 1] + "…" if cut else line)


def csv_cell(value: object) -> str:
    """A CSV cell: text that starts like a formula gets a leading apostrophe, as OWASP advises; numbers stay."""
    if value is None:
        return ""
    text = clean(value, limit=10_000)
    # REPLACEMENT stood for a character that is not drawn: a spreadsheet may drop it, and then the next one begins the cell.
    first = text.lstrip(f" {REPLACEMENT}")[:1]
    return (
        f"'{text}"
        if isinstance(value, str) and unicodedata.normalize("NFKC", first).startswith(_FORMULA)
        else text
    )
