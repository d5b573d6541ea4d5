"""What is handed over of a shift and of an instance: what began, ended, stands, waits, is due, and nothing that nobody knows."""

from __future__ import annotations

import json
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import pytest
from msgspec.structs import replace

from tests.unit.guidance_cases import BASE, NOW, event
from tests.unit.test_inert import HOSTILE, OUR_TAGS, seen
from tests.unit.test_operation_view import CUT
from tui.cli.handover import deeds_here, shift_begin, watched_account
from tui.config.schema import Settings
from tui.domain.activity import Meant, Own, Work
from tui.domain.deed import Deed
from tui.domain.diagnosis.evidence import Change
from tui.domain.diagnosis.findings import Finding
from tui.domain.diagnosis.verdict import Diagnosis
from tui.domain.guidance import explain
from tui.domain.handover import NO_ACCOUNT, Account, ShiftHandover, instance_handover, shift_handover
from tui.domain.incidents import IncidentChange, IncidentState
from tui.domain.instance import (
    Checks,
    CheckStatus,
    Instance,
    InstanceState,
    Phase,
    StatusCheck,
    Target,
    TargetStatus,
    Trouble,
    TroubleKind,
)
from tui.domain.policy import Policy
from tui.domain.sanitize import SafeText, clean
from tui.operations import audit_log
from tui.operations.deeds import deed_of, deeds_audited_since, deeds_elsewhere
from tui.operations.model import OperationState
from tui.presentation.handover_text import instance_handover_text, shift_handover_text
from tui.watch.state_file import StateFile, WatchState

SEOUL = ZoneInfo("Asia/Seoul")
SINCE = NOW - timedelta(hours=12)
OK = StatusCheck(CheckStatus.OK)
KIM = Deed(NOW - timedelta(hours=2), "Reboot web-7", "kim", "bastion", "succeeded")


def failing(hours: float | None) -> Checks:
    since = None if hours is None else NOW - timedelta(hours=hours)
    return Checks(OK, StatusCheck(CheckStatus.IMPAIRED, since), OK)


def shift(*rows: Instance, deeds: tuple[Deed, ...] = (), **more: Any) -> ShiftHandover:
    return shift_handover(rows, more.pop("targets", ()), deeds, SINCE, NOW, **more)


STOPPED = replace(
    BASE, state=InstanceState.STOPPED, reason_code=SafeText("Server.ScheduledStop"), state_since=NOW - timedelta(hours=3)
)  # fmt: skip


@pytest.mark.parametrize(
    ("row", "began", "standing"),
    [
        (replace(BASE, checks=failing(1)), 1, 0),
        (replace(BASE, checks=failing(13)), 0, 1),
        (replace(BASE, checks=failing(None)), 0, 1),
        (STOPPED, 1, 0),
        (replace(STOPPED, state_since=None), 0, 1),
        (replace(STOPPED, reason_code=SafeText("Client.UserInitiatedShutdown")), 0, 0),
        (BASE, 0, 0),
    ],
)
def test_what_began_and_what_is_still_so(row: Instance, began: int, standing: int) -> None:
    told = shift(row)
    assert (len(told.began), len(told.standing)) == (began, standing)


def seen_by_watcher(hours: float, incident: str, state: str, **more: Any) -> IncidentChange:
    at, of = (
        NOW - timedelta(hours=hours),
        {"kind": "failing", "instance_id": BASE.instance_id, "why": clean("it failed")},
    )
    return IncidentChange(at, incident, state=IncidentState(state), **{**of, **more})


def test_a_watcher_knows_what_began_and_ended_again_and_each_is_told_once() -> None:
    changes = (
        seen_by_watcher(20, "a", "begun"), seen_by_watcher(5, "a", "over"),
        seen_by_watcher(4, "b", "begun"), seen_by_watcher(3, "b", "over"),
        seen_by_watcher(2, "c", "begun"), seen_by_watcher(1, "d", "begun", kind="due<1h"),
    )  # fmt: skip
    told = shift(replace(BASE, checks=failing(2)), account=Account(changes, SINCE, NOW))
    assert [(one.kind, one.at) for one in told.began] == [
        ("failing", NOW - timedelta(hours=4)), ("failing", NOW - timedelta(hours=2)), ("due<1h", NOW - timedelta(hours=1)),
    ]  # fmt: skip
    assert [one.what for one in told.ended] == ["over after 15h: it failed", "over after 1h: it failed"]
    assert "watcher" not in shift_handover_text(told, UTC)


