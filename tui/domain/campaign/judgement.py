"""Whether one instance is done within a campaign: a count that was typed confirms no loss.

The plan asks it of every row, and the conductor of every draft at its turn: the same question in one place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tui.domain.actions import Action, ActionOptions
from tui.domain.hazards.base import Hazard
from tui.domain.severity import GRAVE, Gravity

LAST_HEALTHY = "last-healthy"
"""The one block that can be ticked: it is an outage of a group, which a person may mean. All other blocks cannot."""
NEVER = ("self", "path")
"""The machine evac runs on, and those its runners reach AWS through: in no campaign, whatever is ticked."""
_NET = "image"
"""A stop without an AMI that is young enough is a WARN that one person answers for one instance; for many it is a loss."""


class Objection(Struct, frozen=True):
    """What speaks against doing one member: `code` is the hazard's, or that of a refusal (`tui.domain.plan.refusals`).

    `tickable`: a danger, which `accept` may name; then `ticked` says whether it does. `text`, `remedy`: in one line each.
    """

    code: str
    text: str
    remedy: str = ""
    tickable: bool = False
    ticked: bool = False

    @property
    def stands(self) -> bool:
        """Whether the member is left out because of it."""
        return not self.ticked


def objections(
    found: Iterable[Hazard], action: Action, options: ActionOptions, accept: Sequence[str], *, looked: bool
) -> tuple[Objection, ...]:
    """What of these hazards speaks against it, the gravest first, each code once. `accept`: the codes that were ticked.

    `options`: those of the draft, with `image_first` where the policy asks for an AMI. `looked`: whether the facts were read; an
    AMI that nobody could tell of counts as none from then on.
    """
    seen: dict[str, Objection] = {}
    for one in found:
        if one.code in seen or not (hard := _gravity(one, action, options, looked=looked)):
            continue
        tickable = hard is Gravity.DANGER
        seen[one.code] = Objection(one.code, one.text, one.remedy, tickable, tickable and one.code in accept)
    return tuple(sorted(seen.values(), key=lambda one: one.tickable))


def _gravity(one: Hazard, action: Action, options: ActionOptions, *, looked: bool) -> Gravity | None:
    """BLOCK: it can't be ticked. DANGER: it can. None: it speaks against nothing."""
    if one.code in NEVER:
        concerns = one.gravity is Gravity.BLOCK or (one.gravity in GRAVE and one.known)
        return Gravity.BLOCK if concerns else None
    if one.gravity is Gravity.BLOCK and not (one.known or looked):
        return None  # nobody looked yet: it is told as that, and the look says whether it stands
    if one.gravity is Gravity.BLOCK:
        return Gravity.DANGER if one.code == LAST_HEALTHY and one.override else Gravity.BLOCK
    if one.gravity is Gravity.DANGER:
        return Gravity.DANGER
    bare = one.code == _NET and one.gravity is Gravity.WARN and (one.known or looked)
    return Gravity.DANGER if bare and action.stops and not options.image_first else None


def standing_objections(objected: Iterable[Objection]) -> Iterator[Objection]:
    """Those because of which a member is left out."""
    return (one for one in objected if one.stands)


def options_for(options: ActionOptions, dangers: Sequence[str], accept: Sequence[str]) -> ActionOptions:
    """The options for one member at its turn: `dangers` are the codes that its plan had, before it was confirmed.

    The block of the last healthy one is lifted where it was planned and ticked, and nowhere else: any other member waits for its
    group. No other override is ever passed on.
    """
    lifted = LAST_HEALTHY in dangers and LAST_HEALTHY in accept
    return replace(options, overrides=(LAST_HEALTHY,) if lifted else ())
