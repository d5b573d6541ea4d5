"""`C` where no program may be begun: it says why, and begins none."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from screens.connecting import why_not_connectable
from tests.screens import fake_services
from tests.screens.fake_services import named
from tui.config.schema import Settings
from tui.config.sections import ProfileSettings
from tui.domain.instance import InstanceState


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (Settings(), ""),
        (Settings(read_only=True), "read-only; its command can be copied with Y"),
        (
            Settings(profiles={"prod": ProfileSettings(read_only=True)}),
            "read-only; its command can be copied with Y",
        ),
        (Settings(profiles={"other": ProfileSettings(read_only=True)}), ""),
        (Settings(commands_off=True), "the site policy allows no programs; its command can be copied with Y"),
    ],
)
def test_none_in_read_only_and_none_where_the_site_forbids_them(
    tmp_path: Path, settings: Settings, why: str
) -> None:
    given = fake_services.services(tmp_path, settings=settings)
    assert why_not_connectable(named(given.store, "web-1"), given) == why


def test_nothing_is_begun_for_what_does_not_run(tmp_path: Path) -> None:
    given = fake_services.services(tmp_path)
    row = named(given.store, "web-1")
    for state in InstanceState:
        told = why_not_connectable(replace(row, state=state), given)
        assert bool(told) is (state in ("stopped", "stopping", "shutting-down", "terminated")), state
    assert why_not_connectable(None, given) == "no instance is selected"