def test_what_is_older_than_the_watcher_did_not_begin_with_it() -> None:
    account = Account((seen_by_watcher(1, "a", "begun"),), NOW - timedelta(hours=1), NOW)
    told = shift(replace(BASE, checks=failing(48)), account=account)
    assert (len(told.began), len(told.standing)) == (0, 1)
    assert "only from 2026-11-24 02:00 UTC (Tue) on" in shift_handover_text(told, UTC)
    told = shift(replace(BASE, checks=failing(None)), account=account)
    assert (len(told.began), len(told.standing)) == (1, 0)


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [(None, None, "No watcher"), (30, 20, "No watcher"), (30, 0, ""), (30, 3, "until 2026-11-24"), (3, 0, "from 2026-11-24")],
)  # fmt: skip
def test_when_no_watcher_was_there_is_said(first: int | None, last: int | None, said: str) -> None:
    times = [None if one is None else NOW - timedelta(hours=one) for one in (first, last)]
    text = shift_handover_text(shift(account=Account((), *times)), UTC)
    assert (said in text) if said else "watcher" not in text


def test_what_is_meant_to_be_down_is_no_trouble() -> None:
    own = Own(marks={STOPPED.key: Meant(clean("kim"), clean("b"), NOW, STOPPED.launched_at)})
    assert shift(STOPPED, own=own).began == ()


def test_what_must_be_decided_first_stands_first_and_later_events_are_counted() -> None:
    first = replace(
        BASE, name=SafeText("b"), events=(event("instance-stop", 2), event("instance-reboot", 40))
    )
    second = replace(
        BASE, name=SafeText("a"), instance_id=SafeText("i-2"), events=(event("system-reboot", 20),)
    )
    began = replace(
        BASE, name=SafeText("c"), instance_id=SafeText("i-3"), events=(event("instance-stop", -1),)
    )
    told = shift(second, first, began)
    assert [(one.instance.name, one.event.code_text) for one in told.due] == [
        ("c", "instance-stop"), ("b", "instance-stop"), ("a", "system-reboot"),
    ]  # fmt: skip
    assert told.later == 1


def test_an_event_that_aws_calls_over_ended_in_the_window_it_had() -> None:
    over = replace(
        BASE,
        events=(event("instance-stop", -2, "[Completed] x"), event("system-reboot", -30, "[Completed] x")),
    )
    assert [one.what for one in shift(over).ended] == ["instance-stop is completed"]


def test_a_target_that_was_not_read_is_said_once_for_one_cause() -> None:
    gone = Trouble(
        TroubleKind.CREDENTIALS, clean("the login has expired"), clean("aws sso login"), of=clean("sso corp")
    )
    targets = [TargetStatus(Target("prod", f"r-{n}"), Phase.FAILED, trouble=gone) for n in range(672)]
    told = shift(targets=targets)
    assert len(told.unread) == 1
    assert told.targets == 672
    assert "the login has expired" in shift_handover_text(told, UTC)


def test_what_waits_for_a_person_stands_first_and_is_not_done() -> None:
    going = replace(KIM, what="Image", is_open=True, outcome="running")
    stuck = replace(KIM, what="Start", is_open=True, needs_person=True, at=NOW, remedy="evac ops resume op-1")
    told = shift(deeds=(KIM, going, stuck))
    assert [one.what for one in told.waits] == ["Start", "Image"]
    assert [one.what for one in told.done] == ["Reboot web-7"]
    text = shift_handover_text(told, SEOUL)
    assert "Reboot web-7, by kim on bastion: succeeded" in text
    assert "to do: evac ops resume op-1" in text
    assert "2026-11-24 01:00 UTC (Tue 10:00 KST)" in text


def test_an_operation_that_was_cut_off_names_the_way_out() -> None:
    told = deed_of(CUT, CUT.created_at + timedelta(minutes=5))
    assert told.is_open
    assert told.needs_person
    assert told.remedy == "evac ops resume op-1"
    done = replace(
        CUT,
        state=OperationState.SUCCEEDED,
        note="checks are ok",
        finished_at=CUT.created_at + timedelta(minutes=4),
    )
    over = deed_of(done, NOW)
    assert (over.outcome, over.told, over.is_open) == ("succeeded", "checks are ok", False)


