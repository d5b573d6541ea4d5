"""A fleet screen on its stage, and what it shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from screens.fleet.screen import FleetScreen
from tests.screens import fake_services
from tui.services import Services


@asynccontextmanager
async def shown(services: Services, size: tuple[int, int] = (160, 50)) -> AsyncIterator[Pilot[None]]:
    app = fake_services.Stage(FleetScreen(services))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot


def said(pilot: Pilot[Any]) -> list[str]:
    """The lines the operator was told."""
    return [str(one.message) for one in pilot.app._notifications]


def screen(pilot: Pilot[Any]) -> FleetScreen:
    found = pilot.app.screen
    assert isinstance(found, FleetScreen)
    return found


def cursor(pilot: Pilot[Any]) -> str:
    row = screen(pilot).subject
    assert row is not None
    return str(row.name)
