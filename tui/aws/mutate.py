"""The only place that sends a call which changes something: only what a step declares, one attempt, the answer as a value.

A retry by the SDK could send twice (measured: StopInstances twice in 14 of 100 trials); so retries go through the journal.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from msgspec import Struct

from tui.aws import access_denied
from tui.aws.allowlist import CallNotAllowedError, NotDemoError
from tui.aws.credential_chain import NeedsPersonError
from tui.aws.error_codes import error_code
from tui.domain.sanitize import EMPTY, SafeText, clean
from tui.domain.steps import sendable
from tui.domain.steps.base import Call

SENDABLE = sendable()
_SILENT = frozenset(
    {"DeleteAlarms", "DeregisterTargets", "PutMetricAlarm", "RebootInstances", "RegisterTargets"}
)
"""They answer with a request id alone (models of elbv2, ec2 and cloudwatch); a proxy's page has none."""


class Outcome(Struct, frozen=True):
    """The answer to a call. `ok` None: unknown whether AWS did it (the answer was lost)."""

    ok: bool | None
    code: SafeText = EMPTY
    message: SafeText = EMPTY
    request_id: SafeText = EMPTY


def _snake(name: str) -> str:
    return "".join("_" + char.lower() if char.isupper() else char for char in name).lstrip("_")


def send(
    client: Any, call: Call, *, dry_run: bool = False, why: Callable[[Exception], str] = lambda error: ""
) -> Outcome:
    """Send the call once. `why` may know more of an error than its message says. Raises PermissionError for a call that no
    step declares.
    """
    if (call.service, call.operation) not in SENDABLE:
        raise PermissionError(f"no step of evac sends {call.service}:{call.operation}")
    params = {key: _aware(value) for key, value in call.params.items()}
    if dry_run:
        params["DryRun"] = True
    try:
        answer = getattr(client, _snake(call.operation))(**params)
    except ClientError as error:
        detail = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        request_id = error.response.get("ResponseMetadata", {}).get("RequestId", "")
        code = error_code(error)
        # A plain server error may come after the effect; AWS's own words for "not now" do not.
        unknown = status >= 500 and (code in ("InternalError", "InternalFailure", "") or code.isdigit())
        message = clean(
            why(error) or access_denied.without_encoded_part(str(detail.get("Message") or "")), 300
        )
        return Outcome(None if unknown else False, clean(code), message, clean(request_id))
    except HTTPClientError as error:
        # Nothing left this machine if no connection was made; anything later is unknown.
        refused = type(error).__name__ in (
            "EndpointConnectionError",
            "ConnectTimeoutError",
            "ProxyConnectionError",
            "SSLError",
        )
        return Outcome(False if refused else None, _code(error, refused), clean(error, 300))
    except (BotoCoreError, NeedsPersonError) as error:
        return Outcome(False, clean(type(error).__name__), clean(error, 300))
    except (CallNotAllowedError, NotDemoError):
        raise
    except (
        Exception
    ) as error:  # botocore's parsers fail in Python's own ways at an answer cut off: it came after the effect
        return Outcome(None, clean(type(error).__name__), clean(error, 300))
    metadata = answer.get("ResponseMetadata", {})
    told = bool(metadata.get("RequestId")) and call.operation in _SILENT
    known = dry_run or told or len(answer) > 1
    if not known:  # an answer without its members is not AWS's: a proxy's page parses to nothing
        return Outcome(None, clean("NotAwsError"), clean("the answer was not AWS's"))
    return Outcome(True, request_id=clean(metadata.get("RequestId")))


def _code(error: Exception, refused: bool) -> SafeText:
    return clean("Unavailable" if refused else type(error).__name__)


def _aware(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value
