"""Poor terminals, signals, crashes, and folders that are not as they should be."""

from __future__ import annotations

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.terminal import Terminal
from tui.commands import VERBS
from tui.config.schema import draws_symbols

LEFT = b"\x1b[?1049l"
"""The shell's own screen is back."""


@pytest.mark.parametrize(
    ("said", "symbols"),
    [
        ({"LC_ALL": "C.UTF-8"}, True),
        ({"LANG": "de_DE.utf8"}, True),
        ({}, True),
        ({"LC_ALL": "C"}, False),
        ({"LC_ALL": "de_DE.ISO-8859-1", "LANG": "de_DE.UTF-8"}, False),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False),
        ({"LANG": "POSIX"}, False),
        ({"LANG": "en_US.UTF-8", "TERM": "linux"}, False),
        ({"LANG": "en_US.UTF-8", "TERM": "vt100"}, False),
        ({"LANG": "en_US.UTF-8", "TERM": "screen-256color"}, True),
    ],
)
def test_what_a_terminal_can_show(said: dict[str, str], symbols: bool) -> None:
    assert draws_symbols(said) is symbols


@pytest.mark.parametrize(
    "special",
    [
        {"LC_ALL": "C"}, {"TERM": "linux", "COLORTERM": ""}, {"TERM": "vt100", "COLORTERM": ""},
        {"LC_ALL": "POSIX", "TERM": "screen", "NO_COLOR": "1", "COLORTERM": ""},
    ],
    ids=["C", "linux", "vt100", "screen without colour"],
)  # fmt: skip
def test_without_utf8_everything_is_ascii(env: dict[str, str], special: dict[str, str]) -> None:
    with Terminal(environ=env, special=special, size=(160, 50)) as terminal:
        terminal.until("payments-db-1")
        terminal.until(f"s {VERBS['stop-start'].word}: moves it off the failing host")
        beyond = {char for line in terminal.screen.display for char in line if ord(char) > 126}
        assert beyond == set()
        terminal.keys("q")
        assert terminal.ended() == 0
        assert LEFT in terminal.raw


@pytest.mark.parametrize(
    ("special", "forbidden"),
    [
        ({"TERM": "xterm-16color", "COLORTERM": ""}, rb"\x1b\[[0-9;]*[34]8;[25];"),
        ({"TERM": "xterm-256color", "COLORTERM": ""}, rb"\x1b\[[0-9;]*[34]8;2;"),
        ({"TERM": "linux", "COLORTERM": ""}, rb"\x1b\[[0-9;]*[34]8;[25];"),
    ],
    ids=["16 colours", "256 colours", "linux"],
)
def test_no_terminal_is_sent_colours_it_does_not_know(
    env: dict[str, str], special: dict[str, str], forbidden: bytes
) -> None:
    """And what the colours say stands there as a word or a sign as well."""
    with Terminal(environ=env, special=special) as terminal:
        terminal.until("payments-db-1")
        terminal.until("READ-WRITE")
        terminal.keys("q")
        assert terminal.ended() == 0
        assert re.findall(forbidden, bytes(terminal.raw)) == []


def test_without_colour_there_are_only_greys(env: dict[str, str]) -> None:
    with Terminal(environ=env, special={"NO_COLOR": "1"}) as terminal:
        terminal.until("payments-db-1")
        terminal.until("READ-WRITE")
        terminal.keys("q")
        assert terminal.ended() == 0
    shades = re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", bytes(terminal.raw))
    assert shades
    assert [shade for shade in shades if len(set(shade)) != 1] == []
    assert re.findall(rb"\x1b\[(?:3[1-6]|4[1-6]|9[1-6])m", bytes(terminal.raw)) == []


def test_a_dumb_terminal_is_told_the_ways_to_do_without(env: dict[str, str]) -> None:
    with Terminal(environ=env, special={"TERM": "dumb"}) as terminal:
        terminal.until("the console needs a terminal")
        assert terminal.ended() == 2


