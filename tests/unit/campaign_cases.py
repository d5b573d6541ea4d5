"""A campaign and its members, otherwise as nobody has done anything yet."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from tui.domain.actions import ActionOptions
from tui.domain.campaign.model import Campaign, CampaignRules, CampaignState, Member, MemberState
from tui.domain.sanitize import clean

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
BY_LETTER = {
    "w": MemberState.WAITS,
    "g": MemberState.GOING,
    "d": MemberState.DONE,
    "f": MemberState.FAILED,
    "l": MemberState.LEFT_OUT,
    "n": MemberState.NEEDS_YOU,
}


def member(number: int, *keys: str, **changes: Any) -> Member:
    """`web-3`, that waits."""
    ident = clean(f"i-{number:017x}")
    found = Member(
        number, "prod", "eu-west-1", clean("111122223333"), ident, clean(f"web-{number}"), "m5.large", keys
    )
    return replace(found, **changes)


def campaign(
    states: str, *keys: tuple[str, ...], rules: CampaignRules | None = None, **changes: Any
) -> Campaign:
    """One that is running. `states`: a letter a member, in their order; `keys`: those of each."""
    members = []
    for number, letter in enumerate(states):
        own = keys[number] if number < len(keys) else ()
        operation = "" if letter in "wln" else f"op-{number}"
        members.append(member(number, *own, state=BY_LETTER[letter], operation=operation))
    found = Campaign(
        id="c-20261124-030000-abcd",
        action="stop-start",
        options=ActionOptions(),
        rules=rules or CampaignRules(),
        state=CampaignState.RUNNING,
        members=tuple(members),
        user="kim",
        host="bastion-1",
        created_at=NOW,
        confirmed_at=NOW,
    )
    return replace(found, **changes)
