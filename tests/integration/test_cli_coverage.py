"""`evac coverage` as a process on the embedded AWS: what a script and a colleague may rely on."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tui.demo.environment import Demo, start

Run = Callable[..., subprocess.CompletedProcess[str]]
ANSWERS = ("host_dies", "system_hangs", "data_lost")
READS = ("Describe", "Get", "List", "Lookup", "AssumeRole", "Decode")


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    running = start()
    yield running
    running.stop()


@pytest.fixture
def evac(demo: Demo, tmp_path: Path) -> Run:
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "EVAC_", "XDG_"))
    }
    env = {**demo.apply(clean), "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "tui", "coverage", *arguments]
        return subprocess.run(command, env=env, text=True, timeout=120, check=False, capture_output=True)

    return run


def test_every_instance_has_three_answers_the_gravest_first(demo: Demo, evac: Run, tmp_path: Path) -> None:
    config = tmp_path / "config" / "evac" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[cover]\nservice = "tag:Name"\n')
    done = evac("--json", "--profile", "prod", "--region", "us-east-1")
    assert done.returncode == 7, done.stderr
    told = json.loads(done.stdout)
    rows = [one for one in told if one["kind"] == "instance"]
    verdicts = {"covered", "partly", "nobody", "unknown", "not-needed"}
    order = ["nobody", "partly", "unknown", "covered", "not-needed"]
    grave = []
    for row in rows:
        assert {"profile", "account_id", "region", "instance_id", "name", "state", "read_at"} <= set(row)
        assert isinstance(row["dangers"], list)
        for name in ANSWERS:
            assert set(row[name]) == {"verdict", "by", "why"}
            assert row[name]["verdict"] in verdicts
            assert row[name]["why"]
        grave.append(min(order.index(row[name]["verdict"]) for name in ANSWERS))
    assert grave == sorted(grave)
    assert len(rows) > 5
    services = {one["service"]: one for one in told if one["kind"] == "service"}
    assert services["bastion"]["why"] == "stands on one instance: bastion"
    assert services["bastion"]["members"] == [services["bastion"]["instance_id"]]
    calls = {call["operation"] for call in demo.control("calls")}
    assert all(name.startswith(READS) for name in calls), calls


def test_the_csv_has_a_line_an_instance(evac: Run) -> None:
    done = evac("--csv", "--profile", "data", "--region", "eu-west-1")
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert len(rows) > 5
    assert {row["kind"] for row in rows} == {"instance"}
    by_name = {row["name"]: row for row in rows}
    assert by_name["notebook-2"]["data_lost"] == "covered"
    assert "newest AMI" in by_name["notebook-2"]["data_lost_by"] + by_name["notebook-2"]["data_lost_why"]


def test_the_filter_narrows_and_the_code_follows(demo: Demo, evac: Run) -> None:
    demo.control("reset", {})
    name = "notebook-2"
    for kind in ("recover", "reboot"):
        demo.control("alarm", {"instance": name, "name": f"evac/{kind}/x", "kind": kind, "minutes": 60})
    done = evac("--filter", name, "--profile", "data", "--region", "eu-west-1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not covered: 0 of 1 instance" in done.stderr
    assert name not in done.stdout
    shown = evac("--filter", name, "--profile", "data", "--region", "eu-west-1", "--all")
    assert shown.returncode == 0
    assert name in shown.stdout
    nobody = evac("--filter", "nobody-of-this-name", "--profile", "data")
    assert nobody.returncode == 0
    assert nobody.stdout == ""
    assert evac("--filter", "state:nonsense").returncode == 2


@pytest.mark.parametrize(
    ("operation", "names", "code"),
    [
        ("DescribeAlarms", "cloudwatch:DescribeAlarms", 3),
        ("ListProtectedResources", "backup:ListProtectedResources", 0),
    ],
)
def test_what_is_denied_is_not_known_and_ends_with_three(
    demo: Demo, evac: Run, operation: str, names: str, code: int
) -> None:
    """Backup's word changes nothing where an AMI covers; without the alarms nobody knows who reboots it."""
    demo.control("reset", {})
    for kind in ("recover", "reboot"):
        demo.control("alarm", {"instance": "notebook-2", "name": f"x-{kind}", "kind": kind, "minutes": 60})
    message = f"User is not authorized to perform: {names}"
    then = {"error": "AccessDeniedException", "message": message}
    demo.control("faults", [{"match": {"operation": operation}, "then": then}])
    done = evac("--json", "--filter", "notebook-2", "--profile", "data", "--region", "eu-west-1")
    told: list[dict[str, Any]] = json.loads(done.stdout)
    verdicts = {told[0][name]["verdict"] for name in ANSWERS}
    assert ("unknown" in verdicts) is (code == 3)
    assert done.returncode == code, done.stderr
    assert names in done.stderr


