"""The describe calls → domain, page by page. Everything raises what botocore raises; `errors` makes lines of it.

Shapes come without a profile: `target.profile` is empty until who asked fills it in, so that one answer serves every
profile of the account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from msgspec.structs import replace

from tui.aws import access_denied, errors, mapping
from tui.aws.error_codes import error_code
from tui.aws.mapping import Status
from tui.aws.sessions import Sessions
from tui.domain.aws_codes import DISABLED_OR_BAD
from tui.domain.down_by_aws import REASON_CODES, STOPPED
from tui.domain.events import KNOWN_CODES
from tui.domain.instance import Instance, Target, Trouble, TypeFacts
from tui.domain.sanitize import SafeText, clean
from tui.errors import EvacError

PAGE = 1000
"""What AWS's own paging example asks for (developer guide, ec2-api-pagination)."""
IDS_A_CALL = 200
"""Values a filter may hold (user guide, Using_Filtering)."""
IDS_A_STATUS = 100
"""Ids that DescribeInstanceStatus takes by name (botocore model, DescribeInstanceStatusRequest.InstanceIds)."""
PROBLEM_FILTERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("event.code", tuple(code.value for code in KNOWN_CODES)),
    ("system-status.status", ("impaired",)),
    ("instance-status.status", ("impaired",)),
    ("attached-ebs-status.status", ("impaired",)),
    ("application-status.status", ("impaired",)),
)
"""A call each: different filters are ANDed (user guide, Using_Filtering)."""


def account(sessions: Sessions, profile: str) -> SafeText:
    """The account id of a profile's credentials (GetCallerIdentity needs no permission). Raises what botocore raises."""
    found = sessions.account(profile)
    if not found:
        raise errors.NotAwsError("GetCallerIdentity without an account")
    return clean(found)


def alias(sessions: Sessions, profile: str, account_id: str) -> SafeText:
    """That account's name, for the eye alone: empty where it has none, iam:ListAccountAliases is denied or unreachable, or the
    profile is of another account by now."""
    try:
        client = sessions.client(profile, "iam", sessions.own_region(profile))
        aliases = client.list_account_aliases().get("AccountAliases") or [""]
        if str(account(sessions, profile)) != account_id:
            return clean("")
    except Exception:  # whatever it was, nobody misses more than a name
        return clean("")
    return clean(aliases[0])


def client_of(sessions: Sessions, profile: str, region: str, account_id: str) -> Any:
    """A client of EC2 that certainly is that account's. Raises OtherAccountError."""
    client = sessions.client(profile, "ec2", region)
    if str(now := account(sessions, profile)) != account_id:
        raise errors.OtherAccountError(profile, str(now), account_id)
    return client


def regions(sessions: Sessions, profile: str) -> tuple[str, ...]:
    """The regions to read: those somebody named, else those the account has enabled, its own first."""
    if fixed := sessions.fixed_regions(profile):
        with suppress(
            Exception
        ):  # made while AWS still says whose credentials these are; who needs it is told what failed
            sessions.client(profile, "ec2", fixed[0])
        return fixed
    own = sessions.own_region(profile)
    found = sessions.anywhere(
        profile, lambda region: _enabled(sessions, profile, region), ("UnauthorizedOperation",)
    )
    enabled = [str(clean(one)) for one in found]
    ordered = sorted(enabled, key=lambda name: (name != own, name))
    return tuple(name for name in ordered if sessions.allowed_region(name))


def strange_regions(sessions: Sessions, profile: str, named: Sequence[str]) -> tuple[str, ...]:
    """Which of the regions that somebody named do not exist, as far as botocore knows and AWS, asked of those, confirms.

    Told as a target that does not answer, a mistyped one would be the network's fault; told as empty, health.
    """
    strange = [name for name in named if name not in sessions.known_regions(profile)]
    if not strange:
        return ()
    try:
        enabled = set(_enabled(sessions, profile, sessions.home_region(profile)))
    except (ClientError, BotoCoreError):
        return ()  # nobody can tell
    return tuple(name for name in strange if name not in enabled)


def own_regions(sessions: Sessions, profile: str) -> tuple[str, ...]:
    """The profile's own region: all there is to read where it may not ask which are enabled."""
    own = sessions.own_region(profile)
    return (own,) if sessions.allowed_region(own) else ()


def trouble_of(
    sessions: Sessions, error: BaseException, profile: str, region: str, doing: str = ""
) -> Trouble:
    """errors.trouble, and where AWS's word does not tell a bad key from a disabled region, DescribeRegions elsewhere does."""
    code = error_code(error)
    if region and code in DISABLED_OR_BAD:
        own = sessions.own_region(profile)
        home = own if own != region else sessions.home_region(profile)
        # Refused there too: the keys are bad everywhere, and the first error says it.
        with suppress(ClientError, BotoCoreError):
            if home != region and region not in _enabled(sessions, profile, home):
                return errors.disabled(profile, region, code)
    why = access_denied.denied_reason(sessions, error, profile)
    return errors.trouble(error, profile, region, about=sessions.about(profile), doing=doing, why=why)


def why_unread(sessions: Sessions, error: BaseException, target: Target) -> SafeText:
    """Cause and remedy of what is asked only when somebody looks: nobody keeps trying, so the remedy is to ask again."""
    trouble = trouble_of(sessions, error, target.profile, target.region)
    first, _, more = trouble.remedy.partition("; ")
    if first.startswith("evac "):
        again = "ask again" if more in ("", "no action needed") else f"ask again; {more}"
        trouble = replace(trouble, remedy=clean(again))
    return clean(trouble.bare, 600)


