"""Hooks on every HTTP request, so that pages and botocore's own retries are counted too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tui.domain.aws_codes import THROTTLED


def install_request_hooks(
    client: Any, before_each: Callable[[], None], answered: Callable[[bool], None]
) -> None:
    """`before_each` is called in the reader's thread before each request is signed, and may wait.

    `answered` hears of each answer whether AWS refused it for coming too often. A client asked for again is not counted
    twice.
    """

    def begin(**_: Any) -> None:
        before_each()

    def end(parsed_response: Any = None, **_: Any) -> None:
        code = ((parsed_response or {}).get("Error") or {}).get("Code", "")
        answered(code in THROTTLED)

    events = client.meta.events
    events.register_first("request-created", begin, unique_id="evac-meter")
    events.register("response-received", end, unique_id="evac-meter-answers")
