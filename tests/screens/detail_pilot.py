"""A detail screen on its stage, a collector that answers when it is told to, an operation of the instance."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from screens.detail.screen import DetailScreen
from tests.screens.fake_services import NOW, Stage, StandIn, named, plain_facts, services
from tui.domain.actions import ActionOptions
from tui.domain.instance import Instance, Trouble, TroubleKind
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.fleet import protocol
from tui.fleet.store import Store
from tui.operations.journal import Journal
from tui.services import Services

EXPIRED = Trouble(
    TroubleKind.CREDENTIALS, clean("prod: the login has expired"), clean("run: aws sso login --profile prod")
)


def opened(folder: Path, name: str, **changes: Any) -> tuple[Stage, DetailScreen, Services]:
    given = services(folder, **changes)
    screen = DetailScreen(given, named(given.store, name).key)
    return Stage(screen), screen, given


class Slow(StandIn):
    """Answers when it is told to."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.go = asyncio.Event()

    async def request(self, request: protocol.ReadRequest) -> protocol.ReadAnswer:
        await self.go.wait()
        return await super().request(request)


def planned(journal: Journal, row: Instance, minutes: int, action: str = "reboot") -> str:
    """An operation on it, planned so many minutes ago."""
    at = NOW.replace(hour=2, minute=60 - minutes)
    return journal.create(draft(action, row, plain_facts(), ActionOptions(), Policy(), at), at)
