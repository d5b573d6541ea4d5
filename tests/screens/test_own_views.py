"""Views of one's own in the list: their columns, order and filter, on their keys, in the palette, and from the start."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.widgets import Input

from screens.fleet.screen import FleetScreen
from screens.palette import VerbProvider
from tests.screens import fake_services
from tests.screens.fleet_pilot import said, screen, shown
from tests.screens.pilot_helpers import lines_of, text_of
from tui.config.schema import validate
from tui.domain.instance import Instance
from tui.domain.listing import FleetView, SortOrder

VIEWS = {
    "views": {
        "pay": {"key": 6, "columns": ["tag.role", "checks", "event"], "sort": "name", "filter": "web"},
        "bad": {"key": 7, "columns": ["chekcs"], "filter": "web stat:x"},
        "[b]none[/]": {"filter": "db"},
        "due": {"key": 8, "base": "events", "columns": ["left", "starts", "move-by", "target"]},
    }
}
SETTINGS = replace(fake_services.SETTINGS, views=validate(VIEWS, "config.toml").views)


def names(now: FleetScreen) -> list[str]:
    return [str(row.name) for row in now.table.rows if isinstance(row, Instance)]


def written(folder: Path) -> list[dict[str, str]]:
    (path,) = folder.glob("evac-*.csv")
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


async def test_a_view_brings_its_columns_order_and_filter_and_takes_them_away(tmp_path: Path) -> None:
    services = fake_services.services(tmp_path, settings=SETTINGS)
    async with shown(services, (80, 24)) as pilot:
        now = screen(pilot)
        before = names(now)
        await pilot.press("6")
        await pilot.pause()
        lines = lines_of(pilot.app)
        assert lines[0].startswith(" evac  pay · ")
        assert lines[1].split() == ["name", "role", "checks", "next", "event"]
        assert [line for line in lines if line.startswith(" / web")]
        assert names(now) == sorted(names(now))
        assert all("web" in name for name in names(now))
        await pilot.press("slash", "end", *"-7", "enter")  # edited like any other
        await pilot.pause()
        assert names(now) == ["web-7"]
        assert lines_of(pilot.app)[0].startswith(" evac  pay* · ")
        await pilot.press("escape")  # and cleared
        await pilot.pause()
        assert len(names(now)) == 78
        assert lines_of(pilot.app)[0].startswith(" evac  pay* · ")
        await pilot.press("6")
        await pilot.pause()
        assert lines_of(pilot.app)[0].startswith(" evac  pay · ")
        await pilot.press("1")
        await pilot.pause()
        assert names(now) == before
        assert (now.order, now.query_now.text) == (SortOrder.URGENCY, "")
        assert not [line for line in lines_of(pilot.app) if line.startswith(" / web")]
        await pilot.press("slash", *"data", "enter", "6", "1")  # what one had before comes back
        await pilot.pause()
        assert now.query_now.text == "data"
        await pilot.press("6", "slash", *"db", "enter", "2")  # what was changed in the view stays
        await pilot.pause()
        assert (now.query_now.text, now.view, now.own) == ("db", FleetView.ALL, "")


async def test_a_bad_filter_hides_nothing_and_says_so_and_a_key_without_a_view_does_too(
    tmp_path: Path,
) -> None:
    services = fake_services.services(tmp_path, settings=SETTINGS)
    async with shown(services) as pilot:
        now = screen(pilot)
        assert any("views.bad.filter: stat:x: no field 'stat'" in line for line in said(pilot))
        assert any("no column chekcs; did you mean checks?" in line for line in said(pilot))
        await pilot.press("6", "7")
        await pilot.pause()
        assert len(names(now)) == 78
        assert "no field 'stat'" in text_of(pilot.app)
        assert any("hides nothing" in line for line in said(pilot))
        await pilot.press("8")
        await pilot.pause()
        assert now.view is FleetView.EVENTS
        head = next(line for line in lines_of(pilot.app) if "movable until" in line)
        assert head.split("│")[-2].split() == ["name", "left", "starts", "movable", "until", "target"]
        title = next(line for line in lines_of(pilot.app) if " due · " in line and "╭" in line)
        assert " on " in title
        keys = lines_of(pilot.app)[-1]
        assert "6 pay" in keys
        assert "8 due" in keys
        assert " 9 " not in keys
        await pilot.press("9")
        await pilot.pause()
        assert any("no view of your own is on 9" in line for line in said(pilot))


@pytest.mark.parametrize(
    ("view", "wanted", "title", "filter_line"),
    [
        ("pay", "", "pay · ", "web"),
        ("pay", "db", "pay, changed · ", "db"),
        ("", "web", "all · ", "web"),
        ("cover", "", "cover · ", ""),
    ],
)
async def test_it_opens_in_the_view_and_with_the_filter_asked_for(
    tmp_path: Path, view: str, wanted: str, title: str, filter_line: str
) -> None:
    services = fake_services.services(tmp_path, settings=SETTINGS)
    app = fake_services.Stage(FleetScreen(services, view, wanted))
    async with app.run_test(size=(160, 50)) as pilot:
        await pilot.pause()
        assert title in str(screen(pilot).table.border_title)
        found = [one.value for one in app.screen.query(Input) if one.display]
        assert found == ([filter_line] if filter_line else [])
        assert screen(pilot).query_now.text == filter_line


async def test_the_export_has_the_tags_that_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    services = fake_services.services(tmp_path, settings=SETTINGS)
    async with shown(services) as pilot:
        await pilot.press("6", "x")
        await pilot.pause()
        rows = written(tmp_path)
        assert [one["name"] for one in rows] == names(screen(pilot))
        roles = {row.key: row.tag("role") or "" for row in services.store.rows()}
        assert [one["tag.role"] for one in rows] == [
            roles[f"{one['region']}/{one['instance_id']}"] for one in rows
        ]


async def test_columns_of_cover_have_it_read_and_its_export_has_the_tags(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asks = validate(
        {"views": {"c": {"key": 6, "base": "cover", "columns": ["host-dies", "tag.role"]}}}, "x"
    ).views
    services = fake_services.services(tmp_path, settings=replace(SETTINGS, views=asks))
    async with shown(services) as pilot:
        now = screen(pilot)
        wanted: list[bool] = []
        monkeypatch.setattr(now, "want_cover", lambda: wanted.append(True))
        await pilot.press("1")
        assert wanted == []
        await pilot.press("6")
        await pilot.pause()
        assert wanted
        assert any("host dies" in line and "role" in line for line in lines_of(pilot.app))
        await pilot.press("x")
        await pilot.pause()
        titles = next(tmp_path.glob("evac-cover-*.csv")).read_text().splitlines()[0].split(",")  # noqa: ASYNC240 - a small file
        assert {"host_dies", "host_dies_by", "tag.role"} <= set(titles)


async def test_what_is_shown_is_saved_in_the_file_beside_its_comments(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("# mine\nread_only = false # for now\n")
    services = fake_services.services(tmp_path, settings=SETTINGS)
    services.config_path = path
    async with shown(services, (80, 24)) as pilot:
        now = screen(pilot)
        await pilot.press("2", "slash", *"web-1", "enter", "S", "W")
        await pilot.pause()
        assert "keys 6 pay, 7 bad, 8 due" in text_of(pilot.app)
        await pilot.press(*"all", "enter")
        await pilot.pause()
        assert "all is one of evac's own views" in text_of(pilot.app)
        await pilot.press("backspace", "backspace", "backspace", *"pay", "enter")
        await pilot.pause()
        assert "pay is there already: ⏎ again writes over it" in text_of(pilot.app)
        await pilot.press(*"er", "tab", "tab", *"nmae", "enter")
        await pilot.pause()
        assert "no column nmae; did you mean name?" in text_of(pilot.app)
        await pilot.press("ctrl+u", *"tag.role, checks", "enter")
        await pilot.pause()
        assert now.own == "payer"
        assert lines_of(pilot.app)[0].startswith(" evac  payer · ")
        assert lines_of(pilot.app)[1].split() == ["name", "role", "checks"]
        assert services.settings.views["payer"].key == 9
        await pilot.press("1")
        await pilot.pause()
        assert (now.query_now.text, now.order) == ("", SortOrder.URGENCY)
    assert path.read_text() == (
        '# mine\nread_only = false # for now\n\n[views.payer]\nkey = 9\nbase = "all"\n'
        'columns = ["tag.role", "checks"]\nsort = "name"\nfilter = "web-1"\n'
    )


async def test_a_file_that_cannot_be_written_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    services = fake_services.services(tmp_path, settings=SETTINGS)
    services.config_path = tmp_path / "config.toml"
    services.config_path.mkdir()
    async with shown(services, (80, 24)) as pilot:
        await pilot.press("W", *"mine", "enter")
        await pilot.pause()
        assert "cannot be" in text_of(pilot.app)
        await pilot.press("escape")
        await pilot.pause()
        assert said(pilot)[-1] == "no view was saved"
        assert "mine" not in services.settings.views


async def test_the_palette_has_them_by_name_those_without_a_key_too(tmp_path: Path) -> None:
    services = fake_services.services(tmp_path, settings=SETTINGS)
    async with shown(services) as pilot:
        offered = [one.title for one in screen(pilot).commands_here()]
        assert offered == ["[b]none[/]"]
        provider = VerbProvider(screen(pilot))
        found = [one.text async for one in provider.search("none")]
        assert "[b]none[/]" in found
        hit = await anext(provider.search("pay"))
        assert str(hit.prompt) == "pay  (6)"
        assert not [one async for one in provider.search("View 9")]
        await screen(pilot).look_at_own("[b]none[/]")
        assert screen(pilot).query_now.text == "db"
        await pilot.pause()
        assert lines_of(pilot.app)[0].startswith(" evac  [b]none[/] · ")
