"""The inbox, view 3: events by day, the strip of two weeks, keys by day, what falls together, and `t` on the event meant."""

from __future__ import annotations

import csv
import json
from glob import glob
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.screens import fake_services
from tests.screens.fake_services import NOW, SETTINGS, StandIn, named, sample_store
from tests.screens.fleet_pilot import cursor, said, screen, shown
from tests.screens.pilot_helpers import lines_of, text_of, until, widget_text
from tui.config.sections import MaintenanceSettings
from tui.domain.groups import BalancerGroups, RegisteredGroup
from tui.domain.inbox import InboxDay
from tui.domain.instance import Instance
from tui.domain.sanitize import clean
from tui.fleet.protocol import ReadAnswer, ReadKind, ReadRequest
from tui.fleet.store import Store
from tui.presentation.ascii import in_ascii
from tui.presentation.instance_objects import EVENT_COLUMNS
from tui.services import Services


def written(folder: Path) -> Path:
    """The one file that was."""
    (path,) = glob(f"{folder}/evac-events-*")
    return Path(path)


class Balancers(StandIn):
    """Answers who is behind the load balancers with these groups, or not at all."""

    def __init__(self, store: Store, *groups: RegisteredGroup, unknown: str = "") -> None:
        super().__init__(store)
        self.groups, self.unknown = groups, clean(unknown) if unknown else None

    async def request(self, request: ReadRequest) -> ReadAnswer:
        if request.kind is not ReadKind.GROUPS:
            return await super().request(request)
        self.asked.append(request)
        assert request.target is not None
        row = next(one for one in self.store.rows() if one.target == request.target)
        place = str(row.account_id), request.target.region
        return ReadAnswer(0, groups=BalancerGroups(*place, NOW, self.groups, self.unknown))


def with_balancers(folder: Path) -> tuple[Services, Balancers]:
    store = sample_store()
    row = named(store, "payments-db-1")
    key = f"{row.account_id}:{row.target.region}:target group:arn:aws:elasticloadbalancing:r:1:targetgroup/pay-db/1"
    members = tuple(str(named(store, name).instance_id) for name in ("payments-db-1", "web-7"))
    link = Balancers(store, RegisteredGroup(key, members))
    return fake_services.services(folder, store, link=link), link


@pytest.mark.parametrize("size", [(80, 24), (120, 35), (160, 50)])
async def test_each_event_is_a_line_below_its_day_with_until_when_it_must_be_decided(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    services, _ = with_balancers(tmp_path)
    open_events = [event for row in services.store.rows() for event in row.open_events(services.now())]
    async with shown(services, size) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: "pay-db" in text_of(pilot.app))
        table = screen(pilot).table
        assert sum(isinstance(row, Instance) for row in table.rows) == len(open_events)
        days = [row for row in table.rows if isinstance(row, InboxDay)]
        assert sum(day.count for day in days) == len(open_events)
        head = next(line for line in lines_of(pilot.app) if "decide" in line)
        assert all(word in head for word in ("starts", "until", "event", "name", "target", "together"))
        line = next(line for line in lines_of(pilot.app) if " paymen" in line and "stop" in line)
        assert all(told in line for told in ("in 3h12m", "15:12", "instance-stop", "pay-db"))
        assert any("today, Mon 4 May · 3 events" in line for line in lines_of(pilot.app))


async def test_the_cursor_passes_the_days_and_the_brackets_go_by_day(tmp_path: Path) -> None:
    services, _ = with_balancers(tmp_path)
    async with shown(services, (80, 24)) as pilot:
        await pilot.press("3")
        table = screen(pilot).table
        seen = []
        for _ in range(4):
            assert isinstance(table.current, Instance)
            seen.append(cursor(pilot))
            await pilot.press("right_square_bracket")
        assert seen == ["search-2", "stage-web-6", "notebook-1", "web-3"]
        await pilot.press("left_square_bracket")
        assert cursor(pilot) == "web-3"
        await pilot.press("left_square_bracket", "up")
        assert cursor(pilot) == "stage-web-5"  # the day between them was passed
        await pilot.press("home")
        assert cursor(pilot) == "search-2"
        assert isinstance(table.rows[0], InboxDay)
        assert table.scroll_offset.y == 0
        await pilot.press("1", "right_square_bracket")
        assert any("press 3" in line for line in said(pilot))


