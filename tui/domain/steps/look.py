"""The steps that only look."""

from __future__ import annotations

from datetime import datetime

from tui.domain.instance import CheckStatus
from tui.domain.steps.base import (
    CHECK_LIMIT,
    EVENT_LIMIT,
    Call,
    Decision,
    Done,
    Order,
    Said,
    Seen,
    Stuck,
    Wait,
    not_up,
)


class WaitChecks:
    """Waits until the system and the instance check say ok."""

    name = "wait-checks"
    about = "usually 1–3 min"

    def calls(self, order: Order) -> tuple[Call, ...]:
        """None."""
        return ()

    def decide(self, order: Order, seen: Seen, said: Said, now: datetime) -> Decision:
        """Not before they are ok; after a while a person is asked. Of an instance that is not seen to run, it is never said."""
        if (down := not_up(seen, said.began_at, now)) is not None:
            return down
        checks = (seen.checks.system.status, seen.checks.instance.status)
        if all(one is CheckStatus.OK for one in checks):
            return Done("system and instance checks are ok")
        text = f"system check {checks[0]}, instance check {checks[1]}"
        if now - said.began_at > CHECK_LIMIT:
            return Stuck(
                f"it runs, but after {int(CHECK_LIMIT.total_seconds() // 60)} minutes: {text}",
                "open it and read the checks",
            )
        return Wait(text, 3.0)


class VerifyEvent:
    """Looks whether the events that were open are gone or completed, and says what is left."""

    name = "verify-event"
    about = "AWS may take up to an hour to change the text"

    def calls(self, order: Order) -> tuple[Call, ...]:
        """None."""
        return ()

    def decide(self, order: Order, seen: Seen, said: Said, now: datetime) -> Decision:
        """Never holds the operation up for long: it runs (seen once more), only the text may be late."""
        if order.powers and (down := not_up(seen, said.began_at, now)) is not None:
            return down
        if not order.open_events:
            return Done("no event was open")
        if seen.events is None:
            return Wait("its events could not be read", 3.0)
        left = [one for one in seen.events if one.event_id in order.open_events and one.is_open(now)]
        if not left:
            return Done("the event is gone or completed")
        codes = ", ".join(sorted({one.code_text for one in left}))
        if now - said.began_at > EVENT_LIMIT:
            return Done(f"AWS still lists {codes}; look again within the hour")
        return Wait(f"AWS still lists {codes}", 5.0)
