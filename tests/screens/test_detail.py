"""The detail screen, driven by keys on the sample fleet."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.widgets import Static

from screens.base import Act, FleetChanged, Go
from screens.detail.screen import TABS, DetailScreen
from tests.screens.detail_pilot import EXPIRED, Slow, opened
from tests.screens.fake_services import NOW, Stage, StandIn, named, sample_store, services
from tests.screens.pilot_helpers import LARGE, SMALL, settled, tab, text_of, until
from tui.commands import VERBS
from tui.config.schema import Settings
from tui.domain.instance import Instance, InstanceState, Target, Trouble, TroubleKind
from tui.domain.sanitize import clean
from tui.fleet import protocol
from tui.fleet.store import Store


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
    store.apply(protocol.Delta(replace(status, trouble=EXPIRED)))
    app, _, _ = opened(tmp_path, "web-1", store=store)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert "? stale" in text_of(app)


async def test_what_disappears_says_so_and_cannot_be_acted_on(tmp_path: Path) -> None:
    app, screen, given = opened(tmp_path, "payments-db-1")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        given.store.apply(protocol.Delta(removed=(screen.key,)))
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
    link.trouble = Trouble(TroubleKind.GONE, clean("prod/x: i-1 is no longer there"), clean(""))
    app, screen, _ = opened(tmp_path, "payments-db-1", store=store, link=link)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert "✖ gone" in text_of(app)
        assert screen.subject is None


async def test_terminated_says_so(tmp_path: Path) -> None:
    store = sample_store()
    row = named(store, "web-1")
    store.apply(protocol.Delta(upserts=(replace(row, state=InstanceState.TERMINATED),)))
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
        async def request(self, request: protocol.ReadRequest) -> protocol.ReadAnswer:
            later = NOW.replace(minute=1)
            fresh = replace(old, state=InstanceState.STOPPED, status_at=later, inventory_at=later)
            return protocol.ReadAnswer(0, fresh, self.facts)

    app, screen, given = opened(tmp_path, "web-1", store=store, link=Newer(store))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert screen.subject is not None
        assert screen.subject.state is InstanceState.STOPPED
        latest = replace(old, state=InstanceState.PENDING, status_at=NOW.replace(minute=2))
        given.store.apply(protocol.Delta(upserts=(latest,)))
        screen.post_message(FleetChanged())
        await until(pilot, lambda: screen.subject == latest)


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
        verb = VERBS["stop-start"]
        assert f"s {verb.word}" in shown or f"s {verb.short}" in shown
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


async def test_the_countdown_is_alive(tmp_path: Path) -> None:
    at = [NOW]
    app, _, _ = opened(tmp_path, "payments-db-1", now=lambda: at[0])
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert "in 3h12m" in text_of(app)
        at[0] = NOW + timedelta(hours=1, minutes=2)
        await until(pilot, lambda: "in 2h10m" in text_of(app))
        assert "read 1h02m ago" in text_of(app)


async def test_nothing_is_redrawn_when_nothing_changes(tmp_path: Path) -> None:
    app, screen, _ = opened(tmp_path, "payments-db-1")
    async with app.run_test(size=LARGE) as pilot:
        await settled(pilot)
        before = [(one, one.content) for one in screen.query(Static)]
        for _ in range(3):
            screen.tick()
        assert len(before) >= 8
        assert all(one.content is content for one, content in before)


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
    store.apply(protocol.Delta(upserts=(row,)))
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
