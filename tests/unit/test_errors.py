"""Every exception becomes a kind, a place and a remedy, in one clean line."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from socket import gaierror
from typing import Any

import pytest
from botocore import exceptions as b
from botocore.parsers import ResponseParserError

from tui.aws import errors, setting_errors
from tui.aws.credential_chain import NeedsPersonError
from tui.aws.sessions import Sessions
from tui.aws.shared_config import About, Login
from tui.config.schema import Settings
from tui.config.sections import ProfileSettings


def said(code: str, status: int = 400, message: str = "text") -> b.ClientError:
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return b.ClientError(answer, "DescribeInstances")  # type: ignore[arg-type]  # the rest of the metadata is optional


CASES: list[tuple[Exception, str, str]] = [
    (b.ProfileNotFound(profile="prod"), "config", "list-profiles"),
    (b.NoCredentialsError(), "credentials", "aws configure --profile prod"),
    (b.PartialCredentialsError(provider="env", cred_var="x"), "credentials", "aws configure --profile prod"),
    (b.SSOTokenLoadError(error_msg="x"), "credentials", "aws sso login --profile prod"),
    (b.UnauthorizedSSOTokenError(), "credentials", "aws sso login --profile prod"),
    (b.TokenRetrievalError(provider="sso", error_msg="x"), "credentials", "aws sso login --profile prod"),
    (b.CredentialRetrievalError(provider="custom-process", error_msg="x"), "credentials", "by hand"),
    (b.InvalidConfigError(error_msg="x"), "config", "~/.aws/config"),
    (b.ConfigParseError(path="~/.aws/config"), "config", "~/.aws/config"),
    (b.InfiniteLoopConfigError(source_profile="a", visited_profiles=["a"]), "config", "~/.aws/config"),
    (b.NoRegionError(), "config", "--region"),
    (b.InvalidRegionError(region_name="x"), "config", "regions"),
    (b.EndpointConnectionError(endpoint_url="x"), "network", "tries again"),
    (b.ConnectTimeoutError(endpoint_url="x"), "network", "tries again"),
    (b.ReadTimeoutError(endpoint_url="x"), "network", "tries again"),
    (b.ProxyConnectionError(proxy_url="x"), "network", "HTTPS_PROXY"),
    (b.SSLError(endpoint_url="x", error=OSError("y")), "network", "AWS_CA_BUNDLE"),
    (ResponseParserError("x"), "network", "tries again"),
    (errors.NotAwsError("no Reservations in it"), "network", "captive portal"),
    (NeedsPersonError("prod", "arn:aws:iam::1:mfa/me"), "credentials", "aws sts"),
    (said("RequestExpired"), "credentials", "clock"),
    (said("ExpiredToken", 403), "credentials", "renew"),
    (said("AuthFailure", 401), "credentials", "enabled"),
    (said("InvalidClientTokenId", 403), "credentials", "enabled"),
    (said("SignatureDoesNotMatch", 403), "credentials", "secret key"),
    (said("OptInRequired", 401), "region", "subscribe"),
    (said("UnauthorizedOperation", 403), "denied", "permission"),
    (said("RequestLimitExceeded", 503), "throttled", "less often"),
    (said("InternalError", 500), "network", "tries again"),
    (said("SomethingNew"), "internal", "keeps trying"),
    (ZeroDivisionError("x"), "internal", "report"),
]


@pytest.mark.parametrize(("error", "kind", "remedy"), CASES, ids=lambda value: type(value).__name__)
def test_kind_place_and_remedy(error: Exception, kind: str, remedy: str) -> None:
    told = errors.trouble(error, "prod", "eu-west-1")
    assert told.kind == kind
    assert remedy in told.remedy
    assert "prod/eu-west-1" in told.placed
    assert told.line.isprintable()


def test_an_sso_session_is_renewed_by_its_name() -> None:
    login = Login("sso", "corp", "prod", "aws sso login --sso-session corp")
    error = b.TokenRetrievalError(provider="sso", error_msg="x")
    told = errors.trouble(error, "prod", about=About("prod", login))
    assert told.remedy == "aws sso login --sso-session corp"


def test_hostile_messages_are_cleaned_and_cut() -> None:
    told = errors.trouble(said("New", message="\x1b]0;owned\x07\n" + "x" * 5000), "prod", "eu-west-1")
    assert told.line.isprintable()
    assert len(told.line) < 700


def test_a_profile_that_wants_a_code_is_refused_without_asking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile base]\nrole_arn=arn:aws:iam::1:role/r\nmfa_serial=arn:aws:iam::1:mfa/me\nsource_profile=keys\n"
        "[profile over]\nrole_arn=arn:aws:iam::2:role/r\nsource_profile=base\nregion=eu-west-1\n"
        "[profile keys]\naws_access_key_id=x\naws_secret_access_key=y\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(NeedsPersonError):
        Sessions(Settings()).client("over", "ec2", "eu-west-1")


@pytest.mark.parametrize("through_role", [False, True])
def test_a_credential_process_has_no_terminal_and_a_time_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, through_role: bool
) -> None:
    (tmp_path / "config").write_text(
        "[profile helped]\ncredential_process = /bin/sleep 600\n"
        "[profile role]\nrole_arn=arn:aws:iam::1:role/r\nsource_profile=helped\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setattr("tui.aws.credential_process.HELPER_WITHIN", 0.2)
    client_for = "role" if through_role else "helped"
    with pytest.raises(b.CredentialRetrievalError, match="took longer"):
        Sessions(Settings()).client(client_for, "ec2", "eu-west-1").describe_instances()


HANGING = """
import subprocess, sys
from tui.aws import credential_process
credential_process.HELPER_WITHIN = 1
helper = credential_process.Helper(["/bin/sh", "-c", "sleep 613.25; true"], subprocess.PIPE, subprocess.PIPE)
print(helper._process.pid, flush=True)
helper.communicate()
"""


def test_a_credential_process_that_hangs_does_not_outlive_its_time_when_nobody_is_left_to_end_it() -> None:
    with subprocess.Popen([sys.executable, "-P", "-c", HANGING], stdout=subprocess.PIPE) as collector:
        assert collector.stdout is not None
        session = int(collector.stdout.readline())
        collector.kill()
    until = time.monotonic() + 20
    while [pid for pid in os.listdir("/proc") if pid.isdigit() and _session(pid) == session]:
        assert time.monotonic() < until, "it runs for ever"
        time.sleep(0.1)


def _session(pid: str) -> int:
    try:
        return os.getsid(int(pid))
    except ProcessLookupError:
        return -1


def test_profiles_are_those_of_the_files_less_the_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("[profile a]\nregion=eu-west-1\n[profile b]\n")
    (tmp_path / "credentials").write_text("[c]\naws_access_key_id=x\naws_secret_access_key=y\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    settings = Settings(profiles={"b": ProfileSettings(hidden=True)})
    assert Sessions(settings, {}).profiles() == ("a", "c")
    assert Sessions(Settings(only_profiles=("b", "nowhere")), {}).profiles() == ("b", "nowhere")
    assert Sessions(Settings(), {"AWS_ACCESS_KEY_ID": "x"}).profiles() == ("environment", "a", "b", "c")
    assert Sessions(Settings(), {}).own_region("a") == "eu-west-1"


def dated(code: str, ahead: timedelta | None) -> b.ClientError:
    """AWS's answer, its date as seen from a machine whose clock is that far ahead."""
    error = said(code)
    when = "no date" if ahead is None else format_datetime(datetime.now(UTC) - ahead, usegmt=True)
    error.response["ResponseMetadata"]["HTTPHeaders"] = {"date": when}
    return error


