"""A system log as lines that know their boot, their kernel stamp and who wrote them. Pure, linear in the log's length.

A serial console holds several boots (EC2 user guide, instance-console). Firmware, boot loader and kernel are stages of one
boot; a stage that comes again after a later one begins the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import IntEnum

from msgspec import Struct

from tui.domain.console_output import terminal_lines
from tui.domain.diagnosis.patterns import SHORTEST_PART
from tui.domain.sanitize import SafeText

LONGEST_LINE = 1000
"""Characters of a line that are looked at."""

_STAMP = re.compile(r"(?:<\d{1,3}>)?\[\s{0,12}(\d{1,9}\.\d{3,6})\](?:\[\s{0,8}[TC]\d{1,8}\])? ?")
_SYSLOG = re.compile(
    r"(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.,:+Z-]{0,20})"
    r" (?:[\w.@:-]{0,254}[\w.@-] )?(?=[\w(])"
)
_DATED = re.compile(
    r"\[(?:[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4}|\d{4}-\d\d-\d\d[T ][\d.,:+Z-]{8,24})\] "
)
"""As `dmesg -T` writes it."""
_PROGRAM = re.compile(r"\(?[A-Za-z][\w.@/-]{0,63}\)?\[\d{1,9}\]:? ")
_PROMPT = re.compile(r"\[?[\w.-]{1,64}@[\w.-]{1,64}[ :][^#$%>]{0,64}[#$%>] ")
_TAG = re.compile(r"([a-z][a-z_.@/-]{1,63}): ")


class Stage(IntEnum):
    """How far a boot has come."""

    NOTHING = 0
    FIRMWARE = 1
    LOADER = 2
    KERNEL = 3
    RUNNING = 4


_MARKS: tuple[tuple[Stage, tuple[str, ...]], ...] = (
    (Stage.FIRMWARE, ("bdsdxe: ", "uefi firmware", "seabios (version", "ipxe ", "xen minimal os", "press esc for boot menu")),
    (Stage.LOADER, ("grub loading", "welcome to grub", "booting `", "booting '", "booting a command list", "efi stub: ",
                    "loading linux ", "syslinux ", "extlinux ", "decompressing linux")),
    (Stage.KERNEL, ("linux version ", "booting linux on physical cpu", "copyright (c) 1992-")),
)  # fmt: skip
_FIRST_LETTERS = frozenset(word[0] for _, words in _MARKS for word in words)
_PASTED = re.compile(r"(?<!\x1b)(?:\^\[|\\x1b|\\033|\\e|\ufffd)?\[(?:0|[01];[0-9;]{1,12})m")
"""A colour whose escape character was lost, or written in letters, when the log was copied."""
_KERNEL_TAGS = frozenset({
    "acpi", "ahci", "amd-vi", "arp_cache", "ata", "blk_update_request", "block", "bonding", "bridge", "ceph", "cgroup",
    "cifs", "clk", "clocksource", "cma", "cpu", "cpuhp", "device-mapper", "dm", "dma", "dmar", "drbd", "drm", "efa",
    "efi", "efifb", "efivars", "ehci_hcd", "ena", "end_bio_bh_io_sync", "end_request", "ext", "fork", "fuse",
    "hibernation", "hrtimer", "hugetlb", "hugetlbfs", "hung_task", "hv_netvsc", "hv_storvsc", "hv_vmbus", "iommu",
    "ip_conntrack", "ipv", "irq", "iscsi", "ixgbevf", "jbd", "kasan", "kauditd", "kernel", "kexec", "kexec_core",
    "kfence", "kvm", "kvm-guest", "libata", "libceph", "libnvdimm", "loop", "lowmemorykiller", "mce", "md",
    "megaraid_sas", "memory", "mm", "modprobe", "module", "mpt", "neigh", "neighbor", "neighbour", "net_ratelimit",
    "nf_conntrack", "nf_tables", "nfs", "nfsd", "nvme", "nvme-pci", "nvme_core", "oom_reaper", "overlayfs",
    "page_alloc", "pci", "pcieport", "perf", "print_req_error", "printk", "quota", "raid", "random", "rcu", "reboot",
    "request_module", "rtc_cmos", "scsi", "sd", "serial", "slab", "softdog", "softlockup", "squashfs",
    "stack-protector", "sunrpc", "swap", "swapper", "sysrq", "systemd-shutdow", "systemd-shutdown", "tcp", "thermal",
    "traps", "tsc", "udp", "usb", "usb-storage", "usercopy", "vbd", "vif", "virtio", "virtio-pci", "virtio_blk",
    "virtio_net", "virtio_pci", "virtio_scsi", "vmalloc", "vmscan", "vmw_pvscsi", "vmxnet", "watchdog", "workqueue",
    "xen", "xen-blkfront", "xen_blkfront", "xen_netfront", "xenbus", "xenbus_probe_frontend", "xhci_hcd", "zram",
    "zswap",
})  # fmt: skip
"""Words in lower case that the kernel itself writes before a colon; any other such word is the name of a program."""
_QUOTES = (
    "time=",
    "level=",
    "{",
    "ts=",
    "I0",
    "I1",
    "E0",
    "E1",
    "W0",
    "W1",
    "F0",
    "F1",
    "> ",
    "# ",
    "$ ",
    "+ ",
)


class LogLine(Struct, frozen=True, gc=False):
    """`number`: of the log's line, from 1. `boot`: 0 is the last one, 1 the one before. `stamp`: seconds of that boot, as the
    kernel counts. `body`: without stamp, date and host. `kernel`: whether it is said there who wrote it, and that the kernel.
    """

    number: int
    text: SafeText
    body: str
    boot: int
    stamp: float | None = None
    kernel: bool | None = None

    @property
    def is_kernel(self) -> bool:
        """Whether the kernel wrote it, as far as the line tells: no program's name stands before it."""
        return _is_kernel(self.body) if self.kernel is None else self.kernel


