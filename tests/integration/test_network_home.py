"""Two bastions with one home on NFS: nothing is begun there, it is said everywhere, and what runs is finished."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.integration.test_cli_do import MUTATING, Stage, running, stage
from tests.unit.test_network_mounts import table
from tui.domain.sanitize import clean
from tui.operations.model import OperationState

__all__ = ["running", "stage"]
BENEATH = str(Path(__file__).with_name("injected"))


def test_nothing_is_begun_on_a_network_home_and_what_is_unfinished_there_is_finished(
    stage: Stage, tmp_path: Path
) -> None:
    state = Path(stage.environ["XDG_STATE_HOME"])
    stage.demo.control("clock", {"speed": 2})
    begun = stage.evac("do", "stop-start", "ledger-1", "--confirm", "ledger-1")
    assert begun.returncode == 0, begun.stderr
    down = stage.wait(stage.newest().id, lambda one: one.step == "wait-stopped")
    os.kill(int(down.runner.split(":")[1]), signal.SIGKILL)
    stage.demo.control("clock", {"speed": 60})
    path = f"{BENEATH}:{stage.environ['PYTHONPATH']}"
    home = {"EVAC_TEST_MOUNTS": str(table(tmp_path, (str(state), "nfs4"))), "PYTHONPATH": path}
    sent = [one for one in stage.demo.control("calls") if one["operation"] in MUTATING]
    refused = stage.evac("do", "stop-start", "ledger-2", "--confirm", "ledger-2", **home)
    assert refused.returncode == 1
    line = next(line for line in refused.stderr.splitlines() if "nfs4" in line)
    assert f"nfs4 at {clean(state)}" in line
    assert "set XDG_STATE_HOME to a folder on a local disk" in line
    assert "nothing was sent" in line
    assert "Traceback" not in refused.stderr
    doctor = stage.evac("doctor", "--timeout", "5", **home)
    assert f"lies on nfs4 at {clean(state)}" in doctor.stdout
    assert len([one for one in stage.demo.control("calls") if one["operation"] in MUTATING]) == len(sent)
    finished = stage.evac("ops", "resume", down.id, "--wait", **home)
    assert finished.returncode == 0, finished.stderr
    found = stage.journal.get(down.id)
    assert found is not None
    assert found.state is OperationState.SUCCEEDED
    elsewhere = stage.evac(
        "do",
        "image",
        "ledger-2",
        "--no-reboot",
        "--confirm",
        "ledger-2",
        **home,
        XDG_STATE_HOME=str(tmp_path / "disk"),
    )
    assert elsewhere.returncode == 0, elsewhere.stderr
