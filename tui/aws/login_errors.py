"""What fails while a session, its credentials or its clients are made: a login or a setting, never a fault of ours.

Each line names the key and the file at fault, and a remedy that works there. Sources: botocore's credentials, tokens and
exceptions modules.
"""

from __future__ import annotations

import re
import shlex
from typing import Any

from botocore import exceptions as b

from tui.aws.credential_chain import NeedsPersonError
from tui.aws.credential_process import EMPTY_OUTPUT
from tui.aws.setting_errors import Told, at_fault, misconfigured, no_login, setting_place, variable_of
from tui.aws.shared_config import About
from tui.domain.profile_names import ENVIRONMENT


def login_trouble(error: BaseException, about: About) -> Told | None:
    """What to say of it; None where it is something else."""
    for kinds, say in _TABLE:
        if isinstance(error, kinds):
            found: Told | None = say(error, about)
            return found._replace(cause=found.cause.rstrip(". ")) if found else None
    return at_fault(error, about)


def _needs_person(error: Any, about: About) -> Told:
    device = getattr(error, "device", "") or about.login.device or "a device"
    ask = "aws sts get-caller-identity" + (
        "" if about.profile == ENVIRONMENT else f" --profile {shlex.quote(about.profile)}"
    )
    return no_login(
        f"its role asks for a code of {device}", f"{ask} asks you for it; evac then goes on by itself"
    )


def _no_profile(error: Any, about: About) -> Told:
    name = str(error.kwargs.get("profile", about.profile))
    if about.profile == ENVIRONMENT:
        variable = next(
            (one for one in ("AWS_DEFAULT_PROFILE", "AWS_PROFILE") if one in about.environ), "AWS_PROFILE"
        )
        if not name:
            return misconfigured(f"{variable} is set, and empty", f"unset {variable}")
        return misconfigured(
            f"{variable} names {name}, which is no profile", f"unset {variable}, or correct it"
        )
    if about.unnamed:
        return misconfigured("no such profile", f"write [profile {name}] for [{name}] in {about.config}")
    if about.near:
        return misconfigured(
            "no such profile", f"did you mean {about.near}? aws configure list-profiles names those there are"
        )
    return misconfigured("no such profile", "aws configure list-profiles names those there are")


def _no_credentials(error: Any, about: About) -> Told:
    profile = shlex.quote(about.profile)
    if about.profile == ENVIRONMENT:
        return no_login("no credentials", "aws configure, aws configure sso, or try evac --demo")
    if any(str(key).startswith("granted_") for key in about.values):
        return no_login(
            "only Granted knows its credentials",
            f"assume {profile}, or credential_process = granted credential-process --profile {profile} in {about.config}",
        )
    if about.environ.get("AWS_VAULT"):
        return no_login("no credentials outside aws-vault", f"aws-vault exec {profile} -- evac")
    return no_login("no credentials", f"aws configure --profile {profile}")


def _partial(error: Any, about: About) -> Told:
    key = str(error.kwargs.get("cred_var", ""))
    if error.kwargs.get("provider") == "env" and key.startswith("AWS_"):
        return no_login(
            f"AWS_ACCESS_KEY_ID is set, {key} is not", f"export {key}, or unset AWS_ACCESS_KEY_ID"
        )
    if "source_profile" in key:
        return misconfigured(
            "role_arn stands there without source_profile or credential_source",
            f"add one of them to profile {about.profile} in {about.config}",
        )
    if key.startswith("aws_"):
        return no_login(
            f"{key} is missing",
            f"add it to profile {about.login.profile} in {about.file('aws_access_key_id')}",
        )
    return no_login(
        "only a part of the credentials is there", f"aws configure --profile {shlex.quote(about.profile)}"
    )


def _login_gone(what: str, kind: str, command: str, about: About) -> Told:
    login = about.login
    command = login.command or f"{command} --profile {shlex.quote(login.profile)}"
    of = f"{kind} {login.name}" if login.name else ""
    return no_login(f"the {what} has expired or is missing", command, of)


def _dependency(error: Any, about: About) -> Told:
    if "botocore[crt]" in str(error):
        return misconfigured(
            "login_session (aws login) needs evac's extra evac[login]",
            "pipx inject evac 'botocore[crt]' (or pip install 'evac[login]')",
            "evac[login]",
        )
    return misconfigured(str(error), "install what is missing beside evac")


def _retrieval(error: Any, about: About) -> Told:
    provider, words = str(error.kwargs.get("provider", "")), str(error.kwargs.get("error_msg", error)).strip()
    if provider == "custom-process" and words == EMPTY_OUTPUT:
        return misconfigured(
            f"credential_process: {words}", f"correct {setting_place('credential_process', about)}"
        )
    if provider == "custom-process":
        place = setting_place("credential_process", about).removeprefix("credential_process of ")
        return no_login(
            f"credential_process: {words or 'it failed without a word'}",
            f"run by hand the credential_process of {place}",
        )
    if provider == "container-role":
        key = variable_of("AWS_CONTAINER_CREDENTIALS_FULL_URI", about)
        return no_login(f"the container's credentials: {words}", f"check what {key} names")
    if provider == "env":
        key = "AWS_SESSION_TOKEN" if "token" in words else "AWS_ACCESS_KEY_ID"
        return no_login(f"{key}: {words}", f"export {key} anew, as one line")
    if provider in ("Ec2InstanceMetadata", "Environment", "EcsContainer"):
        return no_login(
            f"credential_source = {provider}: there are none here",
            f"correct {setting_place('credential_source', about)}, or use the profile where there are",
        )
    return no_login(str(error), f"check profile {about.login.profile} in {about.config}")