async def test_the_strip_counts_two_weeks_and_marks_the_cursors_day(tmp_path: Path) -> None:
    services, _ = with_balancers(tmp_path)
    async with shown(services, (80, 24)) as pilot:
        assert not screen(pilot).query_one("#days").display
        await pilot.press("3")
        await pilot.pause()
        days, counts = widget_text(pilot.app, "#days").splitlines()[1:3]
        assert days.split()[:3] == ["now", "Mo", "4"]
        assert days.endswith("Su17 >14d")
        assert counts.split()[:4] == ["2", "3", "4", "2"]
        shown_events = sum(int(one) for one in counts.split() if one.isdecimal())
        assert shown_events == sum(isinstance(row, Instance) for row in screen(pilot).table.rows)
        await pilot.press("slash", *"code-that-is-none", "enter")
        await pilot.pause()
        assert set(widget_text(pilot.app, "#days").splitlines()[2].split()) == {"·"}
        await pilot.press("escape", "1")
        assert not screen(pilot).query_one("#days").display


async def test_who_is_behind_a_load_balancer_is_asked_only_where_two_have_events_and_once(
    tmp_path: Path,
) -> None:
    services, link = with_balancers(tmp_path)
    async with shown(services, (160, 50)) as pilot:
        assert [one for one in link.asked if one.kind is ReadKind.GROUPS] == []
        await pilot.press("3")
        await until(pilot, lambda: "all 2 of target group pay-db" in text_of(pilot.app))
        places = [one.target for one in link.asked if one.kind is ReadKind.GROUPS]
        assert len(places) == len(set(places))
        eventful = {row.target.region for row in services.store.rows() if row.open_events(NOW)}
        assert {one.region for one in places if one is not None} <= eventful
        told = [screen(pilot).inbox_note(row, screen(pilot).scene()) for row in services.store.rows()]
        assert {str(note.style) for note in told} == {""}, "its colour is its own, not that of all below it"
        await pilot.press("1", "3")
        await pilot.pause()
        assert len([one for one in link.asked if one.kind is ReadKind.GROUPS]) == len(places)


async def test_members_that_could_not_be_read_are_not_drawn_as_alone(tmp_path: Path) -> None:
    services, link = with_balancers(tmp_path)
    link.groups, link.unknown = (), clean("elasticloadbalancing:DescribeTargetGroups is denied")
    async with shown(services, (120, 35)) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: "is denied" in text_of(pilot.app))
        line = next(line for line in lines_of(pilot.app) if "search-2" in line and "stop" in line)
        assert "?" in line
        assert "Who else is behind its load balancers is not read" in text_of(pilot.app)


async def test_t_is_about_the_event_under_the_cursor(tmp_path: Path) -> None:
    services, _ = with_balancers(tmp_path)
    settings = replace(SETTINGS, maintenance=MaintenanceSettings("Tue-Thu 03:00-05:00 Asia/Seoul"))
    services.settings = settings
    async with shown(services, (80, 24)) as pilot:
        await pilot.press("3")
        table = screen(pilot).table
        rows = [row for row in table.rows if isinstance(row, Instance) and row.name == "ledger-1"]
        assert len(rows) == 2  # one instance, two events
        for row in reversed(rows):
            assert table.hold(row.event_key(row.events[0]))
            await pilot.press("t")
            await pilot.pause()
        acts = fake_services.asked(pilot)
        assert [one.options.event_id for one in acts] == [
            str(row.events[0].event_id) for row in reversed(rows)
        ]
        assert {one.key for one in acts} == {rows[0].key}


