"""AWS Health: the events of an account, with what each concerns, and AWS's text of some. A bonus: nothing waits for it.

One service for a whole partition. Its API has an active Region and, in AWS's own partition, a standby one; a request is signed
for the Region that it is sent to (Health user guide, health-api). botocore sends a client of any other Region to an address of
that Region and signs it for us-east-1 (tried with 1.44.5), so the Region is always named here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from tui.aws import errors, mapping
from tui.aws.error_codes import error_code
from tui.aws.sessions import Sessions
from tui.domain.aws_codes import BAD_SIGNATURE
from tui.domain.health import HealthEvent
from tui.domain.health_notices import RECOVERY_CODES, TOLD_FOR
from tui.domain.sanitize import EMPTY, SafeText, clean

NO_PLAN = "SubscriptionRequiredException"
"""What an account without a support plan that has the API is answered (Health user guide, health-api)."""
STANDBY = {"us-east-1": "us-east-2"}
SERVICES = ("EC2", "EBS", "VPC", "MULTIPLE_SERVICES")
"""Whose events concern an instance. Large events stand under the last name, whatever they are of."""
_PAGE, _ARNS_A_CALL = 100, 10
MOST_EVENTS = 1000
"""The newest ones; more are not asked for."""
_MOST_PAGES = 50
_NO_RESOURCE = frozenset({"AWS_ACCOUNT", "UNKNOWN"})
"""Entities that stand for no resource in particular (health model, DescribeAffectedEntities)."""
_Doc = Mapping[str, Any]
_T = TypeVar("_T")


def regions_asked(sessions: Sessions, profile: str, first: str = "") -> tuple[str, ...]:
    """Where the profile's partition has the API: `first` if it is one of them, then the active Region, then the standby one."""
    home = sessions.home_region(profile)
    known = tuple(filter(None, (home, STANDBY.get(home, ""))))
    return tuple(dict.fromkeys((first, *known) if first in known else known))


def read_events(
    sessions: Sessions, profile: str, account_id: str, first: str = ""
) -> tuple[list[HealthEvent], str]:
    """The account's open and upcoming events, and recoveries of the last days, one for each entity; and the Region that answered.

    Raises OtherAccountError where the profile's credentials are another account's by now, and what botocore raises.
    """

    def read(client: Any) -> list[HealthEvent]:
        if (now := sessions.account(profile)) != account_id:
            raise errors.OtherAccountError(profile, now, account_id)
        found = _events(client, datetime.now(UTC))
        return list(_with_entities(client, found))

    return _anywhere(sessions, profile, first, read)


def read_texts(
    sessions: Sessions, profile: str, arns: Iterable[str], first: str = ""
) -> tuple[tuple[SafeText, SafeText], ...]:
    """AWS's text of these events, by ARN; of ten at most. Raises what botocore raises."""
    asked = list(dict.fromkeys(arns))[:_ARNS_A_CALL]

    def read(client: Any) -> tuple[tuple[SafeText, SafeText], ...]:
        answer = client.describe_event_details(eventArns=asked)
        return tuple(
            (clean(one["event"]["arn"], 1600), clean(text, 4000))
            for one in errors.member_of(answer, "successfulSet")
            if (text := one.get("eventDescription", {}).get("latestDescription"))
            and "arn" in one.get("event", {})
        )

    return _anywhere(sessions, profile, first, read)[0] if asked else ()


def probe(sessions: Sessions, profile: str) -> None:
    """Ask for a single event. Raises what botocore raises; ClientError with NO_PLAN where the account has no plan for it."""
    _anywhere(sessions, profile, "", lambda client: client.describe_events(maxResults=1))


def has_no_plan(error: BaseException) -> bool:
    """Whether it says that the account has no support plan for the API: no failure, and no other profile changes it."""
    return isinstance(error, ClientError) and error_code(error) == NO_PLAN


def _anywhere(sessions: Sessions, profile: str, first: str, read: Callable[[Any], _T]) -> tuple[_T, str]:
    """What `read` says of a client, and its Region: the next where one is away, or signs for another. Raises the first error."""
    told: Exception | None = None
    for region in regions_asked(sessions, profile, first):
        try:
            return read(sessions.client(profile, "health", region)), region
        except (HTTPClientError, ConnectionError, ClientError) as error:
            told = told or error
            if isinstance(error, ClientError) and not _may_be_elsewhere(error):
                break
    assert told is not None
    raise told


def _may_be_elsewhere(error: ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return error_code(error) in BAD_SIGNATURE or status >= 500


def _events(client: Any, now: datetime) -> list[_Doc]:
    """Each event once, the latest changed first, as Health sorts them."""
    still = {"services": list(SERVICES), "eventStatusCodes": ["open", "upcoming"]}
    done = {
        "services": ["EC2"],
        "eventTypeCodes": list(RECOVERY_CODES),
        "startTimes": [{"from": now - TOLD_FOR}],
    }
    once: dict[str, _Doc] = {}
    for wanted in (still, done):
        for event in _pages(client.describe_events, "events", MOST_EVENTS, filter=wanted):
            once.setdefault(str(event.get("arn")), event)
    return [one for one in once.values() if one.get("arn")]


def _with_entities(client: Any, events: Sequence[_Doc]) -> Iterator[HealthEvent]:
    concerned: dict[str, list[_Doc]] = {}
    asked = [str(one["arn"]) for one in events if one.get("eventScopeCode") != "PUBLIC"]
    for start in range(0, len(asked), _ARNS_A_CALL):
        wanted = {"eventArns": asked[start : start + _ARNS_A_CALL]}
        limit = _MOST_PAGES * _PAGE
        for entity in _pages(client.describe_affected_entities, "entities", limit, filter=wanted):
            concerned.setdefault(str(entity.get("eventArn")), []).append(entity)
    for event in events:
        for entity in concerned.get(str(event["arn"]), [{}]):
            yield health_event(event, entity)


def _pages(call: Any, member: str, most: int, **asked: Any) -> Iterator[_Doc]:
    """The items of all pages, `most` at most."""
    count = 0
    while True:
        answer = call(maxResults=_PAGE, **asked)
        items = errors.member_of(answer, member)
        yield from items
        count += max(len(items), 1)
        if not answer.get("nextToken") or count >= most:
            return
        asked["nextToken"] = answer["nextToken"]


def health_event(event: _Doc, entity: _Doc) -> HealthEvent:
    """An event for one of its entities; an empty one: for none in particular. An ARN is told as the id at its end."""
    value = str(entity.get("entityValue") or "").rpartition("/")[2]
    return HealthEvent(
        arn=clean(event.get("arn"), 1600),
        code=clean(event.get("eventTypeCode"), 100),
        service=clean(event.get("service"), 30),
        category=clean(event.get("eventTypeCategory"), 50),
        status=clean(event.get("statusCode"), 50),
        region=clean(event.get("region"), 50),
        zone=clean(event.get("availabilityZone"), 50),
        starts_at=mapping.utc_time(event.get("startTime")),
        ends_at=mapping.utc_time(event.get("endTime")),
        updated_at=mapping.utc_time(event.get("lastUpdatedTime")),
        entity=EMPTY if value in _NO_RESOURCE else clean(value, 200),
        entity_status=clean(entity.get("statusCode"), 50),
    )
