"""Those who have read everything once answer what is asked next: no second process, no second login."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.integration.collector_watch import IRELAND, SEOUL, calls, settings
from tui.demo.environment import Demo
from tui.domain.instance import Instance
from tui.fleet import protocol
from tui.fleet.reading import FleetReading


def look(row: Instance) -> protocol.ReadRequest:
    return protocol.ReadRequest(7, protocol.ReadKind.LOOK, row.target, str(row.instance_id))


def test_what_was_read_can_be_asked_without_another_login(demo: Demo) -> None:
    demo.control("calls", method="DELETE")
    with FleetReading(
        settings("prod", "analytics", regions=(SEOUL, IRELAND)), demo.apply(), timeout=90
    ) as one:
        rows = {str(row.account_id): row for row in one.store.rows()}.values()
        assert len(rows) == 2
        answers = one.ask(*map(look, rows))
        assert [answer.instance and answer.instance.instance_id for answer in answers] == [
            row.instance_id for row in rows
        ]
        assert all(answer.facts is not None for answer in answers)
        assert one.ask() == []
        assert [answer.instance is not None for answer in one.ask(*map(look, rows))] == [True, True]
    assert len(calls(demo, operation="GetCallerIdentity")) == 2


def test_one_that_was_killed_meanwhile_is_started_anew_or_told(demo: Demo) -> None:
    with FleetReading(settings("prod", regions=(SEOUL,)), demo.apply(), timeout=90) as one:
        row = next(iter(one.store.rows()))
        (pid,) = one.pids
        os.kill(pid, signal.SIGKILL)
        (lost,) = one.ask(look(row))
        assert lost.trouble is not None or lost.instance is not None
        (answer,) = one.ask(look(row))
        assert answer.instance is not None
        assert answer.instance.instance_id == row.instance_id


def test_a_command_about_an_instance_in_trouble_starts_one_process(demo: Demo, tmp_path: Path) -> None:
    environ = {**demo.apply(), "HOME": str(tmp_path)}
    demo.control("calls", method="DELETE")
    command = [sys.executable, "-P", "-m", "tui", "explain", "web-7", "--profile", "prod", "--region", SEOUL]
    done = subprocess.run(command, env=environ, text=True, timeout=120, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert len(calls(demo, operation="GetCallerIdentity")) == 1
