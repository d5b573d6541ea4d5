"""What doctor says of a shell and of ~/.aws where nothing fails and somebody will wonder all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.aws.sessions import Sessions
from tui.config.schema import Settings

CASES = [
    ({}, "[prod]\nregion = eu-west-1\n", "", ["[prod] in <config> is no profile → write [profile prod]"]),
    ({}, "[plugins]\nx = 1\n[preview]\ncloudfront = true\n[default]\nregion = x\n[profile a]\nregion = x\n", "[a]\n", []),
    ({}, "", "[profile a]\naws_access_key_id = x\n",
     ["[profile a] in <credentials> makes a profile called 'profile a' → write [a] there"]),
    ({}, "", "[a ]\naws_access_key_id = x\n", ["[a ] in <credentials> has blanks in the profile's name → write [a]"]),
    ({"AWS_PROFILE": ""}, "", "", ["AWS_PROFILE is set, and empty: aws without --profile fails → unset AWS_PROFILE"]),
    ({"AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"}, "", "",
     ["AWS_DEFAULT_PROFILE=b and AWS_PROFILE=a: evac, boto3 and the AWS CLI's first version take b, its second a "
      "→ unset AWS_DEFAULT_PROFILE"]),
    ({"AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "a"}, "", "", []),
    ({}, "broken", "[a\n", []),
]  # fmt: skip


@pytest.mark.parametrize(("environ", "config", "credentials", "told"), CASES)
def test_each_is_a_line_with_its_remedy(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environ: dict[str, str],
    config: str,
    credentials: str,
    told: list[str],
) -> None:
    for name, text in (("config", config), ("credentials", credentials)):
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    found = [f"{said} → {remedy}" for said, remedy in Sessions(Settings(), environ).doubts()]
    for name in ("config", "credentials"):
        found = [line.replace(str(tmp_path / name), f"<{name}>") for line in found]
    assert found == told
