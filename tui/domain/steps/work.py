"""The steps that do one thing to a running instance: an AMI, a reboot, another start of an event."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from tui.domain.answers import NoteKind
from tui.domain.instance import Image, InstanceState
from tui.domain.steps.base import (
    EXPIRES_TAG,
    GRACE,
    IMAGE_LIMIT,
    MEMBERS,
    OPERATION_TAG,
    SOURCE_TAG,
    Call,
    Decision,
    Done,
    Moot,
    Order,
    Seen,
    Send,
    Step,
    StepHistory,
    Stuck,
    Wait,
    gone,
    retry,
    spared,
    unread,
)


class MakeImage(Step):
    """Creates the AMI under a name fixed in the journal, which is looked up before any second call: there is no ClientToken."""

    name = "image"
    text = "make the AMI"
    about = "minutes; hours for a first snapshot of large volumes"
    cell = "AMI"
    looks = frozenset({"images"}) | MEMBERS

    def calls(self, order: Order) -> tuple[Call, ...]:
        tags = [
            {"Key": OPERATION_TAG, "Value": order.operation_id},
            {"Key": SOURCE_TAG, "Value": order.instance_id},
        ]
        if order.backup is not None and order.backup.expires is not None:
            tags.append({"Key": EXPIRES_TAG, "Value": f"{order.backup.expires:%Y-%m-%d}"})
        specifications = [{"ResourceType": kind, "Tags": tags} for kind in ("image", "snapshot")]
        params = {"InstanceId": order.instance_id, "Name": order.image_name, "NoReboot": order.no_reboot}
        return (Call("ec2", "CreateImage", {**params, "TagSpecifications": specifications}),)

    def decide(self, order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
        """Found by its name and this operation's tag: pending, available or failed. Not found: sent once, then looked for."""
        if seen.images is None:
            return unread(seen, "the AMIs could not be read", loud=False)
        image = next((one for one in seen.images if one.operation == order.operation_id), None)
        if image is None and seen.images and order.backup is None:
            return Stuck(
                f"an AMI named {order.image_name} exists already ({seen.images[0].image_id}), not of this operation",
                "abandon this operation and choose another name",
            )
        if image is not None:
            return self._made(order, image, said, now)
        if seen.images:
            return self._made_elsewhere(seen.images[0])
        if (lost := gone(seen, order)) is not None:
            return lost
        last = said.latest
        if last is not None and (last.ok or last.code == "InvalidAMIName.Duplicate"):
            if now - last.intent_at > 5 * GRACE:
                return Stuck(
                    "AWS has an AMI of that name and does not show it",
                    "look for it in the AWS console",
                    final=order.backup is not None,
                )
            return Wait("AWS has the AMI; waiting to see it", 2.0)
        if order.backup is not None and (busy := seen.copying & set(order.backup.beside)):
            return Wait(
                f"waits for the AMI of {min(busy)}, which serves in a group with it",
                15.0,
                kind=NoteKind.WAITS,
            )
        decision = retry(said, now, Send(self.calls(order)[0]), doing="image")
        stays_up = order.no_reboot or seen.state is InstanceState.STOPPED
        return decision if stays_up else spared(order, seen, said, now, decision)

    def _made(self, order: Order, image: Image, said: StepHistory, now: datetime) -> Decision:
        """Of this operation's own. Nobody sits before a timer's: what failed has ended, and the next night makes another."""
        if image.state == "available":
            return Done(f"{image.image_id} is available")
        if image.state == "pending":
            if not order.wait_for_image:
                return Done(f"{image.image_id} is pending")
            late = now - said.began_at > IMAGE_LIMIT
            remedy = "look at the AMI in the AWS console; abandoning this operation leaves it as it is" * late
            return Wait(f"{image.image_id} is pending", 5.0, attention=late, remedy=remedy)
        return Stuck(
            f"{image.image_id} is {image.state}: {image.state_reason}",
            "try again; the instance is as it was",
            final=order.backup is not None,
        )

    def _made_elsewhere(self, image: Image) -> Decision:
        """Another timer was quicker: its AMI has the name that this one's would have had."""
        by = f" by {image.operation}" if image.operation else ""
        if image.state == "available":
            return Moot(f"{image.image_id} was made{by} meanwhile: one copy is enough")
        if image.state == "pending":
            return Wait(f"{image.image_id}, ordered{by} meanwhile, is pending", 5.0, kind=NoteKind.WAITS)
        return Stuck(
            f"{image.image_id}, ordered{by} meanwhile, is {image.state}: {image.state_reason}",
            "try again; the instance is as it was",
            final=True,
        )


