"""A case: somebody's files and shell, what `aws` says there of who one is, and what evac says. Read from cases/*.toml."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from pathlib import Path
from typing import Any

from tests.integration.collector_watch import KEYS

FOLDER = Path(__file__).parent / "cases"
START_URL = "https://acme.awsapps.com/start"


@dataclass(frozen=True)
class Case:
    """`aws`: a profile (empty: none named) to the account or a part of the error. `evac`: a target to its account or whole line.

    `v2`: the source of an expectation of the AWS CLI's second version, which is not installed here.
    """

    name: str
    about: str
    aws: dict[str, str]
    evac: dict[str, str]
    config: str = ""
    credentials: str = ""
    environ: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    modes: dict[str, int] = field(default_factory=dict)
    sso: dict[str, str] = field(default_factory=dict)
    cached: list[dict[str, str]] = field(default_factory=list)
    profiles: list[str] = field(default_factory=list)
    v2: str = ""

    def lay(self, home: Path, url: str, front: str) -> dict[str, str]:
        """Write its files below a home folder; its environment."""
        said = {
            "<home>": str(home), "<url>": url, "<front>": front, "<start>": START_URL,
            "<front-tls>": front.replace("http:", "https:"),
            "<soon>": _time(hours=2), "<past>": _time(hours=-2),
            **{f"<{name}>": key for name, key in KEYS.items()},
        }  # fmt: skip

        def filled(text: str) -> str:
            for mark, value in said.items():
                text = text.replace(mark, value)
            return text

        texts = {".aws/config": self.config, ".aws/credentials": self.credentials, **self.files}
        for place, text in texts.items():
            if text:
                path = home / place
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(filled(text))
        for place, mode in self.modes.items():
            (home / place).chmod(int(str(mode), 8))
        for name, state in self.sso.items():
            _write(home / ".aws/sso/cache" / f"{_hash(filled(name))}.json", _token(state))
        for one in self.cached:
            _write(home / ".aws/cli/cache" / f"{_role_hash(one)}.json", _kept(one, filled))
        return {
            "HOME": str(home),
            "AWS_ENDPOINT_URL": url,
            "AWS_ENDPOINT_URL_SSO": front,
            "AWS_ENDPOINT_URL_SSO_OIDC": front,
            "AWS_EC2_METADATA_DISABLED": "true",
            **{name: filled(value) for name, value in self.environ.items()},
        }


def cases() -> list[Case]:
    """All of them, by name."""
    return [Case(path.stem, **tomllib.loads(path.read_text())) for path in sorted(FOLDER.glob("*.toml"))]


def _time(**parts: float) -> str:
    return (datetime.now(UTC) + timedelta(**parts)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _hash(name: str) -> str:
    return sha1(name.encode()).hexdigest()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _token(state: str) -> str:
    """What the AWS CLI keeps of an SSO login: `valid`, `expired`, `refused` (the portal takes it no more), `broken`."""
    if state == "broken":
        return "{"
    ends = _time(hours=-1 if state == "expired" else 8)
    body = {"startUrl": START_URL, "region": "us-east-1", "accessToken": state, "expiresAt": ends}
    return json.dumps(body)


def _role_hash(one: dict[str, str]) -> str:
    """The name botocore gives it (AssumeRoleCredentialFetcher and SSOCredentialFetcher, _create_cache_key)."""
    if "role_name" in one:
        told = {
            "roleName": one["role_name"],
            "accountId": one["account_id"],
            "sessionName": one["session_name"],
        }
        return _hash(json.dumps(told, sort_keys=True, separators=(",", ":")))
    names = {
        "role_arn": "RoleArn",
        "mfa_serial": "SerialNumber",
        "external_id": "ExternalId",
        "session": "RoleSessionName",
    }
    args: dict[str, Any] = {names[key]: value for key, value in one.items() if key in names}
    return _hash(json.dumps(args, sort_keys=True))


def _kept(one: dict[str, str], filled: Any) -> str:
    credentials = {
        "AccessKeyId": filled(one["key"]), "SecretAccessKey": "demo", "SessionToken": "demo", "Expiration": filled(one["ends"]),
    }  # fmt: skip
    return json.dumps({"Credentials": credentials})
