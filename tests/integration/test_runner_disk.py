"""A disk that fills up, or takes no more writes, while an instance is down by the hands: it comes back."""

from __future__ import annotations

import resource
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.disk import NotMounted, SmallDisk
from tests.integration import operation_wait
from tests.integration.runner_watch import Bench, ended
from tests.journal_file import flush_log, writing
from tui.demo.environment import start
from tui.domain.instance import InstanceState
from tui.operations import audit_log, status
from tui.operations.journal import Journal
from tui.operations.model import Operation, OperationState


@pytest.fixture
def small() -> Iterator[tuple[Bench, SmallDisk]]:
    """A bench whose journal, audit log and runner.log are on a small disk."""
    demo = start("--speed", "60")
    try:
        with SmallDisk(demo.folder / "state") as disk:
            yield Bench(demo), disk
    except NotMounted as error:
        pytest.skip(str(error))
    finally:
        demo.stop()


def down(bench: Bench, name: str) -> tuple[str, int]:
    """An operation at the moment when it waits for the stop, which takes its time."""
    bench.demo.control("clock", {"speed": 1})
    operation = bench.order("stop-start", name)
    pid = bench.run(operation)
    bench.wait(operation, lambda one: one.step == "wait-stopped")
    return operation, pid


def fill(bench: Bench, disk: SmallDisk) -> None:
    """Until not even the journal's log has room: SQLite writes over what it wrote before, as long as that suffices."""
    for _ in range(200):
        disk.fill()
        with suppress(sqlite3.Error):
            flush_log(bench.journal.path)
        disk.fill()
        try:
            with writing(bench.journal.path) as db:
                db.execute("CREATE TABLE more (x)")
                db.execute("DROP TABLE more")
        except sqlite3.Error:
            return
    pytest.fail("there is always room")


def until(bench: Bench, name: str, state: InstanceState, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while bench.find(name).state is not state:
        assert time.monotonic() < deadline, f"{name} never {state}"
        time.sleep(0.1)


def starts(one: Operation) -> int:
    """How many of them the journal knows."""
    calls = [call for row in one.steps for call in row.calls if not call.dry_run]
    return sum(call.operation == "StartInstances" for call in calls)


def test_a_full_disk_between_stop_and_start_keeps_nothing_down(small: tuple[Bench, SmallDisk]) -> None:
    bench, disk = small
    operation, pid = down(bench, "search-2")
    fill(bench, disk)
    bench.demo.control("clock", {"speed": 60})
    bench.demo.control("advance", {"seconds": 60})
    until(bench, "search-2", InstanceState.RUNNING)  # while it is still full
    assert status.lives(pid, operation)
    disk.free()
    found = bench.wait(operation, ended)
    assert found.state is OperationState.SUCCEEDED
    assert len(bench.sent("StopInstances")) == len(bench.sent("StartInstances")) == 1
    assert starts(found) == 1  # written down since
    assert "could not be written" in found.remark
    assert audit_log.check(audit_log.path_beside(bench.journal.path)).broken_at == 0


@pytest.mark.parametrize("what", ["the size of files", "descriptors", "the folder and its files"])
def test_what_else_keeps_a_journal_from_being_written_keeps_nothing_down(bench: Bench, what: str) -> None:
    """A quota, a limit that was lowered, a chmod: none of them ends the hands, and the instance comes back."""
    operation, pid = down(bench, "search-2")
    folder = bench.journal.path.parent
    size, handles = (
        resource.prlimit(pid, resource.RLIMIT_FSIZE),
        resource.prlimit(pid, resource.RLIMIT_NOFILE),
    )
    if what == "the size of files":
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, size[1]))
    elif what == "descriptors":
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, handles[1]))
    else:
        for one in (*folder.iterdir(), folder):
            one.chmod(0o400)
    bench.demo.control("clock", {"speed": 60})
    bench.demo.control("advance", {"seconds": 60})
    if what == "the size of files":
        until(bench, "search-2", InstanceState.RUNNING)
    else:
        time.sleep(3)  # whatever comes of it at once
    alive = status.lives(pid, operation)  # else it has come to its end all the same
    with suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, size)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, handles)
    folder.chmod(0o700)
    for one in folder.iterdir():
        one.chmod(0o600)
    if not alive:
        assert ended(bench.wait(operation, ended, seconds=1))
    assert bench.wait(operation, ended).state is OperationState.SUCCEEDED
    assert len(bench.sent("StopInstances")) == 1


@pytest.mark.parametrize("how", ["moved away", "removed", "in the way of a file"])
def test_a_folder_that_goes_from_under_it_keeps_nothing_down(bench: Bench, how: str) -> None:
    """Somebody tidies a home up while AWS answers: the hands are what knows that a server is to come back."""
    operation, pid = down(bench, "search-2")
    folder = bench.journal.path.parent
    bench.journal.close()
    folder.rename(folder.with_name("away"))
    if how == "removed":
        shutil.rmtree(folder.with_name("away"))
    elif how == "in the way of a file":
        folder.write_text("not a folder")
    time.sleep(2)  # it has met what became of the folder; where it can log nothing, nothing tells
    bench.demo.control("clock", {"speed": 60})
    bench.demo.control("advance", {"seconds": 60})
    until(bench, "search-2", InstanceState.RUNNING)
    if how == "in the way of a file":
        assert status.lives(pid, operation)
        folder.unlink()
    bench.journal = Journal(bench.journal.path)
    operation_wait.until(lambda: (one := bench.journal.get(operation)) and ended(one))
    assert len(bench.sent("StopInstances")) == 1
