"""What is in the picture and what is not: a poisonous date, a narrower scope, a mistyped filter, thirty profiles."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

from icalendar import Calendar

from tests.e2e.terminal import has
from tests.journeys.console_user import Shift, evac
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
                shift.until("inbox")
                shift.keys("end")  # nothing is decided later
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


def test_a_narrower_shift_shows_what_it_reads_and_the_wide_one_loses_nothing(env: dict[str, str]) -> None:
    with Shift(environ=env, size=(160, 50)) as shift:
        shift.until("payments-db-1")
        shift.until(READ)
        shift.keys("2")
        shift.until("78 of 78")
        shift.keys("q")
        assert shift.ended() == 0
    narrow = ("--profile", "prod", "--region", "us-east-1")
    for _ in range(2):  # the first from the wide state, the second from its own
        with Shift(*narrow, environ=env, size=(160, 50)) as shift:
            shift.until(has("PROD"))
            assert "78 instances" not in shift.text
            assert not has(r"DATA|STAGE|legacy|ap-northeast-2")(shift), shift.text
            shift.until("live")
            shift.until(has(r"1 account · 1 target · 14 instances"))
            shift.keys("2")
            shift.until("14 of 14")
            shift.keys("q")
            assert shift.ended() == 0
    assert len(list((Path(env["XDG_CACHE_HOME"]) / "evac").glob("snapshot-*.mpk"))) == 1
    with Shift(environ=env, size=(160, 50)) as shift:
        shift.until("78 instances")
        shift.keys("2")
        shift.until("of 78")
        shift.keys("q")
        assert shift.ended() == 0


def test_a_mistyped_filter_is_the_filter_s_fault_and_said_so(env: dict[str, str]) -> None:
    with Shift(environ=env) as shift:
        shift.until("payments-db-1")
        shift.until(READ)
        shift.keys("/")
        shift.until(has(r"(?m)^ / "))
        shift.keys("paymnets")
        shift.until(has(r"did\s+you\s+mean\s+payments\?"))
        assert has(r"matches\s+none\s+of\s+the\s+78")(shift), shift.text
        assert "answer their checks" not in shift.text
        shift.keys("escape")
        shift.until("payments-db-1")
        shift.keys("/")
        shift.until(has(r"(?m)^ / "))
        shift.keys("arn:aws:ec2:us-east-1:111122223333:instance/i-0fc241d0bc9d488b1")
        shift.until(lambda one: "edge-2" in one.line("› "))
        assert "payments-db-1" not in shift.text.split("─")[0]
        shift.keys("enter", "q")
        assert shift.ended() == 0
