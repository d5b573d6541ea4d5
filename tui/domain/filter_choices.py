"""The words of those fields of the filter that take no others: what each is read by, what help and errors list."""

from __future__ import annotations

from tui.domain.cover.answers import CoverVerdict
from tui.domain.instance import CheckName, CheckStatus, InstanceState

STATES = {state.value: state for state in InstanceState}
CHECKS = {name.value: name for name in CheckName} | {
    "ebs": CheckName.ATTACHED_EBS,
    "volume": CheckName.ATTACHED_EBS,
    "app": CheckName.APPLICATION,
}
STATUSES = {status.value: status for status in CheckStatus} | {"failed": CheckStatus.IMPAIRED}
ANY_GAP = "gap"
"""Not covered, or in part."""
VERDICTS = (ANY_GAP, *CoverVerdict)
ACTS: dict[str, tuple[str, ...]] = {
    "auto": ("automatic recovery",),
    "alarm": ("recover alarm ", "reboot alarm "),
    "group": ("Auto Scaling group ",),
}
"""A word, and how the names of those that it means begin (`CoverAnswer.by`)."""
COPIES = {
    "ami": "AMI ",
    "backup": "AWS Backup",
    "dlm": "Data Lifecycle Manager",
    "snapshot": "snapshot of",
}
"""The same of copies: what is in their names."""
NO_COPY = "none"
"""Of copies: *nobody*."""
ONE_OF_TWO = {"host-": 0, "hang-": 1}
"""Before a verdict: of which answer."""

CHOICES: dict[str, tuple[str, ...]] = {
    "state": tuple(STATES),
    "check": (*CHECKS, *STATUSES),
    "recovery": (*VERDICTS, *ACTS),
    "copy": (*VERDICTS, NO_COPY, *COPIES),
}
"""Every word of a field."""
_MORE = {
    "recovery": f"; {' or '.join(ONE_OF_TWO)} before one of the first {len(VERDICTS)} asks of one of the two"
}


def choices(field: str) -> str:
    """All that it takes, for who reads it."""
    return ", ".join(CHOICES[field]) + _MORE.get(field, "")


def no_choice(field: str, value: str) -> ValueError:
    """The error of any other word, with all there are."""
    return ValueError(f"no {field} {value!r}; there are {choices(field)}")
