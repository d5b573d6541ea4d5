"""~/.aws as it is: in any shell and with any files evac reads what `aws` reads, as whom `aws` reads it, or says why in a line.

evac's side of every case runs in this process. What `aws` says stands in the case; the AWS CLI is asked again for some of
them each time, and for all with EVAC_AWS_FILES=all (`make aws-files`).
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import botocore.credentials
import botocore.tokens
import pytest

from tests.aws_files.case import FOLDER, Case, cases
from tests.aws_files.credential_servers import serving
from tui.aws import describe
from tui.aws.sessions import Sessions
from tui.config import loader
from tui.demo.environment import Demo, start

CASES = cases()
AWS = Path(sys.executable).with_name("aws")
ALL = os.environ.get("EVAC_AWS_FILES") == "all"
SEED = os.environ.get("EVAC_AWS_FILES_SEED") or os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
ASKED = [case for case in CASES if not case.v2]
AGAIN = ASKED if ALL else random.Random(SEED).sample(ASKED, 5)


@pytest.fixture(scope="module")
def places() -> Iterator[tuple[Demo, str]]:
    demo = start("--speed", "60")
    try:
        with serving() as (front, _):
            yield demo, front
    finally:
        demo.stop()


def laid(case: Case, folder: Path, places: tuple[Demo, str]) -> dict[str, str]:
    """Its whole environment, and nothing of this process's own."""
    demo, front = places
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "XDG_CONFIG_HOME": str(folder / "xdg"), **case.lay(folder, demo.url, front)}


def in_shell(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in os.environ if one.startswith(("AWS", "EVAC"))]:
        monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(loader, "POLICY", Path("/nowhere/policy.toml"))
    cache = os.path.join(environ["HOME"], ".aws", "sso", "cache")  # botocore asks for it at its import
    monkeypatch.setattr(botocore.credentials.SSOProvider, "_SSO_TOKEN_CACHE_DIR", cache)
    monkeypatch.setattr(botocore.tokens.SSOTokenProvider, "_SSO_TOKEN_CACHE_DIR", cache)


def evac_says(case: Case, environ: dict[str, str]) -> dict[str, str]:
    """Each target's account, or its line."""
    settings = loader.load_settings(
        None, profiles=case.profiles, regions=(), read_only=False, environ=environ
    ).settings
    sessions = Sessions(settings, lean=True)
    try:
        names = sessions.profiles()
    except Exception as error:
        return {"*": describe.trouble_of(sessions, error, "", "").line}
    found = {}
    for name in (
        *names,
        *(("environment",) if sessions.may_be_machine() and sessions.machine_role() else ()),
    ):
        try:
            found[name] = str(describe.account(sessions, name))
        except Exception as error:
            found[name] = describe.trouble_of(sessions, error, name, "").line
    return found


def plain(line: str, home: Path, places: tuple[Demo, str]) -> str:
    """Without what is another each time."""
    for mark, value in {"<home>": str(home), "<url>": places[0].url, "<front>": places[1]}.items():
        line = line.replace(value, mark)
    return re.sub(r"(?<=127\.0\.0\.1:)\d+", "<port>", line)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_evac_reads_what_aws_reads_or_says_why(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, places: tuple[Demo, str]
) -> None:
    environ = laid(case, tmp_path, places)
    in_shell(environ, monkeypatch)
    said = evac_says(case, environ)
    said = {name: plain(line, tmp_path, places) for name, line in said.items()}
    assert said == case.evac
    assert not any("report it" in line for line in said.values())
    for name, account in case.aws.items():
        if account.isdigit() and not case.profiles:
            shell = environ.get("AWS_DEFAULT_PROFILE") or environ.get("AWS_PROFILE")
            if name and shell:
                continue  # narrowed by the shell, as one asked for
            assert account in said.values(), f"aws reads {name or 'without a name'}"
            assert (
                said.get(name or shell or "default", account) == account or said.get("environment") == account
            )


@pytest.mark.parametrize("case", AGAIN, ids=lambda case: case.name)
def test_aws_says_what_the_case_says(case: Case, tmp_path: Path, places: tuple[Demo, str]) -> None:
    environ = laid(case, tmp_path, places)
    for profile, expected in case.aws.items():
        words = [str(AWS), "sts", "get-caller-identity", "--query", "Account", "--output", "text"]
        named = ["--profile", profile] if profile else []
        done = subprocess.run(
            [*words, *named], env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
        )  # fmt: skip
        said = done.stdout.strip() or " ".join(done.stderr.split())
        assert expected in plain(said, tmp_path, places), profile


def test_the_corpus_is_large_and_every_case_says_what_it_is() -> None:
    assert len(CASES) >= 60
    assert len({case.about for case in CASES}) == len(CASES)
    assert all(case.evac for case in CASES)
    assert sorted(one.name for one in FOLDER.iterdir()) == [f"{case.name}.toml" for case in CASES]