def test_a_journal_and_an_audit_log_that_cannot_be_read_are_said_where_they_are_missed(
    tmp_path: Path,
) -> None:
    environ, folder = {"XDG_STATE_HOME": str(tmp_path)}, tmp_path / "evac"
    assert deeds_here(environ, SINCE, NOW) == ([], [])
    (folder / "audit.jsonl").mkdir(parents=True)
    (folder / "journal.sqlite3").write_bytes(b"junk " * 1000)
    deeds, troubles = deeds_here(environ, SINCE, NOW)
    assert deeds == []
    assert [one.partition(":")[0] for one in troubles] == [
        "what was refused or marked",
        "what was done, and what waits",
    ]
    text = shift_handover_text(shift(unread=troubles), UTC)
    assert "## Not read\n\n- what was refused or marked: the audit log" in text
    assert "not all was read" in text


def test_what_another_machine_does_is_under_way_as_its_lock_tells() -> None:
    work = Work(
        "op-9",
        "reboot",
        "running",
        "wait-checks",
        clean("lee"),
        clean("b2"),
        NOW - timedelta(minutes=3),
        here=False,
    )
    own = Own(works={"eu-west-1/i-1": work, "eu-west-1/i-2": replace(work, here=True)})
    (deed,) = deeds_elsewhere(own, NOW)
    assert (deed.what, deed.user, deed.host, deed.is_open) == ("Reboot i-1", "lee", "b2", True)
    assert "by lee on b2" in shift_handover_text(shift(deeds=(deed,)), UTC)


