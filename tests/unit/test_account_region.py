"""What the collector knows of a target, and what it tells of it: only what changed, and never more than it knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from tui.aws.mapping import Status
from tui.domain.events import ScheduledEvent
from tui.domain.instance import (
    Checks,
    CheckStatus,
    Image,
    Instance,
    InstanceState,
    Phase,
    StatusCheck,
    Target,
    Trouble,
    TroubleKind,
)
from tui.domain.sanitize import EMPTY, SafeText, clean
from tui.fleet import protocol
from tui.fleet.collector.account_region import AccountRegion
from tui.fleet.collector.schedule import Job
from tui.fleet.store import Store

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
LATER = NOW + timedelta(seconds=15)
WELL = Checks(*[StatusCheck(CheckStatus.OK)] * 3)
SICK = Checks(StatusCheck(CheckStatus.IMPAIRED), *[StatusCheck(CheckStatus.OK)] * 2)
RUNNING, STOPPED = InstanceState.RUNNING, InstanceState.STOPPED
DENIED = Trouble(TroubleKind.DENIED, clean("no"), clean("ask"))
EVENT = ScheduledEvent(clean("system-reboot"), clean("e-1"), EMPTY, NOW, None, None)


def unit(*profiles: str) -> AccountRegion:
    made = AccountRegion(clean("111122223333"), clean("acme"), "eu-west-1")
    for name in profiles or ("prod",):
        made.join(name, {"prod": 0, "audit": 1})
    return made


def row(number: int, state: InstanceState = RUNNING, at: datetime = NOW) -> Instance:
    name = clean(f"web-{number}")
    return Instance(Target("", "eu-west-1"), clean(f"i-{number}"), name=name, state=state, inventory_at=at)


def status(
    number: int, checks: Checks = WELL, state: InstanceState = RUNNING, *events: ScheduledEvent
) -> Status:
    return Status(clean(f"i-{number}"), state, clean("eu-west-1a"), checks, events)


def read(made: AccountRegion, *numbers: int, at: datetime = NOW, profile: str = "prod") -> AccountRegion:
    """A full round: every status, the inventory."""
    made.take_statuses([status(number) for number in numbers], at)
    made.take_inventory([row(number, at=at) for number in numbers], at)
    made.record_success(Job.STATUS, profile, {}, live=True)
    return made


def test_a_poll_without_news_is_a_heartbeat_of_a_few_bytes() -> None:
    made = read(unit(), *range(500))
    whole = len(protocol.encode_frame(made.delta()))
    made.take_statuses([status(number) for number in range(500)], LATER)
    beat = made.delta()
    assert (beat.upserts, beat.removed, beat.keys) == ((), (), None)
    assert beat.target is not None
    assert beat.target.status_at == LATER
    assert len(protocol.encode_frame(beat)) < 500 < whole


def test_who_is_only_known_to_be_well_waits_for_his_name_and_nobody_else_does() -> None:
    made = unit()
    unsure = Checks(StatusCheck(CheckStatus.INITIALIZING), *[StatusCheck(CheckStatus.OK)] * 2)
    made.take_statuses([status(1), status(2, SICK), status(3, unsure), status(4, WELL, RUNNING, EVENT)], NOW)
    assert {str(one.instance_id) for one in made.delta().upserts} == {"i-2", "i-3", "i-4"}
    made.record_failure(
        Job.INVENTORY, {"prod": DENIED}
    )  # there will be no names: better without than not at all
    assert [str(one.instance_id) for one in made.delta().upserts] == ["i-1"]


def test_only_what_changed_is_told() -> None:
    made = read(unit(), 1, 2)
    first = made.delta()
    assert {one.instance_id for one in first.upserts} == {"i-1", "i-2"}
    assert set(first.keys or ()) == {"eu-west-1/i-1", "eu-west-1/i-2"}
    again = made.delta()
    assert (again.upserts, again.removed, again.keys) == ((), (), None)
    made.take_statuses([status(1), status(2, SICK)], LATER)
    changed = made.delta()
    assert [one.instance_id for one in changed.upserts] == ["i-2"]
    assert changed.target is not None
    assert changed.target.status_at == LATER


def test_freshness_alone_is_no_news_but_the_first_reading_is() -> None:
    made = unit()
    made.take_inventory([row(1)], NOW)
    (bare,) = made.delta().upserts
    assert bare.status_at is None
    assert bare.checks == Checks()
    made.take_statuses([status(1)], LATER)
    (known,) = made.delta().upserts
    assert known.checks.system.status is CheckStatus.OK
    made.take_statuses([status(1)], LATER + timedelta(seconds=15))
    made.take_inventory([row(1, at=LATER)], LATER)
    assert made.delta().upserts == ()


def test_a_status_before_the_inventory_is_a_row_of_what_is_known() -> None:
    made = unit()
    assert made.take_problems([status(7, SICK)], NOW) == ["i-7"]
    (bare,) = made.delta().upserts
    assert (bare.checks, bare.state, bare.zone, bare.name) == (SICK, RUNNING, "eu-west-1a", "")
    assert bare.account_id == "111122223333"
    made.take_described(["i-7"], [row(7)])
    (full,) = made.delta().upserts
    assert (full.name, full.checks) == ("web-7", SICK)
    assert made.take_problems([status(7, SICK)], NOW) == [], "described already"


def test_trouble_that_is_known_first_says_when_it_was_read() -> None:
    """Else its checks would be drawn as not read yet while they are what it is shown for."""
    made = unit()
    made.take_problems([status(7, SICK)], NOW)
    (bare,) = made.delta().upserts
    assert (bare.checks, bare.status_at) == (SICK, NOW)
    made.take_rows([row(8)])
    assert made.delta().upserts[0].status_at is None, "of the others nothing is known"
    made.take_statuses([status(7, SICK), status(8)], LATER)
    assert [one.instance_id for one in made.delta().upserts] == ["i-8"]


def test_what_was_not_read_stays_unknown() -> None:
    made = unit()
    made.take_rows([row(1)])
    made.take_problems([status(2, SICK)], NOW)
    found = {one.instance_id: one for one in made.delta().upserts}
    assert found[SafeText("i-1")].checks == Checks(), "no answer is not health"
    assert made.status().count is None
    assert made.status().phase is Phase.WAITING


def test_a_listed_answer_without_it_takes_what_was_known_away() -> None:
    made = read(unit(), 1, 2)
    made.take_statuses([status(1, WELL, RUNNING, EVENT), status(2)], NOW)
    made.delta()
    assert made.take_statuses([status(2)], LATER) == ["i-1"], "asked for by id"
    (lost,) = made.delta().upserts
    assert lost.state is InstanceState.UNKNOWN, "it was running when last seen: nobody knows now"
    assert lost.events == ()
    assert {lost.checks.system.status, lost.checks.instance.status} == {CheckStatus.NOT_REPORTED}
    made.take_described(["i-1"], [])
    assert made.delta().removed == ("eu-west-1/i-1",)


def test_a_described_answer_without_an_instance_that_has_a_status_keeps_it() -> None:
    made = unit()
    made.take_problems([status(7, SICK)], NOW)
    made.take_described(["i-7"], [])
    assert [one.instance_id for one in made.delta().upserts] == ["i-7"]


def test_a_new_state_asks_for_the_rest_again() -> None:
    made = read(unit(), 1, 2)
    assert made.take_statuses([status(1), status(2, WELL, STOPPED), status(3)], LATER) == ["i-2", "i-3"]


def test_rows_that_go_are_said_and_a_kept_inventory_does_not_undo_what_was_read_since() -> None:
    made = read(unit(), 1, 2, 3)
    made.delta()
    made.take_look(replace(row(3, STOPPED, LATER), status_at=LATER))
    made.take_statuses([status(1), status(3, WELL, STOPPED)], LATER)
    made.take_inventory([row(1), row(3)], NOW + timedelta(seconds=5))
    delta = made.delta()
    assert delta.removed == ("eu-west-1/i-2",)
    assert [(one.instance_id, one.state) for one in delta.upserts] == [("i-3", STOPPED)]
    made.forget("i-3")
    assert made.delta().removed == ("eu-west-1/i-3",)


def test_another_reader_takes_the_rows_along() -> None:
    store, made = Store(), read(unit("prod", "audit"), 1, 2)
    store.apply(made.delta())
    assert {one.target.profile for one in store.rows()} == {"prod"}
    made.record_success(Job.STATUS, "audit", {"prod": DENIED}, live=True)
    delta = made.delta()
    assert delta.dropped == (Target("prod", "eu-west-1"),)
    store.apply(delta)
    assert {one.target.profile for one in store.rows()} == {"audit"}
    assert {one.profiles for one in store.rows()} == {("prod", "audit")}
    (told,) = store.targets()
    assert told.partial == (DENIED,), "that prod could not is said"
    assert told.trouble is None
    made.record_success(Job.STATUS, "prod", {}, live=True)
    assert made.target.profile == "audit", "what was kept says nothing of prod"
    made.read_by("prod", checks=True)
    made.record_success(Job.STATUS, "prod", {}, live=True)
    store.apply(made.delta())
    (told,) = store.targets()
    assert (told.target.profile, told.partial) == ("prod", ())
    assert len(store.rows()) == 2


def test_a_profile_that_leaves_takes_its_name_along() -> None:
    made = read(unit("prod", "audit"), 1)
    made.leave("prod")
    assert made.target.profile == "audit"
    assert made.delta().upserts[0].profiles == ("audit",)


def test_without_checks_a_target_has_failed_and_without_the_rest_it_is_partly_known() -> None:
    made = read(unit(), 1)
    assert made.record_failure(Job.INVENTORY, {"prod": DENIED}) is DENIED
    made.record_failure(Job.IMAGES, {"prod": DENIED})
    assert (made.status().phase, made.status().trouble, made.status().partial) == (
        Phase.LIVE,
        None,
        (DENIED,),
    )
    made.record_failure(Job.STATUS, {"prod": DENIED})
    assert (made.status().phase, made.status().trouble) == (Phase.FAILED, DENIED)
    assert made.status().status_at == NOW, "stale since then; its rows stay"
    assert made._ids() == ["i-1"]
    made.record_success(Job.INVENTORY, "prod", {}, live=False)
    assert made.status().trouble is DENIED, "an inventory says nothing of checks"
    made.record_success(Job.IMAGES, "prod", {}, live=False)
    made.record_success(Job.STATUS, "prod", {}, live=True)
    assert (made.status().phase, made.status().trouble, made.status().partial) == (Phase.LIVE, None, ())


def test_the_reason_shown_is_the_readers_own() -> None:
    made = read(unit("prod", "audit"), 1, profile="audit")
    expired = Trouble(TroubleKind.CREDENTIALS, clean("expired"), clean("log in"))
    assert made.record_failure(Job.STATUS, {"prod": expired, "audit": DENIED}) is DENIED
    assert made.target.profile == "audit"


def test_the_newest_image_and_its_absence_are_told_apart_from_not_knowing() -> None:
    made = read(unit(), 1, 2)
    assert {one.images_at for one in made.delta().upserts} == {None}
    image = Image(clean("ami-1"), clean("web"), clean("available"), NOW)
    made.images, made.images_at = {"i-1": image}, NOW
    found = {one.instance_id: one for one in made.delta().upserts}
    assert found[SafeText("i-1")].newest_image == image
    assert found[SafeText("i-2")].newest_image is None
    assert found[SafeText("i-2")].images_at == NOW
