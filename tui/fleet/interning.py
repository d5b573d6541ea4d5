"""Interning: equal values of many rows (types, zones, tags, checks) share one object.

A fleet of ten thousand rows repeats a few hundred values, and each row decoded from the pipe brings its own copies."""

from __future__ import annotations

from typing import Any

from msgspec.structs import force_setattr

from tui.domain.cover_facts import CoverFacts
from tui.domain.instance import Instance

MAX_INTERNED = 100_000
"""Values that are remembered; then all of them are forgotten. The rows keep what they have."""
COMMON = (
    "target", "account_id", "profiles", "checks", "status_at", "inventory_at", "images_at", "instance_type", "zone",
    "launched_at", "state_reason", "reason_code", "root_device", "root_device_name", "lifecycle", "tenancy", "host_id",
    "affinity",
    "placement_group", "reboot_migration", "auto_recovery", "managed_by", "outpost", "platform", "architecture", "image_id",
    "product_codes", "vpc_id", "subnet_id", "security_groups", "security_group_ids", "key_name", "iam_profile", "type_facts",
)  # fmt: skip
"""Fields whose values many rows share. No enumeration among them: one is equal to its text, and must not be exchanged for it."""

ALARM_TEXTS = ("namespace", "metric", "statistic", "comparison", "missing_data")
"""Likewise, of an alarm."""


class Pool:
    """The shared values of one store."""

    def __init__(self) -> None:
        self._known: dict[Any, Any] = {}

    def settle(self, row: Instance) -> None:
        """Replace the row's field values by the shared ones, in place: only for a row that nobody else holds yet."""
        if len(self._known) > MAX_INTERNED:
            self._known.clear()
        same = self._known.setdefault
        for name in COMMON:
            value = getattr(row, name)
            if value:
                force_setattr(row, name, same(value, value))
        force_setattr(row, "tags", tuple([same(pair, pair) for pair in row.tags]))
        for volume in row.volumes:
            force_setattr(volume, "device", same(volume.device, volume.device))
        if row.cover is not None:
            force_setattr(row, "cover", self._settled(row.cover))

    def _settled(self, cover: CoverFacts) -> CoverFacts:
        """The shared one where nothing in it is of this instance alone; else what is not."""
        same = self._known.setdefault
        for name in ("read_at", "scaling", "backup_at", "snapshot_at", "unknown"):
            if value := getattr(cover, name):
                force_setattr(cover, name, same(value, value))
        if not cover.alarms:
            found: CoverFacts = same(cover, cover)
            return found
        for alarm in cover.alarms:
            for name in ALARM_TEXTS:
                text = getattr(alarm, name)
                force_setattr(alarm, name, same(text, text))
        return cover
