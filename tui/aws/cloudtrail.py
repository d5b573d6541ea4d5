"""What was changed last: the management events that CloudTrail keeps of a resource for 90 days.

Reads and dry runs are left out. What could not be read is in `Evidence.unread`. Source: CloudTrail API, LookupEvents; CloudTrail
user guide, cloudtrail-event-reference-record-contents.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from tui.aws import describe, errors, mapping
from tui.aws.sessions import Sessions
from tui.domain.diagnosis.change_words import change_words
from tui.domain.diagnosis.evidence import Change, Evidence
from tui.domain.instance import Target
from tui.domain.sanitize import EMPTY, SafeText, clean

EVENTS_A_PAGE, MOST_PAGES = 50, 2
ENOUGH = 10
"""Changes, after which no further page is asked for: AWS answers two calls a second."""
SEARCHED = clean(f"only the newest {EVENTS_A_PAGE * MOST_PAGES} events were looked through: most are reads")
_OURS = re.compile(r"\bevac/\S* op/([\w.-]{1,80})")
_DRY_RUN = "DryRunOperation"
_SSO = re.compile(r"\AAWSReservedSSO_(.+)_[0-9a-f]{16}\Z")


def read_changes(sessions: Sessions, target: Target, resource: str, turn: Callable[[], None]) -> Evidence:
    """The latest changes of an instance, a volume or a security group, the newest first. Never raises for AWS.

    `turn` is called before each call and returns when it may be sent.
    """
    now = datetime.now(UTC)
    found: list[tuple[Change, Mapping[str, Any]]] = []
    why = SEARCHED
    try:
        client = sessions.client(target.profile, "cloudtrail", target.region)
        for page in _pages(client, resource, turn):
            if page is None:
                why = EMPTY
                break
            found += [one for item in page if (one := _change(item, resource)) is not None]
            if len(found) >= ENOUGH:
                why = EMPTY
                break
    except Exception as error:  # an answer cut off makes botocore's parsers fail in Python's own ways
        why = describe.why_unread(sessions, error, target)
    unread = (("changes", why),) if why else ()
    if why and why is not SEARCHED and not found:
        return Evidence(now, unread=unread)
    found.sort(key=lambda one: one[0].at, reverse=True)
    words = change_words([(str(change.event), str(change.error), record) for change, record in found])
    changes = (replace(change, what=clean(what, 300)) for (change, _), what in zip(found, words, strict=True))
    return Evidence(now, changes=tuple(changes), unread=unread)


def _pages(client: Any, resource: str, turn: Callable[[], None]) -> Iterator[list[Any] | None]:
    """The events of each page, MOST_PAGES at most; None after the last one there is."""
    asked: dict[str, Any] = {
        "LookupAttributes": [{"AttributeKey": "ResourceName", "AttributeValue": resource}],
        "MaxResults": EVENTS_A_PAGE,
    }
    for _ in range(MOST_PAGES):
        turn()
        answer = client.lookup_events(**asked)
        yield errors.member_of(answer, "Events")
        if not answer.get("NextToken"):
            yield None
            return
        asked["NextToken"] = answer["NextToken"]


def _change(item: Mapping[str, Any], resource: str) -> tuple[Change, Mapping[str, Any]] | None:
    """An event as a change, with its record; None for a read, a dry run, and what has no time."""
    record = _record(item.get("CloudTrailEvent"))
    at = mapping.utc_time(item.get("EventTime"))
    code = str(record.get("errorCode") or "")
    if at is None or str(item.get("ReadOnly")).lower() == "true" or record.get("readOnly") is True:
        return None
    if code.endswith(_DRY_RUN):
        return None
    ours = _OURS.search(str(record.get("userAgent") or ""))
    return (
        Change(
            at,
            clean(item.get("EventName"), 100),
            clean(item.get("EventId"), 100),
            _who(record, item.get("Username")),
            clean(record.get("sourceIPAddress"), 100),
            EMPTY,
            clean(code.removeprefix("Client.").removeprefix("Server."), 100),
            clean(resource, 100),
            clean(ours[1]) if ours else EMPTY,
        ),
        record,
    )


def _record(text: Any) -> Mapping[str, Any]:
    """The record within an event; empty where it is none."""
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}


def _who(record: Mapping[str, Any], username: Any) -> SafeText:
    """A user's name; of a role the session and the role; of an AWS service the service's."""
    identity = _dict(record.get("userIdentity"))
    if identity.get("type") == "AssumedRole":
        session = str(identity.get("arn") or identity.get("principalId") or "").rpartition("/")[2]
        role = str(_dict(_dict(identity.get("sessionContext")).get("sessionIssuer")).get("userName") or "")
        if sso := _SSO.match(role):
            role = sso[1]
        name = str(username or session)
        return clean(f"{name} ({role})" if role and role != name else name, 100)
    if identity.get("type") == "Root":
        return clean("root")
    return clean(username or identity.get("userName") or identity.get("invokedBy"), 100)


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
