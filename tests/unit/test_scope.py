"""What this run does not read is not shown from an earlier one, and is not lost to the next."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.rows import row
from tui.config.schema import Settings
from tui.config.sections import ProfileSettings
from tui.domain.instance import EVERYWHERE, Instance, Phase, Target, TargetStatus
from tui.domain.sanitize import clean
from tui.fleet import scope, snapshot
from tui.fleet.protocol import Delta
from tui.fleet.store import Store
from tui.paths import default_snapshot_path

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
SEOUL, DUBLIN = "ap-northeast-2", "eu-west-1"
WIDE = Settings()
PROFILES = ("prod", "audit", "data", "old")


def status(profile: str, region: str, *names: str, phase: Phase = Phase.LIVE) -> TargetStatus:
    profiles = tuple(map(clean, names or (profile,)))
    return TargetStatus(Target(profile, region), phase, profiles, count=2, status_at=NOW)


def fleet() -> Store:
    """prod and audit are one account's; each target has an instance in trouble and a calm one."""
    store = Store()
    for number, (profile, region, names) in enumerate(
        [
            ("prod", SEOUL, ("prod", "audit")),
            ("prod", DUBLIN, ("prod", "audit")),
            ("data", SEOUL, ()),
            ("old", DUBLIN, ()),
        ]
    ):
        one = status(profile, region, *names)
        pair = (
            row(2 * number, one.target, profiles=one.profiles),
            row(2 * number + 1, one.target, profiles=one.profiles),
        )
        store.apply(Delta(one, pair))
    store.apply(Delta(TargetStatus(Target("gone", EVERYWHERE), Phase.FAILED, (clean("gone"),))))
    return store


def env(folder: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(folder)}


def save(folder: Path, settings: Settings, store: Store, now: datetime = NOW) -> Path:
    found = snapshot.find_snapshot(env(folder), settings)
    found.opening.done()
    snapshot.write_snapshot(store.targets(), store.rows(), found.path, now, scope.key(settings))
    return found.path


def opened(folder: Path, settings: Settings) -> Store:
    found = snapshot.find_snapshot(env(folder), settings)
    found.opening.done()
    store = Store()
    if found.kept is not None:
        store.load_snapshot(found.kept.deltas, found.kept.count)
        for rows in found.kept.rest():
            store.load_rest(rows)
    return store


def places(store: Store) -> set[str]:
    assert {one.target for one in store.rows()} <= {one.target for one in store.targets()}
    return {str(one.target.key) for one in store.targets()}


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({"only_profiles": ("data",)}, {"data/ap-northeast-2"}),
        ({"only_profiles": ("audit",)}, {"audit/ap-northeast-2", "audit/eu-west-1"}),
        ({"only_regions": (DUBLIN,)}, {"prod/eu-west-1", "old/eu-west-1", "gone/*"}),
        ({"regions": (SEOUL,)}, {"prod/ap-northeast-2", "data/ap-northeast-2", "gone/*"}),
        ({"regions": (SEOUL,), "only_regions": (DUBLIN,), "only_profiles": ("prod",)}, {"prod/eu-west-1"}),
        ({"allowed_regions": (SEOUL,)}, {"prod/ap-northeast-2", "data/ap-northeast-2", "gone/*"}),
        ({"hidden_profiles": ("*o*",)}, {"audit/ap-northeast-2", "audit/eu-west-1", "data/ap-northeast-2"}),
        (
            {"profiles": {"prod": ProfileSettings(regions=(SEOUL,)), "old": ProfileSettings(hidden=True)}},
            {"prod/ap-northeast-2", "audit/eu-west-1", "data/ap-northeast-2", "gone/*"},
        ),
        ({"only_profiles": ("nobody",)}, set()),
    ],
)  # fmt: skip
def test_a_narrower_run_shows_what_it_reads(tmp_path: Path, changes: dict[str, Any], left: set[str]) -> None:
    save(tmp_path, WIDE, fleet())
    narrow = Settings(**changes)
    store = opened(tmp_path, narrow)
    assert places(store) == left
    assert len(store.rows()) == 2 * len([one for one in left if not one.endswith("*")])
    for one in store.rows():
        assert one.target.profile in one.profiles


