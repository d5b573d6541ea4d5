"""What the hands look at between two calls: the instance's state, checks, events, and the AMI of the planned name.

Errors are not raised: what could not be read is *unknown* in the answer, and the step waits.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tui.aws.sessions import Sessions
from tui.domain.events import ScheduledEvent
from tui.domain.instance import Checks, CheckStatus, Image, InstanceState, StatusCheck
from tui.domain.steps import OPERATION_TAG, Order, Seen
from tui.domain.text import clean


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


class Observer:
    """Looks at one region through one profile, with a client that can only read."""

    def __init__(self, sessions: Sessions, profile: str, region: str, agent: str = "") -> None:
        self._client = sessions.client(profile, "ec2", region, agent=agent)

    def look(self, order: Order, *, images: bool) -> Seen:
        """What AWS shows now. Unknown where it did not answer."""
        ids = [order.instance_id]
        try:
            answer = self._client.describe_instances(InstanceIds=ids)
            doc = answer["Reservations"][0]["Instances"][0]
            states = self._client.describe_instance_status(InstanceIds=ids, IncludeAllInstances=True)
            status = states["InstanceStatuses"][0] if states["InstanceStatuses"] else {}
            found = self._images(order) if images else None
        except ClientError as error:
            # AWS forgets a terminated instance after an hour or so; one that was never there is not planned for.
            gone = error.response.get("Error", {}).get("Code") == "InvalidInstanceID.NotFound"
            return Seen(InstanceState.TERMINATED, reason=clean("AWS knows it no more")) if gone else Seen()
        except (BotoCoreError, KeyError, IndexError):
            return Seen()
        launched: datetime | None = doc.get("LaunchTime")
        return Seen(
            state=InstanceState(doc["State"]["Name"]),
            launched_at=launched,
            reason=clean(doc.get("StateReason", {}).get("Message") or doc.get("StateTransitionReason")),
            checks=Checks(
                system=_check(status.get("SystemStatus")),
                instance=_check(status.get("InstanceStatus")),
                attached_ebs=_check(status.get("AttachedEbsStatus")),
            ),
            events=_events(status.get("Events", [])),
            images=found,
        )

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
