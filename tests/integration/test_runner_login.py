"""A login that fails at the moment of a resume, a start that falls back, a clock that is off, a no to what changed nothing."""

from __future__ import annotations

import os
import signal
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.operation_wait import until
from tests.integration.runner_watch import Bench, ended
from tests.journal_file import writing
from tui.domain.instance import InstanceState
from tui.operations.model import OperationState

KEYS = '{"Version": 1, "AccessKeyId": "AKIADEMOPROD00000001", "SecretAccessKey": "demo"}'


def cut(bench: Bench, name: str) -> str:
    """An operation whose runner was killed between stop and start."""
    bench.demo.control("clock", {"speed": 1})
    operation = bench.order("stop-start", name)
    pid = bench.run(operation)
    bench.wait(operation, lambda one: one.step == "wait-stopped")
    os.kill(pid, signal.SIGKILL)
    bench.demo.control("clock", {"speed": 60})
    bench.demo.control("advance", {"seconds": 60})
    return operation


def helper(bench: Bench, tmp_path: Path, body: str) -> Path:
    """The profile asks this program for its keys from now on."""
    program = tmp_path / "keys.sh"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    config = Path(bench.environ["AWS_CONFIG_FILE"])
    config.write_text(
        config.read_text().replace("[profile prod]\n", f"[profile prod]\ncredential_process = {program}\n")
    )
    credentials = Path(bench.environ["AWS_SHARED_CREDENTIALS_FILE"])
    credentials.write_text(credentials.read_text().replace("[prod]", "[was-prod]"))
    return program


def lost(bench: Bench, tmp_path: Path, how: str) -> str:
    """The login is gone; how to give it back, as a shell would."""
    config = Path(bench.environ["AWS_CONFIG_FILE"])
    credentials = Path(bench.environ["AWS_SHARED_CREDENTIALS_FILE"])
    whole, kept = config.read_text(), credentials.read_text()
    if how == "a credential_process that fails":
        program = helper(bench, tmp_path, "echo the vault is sealed >&2; exit 1")
        return f"printf '%s' '#!/bin/sh\necho '\"'\"'{KEYS}'\"'\"'\n' > {program}"
    if how == "a profile that is missing while its file is rewritten":
        config.write_text(whole.replace("[profile prod]", "[profile prod-is-being-written]"))
        credentials.write_text(kept.replace("[prod]", "[prod-is-being-written]"))
    elif how == "half a file":
        config.write_text("[profile prod\nregion = ap")
    else:
        config.write_text(
            whole.replace("[profile prod]\n", "[profile prod]\nsso_session = corp\nsso_account_id = 111122223333\n"
                          "sso_role_name = ops\n")
            + "\n[sso-session corp]\nsso_start_url = https://corp.example/start\nsso_region = us-east-1\n"
        )  # fmt: skip
        credentials.write_text(kept.replace("[prod]", "[was-prod]"))
    (tmp_path / "credentials").write_text(kept)
    (tmp_path / "config").write_text(whole)
    return f"cp {tmp_path / 'credentials'} {credentials}; cp {tmp_path / 'config'} {config}"


@pytest.mark.parametrize(
    "how",
    [
        "a credential_process that fails", "a profile that is missing while its file is rewritten", "half a file",
        "an SSO login that is not there",
    ],
)  # fmt: skip
def test_a_login_that_fails_at_a_resume_is_waited_for(bench: Bench, tmp_path: Path, how: str) -> None:
    operation = cut(bench, "search-2")
    back = lost(bench, tmp_path, how)
    bench.resume(operation)
    waiting = bench.wait(operation, lambda one: one.attention and "could not be read" in one.note)
    assert waiting.state is OperationState.RUNNING  # nobody has to resume it again
    assert waiting.remedy
    assert "prod" in waiting.note
    os.system(back)
    assert bench.wait(operation, ended, seconds=90).state is OperationState.SUCCEEDED
    assert bench.find("search-2").state is InstanceState.RUNNING


def test_a_login_that_fails_before_anything_was_sent_is_a_clean_end(bench: Bench, tmp_path: Path) -> None:
    lost(bench, tmp_path, "a credential_process that fails")
    operation = bench.order("stop-start", "search-2")
    bench.run(operation)
    found = bench.wait(operation, ended)
    assert (found.state, found.attention) == (OperationState.FAILED, False)
    assert "nothing was sent" in found.note
    assert found.remedy
    assert bench.sent("StopInstances") == []


