"""The console's rows."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from tests.unit.rows import BAD, OK, PROD, row
from tui.domain.instance import (
    EVERYWHERE,
    Checks,
    InstanceState,
    Phase,
    Target,
    TargetStatus,
    Trouble,
    TroubleKind,
)
from tui.domain.sanitize import clean
from tui.fleet import snapshot
from tui.fleet.protocol import Delta
from tui.fleet.store import Store

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


def test_rows_are_put_changed_and_removed_with_a_revision_each() -> None:
    store = Store()
    store.apply(Delta(upserts=(row(1), row(2))))
    listed = store.rows()
    assert list(listed) == [row(1), row(2)]
    store.apply(Delta(upserts=(row(1), row(2, state=InstanceState.STOPPED))))
    assert store.rows() is not listed
    store.apply(Delta(removed=(row(1).key, "nowhere/i-0")))
    assert [one.instance_id for one in store.rows()] == [row(2).instance_id]
    assert store.get(row(2).key) == row(2, state=InstanceState.STOPPED)
    assert store.get(row(1).key) is None
    assert store.revision == 3


def test_the_list_is_another_only_where_a_row_changed() -> None:
    store = Store()
    store.apply(Delta(upserts=(row(1), row(2))))
    listed = store.rows()
    store.apply(Delta(target=TargetStatus(PROD)))
    store.apply(Delta(upserts=(row(1),), removed=("nowhere/i-0",)))
    assert store.rows() is listed
    store.apply(Delta(dropped=(PROD,)))
    assert list(store.rows()) == []
    assert store.revision == 4


def test_the_complete_list_of_a_target_removes_its_other_rows_only() -> None:
    other = Target("dev", "eu-west-1")
    store = Store()
    store.apply(Delta(upserts=(row(1), row(2), row(3, other))))
    store.apply(Delta(TargetStatus(PROD, Phase.LIVE), (row(4),), keys=(row(2).key, row(4).key)))
    assert {one.key for one in store.rows()} == {row(2).key, row(3, other).key, row(4).key}


def test_a_row_read_by_another_profile_moves_and_a_dropped_target_takes_its_rows_along() -> None:
    other = Target("dev", "eu-west-1")
    store = Store()
    store.apply(Delta(TargetStatus(PROD), (row(1), row(2))))
    store.apply(Delta(TargetStatus(other), (row(1, other),)))
    store.apply(Delta(dropped=(PROD,)))
    assert [one.target for one in store.rows()] == [other]
    assert [status.target for status in store.targets()] == [other]
    assert store.counts == {other: 1}


def test_a_profile_that_cannot_say_its_regions_fails_in_those_known_and_keeps_their_rows() -> None:
    trouble = Trouble(
        TroubleKind.CREDENTIALS, clean("the login has expired"), clean("aws sso login --profile prod")
    )
    store = Store()
    store.apply(Delta(TargetStatus(PROD, Phase.LIVE, status_at=NOW), (row(1),)))
    store.apply(Delta(TargetStatus(Target("prod", EVERYWHERE), Phase.FAILED, trouble=trouble)))
    failed = store.target(PROD)
    assert failed is not None
    assert (failed.phase, failed.trouble, failed.status_at) == (Phase.FAILED, trouble, NOW)
    assert len(store.rows()) == 1


def test_a_snapshot_comes_back_as_waiting_and_is_private(tmp_path: Path) -> None:
    store, path = Store(), tmp_path / "evac" / "snapshot.mpk"
    store.apply(Delta(TargetStatus(PROD, Phase.LIVE, status_at=NOW, count=1), (row(1),)))
    snapshot.write_snapshot(store.targets(), store.rows(), path, NOW)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(path.parent).st_mode) == 0o700
    loaded = snapshot.load_snapshot(path)
    assert loaded is not None
    again = Store()
    again.load_snapshot(loaded.deltas, loaded.count)
    for rows in loaded.rest():
        again.load_rest(rows)
    assert loaded.saved_at == NOW
    assert list(again.rows()) == [row(1)]
    assert again.targets() == [replace(store.targets()[0], phase=Phase.WAITING)]


def test_what_is_in_trouble_comes_first_and_the_rest_changes_nothing_that_was_read_meanwhile(
    tmp_path: Path,
) -> None:
    good, bad = Checks(OK, OK), Checks(BAD, OK)
    calm = [replace(row(number), checks=good, status_at=NOW) for number in (1, 2, 3)]
    elsewhere = replace(calm[2], target=Target("prod", "us-east-1"))
    failing = replace(row(4), checks=bad, status_at=NOW)
    store, path = Store(), tmp_path / "evac" / "snapshot.mpk"
    for target in (PROD, elsewhere.target):
        store.apply(Delta(TargetStatus(target, Phase.LIVE, status_at=NOW)))
    store.apply(Delta(upserts=(*calm[:2], elsewhere, failing)))
    snapshot.write_snapshot(store.targets(), store.rows(), path, NOW)
    loaded = snapshot.load_snapshot(path)
    assert loaded is not None
    again = Store()
    again.load_snapshot(loaded.deltas, loaded.count)
    assert (list(again.rows()), again.total) == ([failing], 4)
    # One of the targets is read before the rest is loaded: there, what is not in the answer is gone.
    newer = replace(calm[0], name=clean("renamed"))
    again.apply(Delta(TargetStatus(PROD, Phase.LIVE, status_at=NOW), (newer,), keys=(newer.key,)))
    for rows in loaded.rest():
        again.load_rest(rows)
    assert sorted(str(one.name) for one in again.rows()) == sorted([str(elsewhere.name), "renamed"])


def test_a_missing_snapshot_is_none(tmp_path: Path) -> None:
    assert snapshot.load_snapshot(tmp_path / "snapshot.mpk") is None
