"""Symbol, word and style of each state: never colour alone, with an ASCII fall-back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct
from rich.cells import cell_len, set_cell_size
from rich.errors import StyleSyntaxError
from rich.style import Style

from tui.config.schema import Settings
from tui.domain.down_by_aws import why_down
from tui.domain.instance import (
    EVERYWHERE,
    CheckName,
    CheckStatus,
    Instance,
    InstanceState,
    Phase,
    TargetStatus,
)
from tui.domain.plurals import counted
from tui.domain.sanitize import clean
from tui.domain.severity import Gravity
from tui.domain.time_format import ago, span
from tui.domain.triage import Level


class Sign(Struct, frozen=True):
    """How a state is drawn. `style` is a Rich style of the terminal's own sixteen colours, so that every theme stays legible."""

    symbol: str
    ascii: str
    word: str
    style: str

    def mark(self, plain: bool) -> str:
        """The symbol this terminal can draw."""
        return self.ascii if plain else self.symbol


LEVELS = {
    Level.FAILING: Sign("✖", "X", "failing", "bold red"),
    Level.DUE: Sign("▲", "!", "within 24 h", "bold yellow"),
    Level.SCHEDULED: Sign("●", "*", "scheduled", "cyan"),
    Level.UNKNOWN: Sign("?", "?", "unknown", "magenta"),
    Level.CALM: Sign("✔", "+", "ok", "green"),
}
READ_SIGN = Sign("↓", "v", "read", "")
"""A target that answered. It says nothing of how its instances are: that is never a sign of health."""
WORKING = Sign("▶", ">", "running", "bold cyan")
"""An operation of evac's is at it."""
NO_VALUE = {False: "–", True: "-"}
"""There is none: by whether the terminal is plain."""
GRAVITY_SIGNS = {
    Gravity.BLOCK: Sign("✖", "X", "blocks", "bold red"),
    Gravity.DANGER: Sign("▲", "!", "DANGER", "bold red"),
    Gravity.WARN: Sign("▲", "!", "warning", "yellow"),
    Gravity.NOTE: Sign("·", "-", "note", ""),
    Gravity.OK: Sign("✔", "+", "ok", "green"),
}
STEP_SIGNS = {
    "waiting": Sign("·", "-", "to come", "dim"),
    "running": Sign("▶", ">", "now", "bold cyan"),
    "done": Sign("✔", "+", "done", "green"),
    "stuck": Sign("✖", "X", "stuck", "bold red"),
    "skipped": Sign("–", "-", "left out", "dim"),
}
_PLAIN = str.maketrans(
    {
        "✖": "X",
        "▲": "!",
        "●": "*",
        "✔": "+",
        "↓": "v",
        "▶": ">",
        "·": "-",
        "–": "-",
        "→": "->",
        "…": "...",
        "‹": "<",
        "›": ">",
    }
)


def drawn(text: str, plain: bool) -> str:
    """Words of ours as this terminal can draw them. Names from AWS are left as they are."""
    return text.translate(_PLAIN) if plain else text


def painted(color: str) -> str:
    """A profile's colour as a style, or none where the word is no colour."""
    try:
        Style.parse(color)
    except StyleSyntaxError:
        return ""
    return color


SHORT_STATES = {
    CheckName.SYSTEM: "system",
    CheckName.INSTANCE: "instance",
    CheckName.ATTACHED_EBS: "volume",
    CheckName.APPLICATION: "app",
    CheckName.PERFORMANCE: "perf",
}


WORDS = {CheckStatus.INSUFFICIENT_DATA: "no data", CheckStatus.NOT_REPORTED: "not told"}
"""AWS's words where they are too long for a cell."""


