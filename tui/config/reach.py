"""What the settings say of the way to other tools: `[connect]` and `[[links]]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from tui.config.sections import Base, OneLine, Program

if TYPE_CHECKING:  # most files have no links, and start without what reads filters
    from tui.domain.own_links import LinkRule


class ConnectSettings(Base, frozen=True):
    """How `C` gets onto an instance. `command`: a program and its arguments (`tui.domain.placeholders`); empty: Session Manager
    where SSM knows the instance, else ssh."""

    command: Program = ()


class LinkSettings(Base, frozen=True):
    """A runbook or a dashboard of the instances that the filter `when` matches; empty: of all. `url` may hold placeholders."""

    name: OneLine
    url: Annotated[str, Meta(min_length=1, max_length=1000)]
    when: Annotated[str, Meta(max_length=500)] = ""

    @property
    def rule(self) -> LinkRule:
        """As `tui.domain.own_links` wants it."""
        from tui.domain.own_links import LinkRule

        return LinkRule(self.name, self.url, self.when)
