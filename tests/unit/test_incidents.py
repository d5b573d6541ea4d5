"""Incidents: each cause once, over only once it is known to be gone for five minutes, nothing ended by what is not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tui.domain.activity import Meant, Own, Work
from tui.domain.events import ScheduledEvent
from tui.domain.incident_causes import judge
from tui.domain.incidents import (
    DEFAULT_ALARMS,
    KEPT_FOR,
    NO_INCIDENTS,
    AlarmKind,
    IncidentChange,
    Incidents,
    OperationInNeed,
    Picture,
    follow_incidents,
    read_alarm_rule,
)
from tui.domain.instance import (
    EVERYWHERE,
    Checks,
    CheckStatus,
    Instance,
    InstanceState,
    Phase,
    StatusCheck,
    Target,
    TargetStatus,
    Trouble,
    TroubleKind,
)
from tui.domain.sanitize import SafeText, clean

START = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
OK, BAD = StatusCheck(CheckStatus.OK), StatusCheck(CheckStatus.IMPAIRED)
PLACE = Target("prod", "us-east-1")
WEB = Instance(
    PLACE,
    SafeText("i-1"),
    account_id=SafeText("111122223333"),
    name=SafeText("web"),
    state=InstanceState.RUNNING,
    checks=Checks(OK, OK, OK),
    inventory_at=START,
)
ILL = replace(WEB, checks=Checks(OK, BAD, OK))
STOPPED = replace(
    WEB, state=InstanceState.STOPPED, reason_code=SafeText("Server.ScheduledStop"), checks=Checks()
)
RULES = tuple(map(read_alarm_rule, DEFAULT_ALARMS))
OWED = OperationInNeed("op-1", clean("web is DOWN; cut off"), WEB.instance_id, name=WEB.name)


def target(
    place: Target = PLACE,
    at: datetime | None = None,
    *,
    trouble: Trouble | None = None,
    phase: Phase | None = None,
) -> TargetStatus:
    phase = phase or (Phase.FAILED if trouble else Phase.LIVE)
    return TargetStatus(
        place, phase, account_id=WEB.account_id, status_at=at, inventory_at=at, trouble=trouble
    )


def trouble(kind: TroubleKind = TroubleKind.NETWORK, of: str = "", cause: str = "no answer") -> Trouble:
    return Trouble(kind, clean(cause), clean("evac tries again"), of=clean(of))


def event(start: datetime | None, ident: str = "e-1", text: str = "") -> ScheduledEvent:
    return ScheduledEvent(
        SafeText("instance-retirement"), clean(ident), description=clean(text), not_before=start
    )


@dataclass
class Watched:
    """A watch with a clock of its own: each `look` is a minute after the one before."""

    kept: Incidents = NO_INCIDENTS
    now: datetime = START
    told: list[IncidentChange] = field(default_factory=list)

    def look(self, picture: Picture, minutes: float = 1) -> list[str]:
        self.now += timedelta(minutes=minutes)
        judged = judge(self.kept, picture, RULES, self.now)
        self.kept, changes = follow_incidents(self.kept, judged, self.now)
        self.told += changes
        return [f"{one.kind} {one.state}" for one in changes]

    def sees(self, *rows: Instance, **more: Any) -> list[str]:
        """A look at a target that is read at this very moment."""
        return self.look(Picture(rows, [target(at=self.now + timedelta(minutes=1))], **more))

    def again(self, *rows: Instance, times: int, **more: Any) -> list[str]:
        return [line for _ in range(times) for line in self.sees(*rows, **more)]


@pytest.mark.parametrize(
    "text", ["", "due", "due<", "due<0m", "due>1h", "unread<1h", "failing ", "due<1h;x", "unread>1h1h"]
)
def test_what_nobody_can_be_called_for_is_refused_with_what_may_stand_there(text: str) -> None:
    with pytest.raises(ValueError, match="due<1h or unread>10m"):
        read_alarm_rule(text)


def test_a_rule_is_read() -> None:
    assert [one.kind for one in RULES] == list(AlarmKind)
    assert read_alarm_rule("due<30m").within == timedelta(minutes=30)


def test_a_failing_check_is_one_incident_and_over_after_five_minutes_well() -> None:
    watch = Watched()
    assert watch.sees(ILL) == ["failing begun"]
    assert watch.again(ILL, times=10) == []
    assert watch.again(WEB, times=5) == []
    assert watch.sees(WEB) == ["failing over"]
    assert watch.again(WEB, times=10) == []
    begun, over = watch.told
    assert begun.as_object() == {
        "at": "2026-11-24T03:01:00Z",
        "incident": begun.incident,
        "kind": "failing",
        "state": "begun",
        "instance_id": "i-1",
        "account_id": "111122223333",
        "region": "us-east-1",
        "name": "web",
        "why": "instance check fails",
    }
    assert over.incident == begun.incident
    assert watch.sees(ILL) == ["failing begun"]
    assert watch.told[-1].incident != begun.incident, "the next time is another incident"


def test_what_flaps_is_one_incident() -> None:
    watch = Watched()
    lines = [line for _ in range(8) for line in (*watch.sees(ILL), *watch.again(WEB, times=4))]
    assert lines == ["failing begun"]


def test_another_check_of_the_same_instance_is_no_other_incident() -> None:
    watch = Watched()
    watch.sees(ILL)
    assert watch.sees(replace(WEB, checks=Checks(BAD, BAD, OK))) == []
    no_data = replace(WEB, checks=Checks(StatusCheck(CheckStatus.INSUFFICIENT_DATA), OK, OK))
    assert watch.again(no_data, times=10) == [], "of the system check nothing is known"
    assert watch.again(WEB, times=6) == ["failing over"]


@pytest.mark.parametrize(
    "row",
    [
        replace(WEB, checks=Checks(OK, StatusCheck(CheckStatus.INITIALIZING), OK)),
        replace(WEB, checks=Checks()),
        replace(WEB, state=InstanceState.UNKNOWN),
        replace(WEB, state=InstanceState.PENDING),
    ],
)
def test_what_is_not_known_to_be_well_ends_nothing(row: Instance) -> None:
    watch = Watched()
    watch.sees(ILL)
    assert watch.again(row, times=20) == []
    assert watch.again(WEB, times=6) == ["failing over"]


def test_a_target_that_is_not_read_ends_no_incident_of_its_instances() -> None:
    watch = Watched()
    watch.sees(ILL)
    watch.again(WEB, times=3)
    read_at = watch.now
    for _ in range(9):  # the rows are still those of the last reading, which was well
        assert watch.look(Picture([WEB], [target(at=read_at, trouble=trouble())])) == []
    assert watch.look(Picture([WEB], [target(at=read_at, trouble=trouble())]), 5) == ["unread>10m begun"]
    assert watch.again(WEB, times=5) == []
    assert watch.sees(WEB) == ["failing over", "unread>10m over"], "five minutes well are counted anew"


def test_a_reading_that_does_not_come_ends_nothing() -> None:
    watch = Watched()
    watch.sees(ILL)
    watch.sees(WEB)
    stale = Picture([WEB], [target(at=watch.now)])
    assert [watch.look(stale) for _ in range(9)] == [[]] * 9


def test_rows_of_an_earlier_run_begin_nothing() -> None:
    old = START - timedelta(hours=20)
    waiting = target(at=old, phase=Phase.WAITING)
    watch = Watched()
    for _ in range(9):
        assert watch.look(Picture([replace(ILL, status_at=old)], [waiting])) == []


def test_trouble_that_is_read_first_begins_before_the_rest_is_known() -> None:
    reading, watch = TargetStatus(PLACE, Phase.READING, account_id=WEB.account_id), Watched()
    nameless = replace(ILL, status_at=START, name=clean(""), inventory_at=None)
    assert watch.look(Picture([nameless], [reading])) == [], "its name comes within seconds"
    assert watch.look(Picture([replace(ILL, status_at=START)], [reading])) == ["failing begun"]
    denied = replace(reading, partial=(trouble(TroubleKind.DENIED),))
    assert Watched().look(Picture([nameless], [denied])) == ["failing begun"], "unless nobody may read it"


@pytest.mark.parametrize(
    ("row", "lines"),
    [
        (STOPPED, ["stopped-by-aws begun"]),
        (replace(STOPPED, state=InstanceState.STOPPING), ["stopped-by-aws begun"]),
        (replace(STOPPED, reason_code=SafeText("Client.UserInitiatedShutdown")), []),
        (replace(STOPPED, reason_code=SafeText("")), []),
        (replace(STOPPED, state=InstanceState.TERMINATED), []),
        (replace(ILL, state=InstanceState.TERMINATED), []),
        (replace(WEB, events=(event(START + timedelta(minutes=50)),)), ["due<1h begun"]),
        (replace(WEB, events=(event(START + timedelta(minutes=70)),)), []),
        (replace(WEB, events=(event(None),)), []),
        (replace(WEB, events=(event(START - timedelta(minutes=70)),)), ["due<1h begun"]),
        (replace(WEB, events=(event(START, text="[Completed] x"),)), []),
        (replace(WEB, events=(event(START - timedelta(days=3)),)), []),
        (WEB, []),
    ],
)
def test_what_begins(row: Instance, lines: Sequence[str]) -> None:
    assert Watched().sees(row) == lines


def test_what_aws_stopped_is_over_when_it_runs_or_somebody_says_that_it_is_meant() -> None:
    watch = Watched()
    watch.sees(STOPPED)
    assert watch.again(replace(STOPPED, reason_code=SafeText("")), times=9) == [], "by whom is not known"
    assert watch.again(WEB, times=6) == ["stopped-by-aws over"]
    watch.sees(STOPPED)
    meant = Own(marks={WEB.key: Meant(SafeText("kim"), SafeText("here"), START)})
    assert watch.again(STOPPED, times=6, own=meant) == ["stopped-by-aws over"]


def test_a_check_that_evac_itself_has_failing_is_no_incident() -> None:
    work = Work("op-1", "reboot", "running", "reboot", SafeText("kim"), SafeText("here"), START)
    watch = Watched()
    assert watch.again(ILL, times=3, own=Own({WEB.key: work})) == []
    assert watch.sees(ILL) == ["failing begun"], "and once it has ended it is one"
    assert watch.again(WEB, times=9, own=Own({WEB.key: work})) == []


def test_each_event_is_one_incident_and_one_that_is_moved_away_is_over() -> None:
    watch, soon = Watched(), START + timedelta(minutes=40)
    both = (event(soon), event(soon, "e-2"))
    assert watch.sees(replace(WEB, events=both)) == ["due<1h begun"] * 2
    moved = replace(WEB, events=(event(soon), event(soon + timedelta(days=3), "e-2")))
    assert watch.again(moved, times=6) == ["due<1h over"]


def test_an_instance_that_is_no_more_ends_its_incidents_once_the_whole_target_was_read() -> None:
    watch = Watched()
    watch.sees(ILL)
    at = watch.now
    half = replace(target(at=at), inventory_at=None)
    for _ in range(9):
        at += timedelta(minutes=1)
        assert watch.look(Picture([], [replace(half, status_at=at)])) == []
    assert watch.again(times=6) == ["failing over"]


def test_operations_end_only_where_the_journal_was_read() -> None:
    watch = Watched()
    assert watch.sees(WEB, operations=[OWED]) == ["operation begun"]
    assert watch.again(WEB, times=9, operations=None) == []
    assert watch.again(WEB, times=6) == ["operation over"]


def places(count: int, profiles: int = 1) -> list[Target]:
    return [Target(f"p-{one}", f"eu-{two}") for one in range(profiles) for two in range(count)]


@pytest.mark.parametrize(
    ("troubles", "incidents"),
    [
        ([trouble(TroubleKind.CREDENTIALS, of="sso corp")] * 672, 1),
        ([trouble(TroubleKind.NETWORK)] * 672, 1),
        ([trouble(TroubleKind.CREDENTIALS)] * 56, 2),
        ([trouble(TroubleKind.DENIED)] * 56, 2),
        ([trouble(TroubleKind.DENIED, of="p-0 an SCP")] * 56, 1),
    ],
)
def test_one_cause_is_one_incident(troubles: Sequence[Trouble], incidents: int) -> None:
    watch, every = Watched(), places(28, len(troubles) // 28)
    ill = [target(place, START, trouble=one) for place, one in zip(every, troubles, strict=True)]
    lines = [line for _ in range(30) for line in watch.look(Picture((), ill))]
    assert lines == ["unread>10m begun"] * incidents
    well = [line for _ in range(9) for line in watch.look(_all_read(every, watch.now))]
    assert well == ["unread>10m over"] * incidents


def _all_read(every: Sequence[Target], now: datetime) -> Picture:
    return Picture((), [target(place, now + timedelta(minutes=1)) for place in every])


def test_an_outage_in_one_region_is_one_and_two_are_two() -> None:
    watch, every = Watched(), places(5, 24)

    def seen() -> Picture:
        at = watch.now + timedelta(minutes=1)
        bad = ("eu-1", "eu-3")
        return Picture(
            (),
            [
                target(
                    one, START if one.region in bad else at, trouble=trouble() if one.region in bad else None
                )
                for one in every
            ],
        )

    assert [line for _ in range(30) for line in watch.look(seen())] == ["unread>10m begun"] * 2
    assert {one.region for one in watch.told} == {"eu-1", "eu-3"}
    assert "24 targets" in watch.told[0].why


def test_an_outage_that_is_over_in_one_region_after_the_other_stays_one() -> None:
    watch, every, lines = Watched(), places(6), []
    for step in range(54):
        at = watch.now + timedelta(minutes=1)
        back = max(0, step - 20) // 5
        lines += watch.look(
            Picture(
                (),
                [
                    target(one, at if n < back else START, trouble=None if n < back else trouble())
                    for n, one in enumerate(every)
                ],
            )
        )
    assert lines == ["unread>10m begun"]
    assert [line for _ in range(9) for line in watch.look(_all_read(every, watch.now))] == ["unread>10m over"]


def test_a_login_that_expires_during_an_outage_is_another_cause() -> None:
    watch = Watched()
    for _ in range(15):
        watch.look(Picture((), [target(at=START, trouble=trouble())]))
    lines = watch.look(Picture((), [target(at=START, trouble=trouble(TroubleKind.CREDENTIALS))]))
    assert lines == ["unread>10m begun"]
    assert watch.told[-1].why.startswith("prod/us-east-1")


def test_a_reader_that_says_nothing_is_one_incident_with_its_reason() -> None:
    watch, every, lines = Watched(), places(20), []
    for _ in range(30):
        lines += watch.look(
            Picture((), [target(one, START) for one in every], reader=clean("the collector died"))
        )
    assert lines == ["unread>10m begun"]
    assert "the collector died" in watch.told[0].why


def test_a_restart_repeats_nothing_and_misses_nothing() -> None:
    watch = Watched()
    expired = target(Target("dev", "eu-1"), START, trouble=trouble(TroubleKind.CREDENTIALS, of="sso corp"))

    def seen(*rows: Instance, nobody: bool = False) -> Picture:
        at = watch.now + timedelta(minutes=1)
        return Picture(rows, [target(at=at), *(() if nobody else (expired,))])

    for _ in range(12):
        watch.look(seen(ILL))
    assert [one.kind for one in watch.told] == ["failing", "unread>10m"]
    kept = msgspec.json.decode(msgspec.json.encode(watch.kept), type=Incidents)
    assert kept == watch.kept
    again = Watched(kept.taken_up(), watch.now + timedelta(hours=1))
    watch = again
    assert again.look(Picture()) == []
    # A profile that can't say its regions any more fails as a whole.
    whole = replace(expired, target=Target("dev", EVERYWHERE), status_at=None)
    assert [again.look(Picture([ILL], [target(at=again.now), whole])) for _ in range(9)] == [[]] * 9
    assert again.look(
        Picture([ILL, replace(STOPPED, instance_id=SafeText("i-2"))], [target(at=again.now), whole])
    ) == ["stopped-by-aws begun"]
    assert sorted(line for _ in range(9) for line in again.look(seen(WEB, nobody=True))) == [
        "failing over",
        "stopped-by-aws over",
        "unread>10m over",
    ]


def test_what_was_unread_for_nine_minutes_before_a_restart_is_unread_a_minute_after_it() -> None:
    watch = Watched()
    ill = Picture((), [target(at=START, trouble=trouble())])
    assert [line for _ in range(9) for line in watch.look(ill)] == []
    again = Watched(watch.kept.taken_up(), watch.now)
    assert again.look(Picture()) == []
    assert again.look(ill) == ["unread>10m begun"]


def test_what_is_kept_changes_only_with_what_happens() -> None:
    watch = Watched()
    watch.sees(ILL)
    kept = watch.kept
    watch.again(ILL, times=30)
    assert watch.kept is kept


def test_a_clock_that_was_set_back_ends_nothing_early_and_holds_nothing_for_ever() -> None:
    watch = Watched()
    watch.sees(ILL)
    watch.sees(WEB)
    watch.now -= timedelta(hours=3)
    assert watch.again(WEB, times=5) == []
    assert watch.sees(WEB) == ["failing over"]


def test_what_nothing_is_to_be_learned_of_is_kept_for_a_month() -> None:
    watch = Watched()
    watch.sees(ILL)
    elsewhere = Target("other", "eu-1")
    assert watch.look(_all_read([elsewhere], watch.now + KEPT_FOR / 2), KEPT_FOR / timedelta(minutes=2)) == []
    assert "failing over" in watch.look(
        _all_read([elsewhere], watch.now + KEPT_FOR / 2), KEPT_FOR / timedelta(minutes=2)
    )


def test_a_kind_that_is_wanted_no_more_is_over() -> None:
    watch = Watched()
    watch.sees(ILL)
    rules = tuple(one for one in RULES if one.kind is not AlarmKind.FAILING)
    for _ in range(7):
        watch.now += timedelta(minutes=1)
        judged = judge(watch.kept, Picture([ILL], [target(at=watch.now)]), rules, watch.now)
        watch.kept, changes = follow_incidents(watch.kept, judged, watch.now)
        watch.told += changes
    assert [str(one.state) for one in watch.told] == ["begun", "over"]