@pytest.mark.parametrize("call", ["DescribeInstanceStatus", "DescribeInstances"])
@pytest.mark.parametrize("code", ["UnauthorizedOperation", "RequestLimitExceeded"])
def test_one_read_that_fails_keeps_nothing_down(bench: Bench, call: str, code: str) -> None:
    """Each of the two says whether it is stopped, and that is all a start needs."""
    bench.demo.control("clock", {"speed": 1})
    operation = bench.order("stop-start", "search-2")
    bench.run(operation)
    bench.wait(operation, lambda one: one.step == "wait-stopped")
    bench.demo.control(
        "faults", [{"match": {"operation": call}, "then": {"error": code, "message": "not now"}}]
    )
    bench.demo.control("clock", {"speed": 60})
    bench.demo.control("advance", {"seconds": 60})
    until(lambda: bench.sent("StartInstances"))  # while it still fails
    loud = bench.wait(operation, lambda one: call in one.note)
    assert loud.state is OperationState.RUNNING
    bench.demo.control("faults", [])
    assert bench.wait(operation, ended).state is OperationState.SUCCEEDED
    assert len(bench.sent("StopInstances")) == len(bench.sent("StartInstances")) == 1


def test_a_start_that_falls_back_is_told_with_its_reason_from_the_second_time_on(bench: Bench) -> None:
    rule = {
        "match": {"operation": "StartInstances"}, "dry": False, "times": 2,
        "then": {"bounce": "Client.InternalError", "message": "Client error on launch"},
    }  # fmt: skip
    bench.demo.control("faults", [rule])
    operation = bench.order("stop-start", "search-2")
    bench.run(operation)
    bench.wait(operation, lambda one: one.step == "wait-running")
    past = (datetime.now(UTC) - timedelta(seconds=61)).isoformat()
    with writing(bench.journal.path) as db:  # as if the grace had passed
        db.execute("UPDATE step SET began_at=? WHERE operation=? AND name='wait-running'", (past, operation))
    bench.wait(operation, lambda one: len(bench.sent("StartInstances")) == 2)
    with writing(bench.journal.path) as db:
        db.execute("UPDATE call SET intent_at=? WHERE operation=? AND step='wait-running'", (past, operation))
    loud = bench.wait(operation, lambda one: one.attention)
    assert "Client.InternalError: Client error on launch" in loud.note
    assert "2 times" in loud.note
    assert "kms:CreateGrant" in loud.remedy
    assert loud.state is OperationState.RUNNING
    with writing(bench.journal.path) as db:
        earlier = (datetime.now(UTC) - timedelta(seconds=130)).isoformat()
        db.execute(
            "UPDATE call SET intent_at=? WHERE operation=? AND step='wait-running'", (earlier, operation)
        )
    assert bench.wait(operation, ended).state is OperationState.SUCCEEDED


@pytest.mark.parametrize("what", ["both files", "a helper", "a folder that is gone"])
def test_what_is_named_from_the_folder_one_is_in_is_found_by_the_hands(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """`AWS_CONFIG_FILE=./config evac`: the console reads it so, and so must the hands."""
    config = Path(bench.environ["AWS_CONFIG_FILE"])
    here = config.parent
    if what == "a helper":
        program = helper(bench, here, f"echo '{KEYS}'")
        config.write_text(config.read_text().replace(str(program), f"./{program.name}"))
    elif what == "both files":
        bench.environ["AWS_CONFIG_FILE"] = config.name
        bench.environ["AWS_SHARED_CREDENTIALS_FILE"] = (
            f"./{Path(bench.environ['AWS_SHARED_CREDENTIALS_FILE']).name}"
        )
    else:
        here = tmp_path / "gone"
        here.mkdir()
    monkeypatch.chdir(here)
    if what == "a folder that is gone":
        here.rmdir()
    operation = bench.order("reboot", "search-2")
    bench.run(operation)
    assert bench.wait(operation, ended).state is OperationState.SUCCEEDED


def test_what_aws_refuses_with_nothing_changed_is_over(bench: Bench) -> None:
    bench.demo.control(
        "events", {"instance": "search-2", "code": "instance-reboot", "in": 3 * 86400, "deadline": 6 * 86400}
    )
    event = bench.client().describe_instance_status(InstanceIds=[str(bench.find("search-2").instance_id)])
    mine = event["InstanceStatuses"][0]["Events"][-1]["InstanceEventId"]
    operation = bench.order(
        "reschedule", "search-2", event_id=mine, not_before=datetime.now(UTC) + timedelta(minutes=90)
    )
    rule = {
        "match": {"operation": "ModifyInstanceEventStartTime"}, "dry": False,
        "then": {"error": "InvalidInstanceEventStartTime", "message": "not then"},
    }  # fmt: skip
    bench.demo.control("faults", [rule])
    bench.run(operation)
    found = bench.wait(operation, ended)
    assert (found.state, found.refused_by, found.attention) == (OperationState.FAILED, "aws", False)
    assert "InvalidInstanceEventStartTime" in found.note
    assert "nothing was changed" in found.remedy
