"""The last state on disk: whole or not at all, nobody else's business, and never believed blindly."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from tui.domain.cover_facts import CoverFacts
from tui.domain.health import HealthEvent
from tui.domain.instance import Instance, InstanceState, Phase, Target, TargetStatus, Trouble, TroubleKind
from tui.domain.sanitize import clean
from tui.fleet import snapshot
from tui.fleet.protocol import Delta
from tui.fleet.store import Store

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
PROD = Target("prod", "eu-west-1")


def fleet() -> Store:
    store = Store()
    rows = tuple(
        Instance(PROD, clean(f"i-{n}"), name=clean(f"web-{n}"), state=InstanceState.RUNNING, status_at=NOW)
        for n in range(3)
    )
    trouble = Trouble(TroubleKind.NETWORK, clean("not reachable"), clean("wait"))
    store.apply(Delta(TargetStatus(PROD, Phase.LIVE, count=3, status_at=NOW, partial=(trouble,)), rows))
    return store


def path(folder: Path) -> Path:
    return folder / "cache" / "evac" / "snapshot.mpk"


def save(store: Store, where: Path) -> None:
    snapshot.write_snapshot(store.targets(), store.rows(), where, NOW)


def test_what_was_saved_comes_back_waiting_with_its_age(tmp_path: Path) -> None:
    store = fleet()
    save(store, path(tmp_path))
    found = snapshot.load_snapshot(path(tmp_path))
    assert found is not None
    assert found.saved_at == NOW
    again = Store()
    again.load_snapshot(found.deltas, found.count)
    for rows in found.rest():
        again.load_rest(rows)
    assert sorted(again.rows(), key=str) == sorted(store.rows(), key=str)
    (status,) = again.targets()
    assert (status.phase, status.count, status.status_at) == (Phase.WAITING, 3, NOW), (
        "nothing is live before it is read"
    )
    assert (status.trouble, status.partial) == (None, ())


def test_who_covers_it_and_what_health_says_is_not_kept_each_run_tells_it_anew(tmp_path: Path) -> None:
    store = fleet()
    issue = HealthEvent(clean("arn:1"), clean("AWS_EC2_OPERATIONAL_ISSUE"))
    rows = tuple(replace(row, cover=CoverFacts(NOW), health=(issue,)) for row in store.rows())
    store.apply(Delta(TargetStatus(PROD, Phase.LIVE, count=3, cover_at=NOW, health=(issue,)), rows))
    save(store, path(tmp_path))
    found = snapshot.load_snapshot(path(tmp_path))
    assert found is not None
    kept = [
        *(row for delta in found.deltas for row in delta.upserts),
        *(row for some in found.rest() for row in some),
    ]
    assert [(row.cover, row.health) for row in kept] == [(None, ())] * 3
    assert [(one.target.cover_at, one.target.health) for one in found.deltas if one.target] == [(None, ())]
    assert all(row.cover for row in store.rows()), "the run that saved it goes on telling it"


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        save(fleet(), path(tmp_path))
    finally:
        os.umask(before)
    assert stat.S_IMODE(path(tmp_path).stat().st_mode) == 0o600
    assert stat.S_IMODE(path(tmp_path).parent.stat().st_mode) == 0o700


def test_a_folder_that_was_open_is_closed(tmp_path: Path) -> None:
    folder = path(tmp_path).parent
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    save(fleet(), path(tmp_path))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        ("empty", "it is damaged"),
        ("cut", "it is damaged"),
        ("noise", "it is damaged"),
        ("deep", "it is damaged"),
        ("older", "an older evac wrote it"),
        ("newer", "a newer evac wrote it"),
    ],
)
def test_what_cannot_be_used_is_set_aside_with_its_reason_and_made_anew(
    tmp_path: Path, damage: str, why: str
) -> None:
    save(fleet(), path(tmp_path))
    body = path(tmp_path).read_bytes()
    document = msgspec.msgpack.decode(body)
    document["format"] += {"older": -1, "newer": 1}.get(damage, 0)
    damaged = {
        "empty": b"",
        "cut": body[: len(body) // 2],
        "noise": os.urandom(len(body)),
        "deep": b"\x91" * 100_000 + b"\x90",
    }
    spoilt = damaged.get(damage, msgspec.msgpack.encode(document))
    path(tmp_path).write_bytes(spoilt)
    with pytest.raises(snapshot.SnapshotError, match=why):
        snapshot.load_snapshot(path(tmp_path))
    kept, said = snapshot.restore(path(tmp_path))
    aside = path(tmp_path).with_name("snapshot.mpk.aside")
    assert kept is None
    assert said == (f"the last state on disk could not be used: {why}, set aside as {aside}; it is read anew")
    assert aside.read_bytes() == spoilt
    assert snapshot.restore(path(tmp_path)) == (None, ""), "it is said once"
    save(fleet(), path(tmp_path))
    assert snapshot.load_snapshot(path(tmp_path)) is not None


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_what_somebody_else_could_have_written_is_not_read(tmp_path: Path, mode: int) -> None:
    save(fleet(), path(tmp_path))
    path(tmp_path).chmod(mode)
    kept, said = snapshot.restore(path(tmp_path))
    assert kept is None
    assert "somebody else could have written it" in said


def test_a_path_that_cannot_be_written_or_read_is_an_oserror_or_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        save(fleet(), tmp_path / "file" / "evac" / "snapshot.mpk")
    assert snapshot.load_snapshot(tmp_path / "file" / "evac" / "snapshot.mpk") is None
    (tmp_path / "folder.mpk").mkdir()
    with pytest.raises(OSError, match=r"folder\.mpk"):
        save(fleet(), tmp_path / "folder.mpk")
    assert [one.name for one in tmp_path.iterdir() if "folder" in one.name] == ["folder.mpk"], (
        "nothing half-written"
    )
    kept, said = snapshot.restore(tmp_path / "folder.mpk")
    assert kept is None
    assert "Is a directory" in said


def test_a_link_in_its_place_is_replaced_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("keep me")
    path(tmp_path).parent.mkdir(parents=True)
    path(tmp_path).symlink_to(precious)
    save(fleet(), path(tmp_path))
    assert precious.read_text() == "keep me"
    assert not path(tmp_path).is_symlink()
