"""evac works on a Textual that has renamed what it keeps to itself, as any release of it may (screens/textual_compat.py)."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import textual

from tests.e2e.terminal import Terminal, has

PRIVATE = [
    "_compositor",
    "ChopsUpdate",
    "LayoutUpdate",
    "CompositorUpdate",
    "_display",
    "_styles_cache",
    "StylesCache",
    "_xterm_parser",
    "XTermParser",
    "_handle_exception",
    "_exception",
    "_exception_event",
    "_return_code",
    "_close_messages_no_wait",
]
"""All that textual_compat takes from Textual by a private name."""
FAULT = """
import sys
from screens.textual_compat import HookedApp

class Faulty(HookedApp[None]):
    def on_mount(self) -> None:
        raise LookupError("meant")

app = Faulty()
app.run(headless=True)
print(repr(app.fault))
sys.exit(app.return_code)
"""


def rename(folder: Path, names: Sequence[str]) -> Path:
    """Put a Textual into it in which each of these names is another."""
    assert textual.__file__ is not None
    ignored = shutil.ignore_patterns("__pycache__", "demo")
    shutil.copytree(Path(textual.__file__).parent, folder / "textual", ignore=ignored)
    wanted, found = re.compile(rf"\b({'|'.join(names)})\b"), set[str]()
    for path in sorted((folder / "textual").rglob("*.py")):
        text = path.read_text()
        found.update(wanted.findall(text))
        path.write_text(wanted.sub(r"\1_now", text))
        if path.stem in names:
            path.rename(path.with_stem(f"{path.stem}_now"))
    assert found  # not all: those that this Textual has renamed itself
    return folder


def test_the_console_opens_and_is_left(tmp_path: Path, env: dict[str, str]) -> None:
    folder = rename(tmp_path / "renamed", PRIVATE)
    with Terminal(environ=env, special={"PYTHONPATH": str(folder)}) as terminal:
        terminal.until("payments-db-1")
        terminal.until(has("READ-WRITE"))
        terminal.keys("/", "batch-14")
        terminal.until(lambda one: "payments-db-1" not in one.text and "batch-14" in one.text)
        terminal.keys("enter", "enter")
        terminal.until(lambda one: "attached-EBS" in one.text and "esc back" in one.text)
        terminal.keys("escape")
        terminal.until("/ batch-14")
        terminal.keys("escape")
        terminal.until("payments-db-1")
        terminal.keys("q")
        assert terminal.ended() == 0


@pytest.mark.parametrize(
    ("names", "told"),
    [
        pytest.param(["_handle_exception"], "None", id="without the hook: Textual's own end"),
        pytest.param(["_exception", "_exception_event"], "LookupError('meant')", id="without what it fills"),
        pytest.param(["_close_messages_no_wait"], "LookupError('meant')", id="without its way to end"),
    ],
)
def test_a_fault_ends_it_all_the_same(
    names: list[str], told: str, tmp_path: Path, env: dict[str, str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", FAULT],
        env={**env, "PYTHONPATH": str(rename(tmp_path / "renamed", names))},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (1, told), done.stderr
    assert ("Traceback" in done.stderr) is (told == "None")
