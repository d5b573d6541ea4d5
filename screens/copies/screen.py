"""What else of one instance can be copied: known at once, or asked when somebody comes to it."""

from __future__ import annotations

from rich.text import Text

from screens.copies.base import Copies
from screens.copies.entries import EVIDENCE, HANDOVER, Copyable, copyables, is_failing
from screens.detail.asking import Asking
from screens.detail.model import Known
from screens.detail.view_model import Scene, TriageView
from screens.render_errors import UNSHOWN, drawn_or
from tui.domain.instance import Instance
from tui.domain.logins import ProfileLogin
from tui.domain.sanitize import clean
from tui.fleet.protocol import ReadAnswer, ReadKind, ReadRequest
from tui.services import Services


class CopiesScreen(Copies, Asking):
    """Of the instance with this key (`region/id`). `known`: what another screen knows of it already.

    Nothing is copied but the text that is drawn. Why an instance fails is asked once its handover is looked at.
    """

    def __init__(self, services: Services, key: str, known: Known | None = None) -> None:
        super().__init__(services, key)
        self.known = known or self.known
        self._logins: tuple[ProfileLogin, ...] | None = None
        self._looked = False

    def on_mount(self) -> None:
        """What is known can be copied at once; the rest is asked."""
        self.known.read_history()
        self.redraw()
        if self.known.facts is None:
            self.look()
        self.ask_health()
        self._ask_logins()

    @property
    def subject(self) -> Instance | None:
        """None of its keys acts on it; the mode is its profile's all the same."""
        return self.known.instance

    def fleet_changed(self) -> None:
        self.known.see_store()
        self.known.read_history()
        self.redraw()

    def tick(self) -> None:
        self.known.read_history()
        self.redraw()

    # what is asked

    def _ask_logins(self) -> None:
        if self.services.link is not None:
            self.run_worker(self._read_logins(), group="logins")

    async def _read_logins(self) -> None:
        link = self.services.link
        if link is None:
            return
        answer = await link.request(ReadRequest(0, ReadKind.LOGINS))
        self._logins = answer.logins
        self.redraw()

    async def part_came(self, request: ReadRequest, answer: ReadAnswer) -> None:
        self.redraw()

    def _ask_evidence(self, scene: Scene) -> None:
        """What speaks for the cause: once, for somebody who looks at the handover of one that fails."""
        if self._looked or not is_failing(scene):
            return
        self._looked = True
        for kind in EVIDENCE:
            if not self.known.gathered.was_asked(kind):
                self.gather(kind)

    # what is drawn

    @property
    def file_stem(self) -> str:
        return self.key.rpartition("/")[2]

    def redraw(self) -> None:
        if not self.there or not self.query("#text"):
            return
        width = self.size.width
        scene = self.known.scene(reading=self.is_reading, wide=False, triage=TriageView(width=width))
        if scene is None:
            nothing = Text(f" {clean(self.key)}: nothing is known of it here", "bold magenta")
            self.show(nothing, [], "it is not in the list of any target; esc goes back")
            return
        row = scene.instance
        label = scene.settings.label(row.target.profile)
        head = Text(f" copy of {row.label}", "bold", no_wrap=True, overflow="ellipsis")
        head.append(f"  {row.instance_id}  {label} {row.zone or row.target.region}", "not bold dim")
        unshown = [Copyable(HANDOVER, why=f"{UNSHOWN}: it could not be put together")]
        self.show(
            head, drawn_or(self, f"{self.key}, copies", lambda: copyables(scene, self._logins), unshown)
        )
        if self.table.current is not None and self.table.current.name == HANDOVER:
            self._ask_evidence(scene)

    def verb_refresh(self) -> None:
        """Look again."""
        self.look()
        self._looked = False
        self._ask_logins()
        self.redraw()
