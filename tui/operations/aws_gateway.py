"""The runner's access to AWS: observe an instance, send one call, ask who the credentials are. Its loop uses nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from tui.aws import access_denied, describe
from tui.aws.inspect import Observer, closely, unseen
from tui.aws.mutate import Outcome, send
from tui.aws.sessions import Sessions
from tui.config.schema import Settings
from tui.domain.facts import Facts
from tui.domain.instance import Instance, InstanceState, Target
from tui.domain.sanitize import clean
from tui.domain.steps.base import Call, Order, Seen, Step
from tui.operations.model import Operation
from tui.operations.probing import ask_whether_it_serves
from tui.operations.runner_log import log_line, what

__all__ = ["AwsGateway", "FreshLooks", "Gateway", "Looked", "Outcome"]


class Gateway(Protocol):
    """What the runner's loop needs of AWS; tests give another."""

    def look(self, order: Order, step: Step) -> Seen:
        """What AWS shows now of what this step wants to know. Never raises: what can't be read is unknown."""
        ...

    def send(self, call: Call, *, dry_run: bool) -> Outcome:
        """Send the call in one attempt, or as DryRun. Never raises: the outcome holds AWS's refusal."""
        ...

    def caller(self) -> tuple[str, str]:
        """The account id and ARN of the credentials (sts GetCallerIdentity); empty texts where AWS did not say."""
        ...


class AwsGateway:
    """AWS through one profile in one region. The user agent names the operation, so that CloudTrail's lines lead to it.

    Clients are made when they are first needed, and anew for as long as it takes: a login that fails at this moment (a
    credential_process that is down, a file that is being rewritten, an expired SSO token) is one that will be renewed.
    """

    def __init__(self, settings: Settings, operation: Operation) -> None:
        self._operation = operation
        self._sessions = Sessions(settings)
        self._agent = f"op/{operation.id}"
        self._clients: dict[str, Any] = {}
        self._observer: Observer | None = None
        self._stale = False
        self._demo = settings.demo

    def connect(self) -> None:
        """Make the clients that every look needs. Raises what botocore, the AWS files or a credential helper raise."""
        profile, region = self._operation.profile, self._operation.region
        client = self._sessions.client(profile, "ec2", region, mutating=True, agent=self._agent)
        observer = Observer(self._sessions, Target(profile, region), self._agent)
        self._clients, self._observer, self._stale = {"ec2": client}, observer, False

    def trouble(self, error: Exception) -> Seen:
        """Why it can't connect, and the remedy: two texts."""
        return unseen(self._sessions, error, Target(self._operation.profile, self._operation.region))

    def look(self, order: Order, step: Step) -> Seen:
        """If AWS shows nothing, the next look is with credentials read anew, as after a login elsewhere."""
        if step.name == "preflight":
            return Seen()
        if self._observer is None or self._stale:
            seen = self._renewed()
            if self._observer is None:
                return seen
        seen = self._observer.look(order, step.looks)
        if seen.state is InstanceState.TERMINATED and seen.launched_at is None and not self._own_account():
            seen = Seen()  # not gone: looked for in another account
        self._stale = self._stale or seen.state is InstanceState.UNKNOWN
        if order.probe is not None and "probe" in step.looks and seen.state is InstanceState.RUNNING:
            seen = replace(
                seen, probe=ask_whether_it_serves(order.probe, str(seen.public_ip), loopback=self._demo)
            )
        return seen

    def console_output(self, instance_id: str) -> tuple[str, datetime | None, bool]:
        """The output as AWS has it, when it was taken, and whether it is the newest there is. For any thread, after a look.

        Raises what botocore raises.
        """
        if self._observer is None:
            raise RuntimeError("not connected")
        return self._observer.console_output(instance_id)

    def state_of(self, instance_id: str, region: str) -> InstanceState:
        """An instance's state; empty where these credentials can't see it (another account or region)."""
        place = region or self._operation.region
        try:
            client = self._sessions.client(self._operation.profile, "ec2", place, agent=self._agent)
            answer = client.describe_instances(Filters=[{"Name": "instance-id", "Values": [instance_id]}])
            return InstanceState(answer["Reservations"][0]["Instances"][0]["State"]["Name"])
        except Exception:  # no such instance, no permission, no answer
            return InstanceState.UNKNOWN

    def _own_account(self) -> bool:
        return self.caller()[0] == self._operation.account_id

    def _renewed(self) -> Seen:
        """Make the clients anew. Answers the error only if there were none yet: else the old ones stay in use."""
        try:
            self._sessions.drop(self._operation.profile)
            self.connect()
        except Exception as error:
            log_line(f"{self._operation.id}: {what(error)}")
            return self.trouble(error)
        return Seen()

    def send(self, call: Call, *, dry_run: bool) -> Outcome:
        """One attempt: botocore's own retries would send a mutating call twice."""
        try:
            client = self._client(call.service)
        except Exception as error:  # no credentials at this moment, say: it was not sent
            self._stale = True
            return Outcome(False, clean(type(error).__name__), clean(error, 300))
        profile = self._operation.profile
        outcome = send(
            client,
            call,
            dry_run=dry_run,
            why=lambda error: access_denied.denied_reason(self._sessions, error, profile),
        )
        # What is refused before it was sent is refused by a login, or by files: the next look reads them anew.
        self._stale = self._stale or (outcome.ok is False and not outcome.request_id)
        return outcome

    def _client(self, service: str) -> Any:
        """The client of a service, made when a step first needs it."""
        if service not in self._clients:
            profile, region = self._operation.profile, self._operation.region
            self._clients[service] = self._sessions.client(
                profile, service, region, mutating=True, agent=self._agent
            )
        return self._clients[service]

    def caller(self) -> tuple[str, str]:
        """From sts GetCallerIdentity. Credentials that may not call it can still carry out the operation."""
        profile = self._operation.profile
        try:
            return self._sessions.account(profile), self._sessions.caller(profile)
        except Exception as error:
            log_line(f"{self._operation.id}: {what(error)}")
            return "", ""