class DeprecateImage(Step):
    """Has AWS deprecate the AMI at a later time; its owner goes on seeing and launching it (user guide, ami-deprecate)."""

    name = "deprecate"
    text = "set when the AMI is deprecated"
    about = "seconds"
    cell = "AMI"
    looks = frozenset({"images"})

    def calls(self, order: Order) -> tuple[Call, ...]:
        return (self._call(order, ""),)

    def _call(self, order: Order, image_id: str) -> Call:
        at = order.backup.deprecate_at if order.backup is not None else None
        return Call("ec2", "EnableImageDeprecation", {"ImageId": image_id, "DeprecateAt": at})

    def decide(self, order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
        """Of the AMI that has its name and its tag, and of no other. Sending the same time twice is harmless."""
        if seen.images is None:
            return unread(seen, "the AMIs could not be read", loud=False)
        image = next((one for one in seen.images if one.operation == order.operation_id), None)
        last = said.latest
        if (last is not None and last.ok) or (image is not None and image.deprecated_at is not None):
            return Done()
        if image is None:
            if now - said.began_at > GRACE:
                return Stuck("its AMI is not there any more", "find out who removed it", final=True)
            return Wait("looking for its AMI", 2.0)
        decision = retry(said, now, Send(self._call(order, str(image.image_id))), doing="deprecate")
        if isinstance(decision, Stuck):  # the copy is there all the same
            return replace(
                decision, remedy=f"{image.image_id} is there; its deprecation is not set", final=True
            )
        return decision


class Reboot(Step):
    """Reboots. Its answer means *queued*, and nothing outside proves it: an unknown outcome needs a person."""

    name = "reboot"
    text = "reboot"
    about = "about half a minute in place; several minutes if it migrates"
    looks = MEMBERS
    sends = "RebootInstances"

    def decide(self, order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
        """Once, and never on a guess."""
        last = said.latest
        if last is not None and last.ok:
            return Done("queued by AWS")
        if last is not None and last.ok is None:
            return Stuck(
                "nobody can know whether AWS got the reboot: the answer was lost",
                "look at its instance check or uptime; reboot again only if it was not rebooted",
            )
        if (lost := gone(seen, order)) is not None:
            return lost
        if seen.state is InstanceState.UNKNOWN:
            return unread(seen, loud=False)
        if seen.state is not InstanceState.RUNNING:
            return Stuck(
                f"it is {seen.state}, and only a running instance can be rebooted", "start it instead"
            )
        return spared(order, seen, said, now, retry(said, now, Send(self.calls(order)[0]), doing="reboot"))


class Reschedule(Step):
    """Moves the start of a scheduled event."""

    name = "reschedule"
    text = "move the event"
    about = "shows after 1–2 min"
    cell = "moving"

    def calls(self, order: Order) -> tuple[Call, ...]:
        params = {
            "InstanceId": order.instance_id,
            "InstanceEventId": order.event_id,
            "NotBefore": order.not_before,
        }
        return (Call("ec2", "ModifyInstanceEventStartTime", params),)

    def decide(self, order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
        """Done when AWS shows the new start; sending the same start twice is harmless."""
        moved = [
            one
            for one in seen.events or ()
            if one.event_id == order.event_id and one.not_before == order.not_before
        ]
        last = said.latest
        if moved and last is not None:
            return Done("AWS shows the new start")
        if last is not None and last.ok:
            if now - last.intent_at > timedelta(minutes=5):
                return Done("AWS accepted it; the new start does not show yet")
            return Wait("accepted; it shows after 1–2 minutes", 3.0)
        return retry(said, now, Send(self.calls(order)[0]), doing="reschedule")
