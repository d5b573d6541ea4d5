"""The rows of the triage tab contradict nothing: no mark of health beside what stopped, no cause beside its own consequence."""

from __future__ import annotations

from msgspec.structs import replace

from tests.unit.evidence_cases import BAD, BOOT, DOWN, RUNS, UP, check, cpu, metric, until, volume
from tests.unit.guidance_cases import NOW
from tui.domain.diagnosis import kinds
from tui.domain.diagnosis.evidence import Evidence, Metric, MetricRow, MetricState
from tui.domain.diagnosis.log_findings import system_log
from tui.domain.diagnosis.metric_marks import triage_rows
from tui.domain.diagnosis.triage_row import TriageRow
from tui.domain.diagnosis.verdict import diagnosis_of
from tui.domain.instance import Checks, Instance, InstanceState
from tui.domain.sanitize import SafeText
from tui.domain.severity import Mark


def of(instance: Instance, row: MetricRow, *metrics: Metric) -> list[TriageRow]:
    return [one for one in triage_rows(instance, metrics, NOW) if one.row is row]


def test_a_volume_that_does_nothing_any_more_is_not_drawn_well_while_a_check_fails() -> None:
    idle, works, rare = until(900.0, 0.0), 900.0, lambda since: 900.0 if int(since) == -90 else 0.0
    for instance, ops, mark in (
        (DOWN, idle, Mark.UNKNOWN),
        (DOWN, works, Mark.OK),
        (DOWN, rare, Mark.OK),
        (RUNS, idle, Mark.OK),
    ):
        row = of(instance, MetricRow.VOLUME, *volume("vol-0data", ops, 1.0))[0]
        assert row.mark is mark, (ops, row.words)
        assert row.words.startswith("0 IOPS since ") is (mark is Mark.UNKNOWN)


def test_nothing_of_a_stopped_instance_is_drawn_well() -> None:
    stopped = replace(RUNS, state=InstanceState.STOPPED, checks=Checks())
    rows = triage_rows(stopped, (cpu(until(20.0)), check("Instance", until(0.0))), NOW)
    assert [one.mark for one in rows] == [Mark.NONE, Mark.NONE]
    assert all(one.words.startswith("was ") for one in rows)


def test_of_a_check_without_a_metric_no_history_of_others_is_drawn() -> None:
    checks = replace(RUNS, checks=replace(RUNS.checks, application=BAD))
    [row] = of(checks, MetricRow.CHECK, check("Instance", 0.0), check("System", 0.0))
    assert row.mark is Mark.FAILING
    assert row.points == ()
    assert row.words.startswith("application failing since ")


def test_a_check_that_is_well_again_is_not_told_as_failing_by_its_older_metric() -> None:
    failed = until(0.0, 1.0)
    [row] = of(RUNS, MetricRow.CHECK, check("Instance", failed))
    assert row.mark is Mark.OK
    assert row.words.startswith("ok now, failed from ")
    [row] = of(replace(RUNS, checks=Checks()), MetricRow.CHECK, check("Instance", failed))
    assert row.mark is Mark.FAILING  # nobody knows better


def test_a_full_bar_of_what_may_be_used_in_a_burst_says_what_it_is() -> None:
    balance = metric(MetricRow.EBS_LIMIT, "EBSIOBalance%", 100.0, period=300)
    assert of(RUNS, MetricRow.EBS_LIMIT, balance)[0].words == "100 % of burst left"


def test_what_stops_in_the_boot_explains_that_the_system_does_nothing() -> None:
    """No second cause says to reboot where the first says that a reboot stops at the same place."""
    assert [key for key in kinds.RESCUE if "hung" not in kinds.EXPLAINS.get(key, ())] == []


def test_a_check_of_file_systems_that_the_boot_went_on_after_is_no_reason_to_wait() -> None:
    text = f"{BOOT}/dev/xvda1 has gone 361 days without being checked, check forced\n{UP}"
    told = diagnosis_of(
        DOWN, Evidence(NOW, (check("Instance", until(0.0, 1.0)),), system_log(text, NOW, True), ()), NOW
    )
    waits = [one for one in told.findings if one.key == "fsck-running"]
    assert [(one.severity, "the boot went on after it" in one.against) for one in waits] == [(1, True)]


def test_why_a_part_was_not_read_is_said_once_and_not_again_of_each_of_its_rows() -> None:
    denied = replace(cpu(1.0), state=MetricState.DENIED, points=(), newest=None)
    unread = (("metrics", SafeText("GetMetricData is not allowed")),)
    told = diagnosis_of(DOWN, Evidence(NOW, (denied,), system_log(BOOT, NOW, True), (), unread=unread), NOW)
    assert told.unknown == ("metrics: GetMetricData is not allowed",)


def test_a_network_that_stands_still_while_a_check_fails_is_not_drawn_well() -> None:
    metrics = [
        metric(MetricRow.NETWORK, name, lambda since: 3e6 if since < 18 else 0.0)
        for name in ("NetworkIn", "NetworkOut")
    ]
    row = of(DOWN, MetricRow.NETWORK, *metrics)[0]
    assert (row.mark, row.words[:5]) == (Mark.UNKNOWN, "0 B/s")
