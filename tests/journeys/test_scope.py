"""What is in the picture and what is not: a poisonous date, a narrower scope, a mistyped filter, thirty profiles."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

from icalendar import Calendar

from tests.e2e.terminal import has
from tests.journeys.shift import Shift, evac
from tui.demo.environment import Demo

FAR = "9999-12-31T23:59:59+00:00"
READ = has(r"\bunread|\blive")
"""Everything was asked for once."""
DAWN = "0001-01-01T00:00:00+00:00"


def test_a_poisonous_date_takes_nothing_but_its_own_cell(demo: Demo, env: dict[str, str]) -> None:
    for name, date in (("web-1", FAR), ("bastion", DAWN), ("cache-1", "soon")):
        dates = dict.fromkeys(("NotBefore", "NotAfter", "NotBeforeDeadline"), date)
        demo.control("events", {"instance": name, "code": "instance-stop", "dates": dates})
    for zone in ("America/New_York", "Asia/Seoul"):
        env["TZ"] = zone
        listed = evac(env, "events", "--profile", "prod")
        assert (listed.returncode, listed.stderr) == (0, "")
        assert {"payments-db-1", "web-1", "bastion", "cache-1"} <= set(listed.stdout.split())
    rows = list(csv.DictReader(io.StringIO(evac(env, "events", "--csv", "--profile", "prod").stdout)))
    assert {one["name"] for one in rows} >= {"web-1", "payments-db-1"}
    told = json.loads(evac(env, "events", "--json", "--profile", "prod").stdout)
    starts = {one["name"]: [e["not_before"] for e in one["events"]] for one in told}
    assert "9999-12-31T23:59:59Z" in starts["web-1"]
    assert "0001-01-01T00:00:00Z" in starts["bastion"]
    assert None in starts["cache-1"], "a text that is no time is not known"
    calendar = Calendar.from_ical(evac(env, "events", "--ics", "--profile", "prod").stdout)
    assert any("payments-db-1" in str(one["summary"]) for one in calendar.walk("VEVENT"))
    ident = next(one["instance_id"] for one in told if one["name"] == "web-1")
    assert evac(env, "explain", ident, "--profile", "prod").returncode == 0
    for turn in range(2):  # and the second time from the snapshot
        with Shift(environ=env, size=(120, 35)) as shift:
            shift.until("› ")
            if not turn:
                shift.keys("3")
                shift.until("web-1")
            shift.find("web-1")
            assert "not shown" not in shift.text
            if not turn:
                shift.keys("enter")
                shift.until("esc back")
                for _ in range(9):
                    shift.keys("right")
                    shift.read(0.2)
                shift.keys("escape")
            shift.fleet()
            shift.keys("q")
            assert shift.ended() == 0
        demo.control("reset", method="POST")
    assert not list(Path(env["XDG_STATE_HOME"]).rglob("crash-*"))


BOOM = """
import screens.fleet.panes as panes
def counts_line(*rest):
    raise OverflowError("date value out of range")
panes.counts_line = counts_line
"""


def test_a_snapshot_that_kills_a_start_does_not_kill_the_next(env: dict[str, str], tmp_path: Path) -> None:
    with Shift(environ=env) as shift:
        shift.begin()
        shift.until(READ)
        shift.keys("q")
        assert shift.ended() == 0
    cache = Path(env["XDG_CACHE_HOME"]) / "evac"
    assert os.listdir(cache) == ["snapshot.mpk"]
    (tmp_path / "boom").mkdir()
    (tmp_path / "boom" / "sitecustomize.py").write_text(BOOM)
    with Shift(environ={**env, "PYTHONPATH": str(tmp_path / "boom")}) as shift:
        assert shift.ended() == 1
    with Shift(environ=env, size=(160, 50)) as shift:
        shift.until(has(r"the\s+last\s+(state|start)"))
        shift.until(READ)
        shift.keys("q")
        assert shift.ended() == 0
    assert sorted(os.listdir(cache)) == ["snapshot.mpk", "snapshot.mpk.aside"]
