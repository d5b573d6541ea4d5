"""The detail screen, driven by keys on the sample fleet."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from screens.base import Act, FleetChanged, Go
from screens.detail.screen import TABS, DetailScreen
from screens.page import ascii_only
from tests.screens.driving import LARGE, SMALL, settled, tab, text_of, until
from tests.screens.stage import (
    NOW,
    SETTINGS,
    Stage,
    StandIn,
    named,
    plain_facts,
    sample_store,
    services,
)
from tui.domain.actions import ActionOptions
from tui.domain.instance import (
    ClassicBalancer,
    GroupMembership,
    Instance,
    InstanceState,
    Target,
    TargetGroup,
    Trouble,
    VolumeHealth,
)
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.text import clean
from tui.fleet import wire
from tui.fleet.store import Store
from tui.operations.journal import Journal
from tui.operations.record import OperationState
from tui.services import Services
from tui.settings import Settings

EXPIRED = Trouble(
    "credentials", clean("prod: the login has expired"), clean("run: aws sso login --profile prod")
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

    async def request(self, request: wire.ReadRequest) -> wire.ReadAnswer:
        await self.go.wait()
        return await super().request(request)


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_diagnosis_and_key_are_seen_without_scrolling(tmp_path: Path, size: tuple[int, int]) -> None:
    app, _, _ = opened(tmp_path, "payments-db-1")
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        shown = text_of(app)
    assert "It will NOT start by itself" in shown or "it will NOT start by itself" in shown
    assert "press s" in shown
    assert "moves it off the failing host" in shown
    assert "1111-2222-3333" in shown
    assert "PROD" in shown
    assert "i-0f2a74de452e6b438" in shown
    assert "✖ failing" in shown


async def test_what_is_known_is_shown_while_reading(tmp_path: Path) -> None:
    store = sample_store()
    link = Slow(store)
    app, screen, _ = opened(tmp_path, "payments-db-1", store=store, link=link)
    async with app.run_test(size=LARGE) as pilot:
        await pilot.pause()
        before = text_of(app)
        assert "reading …" in before
        assert "The system check fails" in before
        assert "? not known reading: whether the type" in before
        link.go.set()
        await settled(pilot)
        after = text_of(app)
    assert "reading …" not in after
    assert "not known" not in after
    assert "no instance store" in after
    row = screen.subject
    assert row is not None
    assert [(one.kind, one.target, one.instance_id) for one in link.asked] == [
        ("look", row.target, row.instance_id)
    ]


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_a_failed_look_stays_visible_beside_what_is_stored(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    store = sample_store()
    link = StandIn(store)
    link.trouble = EXPIRED
    app, _, _ = opened(tmp_path, "payments-db-1", store=store, link=link)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        shown = text_of(app)
        assert "the login has expired" in shown
        assert "aws sso login --profile prod" in shown
        assert "AWS stops it" in shown or "AWS will stop it" in shown
        assert "read just now" in shown
        link.trouble = None
        await pilot.press("r")
        await settled(pilot)
        assert "the login has expired" not in text_of(app)
    assert [one.kind for one in link.asked] == ["look", "look"]


async def test_a_stale_target_is_told(tmp_path: Path) -> None:
    store = sample_store()
    row = named(store, "web-1")
    status = store.target(row.target)
    assert status is not None
    store.apply(wire.Delta(replace(status, trouble=EXPIRED)))
    app, _, _ = opened(tmp_path, "web-1", store=store)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert "? stale" in text_of(app)


async def test_what_disappears_says_so_and_cannot_be_acted_on(tmp_path: Path) -> None:
    app, screen, given = opened(tmp_path, "payments-db-1")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        given.store.apply(wire.Delta(removed=(screen.key,)))
        screen.post_message(FleetChanged())
        await pilot.pause()
        assert "it is no longer there" in text_of(app)
        assert "esc goes back" in text_of(app)
        assert "press s" not in text_of(app)
        assert screen.subject is None
        await pilot.press("s")
        await pilot.pause()
        assert app.asked == []
        assert "no longer there" in [one.message for one in app._notifications][-1]


async def test_a_look_that_finds_nothing_says_gone(tmp_path: Path) -> None:
    store = sample_store()
    link = StandIn(store)
    link.trouble = Trouble("gone", clean("prod/x: i-1 is no longer there"), clean(""))
    app, screen, _ = opened(tmp_path, "payments-db-1", store=store, link=link)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert "✖ gone" in text_of(app)
        assert screen.subject is None


async def test_terminated_says_so(tmp_path: Path) -> None:
    store = sample_store()
    row = named(store, "web-1")
    store.apply(wire.Delta(upserts=(replace(row, state=InstanceState.TERMINATED),)))
    app, _, _ = opened(tmp_path, "web-1", store=store)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert "It is terminated" in text_of(app)


async def test_an_unknown_key_is_no_crash(tmp_path: Path) -> None:
    screen = DetailScreen(services(tmp_path), "us-east-1/i-0123")
    app = Stage(screen)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        for key in ("right", "j", "enter", "y", "r", "s"):
            await pilot.press(key)
        assert "nothing is known of it here" in text_of(app)
    assert app.asked == []


async def test_without_a_collector_the_store_is_shown(tmp_path: Path) -> None:
    app, screen, _ = opened(tmp_path, "web-1", link=None)
    async with app.run_test(size=SMALL) as pilot:
        await tab(pilot, screen, "disks")
        await pilot.press("r")
        assert "don't know: not looked up" in text_of(app)


async def test_the_freshest_is_the_subject(tmp_path: Path) -> None:
    store = sample_store()
    old = named(store, "web-1")

    class Newer(StandIn):
        async def request(self, request: wire.ReadRequest) -> wire.ReadAnswer:
            later = NOW.replace(minute=1)
            fresh = replace(old, state=InstanceState.STOPPED, status_at=later, inventory_at=later)
            return wire.ReadAnswer(0, fresh, self.facts)

    app, screen, given = opened(tmp_path, "web-1", store=store, link=Newer(store))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert screen.subject is not None
        assert screen.subject.state is InstanceState.STOPPED
        latest = replace(old, state=InstanceState.PENDING, status_at=NOW.replace(minute=2))
        given.store.apply(wire.Delta(upserts=(latest,)))
        screen.post_message(FleetChanged())
        await until(pilot, lambda: screen.subject == latest)


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


async def test_the_console_is_asked_for_on_its_tab_only(tmp_path: Path) -> None:
    store = sample_store()
    link = StandIn(store)
    app, screen, _ = opened(tmp_path, "web-1", store=store, link=link)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert [one.kind for one in link.asked] == ["look"]
        await tab(pilot, screen, "console")
        await until(pilot, lambda: "kernel panic" in text_of(app))
        await pilot.press("left", "right")
        await settled(pilot)
        assert [one.kind for one in link.asked] == ["look", "console"]


async def test_a_console_that_cannot_be_read_is_not_asked_for_in_a_loop(tmp_path: Path) -> None:
    store = sample_store()

    class Denied(StandIn):
        async def request(self, request: wire.ReadRequest) -> wire.ReadAnswer:
            answer = await super().request(request)
            assert answer.facts is not None
            told = (("console", clean("prod: GetConsoleOutput is denied")),)
            unknown = told if request.kind == "console" else ()
            return wire.ReadAnswer(0, answer.instance, replace(answer.facts, console=None, unknown=unknown))

    link = Denied(store)
    app, screen, _ = opened(tmp_path, "web-1", store=store, link=link)
    async with app.run_test(size=SMALL) as pilot:
        await tab(pilot, screen, "console")
        await until(pilot, lambda: "GetConsoleOutput is denied" in text_of(app))
        await settled(pilot)
        assert [one.kind for one in link.asked] == ["look", "console"]


def planned(journal: Journal, row: Instance, minutes: int, action: str = "reboot") -> str:
    """An operation on it, planned so many minutes ago."""
    at = NOW.replace(hour=2, minute=60 - minutes)
    return journal.create(draft(action, row, plain_facts(), ActionOptions(), Policy(), at), at)


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
        await until(pilot, lambda: len(link.asked) == 2)
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


async def test_keys_ask_for_actions_on_this_instance(tmp_path: Path) -> None:
    app, screen, _ = opened(tmp_path, "ledger-1")
    async with app.run_test(size=LARGE) as pilot:
        await settled(pilot)
        await pilot.press("s", "b", "i", "t", "o", "question_mark")
        await pilot.pause()
    acts = [(one.action, one.key) for one in app.asked if isinstance(one, Act)]
    assert acts == [(name, screen.key) for name in ("stop-start", "reboot", "image", "reschedule")]
    assert [one.place for one in app.asked if isinstance(one, Go)] == ["operations", "help"]


async def test_s_starts_what_is_stopped(tmp_path: Path) -> None:
    app, _, _ = opened(tmp_path, "down-1")
    async with app.run_test(size=LARGE) as pilot:
        await settled(pilot)
        assert "Start: AWS stopped it" in text_of(app)
        await pilot.press("s")
        await pilot.pause()
    assert [one.action for one in app.asked if isinstance(one, Act)] == ["start"]


@pytest.mark.parametrize(
    "settings",
    [
        Settings(timezone="Asia/Seoul", read_only=True),
        Settings(timezone="Asia/Seoul", locked_profiles=("prod",)),
    ],
)
async def test_read_only_keys_stay_greyed_and_say_why(tmp_path: Path, settings: Settings) -> None:
    app, _, _ = opened(tmp_path, "payments-db-1", settings=settings)
    async with app.run_test(size=LARGE) as pilot:
        await settled(pilot)
        shown = text_of(app)
        assert "READ-ONLY" in shown
        assert "s stop/start" in shown
        assert "press s" not in shown
        assert "would help, but read-only" in shown
        assert "✖ read-only" in shown
        await pilot.press("s")
        await pilot.pause()
        assert "read-only" in [one.message for one in app._notifications][-1]
    assert app.asked == []


async def test_y_copies_the_id(tmp_path: Path) -> None:
    app, screen, _ = opened(tmp_path, "web-1")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("y")
        await pilot.pause()
        assert screen.subject is not None
        assert app.clipboard == screen.subject.instance_id


async def test_esc_leaves(tmp_path: Path) -> None:
    app, screen, _ = opened(tmp_path, "web-1")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is not screen)


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_a_hostile_name_is_drawn_raw(tmp_path: Path, size: tuple[int, int]) -> None:
    store = sample_store()
    hostile = next(row for row in store.rows() if "[red]" in row.name)
    tags = ((clean("[bold]k\x1b[2J"), clean("[link=https://x]v\x07\u202e")),)
    store.apply(wire.Delta(upserts=(replace(hostile, tags=tags),)))
    given = services(tmp_path, store)
    screen = DetailScreen(given, hostile.key)
    app = Stage(screen)
    async with app.run_test(size=size) as pilot:
        for name in TABS:
            await tab(pilot, screen, name)
            shown = text_of(app)
            assert '=HYPERLINK("x")[red]' in shown
            assert not any(char in shown for char in "\x1b\x07\x9b\u202e")
            if name == "tags":
                assert "[bold]k\N{REPLACEMENT CHARACTER}[2J" in shown
                assert "[link=https://x]v" in shown


async def test_a_long_name_leaves_room_for_the_id(tmp_path: Path) -> None:
    store = sample_store()
    row = named(store, "web-1")
    store.apply(wire.Delta(upserts=(replace(row, name=clean("x" * 255)),)))
    screen = DetailScreen(services(tmp_path, store), row.key)
    app = Stage(screen)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert f"…  {row.instance_id}  PROD 1111-2222-3333" in text_of(app).splitlines()[0]


async def test_a_colour_that_does_not_exist_is_no_crash(tmp_path: Path) -> None:
    profile = SETTINGS.profile("prod")
    odd = Settings(
        timezone="Asia/Seoul", profiles={"prod": type(profile)(label="[b]P\x1b[31m", color="no_such_colour")}
    )
    app, _, _ = opened(tmp_path, "web-1", settings=odd)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert "[b]P" in text_of(app)
        assert "\x1b" not in text_of(app)


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_our_own_signs_have_an_ascii_form(tmp_path: Path, size: tuple[int, int]) -> None:
    plain = Settings(timezone="Asia/Seoul", ascii=True)
    app, screen, given = opened(tmp_path, "payments-db-1", settings=plain)
    assert given.journal is not None
    planned(given.journal, named(given.store, "payments-db-1"), 10)
    async with app.run_test(size=size) as pilot:
        for name in TABS:
            await tab(pilot, screen, name)
            shown = text_of(app)
            # scrollbars are Textual's own, of block elements
            left = {char for char in shown if not char.isascii() and not "▀" <= char <= "▟"}
            assert not left, f"{left} on {name}"
        assert "X failing" in shown


async def test_a_narrow_terminal_in_ascii_cuts_without_signs(tmp_path: Path) -> None:
    app, screen, _ = opened(tmp_path, "payments-db-1", settings=Settings(timezone="Asia/Seoul", ascii=True))
    async with app.run_test(size=(40, 12)) as pilot:
        for name in TABS:
            await tab(pilot, screen, name)
            assert not {one for one in text_of(app) if not one.isascii() and not "▀" <= one <= "▟"}


async def test_the_countdown_is_alive(tmp_path: Path) -> None:
    at = [NOW]
    app, _, _ = opened(tmp_path, "payments-db-1", now=lambda: at[0])
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert "in 3h12m" in text_of(app)
        at[0] = NOW + timedelta(hours=1, minutes=2)
        await until(pilot, lambda: "in 2h10m" in text_of(app))
        assert "read 1h02m ago" in text_of(app)


async def test_what_is_stored_in_the_journal_is_drawn_raw(tmp_path: Path) -> None:
    app, screen, given = opened(tmp_path, "web-1")
    assert given.journal is not None
    name = planned(given.journal, named(given.store, "web-1"), 10)
    with sqlite3.connect(given.journal.path) as db:
        db.execute("UPDATE operation SET note=?, title=? WHERE id=?", ("[red]a\x1b[31mb", "\x9bt", name))
    db.close()
    async with app.run_test(size=SMALL) as pilot:
        await tab(pilot, screen, "history")
        shown = text_of(app)
    assert "[red]a\N{REPLACEMENT CHARACTER}[31mb" in shown
    assert not any(one in shown for one in "\x1b\x9b")


async def test_nothing_is_redrawn_when_nothing_changes(tmp_path: Path) -> None:
    app, screen, _ = opened(tmp_path, "payments-db-1")
    async with app.run_test(size=LARGE) as pilot:
        await settled(pilot)
        before = dict(screen._drawn)
        rows = screen.page.rows
        for _ in range(3):
            screen.tick()
        assert screen.page.rows is rows
        assert all(screen._drawn[name] is value for name, value in before.items())


def test_ascii_only_leaves_others_words_alone() -> None:
    assert ascii_only("✖ 서울 …") == "X 서울 ..."


async def test_the_sample_fleet_has_a_detail_each(tmp_path: Path) -> None:
    store = sample_store()
    given = services(tmp_path, store)
    for row in list(store.rows())[::4]:
        screen = DetailScreen(given, row.key)
        app = Stage(screen)
        async with app.run_test(size=SMALL) as pilot:
            await settled(pilot)
            assert row.instance_id in text_of(app)


async def test_partial_rows_are_shown_as_unread(tmp_path: Path) -> None:
    store = Store()
    row = Instance(Target("prod", "us-east-1"), clean("i-0abc"))
    store.apply(wire.Delta(upserts=(row,)))
    screen = DetailScreen(services(tmp_path, store, link=None), row.key)
    app = Stage(screen)
    async with app.run_test(size=SMALL) as pilot:
        for name in TABS:
            await tab(pilot, screen, name)
        await tab(pilot, screen, "overview")
        shown = text_of(app)
    assert "checks not read yet" in shown
    assert "? unknown" in shown
    assert "✔" not in shown.splitlines()[4]
