"""A night on call: somebody is called once for what begins, acknowledges it with a key, and a restart repeats nothing."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from tests.e2e.terminal import Terminal, has
from tests.journeys.console_user import Shift, told_at
from tui.demo.environment import Demo

CONFIG = """
[intervals]
status = 1
[alarm]
on = ["stopped-by-aws", "failing", "unread>10m", "operation"]
desktop = "on"
command = ["{program}"]
"""


def called(terminal: Terminal) -> list[str]:
    """What the desktop was told."""
    return re.findall(r"\x1b\]9;(evac: [^\x07\x1b]*)\x07", terminal.raw.decode("utf-8", "replace"))


def counted_in(told: str) -> int:
    """Of how many incidents it tells."""
    several = re.match(r"evac: (\d+) incidents: ", told)
    return int(several[1]) if several else 1


def bells(terminal: Terminal) -> int:
    """How often the bell rang; what ends a sequence is no bell."""
    return re.sub(rb"\x1b\][^\x07\x1b]*(\x07|\x1b\\)", b"", bytes(terminal.raw)).count(b"\x07")


@pytest.mark.parametrize("size", told_at((80, 24)))
def test_somebody_is_called_once_and_acknowledges_it(
    demo: Demo, env: dict[str, str], tmp_path: Path, size: tuple[int, int]
) -> None:
    program, paged = tmp_path / "page", tmp_path / "paged"
    program.write_text(f"#!/bin/sh\ncat >> {paged}\n")
    program.chmod(0o755)
    config = tmp_path / "own.toml"
    config.write_text(CONFIG.format(program=program))
    sick = [{"instance": name, "sick": "instance"} for name in ("web-4", "web-5")]
    with Shift("--config", str(config), environ=env, size=size) as kim:
        kim.begin()
        kim.until(has(r"✖ 7 not acknowledged: .* press K"))  # what the fleet has wrong already
        kim.until(lambda one: sum(map(counted_in, called(one))) == 7)
        time.sleep(1)
        kim.keys("K")
        kim.until(has(r"(?s)acknowledged: .*2 more"))
        kim.until(lambda one: "not acknowledged" not in one.text)
        before, rung = len(called(kim)), bells(kim)
        assert before == rung
        demo.control("events", sick[0])
        kim.until(has(r"✖ 1 not acknowledged: web-4 failing \d\d:\d\d.* press K"))
        kim.until(lambda one: len(called(one)) > before)
        assert called(kim)[before].startswith("evac: web-4 failing: instance check fails")
        assert bells(kim) == rung + 1
        kim.keys("2", "enter")
        kim.until(has(r"not acknowledged: web-4 failing(.|\n)*esc back"))  # on every screen
        time.sleep(1)
        kim.keys("K")
        kim.until("acknowledged: web-4 failing")
        kim.until(lambda one: "not acknowledged" not in one.text)
        demo.control("events", sick[1])
        kim.until(has(r"1 not acknowledged: web-5 failing"))
        kim.until(lambda one: len(called(one)) == before + 2)
        kim.keys("q")
        assert kim.ended() == 0
    lines = [json.loads(line) for line in paged.read_text().splitlines()]
    assert len({one["incident"] for one in lines}) == len(lines) == 9
    assert [(one["name"], one["state"], one["kind"]) for one in lines[-2:]] == [
        ("web-4", "begun", "failing"),
        ("web-5", "begun", "failing"),
    ]
    with Shift("--config", str(config), environ=env, size=size) as lee:
        lee.until(has(r"1 not acknowledged: web-5 failing"))  # kim did not
        time.sleep(5)
        lee.read()
        assert called(lee) == []
        assert bells(lee) == 0
        lee.keys("K")
        lee.until("acknowledged: web-5 failing")
        lee.keys("K")
        lee.until("nothing is to be acknowledged")
    assert len(paged.read_text().splitlines()) == len(lines)
