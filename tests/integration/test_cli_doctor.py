"""What doctor finds wrong on this machine, and that it says how to mend it."""

from __future__ import annotations

import os
import shutil
import sys
from importlib import metadata, util
from pathlib import Path
from types import SimpleNamespace

import pytest

from tui.cli import doctor_setup
from tui.cli.session import Session
from tui.config import loader


def session(home: Path) -> Session:
    environ = {
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_STATE_HOME": str(home / "state"),
        "HOME": str(home),
    }
    loaded = loader.load_settings(None, profiles=(), regions=(), read_only=False, environ=environ)
    return Session(loaded.settings, loaded, environ)


def found(home: Path, subject: str) -> list[doctor_setup.DoctorLine]:
    return [check for check in doctor_setup.here(session(home)) if check.subject == subject]


def test_every_doubt_and_failure_has_a_remedy(tmp_path: Path) -> None:
    lines = list(doctor_setup.here(session(tmp_path)))
    assert {check.subject for check in lines} >= {
        "python",
        "packages",
        "config",
        "policy",
        "state",
        "terminal",
    }
    assert all(check.remedy for check in lines if check.mark != doctor_setup.WELL)


def test_our_packages_are_told_from_a_stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(check.mark != doctor_setup.BAD for check in found(tmp_path, "packages"))
    stranger = tmp_path / "site" / "screens"
    stranger.mkdir(parents=True)
    (stranger / "__init__.py").touch()
    monkeypatch.setattr(
        util,
        "find_spec",
        lambda name: SimpleNamespace(origin=str(stranger / "__init__.py")) if name == "screens" else None,
    )
    bad = [check for check in found(tmp_path, "packages") if check.mark == doctor_setup.BAD]
    assert [str(stranger) in check.said for check in bad] == [False, True]


def test_a_second_owner_of_our_names_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        metadata, "packages_distributions", lambda: {"tui": ["evac", "tui"], "screens": ["evac"]}
    )
    (bad,) = [check for check in found(tmp_path, "packages") if check.mark == doctor_setup.BAD]
    assert "tui is also installed by tui" in bad.said


def test_a_journal_open_to_others_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "evac"
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    (line,) = found(tmp_path, "state")
    assert (line.mark, line.remedy) == (doctor_setup.BAD, f"chmod 700 {folder}")
    folder.chmod(0o700)
    (line,) = found(tmp_path, "state")
    assert line.mark == doctor_setup.WELL


@pytest.mark.parametrize(
    ("columns", "lines", "mark"),
    [(160, 50, doctor_setup.WELL), (80, 24, doctor_setup.WELL), (79, 24, doctor_setup.DOUBT)],
)
def test_a_small_terminal_is_said(
    columns: int, lines: int, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(isatty=lambda: True, encoding="utf-8"))
    monkeypatch.setattr(shutil, "get_terminal_size", lambda *_, **__: os.terminal_size((columns, lines)))
    (line,) = doctor_setup.terminal({"TERM": "xterm"})
    assert line.mark == mark
