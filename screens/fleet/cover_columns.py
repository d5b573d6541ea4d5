"""The columns of the view of cover: who acts if the host dies, who if the system hangs, from what copy it comes back, and why."""

from __future__ import annotations

from collections.abc import Callable

from screens.columns import Column, Piece
from screens.fleet.columns import COLUMNS, FleetColumn, RowContext
from tui.domain.cover.answers import VERDICT_RANK, Cover, CoverAnswer
from tui.domain.instance import Instance
from tui.presentation.cover_text import answer_cell, cover_sign
from tui.presentation.symbols import ASKING
from tui.presentation.width import cell_len

_NOT_YET: Piece = (ASKING, "dim")
"""In place of an answer where nobody looked yet."""


def _of(row: Instance, scene: RowContext) -> Cover | None:
    return None if row.cover is None else scene.ranker.covers.of(row, scene.now)


def _sign(row: Instance, scene: RowContext, size: int) -> Piece:
    cover = _of(row, scene)
    text, style = _NOT_YET
    if cover is not None:
        sign = cover_sign(cover)
        text, style = sign.symbol, sign.style
    return " +"[row.key in scene.marked] + text, style


def _answer(question: int) -> Callable[[Instance, RowContext, int], Piece]:
    def cell(row: Instance, scene: RowContext, size: int) -> Piece:
        cover = _of(row, scene)
        return _NOT_YET if cover is None else answer_cell(cover.answers[question])

    return cell


def _why(row: Instance, scene: RowContext, size: int) -> Piece:
    cover = _of(row, scene)
    return ("not read yet", "dim") if cover is None else (reasons(cover, size), "")


def reasons(cover: Cover, size: int) -> str:
    """Why it is no better, the gravest answer first: as many as fit, at least one."""
    found: list[CoverAnswer] = sorted(cover.answers, key=lambda one: VERDICT_RANK[one.verdict])
    told = ""
    for why in dict.fromkeys(one.why for one in found if one.why):
        longer = f"{told} · {why}" if told else why
        if told and cell_len(longer) > size:
            break
        told = longer
    return told


_USUAL = {column.title: column for column in COLUMNS}
COVER_COLUMNS: tuple[FleetColumn, ...] = (
    Column("", 3, 0, _sign),
    Column("name", 13, 0, _USUAL["name"].cell, grow=9),
    Column("target", 13, 1, _USUAL["target"].cell),
    Column("type", 11, 4, _USUAL["type"].cell),
    Column("host dies", 14, 0, _answer(0), grow=6),
    Column("system hangs", 14, 0, _answer(1), grow=6),
    Column("newest copy", 14, 0, _answer(2), grow=3),
    Column("why", 24, 3, _why, grow=80),
)
"""Where there is no room for why the lines under the list say it."""
