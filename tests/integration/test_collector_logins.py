"""Every way to log in, as a person's files say it: what is missing is a line with the command to run, and nobody is asked."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha1
from pathlib import Path

import pexpect
import pytest

from tests.integration.collector_watch import (
    DATA,
    KEYS,
    PATIENCE,
    PROD,
    SEOUL,
    STAGING,
    VIRGINIA,
    calls,
    home,
    passing,
    settings,
    watching,
)
from tui.config.schema import Settings
from tui.config.sections import Intervals
from tui.demo.environment import Demo
from tui.domain.instance import Phase, Target
from tui.fleet import protocol
from tui.fleet.scope import reading_also, reading_through

SSO = """
[sso-session "corp login"]
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
sso_registration_scopes = sso:account:access
[profile sso]
sso_session = corp login
sso_account_id = 111122223333
sso_role_name = Audit
region = ap-northeast-2
[profile through]
role_arn = arn:aws:iam::222233334444:role/analytics-readonly
source_profile = sso
region = us-east-1
"""
LEGACY_SSO = """
[profile old]
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
sso_account_id = 111122223333
sso_role_name = Audit
region = ap-northeast-2
"""
KEY = "aws_access_key_id = {}\naws_secret_access_key = demo\n"
WELL = f"[profile well]\nregion = {SEOUL}\n"
WELL_KEY = "[well]\n" + KEY.format(KEYS["prod"])
QUICK = settings(regions=(SEOUL,), often=True)


def helper(folder: Path, body: str) -> str:
    """A credential_process of one's own."""
    script = folder / "helper.py"
    script.write_text(body)
    return f"{sys.executable} {script}"


async def line_beside_a_well_one(environ: dict[str, str], profile: str) -> str:
    """What is said of `profile`, while `well` is read as ever."""
    async with watching(QUICK, environ) as eyes:
        await eyes.until(lambda: eyes.live("well"))
        found: str = await eyes.until(lambda: eyes.line(profile))
        assert found.isprintable()
        return found


@pytest.mark.parametrize(
    ("config", "profile", "token", "command"),
    [
        (SSO, "sso", None, "aws sso login --sso-session 'corp login'"),
        (SSO, "sso", -1, "aws sso login --sso-session 'corp login'"),
        (SSO, "through", None, "aws sso login --sso-session 'corp login'"),
        (LEGACY_SSO, "old", None, "aws sso login --profile old"),
        (LEGACY_SSO, "old", -1, "aws sso login --profile old"),
    ],
    ids=["missing", "expired", "through a role", "legacy missing", "legacy expired"],
)
async def test_an_sso_login_that_is_missing_or_over_names_the_command(
    demo: Demo, tmp_path: Path, config: str, profile: str, token: int | None, command: str
) -> None:
    environ = home(tmp_path, demo.url, config + WELL, WELL_KEY)
    if token is not None:
        cache = tmp_path / ".aws" / "sso" / "cache"
        cache.mkdir(parents=True)
        ended = (datetime.now(UTC) + timedelta(hours=token)).strftime("%Y-%m-%dT%H:%M:%SZ")
        name = "corp login" if profile != "old" else "https://example.awsapps.com/start"
        body = {
            "startUrl": "https://example.awsapps.com/start",
            "region": "us-east-1",
            "accessToken": "x",
            "expiresAt": ended,
        }
        (cache / f"{sha1(name.encode()).hexdigest()}.json").write_text(json.dumps(body))
    line = await line_beside_a_well_one(environ, profile)
    assert (
        line == f"{profile}/ap-northeast-2: the SSO login has expired or is missing: {command}"
        or line == (f"{profile}: the SSO login has expired or is missing: {command}")
    )


async def test_a_helper_that_fails_says_so_with_its_own_words(demo: Demo, tmp_path: Path) -> None:
    command = helper(tmp_path, "import sys; sys.exit('vault: sealed \\x1b]0;owned\\x07')")
    environ = home(
        tmp_path,
        demo.url,
        f"[profile helped]\ncredential_process = {command}\nregion = {SEOUL}\n{WELL}",
        WELL_KEY,
    )
    line = await line_beside_a_well_one(environ, "helped")
    assert "vault: sealed" in line
    assert line.endswith("run by hand the credential_process of profile helped in ~/.aws/config")


