"""The hands over HTTP against the embedded AWS: real processes, a real journal, killed where it hurts."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tui.demo.environment import Demo, start
from tui.domain.actions import ActionOptions
from tui.domain.instance import Instance, InstanceState, Target
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.text import clean
from tui.operations import audit, launch, resume
from tui.operations.journal import Journal, JournalError, default_path
from tui.operations.record import Operation, OperationState
from tui.settings import ActionSettings, ProfileSettings, Settings, encode

REGION, ACCOUNT = "ap-northeast-2", "111122223333"
ENDED = (
    OperationState.SUCCEEDED,
    OperationState.FAILED,
    OperationState.NEEDS_ATTENTION,
    OperationState.ABANDONED,
)


class Bench:
    """A demo, its journal, and the instances by name."""

    def __init__(self, demo: Demo) -> None:
        self.demo, self.environ = demo, demo.apply()
        self.journal = Journal(default_path(self.environ))
        self.settings = Settings(actions=ActionSettings(reboot_settle=1.0))  # as it reboots so much faster

    def client(self) -> Any:
        import boto3

        return boto3.client(
            "ec2", region_name=REGION, endpoint_url=self.demo.url,
            aws_access_key_id="AKIADEMOPROD00000001", aws_secret_access_key="demo",
        )  # fmt: skip

    def find(self, name: str) -> Instance:
        pages = self.client().describe_instances(Filters=[{"Name": "tag:Name", "Values": [name]}])
        doc = pages["Reservations"][0]["Instances"][0]
        return Instance(
            Target("prod", REGION), clean(doc["InstanceId"]), account_id=clean(ACCOUNT), name=clean(name),
            state=InstanceState(doc["State"]["Name"]), launched_at=doc["LaunchTime"], root_device=clean("ebs"),
        )  # fmt: skip

    def order(self, action: str, name: str, *, confirm: bool = True, **options: Any) -> str:
        plan = draft(action, self.find(name), None, ActionOptions(**options), Policy(), datetime.now(UTC))
        operation = self.journal.create(plan, datetime.now(UTC))
        if confirm:
            assert self.journal.confirm(operation, datetime.now(UTC))
        return operation

    def run(self, operation: str) -> int:
        return launch.start(operation, "prod", self.settings, self.environ)

    def freeze(self, pid: int, operation: str) -> None:
        """Stop the process between two of its writes, and let it have been silent for longer than a hung one may."""
        past = datetime(2020, 1, 1, tzinfo=UTC).isoformat()
        for _ in range(20):
            os.kill(pid, signal.SIGSTOP)
            try:
                with self.journal._write() as db:
                    db.execute("UPDATE operation SET lease_until=? WHERE id=?", (past, operation))
                return
            except JournalError:  # it was stopped while it held the file
                os.kill(pid, signal.SIGCONT)
        pytest.fail("always in the middle of a write")

    def resume(self, operation: str, seconds: float = 30) -> None:
        """Wait until it is found to be cut off, then start a runner."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for one in resume.cut_off(self.journal, datetime.now(UTC)):
                assert one.id == operation
                now = datetime.now(UTC)
                assert resume.resume(self.journal, one, self.settings, self.environ, now) is None
                return
            time.sleep(0.05)
        pytest.fail("never found to be cut off")

    def wait(self, operation: str, until: Callable[[Operation], bool], seconds: float = 60) -> Operation:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = self.journal.get(operation)
            assert found is not None
            if until(found):
                return found
            time.sleep(0.05)
        assert found is not None
        log = default_path(self.environ).with_name("runner.log")
        pytest.fail(
            f"never came: {found.state} at {found.step}: {found.note}\n{log.read_text() if log.exists() else ''}"
        )

    def sent(self, operation: str) -> list[Any]:
        calls = self.demo.control("calls")
        return [one for one in calls if one["operation"] == operation and not one["dry_run"]]


@pytest.fixture
def bench() -> Iterator[Bench]:
    demo = start("--speed", "60")
    try:
        yield Bench(demo)
    finally:
        demo.stop()


def ended(operation: Operation) -> bool:
    return operation.state in ENDED


