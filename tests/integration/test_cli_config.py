"""`evac config`, `--version` and the console without a terminal, as a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def evac(home: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a home of its own. stdin is empty and no terminal."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "EVAC_", "XDG_"))
    }
    clean |= {"HOME": str(home), "PYTHONPATH": str(ROOT)} | environ
    return subprocess.run(
        [sys.executable, "-P", "-m", "tui", *arguments],
        env=clean,
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_version(tmp_path: Path) -> None:
    done = evac(tmp_path, "--version")
    assert done.returncode == 0
    assert done.stdout.startswith("evac ")


def test_without_a_terminal_the_console_says_so_and_names_what_works(tmp_path: Path) -> None:
    done = evac(tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "needs a terminal" in done.stderr
    assert "evac status" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["--nonsense"], ["config", "set", "one"], ["config", "show", "x"]]
)
def test_wrong_use_is_2_without_a_traceback(tmp_path: Path, arguments: list[str]) -> None:
    done = evac(tmp_path, *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("evac: ")


def test_init_path_set_show(tmp_path: Path) -> None:
    path = evac(tmp_path, "config", "path").stdout.strip()
    assert path == str(tmp_path / ".config/evac/config.toml")
    assert evac(tmp_path, "config", "init").returncode == 0
    again = evac(tmp_path, "config", "init")
    assert again.returncode == 2
    assert "exists already" in again.stderr
    assert evac(tmp_path, "config", "set", "profiles.prod.label", "Production").returncode == 0
    assert evac(tmp_path, "config", "set", "intervals.status", "30").returncode == 0
    written = tomllib.loads(Path(path).read_text())
    assert {name: values for name, values in written.items() if values} == {
        "intervals": {"status": 30},
        "profiles": {"prod": {"label": "Production"}},
    }
    shown = json.loads(evac(tmp_path, "config", "show", "--json", "--region", "eu-west-1,us-east-1").stdout)
    assert shown["intervals.status"] == {"value": 30.0, "source": path}
    assert shown["intervals.inventory"] == {"value": 300.0, "source": "default"}
    assert shown["profiles.prod.label"] == {"value": "Production", "source": path}
    assert shown["only_regions"] == {"value": ["eu-west-1", "us-east-1"], "source": "--region"}


def test_show_hides_a_password_and_follows_policy(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("read_only = true\n")
    (tmp_path / "mine.toml").write_text('[cache]\nurl = "redis://user:secret@cache/0"\n')
    policy = str(tmp_path / "policy.toml")
    done = evac(tmp_path, "--config", "mine.toml", "config", EVAC_POLICY=policy)
    assert done.returncode == 0, done.stderr
    assert "secret" not in done.stdout + done.stderr
    assert any(line.split() == ["read_only", "true", policy] for line in done.stdout.splitlines())


def test_a_broken_file_is_one_line_and_2(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("[intervals]\nstatus = 'often'\n")
    done = evac(tmp_path, "config", "show", "--config", "bad.toml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "evac: bad.toml: intervals.status: expected float, got str\n"


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -P -m tui config show | true; exit ${{PIPESTATUS[0]}}"
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", command],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, "Traceback" in done.stderr, "Broken" in done.stderr) == (0, False, False)