class Looked(Struct, frozen=True):
    """A fresh look at an instance: its row and its facts; or why there is none. `gone`: AWS has it no more."""

    instance: Instance | None = None
    facts: Facts | None = None
    why: str = ""
    gone: bool = False


class FreshLooks:
    """Fresh looks at instances, with all facts, for who plans without a collector: side by side at most so many, and no two
    begun within `EVERY` seconds of one account and Region, so that each of its APIs has tokens left for everybody else.
    """

    EVERY = 0.25
    AT_ONCE = 4

    def __init__(
        self,
        settings: Settings,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sessions = Sessions(settings)
        self._askers = ThreadPoolExecutor(self.AT_ONCE, "facts")
        self._sleep, self._clock = sleep, clock
        self._lock, self._next = threading.Lock(), dict[tuple[str, str], float]()

    def look(self, target: Target, instance_id: str, account_id: str) -> Looked:
        """For any thread. Never raises."""
        self._wait(account_id or target.profile, target.region)
        try:
            row, facts = closely(self._sessions, target, instance_id, self._askers, account_id or None)
        except Exception as error:
            told = unseen(self._sessions, error, target)
            self._sessions.drop(target.profile)  # as after a login elsewhere
            return Looked(why=f"{told.unread}{': ' * bool(told.remedy)}{told.remedy}")
        if row is None:
            return Looked(why=f"{instance_id} is no longer there", gone=True)
        return Looked(row, facts)

    def mates(self, target: Target, tag: str, value: str, account_id: str) -> tuple[Instance, ...] | None:
        """The instances of this account and Region with that value of the tag; None: nobody could tell. Never raises."""
        self._wait(account_id or target.profile, target.region)
        try:
            client = describe.client_of(self._sessions, target.profile, target.region, account_id)
            return tuple(describe.tagged(client, target.region, tag, value, datetime.now(UTC)))
        except Exception:  # whatever it is: it is asked again, and nobody is begun meanwhile
            self._sessions.drop(target.profile)
            return None

    def _wait(self, *place: str) -> None:
        key = (place[0], place[1])
        with self._lock:
            at = max(self._clock(), self._next.get(key, 0.0))
            self._next[key] = at + self.EVERY
        self._sleep(max(0.0, at - self._clock()))
