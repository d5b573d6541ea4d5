"""Whatever lies in a file or comes through a pipe: a reader answers, or raises its own error in one line. Nothing else."""

from __future__ import annotations

import random
import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.journal_file import to_single_file
from tui.config import edit, loader
from tui.config.schema import ConfigError, decode_settings, validate
from tui.domain import query
from tui.domain.actions import ActionOptions
from tui.domain.instance import Instance, InstanceState, Phase, Target, TargetStatus
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.domain.time_format import parse_duration, parse_moment
from tui.fleet import protocol, snapshot
from tui.fleet.store import Store
from tui.operations import audit_log
from tui.operations.journal import Journal, JournalError
from tui.operations.repair import damage, repair

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
PROD = Target("prod", "eu-west-1")
ROW = Instance(PROD, clean("i-0123456789abcdef0"), name=clean("web-7"), state=InstanceState.RUNNING)
ANY = st.text(st.characters(), max_size=200)


def one_line(error: Exception) -> None:
    """What it says can be put on a terminal."""
    assert all(unicodedata.category(char) not in ("Cc", "Cs") for char in str(error)), repr(str(error))


def damaged(good: bytes, data: st.DataObject) -> bytes:
    """Some of its bytes changed, left out, repeated."""
    body = bytearray(good)
    for _ in range(data.draw(st.integers(1, 6))):
        if not body:
            break
        at = data.draw(st.integers(0, len(body) - 1))
        match data.draw(st.integers(0, 3)):
            case 0:
                body[at] = data.draw(st.integers(0, 255))
            case 1:
                del body[at : at + data.draw(st.integers(1, 30))]
            case 2:
                body[at:at] = body[at : at + data.draw(st.integers(1, 30))]
            case _:
                body[at:at] = data.draw(st.binary(max_size=8))
    return bytes(body)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    before = loader.POLICY
    made = tmp_path_factory.mktemp("fuzz")
    loader.POLICY = made / "no-policy.toml"
    yield made
    loader.POLICY = before


# the frames between the processes

GOOD_FRAME = protocol.encode_frame(
    protocol.Delta(TargetStatus(PROD, Phase.LIVE, status_at=NOW), (ROW,), ("k",), (PROD,))
)[4:]


@example(b"\x91" * 100_000)
@given(st.binary(max_size=300))
def test_bytes_that_are_no_frame(body: bytes) -> None:
    try:
        protocol.decode_frame(body)
    except protocol.WireError as error:
        one_line(error)


@given(st.data())
def test_a_damaged_frame(data: st.DataObject) -> None:
    try:
        protocol.decode_frame(damaged(GOOD_FRAME, data))
    except protocol.WireError as error:
        one_line(error)


@given(st.binary(min_size=4, max_size=4))
def test_any_length(header: bytes) -> None:
    with suppress(protocol.WireError):
        assert 0 <= protocol.length(header) <= protocol.FRAME_LIMIT


# the snapshot


def saved(folder: Path) -> bytes:
    path = folder / "good" / "snapshot.mpk"
    if not path.exists():
        store = Store()
        store.apply(protocol.Delta(TargetStatus(PROD, Phase.LIVE, status_at=NOW), (ROW,)))
        snapshot.write_snapshot(store.targets(), store.rows(), path, NOW)
    return path.read_bytes()


@given(st.data())
def test_a_damaged_snapshot(folder: Path, data: st.DataObject) -> None:
    path = folder / "snapshot.mpk"
    path.write_bytes(damaged(saved(folder), data))
    path.chmod(0o600)
    kept, said = snapshot.restore(path)
    assert said.isprintable()
    if kept is not None:
        store = Store()
        store.load_snapshot(kept.deltas, kept.count)
        for rows in kept.rest():
            store.load_rest(rows)


@example(b"\x91" * 200_000)
@given(st.binary(max_size=300))
def test_a_snapshot_of_anything(folder: Path, body: bytes) -> None:
    path = folder / "any.mpk"
    path.write_bytes(body)
    path.chmod(0o600)
    kept, said = snapshot.restore(path)
    assert bool(kept) != bool(said)


# the configuration

GOOD_CONFIG = (Path(__file__).parents[2] / "config.example.toml").read_bytes()


def loaded(folder: Path, body: bytes, policy: bytes | None = None) -> None:
    path = folder / "config.toml"
    path.write_bytes(body)
    environ = {"HOME": str(folder)}
    if policy is not None:
        (folder / "policy.toml").write_bytes(policy)
        environ["EVAC_POLICY"] = str(folder / "policy.toml")
    try:
        loader.load_settings(path, profiles=(), regions=(), read_only=False, environ=environ)
    except ConfigError as error:
        one_line(error)


@example(b"a = " + b"[" * 50_000)
@example(b"a = " + b"{a=" * 5_000)
@example(b"[" + b"a." * 5_000 + b"a]")
@example(b"read_only = 1" + b"0" * 5_000)
@given(st.binary(max_size=300))
def test_a_configuration_of_anything(folder: Path, body: bytes) -> None:
    loaded(folder, body)
    loaded(folder, b"", body)


@given(st.data())
def test_a_damaged_configuration(folder: Path, data: st.DataObject) -> None:
    body = damaged(GOOD_CONFIG, data)
    loaded(folder, body)
    loaded(folder, b"", body)


