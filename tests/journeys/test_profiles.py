"""In read-only: one SSO login of many profiles has expired, is renewed from inside, and read again; then one account alone."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.aws_files.case import Case
from tests.aws_files.credential_servers import serving
from tests.e2e.terminal import environ, has
from tests.integration.collector_watch import DATA, PROD
from tests.journeys.console_user import Shift, left_over, told_at
from tui.demo.environment import Demo
from tui.presentation.accounts import account_number

SHARED = 12
ROLE = """[profile {name}]
sso_session = acme
sso_account_id = {account}
sso_role_name = {role}
region = us-east-1
"""
CONFIG = (
    "[sso-session acme]\nsso_start_url = <start>\nsso_region = us-east-1\n[profile data]\nregion = us-east-1\n"
    + "".join(ROLE.format(name=f"ops-{at:02}", account=PROD, role="Prod") for at in range(SHARED))
)
CREDENTIALS = "[data]\naws_access_key_id = <data>\naws_secret_access_key = demo\n"
AWS = """#!{python}
import os, pathlib, sys
assert not [name for name in os.environ if "SECRET" in name], "it was given credentials"
assert sys.argv[1:] == ["sso", "login", "--sso-session", "acme"], sys.argv
print("Enter the code for acme:", flush=True)
if input() != "123456":
    sys.exit("not that code")
pathlib.Path("{new}").rename("{token}")
"""


@pytest.fixture
def home(demo: Demo, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Of somebody whose SSO login has expired, with an `aws` that renews it for a code."""
    with serving() as (portal, _):
        told = Case("sso", "", {}, {}, CONFIG, CREDENTIALS, sso={"acme": "valid"})
        told.lay(tmp_path, demo.url, portal)
        (token,) = (tmp_path / ".aws" / "sso" / "cache").iterdir()
        new = token.rename(tmp_path / "new.json")
        found = replace(told, sso={"acme": "expired"}).lay(tmp_path, demo.url, portal)
        script = tmp_path / "bin" / "aws"
        script.parent.mkdir()
        script.write_text(AWS.format(python=sys.executable, new=new, token=token))
        script.chmod(0o755)
        settings = tmp_path / "own.toml"
        settings.write_text(
            f"regions = {demo.regions!r}\n[intervals]\nstatus = 600.0\ninventory = 600.0\n"
            '[profiles.data]\nlabel = "DATA"\n'
        )
        own = {"PATH": f"{script.parent}:{environ()['PATH']}", "AWS_SECRET_ACCESS_KEY": "left-here"}
        folders = {name: str(tmp_path / name) for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME")}
        yield {**environ(), **found, **own, **folders}
        for process in left_over(tmp_path):
            process.kill()


@pytest.mark.parametrize("size", told_at((80, 24)))
def test_a_login_is_renewed_from_inside_and_one_account_is_shown_alone(
    home: dict[str, str], tmp_path: Path, size: tuple[int, int]
) -> None:
    with Shift("--config", str(tmp_path / "own.toml"), "--read-only", environ=home, size=size) as console:
        console.begin()
        console.until(has(r"(?s)warehouse-1.*ops-00"))
        console.keys("home", "space")
        console.until(has("1 marked"))
        console.keys("p")
        console.until(has(rf"› *▸ \? acme, {SHARED} profiles"))
        assert len(re.findall("the SSO login has expired", console.text)) == 2, (
            "the line, and what is told of it"
        )
        assert re.search("READ-ONLY", console.text)

        console.keys("L")
        console.until(has("Enter the code for acme"))
        console.keys("9", "enter")
        console.until(has("exit code 1; press enter"))
        console.keys("enter")
        console.until(has("ended with exit"))
        console.keys("L")
        console.until(has("Enter the code for acme"))
        console.keys("123456", "enter")
        # Nothing is due for ten minutes: it is read because somebody logged in.
        console.until(has(rf"acme, {SHARED} profiles +{account_number(PROD)}.* read "))
        assert "expired" not in console.text

        console.until(has(r"(?s) DATA .* acme, "))  # neither is in trouble now: by name
        console.keys("home")
        console.until(has(r"› *▸ . DATA"))
        assert account_number(DATA) in console.text
        console.keys("enter")
        console.until(has("/ filter"))
        console.until(has(r"\d+ out of scope, only DATA"))
        shown = counted(console)
        assert "1 marked" in console.text
        assert "checkout-1" not in console.text

        console.keys("p")
        console.until(has(r"› *▸ . DATA"))
        console.keys("w")
        console.until(lambda one: "out of scope" not in one.screen.display[0])
        console.keys("escape")
        console.until(has("/ filter"))
        console.until(lambda one: counted(console) > shown)
        console.until(has("checkout-1"))
        assert "1 marked" in console.text


def counted(console: Shift) -> int:
    """The instances of the header."""
    found = re.search(r"(\d+) inst", console.screen.display[0])
    return int(found[1]) if found else 0
