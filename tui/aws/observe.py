"""What the hands look at between two calls: the instance's state, checks and events, and what the step asks for beside them.

That is the AMI of the planned name, the membership in an Auto Scaling group, the health in target groups, and who of its groups
is in service. Errors are not raised: what could not be read is *unknown* in the answer, and the step waits.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError
from msgspec.structs import replace

from tui.aws import errors, group_health
from tui.aws.error_codes import error_code
from tui.aws.sessions import Sessions
from tui.domain.aws_codes import UNKNOWN_INSTANCE
from tui.domain.events import ScheduledEvent
from tui.domain.instance import Checks, CheckStatus, Image, InstanceState, StatusCheck
from tui.domain.sanitize import clean
from tui.domain.steps import OPERATION_TAG, Order, Seen, TargetRegistration, TargetSeen


def _check(doc: dict[str, Any] | None) -> StatusCheck:
    if not doc:
        return StatusCheck(CheckStatus.NOT_REPORTED)
    try:
        return StatusCheck(CheckStatus(doc.get("Status", "unknown")))
    except ValueError:
        return StatusCheck(CheckStatus.UNKNOWN)


def _events(docs: list[dict[str, Any]]) -> tuple[ScheduledEvent, ...]:
    return tuple(
        ScheduledEvent(
            clean(doc.get("Code")),
            clean(doc.get("InstanceEventId")),
            clean(doc.get("Description")),
            doc.get("NotBefore"),
            doc.get("NotAfter"),
            doc.get("NotBeforeDeadline"),
        )
        for doc in docs
    )


def unseen(sessions: Sessions, error: Exception, profile: str, region: str) -> Seen:
    """What is seen where nothing can be: why, and what to do. Never raises."""
    try:
        told = errors.trouble(error, profile, region, about=sessions.about(profile))
        return Seen(unread=told.cause, remedy=told.remedy)
    except Exception:
        return Seen(unread=clean(type(error).__name__))


class Observer:
    """Looks at one region through one profile, with clients that can only read."""

    def __init__(self, sessions: Sessions, profile: str, region: str, agent: str = "") -> None:
        self._sessions, self._profile, self._region, self._agent = sessions, profile, region, agent
        self._client = sessions.client(profile, "ec2", region, agent=agent)

    def look(self, order: Order, looks: Collection[str]) -> Seen:
        """What AWS shows now; of `images`, `group`, `targets`, `members` what is named. Unknown where it did not answer."""
        ids = [order.instance_id]
        try:
            answer = self._client.describe_instances(InstanceIds=ids)
            doc = answer["Reservations"][0]["Instances"][0]
            state = InstanceState(doc["State"]["Name"])
            found = self._images(order) if "images" in looks else None
        except ClientError as error:
            # AWS forgets a terminated instance after an hour or so; one that was never there is not planned for.
            gone = error_code(error) == UNKNOWN_INSTANCE
            gone_now = Seen(InstanceState.TERMINATED, reason=clean("AWS knows it no more"))
            return gone_now if gone else self._stopped(ids, error)
        except Exception as error:  # an answer cut off makes botocore's parsers fail in Python's own ways
            return self._stopped(ids, error)
        launched: datetime | None = doc.get("LaunchTime")
        checks, events, dark = self._status(ids)
        lifecycle, desired = self._group(order) if "group" in looks else (None, None)
        return Seen(
            state=state,
            launched_at=launched,
            reason=clean((doc.get("StateReason") or {}).get("Message") or doc.get("StateTransitionReason")),
            checks=checks,
            events=events,
            images=found,
            public_ip=clean(doc.get("PublicIpAddress")),
            lifecycle=lifecycle,
            desired=desired,
            targets=self._targets(order) if "targets" in looks else None,
            groups=group_health.all_of(order.groups, self._other) if "members" in looks else (),
            reason_code=clean((doc.get("StateReason") or {}).get("Code")),
            unread=dark.unread,
            remedy=dark.remedy,
        )

    def _stopped(self, ids: list[str], error: Exception) -> Seen:
        """Where it can't be described: its status tells too that it is stopped, and that must not wait. Else unknown, and why."""
        told = unseen(self._sessions, error, self._profile, self._region)
        try:
            states = self._client.describe_instance_status(InstanceIds=ids, IncludeAllInstances=True)
            down = states["InstanceStatuses"][0]["InstanceState"]["Name"] == InstanceState.STOPPED
        except Exception:  # as above
            return told
        return replace(told, state=InstanceState.STOPPED) if down else told

    def _status(self, ids: list[str]) -> tuple[Checks, tuple[ScheduledEvent, ...] | None, Seen]:
        """Its checks and events; and why, if they can't be read: whether it runs is known without them, and must not wait."""
        try:
            states = self._client.describe_instance_status(InstanceIds=ids, IncludeAllInstances=True)
            status = states["InstanceStatuses"][0] if states["InstanceStatuses"] else {}
            checks = Checks(
                system=_check(status.get("SystemStatus")),
                instance=_check(status.get("InstanceStatus")),
                attached_ebs=_check(status.get("AttachedEbsStatus")),
            )
            return checks, _events(status.get("Events", [])), Seen()
        except Exception as error:  # as above
            return Checks(), None, unseen(self._sessions, error, self._profile, self._region)

    def _other(self, service: str) -> Any:
        return self._sessions.client(self._profile, service, self._region, agent=self._agent)

    def _group(self, order: Order) -> tuple[str | None, int | None]:
        """Its state in the order's group (empty: it is no member of that), and the group's desired capacity."""
        lifecycle: str | None = None
        try:
            client = self._other("autoscaling")
            rows = client.describe_auto_scaling_instances(InstanceIds=[order.instance_id])[
                "AutoScalingInstances"
            ]
            mine = [one for one in rows if one["AutoScalingGroupName"] == order.group]
            lifecycle = clean(mine[0]["LifecycleState"]) if mine else ""
            groups = client.describe_auto_scaling_groups(AutoScalingGroupNames=[order.group])
            return lifecycle, groups["AutoScalingGroups"][0]["DesiredCapacity"]
        except Exception:  # as above
            return lifecycle, None

    def _targets(self, order: Order) -> tuple[TargetSeen, ...] | None:
        """Each place of the order; None if only one of them could not be read."""
        try:
            client = self._other("elbv2")
            return tuple(self._target(client, place) for place in order.places)
        except Exception:  # as above
            return None

    def _target(self, client: Any, place: TargetRegistration) -> TargetSeen:
        answer = client.describe_target_health(TargetGroupArn=place.arn)
        for one in answer["TargetHealthDescriptions"]:
            target, health = one["Target"], one["TargetHealth"]
            if target.get("Id") == place.target_id and place.port in (None, target.get("Port")):
                why = clean(health.get("Description") or health.get("Reason"))
                return TargetSeen(place, clean(health["State"]), why)
        return TargetSeen(place, "")

    def _images(self, order: Order) -> tuple[Image, ...]:
        filters = [{"Name": "name", "Values": [order.image_name]}]
        answer = self._client.describe_images(Owners=["self"], Filters=filters)
        return tuple(
            Image(
                clean(doc["ImageId"]),
                clean(doc.get("Name")),
                clean(doc.get("State")),
                None,
                clean(doc.get("StateReason", {}).get("Message")),
                clean(next((tag["Value"] for tag in doc.get("Tags", []) if tag["Key"] == OPERATION_TAG), "")),
            )
            for doc in answer["Images"]
            if doc.get("Name") == order.image_name
        )
