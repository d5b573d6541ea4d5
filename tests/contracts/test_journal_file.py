"""The journal's file is opened in one place and by SQLite alone: read from the source, and watched while everything is done.

A process that closes any other descriptor of it loses its locks on it, and the next one that ends pulls -wal and -shm from
under it (sqlite.org/howtocorrupt.html, 2.2).
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.test_one_door import ROOT, SOURCES, name_of
from tests.e2e.terminal import environ
from tui.demo.environment import Demo, start

DOOR = "tui/operations/journal_file.py"
TOUCHES = {
    "open", "fdopen", "read_bytes", "read_text", "write_bytes", "write_text", "touch", "chmod", "lchmod", "mknod", "truncate",
    "copy", "copy2", "copyfile", "copyfileobj", "copytree", "file_digest", "mmap", "sendfile", "utime", "rename", "replace",
    "unlink", "link", "remove", "hardlink_to", "symlink_to",
}  # fmt: skip
"""What opens a file, or puts another in its place."""
HOLDERS = {f"tui/operations/{name}.py" for name in ("database", "queries", "journal", "repair")}
"""Here `path` and `self.path` are the journal's too."""


def ways(tree: ast.AST, name: str) -> set[str]:
    """Expressions that are the journal's path in this module: what `default_journal_path` answers, and names given that."""
    found = {"journal.path", "self.journal.path", "self._journal.path", "book.path"}
    if name in HOLDERS:
        found |= {"path", "self.path"}
    imports = [one for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)]
    if not any(
        one.module == "tui.paths" and "default_journal_path" in [part.name for part in one.names]
        for one in imports
    ):
        return found
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.NamedExpr | ast.AnnAssign) and is_it(node.value, found):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {ast.unparse(target) for target in targets}
    return found


def is_it(node: ast.expr | None, known: set[str]) -> bool:
    """Whether that is the journal's path: as it is, or as a text, a Path or the file that a link leads to."""
    if node is None:
        return False
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func).rpartition(".")[2]
        if called in ("str", "Path", "fspath", "realpath", "resolve", "as_posix"):
            inner = node.func.value if isinstance(node.func, ast.Attribute) else None
            return any(is_it(one, known) for one in (*node.args, inner))
        return called == "default_journal_path"
    return ast.unparse(node) in known


def offences(path: Path) -> list[str]:
    """What opens a database, or opens or moves the journal's file in another way."""
    tree = ast.parse(path.read_text())
    known, found = ways(tree, name_of(path)), []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        last = called.rpartition(".")[2]
        receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
        touches = last in TOUCHES and any(is_it(one, known) for one in (*node.args, receiver))
        if touches or called.endswith(("sqlite3.connect", "sqlite3.Connection")):
            found.append(f"{name_of(path)}:{node.lineno} {ast.unparse(node)}")
        if (
            isinstance(node.func, ast.Name)
            and last == "connect"
            and "from sqlite3 import" in path.read_text()
        ):
            found.append(f"{name_of(path)}:{node.lineno} {ast.unparse(node)}")
    return found


def test_the_journal_is_opened_in_one_place_and_by_sqlite_alone() -> None:
    assert [one for path in SOURCES if name_of(path) != DOOR for one in offences(path)] == []
    assert offences(ROOT / DOOR)  # the test sees what it looks for


@pytest.mark.parametrize(
    "code",
    [
        "import sqlite3\nsqlite3.connect('x')", "from sqlite3 import connect\nconnect('x')",
        "from tui.paths import default_journal_path\nopen(default_journal_path(e))",
        "from tui.paths import default_journal_path\np = default_journal_path(e)\np.chmod(0o600)",
        "from tui.paths import default_journal_path\nx = str(default_journal_path(e))\nos.open(x, 0)",
        "journal.path.read_bytes()", "shutil.copy(journal.path, '/tmp/x')", "hashlib.file_digest(open(self.journal.path), 'x')",
        "from tui.paths import default_journal_path\nwith default_journal_path(e).open() as f: pass",
    ],
)  # fmt: skip
def test_the_test_would_see_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr("tests.contracts.test_one_door.ROOT", tmp_path)
    (tmp_path / "x.py").write_text(code)
    assert offences(tmp_path / "x.py")


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    running = start("--speed", "60")
    yield running
    running.stop()


def test_whatever_one_process_does_its_locks_on_the_journal_stay(demo: Demo, tmp_path: Path) -> None:
    """Each act in one process that holds the journal; after each, another process opens and closes it."""
    own = {
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tests.contracts.journal_acts"],
        env={**demo.apply(environ()), **own, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    _, mark, told = done.stderr.partition("TOLD\n")
    assert mark, done.stderr
    assert told == "", told
