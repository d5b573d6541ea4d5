"""One reader of an instance: for the collector's fresh look with all facts, and for the runner's between two calls.

Each fact is asked for by itself; one that is denied or throttled is *don't know*, with its reason, and spoils no other. The
runner gets no error: what could not be read is *unknown*, and the step waits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Executor
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from msgspec.structs import replace

from tui.aws import (
    describe,
    errors,
    event_windows,
    group_health,
    images,
    mapping,
    memberships,
    named_alarms,
    ssm_agents,
)
from tui.aws.error_codes import error_code
from tui.aws.route_tables import routes
from tui.aws.sessions import Sessions
from tui.domain.alarm_settings import AlarmSeen
from tui.domain.aws_codes import UNKNOWN_INSTANCE
from tui.domain.facts import Facts, VolumeHealth
from tui.domain.instance import Checks, Image, Instance, InstanceState, Target, TypeFacts
from tui.domain.sanitize import SafeText, clean
from tui.domain.steps.base import OPERATION_TAG, Order, Seen


def read_instance(client: Any, target: Target, instance_id: str, now: datetime) -> Instance | None:
    """The instance without its status; None if it is not in the answer. Raises what botocore raises, and NotAwsError.

    `now` is UTC, the time of this read.
    """
    answer = errors.member_of(client.describe_instances(InstanceIds=[instance_id]), "Reservations")
    items = [item for reservation in answer for item in reservation.get("Instances", ())]
    rows = [mapping.map_instance(item, target.region, now) for item in items]
    return next((replace(row, target=target) for row in rows if row.instance_id == instance_id), None)


def describe_instance(client: Any, target: Target, instance_id: str, now: datetime) -> Instance | None:
    """As `read_instance`; None also for an id that AWS does not know (any more)."""
    try:
        return read_instance(client, target, instance_id, now)
    except ClientError as error:
        if error_code(error).startswith("InvalidInstanceID"):
            return None
        raise


def read_status(client: Any, instance_id: str) -> mapping.Status | None:
    """Its state, checks and events; None if it is not in the answer. Raises what botocore raises, and NotAwsError."""
    answer = client.describe_instance_status(InstanceIds=[instance_id], IncludeAllInstances=True)
    rows = map(mapping.status, errors.member_of(answer, "InstanceStatuses"))
    return next((row for row in rows if row.instance_id == instance_id), None)


def inspect_instance(sessions: Sessions, target: Target, instance_id: str, now: datetime) -> Instance | None:
    """The instance as it is, status included; None if AWS no longer has it. Raises what botocore raises, and NotAwsError."""
    client = sessions.client(target.profile, "ec2", target.region)
    try:
        row = read_instance(client, target, instance_id, now)
        status = read_status(client, instance_id)
    except ClientError as error:
        if error_code(error).startswith("InvalidInstanceID"):
            return None
        raise
    if row is None or status is None:
        return row
    return replace(row, checks=status.checks, events=status.events, status_at=now)


def closely(
    sessions: Sessions,
    target: Target,
    instance_id: str,
    threads: Executor,
    account_id: str | None = None,
    agents: bool = False,
) -> tuple[Instance | None, Facts | None]:
    """The instance and its facts, with `agents` whether one can get onto it by Session Manager.

    Raises OtherAccountError where the credentials are no longer that account's.
    """
    now = datetime.now(UTC)
    row = inspect_instance(sessions, target, instance_id, now)
    found = describe.account(sessions, target.profile)
    if account_id is not None and found != account_id:
        raise errors.OtherAccountError(target.profile, found, account_id)
    if row is None:
        return None, None
    row = replace(row, account_id=found, profiles=(clean(target.profile),))
    return row, facts(sessions, row, now, threads, agents)


def facts(sessions: Sessions, row: Instance, now: datetime, threads: Executor, agents: bool = False) -> Facts:
    """All facts, asked for side by side. Never raises for AWS: see `Facts.unknown`."""
    profile, region, instance_id = row.target.profile, row.target.region, str(row.instance_id)
    ec2 = sessions.client(profile, "ec2", region)
    questions: dict[str, Callable[[], Any]] = {
        "type": lambda: _type(ec2, str(row.instance_type)),
        "stop_protection": lambda: _flag(ec2, instance_id, "disableApiStop", "DisableApiStop"),
        "termination_protection": lambda: _flag(
            ec2, instance_id, "disableApiTermination", "DisableApiTermination"
        ),
        "shutdown_behavior": lambda: _shutdown(ec2, instance_id),
        "membership": lambda: memberships.read_membership(sessions, row),
        "target_groups": lambda: memberships.read_target_groups(sessions, row),
        "classic_balancers": lambda: memberships.read_classic_balancers(sessions, row),
        "images": lambda: images.of(ec2, instance_id),
        "volumes": lambda: _volumes(ec2, row),
        "routes": lambda: routes(ec2, row),
        "alarms": lambda: named_alarms.of_instance(
            sessions.client(profile, "cloudwatch", region), instance_id
        ),
    }
    if row.spot_request:
        questions["spot_type"] = lambda: _spot(ec2, str(row.spot_request))
    if row.host_id:
        questions["host_state"] = lambda: _host(ec2, str(row.host_id))
    if agents:
        questions["agents"] = lambda: ssm_agents.agents_of(
            sessions.client(profile, "ssm", region), instance_id
        )
    if row.open_events(now):
        questions["windows"] = lambda: event_windows.windows_of(ec2, instance_id)
    asked = {name: threads.submit(question) for name, question in questions.items()}
    values: dict[str, Any] = {}
    unknown: list[tuple[str, SafeText]] = []
    for name, answer in asked.items():
        try:
            values[name] = answer.result()
        except Exception as error:
            unknown.append((name, clean(describe.trouble_of(sessions, error, profile, region).line)))
    return Facts(now, **values, unknown=tuple(unknown))


def _type(ec2: Any, name: str) -> TypeFacts | None:
    return describe.types(ec2, [name]).get(name)


def _attribute(ec2: Any, instance_id: str, name: str, member: str) -> Any:
    answer = ec2.describe_instance_attribute(InstanceId=instance_id, Attribute=name)
    return errors.member_of(answer, member).get("Value")


def _flag(ec2: Any, instance_id: str, name: str, member: str) -> bool | None:
    value = _attribute(ec2, instance_id, name, member)
    return value if isinstance(value, bool) else None


def _shutdown(ec2: Any, instance_id: str) -> SafeText:
    name = "instanceInitiatedShutdownBehavior"
    return clean(_attribute(ec2, instance_id, name, "InstanceInitiatedShutdownBehavior"))


def _volumes(ec2: Any, row: Instance) -> tuple[VolumeHealth, ...]:
    ids = [str(volume.volume_id) for volume in row.volumes]
    if not ids:
        return ()  # an empty list would ask for every volume of the region
    found = []
    for page in describe.pages(ec2.describe_volume_status, "VolumeStatuses", VolumeIds=ids):
        for item in page:
            status = item.get("VolumeStatus") or {}
            details = {one.get("Name"): one.get("Status") for one in status.get("Details") or ()}
            found.append(
                VolumeHealth(
                    clean(item.get("VolumeId")),
                    clean(status.get("Status")),
                    clean(details.get("io-enabled")),
                    clean(details.get("io-performance")),
                )
            )
    return tuple(found)


def _spot(ec2: Any, request_id: str) -> SafeText | None:
    answer = ec2.describe_spot_instance_requests(SpotInstanceRequestIds=[request_id])
    return next((clean(one.get("Type")) for one in answer.get("SpotInstanceRequests") or ()), None)


def _host(ec2: Any, host_id: str) -> SafeText | None:
    answer = ec2.describe_hosts(HostIds=[host_id])
    return next((clean(one.get("State")) for one in answer.get("Hosts") or ()), None)


def console_output(ec2: Any, instance_id: str, *, is_xen: bool = False) -> tuple[str, datetime | None, bool]:
    """The output as AWS has it, when it was taken, and whether that is the newest there is: where the hypervisor cannot give
    that, it is what was kept (botocore model, GetConsoleOutputRequest.Latest: Nitro only). Raises what botocore raises, and
    NotAwsError.
    """
    latest, answer = not is_xen, None
    if latest:
        try:
            answer = ec2.get_console_output(InstanceId=instance_id, Latest=True)
        except ClientError as error:
            if error_code(error) != "UnsupportedOperation":
                raise
            latest = False
    answer = answer if answer is not None else ec2.get_console_output(InstanceId=instance_id)
    errors.member_of(answer, "InstanceId")  # else it is no answer of AWS's
    return str(answer.get("Output") or ""), mapping.utc_time(answer.get("Timestamp")), latest


def unseen(sessions: Sessions, error: Exception, target: Target) -> Seen:
    """What is seen where nothing can be: why, and what to do. Never raises."""
    try:
        told = errors.trouble(error, target.profile, target.region, about=sessions.about(target.profile))
        return Seen(unread=clean(told.placed, 600), remedy=told.remedy)
    except Exception:
        return Seen(unread=clean(type(error).__name__))


class Observer:
    """What the runner looks at between two calls, in one region through one profile, with clients that can only read."""

    def __init__(self, sessions: Sessions, target: Target, agent: str = "") -> None:
        self._sessions, self._target, self._agent = sessions, target, agent
        self._ec2 = self._client("ec2")

    def look(self, order: Order, looks: Collection[str]) -> Seen:
        """What AWS shows now; what is named of `images`, `group`, `targets`, `members`, `alarm`. Unknown: it did not answer."""
        ident = order.instance_id
        try:
            row = read_instance(self._ec2, self._target, ident, datetime.now(UTC))
            if row is None or row.state is InstanceState.UNKNOWN:
                raise errors.NotAwsError("no state of it")
            found = self._images(order) if "images" in looks else None
            copying = self._copying(order) if "images" in looks else frozenset()
        except ClientError as error:
            # One that was never there is not planned for.
            if error_code(error) != UNKNOWN_INSTANCE:
                return self._stopped(ident, error)
            alarms, dark = self._alarms(order) if "alarm" in looks else (None, Seen())
            return Seen(
                InstanceState.TERMINATED,
                reason=clean("AWS knows it no more"),
                alarms=alarms,
                unread=dark.unread,
                remedy=dark.remedy,
            )
        except Exception as error:  # an answer cut off makes botocore's parsers fail in Python's own ways
            return self._stopped(ident, error)
        status, dark = self._status(ident)
        alarms = None
        if "alarm" in looks:
            alarms, no_alarms = self._alarms(order)
            dark = no_alarms if alarms is None else dark
        lifecycle, desired = (
            memberships.group_state(self._client, order) if "group" in looks else (None, None)
        )
        return Seen(
            state=row.state,
            launched_at=row.launched_at,
            reason=row.state_reason,
            checks=Checks() if status is None else status.checks,
            events=None if status is None else status.events,
            images=found,
            copying=copying,
            public_ip=row.public_ip,
            lifecycle=lifecycle,
            desired=desired,
            targets=memberships.registrations_seen(self._client, order) if "targets" in looks else None,
            groups=group_health.all_of(order.groups, self._client) if "members" in looks else (),
            reason_code=row.reason_code,
            unread=dark.unread,
            remedy=dark.remedy,
            alarms=alarms,
            auto_recovery=row.auto_recovery,
        )

    def console_output(self, instance_id: str) -> tuple[str, datetime | None, bool]:
        """Its console output, when AWS took it, and whether it is of that moment. Raises what botocore raises."""
        return console_output(self._ec2, instance_id)

    def _stopped(self, instance_id: str, error: Exception) -> Seen:
        """Where it can't be described: its status tells too that it is stopped, and that must not wait. Else unknown, and why."""
        told = unseen(self._sessions, error, self._target)
        status, _ = self._status(instance_id)
        down = status is not None and status.state is InstanceState.STOPPED
        return replace(told, state=InstanceState.STOPPED) if down else told

    def _status(self, instance_id: str) -> tuple[mapping.Status | None, Seen]:
        """Its status; and why, if it can't be read: whether it runs is known without it, and must not wait."""
        try:
            return read_status(self._ec2, instance_id), Seen()
        except Exception as error:  # as above
            return None, unseen(self._sessions, error, self._target)

    def _alarms(self, order: Order) -> tuple[tuple[AlarmSeen, ...] | None, Seen]:
        """The alarm of the order's name; and why, if it can't be read."""
        if order.alarm is None:
            return (), Seen()
        try:
            return named_alarms.by_name(self._client("cloudwatch"), [order.alarm.name]), Seen()
        except Exception as error:  # as above
            return None, unseen(self._sessions, error, self._target)

    def _client(self, service: str) -> Any:
        return self._sessions.client(self._target.profile, service, self._target.region, agent=self._agent)

    def _images(self, order: Order) -> tuple[Image, ...]:
        filters = [{"Name": "name", "Values": [order.image_name]}]
        # One that was disabled has its name all the same (EC2 API, DescribeImages: IncludeDisabled).
        answer = self._ec2.describe_images(Owners=["self"], Filters=filters, IncludeDisabled=True)
        return tuple(
            replace(mapping.map_image(doc), operation=_operation_of(doc))
            for doc in errors.member_of(answer, "Images")
            if doc.get("Name") == order.image_name
        )

    def _copying(self, order: Order) -> frozenset[str]:
        """Of which instances an AMI is being made now, whoever makes it; asked only where some must not be copied together."""
        if order.backup is None or not order.backup.beside:
            return frozenset()
        filters = [{"Name": "state", "Values": ["pending"]}]
        pages = describe.pages(self._ec2.describe_images, "Images", Owners=["self"], Filters=filters)
        return frozenset(origin for page in pages for item in page if (origin := images.source(item)[0]))


def _operation_of(image: dict[str, Any]) -> SafeText:
    """The id of the operation that made the AMI, from its tag; empty if evac did not."""
    tags = image.get("Tags") or ()
    return clean(next((tag["Value"] for tag in tags if tag["Key"] == OPERATION_TAG), ""))
