"""What the fleet screen does where nothing changed, counted rather than timed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from rich.cells import cell_len
from textual.app import App, ComposeResult

from screens.fleet import table as table_module
from screens.fleet.columns import RowContext, fit_fleet_columns
from screens.fleet.own_columns import own_columns
from screens.fleet.table import FleetTable
from tests.screens.fake_services import sample_store
from tui.config.schema import Settings
from tui.domain.instance import Instance
from tui.domain.listing import FleetView, Ranker, SortOrder
from tui.domain.query import Query
from tui.domain.sanitize import clean
from tui.fleet.protocol import Delta
from tui.fleet.store import Store

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)


HOSTILE = "\x1b]0;x\x07\u202e[red]" + "\u0301" * 9 + "결제" * 30


class Counting(FleetTable):
    """Counts the rows it draws and the parts it refreshes."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn, self.refreshed = 0, 0

    def body(self, *arguments: object) -> object:  # type: ignore[override]  # passes on whatever it is given
        self.drawn += 1
        return super().body(*arguments)  # type: ignore[arg-type]  # as above

    def refresh(self, *regions: object, **options: object) -> Counting:
        self.refreshed += 1
        super().refresh(*regions, **options)  # type: ignore[arg-type]  # as above
        return self


class Only(App[None]):
    """An app for one table."""

    def compose(self) -> ComposeResult:
        yield Counting()


def many(count: int) -> list[Instance]:
    first = sample_store().rows()[0]
    return [replace(first, instance_id=clean(f"i-{n:017x}"), name=clean(f"web-{n}")) for n in range(count)]


async def test_only_what_is_visible_is_drawn_and_nothing_is_sent_again() -> None:
    app = Only()
    async with app.run_test(size=(160, 50)) as pilot:
        table = app.query_one(Counting)
        rows, scene = many(50_000), RowContext(NOW, Settings())
        table.show(rows, scene)
        await pilot.pause()
        assert 0 < table.drawn <= 3 * 50
        table.drawn = table.refreshed = 0
        table.later(scene)
        assert table.refreshed == 0
        assert table.drawn <= 50
        table.show(rows, scene)
        assert table.refreshed == 0


async def test_the_columns_are_fitted_once_for_all_rows_however_many_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def fitted(*arguments: Any) -> list[Any]:
        asked.append(arguments)
        return fit_fleet_columns(*arguments)

    monkeypatch.setattr(table_module, "fit_fleet_columns", fitted)
    app = Only()
    async with app.run_test(size=(160, 50)) as pilot:
        table = app.query_one(Counting)
        rows = [replace(row, tags=((clean("k1"), clean(HOSTILE)),)) for row in many(200)]
        scene = RowContext(NOW, Settings(), columns=own_columns(tuple(f"tag.k{n}" for n in range(30))))
        table.show(rows, scene)
        await pilot.pause()
        assert table.shift == 0
        asked.clear()
        for _ in range(50):
            table.action_move(1)
            table.later(replace(scene, now=NOW + timedelta(seconds=1)))
        assert asked == []
        for y in range(table.size.height):
            line = table.render_line(y).text
            assert cell_len(line) == table.size.width
            assert line.isprintable()
        table.action_sideways(5)
        assert table.shift == 5
        assert len(asked) == 1


def test_a_poll_without_news_lists_and_counts_nothing_again(monkeypatch: pytest.MonkeyPatch) -> None:
    store, ranker = sample_store(), Ranker()
    before = store.rows()
    listed = ranker.listed(before, FleetView.TRIAGE, SortOrder.URGENCY, Query(""), NOW)
    counted = ranker.counts(before, NOW, {})
    (status, *_) = store.targets()
    store.apply(Delta(target=replace(status, status_at=NOW)))
    assert store.rows() is before

    def never(*_: object) -> None:
        raise AssertionError("looked at every row again")

    monkeypatch.setattr(Ranker, "urgency", never)
    assert ranker.listed(store.rows(), FleetView.TRIAGE, SortOrder.URGENCY, Query(""), NOW) == listed
    assert ranker.counts(store.rows(), NOW, {}) == counted


def test_a_changed_row_is_another_list() -> None:
    store = Store()
    (row,) = many(1)
    store.apply(Delta(upserts=(row,)))
    before = store.rows()
    store.apply(Delta(upserts=(replace(row, name=clean("other")),)))
    assert store.rows() is not before
    assert store.rows()[0].name == "other"


async def test_wide_characters_keep_the_columns_aligned() -> None:
    app = Only()
    async with app.run_test(size=(160, 50)) as pilot:
        table = app.query_one(Counting)
        first = sample_store().rows()[0]
        names = (
            "web",
            "결제-데이터베이스-복제본-서울-1",
            "🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂",
            "é́combining",
            "データ",
        )
        rows = [replace(first, name=clean(name), instance_id=clean(f"i-{n}")) for n, name in enumerate(names)]
        table.show(rows, RowContext(NOW, Settings()))
        await pilot.pause()
        starts = []
        for y in range(1, len(names) + 1):
            text = table.render_line(y).text
            assert cell_len(text) == table.size.width
            starts.append(cell_len(text[: text.index(f"i-{y - 1}")]))
        assert len(set(starts)) == 1
