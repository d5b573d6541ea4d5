"""The AWS CLI, with a botocore of its own choosing, as a client of the embedded AWS: what it understands is AWS enough."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tui.demo.environment import Demo, start

REGION = "ap-northeast-2"
Cli = Callable[..., Any]


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    running = start("--speed", "200")
    yield running
    running.stop()


@pytest.fixture
def aws(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """`aws ARGUMENTS` → its JSON; a refusal → the line it prints."""

    home = str(tmp_path_factory.getbasetemp())

    def run(*arguments: str, profile: str = "prod", region: str = REGION) -> Any:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "awscli",
                *arguments,
                "--profile",
                profile,
                "--region",
                region,
                "--output",
                "json",
            ],
            env={**demo.apply(dict(os.environ)), "HOME": home, "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode:
            return done.stderr.strip()
        return json.loads(done.stdout) if done.stdout.strip() else {}

    return run


def find(aws: Cli, name: str) -> Any:
    answer = aws("ec2", "describe-instances", "--filters", f"Name=tag:Name,Values={name}")
    return answer["Reservations"][0]["Instances"][0]


def test_it_sees_events_and_moves_one(aws: Cli) -> None:
    instance = find(aws, "ledger-1")["InstanceId"]
    events = aws("ec2", "describe-instance-status", "--instance-ids", instance)["InstanceStatuses"][0][
        "Events"
    ]
    movable = next(event for event in events if "NotBeforeDeadline" in event)
    event = movable["InstanceEventId"]
    late = aws(
        "ec2", "modify-instance-event-start-time", "--instance-id", instance, "--instance-event-id", event,
        "--not-before", "2099-01-01T00:00:00Z",
    )  # fmt: skip
    assert "An error occurred" in late
    moved = aws(
        "ec2", "modify-instance-event-start-time", "--instance-id", instance, "--instance-event-id", event,
        "--not-before", movable["NotBeforeDeadline"],
    )  # fmt: skip
    assert moved["Event"]["NotBefore"][:16] == movable["NotBeforeDeadline"][:16]


def test_it_filters_pages_and_waits(aws: Cli) -> None:
    answer = aws(
        "ec2",
        "describe-instance-status",
        "--filters",
        "Name=event.code,Values=instance-stop",
        "--page-size",
        "2",
    )
    assert len(answer["InstanceStatuses"]) > 2
    assert all(one["Events"] for one in answer["InstanceStatuses"])


def test_it_stops_waits_and_starts(aws: Cli) -> None:
    instance = find(aws, "search-1")["InstanceId"]
    stopping = aws("ec2", "stop-instances", "--instance-ids", instance)["StoppingInstances"][0]
    assert stopping["CurrentState"]["Name"] == "stopping"
    assert aws("ec2", "wait", "instance-stopped", "--instance-ids", instance) == {}
    assert (
        aws("ec2", "start-instances", "--instance-ids", instance)["StartingInstances"][0]["CurrentState"][
            "Name"
        ]
        == "pending"
    )
    assert aws("ec2", "wait", "instance-status-ok", "--instance-ids", instance) == {}


def test_it_assumes_a_role_into_another_account(aws: Cli, demo: Demo) -> None:
    assert aws("sts", "get-caller-identity", profile="analytics")["Account"] == "222233334444"
    demo.control("reset", {})  # another demonstration, while the CLI keeps the role's keys in its cache
    assert aws("sts", "get-caller-identity", profile="analytics")["Account"] == "222233334444"


@pytest.mark.parametrize(
    ("profile", "arguments", "code"),
    [
        ("legacy", ("ec2", "describe-instances"), "RequestExpired"),
        (
            "prod-audit",
            ("ec2", "stop-instances", "--instance-ids", "i-00000000000000000"),
            "UnauthorizedOperation",
        ),
        ("prod", ("ec2", "stop-instances", "--dry-run", "--instance-ids", "PLACE"), "DryRunOperation"),
        (
            "prod",
            ("ec2", "describe-instances", "--instance-ids", "i-0123456789abcdef0"),
            "InvalidInstanceID.NotFound",
        ),
    ],
)
def test_it_is_refused_as_aws_refuses(aws: Cli, profile: str, arguments: tuple[str, ...], code: str) -> None:
    if "PLACE" in arguments:
        instance = find(aws, "web-3")["InstanceId"]
        arguments = tuple(instance if part == "PLACE" else part for part in arguments)
    assert code in aws(*arguments, profile=profile)
