"""Two clouds to ask the same questions of: our embedded AWS, and an unmodified moto server as the second opinion."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from typing import Any, Literal

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader

from tui.demo import environment

REGION = "us-west-2"
KEY = "AKIADEMOPROD00000001"
QUICK = Config(retries={"total_max_attempts": 1}, read_timeout=120, connect_timeout=60)
Service = Literal[
    "ec2", "sts", "autoscaling", "elb", "elbv2", "cloudwatch", "cloudtrail", "dlm", "backup", "health"
]


_MODELS = Loader()


def session(region: str, **keys: str) -> boto3.Session:
    """As boto3's own, but AWS's models are read once for all: EC2's takes a tenth of a second each time."""
    core = botocore.session.Session()
    core.register_component("data_loader", _MODELS)
    return boto3.Session(region_name=region, botocore_session=core, **keys)


@dataclass
class Cloud:
    """One of the two."""

    name: str
    url: str
    demo: environment.Demo | None = None
    process: subprocess.Popen[bytes] | None = None
    clients: dict[tuple[str, str, str], Any] = field(default_factory=dict)

    def client(self, service: Service, region: str = REGION, key: str = KEY) -> Any:
        """A client without retries, kept for the whole run."""
        at = (service, region, key)
        if at not in self.clients:
            self.clients[at] = session(region, aws_access_key_id=key, aws_secret_access_key="secret").client(
                service, endpoint_url=self.url, config=QUICK
            )
        return self.clients[at]

    @property
    def ec2(self) -> Any:
        """EC2 in the usual region."""
        return self.client("ec2")

    def image(self) -> str:
        """An AMI to launch from; moto wants one that exists, ours takes any."""
        if self.demo is not None:
            return "ami-0a1b2c3d4e5f60718"
        images = self.ec2.describe_images(Owners=["self"])["Images"]
        if images:
            return str(images[0]["ImageId"])
        return str(self.ec2.register_image(Name="base", RootDeviceName="/dev/sda1")["ImageId"])

    def launch(self, count: int = 1, *, running: bool = True, **more: Any) -> list[str]:
        """New instances, running unless told otherwise."""
        answer = self.ec2.run_instances(ImageId=self.image(), MinCount=count, MaxCount=count, **more)
        if running:
            self.wait(120)
        return [one["InstanceId"] for one in answer["Instances"]]

    def wait(self, seconds: float) -> None:
        """Let AWS's time pass: ours jumps, moto changes at once anyway."""
        if self.demo is not None:
            self.demo.control("advance", {"seconds": seconds})

    def instance(self, instance_id: str) -> Any:
        """Its document."""
        found = self.ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
        return found[0]["Instances"][0]

    def state(self, instance_id: str) -> str:
        """The name of its state."""
        return str(self.instance(instance_id)["State"]["Name"])

    def status(self, instance_id: str) -> Any:
        """Its status document, whatever its state."""
        found = self.ec2.describe_instance_status(InstanceIds=[instance_id], IncludeAllInstances=True)
        return found["InstanceStatuses"][0]

    def close(self) -> None:
        """End the server and the connections to it."""
        for client in self.clients.values():
            client.close()
        if self.demo is not None:
            self.demo.stop()
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)


def own() -> Cloud:
    """Ours. Transitions take their documented time; tests jump."""
    demo = environment.start("--lag", "0", "--speed", "1")
    return Cloud("own", demo.url, demo)


def moto() -> Cloud:
    """moto as it is, in a process of its own, without its 1,293 default AMIs."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    env = {**os.environ, "MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(f"{url}/moto-api/data.json", timeout=5):
                return Cloud("moto", url, process=process)
        except OSError:
            if time.monotonic() > deadline or process.poll() is not None:
                process.kill()
                process.wait(10)
                raise
            time.sleep(0.05)
