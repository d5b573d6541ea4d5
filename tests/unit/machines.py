"""Machines as their files tell them: a root folder each, such as `tui.operations.this_machine` reads."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

OWN, OTHER = "i-0b0a1b2c3d4e5f607", "i-0d1a1b2c3d4e5f608"
DMI = "sys/devices/virtual/dmi/id"


def put(root: Path, name: str, text: str | bytes, mode: int = 0o444) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)


def nitro(root: Path, tag: str = OWN) -> None:
    put(root, f"{DMI}/board_vendor", "Amazon EC2\n")
    put(root, f"{DMI}/sys_vendor", "Amazon EC2\n")
    put(root, f"{DMI}/board_asset_tag", f"{tag}\n")


def cloud_init(root: Path, **more: object) -> None:
    v1 = {"cloud_name": "aws", "platform": "ec2", "instance_id": OWN, "region": "us-east-1", **more}
    put(root, "run/cloud-init/instance-data.json", json.dumps({"ds": "redacted", "v1": v1}))


def old_nitro(root: Path) -> None:
    nitro(root, "i-1a2b3c4d")


def xen(root: Path) -> None:
    put(root, "sys/hypervisor/uuid", "ec2e1916-9099-7caf-fd21-012345abcdef\n")
    put(root, f"{DMI}/sys_vendor", "Xen\n")


def xen_little_endian(root: Path) -> None:
    put(root, f"{DMI}/product_uuid", "45E12AEC-DCD1-B213-94ED-01234ABCDEF\n")


def xen_with_cloud_init(root: Path) -> None:
    xen(root)
    cloud_init(root)


def other_vendor(root: Path) -> None:
    nitro(root)
    for name in ("board_vendor", "sys_vendor"):
        (root / DMI / name).unlink()
        put(root, f"{DMI}/{name}", "Dell Inc.\n")


def without_tag(root: Path) -> None:
    nitro(root)
    (root / DMI / "board_asset_tag").unlink()


def unreadable(root: Path) -> None:
    """Root reads all the same, so a folder stands where the file should."""
    without_tag(root)
    (root / DMI / "board_asset_tag").mkdir()


def fifo(root: Path) -> None:
    without_tag(root)
    os.mkfifo(root / DMI / "board_asset_tag")


def container(root: Path) -> None:
    """The host's /sys shows in it, and no /run."""
    nitro(root)


def clone(root: Path) -> None:
    """The disk still holds the original's id, until cloud-init has run."""
    nitro(root, OWN)
    put(root, "var/lib/cloud/data/instance-id", f"{OTHER}\n")


def clone_on_xen(root: Path) -> None:
    xen(root)
    put(root, "var/lib/cloud/data/instance-id", f"{OWN}\n")


def huge(root: Path) -> None:
    nitro(root, OWN + " " * 100_000)
    put(root, "run/cloud-init/instance-data.json", b"[" * 6_000_000)


def deep(root: Path) -> None:
    put(root, "run/cloud-init/instance-data.json", b"[" * 100_000)


def control_characters(root: Path) -> None:
    nitro(root, OWN + "\x1b]0;owned\x07")


def hybrid(root: Path) -> None:
    """Systems Manager's own ids are no instances of EC2."""
    nitro(root, "mi-0b0a1b2c3d4e5f607")


def azure(root: Path) -> None:
    cloud_init(root, cloud_name="azure", platform="azure", instance_id=OWN)


def odd_record(root: Path) -> None:
    put(root, "run/cloud-init/instance-data.json", '{"v1": {"cloud_name": "aws", "instance_id": ["x"]}}')


def nowhere(root: Path) -> None:
    """A laptop."""


def xen_by_its_version(root: Path) -> None:
    """A container's view, or a kernel without the hypervisor's folder."""
    put(root, f"{DMI}/bios_version", "4.11.amazon\n")


def bios(root: Path) -> None:
    """Only the firmware's maker is shown."""
    put(root, f"{DMI}/bios_vendor", "Amazon EC2\n")
    put(root, f"{DMI}/board_asset_tag", f"{OWN}\n")


KNOWN, UNSURE, ELSEWHERE = "known", "unsure", "elsewhere"
MACHINES: dict[str, tuple[Callable[[Path], None], str]] = {
    "nitro": (nitro, KNOWN),
    "cloud-init": (cloud_init, KNOWN),
    "xen with cloud-init": (xen_with_cloud_init, KNOWN),
    "container on nitro": (container, KNOWN),
    "clone": (clone, KNOWN),
    "xen": (xen, UNSURE),
    "xen, little endian": (xen_little_endian, UNSURE),
    "xen, by its version": (xen_by_its_version, UNSURE),
    "nitro, by its firmware": (bios, KNOWN),
    "nitro without its tag": (without_tag, UNSURE),
    "nitro, tag unreadable": (unreadable, UNSURE),
    "nitro, tag is a fifo": (fifo, UNSURE),
    "clone on xen": (clone_on_xen, UNSURE),
    "huge files": (huge, UNSURE),
    "control characters": (control_characters, UNSURE),
    "hybrid": (hybrid, UNSURE),
    "odd record": (odd_record, UNSURE),
    "deep record": (deep, ELSEWHERE),
    "another vendor with such a tag": (other_vendor, ELSEWHERE),
    "another cloud": (azure, ELSEWHERE),
    "laptop": (nowhere, ELSEWHERE),
}
"""Each with what can be known there."""
