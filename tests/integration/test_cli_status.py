"""`evac events` and `evac status` as processes on the embedded AWS: what a script may rely on."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import icalendar
import pytest

from tui.demo.environment import Demo, start

Run = Callable[..., subprocess.CompletedProcess[str]]


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
    env = {**demo.apply(clean), "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}

    def run(
        *arguments: str, environ: dict[str, str] | None = None, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "tui", *arguments],
            env=env | (environ or {}),
            text=True,
            timeout=120,
            check=False,
            **({"capture_output": True} | options),
        )

    return run


def test_instances_carry_the_promised_fields(evac: Run) -> None:
    done = evac("status", "--json", "--profile", "prod")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert len(rows) == 38
    for row in rows:
        assert {
            "profile",
            "account_id",
            "region",
            "instance_id",
            "name",
            "state",
            "checks",
            "events",
            "hazards",
        } <= set(row)
        assert set(row["checks"]) == {"system", "instance", "attached_ebs", "application", "performance"}
        for event in row["events"]:
            assert set(event) == {
                "code", "id", "description", "not_before", "not_after", "not_before_deadline", "state", "decide_by", "together",
            }  # fmt: skip
    assert rows[0]["name"] == "payments-db-1"
    assert rows[0]["checks"]["system"] == "impaired"


def test_problems_are_those_alone(evac: Run) -> None:
    done = evac("status", "--json", "--problems", "--profile", "data", "--region", "us-east-1")
    assert done.returncode == 0, done.stderr
    for row in json.loads(done.stdout):
        assert "impaired" in row["checks"].values() or row["events"]


def test_what_falls_together_is_told_with_each_event(evac: Run) -> None:
    rows = list(csv.DictReader(evac("events", "--csv", "--profile", "prod").stdout.splitlines()))
    told = {one["name"]: one["together"] for one in rows}
    assert told["search-1"] == told["search-2"] == "all 2 of classic load balancer search"
    assert told["bastion"] == ""
    objects = json.loads(evac("events", "--json", "--profile", "prod").stdout)
    events = {one["name"]: one["events"] for one in objects}
    assert events["search-1"][0]["together"] == ["all 2 of classic load balancer search"]
    assert events["bastion"][0]["together"] == []


def test_instances_as_csv(evac: Run) -> None:
    rows = list(
        csv.DictReader(evac("status", "--csv", "--problems", "--profile", "prod").stdout.splitlines())
    )
    assert {
        "instance_id",
        "state",
        "check_system",
        "next_event",
        "not_before",
        "public_ip",
        "read_at",
    } <= set(rows[0])
    assert {one["profile"] for one in rows} == {"prod"}
    assert all(one["instance_id"].startswith("i-") for one in rows)


def test_events_as_csv_and_as_a_calendar(evac: Run) -> None:
    rows = list(csv.DictReader(evac("events", "--csv", "--profile", "prod").stdout.splitlines()))
    assert {"instance-stop", "system-reboot", "instance-retirement"} <= {row["code"] for row in rows}
    book = icalendar.Calendar.from_ical(evac("events", "--ics", "--profile", "prod").stdout)
    entries = list(book.walk("VEVENT"))
    assert len([one for one in entries if one["status"] == "CONFIRMED"]) == len(rows)
    assert [str(one["summary"]) for one in entries if one["status"] == "CANCELLED"] == [
        "cancelled: system-maintenance: ledger-3 (prod/ap-northeast-2)"
    ]
    assert len({str(entry["uid"]) for entry in entries}) == len(entries)


def test_one_failing_profile_is_one_line_and_hides_nothing(evac: Run) -> None:
    done = evac("events")
    assert done.returncode == 3
    assert "payments-db-1" in done.stdout
    lines = done.stderr.strip().splitlines()
    assert len([line for line in lines if "legacy" in line]) == 1
    assert len([line for line in lines if "staging/us-east-1" in line]) == 1
    assert "Traceback" not in done.stderr


def test_a_filter_by_cover_has_it_read(evac: Run) -> None:
    """Nothing of it is called otherwise; so a filter that asks for it must bring it, and its words must mean something."""
    found = []
    for words in ("recovery:host-covered", "recovery:host-gap"):
        done = evac("status", "--json", "--profile", "data", "--filter", words)
        assert done.returncode == 0, done.stderr
        found.append({row["instance_id"] for row in json.loads(done.stdout)})
    assert all(found)
    assert not found[0] & found[1]


def test_a_bad_filter_is_a_usage_error_that_names_the_term(evac: Run) -> None:
    done = evac("status", "--filter", "web colour:red")
    assert done.returncode == 2
    assert "colour:red" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "command", [("events",), ("events", "--json"), ("status",), ("status", "--problems", "--json")]
)
def test_a_mistyped_filter_is_never_told_as_health(evac: Run, command: tuple[str, ...]) -> None:
    done = evac(*command, "--filter", "paymnets", "--profile", "prod")
    assert done.returncode == 0
    assert "the filter paymnets matches none of the 38 instances that are read" in done.stderr
    assert "did you mean payments?" in done.stderr
    assert "no scheduled events" not in done.stderr
    assert "no problems" not in done.stderr
    assert done.stdout.strip() == ("[]" if "--json" in command else "")


def test_a_filter_that_matches_what_is_well_says_so_of_those(evac: Run) -> None:
    done = evac("events", "--filter", "tag.Name:load-1", "--profile", "staging", "--region", "ap-northeast-2")
    assert (
        "no scheduled events among the 1 of 5 instances that the filter tag.Name:load-1 matches"
        in done.stderr
    )


def test_regions_that_nobody_may_ask_for_are_missing_and_that_is_said(
    evac: Run, demo: Demo, tmp_path: Path
) -> None:
    (tmp_path / "any-region.toml").write_text("")
    asked = ("--profile", "staging", "--config", str(tmp_path / "any-region.toml"))
    rule = {"match": {"operation": "DescribeRegions"}, "then": {"error": "UnauthorizedOperation"}}
    demo.control("faults", [rule])
    try:
        done = evac("events", "--filter", "tag.Name:load-1", *asked)
        doctor = evac("doctor", *asked)
    finally:
        demo.control("faults", [])
    assert done.returncode == 3
    assert "may not ask which regions are enabled" in done.stderr
    assert "allow ec2:DescribeRegions, or name its regions" in done.stderr
    assert "in part" in done.stderr
    assert "may not ask which regions are enabled" in doctor.stdout


def test_a_reader_that_leaves_early_is_no_failure(evac: Run) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = evac(
            "status",
            "--json",
            "--profile",
            "prod",
            capture_output=False,
            stdout=write,
            stderr=subprocess.PIPE,
        )
    finally:
        os.close(write)
    assert done.returncode == 0
    assert done.stderr == ""


def test_what_aws_stopped_is_a_problem_though_no_event_is_left(evac: Run, demo: Demo) -> None:
    demo.control(
        "events", {"instance": "ledger-1", "code": "instance-stop", "in": 1, "description": "degraded"}
    )
    demo.control("advance", {"seconds": 18 * 60})
    found = json.loads(evac("status", "--json", "--problems", "--profile", "prod").stdout)
    down = {row["name"]: row for row in found if row["down"]}
    assert set(down) == {"ledger-1", "down-1"}
    assert down["ledger-1"]["down"]["text"] == "AWS stopped it (Server.ScheduledStop)"
    assert down["ledger-1"]["down"]["cause"] == "aws"
    told = evac("status", "--problems", "--profile", "prod").stdout
    assert next(line for line in told.splitlines() if "ledger-1" in line).split()[0] == "failing"
    demo.control("advance", {"seconds": 9 * 86400})  # AWS lists a completed event for a week
    found = json.loads(evac("status", "--json", "--problems", "--profile", "prod").stdout)
    gone = next(row for row in found if row["name"] == "ledger-1")
    assert "instance-stop" not in {one["code"] for one in gone["events"]}
    assert gone["down"]["since"] is not None


@pytest.mark.parametrize("of", ["policy", "config"])
def test_profiles_that_are_all_hidden_are_not_told_as_none(evac: Run, tmp_path: Path, of: str) -> None:
    path = tmp_path / "hides.toml"
    path.write_text('[profiles."*"]\nhidden = true\n')
    before = ("--config", str(path)) if of == "config" else ()
    environ = {"EVAC_POLICY": str(path)} if of == "policy" else {}
    done = evac(*before, "events", environ=environ)
    assert done.returncode == 2
    assert {"policy": "the site policy", "config": "config.toml"}[of] in done.stderr
    assert "aws configure" not in done.stderr