def lines_of(output: str) -> Iterator[tuple[int, SafeText]]:
    """Each line as a terminal would have left it, with its number; escape sequences are gone before anything else looks, also
    those of which a copy kept only letters."""
    text = output.removesuffix("\n")
    if not text:
        return  # nothing was written: not one empty line
    for number, raw in enumerate(text.split("\n"), 1):
        for line in terminal_lines(_PASTED.sub("", raw) if "[0" in raw or "[1;" in raw else raw):
            yield number, line


def read_log(lines: Sequence[tuple[int, SafeText]]) -> tuple[LogLine, ...]:
    """The lines of a log, the oldest first, each with its boot."""
    found: list[tuple[str, float | None, bool | None, int]] = []
    stage, boot, last = Stage.NOTHING, 0, 0.0
    for _, text in lines:
        if len(text) < SHORTEST_PART:
            found.append((text, None, None, boot))
            continue
        stamp, body, kernel = _parts(text[:LONGEST_LINE])
        mark = _stage_of(body)
        if mark is not None:
            if stage >= Stage.KERNEL and (mark < stage or mark is Stage.KERNEL):
                boot, last, stage = boot + 1, 0.0, mark
            stage = max(stage, mark)
        elif stamp is not None:
            if stamp < 1.0 < last - stamp:
                boot, stage = boot + 1, Stage.KERNEL  # its first lines are not in the log
            last = stamp
        found.append((body, stamp, kernel, boot))
    return tuple(
        LogLine(number, text, body, boot - at, stamp, kernel)
        for (number, text), (body, stamp, kernel, at) in zip(lines, found, strict=True)
    )


def _parts(line: str) -> tuple[float | None, str, bool | None]:
    """Stamp, body, and whether the kernel wrote it, where the line says so."""
    body, kernel = line, None
    if line[:1].isalnum() and (dated := _SYSLOG.match(line)):
        body = line[dated.end() :]
        if not body.startswith(("kernel: ", "kernel[")):
            return None, body, False
        body, kernel = body.partition(": ")[2], True
    elif line.startswith(("kernel: ", "kernel:[")):  # without a date, or as a broadcast has it
        body, kernel = line[len("kernel:") :].lstrip(), True
    if body.startswith(("[", "<")):
        if stamped := _STAMP.match(body):
            return float(stamped[1]), body[stamped.end() :], kernel
        if dated := _DATED.match(body):
            return None, body[dated.end() :], kernel
    return None, body, kernel


def _is_kernel(body: str) -> bool:
    if _PROGRAM.match(body) or body.startswith(_QUOTES) or _PROMPT.match(body):
        return False
    tag = _TAG.match(body)
    return tag is None or tag[1] in _KERNEL_TAGS


def _stage_of(body: str) -> Stage | None:
    if body[:1].lower() not in _FIRST_LETTERS:
        return None
    lower = body[:40].lower()
    for stage, words in _MARKS:
        if lower.startswith(words):
            return stage
    return None
