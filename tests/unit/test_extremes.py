"""Whatever AWS answers for a date, a number or a text: a row can be listed, sorted, filtered, explained, drawn and written."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from botocore.parsers import ResponseParserFactory
from botocore.session import get_session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar
from msgspec.structs import replace

from screens.detail import header
from screens.detail.screen import SHEETS
from screens.detail.view_model import Scene as DetailScene
from screens.fleet import export
from screens.fleet.columns import COLUMNS, RowContext
from screens.fleet.inbox_columns import INBOX_COLUMNS
from tests.unit.rows import PROD, row
from tests.unit.test_parser import OPERATIONS
from tui.aws import mapping, parser
from tui.config.schema import Settings
from tui.demo import protocol
from tui.domain import query
from tui.domain.campaign.hours import Hours, read_hours
from tui.domain.events import KNOWN_CODES, ScheduledEvent
from tui.domain.guidance import explain
from tui.domain.inbox import announced, by_day, group_warnings, strip_of
from tui.domain.instance import (
    CheckName,
    Checks,
    CheckStatus,
    Image,
    Instance,
    InstanceState,
    Interface,
    StatusCheck,
)
from tui.domain.known_groups import KnownGroups
from tui.domain.listing import FleetView, Ranker, SortOrder
from tui.domain.new_start import movable, others_announced, proposed_start
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.domain.time_format import both_zones, clock, iso_utc, later, to_utc, to_zone
from tui.fleet import snapshot
from tui.presentation import instance_objects
from tui.presentation.companions import start_told
from tui.presentation.ical import calendar

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
ZONES: tuple[tzinfo, ...] = (
    UTC,
    ZoneInfo("Asia/Seoul"),
    ZoneInfo("Pacific/Honolulu"),
    ZoneInfo("Pacific/Kiritimati"),
    timezone(timedelta(hours=-23, minutes=-59)),
)
LAST, FIRST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)
EDGES = (LAST, FIRST, datetime.max.replace(tzinfo=UTC), datetime(1969, 12, 31, tzinfo=UTC), NOW)
MOMENTS = st.sampled_from(EDGES) | st.datetimes(timezones=st.just(UTC))
MAYBE = st.none() | MOMENTS
TEXTS = (st.text(max_size=12) | st.sampled_from(["", "-1", "=1", "a" * 300, "한국", "\x1b[2J"])).map(clean)
CHECKS = st.builds(StatusCheck, st.sampled_from(CheckStatus), MAYBE, TEXTS)
EVENTS = st.builds(
    ScheduledEvent,
    st.sampled_from([clean(code) for code in KNOWN_CODES]) | TEXTS,
    TEXTS,
    TEXTS,
    MAYBE,
    MAYBE,
    MAYBE,
)


@st.composite
def rows(draw: st.DrawFn) -> Instance:
    """A row with anything in each field that has room for anything."""
    return replace(
        row(draw(st.integers(0, 9))),
        name=draw(TEXTS),
        checks=Checks(*(draw(CHECKS) for _ in CheckName)),
        events=tuple(draw(st.lists(EVENTS, max_size=3))),
        status_at=draw(MAYBE),
        inventory_at=draw(MAYBE),
        launched_at=draw(MAYBE),
        interfaces=(Interface(clean("eni-1"), 0, attached_at=draw(MAYBE)),),
        newest_image=draw(st.none() | st.builds(Image, TEXTS, TEXTS, TEXTS, MAYBE)),
        images_at=draw(MAYBE),
        tags=((draw(TEXTS), draw(TEXTS)),),
    )


@given(one=rows(), zone=st.sampled_from(ZONES))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_row_is_shown(one: Instance, zone: tzinfo, tmp_path_factory: pytest.TempPathFactory) -> None:
    ranker, scene = Ranker(), RowContext(NOW, Settings())
    for view in FleetView:
        for order in SortOrder:
            ranker.listed([one, row(11)], view, order, query.Query(""), NOW)
    for text in ("due<24h", "due>9w", "ami>7d", "event:any", "name:a", "check:ok"):
        found = query.parse_query(text)
        assert isinstance(found, query.Query)
        found.matches(one, NOW)
    for column in COLUMNS:
        column.pieces(one, scene, column.width)
    for alone in Ranker().listed([one], FleetView.EVENTS, SortOrder.URGENCY, query.Query(""), NOW):
        for column in INBOX_COLUMNS if alone.events else ():
            for size in (column.width, 30):
                column.pieces(alone, RowContext(NOW, Settings(), zone=zone, by_event=True), size)
    lines = Ranker().listed([one, row(11)], FleetView.EVENTS, SortOrder.URGENCY, query.Query(""), NOW)
    by_day(lines, NOW, zone)
    strip = strip_of(lines, NOW, zone)
    assert strip.now + sum(count for _, count in strip.days) + strip.after + strip.past == len(lines)
    announced([one], NOW, every=True)
    group_warnings([one, row(11)], KnownGroups(("tag:a",)), NOW)
    for event in movable(one, NOW):
        start = proposed_start(event, read_hours("Tue-Thu 03:00-05:00 Asia/Seoul"), NOW)
        start_told(
            event, start.at, others_announced(row(11), [one], KnownGroups(()), NOW), Hours(), zone, NOW
        )
    explain(one, None, Policy(), NOW, zone)
    detail = DetailScene(one, NOW, zone, Settings(), wide=True)
    for sheet in SHEETS.values():
        sheet(detail)
    for width in (80, 160):
        header.identity_line(detail, width)
        header.state_and_age(detail, width)
        header.diagnosis(detail, width, None)
        header.picture(detail, width)
    told = instance_objects.instance_object(one, NOW)
    for event in told["events"]:
        assert event["not_before"] is None or len(event["not_before"]) == len("2026-11-24T03:00:00Z")
    pairs = [(one, event) for event in one.events]
    for _, event in pairs:
        instance_objects.event_row(one, event, NOW)
    text, left_out = calendar(pairs, NOW)
    assert len(Calendar.from_ical(text).walk("VEVENT")) == len(pairs) - left_out
    folder = tmp_path_factory.mktemp("extreme")
    with export.export_csv([one], NOW, folder).open(newline="") as file:
        assert len(list(csv.reader(file))) == 2
    snapshot.write_snapshot([], [one], folder / "snapshot.mpk", NOW)
    kept = snapshot.load_snapshot(folder / "snapshot.mpk")
    assert kept is not None
    assert one in [*kept.deltas[-1].upserts, *(found for part in kept.rest() for found in part)]


@pytest.mark.parametrize("zone", ZONES)
def test_the_ends_of_the_calendar_are_told_in_utc_where_a_zone_cannot(zone: tzinfo) -> None:
    for edge in EDGES:
        assert to_zone(edge, zone) == edge
        assert clock(edge, zone)
        assert both_zones(edge, zone, NOW)
    assert "9999" in both_zones(LAST, UTC, NOW)
    assert both_zones(LAST, ZoneInfo("Asia/Seoul"), NOW) == "Fri 31 Dec 9999 23:59 UTC"
    assert [iso_utc(LAST), iso_utc(FIRST)] == ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"]


def test_what_lies_beyond_the_calendar_is_its_end() -> None:
    west, east = timezone(timedelta(hours=-5)), timezone(timedelta(hours=9))
    assert to_utc(datetime(9999, 12, 31, 23, 59, tzinfo=west)).year == 9999
    assert to_utc(datetime(1, 1, 1, tzinfo=east)) == FIRST
    assert to_utc(NOW.replace(tzinfo=None)) == NOW
    assert to_utc(datetime(2026, 1, 1, tzinfo=UTC)) == datetime(2026, 1, 1, tzinfo=UTC)
    assert later(LAST, timedelta(days=1)).year == 9999
    assert later(FIRST, timedelta(days=-1)) == FIRST


ODD = ("", "never", "0000-00-00T00:00:00Z", "2026-13-40T00:00:00.000Z", "9999-12-31T23:59:59-05:00", "1e400",
       "253402300800", "-62135596801", "0001-01-01T00:00:00+09:00", "2026-11-24T25:00:00Z", "١٤٤٨", "9" * 400)  # fmt: skip


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("strange", [False, True], ids=["fast", "botocore's own"])
def test_a_date_that_is_none_costs_its_own_place_and_no_other(text: str, strange: bool) -> None:
    """In the fast parser, and where an answer is unusual in some other way in botocore's."""
    op = OPERATIONS["DescribeInstanceStatus"]
    events = [{"Code": "instance-stop", "NotBefore": text}, {"Code": "system-reboot", "NotBefore": NOW}]
    answer = {"InstanceStatuses": [{"InstanceId": "i-1", "Events": events}, {"InstanceId": "i-2"}]}
    body = protocol.write_xml(op, answer, "r-1")
    if strange:
        body = body.replace(b"<instanceStatusSet>", b"<instanceStatusSet><!-- a comment -->")
    session = get_session()
    parser.install_parser(session)
    response: dict[str, Any] = {"status_code": 200, "headers": {}, "body": body}
    laid_over: dict[str, Any] = {}
    parser._before_parse(operation_model=op, response_dict=response, customized_response_dict=laid_over)
    if strange:
        assert not laid_over
    factory: ResponseParserFactory = session.get_component("response_parser_factory")
    assert op.output_shape is not None
    found = factory.create_parser("ec2").parse(response, op.output_shape) | laid_over
    statuses = [mapping.status(one) for one in found["InstanceStatuses"]]
    assert [one.instance_id for one in statuses] == ["i-1", "i-2"]
    assert statuses[0].events[1].not_before == NOW
    first = statuses[0].events[0].not_before
    assert first is None or first.tzinfo is not None


def test_a_length_without_end_is_a_bad_term_and_not_a_crash() -> None:
    assert isinstance(query.parse_query("due<" + "999999w" * 300), query.QueryError)
    assert isinstance(query.parse_query("ami>" + "9w" * 9), query.Query)
    assert PROD.profile == "prod"


def test_what_is_told_to_begin_in_the_far_future_has_no_age() -> None:
    one = replace(row(1), launched_at=LAST, state=InstanceState.RUNNING)
    for width in (60, 160):
        told = header.state_and_age(DetailScene(one, NOW, UTC, Settings(), wide=True), width).plain
        assert "running" in told
        assert "running for" not in told
    image = mapping.map_image(
        {"ImageId": "ami-1", "State": "available", "CreationDate": "9999-12-31T23:59:59.000Z"}
    )
    assert image.created is None, "it would be the newest, and fresh for ever"
    soon = datetime.now(UTC) + timedelta(minutes=4)  # clocks differ
    assert mapping.map_image({"CreationDate": soon.isoformat()}).created == soon