@pytest.mark.parametrize(
    ("ahead", "told"),
    [(timedelta(minutes=12), "12m ahead of AWS's"), (timedelta(hours=-9, seconds=-30), "9h behind AWS's")],
)
@pytest.mark.parametrize("code", ["RequestExpired", "SignatureDoesNotMatch", "AuthFailure", "ExpiredToken"])
def test_a_clock_that_is_wrong_is_the_cause_and_told_by_how_much(
    code: str, ahead: timedelta, told: str
) -> None:
    found = errors.trouble(dated(code, ahead), "prod", "eu-west-1")
    assert found.placed == f"prod/eu-west-1: this machine's clock is {told}"
    assert "timedatectl" in found.remedy


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        (timedelta(minutes=2), "machine's clock: it is 2m ahead of AWS's"),
        (timedelta(seconds=20), "machine's clock"),
        (None, "machine's clock"),
    ],
)
@pytest.mark.parametrize("code", ["RequestExpired", "SignatureDoesNotMatch"])
def test_a_clock_that_may_be_wrong_is_a_hint(code: str, ahead: timedelta | None, told: str) -> None:
    found = errors.trouble(dated(code, ahead), "prod", "eu-west-1")
    assert "clock" not in found.cause
    assert found.remedy.endswith(told)


@pytest.mark.parametrize(
    ("error", "cause", "remedy"),
    [
        (
            b.EndpointConnectionError(endpoint_url="https://ec2.nowhere.test/", error=gaierror(-2, "unknown")),
            "the name ec2.nowhere.test was not found (DNS)",
            "check DNS",
        ),
        (b.EndpointConnectionError(endpoint_url="https://x", error=OSError(111, "refused")), "not reachable", "network"),
        (
            b.SSLError(
                endpoint_url="x",
                error=OSError(
"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1006)"),
            ),
            "the TLS certificate was not accepted (certificate has expired)",
            "clock",
        ),
        (
            b.SSLError(
                endpoint_url="x",
                error=OSError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1)"),
            ),
            "the TLS certificate was not accepted (self-signed certificate)",
            "AWS_CA_BUNDLE",
        ),
        (
            b.SSLError(endpoint_url="x", error=OSError("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)")),
            "no TLS connection (wrong version number)",
            "proxies",
        ),
        (
            b.ProxyConnectionError(proxy_url="x", error="Tunnel connection failed: 407 Proxy Authentication Required"),
            "the proxy asks for a login (407)",
            "HTTPS_PROXY",
        ),
        (
            b.ProxyConnectionError(proxy_url="x", error="Tunnel connection failed: 503 Service Unavailable"),
            "the proxy refused the connection (503)",
            "NO_PROXY",
        ),
        (said("", 407), "the proxy asks for a login (407)", "HTTPS_PROXY"),
    ],
    ids=["dns", "refused", "expired", "self-signed", "not tls", "tunnel 407", "tunnel 503", "407"],
)  # fmt: skip
def test_what_stood_between_is_told_apart(error: Exception, cause: str, remedy: str) -> None:
    told = errors.trouble(error, "prod", "eu-west-1")
    assert told.placed == f"prod/eu-west-1: {cause}"
    assert remedy in told.remedy
    assert told.kind == "network"


