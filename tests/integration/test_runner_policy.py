"""What the hands may not: read-only and today's policy hold, whoever starts them."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.integration.collector_watch import KEYS
from tests.integration.runner_watch import REGION, Bench
from tui.config.schema import Settings, encode_settings
from tui.config.sections import ProfileSettings
from tui.operations import spawn
from tui.operations.model import OperationState


def test_read_only_starts_no_hands(bench: Bench) -> None:
    operation = bench.order("stop-start", "eks-node-a")
    bench.settings = Settings(profiles={"prod": ProfileSettings(read_only=True)})
    with pytest.raises(spawn.ReadOnlyError):
        bench.run(operation)
    assert [
        one for one in bench.demo.control("calls") if one["operation"] in ("StopInstances", "StartInstances")
    ] == []


def by_hand(bench: Bench, operation: str, folder: Path, **environ: str) -> int:
    """Somebody starts a runner himself, with whatever environment he likes; its exit code."""
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
    handed = encode_settings(Settings()).decode()
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
    assert (
        by_hand(bench, operation, tmp_path, EVAC_SETTINGS=encode_settings(Settings(read_only=True)).decode())
        == 4
    )
    found = bench.journal.get(operation)
    assert found is not None
    assert (found.state, found.remedy) == (
        OperationState.NEEDS_ATTENTION,
        "resume it where changes are allowed",
    )


def test_a_runner_started_by_hand_refuses_read_only(bench: Bench, tmp_path: Path) -> None:
    operation = bench.order("stop-start", "eks-node-a")
    assert (
        by_hand(bench, operation, tmp_path, EVAC_SETTINGS=encode_settings(Settings(read_only=True)).decode())
        == 4
    )
    found = bench.journal.get(operation)
    assert found is not None
    assert found.state is OperationState.ABANDONED
    assert bench.sent("StopInstances") == []


GUARDED_SHELLS = [
    ({"AWS_PROFILE": "prod"}, ["--profile", "default"]),
    ({"AWS_PROFILE": "prod", "AWS_ACCESS_KEY_ID": KEYS["prod"], "AWS_SECRET_ACCESS_KEY": "demo"}, []),
    ({"AWS_VAULT": "prod", "AWS_ACCESS_KEY_ID": KEYS["prod"], "AWS_SECRET_ACCESS_KEY": "demo"},
     ["--profile", "environment"]),
]  # fmt: skip


@pytest.mark.parametrize(("shell", "asked"), GUARDED_SHELLS)
def test_a_policy_is_not_got_around_by_another_name_for_the_same_credentials(
    bench: Bench, tmp_path: Path, shell: dict[str, str], asked: list[str]
) -> None:
    (tmp_path / "policy.toml").write_text("[profiles.'pr*']\nread_only = true\n")
    target = bench.find("eks-node-a")
    words = ["do", "image", target.instance_id, "--confirm", "eks-node-a", *asked]
    environ = {
        **bench.environ,
        "EVAC_POLICY": str(tmp_path / "policy.toml"),
        "AWS_DEFAULT_REGION": REGION,
        **shell,
    }
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tui", *words], env=environ, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode in (3, 4), done.stderr
    assert bench.sent("CreateImage") == []
    assert "read-only" in done.stderr or "not read: default" in done.stderr


def test_a_rule_for_an_account_holds_for_every_profile_that_leads_there(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("[profiles.111122223333]\nread_only = true\n")
    target = bench.find("eks-node-a")
    environ = {**bench.environ, "EVAC_POLICY": str(tmp_path / "policy.toml")}
    words = ["do", "image", target.instance_id, "--confirm", "eks-node-a", "--profile", "prod"]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tui", *words], env=environ, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 4
    assert (
        "read-only: this console, the profile, the account or the site policy allows no changes"
        in done.stderr
    )
    assert not [one for one in bench.demo.control("calls") if one["operation"] == "CreateImage"]
