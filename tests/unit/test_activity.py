"""What evac does itself is in its picture: level, words, key and JSON; and what a person said is meant to be down."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.unit.rows import BAD, OK, row
from tui.config.schema import Settings
from tui.config.sections import ProfileSettings
from tui.domain.activity import NO_ACTIVITY, Meant, Own, Work
from tui.domain.events import ScheduledEvent
from tui.domain.guidance import explain
from tui.domain.instance import Checks, Instance, InstanceState
from tui.domain.listing import Ranker
from tui.domain.policy import Policy
from tui.domain.sanitize import SafeText
from tui.domain.triage import Level, urgency
from tui.operations import audit_log, intended_down
from tui.operations.activity_watch import Watch, works_elsewhere, works_of
from tui.operations.journal import Journal
from tui.operations.redis_lock import Holder, Refused
from tui.presentation import instance_objects, instance_text

T = SafeText
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SINCE = NOW - timedelta(seconds=8)
WELL = row(1, checks=Checks(OK, OK, OK), status_at=NOW, inventory_at=NOW, launched_at=NOW - timedelta(days=3))
DOWN = replace(
    WELL,
    state=InstanceState.STOPPED,
    checks=Checks(),
    reason_code=T("Server.ScheduledStop"),
    root_device=T("ebs"),
)


def work(action: str = "reboot", step: str = "wait-checks", **changes: object) -> Work:
    return replace(Work("op-1", action, "running", step, T("kim"), T("bastion-1"), SINCE), **changes)


def own(instance: Instance, doing: Work) -> Own:
    return Own({instance.key: doing})


@pytest.mark.parametrize(
    ("action", "step", "state", "checks", "level", "line", "cell"),
    [
        ("reboot", "wait-checks", "running", Checks(OK, BAD, OK), Level.FAILING, "rebooting it", "rebooting"),
        ("reboot", "wait-checks", "running", Checks(OK, OK, OK), Level.UNKNOWN, "rebooting it", "rebooting"),
        (
            "stop-start",
            "wait-stopped",
            "stopping",
            Checks(),
            Level.FAILING,
            "stopping and starting it",
            "stopping",
        ),
        ("stop-start", "start", "stopped", Checks(), Level.FAILING, "stopping and starting it", "starting"),
        ("stop-start", "drain", "running", Checks(OK, OK, OK), Level.UNKNOWN, "stopping and", "draining"),
        ("start", "wait-running", "pending", Checks(), Level.FAILING, "starting it", "starting"),
        ("start-after-stop", "start", "stopped", Checks(), Level.FAILING, "starting it", "starting"),
    ],
)
def test_its_own_operation_is_told_and_hidden_by_nothing(
    action: str, step: str, state: str, checks: Checks, level: Level, line: str, cell: str
) -> None:
    instance = replace(WELL, state=InstanceState(state), checks=checks)
    doing = own(instance, work(action, step))
    assert urgency(instance, NOW, doing).level is level
    told = explain(instance, None, Policy(), NOW, UTC, own=doing)
    assert told.headline.startswith(f"evac is {line}")
    assert "(by kim, 8s): wait" in told.headline
    assert "(by kim, 8s): wait" in told.diagnosis_short
    assert told.recommended is not None
    assert (told.recommended.verb, told.recommended.key) == ("operations", "o")
    assert work(action, step).cell == cell
    assert instance_text.checks_text(instance, NOW, doing).endswith("(by kim, 8s): wait")


def test_once_it_has_ended_the_picture_is_awss_again() -> None:
    failing = replace(WELL, checks=Checks(OK, BAD, OK))
    told = explain(failing, None, Policy(), NOW, UTC, own=NO_ACTIVITY)
    assert told.recommended is not None
    assert told.recommended.verb == "reboot"
    assert urgency(WELL, NOW, NO_ACTIVITY).level is Level.CALM


def test_what_needs_a_person_stays_loud() -> None:
    doing = own(WELL, work("stop-start", "start", attention=True))
    assert urgency(WELL, NOW, doing).level is Level.FAILING
    assert "needs you" in explain(WELL, None, Policy(), NOW, UTC, own=doing).headline


def test_an_ami_explains_only_what_it_does() -> None:
    making = work("image", "image")
    assert urgency(WELL, NOW, own(WELL, making)).level is Level.CALM
    rebooted = replace(WELL, checks=Checks(OK, BAD, OK))
    assert making.explains(rebooted)
    broken = replace(WELL, checks=Checks(BAD, BAD, OK), root_device=T("ebs"))
    assert not making.explains(broken)
    told = explain(broken, None, Policy(), NOW, UTC, own=own(broken, making))
    assert told.recommended is not None
    assert told.recommended.verb == "stop-start"
    assert "making an AMI of it" in told.headline


def test_what_only_waits_for_aws_changes_no_verdict() -> None:
    waiting = work("start-after-stop", "wait-stopped", waiting=True)
    assert urgency(WELL, NOW, own(WELL, waiting)).level is Level.CALM
    broken = replace(WELL, checks=Checks(BAD, BAD, OK), root_device=T("ebs"))
    told = explain(broken, None, Policy(), NOW, UTC, own=own(broken, waiting))
    assert told.recommended is not None
    assert told.recommended.verb == "stop-start"
    assert "evac starts it when AWS has stopped it (ordered by kim, 8s ago)" in told.headline
    announced = ScheduledEvent(T("instance-stop"), T("e"), T(""), NOW + timedelta(hours=3))
    well = replace(WELL, events=(announced,), root_device=T("ebs"))
    told = explain(well, None, Policy(), NOW, UTC, own=own(well, waiting))
    assert "NOT start by itself" not in told.headline + told.diagnosis_short
    assert "evac starts it then" in told.headline
    assert "evac starts it then" in told.diagnosis_short
    assert told.recommended is not None
    assert told.recommended.verb == "operations"


def test_json_has_the_promised_fields() -> None:
    made = instance_objects.instance_object(WELL, NOW, own=own(WELL, work(instance_down=True)))
    assert made["operation"] == {
        "id": "op-1", "action": "reboot", "state": "running", "step": "wait-checks", "user": "kim",
        "host": "bastion-1", "since": "2026-11-24T02:59:52Z", "instance_down": True,
    }  # fmt: skip
    assert instance_objects.instance_object(WELL, NOW)["operation"] is None
    json.dumps(made)


def test_the_ranker_looks_again_only_at_what_it_is_about() -> None:
    ranker, other = Ranker(), row(2, checks=Checks(OK, OK, OK), status_at=NOW)
    rows = [WELL, other]
    assert ranker.counts(rows, NOW, {})[Level.CALM] == 2
    assert not ranker.see(NO_ACTIVITY)
    doing = own(WELL, work())
    assert ranker.see(doing)
    assert ranker.counts(rows, NOW, {})[Level.UNKNOWN] == 1
    assert other.instance_id in ranker._kept
    assert ranker.see(NO_ACTIVITY)
    assert ranker.counts(rows, NOW, {})[Level.CALM] == 2


def test_meant_holds_until_it_has_run_again() -> None:
    mark = Meant(T("kim"), T("bastion-1"), NOW, DOWN.launched_at)
    said = Own(marks={DOWN.key: mark})
    assert urgency(DOWN, NOW, NO_ACTIVITY).level is Level.FAILING
    assert urgency(DOWN, NOW, said).level is Level.CALM
    told = explain(DOWN, None, Policy(), NOW, UTC, own=said)
    assert told.recommended is None
    assert "that is meant, says kim" in told.headline
    again = replace(DOWN, launched_at=NOW - timedelta(hours=1))
    assert urgency(again, NOW, said).level is Level.FAILING
    failing = replace(DOWN, state=InstanceState.RUNNING, checks=Checks(BAD, BAD))
    assert urgency(failing, NOW, said).level is Level.FAILING


def test_meant_is_journaled_audited_and_seen_by_others(tmp_path: Path) -> None:
    path = tmp_path / "evac" / "journal.sqlite3"
    mine, watch = Journal(path), Watch()
    assert watch.look(mine) is watch.look(mine)

    def another() -> None:
        theirs = Journal(path)
        intended_down.mark_intended(theirs, DOWN, NOW)
        theirs.close()

    thread = threading.Thread(target=another)
    thread.start()
    thread.join()
    seen = watch.look(mine).meant(DOWN)
    assert seen is not None
    assert (seen.at, seen.launched_at) == (NOW, DOWN.launched_at)
    intended_down.take_back(mine, DOWN, NOW)
    assert watch.look(mine).meant(DOWN) is None, "what this process writes is seen as well"
    told = [
        (one["action"], one["instance"], one["result"])
        for one in audit_log.tail(audit_log.path_beside(path), 9)
    ]
    assert told == [
        ("meant", DOWN.instance_id, "meant to be down, until it runs again"),
        ("meant", DOWN.instance_id, "taken back"),
    ]
    mine.close()


@pytest.mark.parametrize(
    ("instance", "settings", "why"),
    [
        (DOWN, Settings(read_only=True), "read-only"),
        (DOWN, Settings(profiles={"prod": ProfileSettings(read_only=True)}), "read-only"),
        (WELL, Settings(), "it is running, and not by AWS"),
        (
            replace(DOWN, reason_code=T("Client.UserInitiatedShutdown")),
            Settings(),
            "it is stopped, and not by AWS",
        ),
        (replace(DOWN, launched_at=None), Settings(), "not read yet"),
        (DOWN, Settings(), None),
    ],
)
def test_of_what_it_may_be_said(instance: Instance, settings: Settings, why: str | None) -> None:
    told = intended_down.why_not_intendable(instance, settings, NOW)
    assert told is None if why is None else why in (told or "")


def test_operations_of_other_machines_are_told_by_their_locks() -> None:
    by = Holder("op-9", "stop-start", "wait-stopped", "lee", "bastion-2", "", "r", SINCE)
    locks = [
        (f"111122223333:eu-west-1:{WELL.instance_id}", Refused(by, None)),
        ("111122223333:eu-west-1:tg/web", Refused(by, None)),
        ("nonsense", Refused(by, None)),
        (f"111122223333:eu-west-1:{WELL.instance_id}", Refused(None, None)),
    ]
    found = works_elsewhere(locks)
    assert [key for key, _ in found] == [WELL.key]
    told = works_of([], found)[WELL.key]
    assert told.line(NOW) == "evac is stopping and starting it (by lee on bastion-2, 8s): wait"


def test_hostile_names_are_cleaned() -> None:
    assert "\x1b" not in replace(work(), user=T("k\x1b[31m"), host=T("x")).line(NOW)
    assert not work("something-new").powers
    assert "something-new" in work("something-new").line(NOW)
