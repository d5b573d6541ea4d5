"""What a system log says, named: kinds on lines of several systems, boots told apart, and what only looks like trouble."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tui.domain.diagnosis.causes import causes
from tui.domain.diagnosis.findings import Finding
from tui.domain.diagnosis.log_findings import diagnose_log, system_log
from tui.domain.diagnosis.patterns import found_in, pattern
from tui.domain.diagnosis.system_log import lines_of, read_log

NOW = datetime(2026, 11, 29, 3, 10, tzinfo=UTC)
BOOT = "[    0.000000] Linux version 6.1.0-18-cloud-amd64 (debian-kernel@lists.debian.org)\n"
PROMPT = "\nDebian GNU/Linux 12 ip-10-2-0-4 ttyS0\n\nip-10-2-0-4 login: \n"

KINDS = {
    "oom": [
        "[ 812.400000] ruby invoked oom-killer: gfp_mask=0x1100cca(GFP_HIGHUSER_MOVABLE), order=0, oom_score_adj=0",
        "[ 812.400000] Killed process 77, UID 33, (apache2) total-vm:9kB",
        "[ 812.400000] Out of memory: kill process 2365 (mysqld) score 37225 or a child",
        "systemd[1]: app.service: A process of this unit has been killed by the OOM killer.",
        "[ 6521.377123] Out of memory: Killed process 812 (java) total-vm:16384000kB, anon-rss:7812044kB, UID:1000",
        "Out of memory: Kill process 20273 (httpd) score 1285879 or sacrifice child",
        "Nov 29 03:02:41 ip-10-2-0-4 kernel: [ 900.1] Out of memory: Killed process 4711 (node)",
        "[  88.200001] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,task=java",
    ],
    "oom-cgroup": [
        "[ 71.123456] Task in /docker/4f killed as a result of limit of /docker/4f",
        "[ 71.123456] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=a,oom_memcg=/a",
        "[ 71.123456] Memory cgroup out of memory: Killed process 3000 (python3) total-vm:900kB"],
    "oom-deadlock": [
        "[ 9.123456] Out of memory and no killable processes...",
        "[ 9.123456] Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled",
        "[ 6524.902123] Kernel panic - not syncing: System is deadlocked on memory"],
    "panic-root": [
        "[    1.5000] /dev/root: Can't open blockdev",
        "[    1.701111] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
        'VFS: Cannot open root device "sda1" or unknown-block(0,0)',
    ],
    "panic-init": [
        "[ 2.1234] Starting init: /bin/sh exists but couldn't execute it (error -8)",
        "run-init: /sbin/init: No such file or directory",
        "[    2.1234] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100"],
    "panic": ["[  17.123456] Kernel panic - not syncing: Fatal exception in interrupt"],
    "oops": [
        "[  42.123456] Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1] PREEMPT SMP",
        "[  42.123456] divide error: 0000 [#1] SMP",
        "[  42.123456] Internal error: Oops: 0000000096000004 [#1] SMP",
        "[  42.123456] BUG: unable to handle page fault for address: ffffffffc0a3",
        "[  42.123456] BUG: kernel NULL pointer dereference, address: 0000000000000008",
        "[  42.123456] Unable to handle kernel paging request at virtual address ffff0000",
        "[  42.123456] kernel BUG at mm/slub.c:306!",
    ],
    "soft-lockup": [
        "[ 540.000111] BUG: workqueue lockup - pool cpus=1 node=0 flags=0x0 nice=0 stuck for 46s!",
        "[ 540.000111] watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [kworker/1:1:33]",
        "[ 540.000111] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:",
        "[ 540.000111] rcu: INFO: rcu_preempt self-detected stall on CPU",
    ],
    "hung-task": ["[ 242.123456] INFO: task jbd2/nvme0n1p1-:244 blocked for more than 120 seconds."],
    "io-error": [
        "[  77.1234] sd 0:0:0:0: rejecting I/O to device being removed",
        "cp: error writing '/data/a': Input/output error",
        "end_request: I/O error, dev sde, sector 52428288",
        "[  77.1234] blk_update_request: I/O error, dev nvme1n1, sector 0 op 0x0:(READ)",
        "[  77.1234] I/O error, dev xvdf, sector 2048 op 0x1:(WRITE) flags 0x800",
        "[  77.1234] Buffer I/O error on dev nvme1n1p1, logical block 0, lost async page write",
    ],
    "nvme-timeout": [
        "[ 300.123456] nvme nvme0: I/O tag 28 QID 0 timeout",
        "[ 300.123456] nvme 0000:00:04.0: Timeout I/O 25 QID 3",
        "[ 300.123456] nvme nvme1: I/O 12 QID 3 timeout, aborting",
        "[ 300.123456] nvme nvme1: I/O tag 12 (100c) QID 3 timeout, completion polled",
        "[ 300.123456] nvme nvme0: controller is down; will reset: CSTS=0xffffffff, PCI_STATUS=0x10",
        "[ 300.123456] nvme 0000:00:1f.0: Abort status: 0x7",
    ],
    "ext4-error": [
        "[ 9.12345] EXT4-fs (xvda1): error count since last fsck: 3",
        "[ 9.12345] EXT4-fs (xvdf): I/O error while writing superblock",
        "fsck.ext4: Bad magic number in super-block while trying to open /dev/xvdf",
        "[ 9.12345] EXT4-fs error (device xvda1): ext4_lookup:1589: inode #2: comm init: deleted inode"],
    "ro-remount": [
        "[Sun Nov 29 03:00:00 2026] EXT4-fs (dm-3): Remounting filesystem read-only",
        "[ 10.12345] EXT4-fs (nvme0n1p1): Remounting filesystem read-only"],
    "xfs-corrupt": [
        "[ 31.12345] XFS (dm-0): Internal error ltbno + ltlen > bno at line 1957 of file fs/xfs/libxfs/xfs_alloc.c",
        "[ 31.12345] XFS (dm-0): log mount/recovery failed: error -117",
        "[ 31.12345] XFS (nvme1n1): Corruption of in-memory data (0x8) detected at xfs_trans_cancel+0x10f"],
    "fsck-manual": [
        "systemd-fsck[377]: fsck failed with exit status 8.",
        "Please repair the file system manually.",
        "/dev/xvda1: UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY.",
        "Give root password for maintenance",
        "fsck died with exit status 8",
    ],
    "fsck-running": ["/dev/sda1 has gone 361 days without being checked, check forced"],
    "emergency": [
        "         Starting Dracut Emergency Shell...",
        "dracut:/# ",
        'You are in emergency mode. After logging in, type "journalctl -xb" to view',
        "Cannot open access to console, the root account is locked.",
    ],
    "mount-failed": [
        "[DEPEND] Dependency failed for data.mount - /data.",
        "data.mount: Mount process exited, code=exited, status=32/n/a",
        "^[[0;1;33m[DEPEND]^[[0m Dependency failed for [0;1;39m/srv[0m.",
        "[FAILED] Failed to mount /data.",
        "[DEPEND] Dependency failed for Local File Systems.",
        "[ TIME ] Timed out waiting for device /dev/disk/by-uuid/0d5a-11.",
    ],
    "mount-general": ["General error mounting filesystems."],
    "initramfs": [
        "(initramfs) ",
        "dracut-initqueue[515]: Warning: /lib/dracut/hooks/initqueue/finished/devexists-x.sh: if ! grep -q",
        "[FAILED] Failed to start Switch Root.",
        "Gave up waiting for root file system device.  Common problems:",
        "ALERT!  UUID=1-2-3 does not exist.  Dropping to a shell!",
        "[  190.1234] dracut-initqueue[412]: Warning: dracut-initqueue timeout - starting timeout scripts",
    ],
    "kernel-old": ["FATAL: kernel too old"],
    "modprobe-loop": ["request_module: runaway loop modprobe binfmt-464c"],
    "mmu": ["mmu_update failed with rc=-22"],
    "drbd": ["[  9.1234] block drbd1: IO ERROR: neither local nor remote disk"],
    "modules": ["FATAL: Could not load /lib/modules/3.4.34-4-virtual/modules.dep: No such file or directory"],
    "grub": [
        "error: ../../grub-core/loader/i386/efi/linux.c:258:you need to load the kernel first.",
        "Entering rescue mode...",
        "error: no such disk",
        "grub> ", "grub rescue> ", "error: symbol `grub_calloc' not found."],
    "not-bootable": [
        'BdsDxe: failed to load Boot0002 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x2,0x2): Not Found',
        "Boot failed: not a bootable disk", "BdsDxe: No bootable option or device was found."],
    "secureboot": [
        "error: ../../grub-core/kern/efi/sb.c:182:bad shim signature.",
        'BdsDxe: failed to load Boot0001 "UEFI x" from PciRoot(0x0): Access Denied',
        "Verification failed: (0x1A) Security Violation"],
    "selinux": [
        "[!!!!!!] Failed to load SELinux policy.",
        "Unable to load SELinux Policy. Machine is in enforcing mode. Halting now."],
    "relabel": ["*** Relabeling could take a very long time, depending on file"],
    "dhcp": [
        "NetworkManager[600]: <info>  [1.1] device (ens5): state change: ip-config -> failed (reason 'ip-config-unavailable')",
        "dhcpcd[503]: eth0: timed out",
        "[   12.123456] IP-Config: No network devices available.",
        "No DHCPOFFERS received.",
        "dhclient[604]: No working leases in persistent database - sleeping.",
        "<warn>  [1701.1] dhcp4 (eth0): request timed out",
        "cloud-init[480]: NoDHCPLeaseError: no DHCP lease",
        "systemd-networkd[400]: ens5: DHCPv4 lease lost",
    ],
    "network-wait": [
        "systemd-networkd-wait-online[469]: Event loop failed: Connection timed out",
        "NetworkManager[600]: <warn> device (ens5): Activation: failed for connection 'System ens5'",
        "[FAILED] Failed to start Wait for Network to be Configured.", "Failed to start NetworkManager.service"],
    "nic-missing": [
        "SIOCSIFFLAGS: No such device",
        'Cannot find device "ens5"',
        "Bringing up interface eth0:  Device eth0 has different MAC address than expected, ignoring.",
        "Device eth0 does not seem to be present, delaying initialization.",
    ],
    "ena-admin": [
        "[  5.12345] ena 0000:00:05.0 eth0: Wait for completion (polling) timeout",
        "[  5.12345] ena 0000:00:05.0: Reset indication didn't turn on",
        "[  5.12345] ena 0000:00:05.0: The ena device sent a completion but the driver didn't receive a MSI-X interrupt (cmd 3)",
        "[  5.12345] ena 0000:00:05.0: Failed to create IO CQ. error: -62",
    ],
    "link-down": [
        "[ 77.12345] ena 0000:00:05.0 eth0: Found a Tx that wasn't completed on time, qid 2, index 961.",
        "[ 77.12345] ena 0000:00:05.0 eth0: Trigger reset is on",
        "ena0: Trigger reset is on",
        "[ 77.12345] NETDEV WATCHDOG: eth0 (ena): transmit queue 3 timed out",
    ],
    "imds": [
        "cloud-init[9]: url_helper.py[WARNING]: Calling 'http://169.254.169.254/latest/api/token' failed [50/120s]: error",
        "cloud-init[9]: DataSourceEc2.py[WARNING]: IMDS's HTTP endpoint is probably disabled",
        "[ 60.12345] cloud-init[500]: Giving up on md after 120 seconds", "ec2net: Failed to get IMDSv2 metadata token"],
    "cloud-init": [
        "cloud-init[900]: 2026-11-29 03:00:00,000 - cc_scripts_user.py[WARNING]: Failed to run module scripts-user",
        "cloud-init[900]: Traceback (most recent call last):",
    ],
    "ignition": ["[  20.1234] ignition[730]: disks: createFilesystems: op(2): [failed] waiting for devices"],
    "disk-full": ["rsyslogd: file '/var/log/syslog' write error: No space left on device"],
    "sshd": ["[FAILED] Failed to start OpenSSH server daemon.", "sshd: no hostkeys available -- exiting."],
    "unit-failed": ["[FAILED] Failed to start My Application.", "payments.service: Failed with result 'exit-code'."],
    "xenbus": ["XENBUS: Timeout connecting to device: device/vbd/51712 (local state 3, remote state 1)"],
    "conntrack": ["[ 9999.1234] nf_conntrack: nf_conntrack: table full, dropping packet"],
    "too-many-files": ["[ 1234.1234] VFS: file-max limit 65535 reached"],
    "console-flood": ["[ 1234.1234] serial8250: too much work for irq4"],
    "orderly": [
        "[  OK  ] Finished Power-Off.",
        "systemd[1]: Reached target reboot.target - System Reboot.",
        "systemd-logind[2060]: The system will power off now!",
        "[  OK  ] Reached target Power-Off.",
        "[ 5000.1234] reboot: Restarting system",
        "systemd-logind[1]: Power key pressed.",
    ],
    "win-bugcheck": ["The computer has rebooted from a bugcheck.  The bugcheck was: 0x0000007e"],
    "win-unexpected-shutdown": [
        "The system has rebooted without cleanly shutting down first.",
        "The previous system shutdown at 3:02:41 AM on 11/29/2026 was unexpected."],
    "win-low-memory": ["Windows successfully diagnosed a low virtual memory condition."],
    "win-disk-reset": [
        "The IO operation at logical block address 0x1f40 for Disk 1 (PDO name: \\Device\\0000002a) was retried.",
        "Disk 2 has been surprise removed.",
        "Reset to device, \\Device\\RaidPort1, was issued."],
    "win-dhcp": [
        "Your computer was not able to renew its address from the network (from the DHCP Server)",
        "Your computer was not assigned an address from the network (by the DHCP Server)"],
    "win-service": [
        "The Agent service failed to start due to the following error: The service did not respond",
        "The EC2Launch service terminated unexpectedly.  It has done this 1 time(s)."],
}  # fmt: skip

HEALTHY = """\
BdsDxe: loading Boot0001 "UEFI Amazon Elastic Block Store vol0" from PciRoot(0x0)/Pci(0x4,0x0)/NVMe(0x1,0-0)
[    0.000000] Linux version 6.1.94-99.176.amzn2023.x86_64 (mockbuild@ip-10-0-39-38)
[    0.000000] Command line: BOOT_IMAGE=(hd0,gpt1)/boot/vmlinuz root=UUID=a ro console=ttyS0 panic=10 nvme_core.io_timeout=42949
[    0.000000] BIOS-e820: [mem 0x00000000c0000000-0x00000000febfffff] reserved
[    0.410000] NMI watchdog: Perf NMI watchdog permanently disabled
[    0.500000] mce: CPU supports 32 MCE banks
[    0.900000] PM: Image not found (code -22)
[    1.000000] EXT4-fs (nvme0n1p1): VFS: Can't find ext4 filesystem
[    1.200000] ena 0000:00:05.0: ENA device version: 0.10
[    1.200100] ena 0000:00:05.0 eth0: device watchdog is Enabled
[    1.300000] IPv6: ADDRCONF(NETDEV_UP): eth0: link is not ready
[    2.000000] NetworkManager[600]: <info> dhcp4 (eth0): activation: beginning transaction (timeout in 45 seconds)
[    2.500000] cloud-init[500]: Calling 'http://169.254.169.254/latest/api/token' failed [0/120s]: request error
[    3.000000] kdump: Installing crashkernel tools; makedumpfile is there
         Starting Crash recovery kernel arming...
