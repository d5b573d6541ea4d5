"""Programs that the settings name: real ones, small and unfriendly."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.unit.rows import row
from tui.config.schema import Settings
from tui.config.sections import ProfileSettings
from tui.domain.instance import Instance, Target
from tui.domain.sanitize import clean
from tui.operations.programs import ProgramEnd, Programs, in_foreground, run_program, without_credentials

WEB = replace(
    row(7, Target("prod", "eu-west-1")), private_ip=clean("10.0.0.7"), account_id=clean("111122223333")
)
ENVIRON = {"PATH": os.defpath, "HOME": "/tmp/nobody"}


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], str]:
    """An executable file with these lines of sh."""

    def make(lines: str) -> str:
        path = tmp_path / "told"
        path.write_text(f"#!/bin/sh\n{lines}\n")
        path.chmod(0o755)
        return str(path)

    return make


def test_its_arguments_are_a_list_and_no_shell_reads_them(
    script: Callable[[str], str], tmp_path: Path
) -> None:
    named = script('for one in "$@"; do echo "<$one>"; done | tr "\\n" " "; pwd')
    given = [named, "$(touch /tmp/x); `id`", "{id}", "--to={private_ip}", "{region}/{profile}", "*", ""]
    end = Programs(Settings(), ENVIRON).run("before", given, WEB)
    assert end.ok
    assert end.text == (
        f"before: told ended well: <$(touch /tmp/x); `id`> <{WEB.instance_id}> <--to=10.0.0.7> <eu-west-1/prod> <*> <> /"
    )


def test_its_exit_code_is_told_with_its_last_line_cleaned(script: Callable[[str], str]) -> None:
    named = script(r"printf 'a line\n\033[31mred\033]0;owned\007 \342\200\256evil \377\n\n' >&2; exit 3")
    end = run_program([named], ENVIRON)
    assert not end.ok
    assert end.text.startswith("told: exit code 3: �[31mred�]0;owned� �evil �")
    assert end.text.isprintable()


def test_a_flood_of_output_fills_nothing_and_does_not_hold_it_up(script: Callable[[str], str]) -> None:
    end = run_program([script("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo last")], ENVIRON, within=60)
    assert end == ProgramEnd(ok=True, text=clean("told ended well: last"))


def test_one_that_hangs_is_told_to_end_and_one_that_does_not_listen_is_ended(
    script: Callable[[str], str], tmp_path: Path
) -> None:
    polite = run_program([script("trap 'echo going; exit 0' TERM; sleep 60 & wait")], ENVIRON, within=1)
    assert polite.text == "told was ended after 1 s: going"
    child = tmp_path / "child"
    deaf = script(
        f"trap '' TERM; (trap '' TERM; while :; do date +%s%N > {child}; sleep 0.1; done) & echo here; wait"
    )
    end = run_program([deaf], ENVIRON, within=1)
    assert (end.ok, str(end.text)) == (False, "told was ended after 1 s: here")
    told = child.read_text()
    time.sleep(0.5)  # it would have written five times
    assert child.read_text() == told, "its child ended with it"


def test_what_it_leaves_behind_ends_with_it_and_one_that_left_its_session_is_not_waited_for(
    script: Callable[[str], str], tmp_path: Path
) -> None:
    left = tmp_path / "left"
    before = time.monotonic()
    named = script(f"setsid sh -c 'sleep 20' & (sleep 1; touch {left}) & echo $!; exit 0")
    assert run_program([named], ENVIRON).ok
    assert time.monotonic() - before < 15, "the pipe was still open in its child's hands"
    time.sleep(1.3)
    assert not left.exists()


def test_aws_credentials_and_evacs_settings_are_out_of_its_environment(script: Callable[[str], str]) -> None:
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    environ = {
        **ENVIRON, "AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": "tok-en",
        "aws_profile": "prod", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://x", "_AWSUME_X": "1", "AWSUME_PROFILE": "p",
        "EVAC_SETTINGS": "{}", "TF_VAR_key": f"x{secret}", "BOTO_CONFIG": "/x", "KUBECONFIG": "/k",
    }  # fmt: skip
    assert without_credentials(environ) == {**ENVIRON, "KUBECONFIG": "/k"}
    named = script("env | grep -ic -e aws -e evac -e wJalr; :")
    assert Programs(Settings(), environ).run("after", [named], WEB).text == "after: told ended well: 0"


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"instance_id": clean("-rf")}, "{id}"),
        ({"instance_id": clean("i-0; rm -rf /")}, "{id}"),
        ({"private_ip": clean("--help")}, "x{private_ip}"),
        ({"private_ip": clean("10.0.0.7 evil")}, "{private_ip}"),
        ({}, "{public_ip}"),
        ({"target": Target("a\nb", "eu-west-1")}, "{profile}"),
        ({"target": Target("prod", "$(reboot)")}, "{region}"),
    ],
)
def test_a_hostile_value_is_refused_and_nothing_is_run(
    script: Callable[[str], str], tmp_path: Path, changes: dict[str, object], argument: str
) -> None:
    hostile: Instance = replace(WEB, **changes)
    ran = tmp_path / "ran"
    end = Programs(Settings(), ENVIRON).run("before", [script(f"touch {ran}"), argument], hostile)
    assert not end.ok
    assert end.text.startswith("before: not run: ")
    assert not ran.exists()


def test_what_it_is_given_stands_on_its_input_and_then_the_end(script: Callable[[str], str]) -> None:
    end = run_program([script("cat")], ENVIRON, given=b'{"kind":"failing"}\n')
    assert end.text == 'told ended well: {"kind":"failing"}'
    large = b"x" * 1_000_000
    assert run_program([script("wc -c")], ENVIRON, within=60, given=large).text.endswith(": 1000000")


@pytest.mark.parametrize("lines", ["exit 0", "exec 0<&-; sleep 0.2", "sleep 0.2"])
def test_one_that_does_not_read_its_input_is_not_waited_for(script: Callable[[str], str], lines: str) -> None:
    assert run_program([script(lines)], ENVIRON, given=b"x" * 1_000_000).ok


def test_one_that_hangs_and_does_not_read_is_ended_in_time(script: Callable[[str], str]) -> None:
    end = run_program([script("sleep 60")], ENVIRON, within=0.2, given=b"x" * 1_000_000)
    assert not end.ok
    assert "was ended after 0.2 s" in end.text


@pytest.mark.parametrize(
    "settings",
    [
        Settings(read_only=True),
        Settings(profiles={"prod": ProfileSettings(read_only=True)}),
        Settings(locked_profiles=("111122223333",)),
        Settings(commands_off=True),
    ],
)
def test_none_is_run_in_read_only_or_where_the_site_policy_allows_no_programs(
    script: Callable[[str], str], tmp_path: Path, settings: Settings
) -> None:
    ran = tmp_path / "ran"
    named = script(f"touch {ran}")
    assert Programs(settings, ENVIRON).run("before", [named], WEB) == ProgramEnd(ok=True)
    assert not ran.exists()
    assert Programs(Settings(), ENVIRON).run("before", [named], WEB).ok
    assert ran.exists()


def test_one_that_is_not_there_or_may_not_be_run_is_told_and_raises_nothing(
    script: Callable[[str], str], tmp_path: Path
) -> None:
    assert run_program(["no-such-program-of-evac"], ENVIRON).text.endswith("there is no such program")
    Path(named := script("exit 0")).chmod(0o644)
    assert run_program([named], ENVIRON).text.endswith("there is no such program")
    binary = tmp_path / "binary"
    binary.write_bytes(b"\0\1\2")
    binary.chmod(0o755)
    assert not run_program([str(binary)], ENVIRON).ok
    assert not run_program([script("kill -9 $$")], ENVIRON).ok


def test_who_waits_is_asked_meanwhile_and_what_it_raises_ends_the_program(
    script: Callable[[str], str], tmp_path: Path
) -> None:
    done, asked = tmp_path / "done", []

    def lost() -> None:
        asked.append(1)
        if len(asked) > 2:
            raise InterruptedError("the lease is another's")

    with pytest.raises(InterruptedError):
        run_program([script(f"sleep 1.5; touch {done}")], ENVIRON, lost)
    time.sleep(1.6)
    assert not done.exists()


def test_who_sits_at_a_program_has_the_way_to_the_profiles_and_no_credentials() -> None:
    kept = {
        "PATH": "/bin",
        "AWS_CONFIG_FILE": "/c",
        "AWS_ENDPOINT_URL_SSM": "http://x",
        "AWS_PROFILE": "dev",
        "AWS_VAULT_BACKEND": "file",
    }
    taken = {
        "AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s3cret", "AWS_SESSION_TOKEN": "t0ken", "AWS_SECURITY_TOKEN": "old",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://y", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "z",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/t",
        "AWS_ROLE_ARN": "arn:aws:iam::1:role/x", "EVAC_POLICY": "/p", "MINE": "a s3cret b",
    }  # fmt: skip
    assert in_foreground(kept | taken) == kept
