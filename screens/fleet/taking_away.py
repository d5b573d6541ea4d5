"""What is taken away from the list: ids to the clipboard, the list as a file."""

from __future__ import annotations

from screens.fleet.filtering import Filtering
from screens.fleet.marks import Marks
from tui.domain.instance import Instance, TargetStatus
from tui.domain.listing import FleetView, Ranker
from tui.domain.plurals import counted
from tui.domain.sanitize import clean
from tui.services import Services


class TakingAway(Filtering):
    """Of what is marked, else of the row under the cursor, or of all that is listed."""

    view: FleetView
    ranker: Ranker

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.marks = Marks()

    @property
    def subject(self) -> Instance | None:
        """The row under the cursor, if it is an instance."""
        return self.table.instance

    def chosen(self) -> list[Instance]:
        """The marked ones, or the one under the cursor."""
        marked = self.marks.rows(self.services.store)
        return marked or ([self.subject] if self.subject is not None else [])

    def verb_copy(self) -> None:
        """The ids, for a ticket or another terminal."""
        chosen = self.chosen()
        if not chosen and isinstance(self.table.current, TargetStatus):
            self.copy_target(self.table.current)
        elif chosen:
            what = str(chosen[0].instance_id) if len(chosen) == 1 else f"{len(chosen)} ids"
            self.copy("\n".join(str(row.instance_id) for row in chosen), what)

    def verb_export(self) -> None:
        """What is marked, else what is listed; in the view of cover with what covers it."""
        from screens.fleet import export

        settings, now = self.services.settings, self.services.now()
        listed = [row for row in self.table.rows if isinstance(row, Instance)]
        rows = self.chosen() if self.marks else listed
        try:
            if self.view is FleetView.COVER:
                thin = (row for row in self.table.rows if not isinstance(row, Instance | TargetStatus))
                told = [*rows, *(() if self.marks else thin)]
                path = export.export_cover(
                    told, self.ranker.covers, settings.cover.service, now, tags=self.tag_columns()
                )
            else:
                path = export.export_csv(rows, now, tags=self.tag_columns())
        except OSError as error:
            self.say(export_trouble(error), "warning")
            return
        self.say(f"wrote {counted(len(rows), 'instance')} to {clean(path)}")

    def tag_columns(self) -> tuple[str, ...]:
        """The keys of the tags that are shown: an export has them, too."""
        return ()

    def copy_target(self, status: TargetStatus) -> None:
        """The command that mends it, or the line for whoever is asked."""
        from screens.fleet.target_trouble import command, trouble_line

        self.copy(command(status) or trouble_line(status), command(status) or "what is wrong")


def export_trouble(error: OSError) -> str:
    """Why nothing was written, and what to do."""
    return f"export: {error.filename or 'this folder'}: {error.strerror}; start evac in a folder you may write to"
