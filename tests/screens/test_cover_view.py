"""View 5: whom nobody helps. It asks when it is opened, says how far it is read, and never draws unread as covered."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from screens.base import Go
from tests.screens import fake_services
from tests.screens.cover_rows import gaps, read
from tests.screens.fake_services import SETTINGS, StandIn, named, sample_store
from tests.screens.fleet_pilot import cursor, said, screen, shown
from tests.screens.pilot_helpers import lines_of, text_of, until
from tui.config.sections import CoverSettings
from tui.domain.instance import Instance
from tui.fleet.protocol import Delta, LinkPhase, LinkState, ReadKind
from tui.fleet.store import Store
from tui.services import Services


def asked(services: Services) -> list[ReadKind]:
    link = services.link
    assert isinstance(link, StandIn)
    return [one.kind for one in link.asked]


def only_answering(store: Store) -> Store:
    """Without the targets that fail."""
    for one in store.targets():
        if one.trouble is not None:
            store.apply(Delta(dropped=(one.target,)))
    return store


def names(pilot: Pilot[None]) -> list[str]:
    return [str(row.label) for row in screen(pilot).table.rows if isinstance(row, Instance)]


async def test_nothing_is_asked_before_it_is_opened_and_once_after(tmp_path: Path) -> None:
    services = fake_services.services(tmp_path)
    async with shown(services) as pilot:
        assert ReadKind.COVER not in asked(services)
        assert "not covered" not in text_of(pilot.app)
        await pilot.press("5", "1", "5")
        await until(pilot, lambda: ReadKind.COVER in asked(services))
        assert asked(services).count(ReadKind.COVER) == 1


async def test_enter_opens_the_tab_that_says_why(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path, gaps())) as pilot:
        await pilot.press("5")
        await until(pilot, lambda: cursor(pilot) == "batch-1")
        await pilot.press("enter", "2", "enter")
        await pilot.pause()
        assert isinstance(pilot.app, fake_services.Stage)
        assert [one.tab for one in pilot.app.asked if isinstance(one, Go)] == ["cover", ""]


async def test_a_collector_that_was_started_anew_is_asked_again(tmp_path: Path) -> None:
    services = fake_services.services(tmp_path)
    link = services.link
    assert isinstance(link, StandIn)
    link.state = LinkState(LinkPhase.RESTARTING)
    async with shown(services) as pilot:
        await pilot.press("5")
        await pilot.pause()
        assert asked(services) == []
        link.state = LinkState(LinkPhase.LIVE)
        screen(pilot).fleet_changed()
        await until(pilot, lambda: asked(services) == [ReadKind.COVER])


@pytest.mark.parametrize("size", [(80, 24), (120, 35), (160, 50)])
async def test_the_gravest_first_with_who_acts_and_why(tmp_path: Path, size: tuple[int, int]) -> None:
    async with shown(fake_services.services(tmp_path, store=gaps()), size) as pilot:
        await pilot.press("5")
        await pilot.pause()
        assert names(pilot)[0] == cursor(pilot) == "batch-1"
        assert {"bastion", "edge-1", "edge-2", "web-1"} <= set(names(pilot))
        assert "web-2" not in names(pilot)
        drawn = lines_of(pilot.app)
        row = next(line for line in drawn if "batch-1 " in line)
        assert "✖ store type" in row
        assert "✖ no alarm" in row
        told = "\n".join(drawn)
        assert "data lost    ✖ nobody: no AMI; no recovery point; no snapshot" in told
        assert "4 not covered" in drawn[0]
        assert "x export" in drawn[-1]
        assert "Do: A sets a recover alarm or a reboot alarm, i makes an AMI" in told
        assert ("; each asks first." in told) is (size[0] > 80)


async def test_a_denied_part_is_no_gap_and_no_health(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path, store=gaps())) as pilot:
        await pilot.press("5")
        await pilot.pause()
        row = next(line for line in lines_of(pilot.app) if "edge-1 " in line)
        assert "? not read" in row
        screen(pilot).table.hold(named(screen(pilot).services.store, "edge-1").key)
        screen(pilot).another_row()
        await pilot.pause()
        assert (
            "system hangs ? not known: alarms are not read: cloudwatch:DescribeAlarms is denied"
            in text_of(pilot.app)
        )


async def test_the_count_stands_in_every_view_once_it_is_read(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path, store=gaps())) as pilot:
        assert "4 not covered" in lines_of(pilot.app)[0]


async def test_while_it_is_read_the_list_says_of_how_much(tmp_path: Path) -> None:
    store = read(only_answering(sample_store()), waiting=2)
    async with shown(fake_services.services(tmp_path, store=store)) as pilot:
        await pilot.press("5")
        await pilot.pause()
        drawn = text_of(pilot.app)
        assert "reading cover 4 of 6 targets" in drawn
        assert "not covered" not in drawn
        assert "No gap in 67 of 78 instances; the cover of the others is not read yet" in drawn


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_before_the_first_answer_it_says_what_it_asks(tmp_path: Path, size: tuple[int, int]) -> None:
    store = only_answering(sample_store())
    async with shown(fake_services.services(tmp_path, store=store), size) as pilot:
        await pilot.press("5")
        await pilot.pause()
        assert "Asking who acts when a host dies or a system hangs" in text_of(pilot.app)


async def test_all_covered_is_said_only_where_all_was_read(tmp_path: Path) -> None:
    store = read(only_answering(sample_store()))
    async with shown(fake_services.services(tmp_path, store=store)) as pilot:
        await pilot.press("5")
        await pilot.pause()
        assert "All 78 instances are covered" in text_of(pilot.app)
        row = named(store, "web-1")
        store.apply(Delta(upserts=(replace(row, cover=None),)))
        screen(pilot).fleet_changed()
        await pilot.pause()
        assert "No gap in 77 of 78 instances; the others are not read." in text_of(pilot.app)


async def test_a_filter_shows_what_is_covered_as_well(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path, store=gaps())) as pilot:
        await pilot.press("5", "slash", *"web-2", "enter")
        await pilot.pause()
        assert sorted(names(pilot)) == ["stage-web-2", "web-2"]
        assert "2 of 78 match" in text_of(pilot.app)


async def test_a_filter_that_asks_who_acts_has_it_read(tmp_path: Path) -> None:
    services = fake_services.services(tmp_path)
    async with shown(services) as pilot:
        await pilot.press("slash", *"copy:gap")
        await until(pilot, lambda: asked(services) == [ReadKind.COVER])
        assert "reading cover 0 of 6 targets" in lines_of(pilot.app)[0]


async def test_services_that_stand_on_one_instance_or_zone_are_rows(tmp_path: Path) -> None:
    store = gaps()
    alone = named(store, "batch-1")
    store.apply(Delta(upserts=(replace(alone, tags=(*alone.tags, ("service", "billing"))),)))
    settings = replace(SETTINGS, cover=CoverSettings(service="tag:service"))
    async with shown(fake_services.services(tmp_path, store=store, settings=settings)) as pilot:
        await pilot.press("5")
        await pilot.pause()
        assert "▲ service billing (DATA) stands on one instance: batch-1" in text_of(pilot.app)
        table = screen(pilot).table
        place = next(at for at, row in enumerate(table.rows) if "billing" in table.identity(row))
        assert place == len([one for one in names(pilot) if one != "web-1"])
        table.go(place)
        await pilot.pause()
        assert screen(pilot).subject is None
        assert "host dies    ✖ nobody" in text_of(pilot.app)


async def test_what_is_exported_there_is_the_cover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    async with shown(fake_services.services(tmp_path, store=gaps())) as pilot:
        await pilot.press("5", "x")
        await until(pilot, lambda: any("wrote 5 instances" in line for line in said(pilot)))
        (path,) = folder.glob("evac-cover-*.csv")
        assert path.stat().st_mode & 0o777 == 0o600
        rows = list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))
        assert [row["name"] for row in rows] == names(pilot)
        assert (rows[0]["host_dies"], rows[0]["data_lost"]) == ("nobody", "nobody")
        assert rows[1]["host_dies_by"] == "automatic recovery"
        await pilot.press("space", "x")
        await until(pilot, lambda: any("wrote 1 instance " in line for line in said(pilot)))


async def test_ascii_draws_it_without_signs(tmp_path: Path) -> None:
    settings = replace(SETTINGS, ascii=True)
    async with shown(fake_services.services(tmp_path, store=gaps(), settings=settings)) as pilot:
        await pilot.press("5")
        await pilot.pause()
        drawn = text_of(pilot.app)
        assert "X store type" in drawn
        assert "+ auto" in drawn
        assert all(line.isascii() for line in lines_of(pilot.app) if "evil" not in line)


async def test_read_only_says_how_it_is_handed_over(tmp_path: Path) -> None:
    settings = replace(SETTINGS, read_only=True)
    async with shown(fake_services.services(tmp_path, store=gaps(), settings=settings), (80, 24)) as pilot:
        await pilot.press("5")
        await pilot.pause()
        assert "Read-only here: x writes this list down for whoever may change it." in text_of(pilot.app)


async def test_a_look_without_news_sends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with shown(fake_services.services(tmp_path, store=gaps())) as pilot:
        await pilot.press("5")
        await pilot.pause()
        refreshed: list[object] = []
        monkeypatch.setattr(
            type(screen(pilot).table), "refresh", lambda self, *parts, **_: refreshed.append(parts)
        )
        screen(pilot).fleet_changed()
        screen(pilot).tick()
        assert refreshed == []
