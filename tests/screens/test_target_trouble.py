"""What can be done about a target that is not read, and what a read-only fleet tells whoever may not act."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from screens.fleet.target_trouble import TroubleSheet, command
from tests.screens import fake_services
from tests.screens.fleet_pilot import said, screen, shown
from tests.screens.pilot_helpers import lines_of, text_of, until
from tui.commands import VERBS
from tui.config.schema import Settings
from tui.config.sections import ProfileSettings
from tui.domain.instance import (
    Checks,
    CheckStatus,
    Phase,
    StatusCheck,
    Target,
    TargetStatus,
    Trouble,
    TroubleKind,
)
from tui.domain.sanitize import clean
from tui.fleet import protocol


def failed(remedy: str) -> TargetStatus:
    trouble = Trouble(
        TroubleKind.CREDENTIALS, clean("the login has expired"), clean(remedy), where=clean("prod")
    )
    return TargetStatus(Target("prod", "eu-west-1"), Phase.FAILED, trouble=trouble)


@pytest.mark.parametrize(
    ("remedy", "expected"),
    [
        ("aws sso login --profile prod", "aws sso login --profile prod"),
        ("run: aws sso login --profile prod", "aws sso login --profile prod"),
        (
            "aws sso login --sso-session corp; one login renews 400 profiles",
            "aws sso login --sso-session corp",
        ),
        ("aws login --profile 'a b', then press r", "aws login --profile 'a b'"),
        ("aws configure --profile team/prod", "aws configure --profile team/prod"),
        ("renew the credentials of profile legacy", ""),
        ("ask for the permission ec2:DescribeInstances", ""),
    ],
)
def test_the_command_is_found_in_the_remedy(remedy: str, expected: str) -> None:
    assert command(failed(remedy)) == expected


async def test_enter_opens_what_can_be_done_and_y_copies_the_command(tmp_path: Path) -> None:
    services = fake_services.services(tmp_path)
    services.store.apply(protocol.Delta(failed("aws sso login --profile prod; it renews 3 profiles")))
    async with shown(services, (80, 24)) as pilot:
        screen(pilot).table.hold("target prod/eu-west-1")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, TroubleSheet))
        await pilot.pause()
        told = "\n".join(lines_of(pilot.app))
        assert "the login has expired" in told
        assert "not read in this run" in told
        assert "y copies: aws sso login --profile prod" in told
        await pilot.press("y")
        await until(pilot, lambda: pilot.app.clipboard == "aws sso login --profile prod")
        pilot.app.copy_to_clipboard("")
        await pilot.press("y")
        await until(pilot, lambda: pilot.app.clipboard == "aws sso login --profile prod")
        assert "aws sso login --profile prod" in " ".join(said(pilot))


@pytest.mark.parametrize(
    "settings",
    [
        Settings(read_only=True, timezone="Asia/Seoul"),
        Settings(profiles={"prod": ProfileSettings(read_only=True)}, timezone="Asia/Seoul"),
    ],
)
async def test_who_may_not_act_is_not_told_to(tmp_path: Path, settings: Settings) -> None:
    for size in ((80, 24), (160, 50)):
        async with shown(fake_services.services(tmp_path, settings=settings), size) as pilot:
            assert "payments-db-1" in text_of(pilot.app)
            assert "Do: s" not in text_of(pilot.app)
            word = VERBS["stop-start"].word
            assert f"Read-only here: call who may change it. What helps: {word}" in text_of(pilot.app)


async def test_an_unknown_row_is_not_told_that_there_is_nothing_to_do(tmp_path: Path) -> None:
    services = fake_services.services(tmp_path)
    row = fake_services.named(services.store, "load-1")
    unknown = Checks(StatusCheck(CheckStatus.UNKNOWN), StatusCheck(CheckStatus.UNKNOWN))
    services.store.apply(protocol.Delta(upserts=(replace(row, checks=unknown),)))
    async with shown(services, (160, 50)) as pilot:
        await pilot.press("2")
        screen(pilot).table.hold(row.key)
        await pilot.press("j", "k")
        assert "r reads it again" in text_of(pilot.app)
        assert "Nothing to press" not in text_of(pilot.app)