[  OK  ] Finished File System Check on /dev/disk/by-uuid/1.
[    9.000000] cloud-init[900]: Cloud-init v. 22.2.2 finished at Sun, 29 Nov 2026 03:00:00 +0000. Datasource DataSourceEc2.
"""


def keys(log: str) -> list[str]:
    return [one.key for one in diagnose_log(log).findings]


@pytest.mark.parametrize(("key", "line"), [(key, line) for key, lines in KINDS.items() for line in lines])
def test_a_line_is_known_for_what_it_is(key: str, line: str) -> None:
    assert keys(("" if key.startswith("win-") else BOOT) + line) == [key]


def test_there_are_enough_kinds_each_with_words_a_remedy_and_a_source() -> None:
    assert len({one.key for one in causes()}) >= 55
    assert set(KINDS) <= {one.key for one in causes()}
    for one in causes():
        assert one.severity in (1, 2, 3)
        assert all((one.words, one.remedy, one.source, one.contains))
        assert not one.words.endswith(".")
        assert not one.remedy.endswith(".")


HARMLESS = """\
NMI watchdog: Shutting down hard lockup detector on all cpus
IPv6: ADDRCONF(NETDEV_UP): eth0: link is not ready
ACPI Error: AE_NOT_FOUND, While resolving a named reference package element - LNKS (20230628/dspkginit-438)
ACPI BIOS Error (bug): Could not resolve symbol [_SB.PCI0], AE_NOT_FOUND
EXT4-fs (nvme0n1p1): mounted filesystem with ordered data mode. Opts: errors=remount-ro
EXT4-fs (nvme0n1p1): INFO: recovery required on readonly filesystem
EXT3-fs (xvda1): error: couldn't mount because of unsupported optional features (240)
EXT4-fs (xvda1): error count since last fsck: 3
XFS (nvme0n1p1): Ending recovery (logdev: internal)
blk_update_request: I/O error, dev fd0, sector 0 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 0
critical target error, dev sdb, sector 187 op 0x3:(DISCARD) flags 0x800 phys_seg 1 prio class 0
nvme nvme0: Shutdown timeout set to 8 seconds
mce: [Hardware Error]: Machine check events logged
random: crng init done
audit: type=1400 audit(1732849200.1:9): avc:  denied  { read } for pid=1 comm="systemd"
xenbus_probe_frontend: Device with no driver: device/vbd/768
Gave up waiting for suspend/resume device
Initramfs unpacking failed: Decoding failed
cloud-init[9]: __init__.py[WARNING]: Unhandled non-multipart (text/x-not-multipart) userdata: 'b'...'
cloud-init[9]: __init__.py[DEBUG]: Searching for network data source in: ['DataSourceEc2', 'DataSourceNone']
cloud-init[9]: url_helper.py[WARNING]: Calling 'http://169.254.169.254/latest/api/token' failed [0/120s]: request error
error: sparse file not allowed.
modprobe: FATAL: Module autofs4 not found in directory /lib/modules/6.1.0
sshd[812]: error: Could not load host key: /etc/ssh/ssh_host_dsa_key
my-app.service: Main process exited, code=exited, status=1/FAILURE
Remounting '/' read-only in with options 'attr2,inode64'.
[ TIME ] Timed out waiting for device dev-ttyS0.device - /dev/ttyS0.
print_req_error: I/O error, dev mmcblk0rpmb, sector 8064
sd 3:0:0:0: [sdb] Synchronize Cache(10) failed: Result: hostbyte=DID_ERROR driverbyte=DRIVER_OK
EXT2-fs (xvda1): error: can't find an ext2 filesystem on dev xvda1.
nvidia: disagrees about version of symbol module_layout
amazon-ssm-agent[1655]: ERROR Health ping failed with error - EC2RoleRequestError: no EC2 instance role found
pci 0000:00:1c.0: BAR 13: no space for [io  size 0x1000]
kernel: Command line: ro nvme_core.io_timeout=4294967295 panic=1 softlockup_panic=0
""".splitlines()


@pytest.mark.parametrize("line", HARMLESS)
def test_what_only_looks_like_trouble_is_a_hint_at_most(line: str) -> None:
    assert [one for one in diagnose_log(BOOT + line).findings if one.severity > 1] == []


@pytest.mark.parametrize(
    ("failed", "done"),
    [
        ("[FAILED] Failed to start OpenSSH server daemon.", "[  OK  ] Started OpenSSH server daemon."),
        ("ssh.service: Failed with result 'exit-code'.", "sshd[9]: Server listening on 0.0.0.0 port 22."),
        ("dhclient[604]: No DHCPOFFERS received.", "dhclient[604]: bound to 10.0.0.9 -- renewal in 1600 seconds."),
        ("IP-Config: no response after 2 secs - giving up", "IP-Config: eth0 complete (dhcp from 10.0.0.1):"),
        ("systemd-networkd[4]: ens5: DHCPv4 lease lost", "systemd-networkd[4]: ens5: DHCPv4 address 10.0.0.9/24 via 10.0.0.1"),
        (KINDS["imds"][1], "cloud-init[9]: Cloud-init v. 24 finished at Sun. Datasource DataSourceEc2.  Up 9 seconds"),
        ("[FAILED] Failed to start Wait for Network to be Configured.", "Finished Wait for Network to be Configured."),
        ("[ 1.123456] Waiting for root device /dev/mmcblk0p2...", "[ 2.123456] VFS: Mounted root (ext4 filesystem) on 179:2."),
        ("[ 1.123456] XFS (xvda1): Invalid superblock magic number", "[ 1.223456] VFS: Mounted root (ext4 filesystem)"),
        ("[ 9.123456] nfs: server fs-1 not responding, still trying", "[ 19.123456] nfs: server fs-1 OK"),
    ],
)  # fmt: skip
def test_what_was_done_in_the_end_is_taken_back(failed: str, done: str) -> None:
    def grave(log: str) -> list[str]:
        return [one.key for one in diagnose_log(BOOT + log).findings if one.severity > 1]

    assert len(grave(failed)) == 1
    assert grave(f"{failed}\n{done}") == []
    assert grave(f"{done}\n{failed}") == grave(failed), "what fails later still counts"


def test_a_containers_memory_dump_is_not_the_machines() -> None:
    dump = "[ 9.1] java invoked oom-killer: gfp_mask=0xd0\n[ 9.2] {}\n[ 9.3] Killed process 8 (java) total-vm:9kB\n"
    assert keys(BOOT + dump.format("Mem-Info:")) == ["oom"]
    assert keys(BOOT + dump.format("Memory cgroup out of memory: Kill process 8 (java) score 9")) == [
        "oom-cgroup"
    ]


def test_a_boot_on_nitro_that_never_found_its_card_and_has_no_network() -> None:
    nitro = BOOT + "[    0.000000] DMI: Amazon EC2 c5.large/, BIOS 1.0 10/16/2017\n"
    assert keys(nitro) == [], "a log that ends early tells nothing"
    assert keys(nitro + KINDS["dhcp"][-1]) == ["dhcp", "ena-absent"]
    assert keys(
        f"{nitro}[    2.000000] ena 0000:00:05.0: ENA device version: 0.10\n" + KINDS["dhcp"][-1]
    ) == ["dhcp"]


def test_a_key_that_stands_twice_is_told_once_with_its_gravest_line() -> None:
    log = BOOT + "[ 9.1] EXT4-fs (xvda1): error count since last fsck: 3\n" + KINDS["ext4-error"][-1] + "\n"
    (found,) = diagnose_log(log + log.splitlines()[1]).findings
    assert (found.key, found.severity, found.line) == ("ext4-error", 3, 3)


def test_a_healthy_boot_says_nothing() -> None:
    found = diagnose_log(HEALTHY + PROMPT)
    assert found.findings == ()
    assert found.came_up
    assert found.boots == 1


def test_logs_of_others() -> None:
    """Logs of healthy machines that are not ours to keep: EVAC_LOGS names their folder."""
    folder = os.environ.get("EVAC_LOGS")
    for path in sorted(Path(folder).iterdir()) if folder else ():
        found = diagnose_log(path.read_text(errors="replace")).findings
        assert [one for one in found if one.severity >= 2] == [], path.name


@pytest.mark.parametrize(
    "line",
    [
        "kubelet[812]: E1129 03:00:00 Out of memory: Killed process 1 (java) total-vm:1kB",
        "Nov 29 03:00:00 ip-10-2-0-4 CRON[99]: (root) CMD (grep 'Kernel panic - not syncing' /var/log/messages)",
        "sudo:   root : COMMAND=/bin/grep EXT4-fs error /var/log/messages",
        'time="2026-11-29T03:00:00Z" level=info msg="watching for: blocked for more than 120 seconds"',
        "[  900.123456] logwatch[4711]: nvme nvme0: I/O 12 QID 3 timeout, aborting",
        "root@web-1:~# dmesg | grep 'Out of memory: Killed process'",
        "[ec2-user@ip-10-2-0-4 ~]$ echo Kernel panic - not syncing: test",
        '{"level":"error","msg":"watchdog: BUG: soft lockup - CPU#1 stuck for 22s!"}',
        "+ grep -c 'EXT4-fs error' /var/log/messages",
        "E1129 03:00:00.1 1 oom_watcher.go:77] invoked oom-killer: seen",
        "[  900.123456] (sh)[77]: Remounting filesystem read-only",
        "node-problem-detector: task docker:7 blocked for more than 120 seconds.",
    ],
)
def test_a_program_that_quotes_the_kernel_is_not_the_kernel(line: str) -> None:
    assert keys(BOOT + line) == []


def test_firmware_loader_and_kernel_are_one_boot_and_earlier_ones_are_told_apart() -> None:
    start = (
        'BdsDxe: starting Boot0001 "UEFI"\nWelcome to GRUB!\nBooting `Debian\'\n'
        + BOOT
        + "[    0.000000] Command line: ro\n"
    )
    log = (
        start + KINDS["oom"][0] + "\n" + start + "[   12.123456] all is well\n" + start + KINDS["io-error"][1]
    )
    found = diagnose_log(log)
    assert found.boots == 3
    assert [(one.key, one.boot) for one in found.findings] == [("io-error", 0), ("oom", 2)]
    assert found.findings[0].line == len(log.split("\n"))


def test_a_boot_whose_first_lines_are_gone_is_known_by_its_stamps() -> None:
    log = "[ 900.123456] x\n[ 901.123456] Out of memory: Killed process 8 (java)\n[    0.012345] y\n[    5.123456] z\n"
    assert [(one.key, one.boot) for one in diagnose_log(log).findings] == [("oom", 1)]


def test_what_stops_a_boot_did_not_if_it_came_up() -> None:
    line = "[FAILED] Failed to mount /data."
    assert keys(BOOT + line) == ["mount-failed"]
    assert keys(BOOT + line + PROMPT) == []
    assert keys(BOOT + KINDS["disk-full"][0] + PROMPT) == ["disk-full"], "this survives the log-in prompt"
    assert keys(BOOT + PROMPT + line) == ["mount-failed"]


def test_the_gravest_and_latest_come_first_and_the_latest_line_is_told() -> None:
    log = BOOT + "\n".join((KINDS["unit-failed"][0], KINDS["oom"][0], KINDS["hung-task"][0], KINDS["oom"][0]))
    found = diagnose_log(log).findings
    assert [(one.key, one.times, one.line) for one in found] == [
        ("oom", 2, 5),
        ("hung-task", 1, 4),
        ("unit-failed", 1, 2),
    ]


def test_escape_sequences_are_gone_before_anything_is_looked_for() -> None:
    log = BOOT + "[\x1b[1;31mFAILED\x1b[0m] Failed to \x1b[1mmount \x1b[0m/data.\r\n"
    (found,) = diagnose_log(log).findings
    assert isinstance(found, Finding)
    assert (found.key, found.text) == ("mount-failed", "[FAILED] Failed to mount /data.")


def test_lines_keep_their_numbers_whatever_is_in_them() -> None:
    read = read_log(list(lines_of("one\n\x1b[2Jtwo\x0bmore\nthree")))
    assert [line.number for line in read if line.text] == [1, 2, 2, 3]


def test_a_console_becomes_lines_that_know_their_boot_and_stamp_and_findings_point_at_them() -> None:
    output = "one\x1b[2Jtwo\r\n" + BOOT + KINDS["oom"][0] + "\r\n" + BOOT + KINDS["oops"][0] + "\r\n\r\n"
    log = system_log(output, NOW, True)
    assert (log.at, log.latest) == (NOW, True)
    assert len(log.lines) == len(log.boots) == len(log.stamps) == 6
    assert log.boots == (1, 1, 1, 1, 0, 0)
    assert log.stamps == (None, None, 0.0, 812.4, 0.0, 42.123456)
    assert [(one.key, one.boot) for one in log.diagnosis.findings] == [("oops", 0), ("oom", 1)]
    assert all(log.lines[one.line - 1] == one.text for one in log.diagnosis.findings)
    assert log.diagnosis.boots == 2


@pytest.mark.parametrize("output", [None, ""])
def test_a_console_without_output_has_no_lines(output: object) -> None:
    log = system_log(output, None, None)
    assert (log.lines, log.boots, log.stamps) == ((), (), ())
    assert log.diagnosis.findings == ()


@pytest.mark.parametrize("text", ["", "*", "^", "^*", "oom", "a*b*c", "^   x ", "x" * 201])
def test_a_pattern_without_words_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"in a row|at most"):
        pattern(text)


def test_a_pattern_is_plain_words_in_order() -> None:
    assert found_in(pattern("Out of * kill"), "an out of memory: killed")
    assert not found_in(pattern("kill*out of"), "out of memory: kill")
    assert not found_in(pattern("^out of"), "an out of memory")
    assert found_in(pattern("(.+)+$"), "a (.+)+$"), "nothing in it is an expression"


def test_of_two_ways_to_say_one_kind_the_latest_line_stands() -> None:
    lines = ["[ 6521.1] java invoked oom-killer: gfp_mask=0x140cca, order=0", KINDS["oom"][0]]
    assert [(one.key, one.line) for one in diagnose_log("\n".join(lines)).findings] == [("oom", 2)]


@pytest.mark.parametrize(
    ("text", "lines"), [("", 0), ("\n", 0), ("a", 1), ("a\n", 1), ("a\r\n", 1), ("a\n\nb\n", 3)]
)
def test_lines_are_counted_as_an_editor_counts_them(text: str, lines: int) -> None:
    assert diagnose_log(text).lines == lines
