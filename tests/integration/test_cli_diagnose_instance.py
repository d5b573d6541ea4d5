"""`evac diagnose INSTANCE` as a process on the embedded AWS: what a script may rely on, and what a person reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.integration.collector_watch import fault
from tests.unit.test_kept_output import one
from tui.demo.environment import Demo, start
from tui.kept_output import keep_output
from tui.paths import console_folder

Run = Callable[..., subprocess.CompletedProcess[str]]
FINDING = {"key", "severity", "line", "text", "words", "remedy", "boot"}
METRIC = {"row", "namespace", "name", "dimensions", "unit", "state", "newest", "at", "points"}
ONE_REGION = ("--profile", "prod", "--region", "ap-northeast-2")


@pytest.fixture(scope="module")
def started() -> Iterator[Demo]:
    running = start("--speed", "60")
    yield running
    running.stop()


@pytest.fixture
def demo(started: Demo) -> Demo:
    started.control("reset", method="POST")
    return started


@pytest.fixture
def evac(demo: Demo, tmp_path: Path) -> Run:
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "EVAC_", "XDG_"))
    }
    env = {**demo.apply(clean), "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}

    def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "tui", "diagnose", *arguments, *ONE_REGION]
        return subprocess.run(
            command, env=env | environ, text=True, timeout=120, check=False, capture_output=True
        )

    return run


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_night_out_of_memory(demo: Demo, evac: Run) -> None:
    demo.control("script", {"instance": "web-1", "script": "oom"})
    done = evac("web-1", "--json", "--read-only")
    assert done.returncode == 6, done.stderr
    found = told(done)
    first = found["findings"][0]
    assert set(first) >= FINDING
    assert (first["key"], first["severity"], first["boot"]) == ("oom", 3, 0)
    assert first["line"] > 0
    assert first["text"]
    assert found["instance"]["name"] == "web-1"
    assert found["verdict"]["label"] == "likely"
    assert "memory" in found["verdict"]["line"]
    assert found["log"]["kept_by"] is None
    assert found["unread"] == []
    assert all(set(metric) >= METRIC for metric in found["metrics"])
    memory = next(one for one in found["metrics"] if one["name"] == "mem_used_percent")
    assert (memory["row"], memory["unit"], memory["namespace"]) == ("memory", "Percent", "CWAgent")
    assert memory["state"] in ("reporting", "silent")
    assert memory["dimensions"]["InstanceId"] == found["instance"]["instance_id"]
    assert memory["points"][-1] == [memory["at"], memory["newest"]]
    assert {one["event"] for one in found["changes"]} >= {"RunInstances"}
    assert 0 < found["price"] < 0.001

    as_text = evac(found["instance"]["instance_id"])
    assert as_text.returncode == 6
    assert "likely: " in as_text.stdout
    assert "oom  likely  (line " in as_text.stdout
    memory_row = next(line for line in as_text.stdout.splitlines() if line.startswith("memory "))
    assert "█" in memory_row
    assert max(map(len, as_text.stdout.splitlines())) <= 130
    assert "metrics asked, about $0.000" in as_text.stderr


def test_a_healthy_one_ends_with_0_and_an_arn_names_it(evac: Run) -> None:
    found = told(evac("web-1", "--json"))["instance"]
    arn = f"arn:aws:ec2:{found['region']}:{found['account_id']}:instance/{found['instance_id']}"
    done = evac(arn)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no proof of health" in done.stderr


def test_what_cannot_be_read_is_said_and_ends_with_3(demo: Demo, evac: Run) -> None:
    denied = ("GetMetricData", "ListMetrics", "LookupEvents")
    demo.control(
        "faults",
        [fault({"error": "AccessDeniedException"}, operation=name) for name in denied]
        + [fault({"error": "UnauthorizedOperation"}, operation="GetConsoleOutput")],
    )
    done = evac("web-1", "--json")
    found = told(done)
    assert (done.returncode, found["findings"]) == (3, [])
    assert {one["part"] for one in found["unread"]} == {"metrics", "agent", "log", "changes"}
    assert all("permission to call" in one["why"] for one in found["unread"])
    assert {one["state"] for one in found["metrics"]} <= {"denied"}
    as_text = evac("web-1")
    assert as_text.returncode == 3
    assert "? system log: " in as_text.stderr


def test_one_that_is_stopped_has_no_points_and_that_is_not_zero(evac: Run) -> None:
    found = told(evac("down-1", "--region", "us-east-1", "--json"))
    cpu = next(one for one in found["metrics"] if one["name"] == "CPUUtilization")
    assert (cpu["state"], cpu["newest"], cpu["points"]) == ("stopped", None, [])
    assert "stopped: no points is not zero" in evac("down-1", "--region", "us-east-1").stdout


def test_where_aws_has_no_output_the_one_that_evac_kept_is_read(
    demo: Demo, evac: Run, tmp_path: Path
) -> None:
    ident = told(evac("web-1", "--json"))["instance"]["instance_id"]
    folder = console_folder({"XDG_STATE_HOME": str(tmp_path)})
    path = keep_output(folder, one(at=datetime.now(UTC), instance=ident))
    demo.control("faults", [fault({"error": "UnauthorizedOperation"}, operation="GetConsoleOutput")])
    found = told(evac("web-1", "--json"))
    assert found["log"]["kept_by"] == str(path)
    assert [(one["key"], one["line"]) for one in found["findings"] if one["line"]] == [("oom", 2)]
    assert [one["part"] for one in found["unread"]] == ["log"]
    demo.control("faults", [])
    assert told(evac("web-1", "--json"))["log"]["kept_by"] is None


def test_wrong_use(evac: Run, tmp_path: Path) -> None:
    assert evac().returncode == 2
    assert evac("web-1", "--log", str(tmp_path / "x")).returncode == 2
    none = evac("no-such-name")
    assert none.returncode == 2
    assert "no instance no-such-name" in none.stderr


def test_a_log_made_to_drive_a_terminal_reaches_none(demo: Demo, evac: Run) -> None:
    client = boto3.client(
        "ec2", region_name="us-east-1", endpoint_url=demo.url, aws_access_key_id="AKIADEMOPROD00000001",
        aws_secret_access_key="demo",
    )  # fmt: skip
    pages = client.describe_instances(Filters=[{"Name": "tag:note", "Values": ["[[]bold[]]markup*"]}])
    ident = pages["Reservations"][0]["Instances"][0]["InstanceId"]
    done = evac(ident, "--region", "us-east-1", PYTHONIOENCODING="ascii")
    assert done.returncode == 6, done.stderr
    assert "Kernel panic - not syncing" in done.stdout
    for text in (done.stdout, done.stderr):
        assert text.isascii()
        assert "\x1b" not in text
        assert "\x07" not in text
