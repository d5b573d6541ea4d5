"""`evac do` and its hands on an instance of the fleet itself: the machine's files come from a folder of the test's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_cli_do import LIMIT, Stage
from tests.unit.machines import nitro, put
from tui.config.schema import Settings
from tui.demo.environment import Demo, start
from tui.operations import audit_log, spawn
from tui.operations.journal import Journal
from tui.operations.model import OperationState
from tui.operations.status import lives
from tui.paths import default_journal_path


@pytest.fixture(scope="module")
def running() -> Iterator[Demo]:
    demo = start("--speed", "60")
    try:
        yield demo
    finally:
        demo.stop()


class Seat(Stage):
    """A machine evac runs on: an instance of the sample fleet, of production."""

    def __init__(self, demo: Demo, folder: Path, region: str, name: str) -> None:
        super().__init__(demo)
        self.journal.close()
        self.root = folder / "root"
        own = {"XDG_STATE_HOME": str(folder / "state"), "EVAC_DEMO_ROOT": str(self.root)}
        self.environ = {**self.environ, **own}
        self.journal = Journal(default_journal_path(self.environ))
        self.own = self.named(region, name)["InstanceId"]
        nitro(self.root, self.own)

    def client(self, region: str) -> Any:
        import boto3

        return boto3.client(
            "ec2", region_name=region, endpoint_url=self.demo.url,
            aws_access_key_id="AKIADEMOPROD00000001", aws_secret_access_key="demo",
        )  # fmt: skip

    def named(self, region: str, name: str) -> dict[str, Any]:
        wanted = [{"Name": "tag:Name", "Values": [name]}]
        found: dict[str, Any] = self.client(region).describe_instances(Filters=wanted)["Reservations"][0][
            "Instances"
        ][0]
        return found

    def audited(self) -> list[dict[str, Any]]:
        lines = audit_log.path_beside(default_journal_path(self.environ)).read_text().splitlines()
        return [json.loads(line) for line in lines]


SEOUL, VIRGINIA = "ap-northeast-2", "us-east-1"


@pytest.fixture
def bastion(running: Demo, tmp_path: Path) -> Iterator[Seat]:
    running.control("reset", method="POST")
    seat = Seat(running, tmp_path, VIRGINIA, "bastion")
    yield seat
    seat.journal.close()


def plan(done: subprocess.CompletedProcess[str]) -> dict[str, list[dict[str, str]]]:
    """The hazards of a plan, by their codes."""
    found: dict[str, list[dict[str, str]]] = {}
    for one in json.loads(done.stdout.splitlines()[0])["hazards"]:
        found.setdefault(one["code"], []).append(one)
    return found


def test_from_the_bastion_the_bastion_is_not_stopped_and_told_how_it_could_be(bastion: Seat) -> None:
    done = bastion.evac("do", "stop-start", "bastion", "--confirm", "bastion", "--override", "path")
    assert done.returncode == 5
    assert "evac runs on this instance" in done.stderr
    assert "from another machine" in done.stderr
    assert (
        f"aws ec2 start-instances --region us-east-1 --instance-ids {bastion.own} --profile prod"
        in done.stderr
    )
    assert bastion.sent() == []
    assert bastion.audited()[-1]["result"].startswith("refused: blocked: evac runs on this instance")


def test_what_is_lifted_is_done_and_written_down(bastion: Seat) -> None:
    done = bastion.evac("do", "stop-start", "bastion", "--confirm", "bastion", "--override", "self", "--wait")
    assert done.returncode == 0, done.stderr
    assert bastion.really_sent() == ["StopInstances", "StartInstances"]
    assert any(one["result"] == "confirmed, overriding self" for one in bastion.audited())


def test_the_ways_out_of_this_machine_are_blocked(running: Demo, tmp_path: Path) -> None:
    """payments-db-2 is in the subnet whose default route leads through nat-1, and asks it for names."""
    running.control("reset", method="POST")
    seat = Seat(running, tmp_path, SEOUL, "payments-db-2")
    address = seat.named(SEOUL, "nat-1")["PrivateIpAddress"]
    put(seat.root, "etc/resolv.conf", f"nameserver {address}\n")
    ways = {"SSH_CONNECTION": f"{address} 50000 10.2.0.9 22", "VAULT_ADDR": "https://no-such-host.invalid"}
    done = seat.evac("do", "stop-start", "nat-1", "--dry-run", "--json", "--override", "self", **ways)
    assert done.returncode == 5
    told = plan(done)
    assert [one["gravity"] for one in told["path"]] == ["block", "block", "danger"]
    texts = " ".join(one["text"] for one in told["path"])
    assert f"its name server (DNS) is at {address}, on this instance" in texts
    assert "this machine's way out (route table rtb-0a1b2c3d4e5f60719) leads through this instance" in texts
    assert f"your way in (SSH) leads through {address}" in texts
    assert "router" not in told
    seat.journal.close()


def test_a_router_of_others_is_a_warning_and_so_is_what_aws_does_to_this_machine(bastion: Seat) -> None:
    bastion.demo.control("events", {"instance": "bastion", "code": "instance-stop", "in": 3600 * 20})
    done = bastion.evac("do", "stop-start", "nat-1", "--dry-run", "--json")
    assert done.returncode == 0
    told = plan(done)
    assert [one["gravity"] for one in told["router"]] == ["warn"]
    assert "instances in 1 subnet) leads through it" in told["router"][0]["text"]
    assert "path" not in told
    (event,) = told["here-event"]
    assert event["gravity"] == "warn"
    assert "is to be stopped by AWS in 19h" in event["text"] or "in 20h" in event["text"]


def test_doctor_says_where_it_is_and_what_this_machine_goes_through(bastion: Seat) -> None:
    address = bastion.named(VIRGINIA, "edge-2")["PrivateIpAddress"]
    put(bastion.root, "etc/resolv.conf", f"nameserver {address}\n")
    done = bastion.evac("doctor", AWS_EXECUTION_ENV="CloudShell")
    lines = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
    told = [(mark, text) for mark, subject, text in lines if subject in ("here", "ways")]
    assert [mark for mark, _ in told][:3] == ["warn", "ok", "fail"]
    texts = [text for _, text in told]
    assert texts[0].startswith("AWS CloudShell")
    assert texts[1] == f"this machine is {bastion.own} (bastion, prod/us-east-1; dmi)"
    assert texts[2].startswith("this machine is to be stopped by AWS in 5d")
    mine = [text for mark, text in told if mark == "warn" and "edge-2" in text]
    assert mine[0].startswith(f"its name server (DNS) at {address} is edge-2 ")
    others = [text for mark, text in told if mark == "warn" and address in text and "edge-2" not in text]
    assert all(" may be " in text for text in others)  # the same address in another account's network
    assert texts[-1].startswith("what can't be seen from here")


def test_denied_routes_are_not_known(bastion: Seat) -> None:
    denied = {"error": "UnauthorizedOperation", "message": "no"}
    bastion.demo.control("faults", [{"match": {"operation": "DescribeRouteTables"}, "then": denied}])
    done = bastion.evac("do", "stop-start", "nat-1", "--dry-run", "--json")
    assert done.returncode == 0
    assert plan(done)["router"][0]["text"].startswith("don't know which route tables lead through it")


def test_hands_on_a_machine_that_is_being_stopped_begin_nothing(bastion: Seat) -> None:
    bastion.client(VIRGINIA).stop_instances(InstanceIds=[bastion.own])
    bastion.demo.control("calls", method="DELETE")
    done = bastion.evac("do", "stop-start", "edge-1", "--confirm", "edge-1", "--wait")
    assert done.returncode in (1, 5)
    assert bastion.really_sent() == []
    assert "the machine evac runs on" in done.stderr


def test_hands_that_are_told_to_end_start_what_has_stopped(bastion: Seat) -> None:
    """As systemd does at a shutdown: SIGTERM. The instance is stopped by then, and AWS has refused the start once."""
    none = {"error": "InsufficientInstanceCapacity", "message": "none"}
    rule = {"match": {"operation": "StartInstances"}, "then": none, "dry": False, "times": 1}
    bastion.demo.control("faults", [rule])
    done = bastion.evac("do", "stop-start", "edge-1", "--confirm", "edge-1")
    assert done.returncode == 0, done.stderr
    one = bastion.wait(bastion.newest().id, lambda found: "STOPPED" in found.note)
    process = int(one.runner.split(":")[1])
    os.kill(process, signal.SIGSTOP)
    time.sleep(6)  # the pause after a refusal is over
    os.kill(process, signal.SIGTERM)
    os.kill(process, signal.SIGCONT)
    deadline = time.monotonic() + LIMIT
    while lives(process, one.id) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not lives(process, one.id)
    assert bastion.really_sent() == ["StopInstances", "StartInstances", "StartInstances"]
    bastion.evac("ops", "resume", one.id)
    assert bastion.wait(one.id, lambda found: not found.is_open).state is OperationState.SUCCEEDED


def test_an_order_of_a_console_that_did_not_know_is_refused_by_the_hands(bastion: Seat) -> None:
    """Its plan has no override; the hands look again where they run, and ask AWS for nothing."""
    blank = {**bastion.environ, "EVAC_DEMO_ROOT": "/nonexistent"}
    command = [sys.executable, "-P", "-c", _PLANNED, "bastion"]
    planned = subprocess.run(command, env=blank, capture_output=True, text=True, timeout=LIMIT, check=True)
    bastion.demo.control("calls", method="DELETE")
    ident = planned.stdout.strip()
    spawn.start(ident, "prod", Settings(demo=True), bastion.environ)
    found = bastion.wait(ident, lambda one: not one.is_open)
    assert found.state is OperationState.FAILED
    assert found.note.startswith("evac runs on this instance")
    assert bastion.demo.control("calls") == []


_PLANNED = """
import sys
from datetime import UTC, datetime
from tui.cli.fleet_reader import find_instance
from tui.cli.session import Shared, open_session
from tui.domain.actions import ActionOptions
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.operations.journal import Journal
from tui.paths import default_journal_path
with open_session(Shared()) as session:
    found = find_instance(session, sys.argv[1], 60)
    journal = Journal(default_journal_path(session.environ))
    now = datetime.now(UTC)
    ident = journal.create(draft("stop-start", found.instance, found.facts, ActionOptions(), Policy(), now), now)
    assert journal.confirm(ident, now)
print(ident)
"""
