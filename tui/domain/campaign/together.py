"""Whether one more of those that belong together by a tag may go down: all but one stay in service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from tui.domain.actions.base import GONE
from tui.domain.down_by_aws import why_down
from tui.domain.instance import CheckStatus, Instance, InstanceState
from tui.domain.sanitize import SafeText, clean


def tags_of(row: Instance, together: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The tags of `together` (`tag:service`) that this instance has, with their values."""
    names = (word.removeprefix("tag:") for word in together)
    return tuple((name, str(value)) for name in names if (value := row.tag(name)))


def out_of_order(row: Instance, now: datetime) -> str:
    """Why it is not in service, by its state and checks; empty: it is, or a person stopped it, or it is gone.

    What is not known is not in service.
    """
    if row.state in GONE:
        return ""
    if row.state is InstanceState.STOPPED:
        return "" if (found := why_down(row, now)) is None else found.word
    if row.state is not InstanceState.RUNNING:
        return row.state.value
    checks = (row.checks.system.status, row.checks.instance.status)
    wrong = next((one for one in checks if one not in (CheckStatus.OK, CheckStatus.NOT_APPLICABLE)), None)
    return "" if wrong is None else f"its checks: {wrong.value}"


def why_short(row: Instance, tag: str, value: str, mates: Iterable[Instance], now: datetime) -> SafeText:
    """Why this instance may not go down now, for the others with that value of the tag; empty: it may.

    One that is not in service itself takes nothing away.
    """
    if out_of_order(row, now):
        return clean("")
    for one in mates:
        if one.key != row.key and one.tag(tag) == value and (why := out_of_order(one, now)):
            return clean(f"{one.label} of {tag}={value} is not in service ({why})", 300)
    return clean("")
