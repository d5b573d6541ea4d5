"""The scripted failures: ways to fail, each one world. What CloudWatch shows, the console says and CloudTrail has fit together.

Sources of what is seen: EBS guide, ebs-fis-pause-io (a paused volume: stalled after a minute, its queue not empty), user guide,
burstable-credits-baseline-concepts, TroubleshootingInstances and FilesystemCheck (a check of file systems takes long),
instance types' change (compatible device names and drivers); agent guide, CloudWatch-Agent-Configuration-File-Details (`host`).
"""

from __future__ import annotations

from tui.demo.failure import Changed, Curve, Failure, becomes, between, ramp, then

GONE = becomes(None)
_NO_NETWORK: dict[str, Curve] = dict.fromkeys(
    ("NetworkIn", "NetworkOut", "NetworkPacketsIn", "NetworkPacketsOut"), becomes(0.0)
)
_NO_VOLUMES: dict[str, Curve] = {
    **dict.fromkeys(("VolumeReadOps", "VolumeWriteOps", "VolumeReadBytes", "VolumeWriteBytes"), becomes(0.0)),
    **dict.fromkeys(("VolumeTotalReadTime", "VolumeTotalWriteTime", "VolumeQueueLength"), becomes(0.0)),
}
_STALLS: dict[str, Curve] = {
    **_NO_VOLUMES,
    "VolumeStalledIOCheck": becomes(1.0, -1), "VolumeQueueLength": becomes(36.0, -2), "VolumeIdleTime": becomes(0.0, -2),
    "VolumeReadOps": becomes(0.0, -2), "VolumeWriteOps": becomes(0.0, -2),
}  # fmt: skip
_NO_EBS: dict[str, Curve] = dict.fromkeys(
    ("EBSReadOps", "EBSWriteOps", "EBSReadBytes", "EBSWriteBytes"), becomes(0.0)
)
_HANGS: dict[str, Curve] = {
    **_NO_NETWORK,
    **_NO_VOLUMES,
    **_NO_EBS,
    "CPUUtilization": becomes(0.1),
    "*agent": GONE,
}
"""A system that does nothing any more."""
_UNKNOWN_TO_THE_NETWORK: dict[str, Curve] = {**_NO_NETWORK, "*agent": GONE}
_ME = {"items": [{"instanceId": "{instance}"}]}
_RULE = {
    "items": [
        {
            "ipProtocol": "tcp",
            "fromPort": 5432,
            "toPort": 5432,
            "ipRanges": {"items": [{"cidrIp": "10.8.0.0/16"}]},
        }
    ]
}
_STOPPED = {"instancesSet": _ME, "force": False}


def _restart(before: float, *between_them: Changed, user: str = "kim") -> tuple[Changed, ...]:
    """A stop and a start by somebody, so many minutes before the failure, and what was done between."""
    return (
        Changed(before + 6, "StopInstances", _STOPPED, user),
        *between_them,
        Changed(before, "StartInstances", {"instancesSet": _ME}, user),
    )


def _type(minutes: float, kind: str, user: str = "kim") -> Changed:
    return Changed(
        minutes,
        "ModifyInstanceAttribute",
        {"instanceId": "{instance}", "instanceType": {"value": kind}},
        user,
    )