@example("[" * 100_000)
@example("\ud800")
@given(st.one_of(ANY, st.binary(max_size=200)))
def test_settings_of_a_parent_that_is_none_of_ours(body: str | bytes) -> None:
    try:
        decode_settings(body)
    except ConfigError as error:
        one_line(error)


@given(ANY, ANY)
def test_any_key_and_value_set(folder: Path, key: str, value: str) -> None:
    path = folder / "set.toml"
    path.write_text("regions = ['eu-west-1']\n")
    try:
        edit.update(path, key, edit.parse_value(value))
        validate(loader.read_toml(path), path)
    except ConfigError as error:
        one_line(error)


# what people type


@given(ANY)
def test_any_filter(text: str) -> None:
    parsed = query.parse_query(text)
    if isinstance(parsed, query.QueryError):
        assert 0 <= parsed.start <= parsed.end <= len(text)
    else:
        for test in parsed.tests:
            test(ROW, NOW)


@example("9" * 6 + "w" + "9" * 6 + "w")
@example("9999-12-31T23:59:59-14:00")
@example("0001-01-01")
@given(ANY)
def test_any_time(text: str) -> None:
    for read in (parse_duration, lambda word: parse_moment(word, NOW)):
        with suppress(ValueError):
            read(text)


# the journal and the audit log


def good_journal(folder: Path) -> bytes:
    path = folder / "good.sqlite3"
    if not path.exists():
        journal = Journal(path)
        journal.create(draft("reboot", ROW, None, ActionOptions(), Policy(), NOW), NOW)
        journal.close()
        to_single_file(path)
    return path.read_bytes()


def read_all(path: Path) -> None:
    """As a console does; JournalError is its right."""
    try:
        journal = Journal(path)
    except JournalError as error:
        one_line(error)
        return
    try:
        for operation in journal.list():
            journal.get(operation.id)
        journal.unfinished()
        journal.revision()
    except JournalError as error:
        one_line(error)
    finally:
        journal.close()


def fresh(folder: Path, body: bytes) -> Path:
    path = folder / "damaged.sqlite3"
    for left in folder.glob("damaged.sqlite3*"):
        left.unlink()
    path.write_bytes(body)
    return path


@given(st.integers())
def test_a_damaged_journal(folder: Path, seed: int) -> None:
    """Whole pages and single bytes: SQLite finds some of it, the rest is found by what reads the rows."""
    chance, body = random.Random(seed), bytearray(good_journal(folder))
    for _ in range(chance.randint(1, 40)):
        body[chance.randrange(len(body))] = chance.randrange(256)
    read_all(fresh(folder, bytes(body[: chance.choice((len(body), len(body) // 2, 100))])))


@given(st.integers())
def test_a_damaged_journal_can_be_repaired(folder: Path, seed: int) -> None:
    chance, body = random.Random(seed), bytearray(good_journal(folder))
    for _ in range(chance.randint(1, 40)):
        body[chance.randrange(len(body))] = chance.randrange(256)
    path = fresh(folder, bytes(body))
    try:
        why = damage(path)
    except JournalError as error:
        one_line(error)  # a newer evac's, it seems
        return
    if why:
        repair(path, NOW)
        assert damage(path) == ""
    for left in folder.glob("damaged-*"):
        left.unlink()


@given(st.binary(max_size=300))
def test_a_journal_of_anything(folder: Path, body: bytes) -> None:
    read_all(fresh(folder, body))


FIELDS = ("state", "created_at", "confirmed_at", "finished_at", "lease_until", "kept", "attention", "title")


@given(st.sampled_from(FIELDS), st.one_of(ANY, st.integers(-(2**40), 2**40), st.binary(max_size=40)))
def test_a_row_of_the_journal_that_nobody_can_have_written(
    folder: Path, field: str, value: str | int | bytes
) -> None:
    path = fresh(folder, good_journal(folder))
    database = sqlite3.connect(path)
    with suppress(UnicodeEncodeError):
        database.execute(f"UPDATE operation SET {field}=?", (value,))
        database.commit()
    database.close()
    read_all(path)


def test_a_journal_of_a_newer_evac_is_left_alone(folder: Path) -> None:
    path = fresh(folder, good_journal(folder))
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version=99")
    database.commit()
    database.close()
    before = path.read_bytes()
    with pytest.raises(JournalError, match="newer"):
        Journal(path)
    assert path.read_bytes() == before  # not even its mode of writing


@given(st.binary(max_size=300))
def test_an_audit_log_of_anything_is_checked_and_added_to(folder: Path, body: bytes) -> None:
    path = folder / "audit.jsonl"
    path.write_bytes(body)
    audit_log.check(path)
    with suppress(OSError):
        audit_log.append(path, NOW, step="x", result="y")


@pytest.mark.parametrize("seed", [136193, 1647404, 34741])
def test_journals_that_were_once_too_damaged(folder: Path, seed: int) -> None:
    """A column that has lost its name."""
    test_a_damaged_journal.hypothesis.inner_test(folder, seed)  # type: ignore[attr-defined]  # hypothesis sets it


@pytest.mark.parametrize("seed", [917_333_911_046])
def test_journals_that_once_could_not_be_repaired(folder: Path, seed: int) -> None:
    """The column of the ids has lost its name."""
    test_a_damaged_journal_can_be_repaired.hypothesis.inner_test(folder, seed)  # type: ignore[attr-defined]  # as above
