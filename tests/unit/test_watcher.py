"""The watch without its collector: what it keeps, what it tells, and what it makes of a disk, a reader or a port that fails."""

from __future__ import annotations

import json
import os
import socket
import stat
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from tests.unit.rows import BAD, OK, PROD, row
from tui.config.schema import Settings
from tui.config.sections import CallSettings
from tui.domain.actions import ActionOptions
from tui.domain.incidents import DEFAULT_ALARMS, IncidentChange, read_alarm_rule
from tui.domain.instance import Checks, Instance, Phase, TargetStatus
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.fleet.protocol import Delta, LinkPhase, LinkState
from tui.operations.incident_file import WatchedTwiceError
from tui.operations.journal import LEASE, Journal
from tui.paths import default_journal_path
from tui.watch.metrics import Gauges, MetricsError, read_place, serve_metrics
from tui.watch.notify import Notifier
from tui.watch.state_file import StateFile, WatchState, read_watched
from tui.watch.watcher import Watcher

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
RULES = tuple(map(read_alarm_rule, DEFAULT_ALARMS))
WEB = row(1, inventory_at=NOW, account_id=clean("111122223333"), checks=Checks(OK, OK, OK))
PATHS = {"PATH": os.environ["PATH"]}
ILL = replace(WEB, checks=Checks(OK, BAD, OK))
BEGUN, OVER = "failing begun", "failing over"


@dataclass
class Desk:
    """A folder, a clock, and what was told and said."""

    folder: Path
    now: datetime = NOW
    told: list[IncidentChange] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    listens: bool = True
    settings: Settings = field(default_factory=Settings)

    def watcher(self, gauges: Gauges | None = None, notifier: Notifier | None = None) -> Watcher:
        watcher = Watcher(
            self.settings, PATHS, RULES, StateFile(self.path), self.journal(), self.tell, self.said.append, lambda: self.now,
            gauges=gauges, notifier=notifier,
        )  # fmt: skip
        watcher.begin()
        return watcher

    @property
    def path(self) -> Path:
        return self.folder / "evac" / "watch.json"

    def journal(self) -> Journal:
        return Journal(default_journal_path({"XDG_STATE_HOME": str(self.folder)}), standing=False)

    def tell(self, change: IncidentChange) -> bool:
        if self.listens:
            self.told.append(change)
        return self.listens

    def sees(self, watcher: Watcher, *rows: Instance, times: int = 1) -> None:
        for _ in range(times):
            self.now += timedelta(minutes=1)
            status = TargetStatus(PROD, Phase.LIVE, status_at=self.now, inventory_at=self.now)
            watcher.take(Delta(status, rows))
            watcher.look()

    @property
    def lines(self) -> list[str]:
        return [f"{one.kind} {one.state}" for one in self.told]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_restart_repeats_none_and_misses_none(desk: Desk) -> None:
    first = desk.watcher()
    desk.sees(first, ILL, times=3)
    first.end()
    second = desk.watcher()
    desk.sees(second, ILL, row(2, inventory_at=NOW, checks=ILL.checks), times=3)
    second.end()
    third = desk.watcher()
    desk.sees(third, WEB, times=6)
    third.end()
    assert desk.lines == [BEGUN, BEGUN, OVER, OVER], "the other one is no more"
    assert {one.incident for one in desk.told[:2]} == {one.incident for one in desk.told[2:]}


def test_well_before_a_restart_and_after_it_is_not_well_meanwhile(desk: Desk) -> None:
    first = desk.watcher()
    desk.sees(first, ILL)
    desk.sees(first, WEB, times=4)
    first.end()
    desk.now += timedelta(hours=1)
    second = desk.watcher()
    desk.sees(second, WEB, times=5)
    assert desk.lines == [BEGUN]
    desk.sees(second, WEB)
    assert desk.lines == [BEGUN, OVER]
    second.end()


def test_what_was_written_down_and_not_told_is_told_by_the_next(desk: Desk) -> None:
    first = desk.watcher()
    desk.listens = False
    desk.sees(first, ILL)
    assert (desk.lines, first.done) == ([], True)
    first.end()
    desk.listens = True
    begun_at = desk.now
    desk.now += timedelta(hours=1)
    second = desk.watcher()
    assert desk.lines == [BEGUN]
    assert desk.told[0].at == begun_at, "the line is the one that should have been told then"
    second.end()
    third = desk.watcher()
    assert desk.lines == [BEGUN]
    third.end()


def test_what_happened_is_kept_for_who_asks(desk: Desk) -> None:
    watcher = desk.watcher()
    for _ in range(2):
        desk.sees(watcher, ILL)
        desk.sees(watcher, WEB, times=6)
    watcher.end()
    (found,) = read_watched(desk.path.parent)
    assert [str(one.state) for one in found.past] == ["begun", "over"] * 2
    assert (found.began_at, found.kept_at) == (NOW, desk.now)
    desk.now += timedelta(days=8)
    again = desk.watcher()
    desk.sees(again, ILL)
    again.end()
    assert len(read_watched(desk.path.parent)[0].past) == 1, "and not for ever"


