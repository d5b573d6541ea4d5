"""The view of cover: asked for when somebody wants to know, and kept read from then on; how far that is, and how many lack it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeGuard

from msgspec.structs import replace
from rich.text import Text

from screens.fleet.columns import FleetColumn, RowContext
from screens.fleet.filtering import Filtering
from screens.fleet.table import FleetRow
from tui.commands import VERBS, Verb
from tui.config.schema import policy
from tui.domain.instance import EVERYWHERE, Instance, TargetStatus
from tui.domain.listing import FleetView, Ranker
from tui.domain.plurals import counted, part_of
from tui.fleet.protocol import LinkPhase, ReadKind, ReadRequest
from tui.fleet.store import Store
from tui.presentation.width import cell_len, cut
from tui.services import Services

if TYPE_CHECKING:  # loaded when somebody asks
    from tui.domain.cover.answers import Cover, ServiceCover


_SETS = {
    "recover-alarm": "a recover alarm",
    "reboot-alarm": "a reboot alarm",
    "auto-recovery": "automatic recovery",
}
"""What the one key sets, by the action it asks for."""
_FIRST = ("detail", "recover-alarm", "image", "export", "filter", "operations", "help")
"""The verbs that the view of cover is for come first in its key line."""


class Covering(Filtering):
    """Holds whether anybody asked. A subclass lists `FleetView.COVER` as the other views."""

    view: FleetView
    ranker: Ranker

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._wants_cover = False
        self._asked_of: tuple[int | None] | None = None

    def want_cover(self) -> None:
        """Have it read, and kept read."""
        self._wants_cover = True
        self.ask_cover()

    def ask_cover(self, *, again: bool = False) -> None:
        """Ask the collector, if it is wanted, by the filter too: a new one was not asked yet."""
        link = self.services.link
        self._wants_cover = self._wants_cover or self.query_now.cover
        if not self._wants_cover or link is None or link.state.state is not LinkPhase.LIVE:
            return
        if again or self._asked_of != (link.pid,):
            self._asked_of = (link.pid,)
            self.run_worker(link.request(ReadRequest(0, ReadKind.COVER)), group="cover")

    def keys_now(self) -> list[tuple[Verb, bool]]:
        """In the view of cover what sets an alarm, makes an AMI and writes the list down comes first."""
        found = super().keys_now()
        if self.view is not FleetView.COVER:
            return found
        return sorted(
            found, key=lambda one: _FIRST.index(one[0].name) if one[0].name in _FIRST else len(_FIRST)
        )

    def cover_columns(self) -> Sequence[FleetColumn]:
        """Those of the view of cover; none in the others."""
        if self.view is not FleetView.COVER:
            return ()
        from screens.fleet.cover_columns import COVER_COLUMNS

        return COVER_COLUMNS

    def cover_listed(self, rows: Sequence[FleetRow]) -> str:
        """How many of how many have a gap, of how many it is not known, and how far it is read."""
        store = self.services.store
        done, waiting = cover_progress(store.targets())
        counts = self.ranker.covers.counts(store.rows(), self.services.now())
        if not done:
            return f"asking in {counted(waiting, 'target')} …"
        told = f"{counts.open} of {counts.read} have a gap, the gravest first"
        if self.query_now.tests:
            told = f"{sum(isinstance(row, Instance) for row in rows)} of {store.total} match"
        if counts.unknown:
            told += f" · of {counts.unknown} it is not known"
        if waiting:
            told += f" · read in {part_of(done, done + waiting, 'target')}"
        return told

    def with_services(self, rows: list[FleetRow], scene: RowContext) -> list[FleetRow]:
        """In the view of cover the services that stand on one instance or in one zone as well, behind the gaps."""
        tag = self.services.settings.cover.service
        if self.view is not FleetView.COVER or not tag:
            return rows
        from tui.domain.cover.standing import Standing

        covers, found = self.ranker.covers, self.services.store.rows()
        gaps = [
            row
            for row in rows
            if isinstance(row, Instance) and covers.standing(row, scene.now) is Standing.OPEN
        ]
        return [*gaps, *covers.services(found, tag, scene.now), *rows[len(gaps) :]]

    def cover_told(self) -> Text:
        """For the header: how many are not covered once all that can be read is; before that how far it is read.

        Empty while nobody asked.
        """
        targets = self.services.store.targets()
        done, waiting = cover_progress(targets)
        if waiting:
            told = f"reading cover {part_of(done, done + waiting, 'target')}" if self._wants_cover else ""
            return Text(told, "yellow")
        if not done:
            return Text()
        counts = self.ranker.covers.counts(self.services.store.rows(), self.services.now())
        style = "bold yellow" if counts.open else "dim"
        return Text(f"{counts.open} not covered", style)


def cover_progress(targets: Sequence[TargetStatus]) -> tuple[int, int]:
    """Of how many targets with instances the cover is read, and of how many that answer it is not yet."""
    able = [
        one
        for one in targets
        if one.target.region != EVERYWHERE and one.trouble is None and (one.count or one.cover_at is not None)
    ]
    done = sum(one.cover_at is not None for one in able)
    return done, len(able) - done


def no_gap_sentence(store: Store, scene: RowContext) -> str:
    """Why nothing is listed: nobody has answered yet, or all that was read is covered, of how many."""
    done, waiting = cover_progress(store.targets())
    if not done:
        return (
            f"Asking who acts when a host dies or a system hangs, and for copies, in {counted(waiting, 'target')}:"
            " what has a gap appears here as each answers …"
        )
    counts = scene.ranker.covers.counts(store.rows(), scene.now)
    if waiting or counts.read < store.total:
        told = f"No gap in {counts.read} of {counted(store.total, 'instance')}"
        return (
            f"{told}; the cover of the others is not read yet …"
            if waiting
            else f"{told}; the others are not read."
        )
    every = f"All {counts.read} instances are" if counts.read != 1 else "The one instance is"
    return f"{every} covered: somebody acts when a host dies or a system hangs, and there is a copy. 2 shows them all."


def is_covered(row: FleetRow | None) -> TypeGuard[Instance | ServiceCover]:
    """Whether there is a cover to preview of it: of an instance or a service."""
    from tui.domain.cover.answers import ServiceCover

    return isinstance(row, Instance | ServiceCover)


def cover_preview(row: Instance | ServiceCover, scene: RowContext, room: int) -> tuple[str, Text]:
    """Title and text: the three answers, each in one line of `room` columns; of a service those of its worst member."""
    from tui.presentation.cover_text import QUESTIONS, verdict_line

    text = Text(no_wrap=True, overflow="ellipsis")
    if not isinstance(row, Instance):
        title, cover = f"service {row.name}: {row.why}", row.cover
    else:
        title = f"{row.label} · {row.instance_id}"
        if row.cover is None:
            return title, text.append("Its cover is not read yet.", "magenta")
        cover = scene.ranker.covers.of(row, scene.now)
    for question, answer in zip(QUESTIONS, cover.answers, strict=True):
        told, style = verdict_line(answer)
        text.append(f"{question:<13}", "dim").append(cut(told, max(10, room - 13)).rstrip(), style).append(
            "\n"
        )
    if isinstance(row, Instance) and (keys := _keys_that_help(row, cover, scene)):
        if scene.settings.profile_read_only(row.target.profile, row.account_id):
            text.append("Read-only here: ", "bold").append(
                "x writes this list down for whoever may change it."
            )
        else:
            text.append("Do: ").append(", ".join(keys), "bold")
            tail = "; each asks first."
            text.append(tail if cell_len(text.plain.rpartition("\n")[2]) + len(tail) <= room else "")
    return title, text


def _keys_that_help(row: Instance, cover: Cover, scene: RowContext) -> list[str]:
    """What could be pressed against its gaps; nothing that AWS would not do for such an instance."""
    from tui.domain.cover.answers import GAPS
    from tui.domain.settable import SETTER, helping

    rules = replace(policy(scene.settings, row.target.profile, row.account_id), read_only=False)
    able = dict(helping(row, cover, rules, scene.now))
    sets = " or ".join(_SETS[able[question]] for question in sorted(able))
    found = [f"{VERBS[SETTER].key} sets {sets}"] if sets else []
    if cover.data_lost.verdict in GAPS:
        found.append(f"{VERBS['image'].key} makes an AMI")
    return found