async def test_a_helper_that_answers_nonsense_says_so(demo: Demo, tmp_path: Path) -> None:
    command = helper(tmp_path, "print('please log in')")
    config = f"[profile helped]\ncredential_process = {command}\nregion = {SEOUL}\n{WELL}"
    line = await line_beside_a_well_one(home(tmp_path, demo.url, config, WELL_KEY), "helped")
    assert "helped" in line
    assert line.endswith("run by hand the credential_process of profile helped in ~/.aws/config")


ASKS = """
import pathlib, sys, time
try:
    open("/dev/tty")
    tty = "a terminal"
except OSError:
    tty = "no terminal"
pathlib.Path(__file__).with_name("said").write_text(tty + ", " + repr(sys.stdin.read()))
time.sleep(600)
"""


async def test_a_helper_that_hangs_holds_up_nobody(demo: Demo, tmp_path: Path) -> None:
    config = f"[profile helped]\ncredential_process = {helper(tmp_path, ASKS)}\nregion = {SEOUL}\n{WELL}"
    async with watching(QUICK, home(tmp_path, demo.url, config, WELL_KEY)) as eyes:
        await passing((tmp_path / "said").exists)
        await eyes.until(lambda: eyes.live("well"))
        (status,) = [one for one in eyes.store.targets() if one.target.profile == "helped"]
        assert status.phase is Phase.READING


def test_a_helper_that_would_ask_finds_no_terminal_even_where_there_is_one(
    demo: Demo, tmp_path: Path
) -> None:
    config = f"[profile helped]\ncredential_process = {helper(tmp_path, ASKS)}\nregion = {SEOUL}\n{WELL}"
    environ = home(tmp_path, demo.url, config, WELL_KEY) | {"TERM": "xterm", "COLUMNS": "300"}
    command = ["-P", "-m", "tui", "status", "--region", SEOUL]
    child = pexpect.spawn(
        sys.executable, command, env=environ, timeout=PATIENCE, dimensions=(50, 300), encoding="utf-8"
    )
    said = child.read()
    child.close()
    assert (tmp_path / "said").read_text() == "no terminal, ''"
    assert "took longer than 20 s: run by hand the credential_process of profile helped" in " ".join(
        said.split()
    )
    assert "web-1" in said, "the other profile's rows"
    assert child.exitstatus == 3


async def test_a_helper_that_works_is_used(demo: Demo, tmp_path: Path) -> None:
    body = {"Version": 1, "AccessKeyId": KEYS["prod"], "SecretAccessKey": "demo"}
    command = helper(tmp_path, f"import json; print(json.dumps({body!r}))")
    environ = home(
        tmp_path, demo.url, f"[profile helped]\ncredential_process = {command}\nregion = {SEOUL}\n"
    )
    async with watching(QUICK, environ) as eyes:
        await eyes.until(lambda: eyes.live("helped"))
        assert {row.account_id for row in eyes.store.rows()} == {PROD}


async def test_a_role_that_wants_a_code_is_refused_without_asking(demo: Demo, tmp_path: Path) -> None:
    config = (
        f"[profile mfa]\nrole_arn = arn:aws:iam::{DATA}:role/admin\nsource_profile = well\n"
        f"mfa_serial = arn:aws:iam::{PROD}:mfa/me\nregion = {SEOUL}\n{WELL}"
    )
    line = await line_beside_a_well_one(home(tmp_path, demo.url, config, WELL_KEY), "mfa")
    assert line.startswith(f"mfa: its role asks for a code of arn:aws:iam::{PROD}:mfa/me: ")
    assert "aws sts get-caller-identity --profile mfa asks you for it" in line
    assert calls(demo, operation="AssumeRole") == []


async def test_profiles_that_name_nothing_or_go_in_circles_are_lines(demo: Demo, tmp_path: Path) -> None:
    config = (
        f"[profile empty]\nregion = {SEOUL}\n"
        f"[profile lost]\nrole_arn = arn:aws:iam::{DATA}:role/r\nsource_profile = nowhere\nregion = {SEOUL}\n"
        f"[profile circle]\nrole_arn = arn:aws:iam::{DATA}:role/r\nsource_profile = round\nregion = {SEOUL}\n"
        f"[profile round]\nrole_arn = arn:aws:iam::{DATA}:role/r\nsource_profile = circle\nregion = {SEOUL}\n"
        f"[profile half]\nregion = {SEOUL}\n{WELL}"
    )
    environ = home(tmp_path, demo.url, config, WELL_KEY + "[half]\naws_access_key_id = x\n")
    async with watching(QUICK, environ) as eyes:
        await eyes.until(lambda: eyes.live("well"))
        for name, said in (
            ("empty", "empty: no credentials: aws configure --profile empty"),
            ("lost", "nowhere"),
            ("circle", "circle"),
            ("half", "half: aws_secret_access_key is missing: add it to profile half in ~/.aws/credentials"),
        ):
            assert said in await eyes.until(partial(eyes.line, name))


