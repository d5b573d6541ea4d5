"""How a plan reads: whose instance it is, what is sent, what it costs, and what AWS answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from screens.theme import painted
from tui.config.schema import Settings
from tui.domain.actions import ACTIONS
from tui.domain.hazards import Hazard
from tui.domain.instance import Instance, TargetStatus
from tui.domain.plan import Draft
from tui.domain.sanitize import clean
from tui.domain.time_format import ago
from tui.domain.triage import Level
from tui.operations.service import Answered, DryRunAnswer
from tui.presentation.accounts import account_number
from tui.presentation.plan_text import BLOCKED, costs, plan_lines
from tui.presentation.symbols import ASKING, LEVELS
from tui.presentation.width import cell_len, middle

_GOOD, _BAD, _UNKNOWN = LEVELS[Level.CALM], LEVELS[Level.FAILING], LEVELS[Level.UNKNOWN]


def whose_instance(
    instance: Instance, status: TargetStatus | None, settings: Settings, width: int, *, one_line: bool
) -> Text:
    """Name, id, account and place, in two lines or in one. A long name loses its middle, the id nothing."""
    profile = instance.target.profile
    label = f" {middle(settings.label(profile), 24)} "
    account = instance.account_id or (status.account_id if status is not None else "")
    alias = status.account_alias if status is not None else ""
    parts = [account_number(account) or "account unknown", instance.zone or instance.target.region, alias]
    place = Text(no_wrap=True, overflow="ellipsis")
    place.append(label, f"bold reverse {painted(settings.profile(profile).color)}".strip())
    place.append(" " + "  ".join(part for part in parts if part))
    named = f"  {instance.instance_id}" if instance.name else ""
    text = Text(overflow="ellipsis", no_wrap=True)
    beside = cell_len(named) + (min(place.cell_len, width // 2) + 2 if one_line else 0)
    text.append(middle(instance.label, max(8, width - beside)), "bold")
    text.append(named)
    text.append("  " if one_line else "\n")
    place.truncate(max(0, width - (text.cell_len if one_line else 0)), overflow="ellipsis")
    return text.append_text(place)


def titled(draft: Draft, width: int) -> str:
    """The action and whom it is about, in what one line holds."""
    action = ACTIONS[draft.action]
    return action.named(middle(draft.label, max(12, width - len(action.named("")) - 30)))


def prompt(draft: Draft, *, bare: bool) -> Text:
    """What is to be typed; in `bare`, where no border names it, also for what."""
    named = draft.guard.expected != draft.instance_id
    text = Text(f"{ACTIONS[draft.action].title}. " if bare else "")
    text.append(f"Type the {'name' if named or not draft.instance_name else 'id'} to go on: ")
    text.append(draft.guard.expected, "bold")
    text.append("  or its id" if named else "", "dim")
    text.append("   esc cancels (default)", "dim")
    return text


def state_line(instance: Instance, read_at: datetime, now: datetime, zone_clock: str) -> Text:
    """The state, re-read: when, in words and by the clock."""
    text = Text(overflow="ellipsis", no_wrap=True)
    text.append(str(instance.state), "bold")
    text.append(f", read {ago(read_at, now)} ({zone_clock})", "dim")
    return text


def step_grid(draft: Draft, compact: bool) -> RenderableType:
    """The numbered steps with the exact calls."""
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(justify="right", width=1, no_wrap=True)
    grid.add_column(overflow="fold", ratio=1)
    for number, line in enumerate(plan_lines(draft, compact=compact), 1):
        text = Text().append(line.text, "bold" if line.sends else "").append(line.then)
        text.append(f"  {line.about}" if line.about else "", "dim")
        grid.add_row(Text(str(number), "bold"), text)
    return grid


def consequences(found: Sequence[Hazard], *, blocked: bool) -> RenderableType:
    """The consequences of a plan, the gravest first, each with what would avoid it; a table of gravity and text."""
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(width=9, no_wrap=True)
    grid.add_column(ratio=1)
    for one in costs(found, blocked=blocked):
        told = Text(one.text, "bold" if one.danger else "")
        told.append(f" → {one.remedy}" if one.remedy else "", "not bold dim")
        grid.add_row(Text(one.sign.named, one.sign.style), told)
    return grid


_ANSWER_MARKS = {
    Answered.ASKING: (ASKING, "dim"),
    Answered.YES: (_GOOD.symbol, _GOOD.style),
    Answered.SILENT: (_UNKNOWN.symbol, _UNKNOWN.style),
    Answered.NO: (_BAD.symbol, _BAD.style),
    Answered.OVER: (_BAD.symbol, _BAD.style),
}


def answer_line(answer: DryRunAnswer) -> Text:
    """What AWS said of the plan, and the key that helps."""
    mark, style = (_UNKNOWN.symbol, _UNKNOWN.style) if answer.slow else _ANSWER_MARKS[answer.answered]
    words = answer.text
    if answer.answered is Answered.NO:
        words += f"{f' → {answer.remedy}' if answer.remedy else ''} (esc leaves)"
    elif answer.answered is Answered.OVER:
        words += ": press r to plan it again"
    elif answer.slow:
        words += "; r tries again"
    return Text.assemble((f"{mark} ", style), words)


def blocked(draft: Draft) -> RenderableType:
    """The verdict, and what would unblock it."""
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(width=1)
    grid.add_column(ratio=1)
    grid.add_row(Text(_BAD.symbol, _BAD.style), Text(BLOCKED, "bold"))
    for why in draft.guard.unblock:
        grid.add_row(Text("–"), Text(clean(why)))
    return Group(grid)
