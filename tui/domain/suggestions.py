"""What a filter matches of everything that is read, and the nearest word where a term of it matches nothing at all.

So that a mistyped filter is never told as health.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from tui.domain.instance import Instance
from tui.domain.plurals import counted
from tui.domain.query import TEXTS, Query, parse_query, terms
from tui.domain.sanitize import clean

MAX_WORDS = 5000
"""Words that are compared, at most."""
_PARTS = re.compile(r"[\s_./:-]+")
_FIELD = re.compile(r"(?is)(name|profile|account|region|az|type|tag\.[^:<>]*):(.*)")


class Matched(Struct, frozen=True):
    """`count` of `total` instances; where it is none `why` says which term is to blame, and what may have been meant."""

    count: int
    total: int
    why: str = ""

    @property
    def told(self) -> str:
        """`matches none of the 412 instances that are read: nothing has paymnets, did you mean payments?`"""
        every = f"the {self.total} instances" if self.total != 1 else "the one instance"
        told = f"matches none of {every} that {'are' if self.total != 1 else 'is'} read"
        return told + (f": {self.why}" if self.why else "")


def matched(query: Query, rows: Sequence[Instance], now: datetime) -> Matched:
    """How many of all instances that are read match, whatever the current view lists."""
    count = sum(1 for row in rows if query.matches(row, now))
    return Matched(count, len(rows), "" if count or not rows else _why(query, rows, now))


def _why(query: Query, rows: Sequence[Instance], now: datetime) -> str:
    found = terms(query.text)
    for term in found:
        one = parse_query(term, query.max_age)
        if not isinstance(one, Query) or any(one.matches(row, now) for row in rows):
            continue
        if one.cover:
            unread = sum(1 for row in rows if row.cover is None)
            return f"nothing has {clean(term, 60)}" + (
                f", and of {counted(unread, 'instance')} it is not read yet" if unread else ""
            )
        word, known = _meant(term, rows)
        near = _nearest(word, known)
        told = f"nothing has {clean(term, 60)}"
        return f"{told}, did you mean {clean(near, 60)}?" if near else told
    return "each term matches some, no instance matches all" if len(found) > 1 else ""


def _meant(term: str, rows: Sequence[Instance]) -> tuple[str, Iterable[str]]:
    """The word of a term, and the words that could have been meant."""
    match = None if term.startswith(('"', "-")) else _FIELD.fullmatch(term)
    if match is None:
        words = (
            part
            for row in rows
            for text in (row.name, *(v for _, v in row.tags))
            for part in (*_PARTS.split(text), text)
        )
        return term.strip('"').lower(), words
    field, value = match[1].lower(), match[2].strip('"').lower()
    if not field.startswith("tag."):
        return value, (text for row in rows for text in TEXTS[field](row))
    key = field[4:]
    if any(name.lower() == key for row in rows for name, _ in row.tags):
        return value, (text for row in rows for name, text in row.tags if name.lower() == key)
    return key, (f"tag.{name}" for row in rows for name, _ in row.tags)


def _nearest(word: str, known: Iterable[str]) -> str:
    import difflib  # only where something was mistyped

    found: dict[str, str] = {}
    for text in known:
        if text and len(found) < MAX_WORDS:
            found.setdefault(text.lower(), text)
    near = difflib.get_close_matches(word, [one.removeprefix("tag.") for one in found], n=1, cutoff=0.6)
    if not near:
        return ""
    return found.get(near[0]) or found.get(f"tag.{near[0]}", "")