async def test_a_profile_that_is_not_there_is_picked_up_when_it_is(demo: Demo, tmp_path: Path) -> None:
    environ = home(tmp_path, demo.url, WELL, WELL_KEY)
    async with watching(settings("later", "well", regions=(SEOUL,), often=True), environ) as eyes:
        line = await eyes.until(lambda: eyes.line("later"))
        assert line == "later: no such profile: aws configure list-profiles names those there are"
        await eyes.until(lambda: eyes.live("well"))
        home(tmp_path, demo.url, WELL, WELL_KEY + "[later]\n" + KEY.format(KEYS["staging"]))
        await eyes.until(lambda: eyes.live("later"))


@pytest.mark.parametrize("broken", ["[profile well\nregion", "no section = 1\n", "\x00\xff"])
async def test_a_config_file_that_cannot_be_read_is_a_line_and_is_read_when_mended(
    demo: Demo, tmp_path: Path, broken: str
) -> None:
    async with watching(QUICK, home(tmp_path, demo.url, broken, WELL_KEY)) as eyes:
        await eyes.until(lambda: [one for one in eyes.store.targets() if one.trouble])
        (status,) = [one for one in eyes.store.targets() if one.trouble]
        assert status.trouble is not None
        assert status.trouble.kind == "config"
        assert "correct " in status.trouble.line
        assert str(tmp_path) in status.trouble.line
        home(tmp_path, demo.url, WELL, WELL_KEY)
        await eyes.until(lambda: eyes.live("well"))
        assert [one.target.key for one in eyes.store.targets()] == ["well/ap-northeast-2"]
        assert [state.state for state in eyes.states] == ["starting", "live"], "it never died of it"


async def test_a_rewritten_credentials_file_is_picked_up(demo: Demo, tmp_path: Path) -> None:
    environ = home(tmp_path, demo.url, WELL, "[well]\n" + KEY.format("AKIAOUTDATED00000000"))
    async with watching(QUICK, environ) as eyes:
        line = await eyes.until(lambda: eyes.line("well"))
        assert "AWS does not accept the credentials" in line
        home(tmp_path, demo.url, WELL, WELL_KEY)
        await eyes.until(lambda: eyes.live("well"))


async def test_credentials_that_change_hands_take_no_row_along(demo: Demo, tmp_path: Path) -> None:
    """The profile's name stays and its keys become another account's: nothing of one may stand under the other."""
    environ = home(tmp_path, demo.url, WELL, WELL_KEY)
    async with watching(QUICK, environ) as eyes:
        await eyes.until(lambda: eyes.live("well"))
        prod = next(iter(eyes.store.rows()))
        home(tmp_path, demo.url, WELL, "[well]\n" + KEY.format(KEYS["staging"]))
        demo.control("settings", {"expired": {KEYS["prod"]: True}})
        await eyes.until(
            lambda: {row.account_id for row in eyes.store.rows()} == {STAGING} and eyes.live("well")
        )
        names = {"load-1", "load-2", "load-3", "load-4", "load-5"}
        assert {row.name for row in eyes.store.rows()} == names
        for delta in eyes.deltas_since(0):
            for row in filter(lambda one: one.name, delta.upserts):
                assert (row.account_id == STAGING) == (row.name in names)
        await eyes.until(lambda: any(one.account_alias == "acme-staging" for one in eyes.store.targets()))
        answer = await eyes.link.request(
            protocol.ReadRequest(0, protocol.ReadKind.LOOK, Target("well", SEOUL), prod.instance_id)
        )
        assert answer.instance is None


async def test_a_login_in_the_environment_is_a_profile_of_its_own(demo: Demo, tmp_path: Path) -> None:
    environ = home(tmp_path, demo.url, WELL, WELL_KEY) | {
        "AWS_ACCESS_KEY_ID": KEYS["data"], "AWS_SECRET_ACCESS_KEY": "demo"
    }  # fmt: skip
    async with watching(settings(regions=(SEOUL, VIRGINIA), often=True), environ) as eyes:
        await eyes.until(lambda: eyes.live("environment", VIRGINIA) and eyes.live("well"))
        owners = {row.target.profile: row.account_id for row in eyes.store.rows()}
        assert owners == {"environment": DATA, "well": PROD}


