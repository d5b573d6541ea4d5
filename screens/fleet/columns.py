"""The table's columns: what each says of an instance, how wide it is, and which give way first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from screens.signs import LEVELS, checks_text
from tui.domain.instance import Instance, PublicAddress
from tui.domain.urgency import urgency
from tui.domain.when import ago, countdown
from tui.settings import Settings


@dataclass(frozen=True, slots=True)
class Scene:
    """What drawing a row needs besides the row."""

    now: datetime
    settings: Settings
    plain: bool
    marked: frozenset[str]


Cell = Callable[[Instance, Scene], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Column:
    """`priority` 0 stays longest; `grow` takes what is left."""

    title: str
    width: int
    priority: int
    cell: Cell
    grow: bool = False


def _sign(row: Instance, scene: Scene) -> tuple[str, str]:
    sign = LEVELS[urgency(row, scene.now).level]
    return (" +"[row.key in scene.marked] + sign.mark(scene.plain)), sign.style


def _target(row: Instance, scene: Scene) -> tuple[str, str]:
    names = "+".join(scene.settings.label(name) for name in (row.profiles or (row.target.profile,)))
    return f"{names} {row.zone or row.target.region}", scene.settings.profile(row.target.profile).color or ""


def _event(row: Instance, scene: Scene) -> tuple[str, str]:
    events = row.open_events(scene.now)
    if not events:
        return ("–" if row.status_at else "?"), "dim"
    first = events[0]
    more = f" +{len(events) - 1}" if len(events) > 1 else ""
    if first.not_before is None:
        return f"{first.code_text}{more}", "bold yellow"
    style = LEVELS[urgency(row, scene.now).level].style
    return f"{first.code_text} {countdown(first.not_before, scene.now)}{more}", style


def _address(row: Instance, scene: Scene) -> tuple[str, str]:
    if row.inventory_at is None:
        return "?", "magenta"
    word = {PublicAddress.AUTO: " auto", PublicAddress.ELASTIC: " EIP"}.get(row.public_kind, "")
    return (f"{row.public_ip}{word}" if row.public_ip else str(row.private_ip) or "–"), ""


def _image(row: Instance, scene: Scene) -> tuple[str, str]:
    if row.images_at is None:
        return "?", "magenta"
    if row.newest_image is None or row.newest_image.created is None:
        return "none", "yellow"
    return ago(row.newest_image.created, scene.now).removesuffix(" ago"), ""


def _plain(field: str) -> Cell:
    return lambda row, scene: (str(getattr(row, field)) or "?", "")


COLUMNS = (
    Column("", 3, 0, _sign),
    Column("name", 18, 0, lambda row, scene: (str(row.label), "bold"), grow=True),
    Column("id", 20, 6, _plain("instance_id")),
    Column("target", 22, 2, _target),
    Column("type", 12, 5, _plain("instance_type")),
    Column("state", 9, 3, lambda row, scene: (str(row.state), "" if row.state == "running" else "yellow")),
    Column("checks", 17, 1, lambda row, scene: checks_text(row, scene.plain)),
    Column("next event", 28, 1, _event),
    Column("address", 21, 4, _address),
    Column("AMI", 6, 7, _image),
)


def fit(width: int) -> list[tuple[Column, int]]:
    """The columns that fit, with their widths: the least important go first, and the name takes what is left."""
    chosen = list(COLUMNS)
    while sum(column.width + 1 for column in chosen) > width and len(chosen) > 2:
        worst = max(column.priority for column in chosen)
        if worst == 0:
            break
        chosen.remove(next(column for column in reversed(chosen) if column.priority == worst))
    spare = max(0, min(22, width - sum(column.width + 1 for column in chosen)))
    return [(column, column.width + (spare if column.grow else 0)) for column in chosen]
