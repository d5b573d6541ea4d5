"""The sheet of cover: who acts if the host dies, who if the system hangs, from what copy it comes back, and what can be set."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from screens.detail.view_model import Scene
from screens.page import BLANK, Row, head
from tui.commands import VERBS, shown_key
from tui.domain.actions import ACTIONS
from tui.domain.copy_plan_rules import copy_plan_lines
from tui.domain.cover.answers import CoverLine, CoverSection
from tui.domain.cover.verdict import cover_lines
from tui.domain.settable import SETTER, settings_now
from tui.domain.time_format import ago
from tui.fleet.protocol import ReadKind
from tui.presentation.cover_text import COVER_SIGNS
from tui.presentation.symbols import NO_VALUE

_LABEL = 18
"""Columns of what each line is about: all sections stand under one another."""


def cover(scene: Scene) -> list[Row]:
    """The three questions with all that could cover the instance, each with its conclusion."""
    rows = [*_age(scene)]
    for section in cover_lines(scene.instance, scene.now, scene.settings.actions.image_max_age):
        rows += [BLANK] if rows and scene.wide else []
        rows += _section(section)
    planned = [*_planned(scene)]
    rows += [BLANK, *planned] if planned and scene.wide else planned
    return [*rows, BLANK, *_settable(scene)]


def _planned(scene: Scene) -> Iterator[Row]:
    """Who copies it by a plan of AWS's, from now on; nothing where nobody asked."""
    asking, why = scene.gathered.is_asking(ReadKind.PLANS), scene.gathered.why_unread(ReadKind.PLANS)
    if scene.plans is None and not asking and not why:
        return
    yield head("who copies it by a plan")
    if why:
        yield Row(why, "? not read".ljust(_LABEL), "magenta", "bold magenta")
    if scene.plans is not None:
        yield from map(_line, copy_plan_lines(scene.instance, scene.plans, scene.now))
    elif asking:
        yield Row("policies of Lifecycle Manager, selections of AWS Backup …", "reading".ljust(_LABEL), "dim")


def _age(scene: Scene) -> Iterator[Row]:
    """What of it is not read: the rest says so in each line."""
    facts, asking = scene.instance.cover, scene.gathered.is_asking(ReadKind.COVER)
    why = scene.gathered.why_unread(ReadKind.COVER)
    if facts is None and not asking:
        told = why or "alarms, group, backups and snapshots are not read yet (r reads them)"
        yield Row(told, "? not read".ljust(_LABEL), "magenta", "bold magenta")
    elif facts is None:
        yield Row("alarms, group, backups and snapshots …", "reading".ljust(_LABEL), "dim")
    elif why:
        yield Row(
            f"{why}; this is what was read {ago(facts.read_at, scene.now)}",
            "? not anew".ljust(_LABEL),
            "magenta",
            "bold magenta",
        )


def _section(section: CoverSection) -> Iterator[Row]:
    yield head(section.title)
    yield from (_line(one) for one in section.lines)
    if section.so:
        style = "" if section.answer is None else COVER_SIGNS[section.answer.verdict].style
        yield Row(section.so, "so".ljust(_LABEL), f"not dim {style}", "bold")


def _line(one: CoverLine) -> Row:
    symbol, style = (NO_VALUE, "dim") if one.verdict is None else _sign(one)
    drawn = Text(f"{symbol} ", style).append(one.text, "dim" if one.verdict is None else "not bold default")
    return Row(label=one.what.ljust(_LABEL), drawn=drawn)


def _sign(one: CoverLine) -> tuple[str, str]:
    assert one.verdict is not None
    sign = COVER_SIGNS[one.verdict]
    return sign.symbol, sign.style


def _settable(scene: Scene) -> Iterator[Row]:
    """What one key sets; each is planned, asked and can be taken back."""
    key = shown_key(VERBS[SETTER])
    if scene.read_only:
        yield head("what could be set", "read-only: this console changes nothing here")
    else:
        yield head(
            "what can be set", f"{key} asks which; each is shown first, and u in operations takes it back"
        )
    for one in settings_now(scene.instance, scene.policy, scene.now):
        told = one.told if one.blocked else ACTIONS[one.action].help
        note = "" if one.blocked else one.told
        yield Row(told, one.action.replace("-", " ").ljust(_LABEL), "dim" if one.blocked else "", note=note)
