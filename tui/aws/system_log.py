"""A system log and a screenshot of one instance, asked for when somebody looks. Neither changes anything: nothing is woken.

What could not be read is in `Evidence.unread`. Source: EC2 API, GetConsoleOutput and GetConsoleScreenshot.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tui.aws import describe, errors, inspect
from tui.aws.error_codes import error_code
from tui.aws.sessions import Sessions
from tui.domain.diagnosis.causes import Cause
from tui.domain.diagnosis.evidence import Evidence
from tui.domain.diagnosis.log_findings import system_log
from tui.domain.instance import Target
from tui.domain.sanitize import clean

_JPEG = b"\xff\xd8\xff"
_UNSUPPORTED = "UnsupportedOperation"


def read_system_log(
    sessions: Sessions, target: Target, instance_id: str, more: Sequence[Cause] = (), *, is_xen: bool = False
) -> Evidence:
    """The system log: the newest there is, else what was kept of the last boot or stop. Never raises for AWS.

    `is_xen`: only what was kept can be had (botocore model, GetConsoleOutputRequest.Latest: Nitro only).
    """
    now = datetime.now(UTC)
    try:
        client = sessions.client(target.profile, "ec2", target.region)
        log = system_log(*inspect.console_output(client, instance_id, is_xen=is_xen), more)
    except Exception as error:  # an answer cut off makes botocore's parsers fail in Python's own ways
        return Evidence(now, unread=(("log", describe.why_unread(sessions, error, target)),))
    return Evidence(now, log=log)


def _checked(answer: Any) -> Any:
    """Raises NotAwsError where it is a proxy's page, which parses to nothing."""
    errors.member_of(answer, "InstanceId")
    return answer


def read_screenshot(sessions: Sessions, target: Target, instance_id: str) -> tuple[Evidence, bytes]:
    """A JPEG of what stands on its screen; empty where there is none. WakeUp is never sent: it presses a key in the guest."""
    now = datetime.now(UTC)
    try:
        client = sessions.client(target.profile, "ec2", target.region)
        answer = _checked(client.get_console_screenshot(InstanceId=instance_id))
        image = base64.b64decode(str(errors.member_of(answer, "ImageData")), validate=True)
    except binascii.Error:
        image = b""
    except Exception as error:  # as above
        if error_code(error) == _UNSUPPORTED:
            return _no_image(now, "AWS takes no screenshot of this type of instance")
        return _no_image(now, describe.why_unread(sessions, error, target))
    if not image.startswith(_JPEG):
        return _no_image(now, "what AWS sent as a screenshot is no JPEG")
    return Evidence(now), image


def _no_image(now: datetime, why: str) -> tuple[Evidence, bytes]:
    return Evidence(now, unread=(("screenshot", clean(why)),)), b""