def test_sizes_nobody_would_choose_and_a_storm_of_them(env: dict[str, str]) -> None:
    with Terminal(environ=env, size=(20, 5)) as terminal:
        terminal.until(lambda one: "READ-WRITE" in one.text)
        for number in range(120):
            terminal.process.setwinsize(5 + number * 7 % 60, 20 + number * 13 % 200)
            if number % 10 == 0:
                terminal.keys(("enter", "escape", "o", "escape", "1", "3")[number // 10 % 6])
            terminal.read(0.01)
        terminal.keys("escape", "escape", "escape")
        import pyte

        terminal.screen = pyte.Screen(100, 30)
        terminal._stream = pyte.ByteStream(terminal.screen)
        terminal.process.setwinsize(30, 100)
        terminal.until("READ-WRITE")
        for _ in range(20):  # a busy machine reads an escape and the letter after it as alt and that letter
            terminal.keys("escape")
            time.sleep(0.5)
            terminal.keys("q")
            if terminal.gone(3.0):
                break
        assert terminal.ended() == 0
        assert b"Traceback" not in terminal.raw


def children(process: int) -> list[int]:
    """Its processes."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                told = (entry / "stat").read_text()
            except OSError:
                continue
            if int(told.rpartition(")")[2].split()[1]) == process:
                found.append(int(entry.name))
    return found


def alive(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_a_signal_ends_it_with_the_terminal_as_it_was_and_no_collector_left(
    env: dict[str, str], number: signal.Signals
) -> None:
    with Terminal(environ=env) as terminal:
        terminal.until("payments-db-1")
        eyes = children(terminal.pid)
        assert eyes
        os.kill(terminal.pid, number)
        terminal.ended()
        assert LEFT in terminal.raw
        assert b"Traceback" not in terminal.raw
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and any(alive(one) for one in eyes):
        time.sleep(0.1)
    assert not any(alive(one) for one in eyes)


BROKEN = """
import sys
from screens.operations import OperationsScreen
def broken(self):
    secret = "canary-local-5f1e"
    raise RuntimeError("it broke with " + __import__("os").environ["AWS_SECRET_ACCESS_KEY"])
OperationsScreen.fleet_changed = broken
from tui.cli.main import main
main()
"""


def test_a_crash_gives_the_terminal_back_and_leaves_a_report_without_secrets(
    env: dict[str, str], tmp_path: Path
) -> None:
    import pexpect

    canary = "canary-secret-93ab"
    process = pexpect.spawn(
        sys.executable, ["-P", "-c", BROKEN], timeout=60, dimensions=(24, 80),
        env={**env, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "AWS_SECRET_ACCESS_KEY": canary},
    )  # fmt: skip
    process.expect("payments-db-1")
    process.send("o")
    process.expect(pexpect.EOF)
    said = process.before
    process.close()
    assert process.exitstatus == 1
    assert isinstance(said, bytes)
    assert LEFT in said
    after = said.rpartition(LEFT)[2].decode()
    assert "evac: internal error: RuntimeError" in after
    assert "Traceback" not in after
    (report,) = (tmp_path / "state" / "evac").glob("crash-*.txt")
    text = report.read_text()
    assert "in broken" in text
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    for secret in (canary, "canary-local-5f1e"):
        assert secret not in text
        assert secret not in after


def test_two_consoles_on_one_home(env: dict[str, str]) -> None:
    with Terminal(environ=env) as one, Terminal(environ=env) as other:
        for terminal in (one, other):
            terminal.until("payments-db-1")
        for terminal in (one, other):
            terminal.keys("q")
            assert terminal.ended() == 0


def opens(env: dict[str, str], *told: str, within: tuple[str, ...] = ()) -> None:
    """It opens, says this, and can be left."""
    with Terminal(environ=env, size=(160, 50), within=within) as terminal:
        for part in (*told, "payments-db-1"):
            terminal.until(part)
        terminal.keys("q")
        assert terminal.ended() == 0
        assert b"Traceback" not in terminal.raw


def test_a_file_where_the_folders_should_be(env: dict[str, str], tmp_path: Path) -> None:
    for name in ("state", "cache"):
        (tmp_path / name).write_text("not a folder")
    opens(env, "the journal can't be used")
    assert (tmp_path / "state").read_text() == "not a folder"


def test_a_disk_without_room_for_a_single_byte(env: dict[str, str], tmp_path: Path) -> None:
    opens(env, "the journal can't be used", within=("bash", "-c", 'ulimit -f 0; exec "$0" "$@"'))
    assert [path for path in (tmp_path / "state").rglob("*") if path.is_file() and path.stat().st_size] == []


def test_a_home_that_cannot_be_written(env: dict[str, str]) -> None:
    """Not even by root: /proc makes no folders."""
    kept = {name: value for name, value in env.items() if not name.startswith("XDG_")}
    opens({**kept, "HOME": "/proc"}, "the journal can't be used")


def test_a_link_where_our_own_folder_should_be(env: dict[str, str], tmp_path: Path) -> None:
    """Its target is ours, and is closed; a link in the snapshot's place is replaced and not followed."""
    real, precious = tmp_path / "real", tmp_path / "precious"
    real.mkdir(mode=0o777)
    real.chmod(0o777)
    precious.write_text("keep me")
    for name in ("state", "cache"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "evac").symlink_to(real)
    (real / "snapshot.mpk").symlink_to(precious)
    opens(env)
    assert stat.S_IMODE(real.stat().st_mode) == 0o700
    assert (real / "journal.sqlite3").is_file()
    assert not (real / "snapshot.mpk").is_symlink()
    assert precious.read_text() == "keep me"


def test_a_last_state_that_is_damaged_is_set_aside_and_said(env: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "evac"
    folder.mkdir(parents=True)
    (folder / "snapshot.mpk").write_bytes(b"\x91" * 1000)
    opens(env, "could not be used")
    assert (folder / "snapshot.mpk.aside").read_bytes() == b"\x91" * 1000
    assert (folder / "snapshot.mpk").stat().st_size > 1000


def test_no_home_at_all(env: dict[str, str]) -> None:
    opens({name: value for name, value in env.items() if name != "HOME"})


def test_folders_behind_links_and_umask_000(env: dict[str, str], tmp_path: Path) -> None:
    real = tmp_path / "elsewhere"
    real.mkdir()
    (tmp_path / "state").symlink_to(real)
    before = os.umask(0)
    try:
        opens(env)
        subprocess.run(
            [sys.executable, "-P", "-m", "tui", "config", "init"], env={**env, "XDG_CONFIG_HOME": str(tmp_path / "c")},
            check=True, capture_output=True,
        )  # fmt: skip
    finally:
        os.umask(before)
    ours = [
        *real.rglob("*"),
        *(tmp_path / "cache" / "evac").rglob("*"),
        *(tmp_path / "c" / "evac").rglob("*"),
    ]
    assert len(ours) >= 4
    for path in ours:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o077 == 0, (path, oct(mode))


def test_stopped_by_ctrl_z_and_fetched_back(env: dict[str, str]) -> None:
    """In a shell: its own screen comes back while the console waits, and fg draws it again."""
    import pexpect

    shell = pexpect.spawn(
        "bash", ["--norc", "--noprofile", "-i"], timeout=60, dimensions=(24, 80),
        env={**env, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PS1": "shell> "},
    )  # fmt: skip
    shell.expect_exact("shell> ")
    shell.sendline(f"{sys.executable} -P -m tui")
    shell.expect_exact("payments-db-1")
    time.sleep(1)  # in the midst of its work, and not of its start
    shell.send("\x1a")
    shell.expect("Stopped")
    assert isinstance(shell.before, bytes)
    assert LEFT in shell.before
    shell.expect_exact("shell> ")
    shell.sendline("fg")
    shell.expect_exact("payments-db-1")
    shell.send("q")
    shell.expect_exact("shell> ")
    shell.sendline("echo code-$?-")
    shell.expect_exact("code-0-")
    shell.close(force=True)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_in_tmux_detached_and_attached_again_at_another_size(env: dict[str, str], tmp_path: Path) -> None:
    """The console goes on where it was, drawn for the new terminal; mosh does the same with a terminal that comes back."""
    import pexpect

    socket = ["-S", str(tmp_path / "tmux"), "-f", "/dev/null"]
    here = {**env, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    here.pop("TMUX", None)

    def tmux(*words: str) -> str:
        done = subprocess.run(
            ["tmux", *socket, *words], env=here, check=True, capture_output=True, text=True, timeout=60
        )
        return done.stdout

    def shows(*parts: str) -> None:
        deadline = time.monotonic() + 60
        while not all(part in tmux("capture-pane", "-p", "-t", "evac") for part in parts):
            assert time.monotonic() < deadline, tmux("capture-pane", "-p", "-t", "evac")
            time.sleep(0.2)

    def attached(columns: int, lines: int) -> pexpect.spawn[bytes]:
        return pexpect.spawn(
            "tmux", [*socket, "attach", "-t", "evac"], env=here, dimensions=(lines, columns), timeout=60
        )

    command = f"{sys.executable} -P -m tui; echo code-$?-; exec sleep 600"
    tmux("new-session", "-d", "-s", "evac", "-x", "80", "-y", "24", command)
    try:
        first = attached(80, 24)
        shows("payments-db-1", "READ-WRITE")
        first.send("o")
        shows("operations")
        first.send("\x02d")
        first.expect("detached")
        first.close(force=True)
        second = attached(140, 40)
        shows("operations")
        second.send("\x1b")
        shows("payments-db-1", "READ-WRITE")
        widths = {len(line) for line in tmux("capture-pane", "-p", "-N", "-t", "evac").splitlines()}
        assert max(widths) > 80
        second.send("q")
        shows("code-0-")
        second.close(force=True)
    finally:
        subprocess.run(
            ["tmux", *socket, "kill-server"], env=here, check=False, capture_output=True, timeout=60
        )
