"""The profiles: one login a line, what is shown of the fleet chosen there, and a login that is not run says why."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from screens.fleet.screen import FleetScreen
from screens.profiles import ProfilesScreen
from screens.profiles.table import LoginTable
from tests.screens import fake_services
from tests.screens.fake_services import Stage, StandIn
from tests.screens.pilot_helpers import SMALL, lines_of, text_of, until
from tui.config.schema import Settings
from tui.config.sections import ProfileSettings
from tui.domain.instance import EVERYWHERE, Phase, Target, TargetStatus, Trouble, TroubleKind
from tui.domain.logins import ProfileLogin
from tui.domain.sanitize import clean
from tui.fleet.protocol import Delta, ReadKind
from tui.fleet.store import Store
from tui.services import Services

SSO = ("aws", "sso", "login", "--sso-session", "acme")
LOGINS = (
    *(ProfileLogin(name, "keys", name) for name in ("prod", "prod-audit", "data", "staging", "legacy")),
    ProfileLogin("spare", "sso", "acme", SSO, "999900001111"),
)


def given(folder: Path, store: Store | None = None, **changes: Any) -> Services:
    services = fake_services.services(folder, store, **changes)
    stand_in(services).logins = LOGINS
    return services


def stand_in(services: Services) -> StandIn:
    assert isinstance(services.link, StandIn)
    return services.link


@asynccontextmanager
async def profiles(services: Services, size: tuple[int, int] = SMALL) -> AsyncIterator[Pilot[None]]:
    """The profiles over the fleet."""
    app = Stage(FleetScreen(services))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        app.push_screen(ProfilesScreen(services))
        await until(pilot, lambda: [one for one in stand_in(services).asked if one.kind is ReadKind.LOGINS])
        await until(pilot, lambda: listed(pilot))
        yield pilot


def screen(pilot: Pilot[Any]) -> ProfilesScreen:
    found = pilot.app.screen
    assert isinstance(found, ProfilesScreen)
    return found


def listed(pilot: Pilot[Any]) -> list[str]:
    table = screen(pilot).query_one(LoginTable)
    return [table.render_line(y).text.rstrip() for y in range(1, len(table.rows) + 1)]


def said(pilot: Pilot[Any]) -> str:
    return " | ".join(str(one.message) for one in pilot.app._notifications)


async def to(pilot: Pilot[Any], name: str) -> None:
    """The cursor on the line that holds this."""
    await pilot.press("home")
    for _ in range(len(listed(pilot))):
        if name in next(line for line in listed(pilot) if line.startswith("›")):
            return
        await pilot.press("down")
    raise AssertionError(f"{name} is not in the list:\n" + "\n".join(listed(pilot)))


async def test_logins_are_folded_and_trouble_stands_first(tmp_path: Path) -> None:
    async with profiles(given(tmp_path)) as pilot:
        found = listed(pilot)
        assert [line[5:].split()[0] for line in found] == [
            "legacy", "STAGE", "DATA", "PROD", "prod-audit", "spare", "by"
        ]  # fmt: skip
        assert "the credentials have expired" in found[0]
        assert "9999-0000-1111" in found[5]
        assert "not read in this run" in found[5]
        assert "renew the credentials of profile legacy" in text_of(pilot.app)
        await to(pilot, "DATA")
        await pilot.press("space")
        assert len(listed(pilot)) > len(found)
        await pilot.press("down", "left")
        assert len(listed(pilot)) == len(found), "left folds what the cursor stands under"


async def test_672_targets_that_share_an_expired_login_are_one_line_with_one_remedy(tmp_path: Path) -> None:
    store = Store()
    expired = Trouble(
        TroubleKind.CREDENTIALS, clean("the SSO login has expired or is missing"),
        clean("aws sso login --sso-session acme"), of=clean("sso acme"),
    )  # fmt: skip
    names = [f"acme-{number:02}" for number in range(84)]
    for name in names:
        for place in range(8):
            trouble = replace(expired, where=clean(name))
            target = Target(name, f"eu-west-{place}")
            store.apply(Delta(TargetStatus(target, Phase.FAILED, (clean(name),), trouble=trouble)))
    services = given(tmp_path, store)
    stand_in(services).logins = tuple(ProfileLogin(name, "sso", "acme", SSO) for name in names)
    async with profiles(services) as pilot:
        first, regions = listed(pilot)
        assert "acme, 84 profiles" in first
        assert "84 accounts" in first
        assert "by region" in regions
        shown = text_of(pilot.app)
        assert shown.count("aws sso login --sso-session acme") == 2, "the remedy, and what L runs"
        assert "one login renews 84 profiles" in shown
        assert "1 in trouble" in lines_of(pilot.app)[0]


async def test_only_one_account_is_shown_and_all_again_and_marks_and_filter_stay(tmp_path: Path) -> None:
    services = given(tmp_path)
    async with profiles(services) as pilot:
        fleet = pilot.app.screen_stack[1]
        assert isinstance(fleet, FleetScreen)
        all_of_it = services.store.total
        marked = next(row for row in services.store.rows() if row.target.profile == "prod")
        fleet.marks.add([marked])
        await to(pilot, "DATA")
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is fleet)
        await until(pilot, lambda: "only DATA" in lines_of(pilot.app)[0])
        rows = services.store.rows()
        assert {row.target.profile for row in rows} == {"data"}
        assert f"{all_of_it - len(rows)} out of scope" in lines_of(pilot.app)[0]
        assert f"{len(rows)} inst" in lines_of(pilot.app)[0]
        assert "legacy" not in text_of(pilot.app).split("\n", 1)[1], (
            "what is narrowed away is told of nowhere"
        )
        assert fleet.marks.keys == {marked.key}
        assert "1 marked, 1 not in this view" in text_of(pilot.app)
        assert services.store.get(marked.key) is marked
        assert services.settings.read_through == ("data",), "and acted on through"
        await pilot.app.push_screen(ProfilesScreen(services))
        await until(pilot, lambda: "›▸ ✖ DATA" in "\n".join(listed(pilot)))
        await pilot.press("w", "escape")
        await until(pilot, lambda: pilot.app.screen is fleet)
        await until(pilot, lambda: f"{all_of_it} inst" in lines_of(pilot.app)[0])
        assert "out of scope" not in text_of(pilot.app)
        through = [one.profiles for one in stand_in(services).asked if one.kind is ReadKind.THROUGH]
        assert through == [("data",), ()]


async def test_an_empty_list_never_tells_of_health_beyond_what_is_shown(tmp_path: Path) -> None:
    services = given(tmp_path)
    async with profiles(services) as pilot:
        await to(pilot, "STAGE")
        await pilot.press("space")
        await to(pilot, "ap-northeast-2")
        await pilot.press("enter")
        await until(pilot, lambda: "Out of scope: " in text_of(pilot.app))
        told = " ".join(text_of(pilot.app).split())
        count = len(services.store.rows())
        assert f"All {count} instances answer their checks" in told
        assert f"{services.store.out_of_scope[1]} instances; p, then w shows all." in told
        assert "out of scope, only STAGE ap" in lines_of(pilot.app)[0]


@pytest.mark.parametrize("key", ["w", "enter"])
async def test_a_profile_that_nobody_reads_is_added(tmp_path: Path, key: str) -> None:
    settings = replace(fake_services.SETTINGS, only_profiles=("prod", "data"))
    services = given(tmp_path, settings=settings)
    async with profiles(services) as pilot:
        await to(pilot, "spare")
        await pilot.press(key)
        link = stand_in(services)
        await until(pilot, lambda: [one for one in link.asked if one.kind is ReadKind.ADD])
        (asked,) = [one for one in link.asked if one.kind is ReadKind.ADD]
        assert asked.profiles == ("spare",)
        assert services.settings.only_profiles == ("prod", "data", "spare"), (
            "also after a restart of the collector"
        )
        assert services.store.scope.is_whole == (key == "w")
        status = TargetStatus(Target("spare", EVERYWHERE), Phase.READING, (clean("spare"),))
        services.store.apply(Delta(status))
        if key == "enter":
            await until(pilot, lambda: isinstance(pilot.app.screen, FleetScreen))
            pilot.app.screen.fleet_changed()  # type: ignore[attr-defined] # a fleet screen, as awaited
            await until(pilot, lambda: "only spare" in lines_of(pilot.app)[0])
            assert "Reading 1 target" in text_of(pilot.app), "nothing half-read is told as whole"


@pytest.mark.parametrize(
    ("changes", "line", "expected"),
    [
        ({}, "legacy", "no program renews this login"),
        ({"commands_off": True}, "spare", "the site policy allows no programs"),
        ({"commands_off": True, "read_only": True}, "spare", "the site policy allows no programs"),
    ],
)
async def test_a_login_that_is_not_run_says_why(
    tmp_path: Path, changes: dict[str, Any], line: str, expected: str
) -> None:
    services = given(tmp_path, settings=replace(fake_services.SETTINGS, **changes))
    async with profiles(services) as pilot:
        await to(pilot, line)
        if line == "legacy":
            assert expected in " ".join(text_of(pilot.app).split()), "where it is what would help"
        await pilot.press("L")
        await until(pilot, lambda: expected in said(pilot))


async def test_the_command_is_copied_even_where_it_may_not_be_run(tmp_path: Path) -> None:
    services = given(tmp_path, settings=replace(fake_services.SETTINGS, commands_off=True))
    async with profiles(services) as pilot:
        await to(pilot, "spare")
        await pilot.press("y")
        await until(pilot, lambda: "login: " in said(pilot))
        assert pilot.app._clipboard == "aws sso login --sso-session acme"


async def test_hostile_names_are_inert(tmp_path: Path) -> None:
    services = given(tmp_path, settings=Settings(profiles={"x": ProfileSettings(label="[b]X[/b]")}))
    hostile = "evil\x1b]0;owned\x07[red]\n--help"
    stand_in(services).logins = (
        *LOGINS,
        ProfileLogin(hostile, "sso", hostile, ("aws", "sso", "login", "--profile", hostile)),
    )
    async with profiles(services) as pilot:
        await to(pilot, "evil")
        shown = text_of(pilot.app)
        assert "\x1b" not in shown
        assert "\x07" not in shown
        assert "[red]" in shown, "drawn as it is, never as markup"


async def test_files_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    store = Store()
    services = given(tmp_path, store)
    broken = Trouble(
        TroubleKind.CONFIG, clean("~/.aws/config cannot be read"), clean("correct ~/.aws/config")
    )
    stand_in(services).trouble = broken
    app = Stage(ProfilesScreen(services))
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "correct ~/.aws/config" in text_of(app))
