"""The sanitiser. Every text that AWS, a guest or a file hands us passes here once, when it enters the domain.

A terminal obeys what is printed on it; so control characters (C0, C1, DEL), bidirectional overrides, zero-width and other
format characters, line and paragraph separators and lone surrogates never reach it. They are replaced by a visible
mark rather than dropped: a name that hides something should look like one that does.
"""

from __future__ import annotations

import unicodedata
from typing import NewType

SafeText = NewType("SafeText", str)
"""A single line that may be drawn: made by `clean` (or a literal of ours), never by a cast elsewhere."""

MARK = "\N{REPLACEMENT CHARACTER}"
EMPTY = SafeText("")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def _safe_char(char: str) -> str:
    if char in "\t\n\r\v\f":
        return " "
    if unicodedata.category(char) in _UNSAFE:
        return MARK
    return char


def clean(text: object, limit: int = 1024) -> SafeText:
    """One printable line of at most `limit` characters (longer ones end in an ellipsis); None becomes the empty text."""
    if text is None:
        return EMPTY
    raw = str(text)
    if raw.isascii() and raw.isprintable() and len(raw) <= limit:
        return SafeText(raw)
    line = "".join(map(_safe_char, raw[: limit + 1]))
    return SafeText(line if len(line) <= limit else line[: limit - 1] + "…")


def clean_lines(text: object, limit: int = 64 * 1024) -> tuple[SafeText, ...]:
    """Untrusted text of several lines (console output), each line cleaned; tabs become spaces."""
    raw = "" if text is None else str(text)
    return tuple(clean(line.expandtabs(8)) for line in raw[-limit:].replace("\r\n", "\n").split("\n"))


def csv_cell(value: object) -> str:
    """A CSV cell: text that starts like a formula gets a leading apostrophe, as OWASP advises; numbers stay."""
    if value is None:
        return ""
    text = clean(value, limit=10_000)
    return f"'{text}" if isinstance(value, str) and text.lstrip().startswith(_FORMULA) else text
