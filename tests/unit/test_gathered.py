"""The parts of the evidence as their answers come: merged, the older kept where a new one failed, each with its age."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from tui.domain.diagnosis.evidence import Change, Evidence, Metric, MetricRow, MetricState, SystemLog
from tui.domain.diagnosis.findings import LogDiagnosis
from tui.domain.instance import Trouble, TroubleKind
from tui.domain.sanitize import clean
from tui.fleet.gathered import NOTHING_YET
from tui.fleet.protocol import ReadAnswer, ReadKind

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=7)
LOG = SystemLog((clean("login:"),), (0,), (None,), LogDiagnosis((), 1, 1, came_up=True), NOW, latest=True)
DENIED = (("log", clean("not allowed: ec2:GetConsoleOutput")),)


def metric(name: str) -> Metric:
    return Metric(
        MetricRow.CPU, clean("AWS/EC2"), clean(name), (), "Average", 300, MetricState.REPORTING
    )  # fmt: skip


def answer(**parts: object) -> ReadAnswer:
    return ReadAnswer(1, evidence=Evidence(NOW, **parts))  # type: ignore[arg-type]  # parts of any kind


def test_parts_are_merged_as_they_come() -> None:
    known = NOTHING_YET.begun(ReadKind.METRICS).begun(ReadKind.AGENT_METRICS)
    assert known.evidence is None
    assert known.is_asking(ReadKind.METRICS)
    known = known.answered(ReadKind.METRICS, answer(metrics=(metric("CPUUtilization"),), asked=12), NOW)
    assert not known.is_asking(ReadKind.METRICS)
    assert known.is_asking(ReadKind.AGENT_METRICS)
    known = known.answered(ReadKind.AGENT_METRICS, answer(metrics=(metric("mem"),), asked=3), NOW)
    known = known.answered(ReadKind.LOG, answer(log=LOG), NOW)
    found = known.evidence
    assert found is not None
    assert [str(one.name) for one in found.metrics or ()] == ["CPUUtilization", "mem"]
    assert (found.log, found.changes, found.asked, found.unread) == (LOG, None, 15, ())


def test_the_older_part_stays_where_a_new_read_failed() -> None:
    known = NOTHING_YET.answered(ReadKind.LOG, answer(log=LOG), NOW)
    lost = Trouble(TroubleKind.INTERNAL, clean("the collector died"), clean("it is being restarted"))
    for failed in (answer(unread=DENIED), ReadAnswer(1, trouble=lost)):
        after = known.answered(ReadKind.LOG, failed, LATER)
        assert after.evidence is not None
        assert after.evidence.log is LOG
        assert after.read_at(ReadKind.LOG) == NOW
        assert after.why_unread(ReadKind.LOG)
        again = after.answered(ReadKind.LOG, answer(log=LOG), LATER)
        assert again.why_unread(ReadKind.LOG) is None


def test_an_answer_that_the_collector_had_kept_was_not_asked_for_again() -> None:
    first = answer(metrics=(metric("CPUUtilization"),), asked=12)
    known = NOTHING_YET.answered(ReadKind.METRICS, first, NOW).answered(ReadKind.METRICS, first, LATER)
    assert known.asked == 12
    anew = ReadAnswer(1, evidence=Evidence(LATER, (metric("CPUUtilization"),), asked=12))
    assert known.answered(ReadKind.METRICS, anew, LATER).asked == 24


def test_what_was_never_read_says_why() -> None:
    known = NOTHING_YET.answered(ReadKind.LOG, answer(unread=DENIED), NOW)
    assert known.read_at(ReadKind.LOG) is None
    assert known.why_unread(ReadKind.LOG) == "not allowed: ec2:GetConsoleOutput"
    assert known.evidence is not None
    assert known.evidence.unread == DENIED


def test_changes_of_other_resources_join_those_of_the_instance() -> None:
    own = Change(NOW, clean("StopInstances"), clean("a"))
    volume = Change(LATER, clean("ModifyVolume"), clean("b"), resource=clean("vol-1"))
    known = NOTHING_YET.answered(ReadKind.CHANGES, answer(changes=(own,)), NOW)
    known = known.answered(ReadKind.CHANGES, answer(changes=(volume, own)), NOW, "vol-1")
    assert known.evidence is not None
    assert known.evidence.changes == (volume, own)


def test_what_was_asked_is_counted_over_all_looks() -> None:
    known = NOTHING_YET
    for minute in range(3):
        found = Evidence(NOW + timedelta(minutes=minute), (), asked=20)
        known = known.answered(ReadKind.METRICS, ReadAnswer(1, evidence=found), NOW)
    assert known.asked == 60
    assert known.evidence is not None
    assert known.evidence.asked == 20


def test_what_evac_kept_does_not_take_the_place_of_a_later_output_of_aws() -> None:
    known = NOTHING_YET.answered(ReadKind.LOG, answer(log=LOG), NOW)
    for at, is_taken in ((NOW - timedelta(minutes=20), False), (LATER, True)):
        kept = replace(LOG, at=at, kept_by=clean("/state/evac/console/a.log"))
        after = known.answered(ReadKind.LOG, answer(log=kept, unread=DENIED), LATER)
        assert after.evidence is not None
        assert (after.evidence.log is kept) is is_taken
        assert after.why_unread(ReadKind.LOG)