def test_the_state_is_ours_alone_and_one_watch_has_it(desk: Desk) -> None:
    watcher = desk.watcher()
    desk.sees(watcher, ILL)
    assert stat.S_IMODE(desk.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(desk.path.parent.stat().st_mode) == 0o700
    with pytest.raises(WatchedTwiceError, match="another evac watch keeps"):
        desk.watcher()
    watcher.end()
    desk.watcher().end()


@pytest.mark.parametrize("spoilt", [b"", b"{", b"[]", b'{"version": 9}', b"\xff\xfe", b"[" * 100_000])
def test_a_state_that_is_spoilt_is_told_and_begun_anew(desk: Desk, spoilt: bytes) -> None:
    desk.path.parent.mkdir()
    desk.path.write_bytes(spoilt)
    watcher = desk.watcher()
    desk.sees(watcher, ILL)
    watcher.end()
    assert "can't be understood" in desk.said[0]
    assert desk.lines == [BEGUN]
    assert StateFile(desk.path).open().incidents.open, "it was written over"


def test_a_state_that_a_link_leads_to_is_not_read(desk: Desk, tmp_path: Path) -> None:
    elsewhere = StateFile(tmp_path / "elsewhere.json")
    elsewhere.write(WatchState())
    desk.path.parent.mkdir()
    desk.path.symlink_to(elsewhere.path)
    watcher = desk.watcher()
    assert "the state can't be used" in desk.said[0]
    watcher.end()
    assert not desk.path.is_symlink()
    assert elsewhere.path.exists()


def test_a_full_disk_is_told_once_and_ends_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = desk.watcher()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("tui.operations.incident_file.write_atomically", full)
        desk.sees(watcher, ILL, times=2)
        desk.sees(watcher, WEB, times=6)
        assert desk.lines == [BEGUN, OVER]
        assert [line for line in desk.said if "No space left" in line] == desk.said
        assert len(desk.said) == 1
    desk.sees(watcher, ILL)
    assert desk.said[1:] == ["the state can be used again"]
    watcher.end()


def test_what_was_cut_off_is_told_and_not_taken_up(desk: Desk) -> None:
    with_operation = desk.journal()
    name = with_operation.create(draft("stop-start", WEB, None, ActionOptions(), Policy(), NOW), NOW)
    assert with_operation.confirm(name, NOW)
    watcher = desk.watcher()
    watcher.look()
    assert desk.lines == [], "a console that is open would take it up within seconds"
    desk.now += LEASE + timedelta(minutes=1)
    desk.sees(watcher, WEB, times=3)
    assert desk.lines == ["operation begun"]
    assert desk.told[0].instance_id == WEB.instance_id
    assert f"evac ops show {name}" in desk.told[0].why
    found = with_operation.get(name)
    assert found is not None
    assert (found.state, found.runner) == ("planned", ""), "nobody was started for it"
    with_operation.path.write_bytes(b"no journal")
    desk.sees(watcher, WEB, times=9)
    assert desk.lines == ["operation begun"], "what can't be read is not known to be well"
    assert "the journal can't be used" in desk.said[-1]
    watcher.end()


def test_the_program_is_run_for_each_change_once_also_if_the_watch_is_killed(
    desk: Desk, tmp_path: Path
) -> None:
    called = tmp_path / "called"
    (script := tmp_path / "page").write_text(f"#!/bin/sh\nexec cat >> {called}\n")
    script.chmod(0o700)
    alarm = CallSettings(on=("failing",), command=(str(script),))
    desk.settings = Settings(alarm=alarm)
    first = desk.watcher()
    desk.sees(first, ILL)
    first.end()
    kept = StateFile(desk.path).read()
    assert kept.uncalled == ()
    StateFile(desk.path).write(
        replace(kept, uncalled=(kept.past[0],))
    )  # as if it was killed before the program had ended
    second = desk.watcher()
    desk.sees(second, WEB, times=6)
    second.end()
    lines = [json.loads(line) for line in called.read_text().splitlines()]
    assert [one["state"] for one in lines] == ["begun", "begun", "over"]
    assert lines[0] == lines[1], "the second is the one that may have been missed"
    assert desk.lines == [BEGUN, OVER]
    third = desk.watcher()
    third.end()
    assert len(called.read_text().splitlines()) == 3


def test_in_read_only_no_program_is_run(desk: Desk, tmp_path: Path) -> None:
    command = ("touch", str(tmp_path / "called"))
    desk.settings = Settings(alarm=CallSettings(on=("failing",), command=command), read_only=True)
    watcher = desk.watcher()
    assert watcher.calls.why_none == "read-only"
    desk.sees(watcher, ILL)
    watcher.end()
    assert (desk.lines, (tmp_path / "called").exists()) == ([BEGUN], False)


def test_a_row_that_cannot_be_judged_costs_no_other_its_incident(desk: Desk) -> None:
    odd = row(2, inventory_at=NOW, checks=ILL.checks)
    watcher = desk.watcher()
    desk.sees(watcher, odd)
    desk.sees(watcher, replace(odd, events=(None,)), ILL, times=9)  # no event at all
    assert desk.lines == [BEGUN, BEGUN], "that it can't be judged does not say that it is no more"
    assert "1 instance can't be judged" in desk.said[0]
    desk.sees(watcher, replace(odd, checks=WEB.checks), ILL, times=6)
    assert desk.lines == [BEGUN, BEGUN, OVER]
    watcher.end()


@pytest.fixture
def gauges() -> Gauges:
    return Gauges([rule.text for rule in RULES], lambda: NOW + timedelta(hours=1), "1.2.3")


@pytest.fixture
def page(gauges: Gauges) -> Iterator[str]:
    port, end = serve_metrics(gauges, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{port}/metrics"
    end()


def read_page(url: str) -> tuple[str, dict[str, float]]:
    with urllib.request.urlopen(url, timeout=60) as answer:
        text = answer.read().decode()
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    return text, {" ".join((one.name, *one.labels.values())): one.value for one in samples}


def test_prometheus_reads_what_there_is_and_nothing_of_who_it_is(
    desk: Desk, gauges: Gauges, page: str
) -> None:
    watcher = desk.watcher(gauges)
    assert read_page(page)[1]["evac_incidents failing"] == 0, "what is not there yet is 0, not missing"
    desk.sees(watcher, ILL, row(2, inventory_at=NOW, checks=WEB.checks))
    text, numbers = read_page(page)
    assert numbers["evac_incidents failing"] == numbers["evac_incidents_begun_total failing"] == 1
    assert numbers["evac_incidents_over_total failing"] == numbers["evac_incidents due<1h"] == 0
    assert numbers["evac_targets read"] == 1
    assert numbers["evac_instances failing"] == numbers["evac_instances calm"] == 1
    assert numbers["evac_last_read_seconds"] == 59 * 60
    assert numbers["evac_state_file_written"] == 1
    assert "process_resident_memory_bytes" in numbers
    for secret in (WEB.instance_id, WEB.name, WEB.account_id, PROD.profile, PROD.region):
        assert secret not in text
    watcher.take(LinkState(LinkPhase.RESTARTING, clean("the collector died")))
    assert read_page(page)[1]["evac_collector_restarts_total"] == 1
    assert desk.said == ["the collector died; it is started again"]
    watcher.end()


def test_who_asks_and_says_nothing_keeps_nobody_waiting(page: str) -> None:
    host, port = page.removeprefix("http://").partition("/")[0].split(":")
    silent = [socket.create_connection((host, int(port)), 60) for _ in range(4)]
    assert read_page(page)[1]["evac_incidents failing"] == 0
    for one in silent:
        one.close()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("127.0.0.1:9090", ("127.0.0.1", 9090)),
        ("localhost:0", ("127.0.0.1", 0)),
        (":9090", ("127.0.0.1", 9090)),
        ("[::1]:9090", ("::1", 9090)),
        ("127.8.8.8:1", ("127.8.8.8", 1)),
    ],
)
def test_where_metrics_are_served(text: str, place: tuple[str, int]) -> None:
    assert read_place(text, public=False) == place