def test_old_images_are_told_with_commands_and_nothing_is_sent(demo: Demo, evac: Run) -> None:
    demo.control("reset", {})
    tags = [{"Key": "evac:operation", "Value": "op-1"}]
    for days in (2, 3, 50):
        image = {"Name": f"notebook-3 {days} evac", "Tags": tags}
        demo.control("copy", {"instance": "notebook-3", "hours": 24 * days, "image": image})
    demo.control("calls", method="DELETE")
    done = evac("--old-images", "--keep", "2", "--profile", "data", "--region", "eu-west-1")
    assert done.returncode == 0, done.stderr
    commands = [line for line in done.stdout.splitlines() if not line.startswith("#")]
    assert len(commands) == 1
    assert commands[0].startswith("aws ec2 deregister-image --image-id ami-")
    assert "50d ago" in done.stdout
    assert "3 AMIs of evac's: 1 would go, 2 stay" in done.stderr
    told = json.loads(evac("--old-images", "--keep", "2", "--json", "--profile", "data").stdout)
    assert [one["removable"] for one in told] == [True, False, False]
    assert [one["command"] is None for one in told] == [False, True, True]
    assert evac("--old-images", "--keep", "2", "--filter", "notebook-2", "--profile", "data").stdout == ""
    calls = {call["operation"] for call in demo.control("calls")}
    assert all(name.startswith(READS) for name in calls), calls


def test_a_plan_is_printed_for_what_lacks_a_copy(demo: Demo, evac: Run) -> None:
    demo.control("reset", {})
    done = evac(
        "--print-plan",
        "backup",
        "--keep",
        "14",
        "--tag",
        "backup=gold",
        "--filter",
        "notebook-1",
        "--profile",
        "data",
    )
    assert done.returncode == 0, done.stderr
    (plan,) = json.loads(done.stdout)
    assert plan["documents"][0]["Rules"][0]["Lifecycle"] == {"DeleteAfterDays": 14}
    assert len(plan["lacking"]["untagged"]) == 1
    assert [command.split()[1:3] for command in plan["commands"]] == [
        ["backup", "create-backup-plan"],
        ["backup", "create-backup-selection"],
        ["ec2", "create-tags"],
    ]
    assert evac("--print-plan", "dlm", "--tag", "nothing").returncode == 2
    assert evac("--print-plan", "dlm", "--old-images").returncode == 2


def test_an_alarm_that_may_end_it_is_a_danger_of_its_own(demo: Demo, evac: Run) -> None:
    demo.control("reset", {})
    settings = {"AlarmActions": ["arn:aws:automate:eu-west-1:ec2:terminate"]}
    demo.control("alarm", {"instance": "notebook-2", "name": "scale-in", "settings": settings})
    done = evac("--filter", "notebook-2", "--profile", "data", "--region", "eu-west-1")
    assert "alarm scale-in may terminate it" in done.stdout
    (told,) = json.loads(
        evac("--filter", "notebook-2", "--profile", "data", "--region", "eu-west-1", "--json").stdout
    )
    assert any("may terminate it" in one for one in told["dangers"])


def test_two_collectors_read_for_it_and_each_asks_whose_account_it_is(demo: Demo, evac: Run) -> None:
    demo.control("reset", {})
    demo.control("calls", method="DELETE")
    assert evac("--json", "--profile", "prod", "--region", "us-east-1").returncode == 7
    asked = [call["operation"] for call in demo.control("calls")]
    assert asked.count("GetCallerIdentity") == 2
    assert asked.count("DescribeAlarms") == 1
