"""One instance, how it changes state, and what its scheduled events do to it.

Sources: user guide, ec2-instance-lifecycle (states, addresses), instance-store-lifetime, schedevents_actions_reboot and
schedevents_actions_retire (what clears which event), monitoring-system-instance-status-check, event-windows.
Unsourced, built as commonly seen: the durations below, and that StartInstances of a running instance is a no-op.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any, Protocol

from tui.demo import addresses
from tui.demo.clock import Clock
from tui.demo.guest import Guest

Doc = dict[str, Any]
STOPPING, PENDING, CHECKS, REBOOTING, MIGRATING, RETITLE = 30.0, 20.0, 60.0, 40.0, 180.0, 120.0
"""AWS's seconds a transition takes: see the module's note."""
CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
CHECK_KEYS = {"system": "SystemStatus", "instance": "InstanceStatus", "attached_ebs": "AttachedEbsStatus"}


class Surroundings(Protocol):
    """The part of the world that an instance uses."""

    clock: Clock
    lag: float
    revision: int
    random: Random


class Place(Protocol):
    """The part of its region that an instance uses."""

    name: str


class DemoInstance(Guest):
    """An instance: `doc` is what DescribeInstances says of it. `sick` names failing checks and since when."""

    def __init__(self, world: Surroundings, region: Place, doc: Doc) -> None:
        super().__init__(world.clock, doc)
        self.world, self.region = world, region
        self.events: list[Doc] = []
        self.initializing_until: datetime | None = None
        self.insufficient = False
        self.application: Doc | None = None
        self.performance: Doc | None = None
        self.attributes: Doc = {"disableApiStop": False, "disableApiTermination": False}
        self.shutdown_behavior = "stop"
        self.stuck_stopping = False
        self.images_fail = False
        self.bounce: tuple[str, str] | None = (
            None  # code and message of the StateReason with which the next start falls back
        )
        self.recoveries: list[datetime] = []  # when AWS moved it
        self.recovery_fails = False
        self.stubborn = False  # a failing instance check that no reboot heals, such as a full disk
        self.auto_ip = bool(addresses.assigned_by_aws(doc))
        self.watchers: list[Callable[[str], None]] = []  # who is told of each new state
        self._view: tuple[datetime, Doc, Doc] | None = None
        self.rebooting = False
        self._epoch = 0
        self._reboots = 0

    @property
    def id(self) -> str:
        """The instance's id."""
        return str(self.doc["InstanceId"])

    @property
    def serves(self) -> bool:
        """Whether the service on it answers: it runs, and is not rebooting."""
        return self.state == "running" and not self.rebooting

    # what a client sees

    def shown(self) -> tuple[Doc, Doc]:
        """The documents of DescribeInstances and DescribeInstanceStatus, from before a change while describes lag."""
        if self._view and self.world.clock.now < self._view[0]:
            return self._view[1], self._view[2]
        self._view = None
        return self.doc, self.status()

    def status(self) -> Doc:
        """The item of DescribeInstanceStatus now. Stopped ones are `not-applicable` (commonly seen, not documented)."""
        doc: Doc = {
            "AvailabilityZone": self.doc["Placement"]["AvailabilityZone"],
            "InstanceId": self.id,
            "InstanceState": self.doc["State"],
        }
        if "Operator" in self.doc:
            doc["Operator"] = self.doc["Operator"]
        if self.events:
            doc["Events"] = [
                {k: v for k, v in event.items() if not k.startswith("_")} for event in self.events
            ]
        for check, key in CHECK_KEYS.items():
            if check == "attached_ebs" and self.doc.get("_xen"):
                continue
            doc[key] = self._check(check)
        if self.application:
            doc["ApplicationStatus"] = self.application
        if self.performance:
            doc["PerformanceStatus"] = self.performance
        return doc

    def _check(self, check: str) -> Doc:
        if self.state != "running":
            return {"Status": "not-applicable"}
        if self.insufficient:
            return {
                "Status": "insufficient-data",
                "Details": [{"Name": "reachability", "Status": "insufficient-data"}],
            }
        if check in self.sick or (check == "instance" and "system" in self.sick):
            since = self.sick.get(check) or self.sick["system"]
            return {
                "Status": "impaired",
                "Details": [{"Name": "reachability", "Status": "failed", "ImpairedSince": since}],
            }
        if self.initializing_until and self.world.clock.now < self.initializing_until:
            return {"Status": "initializing", "Details": [{"Name": "reachability", "Status": "initializing"}]}
        return {"Status": "ok", "Details": [{"Name": "reachability", "Status": "passed"}]}

    # how it changes

    def _touch(self) -> None:
        if self.world.lag and self._view is None:
            until = self.world.clock.now + timedelta(seconds=self.world.lag)
            self._view = (until, copy.deepcopy(self.doc), copy.deepcopy(self.status()))
        self.world.revision += 1

    def _become(self, name: str) -> None:
        self._touch()
        self._epoch += 1
        self.rebooting = False
        self.doc["State"] = {"Code": CODES[name], "Name": name}
        self._runs_or_not(name)
        self.sick.changed()
        for tell in self.watchers:
            tell(name)

    def _then(self, seconds: float, do: Any) -> None:
        """Do it after so many of AWS's seconds, unless the state has changed before."""
        epoch = self._epoch
        self.world.clock.later(seconds, lambda: do() if epoch == self._epoch else None)

    def stop(self, reason: str = "User initiated", force: bool = False) -> None:
        """To stopping, then stopped."""
        if self.state in ("stopped", "stopping") and not force:
            return
        self._become("stopping")
        server = reason.startswith("Server.")
        code = "Server.ScheduledStop" if server else "Client.UserInitiatedShutdown"
        text = "Stopped due to a scheduled retirement" if server else "User initiated shutdown"
        self.doc["StateReason"] = {"Code": code, "Message": f"{code}: {text}"}
        self.doc["StateTransitionReason"] = f"{reason} ({self.world.clock.now:%Y-%m-%d %H:%M:%S} GMT)"
        if not self.stuck_stopping or force:
            self._then(STOPPING, self._stopped)

    def _stopped(self) -> None:
        self._goes_down("shutdown")
        self._become("stopped")
        addresses.release(self.doc)

    def start(self) -> None:
        """To pending, then running on another host: the system and EBS checks heal and open events end."""
        if self.state in ("running", "pending"):
            return
        self._become("pending")
        self.doc["LaunchTime"] = self.world.clock.now.replace(microsecond=0)
        self.doc.pop("StateReason", None)
        self.doc["StateTransitionReason"] = ""
        host_bound = (
            self.doc["Placement"].get("Tenancy") == "host" and self.doc["Placement"].get("Affinity") == "host"
        )
        if not host_bound:
            self.sick.pop("system", None)
            self.sick.pop("attached_ebs", None)
            self._finish(lambda event: True)
        if not self.stubborn:
            self.sick.pop("instance", None)
        fails, self.bounce = self.bounce, None
        self._then(PENDING, self._running if fails is None else partial(self._fall_back, *fails))

    def _fall_back(self, code: str, message: str) -> None:
        """The start fails: from pending back to stopped (user guide, troubleshooting-launch)."""
        self._become("stopped")
        text = message if message.startswith(code) else f"{code}: {message}"
        self.doc["StateReason"] = {"Code": code, "Message": text}
        self.doc["StateTransitionReason"] = f"{code} ({self.world.clock.now:%Y-%m-%d %H:%M:%S} GMT)"

    def _running(self) -> None:
        self._become("running")
        self._comes_up(CHECKS)
        self._initialize()
        if self.auto_ip and not addresses.has_several(self.doc):
            addresses.assign(self.doc, self.region.name, self.world.random.randrange(1, 255))

    def _initialize(self) -> None:
        self.initializing_until = self.world.clock.now + timedelta(seconds=CHECKS / self.world.clock.speed)
        self.world.clock.later(CHECKS, self._bump)

    def _bump(self) -> None:
        self.world.revision += 1

    def reboot(self, by_aws: str = "") -> None:
        """In place, or onto another host when reboot migration applies or AWS does a system-reboot (`by_aws`: the event's code).

        The instance check fails meanwhile (user guide, status checks); LaunchTime and addresses stay.
        """
        self._touch()
        self._reboots += 1
        serial, ill = self._reboots, "instance" in self.sick and self.stubborn
        migrates = by_aws == "system-reboot" or (not by_aws and self._migrates())
        self._goes_down("restart")
        self.sick["instance"] = self.world.clock.now
        self.rebooting = True

        def up() -> None:
            if serial != self._reboots:
                return
            self.rebooting = False
            for tell in self.watchers:
                tell("rebooted")
            if not ill:
                self.sick.pop("instance", None)
            self._comes_up(CHECKS)
            if migrates:
                self.sick.pop("system", None)
                self.sick.pop("attached_ebs", None)
                self._finish(lambda event: event["Code"] == "system-reboot")
            self.world.revision += 1

        self._then(MIGRATING if migrates else REBOOTING, up)

    def recover(self, done: Callable[[], None]) -> None:
        """Onto another host because this one failed: id and addresses stay, memory is lost, the system check passes again."""
        self._touch()
        self._reboots += 1
        self.rebooting = True

        def up() -> None:
            self.rebooting = False
            for check in ("system", "attached_ebs", "instance"):
                if check != "instance" or not self.stubborn:
                    self.sick.pop(check, None)
            for tell in self.watchers:
                tell("rebooted")
            self._comes_up(CHECKS)
            self._finish(lambda event: event["Code"] != "system-maintenance")
            done()

        self._then(MIGRATING, up)

    def _migrates(self) -> bool:
        """Source: user guide, schedevents_actions_reboot, requirements of user-initiated reboot migration."""
        return (
            self.doc.get("MaintenanceOptions", {}).get("RebootMigration", "default") == "default"
            and self.doc["Placement"].get("Tenancy", "default") != "host"
            and not self.doc.get("_store_gb")
            and not self.doc.get("_xen")
            and not self.doc.get("_group")
            and any(
                e["Code"] == "system-reboot" and not e["Description"].startswith("[") for e in self.events
            )
        )

    def terminate(self, reason: str) -> None:
        """To shutting-down, then terminated."""
        self._become("shutting-down")
        self.doc["StateTransitionReason"] = reason
        self._then(STOPPING, lambda: self._become("terminated"))

    # events

    def add_event(self, event: Doc) -> None:
        """Add a scheduled event. It takes effect at its time; one already under way ends at its NotAfter."""
        self.events.append(event)
        self.world.revision += 1
        event_id, when, now = event["InstanceEventId"], event.get("NotBefore"), self.world.clock.now
        if not isinstance(when, datetime) or event.get("Description", "").startswith("["):
            return  # it begins at no time that could come
        if when > now:
            self.world.clock.at(when, lambda: self._fire(event_id, when))
        elif isinstance(end := event.get("NotAfter"), datetime) and end > now:
            self.world.clock.at(end, lambda: self._finish(lambda one: one is event))

    def _finish(self, which: Any) -> None:
        """Mark the event completed; it stays listed for up to a week (botocore model, InstanceStatusEvent.Description)."""
        for event in [one for one in self.events if which(one) and not one["Description"].startswith("[")]:
            event["Description"] = f"[Completed] {event['Description']}"
            gone = self.world.clock.now + timedelta(days=7)
            self.world.clock.at(gone, partial(self._drop, event))
        self.world.revision += 1

    def _drop(self, event: Doc) -> None:
        self.events = [one for one in self.events if one is not event]
        self.world.revision += 1

    def _fire(self, event_id: str, when: datetime) -> None:
        event = next((one for one in self.events if one["InstanceEventId"] == event_id), None)
        if event is None or event.get("NotBefore") != when or event["Description"].startswith("["):
            return
        code, running = event["Code"], self.state == "running"
        if code == "instance-retirement" and self.doc.get("RootDeviceType") == "instance-store":
            self.terminate("Server.ScheduledStop: instance retirement")
        elif code in ("instance-stop", "instance-retirement"):
            self.stop("Server.ScheduledStop")
        elif running and (code in ("instance-reboot", "system-reboot") or "power" in event["Description"]):
            self.reboot(by_aws=code)
        elif running and code == "system-maintenance":
            self.reboot(
                by_aws=code
            )  # seen from outside the network's gap is the same: a failing check, then none
        self.world.clock.later(
            RETITLE + MIGRATING, lambda: self._finish(lambda one: one["InstanceEventId"] == event_id)
        )
