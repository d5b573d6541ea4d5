"""`evac do` with standby, draining, the override and the image policy, as real processes against the embedded AWS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_cli_do import Stage, running, stage
from tui.operations import audit_log

__all__ = ["running", "stage"]


def plan(stage: Stage, *words: str, code: int = 0, **environ: str) -> dict[str, Any]:
    done = stage.evac("do", *words, "--dry-run", "--json", **environ)
    assert done.returncode == code, done.stderr
    made: dict[str, Any] = json.loads(done.stdout.splitlines()[0])
    return made


def names(made: dict[str, Any]) -> list[str]:
    return [one["name"] for one in made["steps"]]


def test_a_members_plan_has_standby_unless_told_otherwise(stage: Stage) -> None:
    made = plan(stage, "stop-start", "web-7")
    expected = {
        "image_first": False, "standby": True, "drain": False, "overrides": [], "if_held": "wait",
        "event_id": "", "not_before": None,
    }  # fmt: skip
    assert made["options"] == expected
    assert made["unasked"] == ["EnterStandby", "ExitStandby"]
    assert names(made)[1] == "enter-standby"
    without = plan(stage, "stop-start", "web-7", "--no-standby")
    assert "enter-standby" not in names(without)
    assert without["guard"]["kind"] == "type-name"
    drained = plan(stage, "reboot", "web-7", "--no-standby", "--drain")
    assert names(drained)[1] == "drain"


def test_a_target_is_drained_unless_told_otherwise(stage: Stage) -> None:
    assert names(plan(stage, "reboot", "payments-db-2"))[1] == "drain"
    assert "drain" not in names(plan(stage, "reboot", "payments-db-2", "--no-drain"))


def test_standby_that_the_minimum_forbids_is_refused(stage: Stage) -> None:
    done = stage.evac("do", "stop-start", "stage-web-1", "--standby", "--confirm", "stage-web-1")
    assert done.returncode == 5
    assert "no standby: the minimum of stage-web is 3" in done.stderr
    assert stage.sent() == []


def test_the_last_healthy_one_needs_the_override_and_its_name(stage: Stage) -> None:
    refused = stage.evac("do", "reboot", "report-1", "--confirm", "report-1")
    assert refused.returncode == 5
    assert "last healthy member of target group report" in refused.stderr
    assert stage.sent() == []
    unnamed = stage.evac("do", "reboot", "report-1", "--override", "last-healthy", "--confirm", "y")
    assert unnamed.returncode == 5
    done = stage.evac(
        "do", "reboot", "report-1", "--no-drain", "--override", "last-healthy", "--confirm", "report-1", "--wait"
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    log = audit_log.path_beside(stage.journal.path).read_text()
    assert "confirmed, overriding last-healthy" in log
    assert stage.journal.list()[0].kept.options.overrides == ("last-healthy",)


@pytest.mark.parametrize(
    "words",
    [
        ("image", "web-1", "--standby"),
        ("start", "standby-1", "--drain"),
        ("reschedule", "web-7", "--at", "48h", "--override", "last-healthy"),
    ],
)
def test_what_would_be_ignored_is_wrong_use(stage: Stage, words: tuple[str, ...]) -> None:
    assert stage.evac("do", *words).returncode == 2


def test_the_site_policy_has_an_ami_made_first(stage: Stage, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[actions]\nrequire_image = "7d"\n')
    made = plan(stage, "stop-start", "cache-1", EVAC_POLICY=str(policy))
    assert names(made)[1] == "image"
    assert any(one["code"] == "image-required" for one in made["hazards"])
    fresh = plan(stage, "stop-start", "payments-db-1", EVAC_POLICY=str(policy))  # its AMI is hours old
    assert "image" not in names(fresh)
    done = stage.evac(
        "do", "stop-start", "cache-1", "--no-reboot", "--confirm", "cache-1", "--wait", EVAC_POLICY=str(policy)
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert stage.really_sent() == ["CreateImage", "StopInstances", "StartInstances"]


def test_the_operation_is_told_to_be_pasted(stage: Stage) -> None:
    done = stage.evac("do", "stop-start", "web-7", "--confirm", "web-7", "--wait")
    assert done.returncode == 0, done.stderr
    assert "permission: AWS says yes (dry run); can't be asked for EnterStandby, ExitStandby" in done.stdout
    ident = stage.journal.list()[0].id
    told = stage.evac("ops", "show", ident).stdout
    assert told.startswith("Stop and start web-7 (i-")
    assert "succeeded" in told.splitlines()[0]
    assert "  public address 203.0.113." in told
    assert "  in service again" in told
    assert "EnterStandby: accepted (" in told
    assert "wait-checks: done, " in told
    assert f"evac operation {ident}" in told