def test_stop_start_moves_it_and_clears_the_event(bench: Bench) -> None:
    operation = bench.order("stop-start", "payments-db-1")
    bench.run(operation)
    found = bench.wait(operation, ended)
    assert found.state is OperationState.SUCCEEDED, found
    assert found.permission == "yes"
    assert [row.state for row in found.steps] == ["done"] * 7
    assert found.steps[2].calls == ()
    assert found.steps[1].calls[0].request_id
    assert bench.find("payments-db-1").state is InstanceState.RUNNING
    assert len(bench.sent("StopInstances")) == len(bench.sent("StartInstances")) == 1
    log = bench.journal.path.with_name("audit.jsonl")
    assert audit.verify(log) is None
    assert "StopInstances" in log.read_text()
    assert "AKIADEMO" not in log.read_text()


def test_the_audit_log_tells_each_call_before_and_after_and_by_whom(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "203.0.113.9 51234 10.0.0.5 22")
    canaries = {
        "aws_secret_access_key": "CANARYsecretCANARYsecret",
        "aws_session_token": "CANARYtokenCANARYtoken",
    }
    credentials = Path(bench.environ["AWS_SHARED_CREDENTIALS_FILE"])
    told = "\n".join(f"{key} = {value}" for key, value in canaries.items())
    credentials.write_text(credentials.read_text().replace("aws_secret_access_key = demo", told))
    operation = bench.order("stop-start", "ledger-3")
    bench.run(operation)
    found = bench.wait(operation, ended)
    assert found.state is OperationState.SUCCEEDED
    assert found.caller.startswith("arn:aws:")
    assert ACCOUNT in found.caller
    log = audit.path_beside(bench.journal.path)
    assert audit.check(log) == audit.Verdict(len(log.read_text().splitlines()))
    lines = [one for one in audit.tail(log, 100) if one["operation"] == operation]
    of_calls = [
        (one["call"].split()[0], one["result"]) for one in lines if "call" in one and not one["dry_run"]
    ]
    assert of_calls == [
        ("StopInstances", "about to send"), ("StopInstances", "ok"),
        ("StartInstances", "about to send"), ("StartInstances", "ok"),
    ]  # fmt: skip
    assert [one["result"] for one in lines if one["step"] in ("confirm", "end")] == ["confirmed", "succeeded"]
    assert {one["ssh_client"] for one in lines} == {"203.0.113.9 51234"}
    assert {one["caller"] for one in lines} == {found.caller}
    assert all(one["request_id"] for one in lines if one["result"] == "ok")
    for kept in bench.journal.path.parent.iterdir():
        assert b"CANARY" not in kept.read_bytes()
        assert b"AKIADEMO" not in kept.read_bytes()


def test_every_call_of_the_hands_names_its_operation(bench: Bench) -> None:
    bench.demo.control("calls", method="DELETE")
    operation = bench.order("reboot", "web-1")
    bench.demo.control("calls", method="DELETE")
    bench.run(operation)
    bench.wait(operation, ended)
    calls = [one for one in bench.demo.control("calls") if one["service"] == "ec2"]
    assert {"RebootInstances", "DescribeInstances"} <= {one["operation"] for one in calls}
    assert all(
        one["user_agent"].endswith(f" op/{operation}") and "evac/" in one["user_agent"] for one in calls
    )


def test_credentials_of_another_account_are_refused_before_anything_is_sent(bench: Bench) -> None:
    operation = bench.order("reboot", "web-1")
    with bench.journal._write() as db:
        db.execute("UPDATE operation SET account_id='999999999999' WHERE id=?", (operation,))
    bench.run(operation)
    found = bench.wait(operation, ended)
    assert found.state is OperationState.FAILED
    assert f"is now of account {ACCOUNT}" in found.note
    assert bench.sent("RebootInstances") == []


def test_an_ami_of_the_same_name_that_somebody_else_made_is_not_taken_for_ours(bench: Bench) -> None:
    operation = bench.order("image", "mail-1", no_reboot=True, image_name="nightly")
    mail = bench.find("mail-1")
    bench.client().create_image(InstanceId=str(mail.instance_id), Name="nightly", NoReboot=True)
    bench.demo.control("settings", {"lag": 1})  # as if the look for the name came too early
    bench.run(operation)
    found = bench.wait(operation, ended)
    assert found.state is OperationState.NEEDS_ATTENTION
    assert "not of this operation" in found.note


def test_an_instance_that_is_terminated_meanwhile_ends_it_saying_so(bench: Bench) -> None:
    bench.demo.control("clock", {"speed": 2})
    operation = bench.order("stop-start", "cache-1")
    bench.run(operation)
    bench.wait(operation, lambda one: one.step == "wait-stopped")
    bench.client().terminate_instances(InstanceIds=[str(bench.find("cache-1").instance_id)])
    found = bench.wait(operation, ended)
    assert found.state is OperationState.FAILED  # nothing can come of it: nobody is asked to resume it
    assert "the instance is shutting-down" in found.note or "the instance is terminated" in found.note
    assert bench.sent("StartInstances") == []


