"""Campaigns on a stage: planned from the sample, and as a conductor and its runners would leave them in the journal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from msgspec.structs import replace
from textual.pilot import Pilot

from screens.campaign import CampaignScreen
from tests.screens import fake_services
from tests.screens.fake_services import NOW
from tui.domain.campaign.model import Campaign, Member, MemberState
from tui.operations.campaign_journal import CampaignJournal
from tui.services import Services

CONDUCTOR = "bastion-2.example:812:abc123"
"""One on another host: known by its silence only."""


def journal_of(given: Services) -> CampaignJournal:
    assert given.journal is not None
    return CampaignJournal(given.journal)


def kept(given: Services, campaign: str) -> Campaign:
    found = journal_of(given).get(campaign)
    assert found is not None
    return found


def keys_of_all(given: Services, number: int = 200) -> tuple[str, ...]:
    """The first of the sample, stopped and failing ones among them."""
    return tuple(row.key for row in given.store.rows()[:number])


def looked(given: Services, campaign: str, count: int | None = None, **changes: Any) -> None:
    """A conductor has looked at the first `count` of those that go."""
    journal = journal_of(given)
    journal.lease(campaign, CONDUCTOR, NOW)
    for one in kept(given, campaign).members[:count]:
        journal.write_look(campaign, CONDUCTOR, replace(one, looked_at=NOW, **changes))


def put(given: Services, campaign: str, states: Sequence[tuple[MemberState, str]]) -> None:
    """Its first members are in these states, each for that reason; it was confirmed."""
    journal = journal_of(given)
    for one, (state, why) in zip(kept(given, campaign).members, states, strict=False):
        journal.conclude(campaign, one, state, why)


@asynccontextmanager
async def campaign_shown(
    given: Services,
    campaign: str = "",
    action: str = "stop-start",
    keys: Sequence[str] = (),
    size: tuple[int, int] = (80, 24),
) -> AsyncIterator[Pilot[None]]:
    screen = CampaignScreen(given, campaign, action, keys)
    screen.pause_before_typing = 0.0
    app = fake_services.Stage(screen)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot


def campaign_screen(pilot: Pilot[Any]) -> CampaignScreen:
    assert isinstance(pilot.app, fake_services.Stage)
    assert isinstance(pilot.app.shown, CampaignScreen)
    return pilot.app.shown


def some(members: Sequence[Member], state: MemberState) -> Member:
    return next(one for one in members if one.state is state)
