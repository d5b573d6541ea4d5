"""`evac backup` as a timer calls it: two machines at the same moment, no terminal, no Redis; and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tui.demo.environment import Demo, start

ROOT = Path(__file__).parents[2]
PLACE = ["--profile", "prod", "--region", "ap-northeast-2"]


class Machines:
    """Two machines, and the AWS that they share."""

    def __init__(self, demo: Demo, folder: Path) -> None:
        self.demo = demo
        config = folder / "config.toml"
        config.write_text('[backup]\ndeprecate = "90d"\n')
        self._words = ["--older-than", "7d", "--jitter", "0", "--json", "--config", str(config), *PLACE]
        self._environs = [
            {**demo.apply(), "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(folder / name)}
            for name in ("one", "two")
        ]

    def begin(self, machine: int, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "tui", "backup", *self._words, *words], env=self._environs[machine],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def told(self, timer: subprocess.Popen[str], code: int) -> list[dict[str, Any]]:
        """Its lines; it ends with that code."""
        out, err = timer.communicate(timeout=240)
        assert timer.returncode == code, out + err
        assert "Traceback" not in err
        return [json.loads(line) for line in out.splitlines()]

    def made(self) -> int:
        calls = self.demo.control("calls")
        return sum(
            one["operation"] == "CreateImage" and bool(one["effect"]) and not one["dry_run"] for one in calls
        )

    def client(self) -> Any:
        import boto3

        return boto3.client(
            "ec2", region_name="ap-northeast-2", endpoint_url=self.demo.url,
            aws_access_key_id="AKIADEMOPROD00000001", aws_secret_access_key="demo",
        )  # fmt: skip


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    demo = start("--speed", "30")
    yield Machines(demo, tmp_path)
    demo.stop()


def test_two_timers_at_once_make_one_ami_each_and_the_next_run_makes_none(machines: Machines) -> None:
    client = machines.client()
    pages = client.describe_instances(Filters=[{"Name": "tag:Name", "Values": ["search-1", "search-2"]}])
    boxes = [one for page in pages["Reservations"] for one in page["Instances"]]
    ids = {
        next(tag["Value"] for tag in one["Tags"] if tag["Key"] == "Name"): one["InstanceId"] for one in boxes
    }
    up_since = {one["InstanceId"]: one["LaunchTime"] for one in boxes}
    first = f"{ids['search-1']} after none evac"
    failed = {"State": "failed", "Name": first}
    machines.demo.control("copy", {"instance": "search-1", "by": "create-image", "hours": 3, "image": failed})
    (ruin,) = client.describe_images(Owners=["self"], Filters=[{"Name": "name", "Values": [first]}])["Images"]

    words = ("--filter", "search-1,search-2", "--at-once", "2", "--yes")
    timers = [machines.begin(machine, *words) for machine in (0, 1)]
    told = [machines.told(timer, 0) for timer in timers]
    assert machines.made() == 2
    ends = {(one["name"], one["result"]) for lines in told for one in lines[:-1]}
    assert {(name, "made") for name in ids} <= ends
    assert {result for _, result in ends} <= {"made", "already", "fresh", "pending"}
    assert [lines[-1]["kind"] for lines in told] == ["summary", "summary"]

    names = {
        ids["search-1"]: f"{ids['search-1']} after {ruin['ImageId']} evac",
        ids["search-2"]: f"{ids['search-2']} after none evac",
    }
    for ident, name in names.items():
        (image,) = client.describe_images(Owners=["self"], Filters=[{"Name": "name", "Values": [name]}])[
            "Images"
        ]
        tags = {one["Key"]: one["Value"] for one in image["Tags"]}
        assert image["State"] == "available"
        assert (tags["evac:source"], len(tags["evac:expires"])) == (ident, 10)
        assert image["DeprecationTime"]
    after = client.describe_instances(InstanceIds=list(ids.values()))["Reservations"]
    assert {one["InstanceId"]: one["LaunchTime"] for page in after for one in page["Instances"]} == up_since
    assert "RebootInstances" not in {one["operation"] for one in machines.demo.control("calls")}

    (summary,) = machines.told(machines.begin(0, *words), 0)
    assert (summary["fresh"], summary["made"]) == (2, 0)
    assert machines.made() == 2


def test_without_a_yes_and_in_read_only_nothing_is_sent(machines: Machines) -> None:
    due, summary = machines.told(machines.begin(0, "--filter", "ledger-1"), 5)
    assert (due["result"], due["image_name"]) == ("due", f"{due['instance_id']} after none evac")
    assert due["why"] == "no AMI of it was found"
    assert (summary["due"], summary["made"]) == (1, 0)
    refused, _ = machines.told(machines.begin(0, "--filter", "ledger-1", "--yes", "--read-only"), 4)
    assert refused["result"] == "read-only"
    machines.told(machines.begin(0, "--older-than", "0d"), 2)
    nobody = machines.begin(0, "--filter", "no-such-machine")
    out, err = nobody.communicate(timeout=240)
    assert "the filter no-such-machine matches none" in err, (
        "a timer whose filter is mistyped copies nothing for ever"
    )
    assert json.loads(out)["due"] == 0
    sent = {one["operation"] for one in machines.demo.control("calls")}
    assert not sent & {"CreateImage", "EnableImageDeprecation", "RebootInstances"}, "not even a dry run"
