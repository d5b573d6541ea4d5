"""Run as a program: everything that evac does beside a journal, in one process that holds it, and what that does to its locks.

After "TOLD" on stderr come the acts that opened the file besides SQLite, or after which another process could pull -wal and
-shm away. Python's audit events see each `open`; SQLite's own are none of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

from tui.app import open_journal
from tui.cli.main import run
from tui.config.schema import Settings
from tui.domain.actions import ActionOptions
from tui.domain.instance import Instance, InstanceState, Target
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.operations import journal_file, recovery
from tui.operations.auto_resume import Rescue
from tui.operations.journal import Journal
from tui.paths import default_journal_path
from tui.services import Services

WORDS = (
    "ops", "ops --json", "ops show ID", "ops resume ID", "ops resume", "ops abandon ID --confirm web-7", "ops repair",
    "ops locks", "ops audit --verify", "doctor", "status", "events", "explain instance-stop",
    "do reboot mail-1 --profile prod --dry-run", "do reboot mail-1 --profile prod --confirm mail-1",
)  # fmt: skip
WATCHED = ("open", "os.chmod", "os.truncate", "os.utime", "shutil.copyfile")
STRANGER = """
import sqlite3, sys
for line in sys.stdin:
    db = sqlite3.connect(sys.argv[1])
    db.execute("SELECT count(*) FROM operation").fetchone()
    db.close()
    print("closed", flush=True)
"""
WEB = Instance(
    Target("prod", "ap-northeast-2"), clean("i-0a1b2c3d4e5f60718"), account_id=clean("111122223333"), name=clean("web-7"),
    state=InstanceState.RUNNING, root_device=clean("ebs"), inventory_at=datetime.now(UTC),
)  # fmt: skip


def now() -> datetime:
    return datetime.now(UTC)


class Watch:
    """Does one thing after another, and notes what it did to the journal."""

    def __init__(self) -> None:
        self.path = default_journal_path(os.environ)
        self.held = Journal(self.path)  # as hands hold it
        self.before = journal_file.file_identity(self.path)
        self.opened: list[str] = []
        self.told: list[str] = []
        self.stranger = subprocess.Popen(
            [sys.executable, "-c", STRANGER, str(self.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in WATCHED and not isinstance(arguments[0], int) and ".sqlite3" in os.fsdecode(arguments[0]):
            self.opened.append(f"{event} {arguments[0]}")

    def act(self, name: str, work: Callable[[], object]) -> None:
        """Do it; then another process opens and closes the journal."""
        work()
        assert self.stranger.stdin is not None
        assert self.stranger.stdout is not None
        self.stranger.stdin.write("again\n")
        self.stranger.stdin.flush()
        self.stranger.stdout.readline()
        if journal_file.file_identity(self.path) != self.before:
            self.told.append(f"{name}: -wal and -shm were pulled away")
        if self.opened:
            self.told.append(f"{name}: {self.opened}")
        self.opened.clear()


def main() -> None:
    watch, environ, settings = Watch(), dict(os.environ), Settings()
    services = Services(
        store=cast("Any", None), link=None, journal=None, journal_trouble="", settings=settings, environ=environ, now=now,
        zone=UTC, launch=lambda operation, profile: 0,
    )  # fmt: skip
    rescue = Rescue(settings, environ, now)
    watch.act("a console opens", lambda: open_journal(services))
    journal = services.journal
    assert journal is not None
    name = ""

    def plan() -> None:
        nonlocal name
        name = journal.create(draft("reboot", WEB, None, ActionOptions(), Policy(), now()), now())

    def in_a_thread() -> None:
        thread = threading.Thread(target=rescue.look)
        thread.start()
        thread.join()

    def current() -> Any:
        return journal.get(name)

    watch.act("a question", plan)
    watch.act("a yes", lambda: journal.confirm(name, now()))
    watch.act("a look", journal.unfinished)
    watch.act("another journal, opened and closed", lambda: Journal(watch.path).close())
    watch.act("what was cut off is taken up", rescue.look)
    watch.act("the same in a thread", in_a_thread)
    watch.act("the same by hand", lambda: recovery.resume(journal, current(), settings, environ, now()))
    watch.act("given up", lambda: recovery.give_up(journal, current(), settings, environ, now()))
    for words in WORDS:
        line = words.replace("ID", name).split()
        watch.act(f"evac {words}", lambda line=line: run(line))  # type: ignore[misc] # bound now
    watch.held.close()
    assert watch.stranger.stdin is not None
    watch.stranger.stdin.close()
    watch.stranger.wait()
    sys.stderr.write("".join(f"{one}\n" for one in ("TOLD", *watch.told)))


if __name__ == "__main__":
    main()
