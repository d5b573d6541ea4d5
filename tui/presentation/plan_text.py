"""How a plan reads: its numbered lines and what it costs. The question of the console and `evac do` say the same."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from tui.domain.hazards import Gravity, Hazard
from tui.domain.plan import Draft, PlannedStep
from tui.domain.sanitize import clean
from tui.presentation.symbols import GRAVITY_SIGNS, Sign

BLOCKED = "This can't be done now. What would unblock it:"


class PlanLine(Struct, frozen=True):
    """One numbered line. `sends`: `text` names calls that change something; `then` is waited for; `about` explains."""

    text: str
    sends: bool = False
    then: str = ""
    about: str = ""


class Cost(Struct, frozen=True):
    """One consequence, or all that reassures as one."""

    sign: Sign
    text: str
    remedy: str = ""
    danger: bool = False


def plan_lines(draft: Draft, *, compact: bool = False) -> list[PlanLine]:
    """What is sent and waited for, without the dry run, which has its own line. `compact`: in fewer lines."""
    steps = draft.steps[1:]
    if not compact:
        return [_line(step, step.about) for step in steps]
    if draft.options.standby or draft.options.drain:
        return _run_together(steps)
    lines: list[PlanLine] = []
    waiting: list[str] = []
    for step in steps:
        if not _sends(step):
            waiting.append(step.text)
            continue
        if waiting:
            lines.append(PlanLine(", ".join(waiting)))
            waiting = []
        lines.append(_line(step, step.about.split(",")[0]))
    return lines + ([PlanLine(", ".join(waiting))] if waiting else [])


def _sends(step: PlannedStep) -> bool:
    """Whether it calls by itself: the wait for *running* does only where the start has to be sent again."""
    return bool(step.calls) and step.name != "wait-running"


def _line(step: PlannedStep, about: str) -> PlanLine:
    if _sends(step):
        return PlanLine(clean(", ".join(call.told for call in step.calls)), sends=True, about=about)
    again = f" ({', '.join(call.operation for call in step.calls)} again if it stops)" if step.calls else ""
    return PlanLine(step.text + again, about=about)


def _run_together(steps: Sequence[PlannedStep]) -> list[PlanLine]:
    """A line a call, and behind it what is waited for: the consequences need the room."""
    lines: list[PlanLine] = []
    for step in steps:
        if _sends(step):
            lines.append(PlanLine(clean(", ".join(call.short for call in step.calls)), sends=True))
        elif lines:
            last = lines.pop()
            lines.append(PlanLine(last.text, last.sends, f"{last.then}, {step.text}"))
        else:
            lines.append(PlanLine(step.text))
    return lines


def costs(hazards: Sequence[Hazard], *, blocked: bool = False) -> list[Cost]:
    """Gravest first; what reassures at the end, as one. `blocked`: what blocks is left out, since the verdict says it."""
    found = [
        Cost(GRAVITY_SIGNS[one.gravity], one.text, one.remedy, one.gravity is Gravity.DANGER)
        for one in hazards
        if one.gravity is not Gravity.OK and not (blocked and one.gravity is Gravity.BLOCK)
    ]
    calm = " · ".join(one.text for one in hazards if one.gravity is Gravity.OK)
    return found + ([Cost(GRAVITY_SIGNS[Gravity.OK], calm)] if calm else [])
