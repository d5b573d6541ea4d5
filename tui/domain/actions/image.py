"""Make an AMI. It may take AWS hours, in which the operation is in nobody's way."""

from __future__ import annotations

from tui.domain.actions.base import Action
from tui.domain.instance import InstanceState

ACTION = Action(
    name="image",
    key="i",
    rank=4,
    title="Make an AMI",
    link=" of ",
    footer="AMI",
    help="make an AMI of the instance",
    deed="making an AMI of it",
    steps=("image",),
    states=(InstanceState.RUNNING, InstanceState.STOPPED),
    released_by="CreateImage",
)
