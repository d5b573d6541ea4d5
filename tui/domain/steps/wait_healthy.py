"""The step that waits until an instance serves again: as its groups tell, or, where no load balancer does, as it answers."""

from __future__ import annotations

from datetime import datetime

from tui.domain.groups import Group
from tui.domain.steps.base import (
    HEALTH_LIMIT,
    MEMBERS,
    Decision,
    Done,
    Order,
    Seen,
    Step,
    StepHistory,
    Stuck,
    TargetSeen,
    Wait,
    gone,
    not_up,
)
from tui.domain.time_format import span


class WaitHealthy(Step):
    """Waits until every group in which it was in service finds it so again: a member is back when healthy, not when running.

    One that no balancer watches is back when it answers as the settings' probe asks.
    """

    name = "wait-healthy"
    text = "wait until healthy"
    about = "the target groups' health checks, usually under a minute"
    cell = "returning"
    looks = frozenset({"targets", "probe"}) | MEMBERS

    def words(self, order: Order) -> tuple[str, str]:
        return self.text, self.about if order.probe is None else order.probe.about

    def decide(self, order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
        """After a while a person is asked: it runs, but its users don't reach it."""
        told = self._groups(order, seen, said, now)
        if order.probe is None or not isinstance(told, Done):
            return told
        if (down := not_up(seen, order, said.began_at, now)) is not None:
            return down
        answer = "it was not asked yet" if seen.probe is None else seen.probe.told
        if seen.probe is not None and seen.probe.ok:
            return Done("; ".join(part for part in (told.note, answer) if part))
        if now - said.began_at > order.probe.within:
            why = f"it runs, but after {span(order.probe.within)} there is not {order.probe.text}: {answer}"
            return Stuck(why, "look at the application, then resume")
        return Wait(f"waits for {order.probe.text}: {answer}", 3.0)

    def _groups(self, order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
        """Done, without a note where it was in service of none."""
        if (lost := gone(seen, order)) is not None:
            return lost
        late = now - said.began_at > HEALTH_LIMIT
        minutes = int(HEALTH_LIMIT.total_seconds() // 60)
        placed = {place.arn for place in order.places}
        groups = [one for one in order.groups if one.up and one.key not in placed]
        unread = next((one.text for one in groups if seen.group(one) is None), "")
        if seen.targets is None and order.places:
            unread = "its target groups"
        if unread:
            if late:
                return Stuck(f"it runs, but {unread} could not be read", "look whether it serves again")
            return Wait(f"{unread} could not be read", 3.0)
        targets = seen.targets or ()
        ill = [_health(one) for one in targets if one.place.healthy and one.state != "healthy"]
        ill += [told for one in groups if (told := _out_of(one, seen))]
        if not ill:
            back = [one.place.name for one in targets if one.place.healthy] + [one.name for one in groups]
            return Done("healthy in " + ", ".join(dict.fromkeys(back)) if back else "")
        told = ", ".join(ill)
        if late:
            return Stuck(
                f"it runs, but after {minutes} minutes: {told}", "look at the application, then resume"
            )
        return Wait(told, 3.0)


def _out_of(group: Group, seen: Seen) -> str:
    """Empty if it is in service there; else as what it is seen."""
    now = seen.group(group)
    if now is None or group.member in now.up:
        return ""
    return f"{dict(now.ill).get(group.member, 'not registered')} in {group.text}"


def _health(one: TargetSeen) -> str:
    reason = f" ({one.reason})" if one.reason else ""
    return f"{one.state or 'not registered'} in {one.place.name}{reason}"
