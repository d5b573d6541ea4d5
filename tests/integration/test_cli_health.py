"""What AWS Health says, in every command that tells of an instance: `status`, `explain`, `diagnose`, `doctor`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.integration.collector_watch import PROD, SEOUL, fault
from tui.demo.environment import Demo

ONE_REGION = ("--profile", "prod", "--region", SEOUL)


def evac(demo: Demo, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "EVAC_", "XDG_"))
    }
    environ = {**demo.apply(clean), "HOME": str(home), "XDG_STATE_HOME": str(home), "TZ": "UTC"}
    command = [sys.executable, "-P", "-m", "tui", *arguments]
    return subprocess.run(command, env=environ, text=True, timeout=120, check=False, capture_output=True)


def announce(demo: Demo, code: str, **more: Any) -> None:
    demo.control("health", {"account": PROD, "region": SEOUL, "code": code, **more})


def test_each_command_tells_it_once_and_in_the_same_words(demo: Demo, tmp_path: Path) -> None:
    demo.control("health", {"account": PROD, "forget": True})
    (row,) = json.loads(evac(demo, tmp_path, "status", "--json", "--filter", "web-1", *ONE_REGION).stdout)
    assert row["health"] == []
    recovered = "AWS_EC2_SIMPLIFIED_AUTO_RECOVERY_FAILURE"
    text = "We could not recover the instance."
    announce(
        demo,
        recovered,
        entities=[row["instance_id"]],
        minutes=54,
        event={"statusCode": "closed", "text": text},
    )
    announce(demo, "AWS_EC2_OPERATIONAL_ISSUE", minutes=70, event={"availabilityZone": row["zone"]})

    listed = evac(demo, tmp_path, "status", "--json", "--filter", "web-1", *ONE_REGION)
    assert f"AWS has trouble with EC2 in {row['zone']}" in listed.stderr
    (row,) = json.loads(listed.stdout)
    mine, place = row["health"]
    assert (mine["code"], mine["entity"], mine["mark"]) == (recovered, row["instance_id"], "failing")
    assert mine["text"].startswith("AWS tried at ")
    assert (place["code"], place["zone"], place["entity"]) == ("AWS_EC2_OPERATIONAL_ISSUE", row["zone"], "")

    explained = evac(demo, tmp_path, "explain", row["instance_id"], *ONE_REGION).stdout
    assert explained.count("and failed (automatic recovery)") == 1
    assert f"| {text}" in explained
    shown = json.loads(evac(demo, tmp_path, "diagnose", row["instance_id"], "--json", *ONE_REGION).stdout)
    assert shown["instance"]["health"][0]["description"] == text
    assert {"recovery-failed", "aws-issue"} <= {one["key"] for one in shown["findings"]}


def test_doctor_says_which_accounts_have_it_and_why_not(demo: Demo, tmp_path: Path) -> None:
    denied = fault({"error": "AccessDeniedException"}, service="health", account="333344445555")
    demo.control("faults", [denied])
    where = ("--profile", "prod,data,staging", "--region", f"{SEOUL},eu-west-1")
    told = [json.loads(line) for line in evac(demo, tmp_path, "doctor", "--json", *where).stdout.splitlines()]
    lines = {one["said"].split(":")[0]: one for one in told if one["check"] == "health"}
    assert len(lines) == 3
    assert "AWS Health answers" in lines[f"account {PROD}"]["said"]
    assert "no AWS Health here" in lines["account 222233334444"]["said"]
    assert lines["account 222233334444"]["result"] == "ok"
    refused = lines["account 333344445555"]
    assert refused["result"] == "warn"
    assert "DescribeEvents is not allowed" in refused["said"]
    assert "health:DescribeEvents" in refused["remedy"]
