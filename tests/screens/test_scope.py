"""Thirty accounts with ordinary names: whose and where a row is stays readable, and what is amiss stands first."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.screens import fake_services
from tests.screens.fleet_pilot import screen, shown
from tests.screens.pilot_helpers import text_of
from tests.unit.rows import OK, row
from tui.config.schema import Settings
from tui.domain.instance import Checks, Instance, Phase, Target, TargetStatus, Trouble, TroubleKind
from tui.domain.sanitize import clean
from tui.fleet import protocol
from tui.fleet.store import Store
from tui.presentation.width import common_start, middle

REGIONS = ("ap-northeast-2", "us-east-1", *(f"eu-west-{n}" for n in range(1, 16)))
NAMES = [
    f"acme-{what}-{where}"
    for what in ("checkout", "payments", "search", "data", "identity")
    for where in ("prod", "stage", "dev")
]
EXPIRED = Trouble(
    TroubleKind.CREDENTIALS,
    clean("the login has expired"),
    clean("run aws sso login"),
    where=clean("acme-legacy"),
)
SETTINGS = Settings(timezone="Asia/Seoul")


def fleet(events: bool = False) -> Store:
    """15 accounts x 17 regions, instances in two of each; one login that fails in all its regions."""
    store, number = Store(), 0
    sample = fake_services.named(fake_services.sample_store(), "search-1").events
    for at, name in enumerate(NAMES):
        for region in REGIONS:
            target = Target(name, region)
            rows = []
            for _ in range(2 if region in REGIONS[:2] else 0):
                number += 1
                checks = Checks(OK, OK, OK)
                one = row(
                    number, target, name=clean(f"srv-{number}"), checks=checks, zone=clean(f"{region}a")
                )
                rows.append(
                    replace(
                        one,
                        status_at=fake_services.NOW,
                        inventory_at=fake_services.NOW,
                        events=sample if events else (),
                    )
                )
            status = TargetStatus(
                target,
                Phase.LIVE,
                (clean(name),),
                clean(f"{at:012}"),
                count=len(rows),
                status_at=fake_services.NOW,
            )
            store.apply(protocol.Delta(status, tuple(rows)))
    for region in REGIONS:
        store.apply(
            protocol.Delta(
                TargetStatus(
                    Target("acme-legacy", region), Phase.FAILED, (clean("acme-legacy"),), trouble=EXPIRED
                )
            )
        )
    return store


@pytest.mark.parametrize("events", [False, True])
@pytest.mark.parametrize("size", [(80, 24), (120, 35), (160, 50)])
async def test_every_row_says_whose_and_where_at_every_width(
    tmp_path: Path, size: tuple[int, int], events: bool
) -> None:
    services = fake_services.services(tmp_path, fleet(events), SETTINGS)
    async with shown(services, size) as pilot:
        await pilot.press("2")
        await pilot.pause()
        lines = [line for line in text_of(pilot.app).splitlines() if re.search(r"[✔▲] srv-\d", line)]
        assert len(lines) > 10
        cells = {
            re.search(r"srv-\d+ +(?:i-\S+ +)?(\S+) (apne2a|use1a|ap-northeast-2a|us-east-1a)\b", line)
            for line in lines
        }
        assert None not in cells, lines[0]
        told = {(found[1], found[2][:2]) for found in cells if found}
        shown_rows = {
            (one.target.profile, one.zone[:2])
            for one in screen(pilot).table.rows[: len(lines)]
            if isinstance(one, Instance)
        }
        assert len(told) == len(shown_rows), "no two accounts read the same"


async def test_at_120_columns_nothing_of_how_bad_it_is_is_cut(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path, fleet(), SETTINGS), (120, 35)) as pilot:
        head = text_of(pilot.app).splitlines()[0]
        for part in ("failing", "within 24 h", "scheduled", "? 0 unknown", "60 instances", "unread"):
            assert part in head, head


async def test_hundreds_of_targets_are_a_line_an_account_trouble_first(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path, fleet(), SETTINGS), (160, 50)) as pilot:
        pane = [line[2:27].rstrip() for line in text_of(pilot.app).splitlines()[2:-2]]
        assert pane[0].startswith("? legacy: the login has")
        assert sum("legacy" in line for line in pane) == 1
        assert any(re.fullmatch(r"↓ checkout-prod +4", line) for line in pane), pane
        assert len([line for line in pane if line.startswith("↓")]) == len(NAMES)


async def test_what_does_not_fit_is_counted_and_view_4_lists_it_by_keys(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path, fleet(), SETTINGS), (120, 16)) as pilot:
        assert re.search(r"and \d+ more: 4 lists all", text_of(pilot.app))
        await pilot.press("4")
        await pilot.pause()
        rows = screen(pilot).table.rows
        first = rows[0]
        assert isinstance(first, TargetStatus)
        assert first.trouble == EXPIRED
        statuses = [one for one in rows if isinstance(one, TargetStatus)]
        assert len([one for one in statuses if one.trouble]) == 1, "one login once"
        assert len(statuses) == 1 + len(NAMES) * 3, "two regions with instances, and the others as one"
        assert len([one for one in rows if isinstance(one, Instance)]) == 60
        await pilot.press("end")
        await pilot.pause()
        assert "15 regions without instances" in text_of(pilot.app)


@pytest.mark.parametrize(
    ("names", "start"),
    [
        (["acme-a-prod", "acme-b-prod"], "acme-"),
        (["acme-a", "acme-a"], ""),
        (["prod", "data"], ""),
        (["ab-x", "ab-y"], "ab-"),
        (["a-x", "a-y"], ""),
        (["acme-prod", "acme-prod-audit"], "acme-"),
        (["prodeu", "produs"], ""),
        ([], ""),
    ],
)
def test_common_start(names: list[str], start: str) -> None:
    assert common_start(names) == start


@pytest.mark.parametrize(
    ("name", "size", "told"),
    [
        ("checkout-prod", 20, "checkout-prod"),
        ("checkout-prod", 9, "chec…prod"),
        ("한국어이름", 7, "한…름"),
        ("abc", 2, "a…"),
        ("abc", 0, ""),
    ],
)
def test_the_middle_gives_way(name: str, size: int, told: str) -> None:
    assert middle(name, size) == told
