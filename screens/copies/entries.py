"""What can be copied of one instance: each with its text, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from msgspec import Struct

from screens.detail.view_model import Scene
from tui.config.login import login_program
from tui.domain.arns import instance_arn
from tui.domain.connect import connect_command, why_no_connection
from tui.domain.deed import Deed
from tui.domain.diagnosis.evidence import Change
from tui.domain.handover import instance_handover
from tui.domain.health_notices import health_notices_of
from tui.domain.logins import ProfileLogin
from tui.domain.own_links import OwnLink, links_of
from tui.domain.sanitize import clean
from tui.domain.time_format import span
from tui.domain.triage import Level, urgency
from tui.fleet.gathered import PART_NAMES
from tui.fleet.protocol import ReadKind
from tui.operations.deeds import deed_of
from tui.presentation.handover_text import instance_handover_text
from tui.presentation.links import console_link
from tui.presentation.shell_line import shell_line

EVIDENCE = (ReadKind.METRICS, ReadKind.AGENT_METRICS, ReadKind.LOG, ReadKind.CHANGES)
"""What is asked of one that fails, once its handover is looked at."""
HANDOVER = "handover"
PAST = timedelta(days=7)
"""How old an operation is at most that a handover tells of; what has not ended is told in any case."""
MOST_DEEDS = 20
MOST_HANDED_OVER = 50
"""Instances in one text."""
_KINDS = {"keys": "access keys", "process": "a program's (credential_process)"}
"""What a login is that no command of AWS's renews."""


class Copyable(Struct, frozen=True):
    """Something to copy. An empty `text`: there is none, and `why` says why not. `suffix` is its file's.

    `key`: what it is known by where another may have its name.
    """

    name: str
    text: str = ""
    why: str = ""
    suffix: str = ".txt"
    key: str = ""

    @property
    def line(self) -> str:
        """Its first line, or why there is none."""
        return clean(self.text.partition("\n")[0] if self.text else self.why)


def copyables(scene: Scene, logins: Sequence[ProfileLogin] | None) -> list[Copyable]:
    """All of them, in their order. `logins` None: not told yet."""
    return [
        _arn(scene),
        _connect(scene),
        _link(scene),
        _login(scene, logins),
        *(Copyable(one.name, one.url, key=f"link {number}") for number, one in enumerate(_own_links(scene))),
        Copyable(HANDOVER, handover_text(scene), suffix=".md"),
    ]


def copyables_of_many(scenes: Sequence[Scene]) -> list[Copyable]:
    """The same of several, a line each; of the handovers as many as a person reads."""
    found = []
    for name, of_one in (("ARNs", _arn), ("connect", _connect), ("links", _link)):
        every = [of_one(scene) for scene in scenes]
        lines = [one.text for one in every if one.text]
        why = next((one.why for one in every if one.why), "none is in the list any more")
        found.append(Copyable(name, "\n".join(lines), "" if lines else why))
    told = [handover_text(scene) for scene in scenes[:MOST_HANDED_OVER]]
    if len(scenes) > MOST_HANDED_OVER:
        told.append(
            f"{len(scenes) - MOST_HANDED_OVER} more were marked: mark fewer, or see `evac handover`.\n"
        )
    return [
        *found,
        Copyable(HANDOVER, "\n".join(told), "" if told else "none is in the list any more", ".md"),
    ]


def _arn(scene: Scene) -> Copyable:
    if not scene.instance.account_id:
        return Copyable("ARN", why="its account is not known yet")
    return Copyable("ARN", str(clean(instance_arn(scene.instance))))


def _connect(scene: Scene) -> Copyable:
    """How one gets onto it; only a look tells whether Session Manager knows it."""
    if scene.facts is None and scene.reading:
        return Copyable("connect", why="reading …")
    known = scene.instance, scene.facts, scene.settings.connect.command
    if why := why_no_connection(*known):
        return Copyable("connect", why=why)
    return Copyable("connect", str(shell_line(connect_command(*known))))


def _link(scene: Scene) -> Copyable:
    """Its page in AWS's console."""
    if link := console_link(scene.instance):
        return Copyable("link", str(clean(link)))
    return Copyable("link", why="AWS's console has no public page for this partition")


def _own_links(scene: Scene) -> tuple[OwnLink, ...]:
    return links_of(scene.instance, (one.rule for one in scene.settings.links), scene.now)


def _login(scene: Scene, logins: Sequence[ProfileLogin] | None) -> Copyable:
    profile = scene.instance.target.profile
    if logins is None:
        return Copyable("login", why="reading …")
    found = next((one for one in logins if one.profile == profile), None)
    if found is None:
        return Copyable("login", why=f"the AWS files have no profile {clean(profile)}")
    try:
        program = login_program(scene.settings, (found,))
    except ValueError as error:
        return Copyable("login", why=str(error))
    if not program:
        return Copyable(
            "login", why=f"no command renews it: its credentials are {_KINDS.get(found.kind, found.kind)}"
        )
    return Copyable("login", str(shell_line(program)))


def is_failing(scene: Scene) -> bool:
    """Whether there is a reason to look for."""
    return urgency(scene.instance, scene.now, scene.own).level is Level.FAILING


def handover_text(scene: Scene) -> str:
    """The handover as it is known now."""
    told = instance_handover(
        scene.instance,
        scene.explanation,
        scene.now,
        diagnosis=scene.diagnosis,
        deeds=_deeds(scene),
        changes=_changes(scene),
        own=scene.own,
        health=_health(scene),
        unread=_unread(scene),
        gone=scene.gone,
    )
    console = console_link(scene.instance)
    links = [("AWS's console", console)] if console else []
    links += [(one.name, one.url) for one in _own_links(scene)]
    return instance_handover_text(told, scene.settings, scene.zone, scene.now, links)


def _deeds(scene: Scene) -> list[Deed]:
    recent = [
        one
        for one in scene.operations
        if one.confirmed_at is not None and (one.is_open or scene.now - one.confirmed_at <= PAST)
    ]
    return [deed_of(one, scene.now) for one in recent[:MOST_DEEDS]]


def _changes(scene: Scene) -> list[Change]:
    evidence = scene.gathered.evidence
    found = () if evidence is None else evidence.changes or ()
    return [one for one in found if scene.now - one.at <= PAST]


def _health(scene: Scene) -> list[str]:
    place = () if scene.status is None else scene.status.health
    return [one.text for one in health_notices_of(scene.instance, place, scene.now, scene.zone)]


def _unread(scene: Scene) -> Iterator[str]:
    """What is missing, and why."""
    if scene.collector:
        yield f"nothing is read now: the collector is {scene.collector}"
    if scene.status is not None and scene.status.trouble is not None:
        yield f"its target is not read: {scene.status.trouble.line}"
    if scene.trouble is not None and not scene.gone:
        yield f"it could not be looked at: {scene.trouble.line}"
    if scene.history_trouble:
        yield f"what was done: {scene.history_trouble}"
    if scene.health_trouble:
        yield f"AWS Health: {scene.health_trouble}"
    if scene.status_at is not None and scene.now - scene.status_at > timedelta(minutes=5):
        yield f"how its checks are now: they were read {span(scene.now - scene.status_at)} ago"
    if is_failing(scene):
        asked = [PART_NAMES[kind] for kind in EVIDENCE if scene.gathered.is_asking(kind)]
        never = [PART_NAMES[kind] for kind in EVIDENCE if not scene.gathered.was_asked(kind)]
        if asked:
            yield f"still being read: {', '.join(asked)}"
        if never:
            yield f"not looked at: {', '.join(never)}"
