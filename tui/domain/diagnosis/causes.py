"""The kinds of trouble that a log can show, out of causes.toml beside this: a table of data, read once and when first needed."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

from tui.domain.diagnosis.patterns import Pattern, pattern


class Cause(Struct, frozen=True, gc=False):
    """A kind. A line is of it if any of `contains` is in it and none of `unless`; the other fields as causes.toml says."""

    key: str
    severity: int
    words: str
    remedy: str
    source: str
    contains: tuple[Pattern, ...]
    unless: tuple[Pattern, ...] = ()
    kernel: bool = False
    boot: bool = False
    windows: bool = False


class _Entry(Struct, forbid_unknown_fields=True):
    key: str
    severity: int
    words: str
    remedy: str
    source: str
    contains: list[str]
    unless: list[str] = []
    kernel: bool = False
    boot: bool = False
    windows: bool = False


@cache
def causes() -> tuple[Cause, ...]:
    """All of them, the more special before the more general: a line is of the first kind that it fits."""
    text = (files("tui.domain.diagnosis") / "causes.toml").read_text(encoding="utf-8")
    entries = msgspec.convert(tomllib.loads(text)["diagnosis"], list[_Entry])
    return tuple(
        Cause(
            one.key,
            one.severity,
            one.words,
            one.remedy,
            one.source,
            tuple(map(pattern, one.contains)),
            tuple(map(pattern, one.unless)),
            one.kernel,
            one.boot,
            one.windows,
        )
        for one in entries
    )