def test_of_the_audit_log_what_no_operation_tells(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    who = {"user": "kim", "host": "b", "instance": "i-1", "account": "1", "action": "reboot", "operation": ""}
    audit_log.append(path, NOW - timedelta(days=2), **who, step="confirm", result="refused: too old")
    audit_log.append(path, NOW - timedelta(hours=1), **who, step="stop", result="intent")
    audit_log.append(path, NOW - timedelta(hours=1), **who, step="resume", result="resumed")
    audit_log.append(path, NOW - timedelta(hours=1), **who, step="confirm", result="refused: not confirmed")
    audit_log.append(path, NOW, **who, step="meant", result="meant to be down, until it runs again")
    path.rename(tmp_path / "audit.jsonl.1")
    audit_log.append(path, NOW, **{**who, "user": "<!channel>\n"}, step="abandon", result="abandoned")
    with path.open("ab") as file:
        file.write(json.dumps({"time": "yesterday", "step": "resume"}).encode() + b"\n[]\nnothing\n")
    found = [*deeds_audited_since(tmp_path / "journal.sqlite3", NOW - timedelta(hours=12))]
    assert [(one.what, one.outcome) for one in found] == [
        ("reboot i-1", "refused: not confirmed"),
        ("meant to be down i-1", "meant to be down, until it runs again"),
        ("give up i-1", "abandoned"),
    ]


def whole(text: str) -> Instance:
    """An instance of which every text is a stranger's."""
    one = clean(text)
    return replace(
        BASE, target=Target(text, "ap-northeast-2"), name=one, account_id=one, instance_type=one, zone=one, checks=failing(1),
        events=(replace(event(text, 5, text), event_id=one),),
    )  # fmt: skip


def handed_over(text: str) -> str:
    row, one = whole(text), clean(text)
    finding = Finding("oom", 3, 7, clean(text), text, text, 0, "", evidence=(text,), against=(text,))
    deed = replace(
        KIM, what=text, user=text, host=text, outcome=text, told=text, remedy=text, ident=text, is_open=True
    )
    told = instance_handover(
        row, explain(row, None, Policy(), NOW, UTC), NOW, diagnosis=Diagnosis((finding,), "likely", text, (text,)),
        deeds=(deed,), health=(text,), unread=(text,),
        changes=(Change(NOW, one, one, one, source_ip=one, error=one),),
    )  # fmt: skip
    trouble = Trouble(TroubleKind.DENIED, clean(text), clean(text), where=clean(text))
    targets = [TargetStatus(Target(text, "x"), Phase.FAILED, trouble=trouble)]
    both = shift_handover_text(shift(row, deeds=(deed, KIM), targets=targets), SEOUL)
    return instance_handover_text(told, Settings(), SEOUL, NOW) + both


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_inert_wherever_they_stand(text: str) -> None:
    from markdown_it import MarkdownIt

    found = handed_over(text)
    tags, drawn = seen(MarkdownIt("gfm-like", {"linkify": True}).render(found))
    assert tags <= {*OUR_TAGS, "h1", "h2", "code", "p"}
    assert "<" not in found
    assert found.isprintable() or set(found) - {"\n"} == {one for one in found if one.isprintable()}
    assert found.count("\n# ") + found.startswith("# ") == 2
    assert " ".join(clean(text).split()) in drawn


def test_an_instance_is_told_with_both_times_its_evidence_and_what_waits() -> None:
    row = replace(
        BASE,
        checks=failing(0.5),
        events=(replace(event("instance-stop", 5), deadline=NOW + timedelta(days=3)),),
    )
    finding = Finding(
        "oom", 3, 611, clean("Out of memory: Killed process 812"), "memory ran out", "find what grew", 0, "",
        evidence=("memory was 99 %",),
    )  # fmt: skip
    told = instance_handover(
        row, explain(row, None, Policy(), NOW, SEOUL), NOW,
        diagnosis=Diagnosis((finding,), "likely", "memory ran out"), deeds=(KIM,),
        changes=(
            Change(NOW - timedelta(hours=3), clean("ModifyInstanceAttribute"), user=clean("lee"), what=clean("m6i → m6a")),
            Change(NOW, clean("RebootInstances"), operation=clean("op-1")),
        ),
    )  # fmt: skip
    text = instance_handover_text(told, Settings(), SEOUL, NOW)
    for part in (
        "# payments-db-1: failing\n",
        "**Since:** 2026-11-24 02:30 UTC (Tue 11:30 KST), 30m ago",
        "**Cause:** likely: memory ran out",
        "- memory ran out (system log, line 611)\n  - log: `Out of memory: Killed process 812`\n  - for: memory was 99 %",
        "- `instance-stop`, pending; starts 2026-11-24 08:00 UTC (Tue 17:00 KST), in 5h; can be moved to 2026-11-27 03:00 UTC",
        "- 2026-11-24 01:00 UTC (Tue 10:00 KST): Reboot web-7, by kim on bastion: succeeded",
        "- 2026-11-24 00:00 UTC (Tue 09:00 KST): ModifyInstanceAttribute m6i → m6a, by lee\n",
        "A time of day without a date is KST.",
        "- recommended: ",
        "- instance-stop can be moved, for 4h55m yet",
    ):
        assert part in text, text


@pytest.mark.parametrize(
    ("word", "hours"),
    [
        ("12h", 12),
        ("1d", 24),
        ("1h30m", 1.5),
        ("2026-11-24T01:00:00Z", 2),
        ("2026-11-24T10:00:00", 2),
        ("2026-11-24T10:00:00+09:00", 2),
    ],
)
def test_a_shift_began_so_long_ago_or_at_that_time(word: str, hours: float) -> None:
    assert shift_begin(word, NOW, SEOUL) == NOW - timedelta(hours=hours)


@pytest.mark.parametrize("word", ["", "0", "tomorrow", "-1h", "2027-01-01T00:00:00Z", "999999w", "12"])
def test_what_is_no_time_before_now_is_said(word: str) -> None:
    with pytest.raises(click.UsageError, match="--since"):
        shift_begin(word, NOW)


def test_all_watchers_of_this_machine_give_account(tmp_path: Path) -> None:
    folder = tmp_path / "evac"
    environ = {"XDG_STATE_HOME": str(tmp_path)}
    assert watched_account(environ) == NO_ACCOUNT
    first, second = seen_by_watcher(20, "a", "begun"), seen_by_watcher(1, "b", "begun")
    began = NOW - timedelta(hours=3)
    assert StateFile(folder / "watch.json").write(WatchState(past=(first,), began_at=began, kept_at=began))
    assert StateFile(folder / "watch-x.json").write(
        WatchState(past=(first, second), began_at=began, kept_at=NOW)
    )
    (folder / "watch-y.json").write_text("{")
    found = watched_account(environ)
    assert (found.first, found.last) == (first.at, NOW)
    assert set(found.changes) == {first, second}


def test_what_nobody_read_is_said_and_nothing_is_called_well() -> None:
    row = replace(BASE, checks=Checks(), status_at=None)
    told = instance_handover(
        row, explain(row, None, Policy(), NOW, UTC), NOW, unread=("metrics were not read",)
    )
    text = instance_handover_text(told, Settings(), UTC, NOW)
    assert "# payments-db-1: unknown" in text
    assert "its checks were not read" in text
    assert "- not known: metrics were not read" in text
