"""An operation in words: nobody may overlook an instance that is down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from msgspec.structs import replace

from tui.cli.follow import exit_code
from tui.cli.operation_view import operation_lines, operation_list, operation_object
from tui.config.schema import Settings
from tui.domain.actions import ActionOptions
from tui.domain.answers import Permission
from tui.domain.steps.base import Order
from tui.operations.model import CallRecord, Operation, OperationState, StepRow, StepState, StoredDraft
from tui.operations.operation_text import operation_summary
from tui.operations.status import InstanceDown, status_of

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
STOP = CallRecord("StopInstances", NOW, NOW, ok=True, step="stop", service="ec2", request_id="r-1")
STEPS = (
    StepRow("preflight", StepState.DONE, "AWS says yes", NOW, NOW + timedelta(seconds=1)),
    StepRow("stop", StepState.DONE, "", NOW, NOW + timedelta(seconds=3), (STOP,)),
    StepRow("wait-stopped", StepState.RUNNING, "", NOW),
    StepRow("start", StepState.WAITING),
    StepRow("wait-running", StepState.WAITING),
)
CUT = Operation(
    id="op-1", action="stop-start", title="Stop and start web-7", state=OperationState.RUNNING, profile="prod",
    account_id="111122223333", region="eu-west-1", instance_id="i-0a1b2c3d4e5f60718", instance_name="web-7",
    user="ada", host="bastion", created_at=NOW, confirmed_at=NOW, finished_at=None, note="stopping", remedy="",
    attention=False, permission=Permission.YES, instance_down=False, runner="elsewhere:7:a", lease_until=None,
    kept=StoredDraft(Order("op-1", "stop-start", "i-0a1b2c3d4e5f60718"), ActionOptions(), (), ("StopInstances i-0",), ()),
    steps=STEPS,
)  # fmt: skip
HELD = replace(CUT, lease_until=NOW + timedelta(seconds=10), steps=STEPS[:1])


def test_what_was_cut_off_stands_above_the_table_and_names_the_way_out() -> None:
    loud, headers, rows = operation_list([HELD, CUT], Settings(), NOW + timedelta(seconds=5))
    assert loud == [
        "✖ Stop and start web-7: web-7 may be DOWN: this operation stopped it and has not seen it run since;"
        " cut off at wait-stopped: NOBODY drives it; evac ops resume op-1"
    ]
    assert len(rows) == 2
    assert {len(row) for row in rows} == {len(headers)}
    assert "5s" in rows[0]


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (HELD, False),
        (CUT, True),
        (replace(HELD, attention=True), True),
        (replace(HELD, instance_down=True), True),
        (replace(HELD, instance_down=True, state=OperationState.ABANDONED), False),
        (replace(HELD, confirmed_at=None, lease_until=None, state=OperationState.PLANNED), False),
    ],
)
def test_what_alarms(operation: Operation, expected: bool) -> None:
    assert status_of(operation, NOW).alarming is expected


def test_down_and_perhaps_down_are_told_apart() -> None:
    told = [status_of(one, NOW) for one in (replace(CUT, instance_down=True), CUT, HELD)]
    assert [one.down for one in told] == [InstanceDown.YES, InstanceDown.MAYBE, InstanceDown.NO]
    assert told[0].down_line.startswith("web-7 is DOWN")
    assert told[1].down_line.startswith("web-7 may be DOWN")
    assert "not held down" in told[2].down_line


def test_everything_about_one_operation() -> None:
    call = CallRecord("StopInstances", NOW, step="stop", service="ec2")
    lost = replace(CUT, steps=(StepRow("stop", StepState.RUNNING, "", NOW, None, (call,)),))
    text = "\n".join(operation_lines(CUT, Settings(timezone="UTC"), NOW + timedelta(minutes=2)))
    assert "stop: done, 3s" in text
    assert "wait-stopped: running, 2m" in text
    assert "2026-05-04T03:00:00Z StopInstances: accepted (r-1)" in text
    assert "runner: none: evac ops resume op-1" in text
    assert "no answer yet" in "\n".join(operation_lines(lost, Settings(), NOW))


def test_the_json_keeps_its_names() -> None:
    told = operation_object(CUT, NOW)
    assert (told["state"], told["cut_off"], told["driver"], told["instance_down"]) == (
        "running",
        True,
        "",
        True,
    )
    assert told["steps"][1]["calls"][0]["request_id"] == "r-1"
    assert operation_object(HELD, NOW)["driver"] == "process 7 on elsewhere"


@pytest.mark.parametrize(
    ("state", "code"),
    [("succeeded", 0), ("running", 0), ("failed", 1), ("needs-attention", 1), ("abandoned", 1)],
)
def test_the_exit_code_follows_the_state(state: str, code: int) -> None:
    assert exit_code(replace(CUT, state=OperationState(state))) == code


def test_a_summary_tells_an_incident_channel_what_came_of_it() -> None:
    note = "system, instance and EBS checks are ok; public address 203.0.113.9 → 203.0.113.77; completed: instance-stop"
    kept = msgspec.structs.replace(CUT.kept, options=ActionOptions(overrides=("last-healthy",)))
    made = {
        "state": OperationState.SUCCEEDED,
        "note": note,
        "finished_at": NOW + timedelta(minutes=4),
        "kept": kept,
    }
    lines = [*operation_summary(replace(CUT, **made), "PROD", UTC, NOW + timedelta(hours=1))]
    assert lines[0] == "Stop and start web-7 (i-0a1b2c3d4e5f60718): succeeded, 4m"
    assert lines[1] == "  where: PROD, 1111-2222-3333, eu-west-1"
    assert "  public address 203.0.113.9 → 203.0.113.77" in lines
    assert "  completed: instance-stop" in lines
    assert "  overridden: last-healthy" in lines
    assert "  stop: done, 3s" in lines
    assert "    2026-05-04T03:00:00Z StopInstances: accepted (r-1)" in lines
    assert lines[-1] == "  evac operation op-1"
