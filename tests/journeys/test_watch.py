"""A night of `evac watch` by this machine's own clock: killed, ended and begun again while a server fails and comes back.

Some seven minutes, for an incident is over only when it has been well for five: `make night` runs it. What is told in a week, and
when, is tried by a scripted clock in `tests/soak/watch_week.py`.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from tests.integration import test_cli_watch
from tests.integration.test_cli_watch import Desk, desk
from tests.nightly import at_night
from tui.domain.incidents import WELL_FOR

__all__ = ["desk"]


@at_night
def test_a_server_that_fails_and_comes_back_over_the_watch_s_own_deaths(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test_cli_watch, "LIMIT", 600.0)
    called = tmp_path / "called"
    with (tmp_path / "config.toml").open("a") as config:
        config.write(f'[alarm]\non = ["failing", "operation"]\ncommand = ["tee", "-a", "{called}"]\n')
    lines = []
    with desk.service() as first:
        first.until(lambda: first.told("payments-db-1"))
        desk.hurt("web-7")
        first.until(lambda: first.told("web-7"))
        first.until(lambda: called.exists() and "web-7" in called.read_text())
        first.process.kill()
        first.process.wait()
    lines += first.told("web-7")
    with desk.service() as second:
        for check in ("system", "instance"):
            desk.demo.control("events", {"instance": "web-7", "well": check})
        desk.hurt("web-8")
        second.until(lambda: second.told("web-8"))
        assert second.end() == 0
    lines += second.told("web-7")
    with desk.service() as third:
        third.until(lambda: third.told("web-7"))
        assert third.end() == 0
    lines += third.told("web-7")
    assert [(one["state"], one["incident"]) for one in lines] == [
        ("begun", lines[0]["incident"]),
        ("over", lines[0]["incident"]),
    ]
    begun, over = (datetime.fromisoformat(one["at"]) for one in lines)
    assert over - begun >= WELL_FOR
    assert [line["name"] for line in third.lines] == ["web-7"], "what still fails is not told again"
    program = [json.loads(line) for line in called.read_text().splitlines()]
    told = dict.fromkeys(one["state"] for one in program if one["name"] == "web-7")
    assert list(told) == ["begun", "over"], (
        "killed before it knew that the program had ended, the next runs it again"
    )