_ALL = (
    Failure(
        "oom", ("oom",), "oom",
        curves={**_NO_NETWORK, "CPUUtilization": ramp(35, 98), "mem_used_percent": then(ramp(90, 99.2), GONE), "*agent": GONE},
        changed=(Changed(3 * 1440, "CreateTags", {"resourcesSet": {"items": [{"resourceId": "{instance}"}]},
                                                  "tagSet": {"items": [{"key": "release", "value": "412"}]}}, "deploy"),
                 Changed(5 * 1440, "AuthorizeSecurityGroupIngress", {"groupId": "{group}", "ipPermissions": _RULE})),
    ),
    Failure(
        "volume-stall", ("volume-stalled",), "volume-stall", "attached_ebs", volumes=(1,), minutes=14,
        curves=_STALLS,
        changed=(Changed(2 * 1440, "ModifyVolume", {"ModifyVolumeRequest": {"VolumeId": "{volume}", "Iops": 6000}}),),
    ),
    Failure(
        "credits-out", ("credits-out",), "ubuntu", kind="t3.medium", minutes=26,
        curves={"CPUCreditBalance": ramp(150, 0.0), "CPUUtilization": then(ramp(150, 72), becomes(20.0)),
                "CPUCreditUsage": ramp(150, 2.0)},
    ),
    Failure("hung", ("hung",), "ubuntu", curves=_HANGS, agent="custom", minutes=24),
    Failure("net-gone", ("ena-admin",), "net-gone", curves=_UNKNOWN_TO_THE_NETWORK, minutes=18),
    Failure("net-lost", ("network-gone",), "al2023", curves=_UNKNOWN_TO_THE_NETWORK, minutes=22),
    Failure(
        "came-up", ("came-up",), "came-up", minutes=16, rebooted=3,
        curves={"NetworkIn": becomes(9000.0), "NetworkOut": becomes(700.0), "CPUUtilization": becomes(4.0), "*agent": GONE},
        changed=(Changed(3, "RebootInstances", {"instancesSet": _ME}),),
    ),
    Failure(
        "disk-full", ("disk-full",), "disk-full", stubborn=True, minutes=19,
        curves={**_NO_NETWORK, "disk_used_percent": then(ramp(900, 100.0), GONE), "*agent": GONE, "CPUUtilization": becomes(5.0)},
    ),
    Failure(
        "kernel-panic", ("oops", "panic"), "kernel-panic", minutes=12,
        curves={**_NO_NETWORK, **_NO_VOLUMES, "CPUUtilization": becomes(50.0), "*agent": GONE},
    ),
    Failure(
        "fsck-running", ("fsck-running",), "fsck-running", volumes=(1,), minutes=6, restarted=3, changed=_restart(3),
        curves={"VolumeReadOps": becomes(90_000.0, -2), "VolumeReadBytes": becomes(4.4e9, -2),
                "CPUUtilization": becomes(14.0, -2), **dict.fromkeys(_NO_NETWORK, becomes(0.0, -2)), "*agent": becomes(None, -3)},
    ),
    Failure(
        "orderly", ("orderly", "stopped-by"), "orderly", None, stopped=True, minutes=47,
        changed=(Changed(0.6, "StopInstances", _STOPPED),),
    ),
    Failure("halted", ("orderly",), "halted", curves=_HANGS, minutes=21),
    Failure(
        "memory-halved", ("oom", "type-smaller"), "memory-halved", kind="m6i.large", restarted=118, minutes=9,
        curves={**_NO_NETWORK, "CPUUtilization": ramp(30, 97), "mem_used_percent": then(ramp(112, 99.4), GONE), "*agent": GONE},
        changed=(_type(40 * 1440, "m6i.xlarge", "deploy"), *_restart(118, _type(121, "m6i.large"))),
    ),
    Failure(
        "mount-failed", ("mount-failed",), "emergency", restarted=5, stubborn=True, minutes=17,
        curves={**dict.fromkeys(_HANGS, becomes(0.0, -3)), "CPUUtilization": becomes(0.4, -3), "*agent": becomes(None, -5)},
        changed=(Changed(95, "DetachVolume", {"volumeId": "vol-0c1d2e3f4a5b6c7d8", "instanceId": "{instance}",
                                              "device": "/dev/sdg", "force": False}), *_restart(5)),
    ),
    Failure(
        "nvme-timeout", ("nvme-timeout",), "nvme-timeout", volumes=(1,), minutes=13,
        curves={**_NO_VOLUMES, "VolumeStalledIOCheck": between(-2, 0, 1.0), "VolumeReadOps": becomes(0.0, -2),
                "VolumeWriteOps": becomes(0.0, -2), "CPUUtilization": becomes(3.0), "*agent": GONE},
    ),
    Failure(
        "win-bugcheck", ("win-bugcheck",), "win-bugcheck", kind="m6i.large", minutes=23, curves=_HANGS,
        document={"Platform": "windows", "PlatformDetails": "Windows"},
    ),
    Failure(
        "win-low-memory", ("win-low-memory",), "win-low-memory", kind="m6i.large", minutes=20,
        curves={"Memory % Committed Bytes In Use": ramp(100, 99.6), "Paging File % Usage": ramp(60, 100.0),
                "CPUUtilization": ramp(20, 91.0)},
        document={"Platform": "windows", "PlatformDetails": "Windows"},
    ),
    Failure(
        "agent-host-dimension", ("memory-full",), "al2023", agent="host", minutes=12,
        curves={"mem_used_percent": ramp(80, 99.5), "swap_used_percent": ramp(50, 100.0), "CPUUtilization": ramp(30, 64.0)},
    ),
    Failure(
        "agent-absent", ("soft-lockup",), "soft-lockup", agent="absent", minutes=11,
        curves={**_NO_NETWORK, "CPUUtilization": becomes(52.0)},
    ),
    Failure(
        "flapping", ("flapping",), "ubuntu", minutes=7, spells=((171, 160), (129, 121), (92, 84), (51, 40)),
        curves={"CPUUtilization": becomes(31.0)},
    ),
    Failure(
        "burst-out", ("burst-out",), "al2023", volumes=(1,), minutes=15, document={"_volume": "gp2"},
        curves={"BurstBalance": ramp(100, 0.0), "VolumeReadOps": ramp(100, 18_000.0), "VolumeQueueLength": ramp(20, 31.0),
                "VolumeTotalReadTime": ramp(20, 1900.0), "VolumeIdleTime": becomes(0.0, -10)},
    ),
    Failure(
        "busy", ("cpu-full",), "ubuntu", "performance", minutes=50,
        curves={"CPUUtilization": then(ramp(20, 99.6), becomes(99.6)), "NetworkOut": ramp(30, 6e7)},
    ),
    Failure(
        "overload", ("memory-full",), "al2023", "application", minutes=4,
        curves={"mem_used_percent": ramp(60, 97.5), "CPUUtilization": ramp(30, 71.0),
                "netstat_tcp_established": ramp(30, 2400.0)},
    ),
    Failure("host", ("host",), "al2023", "system", curves=_UNKNOWN_TO_THE_NETWORK, minutes=6),
    Failure(
        "host-and-volumes", ("host",), "ubuntu", "system", also=("attached_ebs",), volumes=(0, 1), minutes=120,
        curves={**_UNKNOWN_TO_THE_NETWORK, **_STALLS},
    ),
    Failure(
        "initramfs", ("initramfs",), "initramfs", kind="m5.large", restarted=4, stubborn=True, minutes=19,
        curves={**_HANGS, "*agent": becomes(None, -4)},
        changed=(_type(30 * 1440, "m4.large", "deploy"), *_restart(4, _type(7, "m5.large"))),
    ),
    Failure(
        "grub", ("grub",), "grub", restarted=4, stubborn=True, minutes=25, curves={**_HANGS, "*agent": becomes(None, -4)},
        changed=_restart(4),
    ),
    Failure(
        "dhcp", ("dhcp",), "dhcp", kind="t2.medium", restarted=5, minutes=27,
        curves={**_UNKNOWN_TO_THE_NETWORK, "*agent": becomes(None, -5)}, changed=_restart(5, user="deploy"),
    ),
)  # fmt: skip
FAILURES = {one.name: one for one in _ALL}
"""By name. `right` of each: the key of the finding that should stand first (the first one, or one of them)."""
