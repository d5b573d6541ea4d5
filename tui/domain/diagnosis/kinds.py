"""What the verdict knows of kinds of trouble beyond their words: which one explains which, and which key helps. Tables of data.

Keys are those of causes.toml and of `metric_findings`. A person's own kinds (`[[diagnosis]]`) are in none of them.
"""

from __future__ import annotations

WAITS = frozenset({"fsck-running", "quotacheck", "relabel", "kdump", "win-updates", "win-chkdsk"})
"""It only takes long: waiting helps, and a reboot begins it anew (user guide, TroubleshootingInstances, FilesystemCheck)."""
MEMORY_KINDS = frozenset(
    {"oom", "oom-deadlock", "win-low-memory", "memory-full", "swap-full", "page-allocation", "oomd"}
)
VOLUME_KINDS = frozenset({
    "volume-lost",
    "volume-stalled", "volume-hangs", "volume-slow", "nvme-timeout", "io-error", "win-disk-reset", "hung-task", "drbd",
})  # fmt: skip
NETWORK_KINDS = frozenset({
    "network-gone", "dhcp", "nic-missing", "ena-admin", "link-down", "network-wait", "win-dhcp", "win-network-driver",
})  # fmt: skip
DISK_KINDS = frozenset({"disk-full", "inodes"})
FAMILIES = (MEMORY_KINDS, VOLUME_KINDS, NETWORK_KINDS, DISK_KINDS)
"""Kinds of one matter, out of the log and out of the metrics."""
RESCUE = frozenset({
    "panic-root", "panic-init", "fsck-manual", "emergency", "mount-failed", "mount-general", "initramfs", "modules",
    "kernel-old", "modprobe-loop", "grub", "not-bootable", "secureboot", "selinux", "luks", "lvm-missing", "ignition",
    "win-boot",
})  # fmt: skip
"""The boot stops at the same place again, until something on the volume is mended."""
WELL = frozenset({
    "oom-cgroup", "cloud-init", "sshd", "account-expired", "certificate", "license", "syn-flood", "too-many-files",
    "time-sync", "win-certificate", "win-domain", "win-service",
})  # fmt: skip
"""The machine itself is well: this makes no status check of the system fail."""
TYPE_CHANGE = frozenset({
    "panic-root", "initramfs", "nic-missing", "ena-absent", "mount-failed", "emergency", "not-bootable", "dhcp", "grub",
    "win-network-driver", "win-boot",
})  # fmt: skip
"""What a change of type brings about: other names of disks and cards, other drivers."""

_IDLE = frozenset({"hung", "network-gone", "came-up", "flapping", "network-wait", "unit-failed"})
_BUSY = frozenset({"cpu-full", "soft-lockup", "hung-task", "segfault", "console-flood"})
_FILES = frozenset(
    {"ext4-error", "xfs-corrupt", "btrfs-error", "ro-remount", "read-only-writes", "emergency"}
)
_UP = frozenset({"dhcp", "imds", "cloud-init", "sshd"})
_KERNEL = frozenset({"panic", "oops", "win-bugcheck", "win-unexpected-shutdown", "kdump"})
_OUT = _IDLE | _BUSY | _KERNEL | MEMORY_KINDS | {"win-service"}
EXPLAINS: dict[str, frozenset[str]] = {
    "host": _IDLE | _BUSY,
    "oom": _OUT,
    "oom-deadlock": _OUT - {"oom"},
    "win-low-memory": _OUT,
    "memory-full": _OUT - {"oom", "oom-deadlock", "win-low-memory"},
    "volume-stalled": _IDLE | _BUSY | _FILES | VOLUME_KINDS | {"panic"},
    "volume-hangs": _IDLE | _BUSY | VOLUME_KINDS,
    "nvme-timeout": _IDLE | _BUSY | _FILES | {"io-error", "panic"},
    "io-error": _IDLE | _BUSY | _FILES | {"panic", "fsck-manual"},
    "win-disk-reset": _IDLE | _BUSY | _KERNEL,
    "ext4-error": _IDLE | {"ro-remount", "read-only-writes", "emergency", "panic"},
    "xfs-corrupt": _IDLE | {"ro-remount", "read-only-writes", "emergency", "io-error"},
    "btrfs-error": _IDLE | {"ro-remount", "read-only-writes", "emergency"},
    "fsck-manual": _IDLE | {"emergency", "mount-failed", "mount-general"},
    "lvm-missing": _IDLE | {"emergency", "mount-failed", "mount-general", "initramfs"},
    "luks": _IDLE | {"emergency", "mount-failed", "mount-general", "initramfs"},
    "mount-failed": _IDLE | {"emergency", "mount-general"},
    "mount-general": _IDLE | {"emergency"},
    "modules": _IDLE | {"initramfs", "panic-root", "panic", "emergency"},
    "initramfs": _IDLE | {"emergency", "panic-root", "panic-init", "panic", "mount-failed"},
    "panic-root": _IDLE | {"panic", "initramfs"},
    "panic-init": _IDLE | {"panic"},
    "selinux": _IDLE | {"panic", "panic-init"},
    "mce": _IDLE | _BUSY | {"panic", "oops"},
    "oops": _IDLE | _BUSY | {"panic", "kdump"},
    "panic": _IDLE | _BUSY | {"kdump"},
    "win-bugcheck": _IDLE | {"win-unexpected-shutdown", "win-service"},
    "nic-missing": _IDLE | _UP,
    "ena-admin": _IDLE | _UP | {"link-down"},
    "dhcp": _IDLE | {"imds", "cloud-init", "sshd"},
    "win-dhcp": _IDLE | {"win-service"},
    "win-network-driver": _IDLE | {"win-dhcp", "win-service"},
    "disk-full": _IDLE | {"cloud-init", "sshd", "inodes"},
    "credits-out": _IDLE | _BUSY,
    "cpu-full": (_IDLE | _BUSY) - {"hung", "network-gone"},
    "hung": frozenset({"network-gone", "flapping", "came-up"}),
    "hung-task": frozenset({"flapping", "came-up"}),
    "nfs-server": _IDLE | {"hung-task"},
    "soft-lockup": _IDLE | {"hung-task"},
    "init-freeze": _IDLE | {"segfault"},
    "ena-absent": _IDLE | _UP | {"nic-missing"},
    "network-wait": frozenset({"hung", "network-gone", "came-up", "flapping", "imds", "cloud-init"}),
    **dict.fromkeys(
        ("duplicate-address", "conntrack", "neighbour-table"),
        frozenset({"network-gone", "came-up", "flapping"}),
    ),
    "network-gone": frozenset({"flapping", "came-up", "imds", "network-wait", "unit-failed"}),
    "burst-out": frozenset({"volume-slow", "hung-task", "flapping", "came-up", "volume-limit"}),
    "ebs-limit": frozenset({"volume-slow", "hung-task", "flapping", "came-up", "volume-limit"}),
    "orderly": _IDLE | _BUSY,
    "flapping": frozenset({"came-up"}),
    **dict.fromkeys(
        (
            "emergency",
            "kernel-old",
            "modprobe-loop",
            "grub",
            "not-bootable",
            "secureboot",
            "ignition",
            "win-boot",
        ),
        _IDLE,
    ),
    "starting": _IDLE | {"cpu-full", "changed"},
    "booting-after-move": _IDLE | {"cpu-full", "changed", "win-unexpected-shutdown"},
    "moved-by-aws": frozenset({"flapping", "win-unexpected-shutdown"}),
    "recovery-failed": _IDLE | _BUSY,
    "volume-lost": _IDLE | _BUSY | _FILES | VOLUME_KINDS,
    **dict.fromkeys(WAITS, _IDLE | {"starting"} | {"cpu-full", "panic", "oops"}),
}
"""What each kind brings about: the lines of its consequences stand below it, whichever of them is the latest."""

