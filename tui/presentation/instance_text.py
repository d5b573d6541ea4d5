"""What an instance, its checks and a target read like in a cell or a line."""

from __future__ import annotations

from datetime import datetime

from tui.config.schema import Settings
from tui.domain.activity import NO_ACTIVITY, Own
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
from tui.domain.time_format import ago, coarse_span
from tui.domain.triage import Level
from tui.presentation.accounts import account_number
from tui.presentation.symbols import ASKING, LEVELS, NO_VALUE, READ_SIGN
from tui.presentation.width import cell_len, middle

SHORT_STATES = {
    CheckName.SYSTEM: "system",
    CheckName.INSTANCE: "instance",
    CheckName.ATTACHED_EBS: "volume",
    CheckName.APPLICATION: "app",
    CheckName.PERFORMANCE: "perf",
}


WORDS = {CheckStatus.INSUFFICIENT_DATA: "no data", CheckStatus.NOT_REPORTED: "not told"}
"""AWS's words where they are too long for a cell."""


def checks_cell(instance: Instance, now: datetime | None = None) -> tuple[str, str]:
    """The checks in one cell, and its style; with `now` also since when the outermost one fails."""
    failing = instance.checks.impaired()
    bad, good = LEVELS[Level.FAILING].symbol, LEVELS[Level.CALM].symbol
    if now is not None and (found := why_down(instance, now)) is not None:
        return f"{bad} {found.word}", "bold red"
    if instance.state in (InstanceState.STOPPED, InstanceState.TERMINATED):
        return NO_VALUE, "dim"
    if failing:
        since = instance.checks.get(failing[0]).since
        age = f" {coarse_span(now - since)}" if now is not None and since is not None and now > since else ""
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
    return NO_VALUE, "dim"


def checks_text(instance: Instance, now: datetime | None = None, own: Own = NO_ACTIVITY) -> str:
    """`ok`, the failing checks by name, who is at it or took it down, or what keeps us from saying either."""
    work = own.work(instance)
    if work is not None and now is not None and work.explains(instance):
        return work.line(now)
    if own.meant(instance) is not None and now is not None and why_down(instance, now):
        return "down by AWS, and meant"
    if now is not None and (found := why_down(instance, now)):
        return found.word
    if failing := instance.checks.impaired():
        return "impaired: " + ", ".join(name.value for name in failing)
    status = {instance.checks.get(name).status for name in (CheckName.SYSTEM, CheckName.INSTANCE)}
    if status <= {CheckStatus.OK}:
        return "ok"
    return ", ".join(sorted(word.value for word in status - {CheckStatus.OK}))


def short_place(place: str) -> str:
    """`ap-northeast-2a` → `apne2a`, as AWS abbreviates its zone ids."""
    area, *rest = place.split("-")
    if len(rest) < 2:
        return place
    *words, number = rest
    return area + "".join(_SHORT_WORDS.get(word, word[:1]) for word in words) + number


def short_target(settings: Settings, profile: str, region: str, size: int) -> str:
    """Whose account and which region in `size` columns: the region as short as AWS writes it, then the label's middle goes."""
    label, short = settings.label(profile), short_place(region)
    if cell_len(label) + 1 + len(region) <= size:
        return f"{label} {region}"
    return f"{middle(label, max(1, size - 1 - len(short)))} {short}"


_SHORT_WORDS = {"northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw"}


def target_line(status: TargetStatus, settings: Settings, now: datetime) -> tuple[str, str]:
    """A target in one line, and its style: who, where, how many, how fresh, or why not and what to do."""
    names = "+".join(settings.label(name) for name in (status.profiles or (status.target.profile,)))
    where = f"{names} {status.target.region}" if status.target.region != EVERYWHERE else names
    if status.trouble is not None:
        age = f" · as of {ago(status.status_at, now)}" if status.status_at else ""
        sign = LEVELS[Level.UNKNOWN]
        return f"{sign.symbol} {where}: {status.trouble.bare}{age}", sign.style
    if status.phase is not Phase.LIVE:
        age = f" (last read {ago(status.status_at, now)})" if status.status_at else ""
        return f"{ASKING} {where}: {status.phase}{age}", "dim"
    if status.regions:
        count = f"{counted(status.regions, 'region')} without instances"
    else:
        count = counted(status.count, "instance") if status.count is not None else "counting"
    account = f" · account {account_number(status.account_id)}" if status.account_id else ""
    alias = f" {status.account_alias}" if status.account_alias else ""
    partial = f" · {status.partial[0].placed}" if status.partial else ""
    return f"{READ_SIGN.symbol} {where}{account}{alias} · {count}{partial}", "bold"
