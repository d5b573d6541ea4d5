"""A shift: one console acts again and again, others act beside it, and in the end the terminal is closed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.terminal import has
from tests.journeys.console_user import Shift, all_gone, awaited, cost, evac, sent, told_at
from tests.nightly import at_night
from tui.demo.environment import Demo
from tui.operations.model import OperationState


@at_night
@pytest.mark.parametrize("size", told_at((80, 24)), ids=lambda size: "x".join(map(str, size)))
def test_asks_cancels_acts_and_follows_again_and_again(
    env: dict[str, str], demo: Demo, tmp_path: Path, size: tuple[int, int]
) -> None:
    with Shift(environ=env, size=size) as shift:
        shift.begin()
        shift.ask("s", "batch-2")
        shift.answer("escape")
        shift.ask("b", "batch-3")
        shift.answer("escape")
        assert sent(demo) == []
        shift.ask("b", "hadoop-1")
        shift.agree("hadoop-1")
        first = awaited(env, lambda one: one.state is OperationState.SUCCEEDED, shift.read)
        assert (first.action, first.instance_name) == ("reboot", "hadoop-1")
        shift.until(has("succeeded.*hadoop-1|hadoop-1.*succeeded"))
        shift.ask("b", "batch-2")
        shift.agree("batch-2")
        awaited(env, lambda one: one.instance_name == "batch-2" and one.confirmed_at is not None, shift.read)
        beside = evac(env, "do", "reboot", "load-1", "--confirm", "load-1")
        assert beside.returncode == 0, beside.stderr
        shift.keys("o") if "operations" not in shift.text else None
        shift.until(has("load-1"))  # the colleague's, in this console
        for name in ("batch-2", "load-1"):
            awaited(
                env,
                lambda one, name=name: one.instance_name == name and one.state is OperationState.SUCCEEDED,  # type: ignore[misc]  # bound at once
                shift.read,
            )
        shift.until(lambda one: len(re.findall("succeeded", one.text)) >= 3)
        assert sent(demo) == ["RebootInstances"] * 3
        assert cost(shift.pid).memory < 120
        shift.hang_up()
        assert all_gone(tmp_path) == []
