"""The lines above the tabs: which instance, how bad, what to press; and the picture of the layers."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import timedelta

from rich.text import Text

from screens.detail.health import health_head
from screens.detail.view_model import Scene
from screens.page import Row
from screens.theme import painted
from tui.commands import VERBS, Verb, shown_key, verb_of
from tui.domain.actions import ACTIONS
from tui.domain.cover.answers import CoverVerdict
from tui.domain.cover.verdict import cover_of
from tui.domain.diagnosis.verdict import NOT_KNOWN
from tui.domain.down_by_aws import why_down
from tui.domain.guidance import Mark, layers
from tui.domain.health_notices import notices
from tui.domain.instance import InstanceState, TroubleKind
from tui.domain.settable import SETTER, helping
from tui.domain.time_format import ago, both_zones, span
from tui.domain.triage import Level, urgency
from tui.presentation.accounts import account_number
from tui.presentation.cover_text import QUESTIONS, answer_cell
from tui.presentation.links import link_style
from tui.presentation.symbols import LEVELS, MARKS, WORKING
from tui.presentation.width import ELLIPSIS, cell_len, cut

_NAMES = {"host": "host, hypervisor"}
_SHORT = {"AWS power, network": "AWS", "operating system": "OS", "application": "app", "performance": "perf"}
_LEAST_NAME = 12
STALE = timedelta(minutes=5)
"""Checks read longer ago are marked: even a slowed-down collector reads more often."""
_BAD = (Mark.FAILING, Mark.THREATENED)


def identity_line(scene: Scene, width: int) -> Text:
    """Its name, id, account and place in one line: a long name gives way, the id never does."""
    row, profile = scene.instance, scene.instance.target.profile
    tint = painted(scene.settings.profile(profile).color)
    rest = Text("  ")
    link = link_style(row) if scene.links else ""
    rest.append(row.instance_id if row.name else "", link)
    rest.append("  " if row.name else "")
    rest.append(scene.settings.label(profile), f"bold {tint}".strip())
    rest.append(f" {account_number(row.account_id) or 'account ?'}  {row.zone or row.target.region}")
    name = str(row.label)
    room = max(_LEAST_NAME, width - 1 - rest.cell_len)
    line = Text(" ", no_wrap=True, overflow="ellipsis")
    line.append(cut(name, min(room, cell_len(name))), "bold" if row.name else f"bold {link}".strip())
    return line.append_text(rest)


def state_and_age(scene: Scene, width: int) -> Text:
    """Its state since when, whose account it is, and how old this is."""
    row = scene.instance
    alias = scene.status.account_alias if scene.status is not None else ""
    others = [name for name in row.profiles if name != row.target.profile]
    left = Text(" ", no_wrap=True, overflow="ellipsis").append(_state(scene, width >= 110))
    if scene.here.is_row(row):
        left.append(" · evac runs on it", "bold cyan")
    if alias:
        left.append(f" · {alias}", "dim")
    if others:
        left.append(f" · also {', '.join(others)}", "dim")
    right = _age(scene)
    left.truncate(max(1, width - right.cell_len - 2), overflow="ellipsis")
    left.append(" " * max(1, width - left.cell_len - right.cell_len - 1))
    return left.append_text(right)


def _state(scene: Scene, roomy: bool) -> str:
    row = scene.instance
    if row.state is InstanceState.RUNNING and row.launched_at is not None and row.launched_at <= scene.now:
        since = both_zones(row.launched_at, scene.zone, scene.now) if roomy else ""
        return f"running for {span(scene.now - row.launched_at)}" + (f", since {since}" if since else "")
    return f"{row.state}" + (f" ({row.state_reason})" if row.state_reason else "")


def _age(scene: Scene) -> Text:
    if scene.reading:
        return Text("reading …", "bold magenta")
    if scene.gone:
        return Text("gone", "bold red")
    if scene.collector:
        return Text(f"collector {scene.collector}", "bold magenta")
    if scene.status_at is None:
        return Text("checks not read yet", "bold magenta")
    failed = scene.trouble is not None or (scene.status is not None and scene.status.trouble is not None)
    stale = failed or scene.now - scene.status_at > STALE
    return Text(f"read {ago(scene.status_at, scene.now)}", "bold magenta" if stale else "dim")


def troubles(scene: Scene) -> list[Row]:
    """What could not be read, with its remedy: it stays until a look succeeds."""
    rows = []
    if scene.gone:
        rows.append(
            Row("it is no longer there: below is what was last known of it", "✖ gone", "", "bold red")
        )
    told = scene.trouble
    if told is not None and not (scene.gone and told.kind is TroubleKind.GONE):
        rows.append(Row(told.line, "? not read", "", "bold magenta"))
    stale = scene.status.trouble if scene.status is not None else None
    if stale is not None and (told is None or stale.line != told.line):
        rows.append(Row(stale.line, "? stale", "", "bold magenta"))
    return rows


def diagnosis(scene: Scene, width: int, why_not: str | None) -> list[Row]:
    """The one sentence, and the key: seen without scrolling, whatever the size."""
    explanation, row = scene.explanation, scene.instance
    sign = LEVELS[urgency(row, scene.now, scene.own).level]
    word = sign.word
    if row.state is not InstanceState.RUNNING and sign is not LEVELS[Level.UNKNOWN]:
        found = why_down(row, scene.now) if scene.own.meant(row) is None else None
        word = str(row.state) if found is None else found.word
        sign = MARKS[Mark.NONE] if sign is LEVELS[Level.CALM] else sign
    work = scene.own.work(row)
    if work is not None and work.explains(row) and not work.attention:
        sign, word = WORKING, work.cell
    label = f"{sign.symbol} {word}"
    line, told = explanation.headline, scene.diagnosis
    most = 1 if told.line else 2  # lines: the cause needs some of them
    if explanation.diagnosis_short and len(textwrap.wrap(line, max(20, width - len(label) - 4))) > most:
        line = explanation.diagnosis_short
    rows = [Row(line, label, "bold", sign.style), _press(scene, why_not)]
    if told.line and not scene.gone and (told.label != NOT_KNOWN or not scene.gathered.asking):
        rows.insert(1, Row(told.line, told.label))
    if not scene.gone:
        rows[-1:-1] = health_head(scene)
    return rows


def _press(scene: Scene, why_not: str | None) -> Row:
    advice = scene.explanation.recommended
    if advice is None and scene.explanation.instead and not scene.gone:
        return Row(scene.explanation.instead, "do", "", "bold yellow")
    if advice is None or scene.gone:
        return Row(_no_key(scene), "press", "", "dim")
    verb = verb_of(advice.verb)
    title = ACTIONS[advice.verb].title if advice.verb in ACTIONS else verb.title
    if why_not is not None:
        return Row(f"{title} would help, but {why_not}", f"({shown_key(verb)})", "", "bold yellow")
    return Row(f"{title}: {advice.why}", f"press {shown_key(verb)}", "", "bold reverse")


def _no_key(scene: Scene) -> str:
    if scene.gone:
        return "nothing: esc goes back to the list"
    if scene.instance.state is InstanceState.STOPPED:
        start = "" if scene.read_only else "; s starts it, if it should run"
        return f"nothing is urgent{start}"
    level = urgency(scene.instance, scene.now, scene.own).level
    if level is Level.CALM:
        if notices(scene.instance, scene.now):
            return "nothing: its checks are ok; what AWS Health tells of it is below"
        return f"nothing{_uncovered(scene)}" if scene.instance.cover else "nothing: no trouble is known"
    if level is Level.UNKNOWN:
        return "r to look again: nothing is known to be wrong, nor to be well"
    if scene.facts is None:
        return (
            "reading what it has, a moment"
            if scene.reading
            else "r to look again: too little is known to advise"
        )
    return "no key is recommended here: read on for what helps"


def _uncovered(scene: Scene) -> str:
    """Which failure nobody would act on by itself, once its cover is read; and the key, where it sets what would."""
    cover = cover_of(scene.instance, scene.now, scene.settings.actions.image_max_age)
    asked = ("its host dies", "it hangs")
    open_to = [number for number in (0, 1) if cover.answers[number].verdict is CoverVerdict.NOBODY]
    if not open_to:
        return ": no trouble is known"
    able = {number for number, _ in helping(scene.instance, cover, scene.policy, scene.now)}
    settable = [asked[number] for number in open_to if number in able]
    remedy = f": {shown_key(VERBS[SETTER])} sets what does" if settable else ""
    if settable and len(settable) < len(open_to):
        remedy += f" if {settable[0]}"
    return f" now; nobody acts if {' or '.join(asked[number] for number in open_to)}{remedy}"


def tab_places(tabs: Sequence[str], chosen: str, width: int) -> list[tuple[str, str]]:
    """What stands in the line of tabs, and which tab each piece is: their names, the chosen one always, and an ellipsis where
    others are left out, which is the next of them.
    """
    at, first, last = tabs.index(chosen), 0, len(tabs)

    def too_wide() -> bool:
        marks = 2 * ((first > 0) + (last < len(tabs)))
        return sum(len(name) + 2 for name in tabs[first:last]) + marks > width

    while too_wide() and last > at + 1:
        last -= 1
    while too_wide() and first < at:
        first += 1
    found = [(f"{ELLIPSIS} ", tabs[first - 1])] if first else []
    found += [(f" {name} ", name) for name in tabs[first:last]]
    return [*found, (f" {ELLIPSIS}", tabs[last])] if last < len(tabs) else found


def tab_strip(tabs: Sequence[str], chosen: str, width: int) -> Text:
    """The line of tabs."""
    text = Text(no_wrap=True, overflow="ellipsis")
    for piece, name in tab_places(tabs, chosen, width):
        text.append(piece, "bold reverse" if name == chosen else "")
    return text


def advised(scene: Scene) -> Verb | None:
    """The verb that is recommended."""
    advice = scene.explanation.recommended
    return None if advice is None else verb_of(advice.verb)


def picture(scene: Scene, width: int) -> Text:
    """The layers as a stack, AWS's building first: name, mark, word; below it, why the sick ones are sick."""
    stack = layers(scene.instance, scene.facts, scene.now)
    inner = max(len(_NAMES.get(layer.name, layer.name)) for layer in stack) + 16
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append("╭" + "─" * inner + "╮\n", "dim")
    for number, layer in enumerate(stack):
        if number:
            text.append("├" + "─" * inner + "┤\n", "dim")
        sign = MARKS[layer.mark]
        text.append("│", "dim")
        text.append(
            f" {_NAMES.get(layer.name, layer.name):<{inner - 15}}", "bold" if layer.mark in _BAD else ""
        )
        text.append(f"{sign.symbol} {sign.word:<11} ", sign.style)
        text.append("│", "dim")
        text.append(" ◀" if layer.mark in _BAD else "", sign.style)
        text.append("\n")
    text.append("╰" + "─" * inner + "╯", "dim")
    for layer in {(one.mark, one.why): one for one in stack if one.mark in (*_BAD, Mark.UNKNOWN)}.values():
        sign = MARKS[layer.mark]
        text.append(f"\n{sign.symbol} ", sign.style)
        text.append("\n  ".join(textwrap.wrap(layer.why, max(10, width - 2))), "dim")
    return text.append_text(_would_act(scene))


def _would_act(scene: Scene) -> Text:
    """Who acts by itself, once that is read: the tab of cover has the rest."""
    text = Text()
    if scene.instance.cover is None:
        return text
    max_age = scene.settings.actions.image_max_age
    for question, answer in zip(QUESTIONS, cover_of(scene.instance, scene.now, max_age).answers, strict=True):
        told, style = answer_cell(answer)
        text.append(f"\n{question:<13}", "dim").append(told, style)
    return text


def strip(scene: Scene, width: int) -> Text:
    """The same picture in one line; words give way where all is well."""
    stack = layers(scene.instance, scene.facts, scene.now)
    for wordless in (frozenset[Mark](), frozenset({Mark.OK, Mark.NONE}), frozenset(Mark)):
        line = Text(" ", no_wrap=True, overflow="ellipsis")
        for layer in stack:
            sign = MARKS[layer.mark]
            line.append(_SHORT.get(layer.name, layer.name) + " ", "" if layer.mark in _BAD else "dim")
            line.append(sign.symbol + (f" {sign.word}" if layer.mark not in wordless else ""), sign.style)
            line.append("  ")
        line.rstrip()
        if line.cell_len <= width:
            break
    return line
