"""The sample fleet with its cover read: every verdict is among it, and two targets are still to be read."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from tests.screens.fake_services import NOW, named, sample_store
from tui.domain.cover_facts import (
    Alarm,
    AlarmActionKind,
    AlarmState,
    CoverFacts,
    CoverPart,
    ScalingMember,
)
from tui.domain.instance import Instance, TypeFacts
from tui.domain.sanitize import clean
from tui.fleet import protocol
from tui.fleet.store import Store

PLAIN = TypeFacts(False, 0, None, clean("nitro"), False, True, True)
"""A type that automatic recovery supports."""
NOTHING = CoverFacts(NOW)
"""Everything was read, and nothing found."""
DENIED = CoverFacts(NOW, unknown=((CoverPart.ALARMS, clean("cloudwatch:DescribeAlarms is denied")),))


def alarm(kind: AlarmActionKind, **changes: object) -> Alarm:
    """One that acts as it should: recover on the system check, reboot on the instance check."""
    metric = "StatusCheckFailed_System" if kind is AlarmActionKind.RECOVER else "StatusCheckFailed_Instance"
    sound = Alarm(
        clean(f"{kind}-it"), AlarmState.OK, NOW - timedelta(days=9), clean("AWS/EC2"), clean(metric), clean("Maximum"),
        60, 2, 2, 1.0, clean("GreaterThanOrEqualToThreshold"), clean("missing"), True, (kind,),
    )  # fmt: skip
    return replace(sound, **changes)


RECOVERS, REBOOTS = alarm(AlarmActionKind.RECOVER), alarm(AlarmActionKind.REBOOT)
BACKED_UP = NOW - timedelta(hours=6)
SOUND = CoverFacts(NOW, (REBOOTS,), backup_at=BACKED_UP)
"""With automatic recovery that is on: covered in all three."""
OFF = CoverFacts(NOW, (RECOVERS, replace(REBOOTS, actions_enabled=False)), backup_at=BACKED_UP)
MEMBER = CoverFacts(NOW, scaling=ScalingMember(clean("web"), clean("InService")))


def with_cover(row: Instance, cover: CoverFacts | None = SOUND, **changes: object) -> Instance:
    """The row with that cover, of a type and settings that could be recovered by themselves."""
    plain = replace(
        row, cover=cover, type_facts=PLAIN, auto_recovery=clean("default"), images_at=NOW, events=()
    )
    return replace(plain, **changes)


def read(store: Store, rows: dict[str, Instance] | None = None, *, waiting: int = 0) -> Store:
    """The same with every cover read but that of the last `waiting` targets. `rows` by name; the others are a group's."""
    given = rows or {}
    late = {
        one.target for one in [one for one in store.targets() if one.trouble is None][-waiting:] if waiting
    }
    upserts = [
        given.get(str(row.name)) or with_cover(row, MEMBER) for row in store.rows() if row.target not in late
    ]
    store.apply(protocol.Delta(upserts=tuple(upserts)))
    for one in store.targets():
        if one.trouble is None and one.target not in late:
            store.apply(protocol.Delta(replace(one, cover_at=NOW)))
    return store


def gaps() -> Store:
    """The sample with a row for each kind of gap; all others are covered."""
    store = sample_store()
    picked = {
        name: named(store, name) for name in ("batch-1", "bastion", "web-1", "web-2", "edge-1", "edge-2")
    }
    store_type = replace(PLAIN, instance_storage=True)
    return read(
        store,
        {
            "batch-1": with_cover(picked["batch-1"], NOTHING, type_facts=store_type, newest_image=None),
            "bastion": with_cover(picked["bastion"], NOTHING),
            "web-1": with_cover(picked["web-1"], OFF),
            "web-2": with_cover(picked["web-2"], MEMBER),
            "edge-1": with_cover(picked["edge-1"], DENIED),
            "edge-2": with_cover(picked["edge-2"], replace(SOUND, alarms=())),
        },
    )