def test_a_date_without_a_zone_says_nothing() -> None:
    error = said("RequestExpired")
    error.response["ResponseMetadata"]["HTTPHeaders"] = {"date": "Tue, 24 Nov 2026 03:00:00 -0000"}
    assert errors.trouble(error, "prod", "eu-west-1").remedy.endswith("clock")


def test_files_are_parsed_once_until_they_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once for all profiles; and again, for all that ask, when one of them has changed."""
    import botocore.configloader as loader

    parsed: list[str] = []
    real = loader.raw_config_parse

    def counted(path: str, *more: bool) -> Any:
        parsed.append(path)
        return real(path, *more)

    monkeypatch.setattr(loader, "raw_config_parse", counted)
    text = "".join(f"[profile p{number}]\nregion=eu-west-1\n" for number in range(50))
    (tmp_path / "config").write_text(text)
    (tmp_path / "credentials").write_text(
        "".join(f"[p{n}]\naws_access_key_id=x\naws_secret_access_key=y\n" for n in range(50))
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    sessions = Sessions(Settings(), lean=True)
    for name in sessions.profiles():
        assert sessions.own_region(name) == "eu-west-1"
        sessions.client(name, "sts", "eu-west-1")
    assert len(parsed) <= 4, "the config, the credentials, and each once more as its provider reads it"
    (tmp_path / "config").write_text(text + "[profile later]\nregion=eu-west-2\n")
    assert "later" in sessions.profiles()
    assert sessions.own_region("later") == "eu-west-2"
    assert len(parsed) <= 8


def test_a_token_s_file_that_is_no_text_is_what_is_named(tmp_path: Path) -> None:
    from botocore.credentials import ContainerProvider

    (tmp_path / "token").write_bytes(b"\xff\xfe\x00")
    environ = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/x",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token"),
    }
    about = About("environment", Login("keys", "", "environment"), environ=environ)
    try:
        ContainerProvider(environ=environ).load()
    except UnicodeDecodeError as error:
        found = setting_errors.at_fault(error, about)
        assert found is not None
        assert found.cause.startswith("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: ")
    else:
        raise AssertionError("it was read")