def checks_cell(instance: Instance, plain: bool, now: datetime | None = None) -> tuple[str, str]:
    """The checks in one cell, and its style; with `now` also since when the outermost one fails."""
    failing = instance.checks.impaired()
    bad, good = LEVELS[Level.FAILING].mark(plain), LEVELS[Level.CALM].mark(plain)
    if now is not None and (found := why_down(instance, now)) is not None:
        return f"{bad} {found.word}", "bold red"
    if instance.state in (InstanceState.STOPPED, InstanceState.TERMINATED):
        return NO_VALUE[plain], "dim"
    if failing:
        since = instance.checks.get(failing[0]).since
        age = f" {span(now - since)}" if now is not None and since is not None and now > since else ""
        more = f"+{len(failing) - 1}" if len(failing) > 1 else ""
        return f"{bad} {SHORT_STATES[failing[0]]}{more}{age}", "bold red"
    core = {instance.checks.system.status, instance.checks.instance.status}
    if core == {CheckStatus.OK}:
        return good, "green"
    for status in (
        CheckStatus.UNKNOWN,
        CheckStatus.NOT_REPORTED,
        CheckStatus.INSUFFICIENT_DATA,
        CheckStatus.INITIALIZING,
    ):
        if status in core:
            return f"? {WORDS.get(status, status)}", "magenta"
    return NO_VALUE[plain], "dim"


def account_text(number: str) -> str:
    """`1111-2222-3333`, as AWS's own console groups it."""
    return "-".join(number[at : at + 4] for at in range(0, len(number), 4)) if len(number) == 12 else number


def target_line(status: TargetStatus, settings: Settings, now: datetime) -> tuple[str, str]:
    """A target in one line, and its style: who, where, how many, how fresh, or why not and what to do."""
    names = "+".join(settings.label(name) for name in (status.profiles or (status.target.profile,)))
    where = f"{names} {status.target.region}" if status.target.region != EVERYWHERE else names
    plain = settings.ascii
    if status.trouble is not None:
        cause = status.trouble.line.removeprefix(f"{status.target.key}: ").removeprefix(
            f"{clean(status.target.profile)}: "
        )
        age = f" · as of {ago(status.status_at, now)}" if status.status_at else ""
        return f"{LEVELS[Level.UNKNOWN].mark(plain)} {where}: {cause}{age}", LEVELS[Level.UNKNOWN].style
    if status.phase is not Phase.LIVE:
        age = f" (last read {ago(status.status_at, now)})" if status.status_at else ""
        return f"… {where}: {status.phase}{age}", "dim"
    if status.regions:
        count = f"{counted(status.regions, 'region')} without instances"
    else:
        count = counted(status.count, "instance") if status.count is not None else "counting"
    account = f" · account {account_text(status.account_id)}" if status.account_id else ""
    alias = f" {status.account_alias}" if status.account_alias else ""
    partial = f" · {status.partial[0].cause}" if status.partial else ""
    return f"{READ_SIGN.mark(plain)} {where}{account}{alias} · {count}{partial}", "bold"


def cut(text: str, size: int) -> str:
    """Exactly `size` cells: padded, or shortened with an ellipsis, wide characters counted as two."""
    if cell_len(text) > size:
        text = set_cell_size(text, max(0, size - 1)).rstrip() + "…"
    return set_cell_size(text, size)


def middle(text: str, size: int, plain: bool = False) -> str:
    """At most `size` cells: what is too long loses its middle, since names differ at their ends."""
    if cell_len(text) <= size:
        return text
    gap = "..." if plain else "…"
    room = max(0, size - len(gap))
    head = set_cell_size(text, room - room // 2).rstrip()
    tail = set_cell_size(text[::-1], room // 2).rstrip()[::-1]
    return (
        set_cell_size(f"{head}{gap}{tail}", size).rstrip() if size > len(gap) else set_cell_size(text, size)
    )


def common_start(names: Iterable[str]) -> str:
    """What all of several names begin with, up to a separator: it tells none from another. Empty: nothing."""
    every = sorted(set(names))
    if len(every) < 2:
        return ""
    first, last = every[0], every[-1]
    length = next(
        (at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last))
    )
    end = max((first.rfind(char, 0, length) for char in "-_./: "), default=-1) + 1
    return first[:end] if end >= 3 else ""
