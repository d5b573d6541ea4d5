"""The tabs of the detail screen: all are reached, each shows its facts, history follows the operations."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from screens.base import FleetChanged, Go
from screens.detail.header import tab_strip
from screens.detail.screen import TABS
from tests.screens.detail_pilot import opened, planned
from tests.screens.fake_services import NOW, StandIn, named, plain_facts, sample_store
from tests.screens.pilot_helpers import LARGE, SMALL, settled, tab, text_of, until
from tui.domain.facts import ClassicBalancer, GroupMembership, TargetGroup, VolumeHealth
from tui.domain.sanitize import clean
from tui.operations.journal import Journal
from tui.operations.model import OperationState


async def test_every_tab_is_reached_by_keys_both_ways(tmp_path: Path) -> None:
    app, screen, _ = opened(tmp_path, "ledger-1")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        for keys in (("right",), ("l",), ("tab",)):
            seen = []
            for _ in TABS:
                await pilot.press(*keys)
                seen.append(screen.tab)
            assert seen == [*TABS[1:], TABS[0]]
        for key in ("left", "h", "shift+tab"):
            await pilot.press(key)
        assert screen.tab == TABS[-3]


@pytest.mark.parametrize("size", [(40, 10), (60, 12), SMALL, (110, 30), LARGE])
async def test_the_chosen_tab_is_seen_at_every_size(tmp_path: Path, size: tuple[int, int]) -> None:
    app, screen, _ = opened(tmp_path, "ledger-1")
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        for name in TABS:
            await tab(pilot, screen, name)
            assert f" {name} " in text_of(app)


async def test_scrolling_by_arrows_vim_and_pages(tmp_path: Path) -> None:
    app, screen, _ = opened(tmp_path, "ledger-1")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)

        def at(line: int) -> bool:
            return screen.page.scroll_offset.y == line

        for key, line in (("j", 1), ("down", 2), ("k", 1), ("up", 0)):
            await pilot.press(key)
            await until(pilot, partial(at, line))
        await pilot.press("pagedown")
        await until(pilot, lambda: screen.page.scroll_offset.y == screen.page.size.height - 1)
        await pilot.press("G")
        await until(pilot, lambda: screen.page.scroll_offset.y == screen.page.max_scroll_y)
        assert "sources" in text_of(app) or "[1]" in text_of(app)
        await pilot.press("g")
        await until(pilot, lambda: screen.page.scroll_offset.y == 0)


async def test_checks_tell_since_when_in_both_zones(tmp_path: Path) -> None:
    app, screen, _ = opened(tmp_path, "checkout-2")
    async with app.run_test(size=SMALL) as pilot:
        await tab(pilot, screen, "checks")
        shown = text_of(app)
    assert "✖ impaired" in shown
    assert "KST (" in shown
    assert "UTC), 50m ago" in shown
    assert "AWS's own words: Move to a larger type" in shown


async def test_facts_reach_their_tabs(tmp_path: Path) -> None:
    store = sample_store()
    row = named(store, "web-1")
    facts = plain_facts(
        membership=(GroupMembership(clean("web-prod"), clean("InService"), clean("HEALTHY"), 6, 8),),
        target_groups=(TargetGroup(clean("pay-db"), clean("arn"), clean("unhealthy"), 1, 3, 443),),
        classic_balancers=(ClassicBalancer(clean("old"), clean("InService"), 2, 3),),
        volumes=(VolumeHealth(row.volumes[0].volume_id, clean("impaired"), clean("disabled")),),
        stop_protection=None,
        unknown=(("stop_protection", clean("prod: not allowed")),),
    )
    app, screen, _ = opened(tmp_path, "web-1", store=store, link=StandIn(store, facts))
    async with app.run_test(size=(100, 40)) as pilot:
        await tab(pilot, screen, "identity")
        shown = text_of(app)
        assert "web-prod: InService HEALTHY, desired 8, at least 6" in shown
        assert "don't know: prod: not allowed" in shown
        await tab(pilot, screen, "network")
        assert "pay-db: unhealthy  1 of 3 members healthy, port 443" in text_of(app)
        assert "old (classic): InService  2 of 3 instances in service" in text_of(app)
        await tab(pilot, screen, "disks")
        assert "✖ impaired" in text_of(app)
        await tab(pilot, screen, "tags")
        assert "aws:autoscaling:groupName" in text_of(app)


async def test_a_partition_stands_beside_its_placement_group(tmp_path: Path) -> None:
    app, screen, _ = opened(tmp_path, "hadoop-1")
    async with app.run_test(size=(100, 40)) as pilot:
        await tab(pilot, screen, "identity")
        assert "hadoop, partition 2" in text_of(app)


async def test_history_is_newest_first_and_enter_follows_one(tmp_path: Path) -> None:
    app, screen, given = opened(tmp_path, "web-1")
    assert given.journal is not None
    row = named(given.store, "web-1")
    first = planned(given.journal, row, 50)
    given.journal.abandon(first, "changed my mind", NOW)
    second = planned(given.journal, row, 10, "image")
    planned(given.journal, named(given.store, "web-2"), 5)
    async with app.run_test(size=SMALL) as pilot:
        await tab(pilot, screen, "history")
        lines = text_of(app).splitlines()
        image = next(index for index, line in enumerate(lines) if "image " in line and "planned" in line)
        assert "reboot" in lines[image + 1]
        assert "abandoned" in lines[image + 1]
        assert "10m ago" in lines[image]
        await pilot.press("enter", "j", "enter")
        await pilot.pause()
        shown = text_of(app)
    assert "changed my mind" in shown
    assert [(one.place, one.key) for one in app.asked if isinstance(one, Go)] == [
        ("operations", second),
        ("operations", first),
    ]


async def test_a_history_that_is_cut_says_so_and_where_the_rest_is(tmp_path: Path) -> None:
    app, screen, given = opened(tmp_path, "web-1")
    assert given.journal is not None
    row = named(given.store, "web-1")
    for minutes in range(51):
        given.journal.abandon(planned(given.journal, row, 60 - minutes), "again", NOW)
    async with app.run_test(size=SMALL) as pilot:
        await tab(pilot, screen, "history")
        await pilot.press("end")
        await pilot.pause()
        assert "the newest 50; all of them: evac ops list --json" in text_of(app)


async def test_the_end_of_an_operation_is_followed_by_a_look(tmp_path: Path) -> None:
    store = sample_store()
    link = StandIn(store)
    app, screen, given = opened(tmp_path, "web-1", store=store, link=link)
    assert given.journal is not None
    name = planned(given.journal, named(store, "web-1"), 10)
    async with app.run_test(size=SMALL) as pilot:
        await tab(pilot, screen, "history")
        other = Journal(given.journal.path)  # the hands are another process
        other.set_state(name, OperationState.SUCCEEDED, NOW)
        other.close()
        screen.post_message(FleetChanged())
        await until(pilot, lambda: len(link.looked) == 2)
        await settled(pilot)
        assert "succeeded" in text_of(app)


async def test_a_journal_that_cannot_be_used_is_told_in_history(tmp_path: Path) -> None:
    app, screen, _ = opened(
        tmp_path, "web-1", journal=None, journal_trouble="the journal can't be used: full disk"
    )
    async with app.run_test(size=SMALL) as pilot:
        await tab(pilot, screen, "history")
        assert "full disk" in text_of(app)
        await pilot.press("s")
        assert app.asked == []


@pytest.mark.parametrize("chosen", TABS)
def test_where_tabs_are_left_out_an_ellipsis_says_so(chosen: str) -> None:
    """At every width the chosen one is read whole."""
    for width in range(14, 120):
        line = tab_strip(TABS, chosen, width).plain
        shown = [name for name in line.split() if name != "…"]
        assert chosen in shown
        assert set(shown) <= set(TABS), f"one is cut at {width}: {line}"
        assert len(line) <= width
        assert line.startswith("…") is (shown[0] != TABS[0])
        assert line.endswith("…") is (shown[-1] != TABS[-1])
