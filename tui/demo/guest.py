"""What runs inside an instance: since when, what fails in it, what its agent sends, and what it writes to its console."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tui.demo.clock import Clock
from tui.demo.console import POSTED_AFTER, Console, facts_of, healthy_log
from tui.demo.failure import Play
from tui.demo.history import FailingChecks, Spans

Doc = dict[str, Any]
RAN_BEFORE = timedelta(hours=20)
"""How long one that is stopped at the beginning had run."""


class Guest:
    """The system inside. `sick` names failing checks and since when; `ran` is when it ran; `plays` are its scripted failures."""

    def __init__(self, clock: Clock, doc: Doc) -> None:
        self.clock, self.doc = clock, doc
        self.sick = FailingChecks(lambda: clock.now)
        self.sick.healed = self._healed
        self.ran = Spans()
        self.plays: list[Play] = []
        self.agent = "agent"
        """CloudWatch's agent: `agent`, `host` (no InstanceId among its dimensions), `custom` (another namespace) or `absent`."""
        self.console = ""
        """What its console says, where it is not `serial`."""
        self.serial: Console | None = None
        if self.state in ("running", "stopping", "stopped"):
            self.ran.open(doc["LaunchTime"])
        if self.state == "stopped":
            self.ran.close(doc["LaunchTime"] + RAN_BEFORE)

    @property
    def state(self) -> str:
        """The instance's state as EC2 names it, such as `running`."""
        return str(self.doc["State"]["Name"])

    @property
    def nitro(self) -> bool:
        """Whether its type is of the Nitro system: what its hypervisor and volumes tell differs."""
        return not self.doc.get("_xen")

    def console_output(self, *, latest: bool) -> tuple[str, datetime]:
        """Its text, and of when it is; not the latest: what was kept at its last start, stop or reboot."""
        now = self.clock.now
        if self.console:
            return self.console, now
        serial = self._serial()
        at = now
        if not latest and self.state == "running":
            at = min(now, serial.booted + POSTED_AFTER)
        elif self.state != "running" and self.ran.last_end is not None:
            at = min(now, self.ran.last_end)
        return serial.output(at), at

    def _serial(self) -> Console:
        if self.serial is None:
            booted, ended = self.doc["LaunchTime"], self.ran.last_end
            log = "orderly" if ended is not None and self.nitro else healthy_log(self.doc)
            self.serial = Console(log, booted, ended or booted, facts=facts_of(self.doc))
        return self.serial

    def _healed(self, check: str) -> None:
        for play in self.plays:
            if play.failure.check == check:
                play.end(self.clock.now)

    def _runs_or_not(self, state: str) -> None:
        """Of its new state: from when to when there are points of it."""
        if state == "running":
            self.ran.open(self.clock.now)
        elif state not in ("pending", "stopping"):
            self.ran.close(self.clock.now)

    def _goes_down(self, log: str) -> None:
        """A Linux that answers says on its console that it goes down."""
        serial = self._serial()
        hangs = "instance" in self.sick or "system" in self.sick
        if self.nitro and not hangs and not self.console and self.doc.get("Platform") != "windows":
            serial.goes_on(log, self.clock.now)

    def _comes_up(self, checks: float) -> None:
        """Its console begins anew: with what fails again, or with a healthy boot. `checks`: seconds until they tell."""
        if not self.console:
            now = self.clock.now
            again = next((play.failure.log for play in self.plays if play.until is None), "")
            self._serial().boots(again or healthy_log(self.doc), now, now + timedelta(seconds=checks))
