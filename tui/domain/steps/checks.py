"""The steps that only look."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from tui.domain.events import EventCode, ScheduledEvent
from tui.domain.instance import CheckStatus
from tui.domain.steps.base import (
    CHECK_LIMIT,
    EVENT_LIMIT,
    Decision,
    Done,
    Order,
    Seen,
    Step,
    StepHistory,
    Stuck,
    Wait,
    not_up,
)


class WaitChecks(Step):
    """Waits until the system, the instance and the attached-EBS check say ok; tells what became of the public address."""

    name = "wait-checks"
    text = "wait for the status checks"
    about = "usually 1–3 min"

    def decide(self, order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
        """Not before they are ok; after a while a person is asked. Of an instance that is not seen to run, it is never said.

        After a reboot an ok counts only once it can't be from before it.

        The EBS check is not reported for Xen types (user guide, status checks): that is no failure. *Unknown* is.
        """
        if (down := not_up(seen, order, said.began_at, now)) is not None:
            return down
        checks = {"system": seen.checks.system.status, "instance": seen.checks.instance.status}
        if seen.checks.attached_ebs.status is not CheckStatus.NOT_REPORTED:
            checks["EBS"] = seen.checks.attached_ebs.status
        ill = {name: status for name, status in checks.items() if status is not CheckStatus.OK}
        moved = address_change(order, seen)
        if not ill:
            left = order.reboot_settle - (now - said.began_at) if order.reboots else timedelta()
            if left > timedelta():
                return Wait("the checks say ok, but that may be from before the reboot: looking on", 3.0)
            return Done(_and(f"{_listed(list(checks))} checks are ok", moved))
        text = _awaited(ill, order)
        if seen.unread:
            text = f"its checks could not be read: {seen.unread}"
        if now - said.began_at > CHECK_LIMIT:
            return Stuck(
                _and(f"it runs, but after {int(CHECK_LIMIT.total_seconds() // 60)} minutes: {text}", moved),
                str(seen.remedy) or "open it and read the checks",
            )
        return Wait(text, 3.0)


_WORDS = {
    CheckStatus.NOT_REPORTED: "not reported",
    CheckStatus.UNKNOWN: "not known",
    CheckStatus.INSUFFICIENT_DATA: "has too little data",
    CheckStatus.NOT_APPLICABLE: "does not apply yet",
}


def _awaited(ill: Mapping[str, CheckStatus], order: Order) -> str:
    """What the checks say that are not ok. Being rebooted fails the instance check (user guide, status checks)."""
    if set(ill.values()) == {CheckStatus.INITIALIZING}:
        return f"AWS has only begun its checks: {_listed(list(ill))}"
    text = ", ".join(f"{name} check {_WORDS.get(status, status)}" for name, status in ill.items())
    rebooting = order.reboots and ill == {"instance": CheckStatus.IMPAIRED}
    return f"{text}, as it is while it reboots" if rebooting else text


def _listed(names: list[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def address_change(order: Order, seen: Seen) -> str:
    """The public address before and after, if it is another: `public address 203.0.113.9 → 203.0.113.77`."""
    if order.public_ip == seen.public_ip:
        return ""
    if not order.public_ip:
        return f"public address {seen.public_ip}"
    return f"public address {order.public_ip} → {seen.public_ip or 'none'}"


def _and(first: str, second: str) -> str:
    return f"{first}; {second}" if second else first


class VerifyEvent(Step):
    """Looks whether the events that were open are gone or completed, and says what is left and why."""

    name = "verify-event"
    text = "see the event gone"
    about = "AWS may take up to an hour to change the text"

    def decide(self, order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
        """Never holds the operation up for long: it runs (seen once more), only the text may be late."""
        if order.powers and (down := not_up(seen, order, said.began_at, now)) is not None:
            return down
        if not order.open_events:
            return Done("no event was open")
        if seen.events is None:
            told = "its events could not be read" + (f": {seen.unread}" if seen.unread else "")
            late = now - said.began_at > EVENT_LIMIT
            return Done(f"{told}; look again whether one is left") if late else Wait(told, 3.0)
        mine = {str(one.event_id): one for one in seen.events if one.event_id in order.open_events}
        left = [one for one in mine.values() if one.is_open(now)]
        if not left:
            over = sorted({one.code_text for one in mine.values()})
            return Done(f"completed: {', '.join(over)}" if over else "AWS lists the event no more")
        codes = ", ".join(sorted({one.code_text for one in left}))
        hopeless = order.reboots and all(one.code is not EventCode.SYSTEM_REBOOT for one in left)
        if hopeless or now - said.began_at > EVENT_LIMIT:
            return Done(f"AWS still lists {codes}; {_why(order, left)}")
        return Wait(f"AWS still lists {codes}", 5.0)


def _why(order: Order, left: list[ScheduledEvent]) -> str:
    """Source: user guide, schedevents_actions_reboot and event-windows."""
    if order.reboots:
        if any(one.code is EventCode.SYSTEM_REBOOT for one in left):
            return "it rebooted in place and did not migrate, or the text is late: look again within the hour"
        return "a reboot of one's own does not clear it: it stays on its host"
    return "its text may take an hour to change: look again then"
