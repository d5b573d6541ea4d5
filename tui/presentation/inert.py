"""Strangers' texts in a text that is pasted: into Markdown, into Slack, into a page of HTML.

Nothing in them begins a heading, a list, a link or an element, is set in bold, or calls somebody. The signs that could become
numeric character references: Markdown and HTML draw the sign itself and never take it for structure (CommonMark 0.31, 2.5 and
6.1), and to Slack, which has no escape but `&amp;`, `&lt;` and `&gt;` (Slack, "Formatting text for app surfaces"), they are
no sign at all. A backslash would be enough for Markdown alone.
"""

from __future__ import annotations

import re

from tui.domain.sanitize import clean

_ALWAYS = re.compile(r"[&<>*`~|\\\[\]$#@]")
"""`&` and `<` of all three; emphasis, code, tables, links, formulas, headings, channels and people."""
_EDGE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
"""An underscore that is not within a word: there it is emphasis, within a word it is nothing."""
_BEGINS = re.compile(r"^(?:[-+=]|\d{1,9}(?=[.)]))")
"""What begins a list or a heading where a line's text begins."""
_ADDRESS = re.compile(r":(?=//)|(?<=\bwww)\.", re.IGNORECASE)
"""What makes an address a link, which a chat also fetches."""
_EMOJI = re.compile(r":(?=[a-z0-9_+-]*[a-z+-][a-z0-9_+-]*:)", re.IGNORECASE)
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_JOINER = "&#8288;"
"""The word joiner, which is not seen. GitHub and linkifiers look at the text after references have become signs: what follows
an `@`, a `#` or a scheme has to be parted from it."""
_CALLS = re.compile(r"([@#])(?=\w)")
_NOT_IN_CODE = re.compile(r"[`<>&@]|://|\bwww\.", re.IGNORECASE)
"""What does something even in code: it ends it, or Slack and HTML see it there."""


def inert(text: object, limit: int = 1024) -> str:
    """The text as one line that is drawn as it is and does nothing, wherever it is pasted; at most `limit` characters of it."""
    line = " ".join(clean(text, limit).split())
    spots = {match.start() for match in _CALLS.finditer(line)}
    signs = {
        match.start() for pattern in (_ALWAYS, _EDGE, _EMOJI, _ADDRESS) for match in pattern.finditer(line)
    }
    spots |= {match.start() for match in _ADDRESS.finditer(line)}
    if (first := _BEGINS.match(line)) is not None:
        signs.add(first.end() if line[0].isdigit() else 0)
    return "".join(
        (_referred(char) if at in signs else char) + (_JOINER if at in spots else "")
        for at, char in enumerate(line)
    )


def _referred(char: str) -> str:
    return _NAMED.get(char, f"&#{ord(char)};")


def in_code(text: object, limit: int = 1024) -> str:
    """An id, or a line out of a log: set as code, where signs are signs; what would not be safe there is told as any text."""
    line = " ".join(clean(text, limit).split())
    return inert(line, limit) if not line or _NOT_IN_CODE.search(line) else f"`{line}`"
