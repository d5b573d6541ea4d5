"""The eyes on files and shells as they are: regions that are not enabled, hundreds of profiles on one login, a machine's role."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from pathlib import Path

import pytest

from tests.aws_files.credential_servers import serving
from tests.integration.collector_watch import (
    DATA,
    IRELAND,
    KEYS,
    PROD,
    SEOUL,
    STAGING,
    VIRGINIA,
    calls,
    fault,
    home,
    passing,
    settings,
    watching,
)
from tui.config.schema import Settings
from tui.config.sections import Intervals
from tui.demo.environment import Demo
from tui.domain.listing import failures

KEY = "aws_access_key_id = {}\naws_secret_access_key = demo\n"
OFF = "ap-east-1"
DISABLED = [
    fault({"error": "InvalidClientTokenId", "status": 403}, service="sts", region=OFF),
    fault({"error": "AuthFailure"}, service="ec2", region=OFF),
]


async def test_a_profile_whose_own_region_is_not_enabled_is_read_in_the_others(
    demo: Demo, tmp_path: Path
) -> None:
    demo.control("faults", DISABLED)
    config = (
        f"[profile off]\nregion = {OFF}\n"
        f"[profile role]\nregion = {OFF}\nrole_arn = arn:aws:iam::{DATA}:role/admin\nsource_profile = off\n"
    )
    environ = home(tmp_path, demo.url, config, "[off]\n" + KEY.format(KEYS["prod"]))
    async with watching(settings(often=True, regions=()), environ) as eyes:
        await eyes.until(lambda: eyes.live("off", SEOUL) and eyes.live("role", VIRGINIA))
        accounts = {row.target.profile: row.account_id for row in eyes.store.rows()}
        assert accounts == {"off": PROD, "role": DATA}


async def test_where_the_home_region_does_not_help_the_first_error_is_told(
    demo: Demo, tmp_path: Path
) -> None:
    demo.control("faults", [fault({"error": "InvalidClientTokenId", "status": 403}, service="sts", region=IRELAND),
                            fault({"reset": True}, service="sts", region=VIRGINIA)])  # fmt: skip
    environ = home(
        tmp_path, demo.url, f"[profile one]\nregion = {IRELAND}\n", "[one]\n" + KEY.format(KEYS["prod"])
    )
    async with watching(settings(regions=(SEOUL,), often=True), environ) as eyes:
        line = await eyes.until(lambda: eyes.line("one"))
        assert "InvalidClientTokenId" in line


async def test_sts_out_of_reach_says_sts(demo: Demo, tmp_path: Path) -> None:
    environ = home(
        tmp_path, demo.url, f"[profile one]\nregion = {SEOUL}\n", "[one]\n" + KEY.format(KEYS["prod"])
    )
    async with watching(
        settings(regions=(SEOUL,), often=True), environ | {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9"}
    ) as eyes:
        assert (await eyes.until(lambda: eyes.line("one"))).startswith("one: STS: not reachable")


@pytest.fixture
def front() -> Iterator[tuple[str, list[str]]]:
    with serving() as found:
        yield found


MANY = 60


def login(folder: Path, token: str) -> None:
    """What the AWS CLI writes when somebody logs in, or has been logged in too long ago."""
    now = datetime.now(UTC)
    ends = now + timedelta(hours=8 if token == "valid" else -1)
    body = {
        "startUrl": "https://acme.awsapps.com/start", "region": "us-east-1", "accessToken": token,
        "expiresAt": ends.strftime("%Y-%m-%dT%H:%M:%SZ"), "clientId": "c", "clientSecret": "s", "refreshToken": "r",
        "registrationExpiresAt": (now + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }  # fmt: skip
    cache = folder / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (cache / f"{sha1(b'acme').hexdigest()}.json").write_text(json.dumps(body))


async def test_many_profiles_on_one_expired_login_are_one_line_and_one_try(
    demo: Demo, tmp_path: Path, front: tuple[str, list[str]]
) -> None:
    url, asked = front
    config = "[sso-session acme]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = us-east-1\n"
    roles = (("Prod", PROD), ("Data", DATA), ("Staging", STAGING))
    for number in range(MANY):
        role, account = roles[number % 3]
        config += f"[profile p{number:02}]\nsso_session = acme\nsso_account_id = {account}\nsso_role_name = {role}\n"
        config += f"region = {SEOUL}\n"
    environ = home(tmp_path, demo.url, config) | {
        "AWS_ENDPOINT_URL_SSO": url,
        "AWS_ENDPOINT_URL_SSO_OIDC": url,
    }
    login(tmp_path, "expired")
    chosen = Settings(regions=(SEOUL,), intervals=Intervals(status=1.0))
    async with watching(chosen, environ) as eyes:
        await eyes.until(lambda: len([one for one in eyes.store.targets() if one.trouble]) == MANY)
        (told,) = failures(eyes.store.targets())
        assert told.trouble is not None
        assert told.trouble.line == (
            "p00: the SSO login has expired or is missing: "
            f"one login renews {MANY} profiles: aws sso login --sso-session acme"
        )
        tries = asked.count("/token")
        frames = len(eyes.seen)
        await passing(lambda: len(eyes.seen) > frames + 3 * MANY)  # each was tried again three times and more
        assert tries == 1, "one asked, and the others took its word"
        assert asked.count("/token") <= 3
        login(tmp_path, "valid")
        await eyes.until(lambda: not failures(eyes.store.targets()) and len(eyes.store.targets()) == 3)
        assert {row.account_id for row in eyes.store.rows()} <= {PROD, DATA, STAGING}
    assert calls(demo, operation="GetCallerIdentity")


async def test_a_machine_s_role_is_read_beside_the_profiles(
    demo: Demo, tmp_path: Path, front: tuple[str, list[str]]
) -> None:
    files = (f"[profile well]\nregion = {SEOUL}\n", "[well]\n" + KEY.format(KEYS["prod"]))
    environ = home(tmp_path, demo.url, *files) | {
        "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": front[0], "AWS_DEFAULT_REGION": IRELAND,
    }  # fmt: skip
    async with watching(settings(regions=(SEOUL, IRELAND), often=True), environ) as eyes:
        await eyes.until(lambda: eyes.live("environment", IRELAND) and eyes.live("well"))
        assert {row.account_id for row in eyes.store.rows() if row.target.profile == "environment"} == {
            STAGING
        }