async def test_nobody_at_all_is_a_line(demo: Demo, tmp_path: Path) -> None:
    async with watching(QUICK, home(tmp_path, demo.url, "")) as eyes:
        line = await eyes.until(lambda: eyes.line("environment"))
        assert line == "environment: no credentials: aws configure, aws configure sso, or try evac --demo"
    await asyncio.sleep(0)


async def test_a_running_collector_names_the_logins_reads_more_and_looks_again_when_told(
    demo: Demo, tmp_path: Path
) -> None:
    """What the screen of profiles rests on. A poll is due in ten minutes: what is read before that was asked for."""
    files = f"{SSO}{WELL}[profile late]\nregion = {SEOUL}\n[profile secret]\nregion = {SEOUL}\n"
    keys = f"{WELL_KEY}[secret]\n{KEY.format(KEYS['data'])}"
    environ = home(tmp_path, demo.url, files, keys)
    slow = Intervals(status=600.0, inventory=600.0)
    chosen = Settings(
        only_profiles=("well", "sso"), regions=(SEOUL,), intervals=slow, hidden_profiles=("secret",)
    )
    async with watching(chosen, environ) as eyes:
        await eyes.until(lambda: eyes.live("well") and eyes.line("sso"))
        found = await eyes.link.request(protocol.ReadRequest(0, protocol.ReadKind.LOGINS))
        by_name = {one.profile: one for one in found.logins}
        assert set(by_name) == {"well", "sso", "through", "late"}, "not what the site policy hides"
        assert by_name["sso"].key == by_name["through"].key == "sso corp login"
        assert by_name["through"].command == ("aws", "sso", "login", "--sso-session", "corp login")
        assert (by_name["sso"].account_id, by_name["through"].account_id) == (PROD, DATA)
        assert (by_name["well"].key, by_name["well"].command) == ("keys well", ())

        add = protocol.ReadRequest(0, protocol.ReadKind.ADD, profiles=("late", "secret", "nowhere"))
        eyes.link.remember(reading_also(chosen, "late"))
        await eyes.link.request(add)
        assert "no credentials" in await eyes.until(lambda: eyes.line("late"))
        assert not [one for one in eyes.store.targets() if one.target.profile in ("secret", "nowhere")]

        home(tmp_path, demo.url, files, f"{keys}[late]\n{KEY.format(KEYS['staging'])}")  # somebody logs in
        await eyes.link.request(protocol.ReadRequest(0, protocol.ReadKind.REFRESH, profiles=("late",)))
        await eyes.until(lambda: eyes.live("late"))
        assert eyes.live("well"), "nothing else was given away for it"

        assert eyes.link.pid is not None
        os.kill(eyes.link.pid, signal.SIGKILL)
        mark = len(eyes.seen)
        await eyes.until(
            lambda: any(
                one.target is not None
                and one.target.target.profile == "late"
                and one.target.phase is Phase.LIVE
                for one in eyes.deltas_since(mark)
            )
        )


async def test_an_account_is_read_through_the_profile_that_is_asked_for_and_its_rows_are_that_one_s(
    demo: Demo, tmp_path: Path
) -> None:
    files = f"{WELL}[profile audit]\nregion = {SEOUL}\n"
    environ = home(tmp_path, demo.url, files, f"{WELL_KEY}[audit]\n{KEY.format(KEYS['prod-audit'])}")
    slow = Intervals(status=600.0, inventory=600.0)
    chosen = Settings(only_profiles=("well", "audit"), regions=(SEOUL,), intervals=slow)
    async with watching(reading_through(chosen, ["audit"]), environ) as eyes:

        def readers() -> set[str]:
            return {row.target.profile for row in eyes.store.rows()}

        await eyes.until(lambda: eyes.live("audit") and readers() == {"audit"})
        await eyes.until(lambda: {row.profiles for row in eyes.store.rows()} == {("audit", "well")})
        count = len(eyes.store.rows())
        for wanted, reader in (((), "well"), (("audit",), "audit")):
            await eyes.link.request(protocol.ReadRequest(0, protocol.ReadKind.THROUGH, profiles=wanted))
            await eyes.until(partial(lambda name: readers() == {name}, reader))
            await eyes.until(lambda: len(eyes.store.rows()) == count)
            assert [one.target.profile for one in eyes.store.targets()] == [reader], "it is one target"
