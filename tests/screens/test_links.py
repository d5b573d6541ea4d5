"""Ids lead to AWS's console, where the terminal shows links, and own links to where the settings say; nothing else is one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from tests.screens import fake_services
from tests.screens.detail_pilot import opened
from tests.screens.fleet_pilot import screen, shown
from tests.screens.pilot_helpers import LARGE, settled, strips_of
from tui.config.reach import LinkSettings
from tui.presentation.links import console_link

OWN = LinkSettings(name="runbook", url="https://runbooks.example/{name}")
SETTINGS = replace(fake_services.SETTINGS, links=(OWN,))


def linked(pilot: Pilot[Any]) -> dict[str, str]:
    """Where each linked text on the terminal leads."""
    return {
        segment.text.strip(): segment.style.link
        for strip in strips_of(pilot.app)
        for segment in strip
        if segment.style and segment.style.link
    }


@pytest.mark.parametrize("links", [True, False])
async def test_every_id_in_the_list_leads_to_its_page(tmp_path: Path, links: bool) -> None:
    given = fake_services.services(tmp_path, links=links)
    async with shown(given, LARGE) as pilot:
        await pilot.press("2", "j")
        await pilot.pause()
        rows = {str(row.instance_id): row for row in given.store.rows()}
        found = linked(pilot)
        assert bool(found) is links
        assert all(url == console_link(rows[name]) for name, url in found.items())
        subject = screen(pilot).subject
        assert not links or (subject is not None and str(subject.instance_id) in found)


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=["80x24", "160x50"])
async def test_the_detail_leads_there_and_to_the_runbook(tmp_path: Path, size: tuple[int, int]) -> None:
    stage, detail, _ = opened(tmp_path, "batch-14", settings=SETTINGS, links=True)
    async with stage.run_test(size=size) as pilot:
        await settled(pilot)
        row = detail.subject
        assert row is not None
        assert linked(pilot)[str(row.instance_id)] == console_link(row)
        detail.page.bottom()
        await settled(pilot)
        assert linked(pilot)["runbook"] == "https://runbooks.example/batch-14"
