"""What one row, one pane or one tab cannot show is marked there, and the rest of the console goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from screens.columns import Column
from screens.detail import tabs
from screens.fleet import columns, panes
from screens.fleet.columns import COLUMNS
from tests.screens import fake_services
from tests.screens.fleet_pilot import screen
from tests.screens.pilot_helpers import text_of
from tui.app import EvacApp
from tui.domain import listing
from tui.domain.instance import Instance
from tui.domain.triage import urgency

BAD = "payments-db-1"


def poisoned(real: Any) -> Any:
    """The same function, which cannot deal with one instance."""

    def asked(row: Any, *rest: Any, **more: Any) -> Any:
        if isinstance(row, Instance) and row.name == BAD:
            raise OverflowError("date value out of range")
        return real(row, *rest, **more)

    return asked


async def lines(app: EvacApp, name: str) -> list[str]:
    async with app.run_test(size=(160, 50)) as pilot:
        await pilot.pause()
        await pilot.press("2")
        await pilot.pause()
        screen(pilot).table.hold(next(r.key for r in app.services.store.rows() if r.name == name))
        await pilot.pause()
        shown = text_of(pilot.app)
        assert shown.count(" i-") > 20
        assert app.fault is None
        return shown.splitlines()


@pytest.fixture
def app(tmp_path: Path) -> EvacApp:
    return EvacApp(fake_services.services(tmp_path))


async def test_a_cell_that_cannot_be_drawn_is_marked(app: EvacApp, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, column in enumerate(COLUMNS):
        if column.title == "next event":
            broken = list(COLUMNS)
            broken[number] = Column(
                column.title, column.width, column.priority, poisoned(column.cell), column.grow
            )
            monkeypatch.setattr(columns, "COLUMNS", tuple(broken))
    shown = await lines(app, BAD)
    line = next(one for one in shown if f"{BAD} " in one and "i-" in one)
    assert "? not shown" in line
    assert "PROD" in line, "the other cells of the row are drawn"
    assert sum("? not shown" in one for one in shown) == 1
    state = Path(app.services.environ["XDG_STATE_HOME"]) / "evac"
    (report,) = state.glob("crash-*.txt")
    assert "OverflowError: date value out of range" in report.read_text()


async def test_an_instance_that_cannot_be_judged_is_unknown_and_listed(
    app: EvacApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "urgency", poisoned(urgency))
    shown = await lines(app, BAD)
    assert any(one for one in shown if f"? {BAD}" in one)


async def test_a_preview_that_cannot_be_drawn(app: EvacApp, monkeypatch: pytest.MonkeyPatch) -> None:
    from screens.fleet import screen as module

    monkeypatch.setattr(module, "preview", poisoned(panes.preview))
    shown = await lines(app, BAD)
    assert any("? not shown" in one for one in shown)


async def test_a_tab_that_cannot_be_drawn(app: EvacApp, monkeypatch: pytest.MonkeyPatch) -> None:
    from screens.detail import screen as module

    broken = dict(module.SHEETS)

    def fail(_: Any) -> Any:
        raise ValueError("year 10000 is out of range")

    broken["checks"] = fail
    monkeypatch.setattr(module, "SHEETS", broken)
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        await pilot.press("enter", "right", "right", "right")
        await pilot.pause()
        assert "this part cannot be shown" in text_of(pilot.app)
        await pilot.press("right")
        await pilot.pause()
        assert "this part cannot be shown" not in text_of(pilot.app)
        assert "platform" in text_of(pilot.app)
    assert app.fault is None
    assert tabs.checks is not None
