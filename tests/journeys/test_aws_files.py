"""~/.aws as it has grown: thirty profiles, half of them broken in ways people break them, and a login renewed meanwhile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws_files.credential_servers import serving
from tests.e2e.terminal import has
from tests.integration.collector_watch import DATA, KEYS, PROD, SEOUL, STAGING
from tests.integration.test_collector_aws_files import login
from tests.journeys.console_user import Shift, evac
from tui.demo.environment import Demo

PAIR = "aws_access_key_id = {}\naws_secret_access_key = demo\n"
BROKEN = {
    "tilde": ("credential_process = ~/bin/login\n", "write the whole path there"),
    "quote": ("credential_process = sh -c 'x\n", "a quote is not closed"),
    "lost": (f"role_arn = arn:aws:iam::{DATA}:role/r\nsource_profile = nowhere\n", "does not exist"),
    "code": (
        f"role_arn = arn:aws:iam::{DATA}:role/r\nsource_profile = prod\nmfa_serial = arn:aws:iam::{PROD}:mfa/kim\n",
        "asks for a code of",
    ),
    "foreign": ("role_arn = arn:aws:iam::999900001111:role/r\nsource_profile = prod\n", "may not assume"),
    "odd": ("sso_session = gone\nsso_account_id = 1\nsso_role_name = r\n", "there is no [sso-session gone]"),
    "token": (
        f"role_arn = arn:aws:iam::{DATA}:role/r\nweb_identity_token_file = /nowhere/token\n",
        "/nowhere/token",
    ),
    "bare": ("output = json\n", "no credentials"),
    "granted": ("granted_sso_account_id = 1\n", "only Granted knows"),
}
LOGINS = 18


@pytest.fixture
def shell(demo: Demo, env: dict[str, str], tmp_path: Path) -> Iterator[dict[str, str]]:
    config = "[sso-session acme]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = us-east-1\n"
    config += f"[profile prod]\nregion = {SEOUL}\n[profile commented]\nregion = {SEOUL} # main\n"
    for name, (text, _) in BROKEN.items():
        config += f"[profile {name}]\nregion = {SEOUL}\n{text}"
    for number in range(LOGINS):
        role, account = (("Data", DATA), ("Staging", STAGING))[number % 2]
        config += f"[profile sso{number:02}]\nsso_session = acme\nsso_account_id = {account}\nsso_role_name = {role}\n"
        config += f"region = {SEOUL}\n"
    folder = tmp_path / ".aws"
    folder.mkdir()
    (folder / "config").write_text(config)
    keys = "".join(f"[{name}]\n" + PAIR.format(KEYS["prod"]) for name in ("prod", "commented"))
    (folder / "credentials").write_text(keys)
    login(tmp_path, "expired")
    with serving() as (url, _):
        own = {
            name: value
            for name, value in env.items()
            if name not in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
        }
        yield {**own, "AWS_ENDPOINT_URL_SSO": url, "AWS_ENDPOINT_URL_SSO_OIDC": url}


def test_every_broken_profile_is_a_line_and_the_rest_live(shell: dict[str, str], tmp_path: Path) -> None:
    with Shift(environ=shell, size=(160, 50)) as shift:
        shift.begin()
        shift.until(f"one login renews {LOGINS} profiles: aws sso login --sso-session acme")
        for name, (_, said) in BROKEN.items():
            shift.until(has(rf"{name}.*{re.escape(said)}"))
        shift.until(
            has(r"commented.*a comment needs a line of its own|commented.*is not the name of a region")
        )
        assert shift.text.count("--sso-session acme") == 1, "one line for the login"
        shift.until("payments-db-1")  # what lives is there all the same
        login(tmp_path, "valid")
        shift.until(lambda one: "--sso-session acme" not in one.text)
        shift.find("stage-web-1")  # an instance of one of the accounts that were unread
        shift.keys("q")
        assert shift.ended() == 0
    told = evac(shell, "doctor", "--json")
    assert told.returncode != 0
    for name, (_, said) in BROKEN.items():
        (line,) = [one for one in told.stdout.splitlines() if f'"{name}: ' in one or f'"{name}/' in one]
        assert said in line
        assert '"remedy":""' not in line.replace(" ", "")
    assert "sso-session acme" not in told.stdout, "it was renewed"
    assert "report it" not in told.stdout
