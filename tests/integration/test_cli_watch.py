"""`evac watch` as a service runs it: a real process against the embedded AWS, its lines, its port, its end."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tui.demo.environment import Demo, start
from tui.domain.actions import ActionOptions
from tui.domain.instance import Instance, InstanceState, Target
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.operations.journal import Journal
from tui.paths import default_journal_path

ROOT = Path(__file__).parents[2]
FIELDS = ["at", "incident", "kind", "state", "instance_id", "account_id", "region", "name", "why"]
LIMIT = 120.0


class Service:
    """One `evac watch`: its lines, and what it says beside them, so far."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, err: Path) -> None:
        self.process, self._out, self._err = process, out, err

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [
            json.loads(line)
            for line in self._out.read_text().splitlines(keepends=True)
            if line.endswith("\n")
        ]

    @property
    def said(self) -> str:
        return self._err.read_text()

    def until(self, there: Callable[[], Any]) -> Any:
        """What it finds, once it finds something."""
        for _ in range(int(LIMIT / 0.1)):
            if found := there():
                return found
            assert self.process.poll() is None, self.said
            time.sleep(0.1)
        raise AssertionError((self.lines, self.said))

    def told(self, name: str) -> list[dict[str, Any]]:
        return [one for one in self.lines if one["name"] == name]

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(LIMIT)


class Desk:
    """What a service is started with: a demo, a folder of its own, one target read each second."""

    def __init__(self, demo: Demo, folder: Path) -> None:
        self.demo, self._folder, self._number = demo, folder, 0
        config = folder / "config.toml"
        config.write_text("[intervals]\nstatus = 1\n")
        self.environ = {**demo.apply(), "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(folder / "state")}
        self._words = [
            "watch",
            "--json",
            "--config",
            str(config),
            "--profile",
            "prod",
            "--region",
            "ap-northeast-2",
        ]

    @contextmanager
    def service(self, *words: str, stdout: Any = None, **environ: str) -> Iterator[Service]:
        self._number += 1
        out, err = self._folder / f"out-{self._number}", self._folder / f"err-{self._number}"
        with out.open("wb") as lines, err.open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "tui", *self._words, *words], env={**self.environ, **environ},
                stdin=subprocess.DEVNULL, stdout=lines if stdout is None else stdout, stderr=said,
            )  # fmt: skip
        try:
            yield Service(process, out, err)
        finally:
            process.kill()
            process.wait()

    def hurt(self, name: str) -> None:
        self.demo.control("events", {"instance": name, "sick": "system"})


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    demo = start()
    yield Desk(demo, tmp_path)
    demo.stop()


def read_page(url: str) -> dict[str, float]:
    with urllib.request.urlopen(url, timeout=LIMIT) as answer:
        families = text_string_to_metric_families(answer.read().decode())
        return {
            " ".join((one.name, *one.labels.values())): one.value
            for family in families
            for one in family.samples
        }


def cut_off(environ: dict[str, str]) -> str:
    """An operation that was confirmed before this machine went down."""
    then = datetime.now(UTC) - timedelta(hours=1)
    place = Target("prod", "ap-northeast-2")
    row = Instance(
        place, clean("i-0a1b2c3d4e5f60718"), name=clean("left behind"), state=InstanceState.RUNNING
    )
    journal = Journal(default_journal_path(environ))
    name = journal.create(draft("stop-start", row, None, ActionOptions(), Policy(), then), then)
    assert journal.confirm(name, then)
    journal.close()
    return name


def test_a_service_tells_each_incident_once_over_its_restarts_and_changes_nothing(desk: Desk) -> None:
    operation = cut_off(desk.environ)
    desk.hurt("web-7")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0evac-watch-{os.getpid()}")
        systemd.settimeout(LIMIT)
        told = {"NOTIFY_SOCKET": f"@evac-watch-{os.getpid()}", "WATCHDOG_USEC": "4000000"}
        with desk.service("--metrics", "127.0.0.1:0", **told) as first:
            first.until(lambda: first.told("web-7") and first.told("left behind"))
            url = first.until(lambda: re.findall(r"http://\S+(?=\n)", first.said))[0]
            first.until(lambda: read_page(url).get("evac_instances failing"))
            page = read_page(url)
            assert page["evac_incidents_begun_total operation"] == 1
            assert page["evac_incidents failing"] >= 1
            assert page["evac_targets read"] == 1
            assert page["evac_last_read_seconds"] < LIMIT
            assert first.end() == 0
        said = [systemd.recv(4096).decode() for _ in range(3)]
        assert said[0].startswith(("READY=1", "WATCHDOG=1"))
    assert all(list(one) == FIELDS for one in first.lines)
    (web,) = first.told("web-7")
    assert (web["kind"], web["state"], web["region"]) == ("failing", "begun", "ap-northeast-2")
    assert " since 2" in web["why"]
    assert operation in first.told("left behind")[0]["why"]
    (state,) = (Path(desk.environ["XDG_STATE_HOME"]) / "evac").glob("watch*.json")
    assert state.stat().st_mode & 0o777 == 0o600

    desk.hurt("web-8")
    with desk.service() as second:
        second.until(lambda: second.told("web-8"))
        with desk.service() as other:
            assert other.process.wait(LIMIT) == 1
            assert "another evac watch keeps" in other.said
        assert second.end(signal.SIGINT) == 130
    assert [one["name"] for one in second.lines] == ["web-8"], "what is known is not told again"
    journal = Journal(default_journal_path(desk.environ))
    found = journal.get(operation)
    assert found is not None
    assert (found.runner, found.steps[0].calls) == ("", ()), "nobody took it up"
    journal.close()
    asked = {one["operation"] for one in desk.demo.control("calls")}
    assert "DescribeInstanceStatus" in asked
    assert [one for one in asked if not one.startswith(("Describe", "Get", "List"))] == []


def test_a_reader_that_goes_ends_it_and_a_disk_that_is_full_is_a_failure(desk: Desk) -> None:
    desk.demo.control("events", {"instance": "web-7", "well": "system"})
    reading, writing = os.pipe()
    with desk.service(stdout=writing) as first:
        os.close(writing)
        with os.fdopen(reading) as lines:
            assert json.loads(lines.readline())["state"] == "begun", "the sample fleet has its troubles"
        assert first.process.wait(LIMIT) == 0, "though nothing more is to be told"
    Path(desk.environ["XDG_STATE_HOME"], "evac").rename(Path(desk.environ["XDG_STATE_HOME"], "before"))
    with Path("/dev/full").open("w") as full, desk.service(stdout=full) as second:
        assert second.process.wait(LIMIT) == 1
        assert "standard output can't be written (No space left on device)" in second.said
    with desk.service() as third:
        third.until(lambda: third.lines)
        assert third.end() == 0
