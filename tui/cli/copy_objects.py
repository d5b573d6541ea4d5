"""The shapes of `evac coverage --old-images` and `--print-plan`. Fields are added, never renamed or removed."""

from __future__ import annotations

from typing import Any

from tui.domain.instance import Target
from tui.domain.old_images import JudgedImage, removal_command
from tui.domain.server_plans import ServerPlan
from tui.presentation.instance_objects import iso_or_none

IMAGE_COLUMNS = (
    "profile", "account_id", "region", "image_id", "name", "instance_id", "created", "state", "expires", "snapshots",
    "removable", "why", "command",
)  # fmt: skip


def image_object(target: Target, judged: JudgedImage) -> dict[str, Any]:
    """An AMI of evac's: whether a retention would remove it, why, and with which command (null: it stays)."""
    image = judged.image
    return {
        "profile": target.profile,
        "account_id": image.owner,
        "region": target.region,
        "image_id": image.image_id,
        "name": image.name,
        "instance_id": image.instance_id,
        "created": iso_or_none(image.created),
        "state": image.state,
        "expires": iso_or_none(image.expires),
        "snapshots": image.snapshots,
        "removable": judged.removable,
        "why": judged.why,
        "command": removal_command(image, target) if judged.removable else None,
    }


def plan_object(plan: ServerPlan) -> dict[str, Any]:
    """A plan of AWS's own for an account and region, with its commands; `lacking`: instances without a copy, by their tag."""
    return {
        "maker": plan.maker.value,
        "profile": plan.target.profile,
        "account_id": plan.account_id,
        "region": plan.target.region,
        "documents": list(plan.documents),
        "commands": list(plan.commands),
        "lacking": {"tagged": list(plan.tagged), "untagged": list(plan.untagged)},
        "needs": plan.needs,
    }
