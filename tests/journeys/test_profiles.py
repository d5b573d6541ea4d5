"""In read-only: an expired login is renewed from inside and read again; then only one account is shown, and all again."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.e2e.terminal import has
from tests.journeys.console_user import Shift, told_at
from tui.demo.environment import Demo
from tui.demo.sample import LEGACY, PROFILES

KEY = next(str(one["key"]) for one in PROFILES if one["name"] == "legacy")
LOGIN = """
import json, os, sys, urllib.request
assert "AWS_SECRET_ACCESS_KEY" not in os.environ, "it was given credentials"
print("Enter the code for", sys.argv[1], flush=True)
code = input()
body = json.dumps({{"expired": {{"{key}": code != "123456"}}}}).encode()
asked = urllib.request.Request("{url}/_evac/settings", body)
urllib.request.build_opener(urllib.request.ProxyHandler({{}})).open(asked).read()
sys.exit(code != "123456")
"""


def own_config(folder: Path, demo: Demo) -> Path:
    """A login for what has expired in the demo, and an interval in which nothing is read by itself."""
    script = folder / "login.py"
    script.write_text(LOGIN.format(key=KEY, url=demo.url))
    path = folder / "own.toml"
    path.write_text(
        f"regions = {demo.regions!r}\n[intervals]\nstatus = 600.0\ninventory = 600.0\n"
        f"[profiles.legacy]\nlogin = {[sys.executable, str(script), '{profile}']!r}\n"
        '[profiles.data]\nlabel = "DATA"\n'
    )
    return path


@pytest.mark.parametrize("size", told_at((80, 24)))
def test_a_login_is_renewed_from_inside_and_one_account_is_shown_alone(
    env: dict[str, str], demo: Demo, tmp_path: Path, size: tuple[int, int]
) -> None:
    secret = {"AWS_SECRET_ACCESS_KEY": "left-here", "AWS_SESSION_TOKEN": "as-well"}
    config = own_config(tmp_path, demo)
    with Shift("--config", str(config), "--read-only", environ=env | secret, size=size) as console:
        console.begin()
        console.until(has(r"(?s)payments-db-1.*legacy|legacy.*payments-db-1"))
        console.keys("home", "space")
        console.until(has("1 marked"))
        console.keys("p")
        console.until(has(r"› *▸ \? legacy"))
        assert not has(r"READ-WRITE")(console)

        console.keys("L")
        console.until(has("Enter the code for legacy"))
        console.keys("9", "enter")
        console.until(has("exit code 1; press enter"))
        console.keys("enter")
        console.until(has("ended with exit"))
        console.keys("L")
        console.until(has("Enter the code for legacy"))
        console.keys("123456", "enter")
        # Nothing is due for ten minutes: it is read because somebody logged in.
        console.until(has(rf"legacy +{LEGACY[:4]}-{LEGACY[4:8]}-{LEGACY[8:]}.* read "))

        console.until(has(r"› *▸ . \w+"))
        for _ in range(12):
            if re.search(r"› *▸ . DATA", console.text):
                break
            console.keys("j")
            console.read(0.3)
        console.keys("enter")
        console.until(has("/ filter"))
        header = console.screen.display[0]
        assert re.search(r"\d+ out of scope, only DATA", header)
        shown = int(re.search(r"(\d+) inst", header)[1])  # type: ignore[index] # as the line above
        console.until(has("1 marked, 1 not in this view"))
        assert not re.search(r"(?m)^[› ] . \S+ +(PROD|STAGE|legacy)", console.text)

        console.keys("p")
        console.until(has(r"› *▸ . DATA"))
        console.keys("w")
        console.until(lambda one: "out of scope" not in one.screen.display[0])
        console.keys("escape")
        console.until(has("/ filter"))
        console.until(lambda one: int((re.search(r"(\d+) inst", one.screen.display[0]) or [0, 0])[1]) > shown)
        assert "1 marked" in console.text
