"""The sheet that is shown first: every open event and failing check explained, and what each action would do."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace
from rich.text import Text

from screens.detail.health import health_rows
from screens.detail.tabs import checks
from screens.detail.view_model import Scene
from screens.page import BLANK, Row, head
from tui.commands import GUARDED, VERBS, effective, offered, shown_key
from tui.config.schema import policy
from tui.domain.actions import ACTIONS, Action, ActionOptions, alike
from tui.domain.guidance import Kind, Paragraph
from tui.domain.guidance.base import KIND_TITLES, Source
from tui.domain.hazards import Gravity, Hazard
from tui.domain.plan import GuardKind, draft
from tui.presentation.symbols import GRAVITY_SIGNS, Sign

_STYLES = {
    Kind.SURVIVES: "bold green",
    Kind.LOST: "bold yellow",
    Kind.DO: "bold green",
    Kind.DO_NOT: "bold red",
    Kind.NOTE: "dim",
}
_ORDER = tuple(KIND_TITLES)
_DONT_KNOW = Sign("?", "not known", "bold magenta")
_GUARDS = {
    GuardKind.YES_NO: "asks y or n",
    GuardKind.TYPE_NAME: "asks for its name, typed",
    GuardKind.BLOCKED: "not possible now",
}


def overview(scene: Scene) -> list[Row]:
    """The explanation, and where each of its sentences is written."""
    explanation = scene.explanation
    numbers = {source: number for number, source in enumerate(explanation.sources, 1)}
    rows: list[Row] = []
    for group in _groups(explanation.paragraphs):
        rows += [BLANK] if rows else []
        rows += _explained(group, numbers)
    if not rows:  # calm: there is room for what is looked at, and for what the actions would do
        return [
            *checks(scene),
            *_health(scene),
            *_own_links(scene),
            *([] if scene.wide else [BLANK, *actions(scene)]),
        ]
    rows += _health(scene)
    rows += _own_links(scene)
    if numbers:
        rows += [BLANK, head("sources", "AWS's documentation, unless it says otherwise")]
        rows += [Row(source.text, f"[{number}]", "dim") for source, number in numbers.items()]
    return rows


def _health(scene: Scene) -> list[Row]:
    told = health_rows(scene)
    return [BLANK, *told] if told else []


def _own_links(scene: Scene) -> list[Row]:
    """Runbooks and dashboards by their names, which lead there where the terminal shows links."""
    if not scene.settings.links:
        return []
    from tui.domain.own_links import links_of

    found = links_of(scene.instance, (one.rule for one in scene.settings.links), scene.now)
    names = Text()
    for link in found:
        names.append(" · " if names else "")
        names.append(link.name, f"link {link.url}" if scene.links else "")
    return [BLANK, Row(drawn=names, label="links", note="Y copies them")] if found else []


def _groups(paragraphs: tuple[Paragraph, ...]) -> Iterator[list[Paragraph]]:
    """A new one begins where something else *happens*."""
    group: list[Paragraph] = []
    for paragraph in paragraphs:
        fresh = any(one.kind is not Kind.HAPPENING for one in group)
        if paragraph.kind is Kind.HAPPENING and fresh:
            yield group
            group = []
        group.append(paragraph)
    if group:
        yield group


def _explained(group: list[Paragraph], numbers: dict[Source, int]) -> Iterator[Row]:
    before = None
    for paragraph in sorted(group, key=lambda one: _ORDER.index(one.kind)):
        label, style = KIND_TITLES[paragraph.kind], _STYLES.get(paragraph.kind, "bold")
        note = (
            f"[{','.join(str(number) for number in sorted(numbers[one] for one in paragraph.sources))}]"
            if paragraph.sources
            else ""
        )
        shown = "" if paragraph.kind is before else label
        body = "bold" if paragraph.kind is Kind.WHEN else "dim" if paragraph.kind is Kind.NOTE else ""
        yield Row(paragraph.text, shown, body, style, note)
        before = paragraph.kind


def actions(scene: Scene) -> list[Row]:
    """What stands in the way of each action, gravest first; what is well in one line."""
    rows: list[Row] = []
    first, *rest = GUARDED
    # What is for few instances, and is offered for this one, stands before what is for all.
    for name in (first, *sorted(rest, key=lambda one: ACTIONS[one].offered is None)):
        if not offered(name, scene.instance, scene.now):
            continue
        meant = alike(name)
        for one in meant if len(meant) > 1 else (effective(name, scene.instance),):
            rows += [BLANK] if rows else []
            rows += _action(scene, name, ACTIONS[one])
    return rows


def _action(scene: Scene, name: str, action: Action) -> Iterator[Row]:
    settings = scene.settings.actions
    rules = replace(
        policy(scene.settings, scene.instance.target.profile, scene.instance.account_id),
        read_only=scene.read_only,
    )
    plan = draft(action.name, scene.instance, scene.facts, ActionOptions(), rules, scene.now, scene.here)
    told = _GUARDS[plan.guard.kind]
    blocked = scene.read_only or any(one.gravity is Gravity.BLOCK for one in plan.hazards)
    if action.asks and not blocked:
        told = action.asks
    if plan.guard.kind is GuardKind.TYPE_NAME and settings.confirm == "id":
        told = "asks for its id, typed"
    yield head(f"{shown_key(VERBS[name])}  {action.title}", told)
    if scene.read_only:
        yield Row("this console changes nothing here", "✖ read-only", "", "bold red")
    yield from _stakes(scene, plan.hazards)


def _stakes(scene: Scene, hazards: tuple[Hazard, ...]) -> Iterator[Row]:
    unread = [one for one in hazards if scene.facts is None and not one.known and one.gravity is Gravity.WARN]
    for hazard in hazards:
        if hazard.gravity not in (Gravity.NOTE, Gravity.OK) and hazard not in unread:
            yield _hazard(hazard)
    if unread:  # one line until the look has answered, not a paragraph each
        told = "reading" if scene.reading else "not looked up (r looks)"
        what = " · ".join(one.unknown or one.text for one in unread)
        yield Row(f"{told}: {what}", f"{_DONT_KNOW.named}", "", _DONT_KNOW.style)
    yield from (_hazard(hazard) for hazard in hazards if hazard.gravity is Gravity.NOTE)
    well = " · ".join(hazard.text for hazard in hazards if hazard.gravity is Gravity.OK)
    if well:
        sign = GRAVITY_SIGNS[Gravity.OK]
        yield Row(well, f"{sign.named}", "", sign.style)


def _hazard(hazard: Hazard) -> Row:
    known = hazard.known or hazard.gravity is Gravity.BLOCK
    sign = GRAVITY_SIGNS[hazard.gravity] if known else _DONT_KNOW
    text = hazard.text + (f" → {hazard.remedy}" if hazard.remedy else "")
    return Row(text, f"{sign.named}", "", sign.style)