def test_a_narrow_run_keeps_the_wide_one_s_state_and_has_its_own(tmp_path: Path) -> None:
    narrow, other = Settings(only_profiles=("data",)), Settings(only_profiles=("old",))
    wide = save(tmp_path, WIDE, fleet())
    own = save(tmp_path, narrow, opened(tmp_path, narrow), NOW + timedelta(minutes=1))
    assert own != wide
    assert places(opened(tmp_path, narrow)) == {"data/ap-northeast-2"}
    assert places(opened(tmp_path, WIDE)) == places(fleet())
    assert places(opened(tmp_path, other)) == {"old/eu-west-1"}
    found = snapshot.find_snapshot(env(tmp_path), narrow)
    assert found.kept is not None
    assert found.kept.saved_at == NOW + timedelta(minutes=1), "the newer of the two"
    found.opening.done()
    save(tmp_path, WIDE, fleet(), NOW + timedelta(minutes=2))
    found = snapshot.find_snapshot(env(tmp_path), narrow)
    assert found.kept is not None
    assert found.kept.saved_at == NOW + timedelta(minutes=2)
    assert found.path == own
    found.opening.done()


def test_a_narrow_run_that_is_the_first_leaves_its_file_to_a_wider_one(tmp_path: Path) -> None:
    narrow = Settings(only_profiles=("data",))
    first = save(tmp_path, narrow, opened(tmp_path, narrow))
    assert first == default_snapshot_path(env(tmp_path))
    assert save(tmp_path, WIDE, fleet()) == first
    assert save(tmp_path, narrow, opened(tmp_path, narrow)) != first


def test_narrowed_states_do_not_pile_up(tmp_path: Path) -> None:
    save(tmp_path, WIDE, fleet())
    for number in range(20):
        save(tmp_path, Settings(only_profiles=(f"p{number}",)), Store())
    assert len(os.listdir(tmp_path / "evac")) == snapshot.NARROW_KEPT + 1


def test_what_the_collector_says_it_reads_ends_what_an_earlier_run_left(tmp_path: Path) -> None:
    save(tmp_path, WIDE, fleet())
    store = opened(tmp_path, WIDE)
    store.apply(Delta(profiles=("audit", "data")))
    assert places(store) == {"audit/ap-northeast-2", "audit/eu-west-1", "data/ap-northeast-2"}
    assert len(store.rows()) == 6
    store.apply(Delta(status("audit", SEOUL, phase=Phase.LIVE), (row(0, Target("audit", SEOUL)),)))
    store.apply(Delta(regions=("audit", (SEOUL,))))
    assert places(store) == {"audit/ap-northeast-2", "data/ap-northeast-2"}
    store.apply(Delta(regions=("audit", ())))
    assert "audit/ap-northeast-2" in places(store), "what is read now is the collector's to take away"
    assert places(opened(tmp_path, WIDE)) == places(fleet())


def test_equal_scopes_have_one_word_and_others_another() -> None:
    words = {
        scope.key(settings)
        for settings in (
            WIDE,
            Settings(only_profiles=("a", "b")),
            Settings(only_profiles=("b", "a")),
            Settings(only_regions=("a1", "b1")),
            Settings(regions=("a1", "b1")),
            Settings(profiles={"a": ProfileSettings(regions=("a1",))}),
            Settings(profiles={"a": ProfileSettings(hidden=True)}),
            Settings(profiles={"a": ProfileSettings(label="A", color="red")}),
        )
    }
    assert len(words) == 6
    assert "" in words
    assert isinstance(fleet().rows()[0], Instance)


def test_an_account_that_another_profile_reads_than_the_last_time_is_one_target() -> None:
    """In the last run prod's login had expired, and audit read its account."""
    store, account = Store(), clean("111122223333")
    names = (clean("prod"), clean("audit"))
    before = TargetStatus(Target("audit", SEOUL), Phase.WAITING, names, account, count=2, status_at=NOW)
    rows = [row(number, before.target, account_id=account, profiles=names) for number in (1, 2)]
    store.load_snapshot([Delta(before, tuple(rows))])
    now = TargetStatus(Target("prod", SEOUL), Phase.LIVE, names, account, status_at=NOW)
    store.apply(Delta(now, (replace(rows[0], target=now.target),)))
    assert places(store) == {f"prod/{SEOUL}"}, "else one would wait for ever"
    assert store.counts == {now.target: 2}, "the other row is shown until it is known to be gone"


# --- within a run