def test_an_instance_that_somebody_else_starts_is_not_started_again(bench: Bench) -> None:
    rule = {"match": {"operation": "StartInstances", "key": "AKIADEMOPROD00000001"}, "dry": False, "times": 1,
            "then": {"error": "InsufficientInstanceCapacity"}}  # fmt: skip
    bench.demo.control("faults", [rule])
    operation = bench.order("stop-start", "cache-1")
    bench.run(operation)
    bench.wait(operation, lambda one: one.attention and "STOPPED" in one.note)
    bench.client().start_instances(InstanceIds=[str(bench.find("cache-1").instance_id)])
    assert bench.wait(operation, ended).state is OperationState.SUCCEEDED
    assert len([one for one in bench.sent("StartInstances") if "op/" in one["user_agent"]]) == 1


def test_two_runners_of_one_operation_send_everything_once(bench: Bench) -> None:
    operation = bench.order("stop-start", "ledger-1")
    pids = [bench.run(operation) for _ in range(3)]
    assert bench.wait(operation, ended).state is OperationState.SUCCEEDED
    deadline = time.monotonic() + 30
    while any(resume.lives(pid, operation) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(bench.sent("StopInstances")) == len(bench.sent("StartInstances")) == 1


def test_a_full_disk_under_the_journal_does_not_keep_an_instance_down(bench: Bench) -> None:
    """The file is locked, as a full disk would refuse it: for longer than SQLite waits."""
    bench.demo.control("clock", {"speed": 2})
    operation = bench.order("stop-start", "search-2")
    pid = bench.run(operation)
    bench.wait(operation, lambda one: one.step == "wait-stopped")
    with bench.journal._write():
        time.sleep(13)
        assert resume.lives(pid, operation)
    bench.demo.control("clock", {"speed": 60})
    found = bench.wait(operation, ended)
    assert found.state is OperationState.SUCCEEDED
    log = default_path(bench.environ).with_name("runner.log").read_text()
    assert "another process stopped while it wrote" in log


def test_the_hands_have_a_session_of_their_own_and_hear_no_hang_up(bench: Bench) -> None:
    operation = bench.order("stop-start", "cache-2", confirm=False)
    pid = bench.run(operation)
    bench.wait(operation, lambda one: one.permission_asked)
    assert os.getsid(pid) == os.getpgid(pid) == pid
    assert os.readlink(f"/proc/{pid}/fd/0") == os.devnull
    assert os.readlink(f"/proc/{pid}/fd/1") == os.readlink(f"/proc/{pid}/fd/2")
    assert os.readlink(f"/proc/{pid}/fd/1").endswith("/runner.log")
    assert os.readlink(f"/proc/{pid}/cwd") == "/"
    ignored = re.search(r"SigIgn:\s*(\w+)", Path(f"/proc/{pid}/status").read_text())
    assert ignored is not None
    assert int(ignored[1], 16) & 1 << signal.SIGHUP - 1
    assert bench.journal.abandon(operation, "the test is over", datetime.now(UTC))


def test_an_upgrade_that_takes_the_program_away_does_not_keep_an_instance_down(
    bench: Bench, tmp_path: Path
) -> None:
    """All that the hands run is loaded before anything is sent."""
    shutil.copytree(Path(launch.__file__).parents[1], tmp_path / "tui")
    bench.environ = {**bench.environ, "PYTHONPATH": str(tmp_path)}
    bench.demo.control("clock", {"speed": 5})
    pid = bench.run(operation := bench.order("stop-start", "cache-2"))
    bench.wait(operation, lambda one: one.step == "wait-stopped")
    assert str(tmp_path) in Path(f"/proc/{pid}/environ").read_text()
    shutil.rmtree(tmp_path / "tui")
    bench.demo.control("clock", {"speed": 60})
    assert bench.wait(operation, ended).state is OperationState.SUCCEEDED


def test_nothing_is_sent_before_the_confirmation(bench: Bench) -> None:
    operation = bench.order("stop-start", "cache-1", confirm=False)
    bench.run(operation)
    bench.wait(operation, lambda one: one.permission == "yes")
    assert bench.sent("StopInstances") == []
    assert bench.journal.abandon(operation, "cancelled", datetime.now(UTC))
    assert bench.wait(operation, lambda one: one.lease_until is None).state is OperationState.ABANDONED
    assert bench.sent("StopInstances") == []


def test_killed_between_stop_and_start_the_next_runner_starts_it(bench: Bench) -> None:
    bench.demo.control("clock", {"speed": 10})
    operation = bench.order("stop-start", "ledger-2")
    pid = bench.run(operation)
    bench.wait(operation, lambda one: one.step == "wait-stopped")
    os.kill(pid, signal.SIGKILL)
    bench.demo.control("advance", {"seconds": 120})
    assert bench.find("ledger-2").state is InstanceState.STOPPED
    bench.demo.control("clock", {"speed": 60})
    bench.resume(operation)  # at once: the dead runner's lease would last 20 s
    assert bench.wait(operation, ended).state is OperationState.SUCCEEDED
    assert bench.find("ledger-2").state is InstanceState.RUNNING
    assert len(bench.sent("StopInstances")) == 1


def test_a_frozen_runner_that_wakes_after_it_was_replaced_sends_nothing(bench: Bench) -> None:
    bench.demo.control("clock", {"speed": 2})
    operation = bench.order("stop-start", "ledger-3")
    pid = bench.run(operation)
    bench.wait(operation, lambda one: one.step == "wait-stopped")
    bench.freeze(pid, operation)
    try:
        bench.resume(operation)
        bench.demo.control("clock", {"speed": 60})
        assert bench.wait(operation, ended).state is OperationState.SUCCEEDED
    finally:
        os.kill(pid, signal.SIGCONT)
    deadline = time.monotonic() + 30
    while resume.lives(pid, operation) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not resume.lives(pid, operation)
    assert len(bench.sent("StopInstances")) == len(bench.sent("StartInstances")) == 1


def test_a_login_renewed_elsewhere_is_picked_up_while_the_instance_is_down(bench: Bench) -> None:
    bench.demo.control("clock", {"speed": 2})
    operation = bench.order("stop-start", "ledger-3")
    bench.run(operation)
    bench.wait(operation, lambda one: one.step == "wait-stopped")
    bench.demo.control("settings", {"expired": {"AKIADEMOPROD00000001": True}})
    bench.wait(operation, lambda one: one.attention and "could not be read" in one.note)
    config = Path(bench.environ["AWS_CONFIG_FILE"])
    role = f"[profile prod]\nrole_arn = arn:aws:iam::{ACCOUNT}:role/oncall\nsource_profile = data\n"
    config.write_text(config.read_text().replace("[profile prod]\n", role))
    credentials = Path(bench.environ["AWS_SHARED_CREDENTIALS_FILE"])
    credentials.write_text(credentials.read_text().replace("[prod]", "[was-prod]"))
    bench.demo.control("clock", {"speed": 60})
    assert bench.wait(operation, ended).state is OperationState.SUCCEEDED


@pytest.mark.parametrize("confirm", [True, False])
def test_a_runner_that_fails_says_so_in_the_journal(bench: Bench, confirm: bool) -> None:
    operation = bench.order("reboot", "web-1", confirm=confirm)
    with bench.journal._write() as db:
        db.execute("UPDATE operation SET profile='gone' WHERE id=?", (operation,))
    bench.run(operation)
    found = bench.wait(operation, ended)
    assert found.state is (OperationState.NEEDS_ATTENTION if confirm else OperationState.FAILED)
    assert "profile" in found.note.lower()
    assert "gone" in found.note
    assert resume.cut_off(bench.journal, datetime.now(UTC)) == []


@pytest.mark.parametrize("how", ["it ends", "it is killed"])
def test_the_hands_of_a_demonstration_end_with_it(bench: Bench, how: str) -> None:
    """They would look for an AWS that is gone for as long as it takes."""
    bench.demo.control("clock", {"speed": 1})
    pid = bench.run(operation := bench.order("stop-start", "cache-2"))
    bench.wait(operation, lambda one: one.step == "wait-stopped")
    if how == "it ends":
        bench.demo.stop()
    else:
        bench.demo.process.kill()
    deadline = time.monotonic() + 60
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(f"/proc/{pid}").exists()


def test_what_cannot_be_audited_is_not_begun(bench: Bench) -> None:
    audit.path_beside(bench.journal.path).mkdir()
    operation = bench.order("reboot", "web-1")
    bench.run(operation)
    found = bench.wait(operation, ended)
    assert found.state is OperationState.FAILED
    assert "the audit log can't be written" in found.note
    assert bench.sent("RebootInstances") == []


def test_a_full_disk_of_the_audit_log_does_not_keep_an_instance_down(bench: Bench) -> None:
    bench.demo.control("clock", {"speed": 2})
    operation = bench.order("stop-start", "search-2")
    bench.run(operation)
    bench.wait(operation, lambda one: one.step == "wait-stopped")
    log = audit.path_beside(bench.journal.path)
    log.rename(log.with_name("full"))
    log.mkdir()
    bench.demo.control("clock", {"speed": 60})
    assert bench.wait(operation, ended).state is OperationState.SUCCEEDED


@pytest.mark.parametrize(
    "operation", ["StopInstances", "StartInstances", "DescribeInstances", "DescribeInstanceStatus"]
)
def test_an_answer_cut_off_in_the_middle_leaves_nothing_down(bench: Bench, operation: str) -> None:
    """botocore's parsers raise what is none of its own errors: it once ended the hands between stop and start."""
    once = {"match": {"operation": operation}, "dry": False, "times": 4, "then": {"cut": 60}}
    writes = operation.startswith("St")
    bench.demo.control("faults", [{**once, "times": 1} if writes else {**once, "skip": 2}])
    ident = bench.order("stop-start", "cache-2")
    bench.run(ident)
    assert bench.wait(ident, ended, seconds=150).state is OperationState.SUCCEEDED
    assert bench.find("cache-2").state is InstanceState.RUNNING
    assert sum(one["effect"] for one in bench.sent("StopInstances")) == 1


def test_a_proxys_page_is_no_answer_to_a_reboot(bench: Bench) -> None:
    page = {"raw": "<html><body>log in to the hotel's network</body></html>"}
    bench.demo.control("faults", [{"match": {"operation": "RebootInstances"}, "dry": False, "then": page}])
    operation = bench.order("reboot", "web-1")
    bench.run(operation)
    found = bench.wait(operation, ended)
    assert found.state is OperationState.NEEDS_ATTENTION
    assert "nobody can know" in found.note


def test_no_capacity_is_retried_until_it_runs(bench: Bench) -> None:
    rule = {
        "match": {"operation": "StartInstances"},
        "times": 1,
        "dry": False,
        "then": {"error": "InsufficientInstanceCapacity"},
    }
    bench.demo.control("faults", [rule])
    operation = bench.order("stop-start", "cache-2")
    bench.run(operation)
    waiting = bench.wait(operation, lambda one: one.attention)
    assert "STOPPED: no capacity" in waiting.note
    assert waiting.instance_down
    done = bench.wait(operation, ended)
    assert done.state is OperationState.SUCCEEDED
    assert not done.instance_down


def test_a_lost_answer_never_makes_a_second_ami(bench: Bench) -> None:
    rule = {
        "match": {"operation": "CreateImage"},
        "times": 1,
        "dry": False,
        "when": "after",
        "then": {"reset": True},
    }
    bench.demo.control("faults", [rule])
    operation = bench.order("image", "mail-1", no_reboot=True)
    bench.run(operation)
    assert bench.wait(operation, ended).state is OperationState.SUCCEEDED
    assert len(bench.sent("CreateImage")) == 1


def test_a_lost_reboot_asks_a_person(bench: Bench) -> None:
    rule = {
        "match": {"operation": "RebootInstances"},
        "times": 1,
        "dry": False,
        "when": "after",
        "then": {"reset": True},
    }
    bench.demo.control("faults", [rule])
    operation = bench.order("reboot", "nat-1")
    bench.run(operation)
    found = bench.wait(operation, ended)
    assert found.state is OperationState.NEEDS_ATTENTION
    assert "nobody can know" in found.note
    assert len(bench.sent("RebootInstances")) == 1


def test_not_permitted_is_said_before_anything_is_sent(bench: Bench) -> None:
    rule = {
        "match": {"operation": "StopInstances"},
        "then": {"error": "UnauthorizedOperation", "message": "no"},
    }
    bench.demo.control("faults", [rule])
    operation = bench.order("stop-start", "search-1", confirm=False)
    bench.run(operation)
    found = bench.wait(operation, ended)
    assert found.state is OperationState.FAILED
    assert found.permission.startswith("no: AWS does not permit StopInstances")


def test_why_it_is_not_permitted_is_asked_of_aws(bench: Bench) -> None:
    """AWS says it in a message it has encoded: the hands have it decoded, where they may."""
    config = Path(bench.environ["AWS_CONFIG_FILE"])
    before = config.read_text()
    role = f"arn:aws:iam::{ACCOUNT}:role/reader"
    config.write_text(
        before + f"\n[profile look]\nrole_arn = {role}\nsource_profile = prod\nregion = {REGION}\n"
    )
    try:
        row = replace(bench.find("search-1"), target=Target("look", REGION))
        plan = draft("stop-start", row, None, ActionOptions(), Policy(), datetime.now(UTC))
        operation = bench.journal.create(plan, datetime.now(UTC))
        launch.start(operation, "look", bench.settings, bench.environ)
        found = bench.wait(operation, ended)
    finally:
        config.write_text(before)
    assert found.state is OperationState.FAILED
    assert found.permission.startswith(
        "no: AWS does not permit StopInstances to these credentials: no policy allows ec2:StopInstances to "
        f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/"
    )
    assert "Encoded" not in found.permission


def test_read_only_starts_no_hands(bench: Bench) -> None:
    operation = bench.order("stop-start", "eks-node-a")
    bench.settings = Settings(profiles={"prod": ProfileSettings(read_only=True)})
    with pytest.raises(launch.ReadOnlyError):
        bench.run(operation)
    assert [
        one for one in bench.demo.control("calls") if one["operation"] in ("StopInstances", "StartInstances")
    ] == []


def by_hand(bench: Bench, operation: str, folder: Path, **environ: str) -> int:
    """Somebody starts a runner himself, with whatever environment he likes; its exit code."""
    import subprocess
    import sys

    command = [sys.executable, "-P", "-m", "tui.operations.runner", "--operation", operation]
    return subprocess.run(
        command, env={**bench.environ, **environ}, timeout=60, cwd=folder, check=False
    ).returncode


POLICIES = {
    "read_only = true": "read-only",
    "[profiles.'pro*']\nread_only = true": "read-only",
    "actions_off = ['stop-start']": "has switched stop-start off",
    "block = ['load-balancer']": "blocks it: load-balancer",
    "[profiles.prod]\nhidden = true": "hides profile prod",
}


@pytest.mark.parametrize("policy", POLICIES)
def test_the_policy_of_today_holds_for_an_operation_confirmed_before_it(
    bench: Bench, tmp_path: Path, policy: str
) -> None:
    """Whoever starts the runner, and with whatever settings: they cannot loosen what the site says."""
    operation = bench.order("stop-start", "eks-node-a")
    (tmp_path / "policy.toml").write_text(policy)
    handed = encode(Settings()).decode()
    code = by_hand(
        bench, operation, tmp_path, EVAC_SETTINGS=handed, EVAC_POLICY=str(tmp_path / "policy.toml")
    )
    assert code == 4
    found = bench.journal.get(operation)
    assert found is not None
    assert found.state is OperationState.ABANDONED
    assert POLICIES[policy] in found.note
    changes = [
        one
        for one in bench.demo.control("calls")
        if not one["operation"].startswith(("Describe", "Get", "List", "AssumeRole"))
    ]
    assert changes == []  # not even a dry run


def test_what_was_begun_is_left_for_somebody_who_may_finish_it(bench: Bench, tmp_path: Path) -> None:
    operation = bench.order("stop-start", "eks-node-a")
    bench.journal.begin_step(operation, "stop", datetime.now(UTC))
    bench.journal.lease(operation, "gone", datetime.now(UTC))
    call = bench.journal.intent(
        operation, "stop", "ec2", "StopInstances", datetime.now(UTC), dry_run=False, runner="gone"
    )
    assert call is not None
    bench.journal.outcome(call, datetime.now(UTC), ok=True, code="", message="", request_id="r")
    assert by_hand(bench, operation, tmp_path, EVAC_SETTINGS=encode(Settings(read_only=True)).decode()) == 4
    found = bench.journal.get(operation)
    assert found is not None
    assert (found.state, found.remedy) == (
        OperationState.NEEDS_ATTENTION,
        "resume it where changes are allowed",
    )


def test_a_runner_started_by_hand_refuses_read_only(bench: Bench, tmp_path: Path) -> None:
    operation = bench.order("stop-start", "eks-node-a")
    assert by_hand(bench, operation, tmp_path, EVAC_SETTINGS=encode(Settings(read_only=True)).decode()) == 4
    found = bench.journal.get(operation)
    assert found is not None
    assert found.state is OperationState.ABANDONED
    assert bench.sent("StopInstances") == []
