"""The kinds of trouble that a log can show, out of causes.toml beside this: a table of data, read once and when first needed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

from tui.domain.diagnosis.patterns import Pattern, pattern


class Cause(Struct, frozen=True, gc=False):
    """A kind, or a part of one whose severity differs. A line is of it if any of `contains` is in it and none of `unless`;
    the other fields as causes.toml says."""

    key: str
    severity: int
    words: str
    remedy: str
    source: str
    contains: tuple[Pattern, ...]
    unless: tuple[Pattern, ...] = ()
    cleared: tuple[Pattern, ...] = ()
    yields: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
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
    cleared: list[str] = []
    yields: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    kernel: bool = False
    boot: bool = False
    windows: bool = False


@cache
def causes() -> tuple[Cause, ...]:
    """All of them, the more special before the more general: a line is of the first kind that it fits."""
    text = (files("tui.domain.diagnosis") / "causes.toml").read_text(encoding="utf-8")
    return tuple(
        Cause(
            one.key,
            one.severity,
            one.words,
            one.remedy,
            one.source,
            _read(one.contains),
            tuple(pattern(text, 1) for text in one.unless),
            _read(one.cleared),
            one.yields,
            one.needs,
            one.kernel,
            one.boot,
            one.windows,
        )
        for one in msgspec.convert(tomllib.loads(text)["diagnosis"], list[_Entry])
    )


def _read(texts: Iterable[str]) -> tuple[Pattern, ...]:
    return tuple(map(pattern, texts))
