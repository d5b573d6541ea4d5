"""One place says where files lie, by one rule: a variable of XDG's that is no absolute path counts as not set."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tui import crash_report, paths
from tui.cli import doctor_operations, doctor_setup
from tui.cli.main import run
from tui.cli.session import Session
from tui.config.loader import Loaded
from tui.config.schema import Settings
from tui.operations.journal import Journal

NOT_SET = ["", "relative", "./here", "~/there"]
PLACES: list[tuple[Callable[[Mapping[str, str]], Path], str, str, str]] = [
    (paths.default_config_path, "XDG_CONFIG_HOME", ".config", "config.toml"),
    (paths.default_journal_path, "XDG_STATE_HOME", ".local/state", "journal.sqlite3"),
    (paths.runner_log_path, "XDG_STATE_HOME", ".local/state", "runner.log"),
    (paths.default_snapshot_path, "XDG_CACHE_HOME", ".cache", "snapshot.mpk"),
]


@pytest.fixture(autouse=True)
def _linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")


@pytest.mark.parametrize(("place", "variable", "below", "name"), PLACES)
def test_it_lies_where_xdg_says(
    place: Callable[[Mapping[str, str]], Path], variable: str, below: str, name: str
) -> None:
    assert place({variable: "/x", "HOME": "/h"}) == Path("/x/evac", name)
    assert place({"HOME": "/h"}) == Path("/h", below, "evac", name)


@pytest.mark.parametrize("value", NOT_SET)
@pytest.mark.parametrize(("place", "variable", "below", "name"), PLACES)
def test_what_is_no_absolute_path_counts_as_not_set(
    place: Callable[[Mapping[str, str]], Path], variable: str, below: str, name: str, value: str
) -> None:
    assert place({variable: value, "HOME": "/h"}) == Path("/h", below, "evac", name)


def test_a_mac_keeps_its_journal_where_it_always_was_and_all_state_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    home = {"HOME": "/Users/ana"}
    state = Path("/Users/ana/Library/Application Support/evac")
    assert paths.state_folder(home) == state
    assert paths.default_journal_path(home) == state / "journal.sqlite3"
    assert paths.default_config_path(home) == Path("/Users/ana/.config/evac/config.toml")
    assert paths.default_journal_path(home | {"XDG_STATE_HOME": "/s"}) == Path("/s/evac/journal.sqlite3")


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_doctor_names_one_folder_for_state_and_journal(
    platform: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.chdir(tmp_path)
    environ = {"HOME": str(tmp_path / "home"), "XDG_STATE_HOME": "relative"}
    (tmp_path / "home").mkdir()
    folder = paths.state_folder(environ)
    folder.mkdir(parents=True, mode=0o700)
    Journal(paths.default_journal_path(environ)).close()
    session = Session(Settings(), Loaded(Settings(), {}, paths.default_config_path(environ)), environ)
    lines = [*doctor_setup.here(session), *doctor_operations.doctor_operations(environ)]
    said = {line.subject: line.said for line in lines}
    assert said["state"].startswith(str(folder))
    assert said["journal"].startswith(str(folder))
    assert not (tmp_path / "relative").exists()


def test_journal_audit_log_and_crash_report_of_a_relative_folder_lie_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "home"
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert run(["ops", "list"]) == 0
    report = crash_report.write_crash_report(ValueError("broken"), os.environ)
    assert report is not None
    assert report.parent == home / ".local/state/evac"
    assert run(["ops", "repair"]) == 0
    assert str(home / ".local/state/evac") in "".join(capsys.readouterr())
    assert not (tmp_path / "relative").exists()


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    paths.write_atomically(path, b"one")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    paths.write_atomically(path, b"two", mode=0o640, durable=False)
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o640
    with pytest.raises(TypeError):
        paths.write_atomically(path, "no bytes")  # type: ignore[arg-type] # the failure that is tried
    assert path.read_bytes() == b"two"
    assert [one.name for one in path.parent.iterdir()] == ["file"]


def test_a_link_in_its_place_is_replaced_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("keep me")
    link = tmp_path / "link"
    link.symlink_to(precious)
    paths.write_atomically(link, b"mine")
    assert precious.read_text() == "keep me"
    assert link.read_bytes() == b"mine"
