"""What AWS says to a request whose time is off: more than five minutes are refused.

EC2 says RequestExpired of one that is late, and AuthFailure, as of bad keys, of one from the future; others say by how much
(developer guide, errors-overview; general reference, signature version 4 troubleshooting).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tui.demo.world import AwsError

ALLOWED = timedelta(minutes=5)
_FORM = "%Y%m%dT%H%M%SZ"


def refusal(service: str, date: str, now: datetime) -> AwsError | None:
    """None if its time (the X-Amz-Date header) will do, or if it has none."""
    try:
        sent = datetime.strptime(date, _FORM).replace(tzinfo=UTC)
    except ValueError:
        return None
    if abs(now - sent) <= ALLOWED:
        return None
    late = sent < now
    if service == "ec2":
        if late:
            return AwsError("RequestExpired", "Request has expired.", 400)
        return AwsError("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
    told, edge = f"{sent:{_FORM}}", now - ALLOWED if late else now + ALLOWED
    text = (
        f"Signature expired: {told} is now earlier than {edge:{_FORM}} ({now:{_FORM}} - 5 min.)"
        if late
        else f"Signature not yet current: {told} is still later than {edge:{_FORM}} ({now:{_FORM}} + 5 min.)"
    )
    code = (
        "InvalidSignatureException"
        if service in ("cloudwatch", "cloudtrail", "health", "ssm")
        else "SignatureDoesNotMatch"
    )
    return AwsError(code, text, 403)
