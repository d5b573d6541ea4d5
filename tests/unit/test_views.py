"""Views of one's own: which tables are one, what is told of one that means nothing, and what their columns draw."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from screens.fleet.columns import RowContext, fit_fleet_columns
from screens.fleet.own_columns import OWN_COLUMNS, column_of, own_columns
from tests.unit.guidance_cases import BASE, NOW
from tui.cli import streams
from tui.cli.doctor_setup import DOUBT, here
from tui.cli.main import run
from tui.cli.session import Session
from tui.config.loader import Loaded
from tui.config.schema import ConfigError, Settings, validate
from tui.config.views import COLUMN_NAMES, COVER_NAMES, column_doubts, view_doubts, why_no_view
from tui.domain.instance import Instance
from tui.domain.listing import FleetView, Ranker, SortOrder, TagOrder, order_named
from tui.domain.query import Query
from tui.domain.sanitize import clean
from tui.presentation.width import cell_len

ROOT = Path(__file__).parents[2]
PAY = {
    "key": 6,
    "columns": ["tag.service", "checks"],
    "sort": "tag.service",
    "filter": "web",
    "base": "triage",
}


def row(name: str) -> Instance:
    return replace(BASE, name=clean(name), instance_id=clean(f"i-{name}"))


def test_a_table_becomes_a_view() -> None:
    settings = validate({"columns": ["id"], "views": {"pay": PAY}}, "config.toml")
    view = settings.views["pay"]
    assert (view.key, view.columns, view.sort) == (6, ("tag.service", "checks"), "tag.service")
    assert (view.filter, view.base, settings.columns) == ("web", "triage", ("id",))
    assert list(view_doubts(settings.columns, settings.views)) == []


@pytest.mark.parametrize(
    ("views", "key", "words"),
    [
        ({"pay": {"key": 5}}, "views.pay.key", "6, 7, 8 or 9"),
        ({"pay": {"key": "6"}}, "views.pay.key", "int"),
        ({"a": {"key": 7}, "b": {"key": 7}}, "views.b.key", "7 is the key of views.a already"),
        ({"pay": {"sort": "age"}}, "views.pay.sort", "urgency, name, target, type, event"),
        ({"pay": {"sort": "tag."}}, "views.pay.sort", "tag.service"),
        ({"pay": {"base": "triag"}}, "views.pay.base", "triage, all, events, targets, cover"),
        ({"pay": {"filtre": "x"}}, "views.pay.filtre", "did you mean filter?"),
        ({"pay": {"columns": "name"}}, "views.pay.columns", "array"),
        ({"all": {}}, "views.all", "one of evac's own views"),
        ({"": {}}, "views.", "a name of at most 30"),
        ({"a\x1b[2J": {}}, "views.a", "plain characters"),
        ({"x" * 31: {}}, "views.x", "at most 30"),
    ],
)
def test_what_is_none_is_an_error_with_file_key_and_what_is_possible(
    views: dict[str, object], key: str, words: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        validate({"views": views}, "config.toml")
    assert str(raised.value).startswith(f"config.toml: {key}")
    assert words in str(raised.value)
    assert "\x1b" not in str(raised.value)


def test_columns_that_do_not_exist_and_filters_that_cannot_be_read_are_told_not_refused() -> None:
    views = {"pay": {"columns": ["chekcs", "tag:service", "tag."], "filter": "web stat:x"}}
    settings = validate({"columns": ["nmae", "id"], "views": views}, "config.toml")
    told = list(view_doubts(settings.columns, settings.views))
    assert told[0] == "columns: no column nmae; did you mean name?"
    assert told[1] == "views.pay.columns: no column chekcs; did you mean checks?"
    assert told[2] == "views.pay.columns: tag:service: a tag's column is called tag.KEY, such as tag.service"
    assert told[3] == "views.pay.columns: tag.: a tag's column is called tag.KEY, such as tag.service"
    assert next(column_doubts("columns", ["zzz"])).startswith(
        "columns: no column zzz; there are name, id, target,"
    )
    assert told[4].startswith("views.pay.filter: stat:x: no field 'stat'; there are name,")
    assert [one.title for one in own_columns(settings.views["pay"].columns)] == []
    assert [one.title for one in own_columns(settings.columns)] == ["", "name", "id"]


def test_a_name_that_is_no_view_is_told_with_the_nearest() -> None:
    settings = validate({"views": {"payments": {}}}, "config.toml")
    assert why_no_view("payments", settings.views) == why_no_view("cover", settings.views) == ""
    told = why_no_view("paymnets", settings.views)
    assert (
        told
        == "no view paymnets; did you mean payments?; there are triage, all, events, targets, cover, payments"
    )


def test_every_name_of_a_column_draws_one() -> None:
    assert {*OWN_COLUMNS, *COVER_NAMES} == COLUMN_NAMES.keys()
    pages = [(ROOT / name).read_text() for name in ("docs/config.md", "config.example.toml")]
    own = pages[0].partition("## Columns and views of your own")[2].partition("\n## ")[0]
    comment = pages[1].partition("# The columns of the list")[2].partition("\ncolumns = ")[0]
    for name in COLUMN_NAMES:
        assert f"`{name}`" in own
        assert re.search(rf"\b{name}\b", comment)
        column = column_of(name)
        assert column is not None
        for one in (row("web-1"), replace(row("web-1"), inventory_at=None, status_at=None, events=())):
            assert (
                sum(cell_len(text) for text, _ in column.pieces(one, RowContext(NOW, Settings()), 12)) == 12
            )


def test_what_is_ordered_by_its_cover_has_the_sign_of_its_cover() -> None:
    unread = replace(row("web-1"), cover=None)
    scene = RowContext(NOW, Settings())
    signs = [own_columns(("host-dies",), of_cover=one)[0].pieces(unread, scene, 3) for one in (False, True)]
    assert signs[0] != signs[1]
    assert "✔" not in signs[1][0][0]


HOSTILE = "\x1b]52;c;AAAA\x07[red]\u202e=cmd|'x'\n" + "\u0301" * 40 + "한" * 40


@pytest.mark.parametrize("size", [1, 2, 3, 8, 12, 40])
def test_a_hostile_tag_fills_its_cell_and_nothing_else(size: int) -> None:
    column = column_of("tag.note")
    assert column is not None
    one = replace(row("web-1"), tags=((clean("note"), clean(HOSTILE)),))
    pieces = column.pieces(one, RowContext(NOW, Settings()), size)
    text = "".join(part for part, _ in pieces)
    assert cell_len(text) == size
    assert text.isprintable()
    assert {style for _, style in pieces} == {""}


def test_a_tag_says_whether_it_is_missing_empty_or_not_read() -> None:
    cell = own_columns(("tag.Service",))[2].cell
    scene = RowContext(NOW, Settings())

    def tagged(*tags: tuple[str, str], read: bool = True) -> Instance:
        cleaned = tuple((clean(key), clean(value)) for key, value in tags)
        return replace(row("web-1"), tags=cleaned, inventory_at=NOW if read else None)

    assert cell(tagged(("service", "a"), ("Service", "b")), scene, 12) == ("b", "")
    assert cell(tagged(("service", "a")), scene, 12) == ("a", "")
    assert cell(tagged(("Service", "")), scene, 12) == ("(empty)", "dim")
    assert cell(tagged(), scene, 12) == ("–", "dim")
    assert cell(tagged(read=False), scene, 12) == ("?", "magenta")


def test_where_there_is_no_room_ones_own_give_way_and_what_is_wrong_stays() -> None:
    names = ("id", "tag.a", "checks", "tag.b", "event", "tag.c", "target", "ami")
    scene = RowContext(NOW, Settings(), columns=own_columns(names))

    def shown(width: int) -> list[str]:
        fitted = fit_fleet_columns(width, 0, scene)
        assert sum(size + 1 for _, size in fitted) <= width
        return [column.title for column, _ in fitted]

    assert shown(200) == ["", "name", "id", "a", "checks", "b", "next event", "c", "target", "AMI"]
    assert shown(110) == ["", "name", "a", "checks", "b", "next event", "target", "AMI"]
    assert shown(80) == ["", "name", "checks", "next event", "target"]
    assert shown(64) == ["", "name", "checks", "next event"]
    assert shown(60) == ["", "name", "checks", "target", "AMI"]  # in place of the wide one, what still fits
    assert shown(50) == ["", "name", "a", "checks"]
    assert shown(25) == ["", "name"]


def test_a_tag_called_like_a_column_of_evacs_is_named_whole() -> None:
    titles = [one.title for one in own_columns(("checks", "tag.checks", "tag.team"))]
    assert titles == ["", "name", "checks", "tag.checks", "team"]


def test_an_order_by_tag_puts_those_without_it_last() -> None:
    def tagged(name: str, value: str | None) -> Instance:
        return replace(row(name), tags=() if value is None else ((clean("team"), clean(value)),))

    rows = [tagged("a", None), tagged("b", "Zoo"), tagged("c", "ant"), tagged("d", "ant")]
    order = order_named("tag.team")
    assert order == TagOrder("team")
    assert str(order) == "tag.team"
    found = Ranker().listed(rows, FleetView.ALL, order, Query(""), NOW)
    assert [one.name for one in found] == ["c", "d", "b", "a"]
    found = Ranker().listed(rows, FleetView.TARGETS, order, Query(""), NOW + timedelta(1))
    assert [one.name for one in found] == ["c", "d", "b", "a"]
    assert order_named("name") is SortOrder.NAME


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--view", "paymnets"], "--view: no view paymnets; there are triage, all, events, targets, cover"),
        (["--view", "tirage"], "--view: no view tirage; did you mean triage?"),
        (["--filter", "web stat:x"], "--filter: 'stat:x': no field 'stat'"),
        (["--view", "all", "status"], "--view before a command"),
        (["--filter", "web", "events"], "--filter before a command"),
    ],
)
def test_what_cannot_be_opened_is_a_usage_error_before_anything_is_started(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    told: str,
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(streams, "is_terminal", lambda stream: True)
    assert run(arguments) == 2
    assert told in capsys.readouterr().err


def test_doctor_tells_what_of_them_means_nothing(tmp_path: Path) -> None:
    settings = validate({"views": {"pay": {"columns": ["chekcs"]}}}, "config.toml")
    session = Session(
        settings, Loaded(settings, {}, tmp_path / "config.toml"), {"XDG_STATE_HOME": str(tmp_path)}
    )
    (line,) = [one for one in here(session) if one.subject == "views"]
    assert (line.mark, line.said) == (DOUBT, "views.pay.columns: no column chekcs; did you mean checks?")
    assert line.remedy.endswith(f"mend it in {tmp_path / 'config.toml'}")
