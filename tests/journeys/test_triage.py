"""Why it fails, read at 80x24 by somebody who was woken: what is there, what is not and why not, and the key that helps."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime

from tests.e2e.terminal import has
from tests.integration.collector_watch import fault
from tests.journeys.console_user import ASKED, SETTLED, Shift, awaited, evac, sent
from tui.demo.environment import Demo
from tui.kept_output import newest_kept
from tui.paths import console_folder

NAME = "ledger-2"


def fails(demo: Demo, script: str) -> None:
    demo.control("script", {"instance": NAME, "script": script})


def look(shift: Shift, name: str = NAME, *keys: str) -> None:
    """Its detail, until all that was asked for it is there."""
    shift.begin()
    shift.find(name)
    shift.keys("enter")
    shift.until("overview  triage")  # keys before that are nobody's
    shift.keys(*keys)
    shift.until(has(r"(?m)^ (check|metrics) "))
    shift.until(lambda one: "reading" not in one.text)


def test_out_of_memory_at_night_is_read_and_acted_on(demo: Demo, env: dict[str, str]) -> None:
    fails(demo, "oom")
    with Shift("--profile", "prod", environ=env) as shift:
        look(shift)
        shift.until(has(r"likely +memory ran out, and the kernel killed java, about \d\d:\d\d"))
        shift.until(has(r"press b +Reboot: it only buys time"))
        assert re.search(r"memory +✖ [▁▂▃▄▅▆▇█]+·+ +99 %, silent since", shift.text)
        assert "▲" in shift.line(" fails since ")
        shift.keys("b")
        shift.until(has(ASKED))
        time.sleep(SETTLED)
        shift.agree(NAME)
        done = awaited(env, lambda one: "RebootInstances" in one.sent)
    assert sent(demo, done.instance_id) == ["RebootInstances"]
    kept = newest_kept(console_folder(env), done.instance_id, datetime.now(UTC))
    assert kept is not None
    assert any("Out of memory: Killed process" in line for line in kept.lines)
    assert kept.path in evac(env, "ops", "show", done.id).stdout
    found = evac(env, "diagnose", "--log", kept.path, "--json")
    assert found.returncode == 6
    assert json.loads(found.stdout)["findings"][0]["key"] == "oom"


def test_an_agent_that_never_was(demo: Demo, env: dict[str, str]) -> None:
    fails(demo, "agent-absent")
    with Shift("--profile", "prod", environ=env) as shift:
        look(shift)
        shift.until(has(r"(?m)^ memory +– no agent known: nobody sends it"))
        shift.until(has(r"(?m)^ CPU +\S [▁▂▃▄▅▆▇█·]+"))
        shift.until(has(r"likely +a CPU did nothing else"))


def test_cloudwatch_is_denied_and_the_log_tells_it_all_the_same(demo: Demo, env: dict[str, str]) -> None:
    fails(demo, "oom")
    denied = {"error": "AccessDeniedException"}
    demo.control("faults", [fault(denied, operation=name) for name in ("GetMetricData", "ListMetrics")])
    with Shift("--profile", "prod", environ=env) as shift:
        look(shift)
        shift.until(has(r"likely +memory ran out"))
        shift.until(has(r"(?m)^ metrics +\? not read: denied"))
        shift.until("cloudwatch:GetMetricData")
        assert not re.search(r"(?m)^ (memory|CPU) +✔", shift.text), "unknown is not healthy"
        demo.control("faults", [])
        shift.keys("r")
        shift.until(has(r"(?m)^ memory +✖ [▁▂▃▄▅▆▇█]+·+"))


def test_one_that_is_stopped_has_no_points_and_that_is_not_zero(demo: Demo, env: dict[str, str]) -> None:
    with Shift("--profile", "prod", environ=env) as shift:
        look(shift, "down-1", "right")
        shift.until(has(r"(?m)^ metrics +– stopped: no points is not zero"))
        assert not re.search(r"\b0 %", shift.text)
        assert "press s" in shift.text


def test_a_log_that_would_drive_the_terminal_changes_words_alone(demo: Demo, env: dict[str, str]) -> None:
    with Shift("--profile", "prod", environ=env) as shift:
        shift.begin()
        shift.keys("2", "/")
        shift.until(has(r"(?m)^ / "))
        shift.keys("type:t3.nano", "enter")
        shift.until(has(r"› \S+ =HYPERLIN"))
        shift.keys("enter")
        shift.until("overview  triage")
        shift.keys("right")
        shift.until("the kernel panicked and stopped")
        assert "press nothing" in shift.text, "its checks are well, whatever it writes"
        shift.keys("left", "left", "left")  # the console
        shift.until(has(r"(?m)^ output +"))
        shift.until("hidden")
        for evil in (
            b"\x1b]52;c;ZXZ",
            b"\x1b]0;owned",
            b"\x1b[5n",
            b"\x1bP+q",
            b"\x1b[8m",
            "\u202e".encode(),
        ):
            assert evil not in bytes(shift.raw)
    assert sent(demo) == []
