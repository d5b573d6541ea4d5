"""Which logins there are, and further profiles to read: what the console's screen of profiles asks for."""

from __future__ import annotations

import time

from tui.domain.instance import EVERYWHERE
from tui.fleet import protocol
from tui.fleet.collector.fetch import threaded
from tui.fleet.collector.profiles import Profiles
from tui.fleet.collector.requests import Requests
from tui.fleet.collector.schedule import Job


class Logins(Profiles, Requests):
    """Beside what is asked of instances and targets."""

    async def answer(self, request: protocol.ReadRequest) -> None:
        """Answer a request; never raises."""
        if request.kind is protocol.ReadKind.LOGINS:
            self.send(await self.logins(request))
        elif request.kind is protocol.ReadKind.ADD:
            await self.read_also(request.profiles)
            self.send(protocol.ReadAnswer(request.id))
        elif request.kind is protocol.ReadKind.THROUGH:
            self.read_through(request.profiles)
            self.send(protocol.ReadAnswer(request.id))
        else:
            await super().answer(request)

    async def logins(self, request: protocol.ReadRequest) -> protocol.ReadAnswer:
        """Of each profile that may be read how its login is renewed, those that are not read among them."""
        try:
            found = await threaded(self.lookers, self.sessions.logins, tuple(self.order))
        except Exception as error:  # the files cannot be parsed
            return protocol.ReadAnswer(request.id, trouble=await self.trouble(error, "", ""))
        return protocol.ReadAnswer(request.id, logins=found)

    async def read_also(self, profiles: tuple[str, ...]) -> None:
        """Read these from now on as well. What the site policy hides, and what no file has, is not begun."""
        while EVERYWHERE in self.unidentified:  # what is read besides these is not known yet
            await self.cover_news.wait()  # set whenever one of them is known
        try:
            known = {one.profile for one in await threaded(self.lookers, self.sessions.logins, ())}
        except Exception:  # begin() says so, and tries again
            return
        for profile in profiles:
            if profile in known and profile not in self.order:
                self.send(protocol.Delta(profiles=(*self.order, profile)))
                self.add(profile)
        self.wake.set()

    def read_through(self, profiles: tuple[str, ...]) -> None:
        """Read the accounts of these through them first, and act through them: the rows become their targets'."""
        self.through = frozenset(profiles)
        self.order.update({name: self.rank(name, place) for place, name in enumerate(self.order)})
        now = time.monotonic()
        for place, unit in self.units.items():
            if unit.reorder(self.order):
                self.schedule.refresh(place, now, Job.STATUS)
        self.wake.set()
