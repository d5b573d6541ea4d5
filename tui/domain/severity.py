"""How grave a hazard is, and the codes of all of them: what a site policy may name. Hazards themselves are found elsewhere."""

from __future__ import annotations

from enum import StrEnum


class Gravity(StrEnum):
    """BLOCK can't be confirmed; DANGER wants the name typed; WARN and NOTE inform; OK reassures."""

    BLOCK = "block"
    DANGER = "danger"
    WARN = "warn"
    NOTE = "note"
    OK = "ok"


GRAVITIES = tuple(Gravity)
GRAVE = (Gravity.DANGER, Gravity.WARN)
"""What a site policy may turn into a block."""
HAZARD_CODES = (
    "auto-scaling", "awaited-stop", "bare-metal", "capacity", "cluster", "cpu-credits", "dedicated-host", "group-held",
    "here-event",
    "hibernation",
    "image", "image-pending", "image-reboot", "image-required", "instance-store", "instance-store-root",
    "last-healthy", "lifecycle", "load-balancer", "mac", "managed", "outpost", "path", "placement-group", "product-codes",
    "public-ip", "reboot-event", "reschedule", "router", "same-host", "self", "shutdown-behavior", "spot", "state",
    "stop-protection", "termination-protection", "windows", "xen",
)  # fmt: skip
"""A test compares them with what the functions of tui.domain.hazards yield."""
