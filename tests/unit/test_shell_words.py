"""What a shell is offered: from AWS's files and the last snapshot, and only words that mean nothing else to any shell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from tui.cli.main import COMMANDS, evac
from tui.cli.shell_words import MOST_IDS, OFFERED
from tui.domain.actions import ON_INSTANCES
from tui.domain.instance import Instance, InstanceState, Phase, Target, TargetStatus
from tui.domain.sanitize import clean
from tui.fleet import snapshot
from tui.paths import default_snapshot_path

NOW = datetime(2026, 11, 30, 3, tzinfo=UTC)
Offered = Callable[[str], list[str]]
HOSTILE = (
    "i-$(touch x)", "i-`id`", "i-;reboot", "i-a b", "i-'q", 'i-"q', "i-&", "i-*", "i-\\x", "i-\u202e", "-rf", "--confirm", "i-é",
    "i-\u3000", "i-!!", "~root", "i-#", "i-a\nb", "i-{a,b}", "=", "",
)  # fmt: skip
CONFIG = """
[default]
region = us-east-1
[profile prod]
region=ap-northeast-2
[profile "blue green"]
[profile $(touch x)]
[profile staging]
[sso-session corp]
sso_region = eu-west-1
[services local]
"""


def saved(environ: dict[str, str], *ids: str, target: Target, narrow: str = "") -> None:
    path = default_snapshot_path(environ)
    path = path.with_name(f"snapshot-{narrow}.mpk") if narrow else path
    rows = [
        Instance(target, clean(one), name=clean(f"web-{one}"), state=InstanceState.RUNNING) for one in ids
    ]
    snapshot.write_snapshot([TargetStatus(target, Phase.LIVE)], rows, path, NOW)


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    (tmp_path / "config").write_text(CONFIG)
    (tmp_path / "credentials").write_text("[keys-only]\n[prod]\n")
    made = {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    for name, value in made.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def offered(environ: dict[str, str]) -> Offered:
    def ask(line: str) -> list[str]:
        *words, typed = line.split(" ")
        return [one.value for one in ShellComplete(evac, {}, "evac", "x").get_completions(words, typed)]

    return ask


def test_commands_actions_and_options(offered: Offered) -> None:
    assert offered("") == list(COMMANDS)
    assert offered("do ") == list(ON_INSTANCES)
    assert offered("do reb") == ["reboot", "reboot-alarm"]
    assert {"undo", "show"} <= set(offered("ops "))
    assert {"--profile", "--demo", "--json"} <= set(offered("status --")), (
        "shared ones too, though its page does not list them"
    )
    assert "instance-retirement" in offered("explain ")


def test_profiles_of_both_files(offered: Offered) -> None:
    assert offered("--profile ") == ["default", "keys-only", "prod", "staging"]
    assert offered("status --profile st") == ["staging"]
    assert offered("status --profile=pr") == ["prod"]
    assert offered("--profile prod,st") == ["prod,staging"]
    assert offered("--profile prod,p") == []


def test_regions_that_are_used_before_all_there_are(environ: dict[str, str], offered: Offered) -> None:
    saved(environ, "i-1", target=Target("prod", "eu-central-1"))
    assert offered("--region ") == ["ap-northeast-2", "eu-central-1", "us-east-1"]
    assert offered("--region us-gov") == ["us-gov-east-1", "us-gov-west-1"]
    assert {"ap-southeast-1", "ap-southeast-2"} <= set(offered("status --region ap-south"))


def test_ids_of_the_newest_snapshot(environ: dict[str, str], offered: Offered) -> None:
    assert offered("do reboot ") == [], "there is none yet"
    saved(environ, "i-0a1", "i-0b2", target=Target("prod", "eu-west-1"))
    assert offered("do reboot ") == ["i-0a1", "i-0b2"]
    assert offered("do reboot i-0a1 i-0b") == ["i-0b2"]
    assert offered("--profile staging do reboot ") == []
    assert offered("do reboot --profile prod --region eu-west-1 i-0a") == ["i-0a1"]
    assert offered("do reboot --region us-east-1 i-0a") == []
    for command in ("diagnose", "explain", "ops meant", "ops leave-out CAMPAIGN"):
        assert offered(f"{command} i-0a") == ["i-0a1"], command
    assert offered("--demo do reboot ") == offered("do --demo reboot i-") == [], "these are of the real fleet"


def test_never_a_name_nor_anything_a_shell_could_take_for_more(
    environ: dict[str, str], offered: Offered
) -> None:
    saved(environ, "i-0a1", *HOSTILE, target=Target("prod", "eu-west-1"))
    assert offered("do reboot ") == ["i-0a1"]
    assert offered("do reboot web") == offered("diagnose web") == []
    saved(environ, "i-0a1", target=Target("$(id)", "eu west;1"))
    everything = [*offered("--profile "), *offered("--region "), *offered("do reboot ")]
    assert all(OFFERED.fullmatch(one) for one in everything)


def test_too_many_are_none_until_more_is_typed(environ: dict[str, str], offered: Offered) -> None:
    saved(environ, *(f"i-{n:05}" for n in range(MOST_IDS + 1)), target=Target("prod", "eu-west-1"))
    assert offered("do reboot i-") == []
    assert offered("do reboot i-0000") == [f"i-0000{n}" for n in range(10)]


@pytest.mark.parametrize("body", [b"", b"\xff" * 50, b"\x81\xa6format\x02"])
def test_what_cannot_be_read_is_nothing_and_stays_where_it_is(
    environ: dict[str, str], offered: Offered, body: bytes
) -> None:
    path = default_snapshot_path(environ)
    path.parent.mkdir(parents=True)
    path.write_bytes(body)
    Path(environ["AWS_CONFIG_FILE"]).unlink()
    Path(environ["AWS_SHARED_CREDENTIALS_FILE"]).write_bytes(b"\xff[\n[]\n[x")
    assert offered("do reboot ") == offered("--profile ") == []
    assert path.read_bytes() == body
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_file_that_somebody_else_could_have_written_is_not_read(
    environ: dict[str, str], offered: Offered
) -> None:
    saved(environ, "i-0a1", target=Target("prod", "eu-west-1"))
    default_snapshot_path(environ).chmod(0o666)
    assert offered("do reboot ") == []


def test_views_are_evacs_and_the_file_s(
    offered: Offered, environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert offered("--view ") == ["triage", "all", "events", "targets", "cover"]
    file = tmp_path / "evac" / "config.toml"
    file.parent.mkdir()
    file.write_text('[views.payments]\n[views."$(touch x)"]\n[views."due soon"]\n[views.-rf]\n')
    assert offered("--view ")[5:] == ["payments"]
    assert offered("--view pa") == ["payments"]
    assert offered("--demo --view ")[5:] == []
    other = tmp_path / "other.toml"
    other.write_text("[views.mine]\n")
    assert offered(f"--config {other} --view m") == ["mine"]
    file.write_text("views = 3\n")
    assert offered("--view p") == []
    file.write_text("nonsense\n")
    assert offered("--view ") == ["triage", "all", "events", "targets", "cover"]