async def test_sorted_by_name_it_has_no_days(tmp_path: Path) -> None:
    services, _ = with_balancers(tmp_path)
    async with shown(services, (80, 24)) as pilot:
        await pilot.press("3", "S")
        await pilot.pause()
        names = [str(row.name) for row in screen(pilot).table.rows if isinstance(row, Instance)]
        assert names == sorted(names)
        assert not any(isinstance(row, InboxDay) for row in screen(pilot).table.rows)
        await pilot.press("right_square_bracket")
        assert any("press S" in line for line in said(pilot))


async def test_a_collector_that_fails_is_told_and_asked_again_with_r(tmp_path: Path) -> None:
    services, _ = with_balancers(tmp_path)
    link = StandIn(services.store)  # answers with nothing
    services.link = link
    async with shown(services, (120, 35)) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: "there was no answer" in text_of(pilot.app))
        before = len(link.asked)
        await pilot.press("r")
        await until(pilot, lambda: any(one.kind is ReadKind.GROUPS for one in link.asked[before:]))


@pytest.mark.parametrize("key", ["c", "j", "i"])
async def test_events_are_written_as_a_table_json_or_a_calendar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.chdir(tmp_path)
    services, _ = with_balancers(tmp_path)
    async with shown(services, (80, 24)) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: "pay-db" in text_of(pilot.app))
        await pilot.press("x", "z")
        await pilot.pause()
        assert "only c, j, i and esc answer" in text_of(pilot.app)
        await pilot.press(key)
        await until(pilot, lambda: any(line.startswith("wrote") for line in said(pilot)))
        lines = [row for row in screen(pilot).table.rows if isinstance(row, Instance)]
    path = written(tmp_path)
    text = path.read_text(encoding="utf-8-sig")
    assert path.stat().st_mode & 0o777 == 0o600
    if key == "c":
        told = list(csv.DictReader(text.splitlines()))
        assert [one["event_id"] for one in told] == [str(row.events[0].event_id) for row in lines]
        assert list(told[0]) == list(EVENT_COLUMNS)
        assert {one["together"] for one in told if one["name"] == "web-7"} == {"all 2 of target group pay-db"}
    elif key == "j":
        told = json.loads(text)
        assert [one["instance_id"] for one in told] == list(
            dict.fromkeys(str(row.instance_id) for row in lines)
        )
        assert all(one["events"] and one["hazards"] is not None for one in told)
    else:
        dated = [row for row in lines if row.events[0].not_before is not None]
        assert text.count("BEGIN:VEVENT") >= len(dated)


async def test_of_marked_instances_all_events_are_written_and_esc_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    services, _ = with_balancers(tmp_path)
    row = named(services.store, "ledger-1")
    async with shown(services, (80, 24)) as pilot:
        await pilot.press("3", "x", "escape")
        await pilot.pause()
        assert glob(f"{tmp_path}/evac-*.*") == []
        assert screen(pilot).table.hold(row.event_key(row.open_events(NOW)[0]))
        await pilot.press("space", "x", "c")
        await until(pilot, lambda: any(line.startswith("wrote 2 events") for line in said(pilot)))
    path = written(tmp_path)
    told = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    assert {one["instance_id"] for one in told} == {str(row.instance_id)}


async def test_an_inbox_without_events_is_a_sentence_and_a_strip_of_nothing(tmp_path: Path) -> None:
    services = fake_services.services(tmp_path, Store())
    async with shown(services, (80, 24)) as pilot:
        await pilot.press("3", "right_square_bracket", "j", "t", "x")
        await pilot.pause()
        assert screen(pilot).table.current is None
        assert any("no event is listed" in line for line in said(pilot))
        assert set(widget_text(pilot.app, "#days").splitlines()[2].split()) == {"·"}


async def test_the_inbox_has_an_ascii_form(tmp_path: Path) -> None:
    services, _ = with_balancers(tmp_path)
    async with shown(services, (80, 24)) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: "pay-db" in text_of(pilot.app))
        assert in_ascii(widget_text(pilot.app, "#days", "#table")).isascii()
