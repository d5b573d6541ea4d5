"""The end of a shift: what Kim did at 03:00 is handed over, from the console and from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.terminal import has
from tests.journeys.console_user import Shift, awaited, evac, sent, told_at
from tui.demo.environment import Demo
from tui.operations.model import OperationState


@pytest.mark.parametrize("size", told_at((80, 24)), ids=lambda size: "x".join(map(str, size)))
def test_what_was_done_is_shown_written_and_told_to_who_comes_next(
    env: dict[str, str], demo: Demo, size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with Shift(environ=env, size=size) as kim:
        kim.begin()
        kim.ask("b", "edge-2")
        kim.agree("edge-2")
        done = awaited(env, lambda one: one.state is OperationState.SUCCEEDED, kim.read)
        kim.until(has("succeeded.*edge-2|edge-2.*succeeded"))
        kim.keys("Y")
        kim.until(has(r"copy of edge-2"))
        kim.keys("down", "down", "down", "down")
        kim.until(has(r"› handover"))
        kim.until(has(r"# edge-2: "))
        kim.keys("x")
        kim.until(lambda _: any(folder.iterdir()))
        kim.keys("escape")
        kim.until(has("operations"))
        kim.keys("q")
        assert kim.ended() == 0
    (written,) = folder.iterdir()
    text = written.read_text()
    assert text.startswith("# edge-2: ")
    assert f"Reboot edge-2, by {done.user} on {done.host}: succeeded" in text
    told = evac(env, "handover", "--since", "1h", "--json", "--read-only")
    assert told.returncode == 3  # one profile's login has expired
    found = json.loads(told.stdout)
    (deed,) = found["done"]
    assert (deed["what"], deed["outcome"], deed["id"]) == ("Reboot edge-2", "succeeded", done.id)
    assert found["waits"] == []
    assert found["unread"]
    assert {one["name"] for one in found["due"]} >= {"payments-db-1"}
    assert sent(demo) == ["RebootInstances"]
