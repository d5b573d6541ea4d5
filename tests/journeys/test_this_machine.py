"""An on-call on a bastion that is in its own list: what she sees of it first, and what she is kept from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.journeys.console_user import Shift, awaited, evac, sent, told_at
from tests.unit.machines import nitro, put
from tui.demo.environment import Demo
from tui.operations.model import OperationState


def seated(
    demo: Demo, env: dict[str, str], folder: Path, region: str, name: str
) -> tuple[dict[str, str], str]:
    """The environment of a shell on that instance of production, and its id."""
    import boto3

    client = boto3.client(
        "ec2", region_name=region, endpoint_url=demo.url,
        aws_access_key_id="AKIADEMOPROD00000001", aws_secret_access_key="demo",
    )  # fmt: skip
    wanted: Any = [{"Name": "tag:Name", "Values": [name]}]
    found = client.describe_instances(Filters=wanted)["Reservations"][0]["Instances"][0]
    root = folder / "root"
    nitro(root, found["InstanceId"])
    put(root, "etc/resolv.conf", "nameserver 169.254.169.253\n")
    return {**env, "EVAC_DEMO_ROOT": str(root)}, str(found["InstanceId"])


@pytest.mark.parametrize("size", told_at((80, 24)))
def test_she_tries_to_stop_the_bastion_she_sits_on(
    demo: Demo, env: dict[str, str], tmp_path: Path, size: tuple[int, int]
) -> None:
    here, own = seated(demo, env, tmp_path, "us-east-1", "bastion")
    with Shift(environ=here, size=size) as one:
        one.begin()
        one.until("this machine (bastion) is to be stopped by AWS in 5d")
        one.find("bastion")
        one.until(lambda shown: " here" in shown.line("› ") or "(this machine)" in shown.line("› "))
        one.keys("s")
        one.until("evac runs on this instance")
        assert f"--instance-ids {own}" in " ".join(one.text.replace("┃", " ").split())
        one.keys("tab", "tab")
        one.until("[ ] override self")
        one.keys("escape")
        one.fleet()
        one.find("bastion")
        one.keys("s")
        one.until("evac runs on this instance")
        one.keys("bastion", "enter", "y")  # whatever she types, nothing is asked
        assert sent(demo, own) == []
        one.fleet()
        # the same order from another machine, where evac is an instance's guest no more
        there = {
            **here,
            "EVAC_DEMO_ROOT": str(tmp_path / "elsewhere"),
            "XDG_STATE_HOME": str(tmp_path / "other"),
        }
        done = evac(there, "do", "stop-start", "bastion", "--confirm", "bastion", "--wait")
        assert done.returncode == 0, done.stderr
        assert sent(demo, own) == ["StopInstances", "StartInstances"]


def test_she_says_that_she_means_it_and_the_override_is_one_of_its_own(
    demo: Demo, env: dict[str, str], tmp_path: Path
) -> None:
    here, own = seated(demo, env, tmp_path, "us-east-1", "bastion")
    with Shift(environ=here, size=(120, 35)) as one:
        one.begin()
        one.find("bastion")
        one.keys("s")
        one.until("[ ] override self")
        one.keys("tab")
        one.until("override self")
        one.keys("tab", "space")
        one.until("[x] override self")
        one.until("Type ")
        one.keys("escape")
        one.fleet()
    assert sent(demo, own) == []


def test_she_tries_to_stop_the_router_of_her_own_subnet(
    demo: Demo, env: dict[str, str], tmp_path: Path
) -> None:
    here, _ = seated(demo, env, tmp_path, "ap-northeast-2", "payments-db-2")
    with Shift(environ=here, size=(120, 35)) as one:
        one.begin()
        one.find("nat-1")
        one.keys("s")
        one.until("this machine's way out (route table rtb-0a1b2c3d4e5f60719)")
        one.until("[ ] override path")
        one.fleet()
        # what is no way of hers is done as always
        one.ask("b", "cache-1")
        one.agree("cache-1")
        awaited(here, lambda found: found.state is OperationState.SUCCEEDED, one.read)
    assert [one for one in sent(demo) if not one.startswith("List")] == ["RebootInstances"]
