"""What AWS Health says on screen: in the head, in the overview with AWS's own text, and AWS's own trouble above the list."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from screens.base import AlertLine, FleetChanged
from tests.screens.detail_pilot import EXPIRED, opened
from tests.screens.fake_services import NOW, StandIn, named, sample_store, services
from tests.screens.fleet_pilot import shown
from tests.screens.pilot_helpers import SMALL, settled, text_of, until
from tui.domain.health import HealthEvent, HealthReport
from tui.domain.health_notices import entities_of
from tui.domain.sanitize import clean
from tui.fleet import protocol
from tui.fleet.protocol import Delta, ReadKind
from tui.fleet.store import Store

TEXT = "EC2 could not recover your instance."


def health(code: str, minutes: float, entity: str = "", zone: str = "", **more: Any) -> HealthEvent:
    event = HealthEvent(
        clean(f"arn:{code}:{entity}"), clean(code), clean("EC2"), clean("issue"), clean("open"),
        clean("ap-northeast-2"), clean(zone), starts_at=NOW - timedelta(minutes=minutes), entity=clean(entity),
    )  # fmt: skip
    return replace(event, **more)


FAILED = health("AWS_EC2_SIMPLIFIED_AUTO_RECOVERY_FAILURE", 54, "i-1", status=clean("closed"))
MOVED = health("AWS_EC2_INSTANCE_AUTO_RECOVERY_SUCCESS", 54, "i-1", status=clean("closed"))
RETIRED = health(
    "AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED", -9000, "i-1", category=clean("scheduledChange"),
    status=clean("upcoming"),
)  # fmt: skip


def with_health(name: str, *own: HealthEvent, place: tuple[HealthEvent, ...] = ()) -> Store:
    store = sample_store()
    row = named(store, name)
    status = store.target(row.target)
    assert status is not None
    store.apply(Delta(replace(status, health=place), (replace(row, health=own),)))
    return store


class Told(StandIn):
    """Has AWS's own text of every event."""

    async def request(self, request: protocol.ReadRequest) -> protocol.ReadAnswer:
        if request.kind is not ReadKind.HEALTH:
            return await super().request(request)
        self.asked.append(request)
        row = self.store.get(f"ap-northeast-2/{request.instance_id}")
        assert row is not None
        assert request.entities == entities_of(row)
        texts = tuple((one.arn, clean(f"{TEXT} {one.code}")) for one in row.health)
        return protocol.ReadAnswer(0, health=HealthReport(row.health, texts))

    def times(self) -> int:
        return sum(one.kind is ReadKind.HEALTH for one in self.asked)


async def test_a_calm_instance_tells_it_in_the_head_and_with_aws_own_text_below(tmp_path: Path) -> None:
    store = with_health("web-1", FAILED)
    link = Told(store)
    app, screen, _ = opened(tmp_path, "web-1", store=store, link=link)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: TEXT in text_of(app))
        await settled(pilot)
        seen = " ".join(text_of(app).split())
        assert "✖ Health AWS tried at 11:06 to move it to another host and failed" in seen
        assert "no trouble is known" not in seen, "no sentence of health beside it"
        screen.post_message(FleetChanged())
        await settled(pilot)
        assert link.times() == 1, "asked for once"
        store.apply(Delta(upserts=(replace(named(store, "web-1"), health=(FAILED, RETIRED)),)))
        screen.post_message(FleetChanged())
        await until(pilot, lambda: link.times() == 2)


async def test_of_a_scheduled_event_only_aws_longer_text_is_added(tmp_path: Path) -> None:
    store = sample_store()
    row = named(store, "payments-db-1")
    (event,) = row.events
    same = health(
        "AWS_EC2_INSTANCE_STOP_SCHEDULED", 0, str(row.instance_id), category=clean("scheduledChange"),
        status=clean("upcoming"), starts_at=event.not_before,
    )  # fmt: skip
    store.apply(Delta(upserts=(replace(row, health=(same,)),)))
    link = Told(store)
    app, _, _ = opened(tmp_path, "payments-db-1", store=store, link=link)
    async with app.run_test(size=(120, 120)) as pilot:
        await until(pilot, lambda: TEXT in text_of(app))
        seen = text_of(app)
        assert "on the instance-stop: " in seen
        assert "announces it" not in seen
        assert " Health " not in seen.split("overview")[0], "no second line in the head"


async def test_a_text_that_could_not_be_read_says_why(tmp_path: Path) -> None:
    store = with_health("web-1", FAILED)
    link = StandIn(store)
    link.trouble = EXPIRED
    app, _, _ = opened(tmp_path, "web-1", store=store, link=link)
    async with app.run_test(size=(120, 60)) as pilot:
        await until(pilot, lambda: "its own text: prod: the login has expired" in text_of(app))
        assert "reading AWS's own text" not in text_of(app)


async def test_who_has_none_is_not_asked_about(tmp_path: Path) -> None:
    link = Told(store := sample_store())
    app, _, _ = opened(tmp_path, "web-1", store=store, link=link)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert "no trouble is known" in text_of(app)
        assert "AWS Health" not in text_of(app)
    assert link.times() == 0


async def test_trouble_of_its_zone_is_said_where_it_fails_and_only_there(tmp_path: Path) -> None:
    zone = str(named(sample_store(), "payments-db-1").zone)
    place = (health("AWS_EC2_OPERATIONAL_ISSUE", 60, zone=zone), health("AWS_EC2_API_ISSUE", 60))
    store = with_health("payments-db-1", place=place)
    app, _, _ = opened(tmp_path, "payments-db-1", store=store, link=Told(store))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        head = text_of(app).split("overview")[0]
        assert f"not you AWS has trouble with EC2 in {zone} since 11:00" in " ".join(head.split())
        assert "API" not in head
    other = next(one for one in store.rows() if one.target.region == "ap-northeast-2" and one.zone != zone)
    app, _, _ = opened(tmp_path, str(other.name), store=store, link=Told(store))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert "not you" not in text_of(app)


async def test_the_list_tells_aws_own_trouble_in_one_line_and_of_a_row_why_it_rebooted(
    tmp_path: Path,
) -> None:
    place = (health("AWS_EC2_OPERATIONAL_ISSUE", 60, zone="ap-northeast-2a"),)
    store = with_health("payments-db-1", replace(MOVED, entity=clean("i-1")), place=place)
    async with shown(services(tmp_path, store), SMALL) as pilot:
        alarm = pilot.app.screen.query_one(AlertLine)
        await until(pilot, lambda: alarm.display)
        assert alarm.size.height == 1
        assert str(alarm.render()) == "▲ not you: AWS has trouble with EC2 in ap-northeast-2a since 11:00"
        assert "it rebooted at 11:06 because AWS moved it" in " ".join(text_of(pilot.app).split())


async def test_a_longer_alarm_gets_its_lines_at_once(tmp_path: Path) -> None:
    """It was one line while a campaign ran; then a server was down, and what to press was below its edge."""
    given = services(tmp_path)
    async with shown(given, SMALL) as pilot:
        alarm = pilot.app.screen.query_one(AlertLine)
        for told in ("one line", "the first line\nthe second\nand o to be pressed", "one line"):
            alarm.show((), told, given.now())
            lines = told.splitlines()
            await until(pilot, partial(lambda count: alarm.size.height == count, len(lines)))
            assert lines[-1] in text_of(pilot.app)