_VOLUME = ("stop-start", "if waiting does not help; a reboot is no remedy for a volume")
_BUYS_TIME = (
    "reboot",
    "it only buys time: it comes back with the same memory. More memory, or a limit, is the cure",
)
_RESCUE = ("none", "a reboot stops at the same place: its root volume has to be mended on another instance")
_NETWORK = (
    "reboot",
    "it often gets its address again; if not, look at the network interface and the DHCP options",
)
_HOST = ("stop-start", "it moves to another host, in most cases")
_LIMIT = ("none", "a reboot lifts no limit: less work, or a larger one, is the cure")
ADVICE: dict[str, tuple[str, str]] = {
    **dict.fromkeys(WAITS, ("wait", "it only takes long, and a reboot begins it anew")),
    **dict.fromkeys((*RESCUE, "nic-missing", "ena-absent", "win-network-driver"), _RESCUE),
    **dict.fromkeys(("oom", "oom-deadlock", "win-low-memory", "memory-full"), _BUYS_TIME),
    **dict.fromkeys(("volume-stalled", "volume-hangs", "nvme-timeout", "io-error", "win-disk-reset"), _VOLUME),
    **dict.fromkeys(("mce", "xenbus", "ena-admin"), _HOST),
    "nfs-server": ("none", "a reboot brings its server back no sooner: look at that, at security groups and routes"),
    **dict.fromkeys(("dhcp", "win-dhcp", "network-gone"), _NETWORK),
    **dict.fromkeys(("burst-out", "ebs-limit", "volume-limit"), _LIMIT),
    **dict.fromkeys(
        ("panic", "oops", "win-bugcheck"),
        ("reboot", "only that brings it back; keep the text of the console (x), it says why"),
    ),
    **dict.fromkeys(
        ("ext4-error", "xfs-corrupt", "btrfs-error"),
        ("none", "look at its volume first: a damaged file system is checked from another instance, not by a reboot"),
    ),
    "ro-remount": ("", "mend what made it read-only first, or it comes again"),
    "orderly": ("none", "it was told to go down: see who did it (changed last) before anything else"),
    "hung": (
        "reboot",
        "the system does nothing, so waiting does not help; AWS forces the reboot if it does not answer in a few minutes",
    ),
    "came-up": ("reboot", "it came up and the check still fails: look at its network first; only a lost address is cured so"),
    "credits-out": ("none", "a reboot brings no credits: unlimited mode or another type is the cure"),
    "disk-full": ("none", "a reboot frees nothing: grow the volume, which needs no reboot, or remove what is not needed"),
    "cpu-full": ("", "it ends what holds the CPU, and whatever else runs"),
    "starting": ("wait", "it is booting; the check is ok again once the system answers"),
    "event": ("wait", "AWS is at work on it, and brings it back"),
    "booting-after-move": ("wait", "AWS has just moved it, and it is booting"),
    "recovery-failed": ("stop-start", "AWS could not move it; a stop/start does, in most cases"),
    "aws-issue": ("wait", "AWS has the trouble; a stop/start comes up in the same zone"),
    "volume-lost": ("none", "its data is lost: restore it from a snapshot or an AMI"),
}  # fmt: skip
"""For each: the verb that helps, `wait` or `none`, and why. Sources: botocore model, RebootInstances; the kinds' own."""
