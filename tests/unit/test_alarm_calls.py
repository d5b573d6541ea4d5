"""`[alarm] command` for incidents: real programs, also such as hang."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tui.config.schema import Settings
from tui.config.sections import CallSettings, ProfileSettings
from tui.domain.incidents import IncidentChange, IncidentState
from tui.domain.sanitize import clean
from tui.operations.alarm_calls import LANES, AlarmCalls

AT = datetime(2026, 11, 24, 3, tzinfo=UTC)
ENVIRON = {"PATH": os.defpath, "AWS_SECRET_ACCESS_KEY": "sekrit-sekrit", "X": "with sekrit-sekrit in it"}
HOSTILE = 'web"\n$(reboot)\x1b[2J`id`'


def change(incident: str = "0123456789ab", state: IncidentState = IncidentState.BEGUN) -> IncidentChange:
    return IncidentChange(
        AT, incident, "failing", state, clean("i-0aaaaaaaaaaaaaaa1"), clean("111122223333"), clean("eu-west-1"),
        clean(HOSTILE), clean("instance check fails"),
    )  # fmt: skip


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], tuple[str, ...]]:
    """A program of these lines of sh, in whose environment `$to` is a folder for what it writes."""

    def make(lines: str) -> tuple[str, ...]:
        path = tmp_path / "page"
        path.write_text(f"#!/bin/sh\nto={tmp_path}\n{lines}\n")
        path.chmod(0o755)
        return (str(path), "$(touch x)", "%{http_code}")

    return make


def calling(command: tuple[str, ...], within: float = 30.0, **changes: Any) -> tuple[AlarmCalls, list[str]]:
    said: list[str] = []
    settings = Settings(alarm=CallSettings(on=("failing",), command=command), **changes)
    return AlarmCalls(settings, ENVIRON, said.append, within), said


def test_it_is_given_one_line_of_json_and_no_credentials(
    program: Callable[[str], tuple[str, ...]], tmp_path: Path
) -> None:
    calls, said = calling(program('cat > $to/got; env > $to/env; echo "$1 $2" > $to/arguments'))
    calls.call(change(), "prod")
    assert calls.finish(60)
    got = (tmp_path / "got").read_text()
    assert got.endswith("}\n")
    assert got.count("\n") == 1
    assert json.loads(got) == change().as_object()
    assert json.loads(got)["name"] == clean(HOSTILE)
    assert "sekrit" not in (tmp_path / "env").read_text()
    assert (tmp_path / "arguments").read_text() == "$(touch x) %{http_code}\n"
    assert not said


def test_each_change_is_told_once_and_those_of_one_incident_in_order(
    program: Callable[[str], tuple[str, ...]], tmp_path: Path
) -> None:
    calls, said = calling(program("cat >> $to/got"))
    names = [f"{number:012x}" for number in range(10)]
    for state in IncidentState:
        for name in names:
            calls.call(change(name, state), "prod")
    assert calls.finish(60)
    got = [json.loads(line) for line in (tmp_path / "got").read_text().splitlines()]
    assert len(got) == 20
    for name in names:
        assert [one["state"] for one in got if one["incident"] == name] == ["begun", "over"]
    assert not said


def test_one_that_hangs_is_ended_and_told_of_and_the_next_is_run(
    program: Callable[[str], tuple[str, ...]], tmp_path: Path
) -> None:
    calls, said = calling(
        program('case "$(cat)" in *begun*) sleep 60;; esac; echo x >> $to/over'), within=0.3
    )
    for number in range(LANES + 2):
        calls.call(change(f"{number:012x}"), "prod")
        calls.call(change(f"{number:012x}", IncidentState.OVER), "prod")
    assert not calls.finish(0.01)
    assert calls.finish(60)
    assert (tmp_path / "over").read_text().count("x") == LANES + 2
    assert said[0] == "alarm: page was ended after 0.3 s"


def test_a_failure_is_told_once_until_one_has_gone_well(
    program: Callable[[str], tuple[str, ...]], tmp_path: Path
) -> None:
    calls, said = calling(program("[ -e $to/well ] || { echo no route; exit 7; }"))
    for _ in range(3):
        calls.call(change(), "prod")
    assert calls.finish(60)
    assert said == ["alarm: page: exit code 7: no route"]
    (tmp_path / "well").touch()
    calls.call(change(), "prod")
    assert calls.finish(60)
    (tmp_path / "well").unlink()
    calls.call(change(), "prod")
    assert calls.finish(60)
    assert said == ["alarm: page: exit code 7: no route"] * 2


def test_a_program_that_is_not_there_is_told_of_and_raises_nothing() -> None:
    calls, said = calling(("no-such-program-of-evac",))
    calls.call(change(), "prod")
    assert calls.finish(60)
    assert said == ["alarm: no-such-program-of-evac: there is no such program"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"read_only": True}, "read-only"),
        ({"commands_off": True}, "the site policy allows no programs"),
        ({"profiles": {"prod": ProfileSettings(read_only=True)}}, ""),
        ({"locked_profiles": ("111122223333",)}, ""),
    ],
)
def test_none_is_run_in_read_only_or_where_the_site_policy_allows_none(
    program: Callable[[str], tuple[str, ...]], tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    calls, said = calling(program("touch $to/ran"), **changes)
    calls.call(change(), "prod")
    assert calls.finish(60)
    assert not (tmp_path / "ran").exists()
    assert calls.why_none == why
    assert not said
