"""AWS Health: one service an account, whatever the Region; its events and what they concern.

Sources: health model (filters, the newest change first, 1 to 100 a page, 10 ARNs a call), Health user guide, health-api
(us-east-1 is active, us-east-2 stands by, a request is signed for the active one; without a support plan
SubscriptionRequiredException). Unsourced: the page's size where nobody says one, and the words of the errors.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from tui.demo import filters
from tui.demo.metric_values import hash_of
from tui.demo.request import Request
from tui.demo.world import Account, AwsError, World

Doc = dict[str, Any]
_KEPT, _PAGE, _ARNS = timedelta(days=90), 10, 10
_ACTION = {"scheduledChange": "ACTION_REQUIRED", "accountNotification": "ACTION_MAY_BE_REQUIRED"}
_MATCHED = {
    "eventArns": "arn", "eventTypeCodes": "eventTypeCode", "services": "service", "regions": "region",
    "availabilityZones": "availabilityZone", "eventTypeCategories": "eventTypeCategory",
    "eventStatusCodes": "statusCode", "actionabilities": "actionability",
}  # fmt: skip
_TIMES = {"startTimes": "startTime", "endTimes": "endTime", "lastUpdatedTimes": "lastUpdatedTime"}


def announce(
    world: World, account: Account, code: str, entities: Iterable[str], region: str, **more: Any
) -> Doc:
    """Keep an event of this account for these entities (instances, volumes, `AWS_ACCOUNT`; none: of a whole zone or Region).

    `more`: fields of health's Event; `text` its description; `entity_status`. Else it is open, begins now, and its category
    follows from its code. The event's document.
    """
    now, held, names = world.clock.now.replace(microsecond=0), account.health_events, list(entities)
    text, status = more.pop("text", ""), more.pop("entity_status", "UNKNOWN")
    service = more.pop(
        "service", "EC2" if "_EC2_" in code else "EBS" if "_EBS_" in code else code.split("_")[1]
    )
    category = more.pop("eventTypeCategory", _category(code))
    number = hash_of(f"{account.number}{region}{code}{len(held)}{names[:1]}")
    doc: Doc = {
        "arn": f"arn:aws:health:{region}::event/{service}/{code}/{code}_{number:016x}"[:1600],
        "service": service, "eventTypeCode": code, "eventTypeCategory": category, "region": region, "startTime": now,
        "lastUpdatedTime": more.get("startTime", now), "statusCode": "open",
        "eventScopeCode": "ACCOUNT_SPECIFIC" if names else "PUBLIC",
        "actionability": _ACTION.get(category, "INFORMATIONAL"), "personas": ["OPERATIONS"], **more,
    }  # fmt: skip
    doc["_text"] = text or f"{code}: see the affected resources."
    doc["_entities"] = [
        {
            "entityArn": f"arn:aws:health:{region}:{account.number}:entity/{hash_of(doc['arn'] + name):016x}",
            "eventArn": doc["arn"], "entityValue": name, "awsAccountId": account.number,
            "lastUpdatedTime": doc["lastUpdatedTime"], "statusCode": status, "tags": {},
        }
        for name in names
    ]  # fmt: skip
    held.append(doc)
    world.revision += 1
    return doc


def _category(code: str) -> str:
    if code.endswith("_ISSUE"):
        return "issue"
    scheduled = ("_SCHEDULED", "_EVENT", "_EXPEDITED")
    return "scheduledChange" if code.endswith(scheduled) else "accountNotification"


def _open(request: Request) -> list[Doc]:
    """The account's events of 90 days, the one changed last first. Refuses a wrong Region, and an account without a plan."""
    world, account = request.world, request.world.accounts[request.identity.account]
    if request.region.name != world.health_region:
        text = f"Credential should be scoped to a valid region: '{world.health_region}'."
        raise AwsError("InvalidSignatureException", text, 403)
    if not account.health:
        raise AwsError("SubscriptionRequiredException", "", 400)
    since = world.clock.now - _KEPT
    found = [one for one in account.health_events if one["lastUpdatedTime"] >= since]
    return sorted(found, key=lambda one: one["lastUpdatedTime"], reverse=True)


def _within(at: datetime | None, ranges: list[Doc]) -> bool:
    return at is not None and any(
        one.get("from", at) <= at <= one.get("to", at) for one in ranges
    )  # an open end holds for every time


def _fits(event: Doc, wanted: Doc) -> bool:
    """Whether it passes the filter: different members AND, the values of one OR."""
    if any(event.get(field) not in wanted[name] for name, field in _MATCHED.items() if name in wanted):
        return False
    if any(not _within(event.get(field), wanted[name]) for name, field in _TIMES.items() if name in wanted):
        return False
    for name, field in (("entityValues", "entityValue"), ("entityArns", "entityArn")):
        # A public event is answered too, though it has nothing to do with the entity (health model, DescribeEvents).
        if (
            name in wanted
            and event["_entities"]
            and not any(one[field] in wanted[name] for one in event["_entities"])
        ):
            return False
    return "personas" not in wanted or bool({*event["personas"]} & {*wanted["personas"]})


def _page(found: list[Doc], params: Doc, name: str) -> Doc:
    size, token = params.get("maxResults", _PAGE), params.get("nextToken")
    if not 1 <= size <= 100:
        raise AwsError("ValidationException", "maxResults must be between 1 and 100")
    try:
        at = int(base64.urlsafe_b64decode(token.encode()).decode().removeprefix("page")) if token else 0
    except ValueError:
        raise AwsError("InvalidPaginationToken", "The pagination token is not valid.") from None
    answer: Doc = {name: [filters.public(one) for one in found[at : at + size]]}
    if len(found) > at + size:
        answer["nextToken"] = base64.urlsafe_b64encode(f"page{at + size}".encode()).decode()
    return answer


def _at_most_ten(params: Doc) -> list[str]:
    arns: list[str] = params["eventArns"]
    if not 1 <= len(arns) <= _ARNS:
        text = f"1 validation error detected: eventArns must have between 1 and {_ARNS} members"
        raise AwsError("ValidationException", text)
    return arns


def DescribeEvents(request: Request, params: Doc) -> Doc:
    """The events that pass the filter, in short."""
    wanted = params.get("filter", {})
    return _page([one for one in _open(request) if _fits(one, wanted)], params, "events")


def DescribeEventDetails(request: Request, params: Doc) -> Doc:
    """Up to ten, with their text."""
    held = {one["arn"]: one for one in _open(request)}
    found, missing = [], []
    for arn in _at_most_ten(params):
        if arn in held:
            event = held[arn]
            text = {"latestDescription": event["_text"]}
            found.append({"event": filters.public(event), "eventDescription": text, "eventMetadata": {}})
        else:
            missing.append({"eventArn": arn, "errorName": "InvalidArn", "errorMessage": "Unknown event"})
    return {"successfulSet": found, "failedSet": missing}


def DescribeAffectedEntities(request: Request, params: Doc) -> Doc:
    """What up to ten events concern."""
    wanted = params["filter"]
    arns = set(_at_most_ten(wanted))
    found = [
        one for event in _open(request) if event["arn"] in arns for one in event["_entities"]
        if one["entityValue"] in wanted.get("entityValues", [one["entityValue"]])
        and one["entityArn"] in wanted.get("entityArns", [one["entityArn"]])
        and one["statusCode"] in wanted.get("statusCodes", [one["statusCode"]])
    ]  # fmt: skip
    return _page(found, params, "entities")
