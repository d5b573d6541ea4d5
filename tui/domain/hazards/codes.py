"""The codes of all hazards, by which a site policy names those that it blocks."""

from __future__ import annotations

CODES = (
    "auto-scaling", "bare-metal", "capacity", "cluster", "cpu-credits", "dedicated-host", "hibernation",
    "image", "image-pending", "image-reboot", "image-required", "instance-store", "instance-store-root",
    "last-healthy", "lifecycle", "load-balancer", "mac", "managed", "outpost", "placement-group", "product-codes", "public-ip",
    "reboot-event", "reschedule", "same-host", "shutdown-behavior", "spot", "state", "stop-protection",
    "termination-protection", "windows", "xen",
)  # fmt: skip
"""A test compares them with what the functions beside this file yield."""
