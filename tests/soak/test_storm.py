"""The storm, short: seeded, in a real terminal. `make soak` is the long one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.soak.storm import Storm, changes, environment, instance_names, storm, unconfirmed
from tui.demo.environment import Demo, start

KEYS = 1_500


@pytest.fixture
def demo() -> Iterator[Demo]:
    running = start("--speed", "60")
    yield running
    running.stop()


def test_in_read_only_mode_no_key_sends_a_change(demo: Demo, tmp_path: Path) -> None:
    result = Storm(environment(demo, tmp_path), "--read-only", cwd=tmp_path).run(
        storm(5, instance_names(demo)), KEYS
    )
    assert result.trouble == []
    assert result.keys >= KEYS
    assert demo.control("calls")  # it did look
    assert changes(demo) == []  # not even a dry run
    assert not (tmp_path / "state" / "evac" / "runner.log").exists()


def test_otherwise_every_change_is_one_that_was_confirmed(demo: Demo, tmp_path: Path) -> None:
    result = Storm(environment(demo, tmp_path), size=(120, 40), cwd=tmp_path).run(
        storm(6, instance_names(demo)), KEYS
    )
    assert result.trouble == []
    journal = tmp_path / "state" / "evac" / "journal.sqlite3"
    assert unconfirmed(demo, journal)[0] == []


def test_the_comparison_sees_a_change_nobody_confirmed(demo: Demo, tmp_path: Path) -> None:
    import boto3

    client = boto3.client(
        "ec2", region_name="ap-northeast-2", endpoint_url=demo.url, aws_access_key_id="AKIADEMOPROD00000001",
        aws_secret_access_key="demo",
    )  # fmt: skip
    found = client.describe_instances(Filters=[{"Name": "tag:Name", "Values": ["cache-1"]}])
    instance = found["Reservations"][0]["Instances"][0]["InstanceId"]
    client.stop_instances(InstanceIds=[instance])
    missing, counted = unconfirmed(demo, tmp_path / "none.sqlite3")
    assert counted == 1
    assert missing == [f"('StopInstances', '{instance}', False): 1"]
