"""What AWS says when it refuses a login: which role, to whom, and what would help.

Sources: STS API (AssumeRole, AssumeRoleWithWebIdentity, errors), SSO portal API (GetRoleCredentials, errors).
"""

from __future__ import annotations

import re
import shlex

from botocore import exceptions as b

from tui.aws.setting_errors import Told, misconfigured, no_login, setting_place
from tui.aws.shared_config import About
from tui.domain.instance import TroubleKind
from tui.domain.profile_names import ENVIRONMENT

_ARNS = re.compile(r"User: (\S+) is not authorized to perform: (\S+)(?: on resource: (\S+))?")
_ROLES = ("AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML")


def said(error: b.ClientError, about: About) -> Told | None:
    """What to say of AWS's refusal of a login; None where it refused something else, or what every call may be refused for."""
    answer, login = error.response.get("Error", {}), about.login
    code, message = str(answer.get("Code", "")), " ".join(str(answer.get("Message", "")).split())
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= 500 or not code or code.isdigit():
        return None
    name, role = shlex.quote(login.profile), login.role or str(about.environ.get("AWS_ROLE_ARN", "its role"))
    if error.operation_name == "GetRoleCredentials":
        what = f"role {_sso(about, 'sso_role_name')} in account {_sso(about, 'sso_account_id')}"
        return Told(
            TroubleKind.DENIED,
            f"SSO ({login.name}) gives you no {what} ({code})",
            f"ask for that assignment, or take profile {login.profile} out of {about.config}",
        )
    if error.operation_name not in _ROLES:
        return None
    if code == "AccessDenied":
        found = _ARNS.search(message)
        who = found[1] if found else f"profile {login.profile}"
        role = (found[3] or role).rstrip(".") if found else role
        why = ": a policy denies it explicitly" if "explicit deny" in message else ""
        it = "it" if found else "who asks"
        remedy = f"the role's trust policy must name {it}, and a policy of its own allow sts:AssumeRole"
        return Told(TroubleKind.DENIED, f"{who} may not assume {role}{why}", remedy)
    if error.operation_name == "AssumeRoleWithWebIdentity":
        key = "AWS_WEB_IDENTITY_TOKEN_FILE" if about.profile == ENVIRONMENT else "web_identity_token_file"
        return no_login(
            f"{key}: AWS does not accept the token ({code})",
            f"renew the token in {setting_place(key, about)}",
        )
    if code == "ValidationError":
        key = "duration_seconds" if "DurationSeconds" in message else "role_arn"
        return misconfigured(f"{key}: {message}", f"correct {setting_place(key, about)}")
    if code in ("ExpiredToken", "ExpiredTokenException", "RequestExpired"):
        renew = login.command or f"renew the credentials of profile {name}"
        return no_login(f"the credentials of {login.profile}, which assumes {role}, have expired", renew)
    if code in ("InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException"):
        return no_login(
            f"AWS does not accept the credentials of {login.profile}, which assumes {role} ({code})",
            f"check the keys of profile {login.profile} in {about.file('aws_access_key_id')}",
        )
    return no_login(
        f"AWS gave no credentials of {role} ({code}: {message})", f"check profile {name} in {about.config}"
    )


def _sso(about: About, key: str) -> str:
    """What the profile whose SSO login it is says."""
    return str(about.source.get(key, "?"))
