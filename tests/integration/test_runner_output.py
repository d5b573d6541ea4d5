"""The console output that a real runner keeps before its stop: from AWS to the file, and when AWS or the folder will not."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integration.runner_watch import Bench, ended
from tui.domain.instance import InstanceState
from tui.kept_output import newest_kept
from tui.operations.model import OperationState
from tui.paths import console_folder


def fault(then: dict[str, Any]) -> dict[str, Any]:
    return {"match": {"operation": "GetConsoleOutput"}, "then": then}


def test_it_is_kept_and_read_again(bench: Bench) -> None:
    operation = bench.order("reboot", "web-1")
    bench.demo.control("calls", method="DELETE")
    bench.run(operation)
    found = bench.wait(operation, ended)
    assert (found.state, found.remark) == (OperationState.SUCCEEDED, "")
    calls = [one["operation"] for one in bench.demo.control("calls") if not one["dry_run"]]
    at = calls.index("RebootInstances")
    assert calls.index("GetConsoleOutput") < at
    assert "DescribeInstances" in calls[calls.index("GetConsoleOutput") : at]
    kept = newest_kept(console_folder(bench.environ), found.instance_id, datetime.now(UTC))
    assert kept is not None
    assert (kept.operation, kept.before, kept.account_id) == (operation, "RebootInstances", found.account_id)
    assert kept.latest
    assert kept.taken_at is not None
    assert any("Linux version" in line for line in kept.lines)
    command = [sys.executable, "-P", "-m", "tui", "ops", "show", operation]
    shown = subprocess.run(command, env=bench.environ, text=True, capture_output=True, check=True).stdout
    assert f"  console output before it: {kept.path}\n" in shown
    assert not any(line in shown for line in kept.lines if line)  # of the output itself nothing
    told = subprocess.run([*command, "--json"], env=bench.environ, capture_output=True, check=True).stdout
    assert json.loads(told)["console_output"] == kept.path


@pytest.mark.parametrize(
    ("then", "why"),
    [
        ({"error": "UnauthorizedOperation"}, "GetConsoleOutput"),
        ({"hang": 60}, "not done within 5 s"),
        ({"raw": "<html>no</html>", "status": 200}, ""),
    ],
)
def test_what_keeps_it_from_that_does_not_keep_the_stop(bench: Bench, then: dict[str, Any], why: str) -> None:
    bench.demo.control("faults", [fault(then)])
    operation = bench.order("stop-start", "cache-1")
    bench.run(operation)
    found = bench.wait(operation, ended)
    assert found.state is OperationState.SUCCEEDED, found.note
    assert "the console output before StopInstances was not kept: " in found.remark
    assert why in found.remark
    assert bench.find("cache-1").state is InstanceState.RUNNING
    assert len(bench.sent("StopInstances")) == len(bench.sent("StartInstances")) == 1


def test_a_link_in_the_place_of_the_folder(bench: Bench) -> None:
    folder = console_folder(bench.environ)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.symlink_to(folder.parent)
    operation = bench.order("reboot", "web-1")
    bench.run(operation)
    found = bench.wait(operation, ended)
    assert found.state is OperationState.SUCCEEDED
    assert "was not kept: " in found.remark
    assert not list(folder.parent.glob("*.log.*"))
    assert not list(folder.parent.glob("2*.log"))