def _enabled(sessions: Sessions, profile: str, region: str) -> list[str]:
    answer = errors.member_of(sessions.client(profile, "ec2", region).describe_regions(), "Regions")
    return [one["RegionName"] for one in answer if one.get("OptInStatus", "") != "not-opted-in"]


def pages(call: Callable[..., Any], member: str, **params: Any) -> Iterator[list[Any]]:
    """The list member of each page, to the last; a page may be empty and still have a next one.

    Raises NotAwsError for an answer without the member (HTML parses to an empty one), or whose token repeats.
    """
    token = ""
    while True:
        answer = call(**params, **({"NextToken": token} if token else {}))
        yield errors.member_of(answer, member)
        following = answer.get("NextToken") or ""
        if not following:
            return
        if following == token:
            raise errors.NotAwsError("the next page is the same one")
        token = following


def statuses(client: Any) -> list[Status]:
    """The status of every instance. Raises what botocore raises, and NotAwsError."""
    call = client.describe_instance_status
    return [
        mapping.status(item)
        for page in pages(call, "InstanceStatuses", IncludeAllInstances=True, MaxResults=PAGE)
        for item in page
    ]


class ManyError(EvacError):
    """There are more statuses than fit on a page."""


def few_statuses(client: Any) -> list[Status]:
    """Every instance's status where one page holds them: one call that answers everything. Raises ManyError."""
    answer = client.describe_instance_status(IncludeAllInstances=True, MaxResults=PAGE)
    items = errors.member_of(answer, "InstanceStatuses")
    if answer.get("NextToken"):
        raise ManyError
    return [mapping.status(item) for item in items]


def problems(client: Any) -> list[Status]:
    """The statuses with an event or an impaired check, by small filtered calls."""
    found: dict[str, Status] = {}
    call = client.describe_instance_status
    for name, values in PROBLEM_FILTERS:
        filters = [{"Name": name, "Values": list(values)}]
        try:
            for page in pages(
                call, "InstanceStatuses", IncludeAllInstances=True, MaxResults=PAGE, Filters=filters
            ):
                for one in map(mapping.status, page):
                    if one.is_problem:
                        found[one.instance_id] = one
        except ClientError as error:
            # The newest filters are not known everywhere; the full read that follows needs none.
            if error_code(error) not in ("InvalidParameterValue", "InvalidFilter"):
                raise
    return list(found.values())


def instances(
    client: Any,
    region: str,
    now: datetime,
    ids: Sequence[str] | None = None,
    page_read: Callable[[list[Instance]], None] = lambda page: None,
) -> list[Instance]:
    """All instances, or those of `ids` that are there. `page_read` is called with each page as it comes."""
    wanted: list[dict[str, Any]] = [{}]
    if ids is not None:
        parts = [list(ids[start : start + IDS_A_CALL]) for start in range(0, len(ids), IDS_A_CALL)]
        wanted = [{"Filters": [{"Name": "instance-id", "Values": part}]} for part in parts]
    found: list[Instance] = []
    only = None if ids is None else set(ids)
    for params in wanted:
        for page in pages(client.describe_instances, "Reservations", MaxResults=PAGE, **params):
            rows = [row for row in _rows(page, region, now) if only is None or row.instance_id in only]
            page_read(rows)
            found.extend(rows)
    return found


def describe_down(client: Any, region: str, now: datetime) -> list[Instance]:
    """The instances that AWS stopped or whose start failed, by one filtered call: their statuses vanish after a while."""
    filters = [
        {"Name": "instance-state-name", "Values": [state.value for state in STOPPED]},
        {"Name": "state-reason-code", "Values": list(REASON_CODES)},
    ]
    found = pages(client.describe_instances, "Reservations", MaxResults=PAGE, Filters=filters)
    return [row for page in found for row in _rows(page, region, now)]


def tagged(client: Any, region: str, tag: str, value: str, now: datetime) -> list[Instance]:
    """The instances with that value of the tag, and their checks. AWS takes `*` and `?` for any text: who asks compares."""
    filters = [{"Name": f"tag:{tag}", "Values": [value]}]
    found = pages(client.describe_instances, "Reservations", MaxResults=PAGE, Filters=filters)
    rows = [row for page in found for row in _rows(page, region, now)]
    states: dict[str, Status] = {}
    for start in range(0, len(rows), IDS_A_STATUS):
        ids = [str(row.instance_id) for row in rows[start : start + IDS_A_STATUS]]
        answer = client.describe_instance_status(InstanceIds=ids, IncludeAllInstances=True)
        for one in map(mapping.status, errors.member_of(answer, "InstanceStatuses")):
            states[str(one.instance_id)] = one
    return [
        replace(row, checks=states[row.instance_id].checks, events=states[row.instance_id].events)
        if row.instance_id in states
        else row
        for row in rows
    ]


def _rows(reservations: list[Any], region: str, now: datetime) -> Iterator[Instance]:
    for reservation in reservations:
        for item in reservation.get("Instances", ()):
            yield mapping.map_instance(item, region, now)


def types(client: Any, names: Sequence[str]) -> dict[str, TypeFacts]:
    """`TypeFacts` by type name; at most 100 names a call (botocore model, DescribeInstanceTypesRequest)."""
    found: dict[str, TypeFacts] = {}
    for start in range(0, len(names), 100):
        part = list(names[start : start + 100])
        for page in pages(client.describe_instance_types, "InstanceTypes", InstanceTypes=part):
            found.update({str(clean(item.get("InstanceType"))): mapping.type_facts(item) for item in page})
    return found
