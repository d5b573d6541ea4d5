"""What a person types to say which instance is meant: its name or its id, compared as people read them.

A name that looks right and is told to be wrong is no safeguard. So names are compared in NFC (macOS writes Korean in NFD), and
one that a keyboard can hardly give, or that looks like another, is asked for by its id.
"""

from __future__ import annotations

import unicodedata

from tui.domain.sanitize import REPLACEMENT, SafeText, clean

MAX_TYPED_NAME = 64
"""Columns of a name that somebody can be asked to type; East Asian letters take two."""
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"), "-")


def same(text: str) -> str:
    """The text as it is compared: cleaned, in NFC, without blanks around it."""
    return unicodedata.normalize("NFC", clean(text)).strip()


def typeable(name: str) -> bool:
    """Whether a person can type what is shown: letters and digits of one script, and what an ASCII keyboard has."""
    composed = unicodedata.normalize("NFC", name)
    columns = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in composed)
    if REPLACEMENT in name or name != name.strip() or "  " in name or not 0 < columns <= MAX_TYPED_NAME:
        return False
    if unicodedata.normalize("NFKC", name) != composed:
        return False  # fullwidth letters, ligatures: they look like others
    ways = {unicodedata.bidirectional(char) for char in composed}
    if ways & {"R", "AL"} and ways & {"L", "EN", "AN"}:
        return False  # a terminal may show its parts in another order than they are typed in
    odd = [char for char in composed if not char.isascii()]
    if any(unicodedata.category(char)[0] not in "LMN" for char in odd):
        return False  # dashes, quotes, emoji
    letters = [unicodedata.name(char, "").split(" ")[0] for char in composed if char.isalpha()]
    return not ("LATIN" in letters and {"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"} & set(letters))


def expected(name: SafeText, instance_id: SafeText) -> SafeText:
    """What must be typed: the name, or the id where the name can't be typed safely."""
    return name if typeable(name) else instance_id


def answers(given: str, accepted: tuple[str, ...]) -> bool:
    """Whether what was typed is the name or the id."""
    return bool(same(given)) and same(given) in {same(one) for one in accepted}


def typed_hint(given: str, wanted: str) -> str:
    """What is wrong with what was typed, where that is hard to see; else empty."""
    mine, theirs = same(given), same(wanted)
    if mine.casefold() == theirs.casefold():
        return "capital and small letters differ"
    if mine.translate(_DASHES) == theirs.translate(_DASHES):
        return "a dash is not a hyphen"
    if unicodedata.normalize("NFKC", mine) == unicodedata.normalize("NFKC", theirs):
        return "the input mode is on: switch it"
    if not mine.isascii() and theirs.isascii():
        return "it holds letters of another script: switch the input mode"
    return ""
