"""What DescribeInstanceTypes says of the types of the sample fleet: the fields the console reads, figures as AWS lists them."""

from __future__ import annotations

from typing import Any

STORE_GB = {
    "i3.2xlarge": 1900, "i3.large": 475, "i4i.large": 468, "m5d.large": 75, "c5d.xlarge": 100, "r5d.large": 75,
    "m3.medium": 4, "d2.xlarge": 6144, "i3.metal": 15200,
}  # fmt: skip
STORE_AND_RECOVERY = ("m3.", "c3.", "r3.", "x1.", "x1e.", "x2idn.", "x2iedn.")
"""Types with instance store that an alarm can recover all the same, without their data (user guide, cloudwatch-recovery)."""
XEN = ("m3.", "t2.", "m4.", "c4.", "r4.", "d2.", "c3.", "r3.", "i2.", "m1.")


def is_xen(name: str) -> bool:
    """Whether the type runs on Xen."""
    return name.startswith(XEN)


def type_info(name: str) -> dict[str, Any]:
    """InstanceTypeInfo of one type."""
    store, xen, metal = STORE_GB.get(name), is_xen(name), name.endswith(".metal")
    info: dict[str, Any] = {
        "InstanceType": name,
        "CurrentGeneration": not xen,
        "BareMetal": metal,
        "InstanceStorageSupported": store is not None,
        "AutoRecoverySupported": not metal and (store is None or name.startswith(STORE_AND_RECOVERY)),
        "RebootMigrationSupport": "unsupported" if xen or metal or store else "supported",
    }
    if not metal:
        info["Hypervisor"] = "xen" if xen else "nitro"
    if store:
        info["InstanceStorageInfo"] = {
            "TotalSizeInGB": store,
            "Disks": [{"SizeInGB": store, "Count": 1, "Type": "hdd" if name.startswith("d2") else "ssd"}],
            "NvmeSupport": "unsupported" if xen else "required",
        }
    return info
