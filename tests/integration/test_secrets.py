"""Marked credentials go through everything evac does; then every byte it wrote is searched for them."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.integration.collector_watch import SEOUL, settings, watching
from tests.integration.faulty_network import Relay
from tui.demo.environment import Demo, start
from tui.fleet import protocol

SECRET = "canary/Secret+3f9a7c51d2"
TOKEN = "canaryToken//8b1e64f0aa=="
PROFILES = ("prod", "data", "staging")


@pytest.fixture
def demo() -> Iterator[Demo]:
    running = start("--speed", "60")
    yield running
    running.stop()


def mark(demo: Demo, folder: Path) -> None:
    """The demonstration's profiles, with secrets that can be found again. (It checks the key's id, not the signature.)"""
    path = Path(demo.environment["AWS_SHARED_CREDENTIALS_FILE"])
    text = path.read_text().replace(
        "aws_secret_access_key = demo", f"aws_secret_access_key = {SECRET}\naws_session_token = {TOKEN}"
    )
    assert SECRET in text
    (folder / "credentials").write_text(text)


def run(env: dict[str, str], folder: Path, *arguments: str, code: set[int]) -> bytes:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tui", *arguments], env=env, cwd=folder, capture_output=True, timeout=170,
        check=False,
    )  # fmt: skip
    assert done.returncode in code, (arguments, done.stderr)
    return done.stdout + done.stderr


def sent(demo: Demo, name: str) -> None:
    """Wait until the hands have."""
    deadline = time.monotonic() + 90
    while not any(one["operation"] == name and not one["dry_run"] for one in demo.control("calls")):
        assert time.monotonic() < deadline, f"{name} never came"
        time.sleep(0.1)


def forms(secret: str) -> set[bytes]:
    """As it is, and as it would look in an address, in JSON, in base64."""
    raw = secret.encode()
    return {
        raw,
        quote(secret, safe="").encode(),
        secret.replace("/", "\\/").encode(),
        base64.b64encode(raw)[:-4],
    }


def nothing_of_them(home: Path, *said: bytes) -> None:
    """Neither in a file there nor in what was said."""
    for needle in forms(SECRET) | forms(TOKEN):
        for path in home.rglob("*"):
            assert not path.is_file() or needle not in path.read_bytes(), path
        for output in said:
            assert needle not in output


@pytest.fixture
def env(demo: Demo, tmp_path: Path) -> dict[str, str]:
    """Of a person with marked credentials."""
    home = tmp_path / "home"
    home.mkdir()
    mark(demo, tmp_path)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    folders = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("STATE", "CACHE", "CONFIG")}
    marked = str(tmp_path / "credentials")
    return {**demo.apply(kept), **folders, "HOME": str(home), "AWS_SHARED_CREDENTIALS_FILE": marked}


def test_no_secret_is_written_or_said_anywhere(demo: Demo, env: dict[str, str], tmp_path: Path) -> None:
    home = Path(env["HOME"])
    said = [run(env, home, "status", "--json", code={0, 3}), run(env, home, "doctor", code={0, 1, 3})]
    act = ("do", "reboot", "cache-1", "--confirm", "cache-1", "--json")
    said.append(run(env, home, *act, code={0}))
    sent(demo, "RebootInstances")
    demo.control(
        "faults", [{"match": {"operation": "RebootInstances"}, "then": {"error": "SignatureDoesNotMatch"}}]
    )
    said.append(run(env, home, "do", "reboot", "cache-2", "--confirm", "cache-2", code={0, 1, 5}))
    demo.control("faults", [])
    said += [run(env, home, "ops", "list", "--json", code={0}), run(env, home, "config", "show", code={0})]
    said.append(run({**env, "EVAC_DEBUG": "1"}, home, "status", "--profile", "none", code={0, 1, 2, 3}))
    said.append(console(env, home))
    files = [path for path in home.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert {"journal.sqlite3", "audit.jsonl", "runner.log", "snapshot.mpk"} <= names
    nothing_of_them(home, *said)
    assert any(SECRET.encode() in path.read_bytes() for path in tmp_path.glob("credentials"))


def test_no_secret_is_sent_to_the_cache_or_the_lock_of_a_team(
    demo: Demo, env: dict[str, str], tmp_path: Path, redis: tuple[str, subprocess.Popen[bytes]]
) -> None:
    """Every byte between evac and Redis, in both directions."""
    relay = Relay(int(redis[0].rpartition(":")[2].partition("/")[0]))
    home = Path(env["HOME"])
    url = f"redis://127.0.0.1:{relay.port}/0"
    (home / "config" / "evac").mkdir(parents=True)
    (home / "config" / "evac" / "config.toml").write_text(f'[cache]\nurl = "{url}"\n[lock]\nurl = "{url}"\n')
    try:
        run(env, home, "status", "--json", code={0, 3})
        run(env, home, "do", "reboot", "cache-1", "--confirm", "cache-1", code={0})
        sent(demo, "RebootInstances")
        run(env, home, "ops", "locks", code={0})
    finally:
        relay.close()
    passed = bytes(relay.passed)
    assert b"evac:" in passed
    assert b"cache-1" in passed, "the fleet was kept there"
    nothing_of_them(home, passed)


BREAKS = """
from tui.aws import describe
def broken(client):
    found = client._request_signer._credentials.get_frozen_credentials()
    secret, token = found.secret_key, found.token
    raise RuntimeError("a fault of ours, with credentials in its variables")
describe.few_statuses = broken
from tui.fleet.collector.__main__ import main
main()
"""


async def test_a_fault_where_the_credentials_are_leaves_none_of_them_behind(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A collector that breaks with them in its hands: whatever it says to the console, and in files."""
    monkeypatch.setattr("tui.fleet.collector_client.COMMAND", (sys.executable, "-P", "-c", BREAKS))
    async with watching(settings("prod", regions=(SEOUL,), often=True), env) as eyes:
        line = await eyes.until(lambda: eyes.line("prod"))
    assert "a fault of ours" in line
    assert "report it" in line
    nothing_of_them(Path(env["HOME"]), *map(protocol.encode_frame, eyes.seen))


CONSOLE = """
import asyncio, os
from tui.app import EvacApp, open_services
from tui.config.schema import Settings
async def main():
    services, found = open_services(Settings(only_profiles=("prod",), regions=("ap-northeast-2",)), os.environ)
    app = EvacApp(services, found, opens_journal=True)
    async with app.run_test(size=(80, 24)) as pilot:
        async with asyncio.timeout(90):
            while not app.services.store.rows():
                await pilot.pause(0.1)
        await pilot.press("enter")
        await pilot.pause(0.5)
        await pilot.press("escape")
        app._save()
asyncio.run(main())
"""


def console(env: dict[str, str], folder: Path) -> bytes:
    """It reads, shows, looks closer and keeps its snapshot."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", CONSOLE],
        env=env,
        cwd=folder,
        capture_output=True,
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr
