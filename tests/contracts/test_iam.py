"""docs/iam.md holds the policies the code stands for: what is really called, no more and no less."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import botocore.session
import pytest

from tui.aws import allowlist, iam_policies
from tui.domain.actions import ACTIONS
from tui.domain.steps import sendable

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "iam.md"
REMEDY = (
    "write it anew: python -c 'from pathlib import Path; from tui.aws.iam_policies import iam_page; "
    'Path("docs/iam.md").write_text(iam_page(), encoding="utf-8")\''
)


def actions(policy: iam_policies.PolicyDocument) -> set[str]:
    return {name for statement in policy["Statement"] for name in statement["Action"]}


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == iam_policies.iam_page(), REMEDY


def test_its_blocks_are_the_policies() -> None:
    blocks = [json.loads(one) for one in re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)]
    names = [*ACTIONS, *iam_policies.ASIDES, ""]
    assert blocks == [iam_policies.looking(), *(iam_policies.acting(name) for name in names)]


def test_looking_is_what_the_guard_lets_through_less_the_logins() -> None:
    named = actions(iam_policies.looking())
    listed = {
        f"{allowlist.PREFIXES.get(service, service)}:{name}"
        for service, names in allowlist.LOOKS.items()
        for name in names
    }
    assert named == (listed - iam_policies.WITHOUT_PERMISSION) | iam_policies.ASKED_BY_AWS
    logins = {f"{service}:{name}" for service, names in allowlist.LOGINS.items() for name in names}
    assert not named & logins


def test_prefixes_are_the_names_that_iam_knows() -> None:
    """IAM's prefix is the name a service signs with; but CloudWatch's (service authorization reference, Amazon CloudWatch)."""
    session = botocore.session.Session()
    for service in set(allowlist.LOOKS) - {"cloudwatch"}:
        model = session.get_service_model(service)
        assert allowlist.PREFIXES.get(service, service) == model.signing_name


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_may_what_its_steps_send(name: str) -> None:
    allowed = actions(iam_policies.acting(name))
    beside = {
        one
        for extra in iam_policies.EXTRA_POLICIES.values()
        for statement in extra
        for one in statement["Action"]
    }
    assert allowed - beside <= {f"{service}:{call}" for service, call in sendable()}
    assert allowed
    assert ("ec2:CreateTags" in allowed) == (name == "image")


def test_tags_may_be_made_only_with_the_image() -> None:
    (tags,) = [one for one in iam_policies.acting("image")["Statement"] if "ec2:CreateTags" in one["Action"]]
    assert tags["Condition"] == {"StringEquals": {"ec2:CreateAction": "CreateImage"}}


def test_every_call_in_the_list_is_one_that_evac_makes() -> None:
    """A call nobody makes is a permission nobody should give."""
    source = "".join(path.read_text() for path in (ROOT / "tui").rglob("*.py") if "demo" not in path.parts)
    for names in allowlist.LOOKS.values():
        for name in names:
            method = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
            assert re.search(rf'\.{method}\b|"{method}"', source), f"nobody calls {name}"


def test_the_command_prints_them() -> None:
    command = [sys.executable, "-P", "-m", "tui.aws.iam_policies"]
    done = subprocess.run([*command, "look"], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) == iam_policies.looking()
    wrong = subprocess.run([*command, "everything"], capture_output=True, text=True, check=False, timeout=60)
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("usage: ")
