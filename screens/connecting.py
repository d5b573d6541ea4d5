"""`C`: onto an instance in this terminal, and back. Whether it may be, how it is done, and what came of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from screens.base import EvacScreen
from screens.terminal_driver import OnTerminal
from tui.domain.instance import Instance, InstanceState
from tui.domain.profile_names import ENVIRONMENT
from tui.fleet.protocol import ReadKind, ReadRequest
from tui.services import Services

if TYPE_CHECKING:  # the first frame needs none of what connecting does
    from tui.domain.facts import Facts

LOOK_WITHIN = 15.0
"""Seconds that the closer look may take; then one goes without it."""
_DOWN = (InstanceState.STOPPED, InstanceState.STOPPING, InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED)


class Connecting(EvacScreen):
    """A screen about instances, from which one gets onto them."""

    @property
    def facts_of_subject(self) -> Facts | None:
        """What a closer look at the subject has told, where this screen has taken one."""
        return None

    def verb_connect(self) -> None:
        """Bring a stopped program back; else begin one for the instance, or say why not."""
        if not isinstance(self.app, OnTerminal):
            return
        if self.app.job is not None:
            from tui.foreground import bring_back

            bring_back(self.app)
            return
        instance = self.subject
        reason = why_not_connectable(instance, self.services)
        if reason or instance is None:
            self.say(f"Connect: {reason}", "warning")
            return
        work = self._connect(self.app, instance)
        self.app.run_worker(work, group="connect", exclusive=True, exit_on_error=False)

    async def _connect(self, app: OnTerminal[int], instance: Instance) -> None:
        from tui.domain.connect import connect_command, why_no_connection
        from tui.foreground import ForegroundError, run_in_foreground
        from tui.operations.programs import in_foreground

        configured, facts = self.services.settings.connect.command, self.facts_of_subject
        if not configured and (facts is None or facts.agents is None):
            facts = await self._looked(instance) or facts
            subject = self.subject
            if app.screen is not self or subject is None or subject.key != instance.key:
                app.say_line(f"{instance.label}: not connected, since you went on; C asks again")
                return
        arguments = connect_command(instance, facts, configured)
        if not arguments:
            self.say(f"Connect: {why_no_connection(instance, facts, configured)}", "warning")
            return
        if arguments[0] == "aws" and instance.target.profile == ENVIRONMENT and not configured:
            self.say(
                "Connect: no program is given this shell's credentials; copy its command with Y", "warning"
            )
            return
        try:
            code = await run_in_foreground(app, arguments, in_foreground(self.services.environ))
        except ForegroundError as error:
            self.say(f"Connect: {error}", "warning")
        else:
            how = "ended" if code == 0 else f"ended with exit code {code}"
            app.say_line(f"{instance.label}: {Path(arguments[0]).name} {how}")

    async def _looked(self, instance: Instance) -> Facts | None:
        """Whether SSM knows it. None: nobody could tell."""
        link = self.services.link
        if link is None:
            return None
        self.say(f"{instance.label}: asking whether Session Manager knows it")
        request = ReadRequest(0, ReadKind.LOOK, instance.target, str(instance.instance_id))
        try:
            return (await asyncio.wait_for(link.request(request), LOOK_WITHIN)).facts
        except TimeoutError:
            return None


def why_not_connectable(instance: Instance | None, services: Services) -> str:
    """Why no program may be begun for it, in a sentence without a full stop; empty: it may be."""
    if instance is None:
        return "no instance is selected"
    from tui.operations.programs import why_no_programs

    if why := why_no_programs(services.settings, instance.target.profile, instance.account_id):
        return f"{why}; its command can be copied with Y"
    return f"{instance.label} is {instance.state}" if instance.state in _DOWN else ""
