"""Whether this shell has credentials of its own, beside those of the profiles."""

from __future__ import annotations

from collections.abc import Mapping

import botocore.session

from tui.domain import names

_CONTAINER = (
    "AWS_CREDENTIAL_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_OWN_LOGIN = frozenset(
    [
        "aws_access_key_id",
        "credential_process",
        "login_session",
        "sso_account_id",
        "sso_role_name",
        "web_identity_token_file",
    ]
)
"""A profile with one of these has credentials of its own; with none, the chain goes on to a container or a machine."""


def own_credentials(shell: botocore.session.Session, environ: Mapping[str, str]) -> bool:
    """Whether `aws` without --profile speaks here with something that no profile is, in the order of botocore's chain:
    keys, a role, a web identity, what the profile has, files of old tools, a container. A machine's role is not looked for.
    """
    if names.has_keys(environ):
        return True
    profile = shell.full_config.get("profiles", {}).get(shell.get_config_variable("profile") or "default", {})
    if "role_arn" in profile and "web_identity_token_file" not in profile:
        return False
    if names.has_token(environ):
        return True
    return not _OWN_LOGIN & profile.keys() and any(name in environ for name in _CONTAINER)
