"""Why AWS denied a call, in words a person can hand to who grants it: AWS's own reason, or the message it encodes.

Sources: IAM user guide, troubleshoot_access-denied ("because ..."); STS API, DecodeAuthorizationMessage, which needs a
permission of its own and is asked once for a profile and call.
"""

from __future__ import annotations

import json
import re
from typing import Any

from botocore.exceptions import ClientError

from tui.aws.allowlist import LOOKS, PREFIXES
from tui.aws.error_codes import error_code
from tui.aws.sessions import Sessions
from tui.domain.aws_codes import DENIED

_BECAUSE = re.compile(r"\bbecause (.+?)(?:\.\s|\.?$|\.? Encoded authorization)", re.DOTALL)
_DENY = re.compile(
    r"\bwith an explicit deny(?: in (?:an? |the )?([\w -]{3,60}?))?(?=[:.]|\s*$|\s+Encoded)(?:: (arn:\S+))?"
)
_ENCODED = re.compile(r"Encoded authorization failure message:\s*(\S+)")
MAX_ENCODED_MESSAGE = 10_240
"""Characters AWS takes (sts model, encodedMessageType); a longer one is none of its own."""


def denied_reason(sessions: Sessions, error: BaseException, profile: str) -> str:
    """The reason for a denial, not cleaned yet; empty where AWS gives none or may not be asked. Never raises."""
    if not isinstance(error, ClientError):
        return ""
    if error_code(error) not in DENIED:
        return ""
    message = str(error.response["Error"].get("Message", ""))
    if deny := _DENY.search(message):
        which = f" ({deny[2].rstrip('.')})" if deny[2] else ""
        article = "an" if deny[1] and deny[1][0] in "aeiou" else "a"
        return f"{article} {deny[1]} denies it{which}" if deny[1] else "a policy denies it explicitly"
    if plain := _BECAUSE.search(message):
        return plain[1].strip()
    encoded = _ENCODED.search(message)
    if encoded is None or len(encoded[1]) > MAX_ENCODED_MESSAGE:
        return ""
    kept = sessions.explained(profile)
    if error.operation_name not in kept:
        kept[error.operation_name] = _decoded(sessions, profile, encoded[1])
    return kept[error.operation_name]


def without_encoded_part(message: str) -> str:
    """AWS's message without the encoded part, and without the sentence that only says that it said no."""
    return _ENCODED.sub("", message).replace("You are not authorized to perform this operation.", "").strip()


ORGANISATION = re.compile(r"\b(service control|resource control) policy\b")
"""Policies of the organisation, which nobody in the account can change."""

_DENIES = re.compile(r"\bdenies\b|\bexplicit deny\b")
_LIMIT = re.compile(r"\bno (permissions boundary|session policy|VPC endpoint policy) allows\b")
"""What limits all other policies, and grants nothing itself (IAM user guide, evaluation logic)."""


def denied_remedy(operation: str, reason: str, region: str) -> str:
    """The remedy: granting a permission does not help where a policy denies it explicitly (IAM user guide, evaluation logic)."""
    if found := ORGANISATION.search(reason):
        leave = f"; until then leave {region} out (regions in config.toml)" if region else ""
        return f"only who keeps the organisation's {found[1]} policies can allow it{leave}"
    if _DENIES.search(reason):
        return "have it taken out of that policy: one permission more cannot help"
    if found := _LIMIT.search(reason):
        return f"have it allowed in that {found[1]}: a permission elsewhere cannot help"
    return f"ask for the permission to call {_permission(operation)}"


def _permission(operation: str) -> str:
    """As IAM calls it, where it is a call evac looks with."""
    for service, names in LOOKS.items():
        if operation in names:
            return f"{PREFIXES.get(service, service)}:{operation}"
    return operation


def _decoded(sessions: Sessions, profile: str, message: str) -> str:
    try:
        client = sessions.client(profile, "sts", sessions.own_region(profile))
        answer = client.decode_authorization_message(EncodedMessage=message)
        return sentence(json.loads(answer["DecodedMessage"]))
    except Exception:  # mostly: this is denied as well. The call is denied all the same, only nobody says why
        return ""


def sentence(told: Any) -> str:
    """A decoded message as a sentence: who may not do what, and whether a policy denies it or none allows it."""
    context = told["context"]
    who, action = context["principal"]["arn"], context["action"]
    resource = context.get("resource", "")
    on = f" on {resource}" if resource and resource != "*" else ""
    if told.get("explicitDeny"):
        found = told.get("matchedStatements", {}).get("items") or [{}]
        named = f" ({found[0]['statementId']})" if found[0].get("statementId") else ""
        return f"a policy{named} denies {action}{on} to {who}"
    return f"no policy allows {action}{on} to {who}"
