"""The other services evac reads: sts, and iam's alias. A few lines an operation."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from tui.demo.request import Request
from tui.demo.world import AwsError

Doc = dict[str, Any]


def GetCallerIdentity(request: Request, params: Doc) -> Doc:
    """Needs no permission."""
    return {"Account": request.identity.account, "Arn": request.identity.arn, "UserId": request.key}


def DecodeAuthorizationMessage(request: Request, params: Doc) -> Doc:
    """What was denied to whom, as the message that this AWS encoded says (sts model, DecodeAuthorizationMessage)."""
    told = request.world.denials.get(params["EncodedMessage"])
    if told is None:
        raise AwsError("InvalidAuthorizationMessageException", "Could not decode the message.")
    return {"DecodedMessage": json.dumps(told)}


def AssumeRole(request: Request, params: Doc) -> Doc:
    """Temporary keys in the account of the role; a role of an account that is not here trusts nobody."""
    role, who = params["RoleArn"], request.identity.arn
    if role.split(":")[4] not in request.world.accounts:
        message = f"User: {who} is not authorized to perform: sts:AssumeRole on resource: {role}"
        raise AwsError("AccessDenied", message, 403)
    key, identity = request.world.assume(params["RoleArn"], params["RoleSessionName"])
    expires = request.world.clock.now + timedelta(hours=1)
    credentials = {
        "AccessKeyId": key,
        "SecretAccessKey": "demo",
        "SessionToken": "demo",
        "Expiration": expires,
    }
    user = {"AssumedRoleId": f"AROADEMO:{params['RoleSessionName']}", "Arn": identity.arn}
    return {"Credentials": credentials, "AssumedRoleUser": user}


def AssumeRoleWithWebIdentity(request: Request, params: Doc) -> Doc:
    """As AssumeRole, for whoever has a token: this AWS trusts every provider of identities (sts model)."""
    if not params["WebIdentityToken"].strip():
        raise AwsError("InvalidIdentityToken", "The ID Token provided is not a valid JWT.")
    session = params.get("RoleSessionName", "web")
    return AssumeRole(request, {"RoleArn": params["RoleArn"], "RoleSessionName": session})


def ListAccountAliases(request: Request, params: Doc) -> Doc:
    """The account's alias."""
    alias = request.world.accounts[request.identity.account].alias
    return {"AccountAliases": [alias] if alias else [], "IsTruncated": False}
