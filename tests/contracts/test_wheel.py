"""sdist and wheel hold what is tracked, and what is installed from the wheel runs anywhere, beside whatever file lies in the way.

The other tests read the working tree and would not notice an empty wheel (hatchling builds one without complaint when the
packages line is missing).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
BOMB = "import pathlib, sys\npathlib.Path('bomb-went-off').touch()\nsys.exit('a stray file ran')\n"


def run(*command: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """A command without our PYTHONPATH, so that only what is installed can be found."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        command, cwd=cwd, env=kept | environ, capture_output=True, text=True, timeout=180, check=False
    )


def tracked(*folders: str) -> list[str]:
    done = run("git", "ls-files", *folders, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return [name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both, the wheel built from the sdist, with the build backend that is installed: no network."""
    source = tmp_path_factory.mktemp("source")
    for name in tracked():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, source / name)
    done = run(sys.executable, "-P", "-m", "build", "--no-isolation", "--outdir", "out", ".", cwd=source)
    assert done.returncode == 0, done.stdout + done.stderr
    return source / "out"


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel alone in it; its dependencies come from this one."""
    home = tmp_path_factory.mktemp("installed")
    done = run(sys.executable, "-m", "venv", "--without-pip", str(home / "venv"), cwd=home)
    assert done.returncode == 0, done.stderr
    python = home / "venv/bin/python"
    (site,) = (home / "venv").glob("lib/python*/site-packages")
    done = run(
        sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet",
        "--no-deps", "--no-index", "--disable-pip-version-check", str(wheel), cwd=home,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    here = [entry for entry in sys.path if entry.endswith("site-packages")]
    (site / "dependencies.pth").write_text("\n".join(here) + "\n")
    return home


def test_the_sdist_holds_exactly_what_is_tracked(built: Path) -> None:
    """Tests and documents too: who has it can change it, and show that it still works."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert held == {*tracked(), "PKG-INFO"}
    assert {"tests/conftest.py", "docs/config.md", "Makefile", "constraints.txt"} <= held


def test_the_wheel_holds_exactly_what_is_tracked(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == {*tracked("tui", "screens"), "tui/config.example.toml"}
    assert any(name.endswith(".py") for name in held)


def test_style_sheets_come_along(wheel: Path) -> None:
    sheets = {name for name in tracked("screens", "tui") if name.endswith(".tcss")}
    with zipfile.ZipFile(wheel) as archive:
        assert sheets <= set(archive.namelist())


@pytest.mark.parametrize("door", [("bin/evac",), ("bin/python", "-P", "-m", "tui")])
def test_both_doors_open_elsewhere(installed: Path, tmp_path: Path, door: tuple[str, ...]) -> None:
    command, *arguments = door
    done = run(str(installed / "venv" / command), *arguments, "--version", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"evac {VERSION}\n", "")


def test_the_version_has_its_section_in_the_change_log() -> None:
    assert f"\n## [{VERSION}] - " in (ROOT / "CHANGELOG.md").read_text()


def test_the_installed_command_finds_its_example(installed: Path, tmp_path: Path) -> None:
    done = run(str(installed / "venv/bin/evac"), "config", "init", cwd=tmp_path, HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / ".config/evac/config.toml").is_file()


@pytest.mark.parametrize("door", [("bin/evac",), ("bin/python", "-P", "-m", "tui")])
def test_a_stray_file_in_the_current_folder_does_not_run(
    installed: Path, tmp_path: Path, door: tuple[str, ...]
) -> None:
    for name in ("tui.py", "screens.py", "boto3.py", "click.py"):
        (tmp_path / name).write_text(BOMB)
    command, *arguments = door
    done = run(str(installed / "venv" / command), *arguments, "config", "path", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "bomb-went-off").exists()


def test_every_process_we_start_is_started_without_the_current_folder() -> None:
    """`-P` stands before every `-m` in our own sources: without it the stray file above would run, with credentials."""
    found = 0
    for name in tracked("tui", "screens"):
        text = (ROOT / name).read_text(errors="ignore") if name.endswith(".py") else ""
        compact = "".join(text.split()).replace("'", '"')
        found += compact.count('sys.executable,"-P","-m"')
        assert compact.count("sys.executable,") == compact.count('sys.executable,"-P","-m"'), name
    if any(name.startswith("tui/fleet/") for name in tracked("tui")):
        assert found >= 1
