"""An upgrade under an operation: the runner of the version before, from its own wheel, finishes on the migrated journal."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.operation_wait import awaited
from tests.journal_file import writing
from tests.unit.test_journal import NOW, plan
from tui.demo.environment import Demo, start
from tui.domain.answers import Permission, RefusedBy
from tui.operations.journal import Journal
from tui.operations.model import Operation, OperationState, StepState
from tui.operations.schema import MIGRATIONS
from tui.paths import default_journal_path

ROOT = Path(__file__).parents[2]
LIMIT = 180


def run(*command: str, cwd: Path, **environ: str) -> str:
    """What it prints; without our PYTHONPATH, so that only what is installed can be found."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        command, cwd=cwd, env=kept | environ, capture_output=True, text=True, timeout=LIMIT, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def git(*words: str) -> bytes:
    """Of this repository; a source archive has none, and then nobody knows the version before."""
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, check=False, timeout=LIMIT)
    if done.returncode:
        pytest.skip(f"no version before to be had from git: {done.stderr.decode().strip()}")
    return done.stdout


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `evac` of the commit before the last migration, built without network and installed with our dependencies."""
    last = git("log", "-1", "--format=%H", "-G^    Migration\\(", "--", "tui/operations/schema.py")
    archive = git("archive", "--format=tar", f"{last.decode().strip()}^")
    home = tmp_path_factory.mktemp("before")
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        packed.extractall(home / "source", filter="data")
    build = ("-m", "build", "--wheel", "--no-isolation", "--outdir", str(home), ".")
    run(sys.executable, "-P", *build, cwd=home / "source")
    (wheel,) = home.glob("*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", str(home / "venv"), cwd=home)
    python = home / "venv/bin/python"
    run(
        sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index",
        "--disable-pip-version-check", str(wheel), cwd=home,
    )  # fmt: skip
    (site,) = (home / "venv").glob("lib/python*/site-packages")
    here = [entry for entry in sys.path if entry.endswith("site-packages")]
    (site / "dependencies.pth").write_text("\n".join(here) + "\n")
    return home / "venv/bin/evac"


@pytest.fixture
def demo() -> Iterator[Demo]:
    made = start("--speed", "20")
    try:
        yield made
    finally:
        made.stop()


def test_a_runner_of_the_version_before_finishes_on_the_migrated_journal(
    before: Path, demo: Demo, tmp_path: Path
) -> None:
    environ = demo.apply()
    path = default_journal_path(environ)
    settings = Path(environ["XDG_CONFIG_HOME"]) / "evac" / "config.toml"
    settings.write_text(
        settings.read_text().replace('[cover]\nservice = "tag:service"\n', "")
    )  # unknown to it
    told = run(
        str(before), "do", "stop-start", "payments-db-2", "--confirm", "payments-db-2", "--json",
        cwd=tmp_path, **environ,
    )  # fmt: skip
    name = json.loads(told.splitlines()[-1])["id"]
    journal = Journal(
        path
    )  # as a console of today opens it: what the runner has open is brought up to date under it
    with writing(path) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    found = journal.get(name)
    assert found is not None
    assert found.is_open, "the journal was migrated while its runner was at work"

    def ended(one: Operation) -> bool:
        return not one.is_open or one.attention

    found = awaited(journal, name, ended, LIMIT, path.parent)
    assert found.state is OperationState.SUCCEEDED, found
    assert found.permission is Permission.YES
    assert {row.state for row in found.steps} == {StepState.DONE}
    assert (found.permission_reason, found.refused_by, found.given_up) == ("", None, False)


@pytest.mark.parametrize(
    ("text", "by", "told"),
    [
        (
            "no: AWS does not permit StopInstances to these credentials",
            RefusedBy.AWS,
            "permission denied: AWS does",
        ),
        ("no: locked by kim@bastion since Tue 03:12 UTC", RefusedBy.LOCK, "locked by kim@bastion"),
        ("no: the lock service does not answer", RefusedBy.LOCK, "the lock service"),
        ("no: evac runs on this very instance", RefusedBy.SELF, "evac runs on this"),
        ("no: the machine evac runs on (i-0) is stopping", RefusedBy.SELF, "the machine evac runs on"),
    ],
)
def test_what_it_writes_in_one_text_is_kept_apart(
    tmp_path: Path, text: str, by: RefusedBy, told: str
) -> None:
    journal = Journal(tmp_path / "evac" / "journal.sqlite3")
    name = journal.create(plan(), NOW)
    with writing(journal.path) as db:  # as the runner of the version before does, word for word
        db.execute("UPDATE operation SET permission=? WHERE id=?", (text, name))
        db.execute(
            "UPDATE operation SET state=?, note=?, remedy=?, finished_at=?, attention=?, refused_by=? WHERE id=?",
            ("failed", "why", "", "2026-05-04T03:00:07+00:00", 0, "", name),
        )
    found = journal.get(name)
    assert found is not None
    assert (found.permission, found.refused_by) == (Permission.NO, by)
    assert found.permission_reason == text.removeprefix("no: ")
    assert found.permission_text == text
    assert found.refusal.startswith(told)
    assert not found.refused, "it was never confirmed"