def _invalid(error: Any, about: About) -> Told:
    text = str(error)
    if found := re.search(r'credential source "([^"]*)".* is not valid', text):
        return misconfigured(
            f"credential_source = {found[1]} is none there is",
            f"correct {setting_place('credential_source', about)}: "
            "Environment, Ec2InstanceMetadata or EcsContainer",
        )
    if found := re.search(
        r'sso-session does not exist: "(.*)"|"(.*)" sso_session configuration does not', text
    ):
        name = found[1] or found[2] or ""
        if name in ("", "None"):  # botocore's None: it stands there with nothing behind it
            return misconfigured("sso_session is empty", f"correct {setting_place('sso_session', about)}")
        return misconfigured(
            f"sso_session = {name}, and there is no [sso-session {name}]",
            f"aws configure sso-session, or correct {setting_place('sso_session', about)}",
        )
    named = re.search(r'[Tt]he profile "([^"]+)"', text)
    name = named[1] if named else about.login.profile
    return misconfigured(text, f"correct profile {name} in {about.config}")


def _unreadable(error: Any, about: About) -> Told:
    path = str(error.kwargs.get("path", about.config))
    reason = " ".join(str(error.kwargs.get("error", "")).split())
    reason = re.sub(
        rf"(While reading from|Source contains parsing errors:|file:) '{re.escape(path)}',? ?", "", reason
    )
    if "values to unpack" in reason:
        reason = "an indented line without ="
    return misconfigured(f"{path} cannot be read" + (f" ({reason})" if reason else ""), f"correct {path}")


def _region(error: Any, about: About) -> Told:
    name = str(error.kwargs.get("region_name", ""))
    for variable in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        if name and about.environ.get(variable) == name:
            return misconfigured(f"{name} is not the name of a region", f"correct {variable}")
    for key in ("region", "sso_region"):
        if name and name in (str(about.values.get(key, "")), str(about.source.get(key, ""))):
            comment = "; a comment needs a line of its own" if re.search(r"\s[#;]", name) else ""
            cause = f"{key} = {name} is not the name of a region"
            return misconfigured(cause, f"correct {setting_place(key, about)}{comment}")
    return misconfigured("not the name of a region", "correct regions in config.toml or --region")


def _bundle(error: Any, about: About) -> Told | None:
    """Certificates to go by that cannot be read; all else about TLS is the network's."""
    found = re.search(r"\[Errno \d+\] ([\w ]+)", str(error))
    if not found:
        return None
    variable = next((one for one in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE") if about.environ.get(one)), "")
    key = variable if variable == "AWS_CA_BUNDLE" or "ca_bundle" not in about.values else "ca_bundle"
    path = about.environ.get(key) or about.values.get("ca_bundle", "")
    return misconfigured(
        f"{key or 'ca_bundle'}: {path}: {found[1]}", f"correct {setting_place(key or 'ca_bundle', about)}"
    )


_TABLE: tuple[tuple[Any, Any], ...] = (
    (b.SSLError, _bundle),
    ((NeedsPersonError, b.RefreshWithMFAUnsupportedError), _needs_person),
    (b.ProfileNotFound, _no_profile),
    (b.NoCredentialsError, _no_credentials),
    (b.PartialCredentialsError, _partial),
    (
        (b.SSOTokenLoadError, b.UnauthorizedSSOTokenError, b.TokenRetrievalError),
        lambda e, about: _login_gone("SSO login", "sso", "aws sso login", about),
    ),
    (
        b.SSOError,
        lambda e, about: no_login(str(e), about.login.command or "aws sso login"),
    ),
    (
        (b.LoginRefreshRequired, b.LoginTokenLoadError, b.LoginInsufficientPermissions, b.LoginError),
        lambda e, about: _login_gone("login", "login", "aws login", about),
    ),
    (b.MissingDependencyException, _dependency),
    (b.CredentialRetrievalError, _retrieval),
    (
        b.MetadataRetrievalError,
        lambda e, about: no_login(str(e), "check the role of this machine"),
    ),
    (b.InvalidConfigError, _invalid),
    ((b.ConfigParseError, b.ConfigNotFound), _unreadable),
    (
        b.NoRegionError,
        lambda e, about: misconfigured("no region", f"give --region, or a region in {about.config}"),
    ),
    ((b.InvalidRegionError, b.UnknownRegionError), _region),
)  # the first match wins: subclasses stand before their bases