@pytest.mark.parametrize(
    "text",
    ["", "9090", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", "host:9090", "127.0.0.1:²"],
)
def test_a_place_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(MetricsError, match=r"such as 127\.0\.0\.1:9090"):
        read_place(text, public=True)


@pytest.mark.parametrize("text", ["0.0.0.0:9090", "[::]:9090", "192.0.2.1:9090"])
def test_what_others_can_reach_has_to_be_said(text: str) -> None:
    with pytest.raises(MetricsError, match="--metrics-public"):
        read_place(text, public=False)
    assert read_place(text, public=True)[1] == 9090


def test_a_port_that_is_taken_is_told(gauges: Gauges, page: str) -> None:
    with pytest.raises(MetricsError, match="can't be used"):
        serve_metrics(gauges, "127.0.0.1", int(page.removesuffix("/metrics").rpartition(":")[2]))


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_is_told_when_it_is_ready_that_it_lives_and_that_it_ends(desk: Desk, abstract: bool) -> None:
    name = f"@evac-{os.getpid()}" if abstract else str(desk.folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        wire.bind(name.replace("@", "\0"))
        wire.settimeout(60)
        notifier = Notifier(
            {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}
        )
        assert notifier.every == 15
        watcher = desk.watcher(notifier=notifier)
        watcher.take(LinkState(LinkPhase.LIVE))
        desk.sees(watcher, ILL)
        watcher.end()
        notifier.stopping()
        got = [wire.recv(4096).decode() for _ in range(3)]
    assert got == ["READY=1\nSTATUS=reading", "WATCHDOG=1\nSTATUS=1 target, 1 incident", "STOPPING=1"]


@pytest.mark.parametrize(
    "environ",
    [{}, {"NOTIFY_SOCKET": "nowhere"}, {"NOTIFY_SOCKET": "/nowhere/at/all"}, {"WATCHDOG_USEC": "1000000"}],
)
def test_without_a_systemd_that_listens_nothing_is_told(environ: dict[str, str]) -> None:
    notifier = Notifier(environ)
    notifier.ready("reading")
    assert notifier.every is None


def test_another_processs_watchdog_is_not_ours() -> None:
    assert Notifier({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}).every is None