WITHIN = {
    "an account": (
        scope.Scope(accounts=frozenset({"111122223333"})),
        {"prod/ap-northeast-2", "prod/eu-west-1"},
    ),
    "a profile that is not the one that reads": (
        scope.Scope(profiles=frozenset({"audit"})),
        {"prod/ap-northeast-2", "prod/eu-west-1"},
    ),
    "a region, and what may be in it": (
        scope.Scope(regions=frozenset({DUBLIN})),
        {"prod/eu-west-1", "old/eu-west-1", "gone/*"},
    ),
    "one region of an account": (
        scope.Scope(accounts=frozenset({"111122223333"}), regions=frozenset({DUBLIN})),
        {"prod/eu-west-1"},
    ),
    "nothing": (scope.Scope(profiles=frozenset({"nobody"})), set()),
    "everything": (scope.WHOLE, places(fleet())),
}


def read_fleet() -> Store:
    """The same with the accounts known."""
    store, found = Store(), fleet()
    for one in found.every_target():
        account = clean("111122223333" if one.target.profile == "prod" else "")
        rows = tuple(
            replace(row, account_id=account) for row in found.every_row() if row.target == one.target
        )
        store.apply(Delta(replace(one, account_id=account), rows))
    return store


@pytest.mark.parametrize("case", WITHIN)
def test_what_is_out_of_scope_is_counted_and_told_nowhere_else(case: str) -> None:
    store, (narrow, left) = read_fleet(), WITHIN[case]
    targets, rows = store.every_target(), store.every_row()
    before = store.revision
    store.scope = narrow
    assert store.revision > before, "whoever draws looks again"
    assert places(store) == left
    assert {str(row.target.key) for row in store.rows()} == {one for one in left if not one.endswith("*")}
    assert store.total == len(store.rows()) == sum(store.counts.values())
    assert store.out_of_scope == (len(targets) - len(left), len(rows) - len(store.rows()))
    assert store.every_target() == targets, "all of it is read on"
    assert all(store.get(row.key) is row for row in rows), "and what is marked stays"
    assert store.rows() is store.rows(), "another list only when something changed"
    store.scope = scope.WHOLE
    assert list(store.rows()) == list(rows)
    assert store.out_of_scope == (0, 0)


def test_what_comes_while_narrowed_is_there_when_it_is_widened() -> None:
    store = read_fleet()
    store.scope = scope.Scope(profiles=frozenset({"data"}))
    late = row(99, Target("old", DUBLIN), profiles=(clean("old"),))
    store.apply(Delta(upserts=(late,)))
    assert late.key not in {one.key for one in store.rows()}
    assert store.out_of_scope[1] == 7
    early = row(
        98, Target("data", "us-east-1"), profiles=(clean("data"),)
    )  # its target is told after its rows
    store.apply(Delta(upserts=(early,)))
    assert early in store.rows()
    store.scope = scope.WHOLE
    assert late in store.rows()


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (Settings(only_profiles=("a",)), Settings(only_profiles=("a", "b"))),
        (Settings(only_profiles=("b",)), Settings(only_profiles=("b",))),
        (Settings(), Settings()),
        (
            Settings(profiles={"b": ProfileSettings(hidden=True, label="B")}),
            Settings(profiles={"b": ProfileSettings(label="B")}),
        ),
    ],
)
def test_a_profile_is_added_as_if_it_had_been_asked_for(before: Settings, expected: Settings) -> None:
    assert scope.reading_also(before, "b") == expected


def test_what_a_run_has_come_to_read_besides_is_shown_to_none_that_does_not(tmp_path: Path) -> None:
    """It began with `data` alone, and `old` was added: saved as what it then is."""
    save(tmp_path, WIDE, fleet())
    began = Settings(only_profiles=("data",))
    own = save(tmp_path, began, opened(tmp_path, began), NOW + timedelta(minutes=1))
    more = scope.reading_also(began, "old")
    where = snapshot.path_of(own, scope.key(more))
    both = opened(tmp_path, more)
    later = NOW + timedelta(minutes=2)
    snapshot.write_snapshot(both.every_target(), both.every_row(), where, later, scope.key(more))
    assert places(opened(tmp_path, began)) == {"data/ap-northeast-2"}
    found = snapshot.find_snapshot(env(tmp_path), more)
    found.opening.done()
    assert (found.path, found.kept is not None and found.kept.saved_at) == (where, later)
    assert places(opened(tmp_path, more)) == {"data/ap-northeast-2", "old/eu-west-1"}
    assert snapshot.path_of(own, "") == default_snapshot_path(env(tmp_path))
