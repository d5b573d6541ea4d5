"""The code in what botocore raises; what it means is said in tui.domain.aws_codes."""

from __future__ import annotations

from botocore.exceptions import ClientError


def error_code(error: BaseException) -> str:
    """AWS's error code, not cleaned; empty where AWS sent none, or it was not AWS that refused."""
    answer = error.response.get("Error", {}) if isinstance(error, ClientError) else {}
    return str(answer.get("Code", ""))
