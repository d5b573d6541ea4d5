"""Which folders lie on a disk that other machines share, told from tables of mounts that are made up."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.test_doctor_operations import WEB
from tui.cli import doctor_operations
from tui.cli.doctor_setup import BAD
from tui.domain.actions import ActionOptions
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.operations import network_mounts
from tui.operations.journal import Journal, JournalError

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)


def table(folder: Path, *rows: tuple[str, str]) -> Path:
    """Of (mount point, kind), as the kernel writes it; the root is always there."""
    lines = ["27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw"]
    for number, (point, kind) in enumerate(rows, 30):
        escaped = point.replace("\\", "\\134").replace(" ", "\\040").replace("\t", "\\011")
        lines.append(f"{number} 27 0:{number} / {escaped} rw,relatime shared:{number} - {kind} source rw")
    file = folder / "mountinfo"
    file.write_bytes("\n".join(lines).encode("utf-8", "surrogateescape") + b"\n")
    return file


@pytest.mark.parametrize(
    ("kind", "away"),
    [
        ("nfs", True), ("nfs4", True), ("cifs", True), ("smb3", True), ("9p", True), ("ceph", True), ("lustre", True),
        ("wekafs", True), ("vboxsf", True), ("smb2", True), ("auristorfs", True),
        ("fuse.sshfs", True), ("fuse.s3fs", True), ("fuse.glusterfs", True), ("fuse.rclone", True), ("fuse.whatever", True),
        ("fuse", True), ("fuseblk", False), ("fuse.fuse-overlayfs", False), ("fuse.ntfs-3g", False), ("fuse.gocryptfs", False),
        ("ext4", False), ("xfs", False), ("btrfs", False), ("tmpfs", False), ("overlay", False), ("zfs", False),
        ("autofs", False), ("virtiofs", False),
    ],
)  # fmt: skip
def test_each_kind(tmp_path: Path, kind: str, away: bool) -> None:
    home = tmp_path / "home"
    (home / "evac").mkdir(parents=True)
    found = network_mounts.remote(home / "evac", table(tmp_path, (str(home), kind)))
    assert found == (f"{kind} at {home}" if away else "")


@pytest.mark.parametrize(
    ("kind", "source", "away", "server"),
    [
        ("fuse", "mountpoint-s3", True, ""),
        ("fuse", "my-bucket", True, ""),
        ("fuse", "https://dav.example.com/kim", True, ""),
        ("fuse", "kim@files:/home", True, "files"),
        ("fuse", "/dev/sdb1", False, ""),
        ("fuse.s3ql", "s3://bucket", True, ""),
        ("lustre", "10.0.0.5@tcp:/fsx", True, "10.0.0.5"),
        ("lustre", "10.0.0.5@o2ib1:/fsx", True, "10.0.0.5"),
        ("nfs4", "[fd00::1]:/home", True, "fd00::1"),
        ("fuse.sshfs", "kim@files:", True, "files"),
    ],
)
def test_what_its_source_tells(tmp_path: Path, kind: str, source: str, away: bool, server: str) -> None:
    """Lines as Mountpoint for Amazon S3, goofys, davfs2, sshfs and FSx for Lustre have them in mountinfo."""
    mounts = table(tmp_path, (str(tmp_path), kind))
    mounts.write_text(mounts.read_text().replace(f"{kind} source", f"{kind} {source}"))
    assert bool(network_mounts.remote(tmp_path, mounts)) is away
    assert network_mounts.server(tmp_path, mounts) == server


def test_the_table_is_read_after_what_a_look_may_mount(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """autofs: a look at the path is what mounts it."""
    home = tmp_path / "home"
    home.mkdir()
    mounts, resolve = table(tmp_path), Path.resolve

    def mounting(path: Path, strict: bool = False) -> Path:
        table(tmp_path, (str(home), "nfs4"))
        return resolve(path, strict)

    monkeypatch.setattr(Path, "resolve", mounting)
    assert network_mounts.remote(home / "evac", mounts).startswith("nfs4 at ")


def test_the_nearest_mount_counts_and_of_two_upon_each_other_the_later(tmp_path: Path) -> None:
    home, disk = tmp_path / "home", tmp_path / "home" / "disk"
    disk.mkdir(parents=True)
    (tmp_path / "home2").mkdir()
    both = table(tmp_path, (str(disk), "xfs"), (str(home), "nfs4"))
    assert network_mounts.remote(disk / "evac", both) == ""
    assert network_mounts.remote(home / "evac" / "not" / "there", both).startswith("nfs4 at ")
    assert network_mounts.remote(tmp_path / "home2", both) == "", "a name that only begins so"
    assert network_mounts.remote(home, table(tmp_path, (str(home), "nfs4"), (str(home), "tmpfs"))) == ""
    assert network_mounts.remote(home, table(tmp_path, (str(home), "autofs"), (str(home), "nfs4"))) != ""
    assert network_mounts.remote(home, table(tmp_path, (str(home), "nfs4"), (str(home), "autofs"))) != ""


@pytest.mark.parametrize("name", ["a b", "a\tb", "a\\b", "a\\040b", "사용자", "caf\udce9"])
def test_names_that_the_kernel_escapes(tmp_path: Path, name: str) -> None:
    home = tmp_path / name
    home.mkdir()
    assert network_mounts.remote(home, table(tmp_path, (str(home), "nfs"))).startswith("nfs at ")


def test_a_link_is_followed_there_and_away(tmp_path: Path) -> None:
    share, local = tmp_path / "share", tmp_path / "local"
    share.mkdir()
    local.mkdir()
    (local / "state").symlink_to(share)
    (share / "state").symlink_to(local)
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    mounted = table(tmp_path, (str(share), "nfs"))
    assert network_mounts.remote(local / "state" / "evac", mounted)
    assert network_mounts.remote(share / "state" / "evac", mounted) == ""
    assert network_mounts.remote(tmp_path / "circle" / "evac", mounted) == ""


@pytest.mark.parametrize(
    "body", [b"", b"\n\n", b"x", b"1 2 3 4 /", b"27 1 254:0 / / rw -", b"\xff\xfe - \xff", b" - nfs"]
)
def test_a_table_that_is_none_says_nothing(tmp_path: Path, body: bytes) -> None:
    file = tmp_path / "mountinfo"
    file.write_bytes(body)
    assert network_mounts.remote(tmp_path, file) == ""
    assert network_mounts.remote(tmp_path, tmp_path / "none") == ""


def test_nothing_is_begun_there_what_was_begun_is_finished_and_doctor_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "home" / "evac" / "journal.sqlite3"
    journal = Journal(path)
    plan = draft("stop-start", WEB, None, ActionOptions(), Policy(), NOW)
    before = journal.create(plan, NOW)
    monkeypatch.setattr(network_mounts, "MOUNTS", table(tmp_path, (str(tmp_path / "home"), "nfs4")))
    with pytest.raises(JournalError) as told:
        journal.create(plan, NOW)
    line = str(told.value)
    assert f"nfs4 at {tmp_path / 'home'}" in line
    assert "set XDG_STATE_HOME to a folder on a local disk" in line
    assert "nothing was sent" in line
    assert journal.confirm(before, NOW)
    assert journal.lease(before, "h:1:a", NOW)
    assert journal.intent(before, "stop", "ec2", "StopInstances", NOW, dry_run=False, runner="h:1:a")
    (first, *_) = doctor_operations.journal(path)
    assert (first.mark, first.subject) == (BAD, "journal")
    assert "nfs4" in first.said
    assert "XDG_STATE_HOME" in first.remedy
