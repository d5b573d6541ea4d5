"""Error pages that AWS did not send: a proxy's or a load balancer's.

botocore would only report that the body is not XML. Here the HTTP status becomes the error's code, so that a 502 is retried
and a 407 is told as a proxy that asks for a login.
"""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

from botocore.hooks import BaseEventHooks
from botocore.model import OperationModel

_ENVELOPES = {
    "ec2": "<Response><Errors><Error><Code>{0}</Code><Message>HTTP {0}</Message></Error></Errors></Response>",
    "query": "<ErrorResponse><Error><Code>{0}</Code><Message>HTTP {0}</Message></Error></ErrorResponse>",
}


def install_error_pages(emitter: BaseEventHooks) -> None:
    """Install the hook for every client of this botocore session."""
    emitter.register("before-parse", _before_parse)


def _before_parse(operation_model: OperationModel, response_dict: dict[str, Any], **_: Any) -> None:
    """botocore's hook: an error whose body is not XML becomes an error whose code is the status."""
    status = int(response_dict["status_code"])
    envelope = _ENVELOPES.get(str(operation_model.service_model.protocol))
    if status < 400 or envelope is None or _is_xml(response_dict["body"]):
        return
    response_dict["body"] = envelope.format(status).encode()


def _is_xml(body: bytes) -> bool:
    try:
        expat.ParserCreate().Parse(body, True)
    except expat.ExpatError:
        return False
    return True
