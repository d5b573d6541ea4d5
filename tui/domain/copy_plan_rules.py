"""Whether a plan will copy an instance: the two services' own rules, and the lines that say so.

Sources: Data Lifecycle Manager API reference, PolicyDetails, Parameters, Exclusions; EBS user guide, ami-policy,
default-policies. AWS Backup API reference, BackupSelection, Conditions; developer guide, assigning-resources-json.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache

from msgspec import Struct

from tui.domain.arns import ec2_arn
from tui.domain.copy_plans import BackupSelection, CopyPlans, LifecyclePolicy, Tags
from tui.domain.cover.answers import CoverLine, CoverVerdict
from tui.domain.instance import Instance, InstanceState
from tui.domain.plurals import counted
from tui.domain.time_format import ago

_PREFIX = "aws:ResourceTag/"
_LOCAL_ZONE = re.compile(r"-[a-z]{3}-\d+[a-z]\Z")
"""`us-west-2-lax-1a` (EC2 user guide, concepts-available-zones)."""
_GONE = (InstanceState.TERMINATED, InstanceState.SHUTTING_DOWN)
_POINT_THERE = ("COMPLETED", "AVAILABLE")
_SHOWN = 3
"""Plans of a service that are named in the lines, at most."""


class PlanAnswer(Struct, frozen=True, gc=False):
    """Whether that plan copies it: COVERED as something that starts at once, PARTLY as data alone, NOBODY not; `why` in words."""

    verdict: CoverVerdict
    why: str


_NO = CoverVerdict.NOBODY


def policy_answer(
    instance: Instance, policy: LifecyclePolicy, volume_tags: dict[str, Tags] | None
) -> PlanAnswer:
    """Whether Data Lifecycle Manager will copy it by that policy. `volume_tags` by volume id; None = don't know."""
    found = _targeted(instance, policy, volume_tags)
    if found.verdict is _NO or policy.state == "ENABLED":
        return found
    status = f": {policy.status}" if policy.status else ""
    return PlanAnswer(_NO, f"would copy it, but its state is {policy.state or 'not known'}{status}")


def _targeted(instance: Instance, policy: LifecyclePolicy, volume_tags: dict[str, Tags] | None) -> PlanAnswer:
    if policy.kind == "EVENT_BASED_POLICY":
        return PlanAnswer(_NO, "copies snapshots that others share, no instances")
    if instance.state in _GONE:
        return PlanAnswer(_NO, f"it is {instance.state}")
    if (wanted := _place(instance)) != (policy.place or "CLOUD") and not policy.default:
        return PlanAnswer(_NO, f"is for {policy.place or 'CLOUD'}, the instance is in {wanted}")
    if policy.resource == "VOLUME":
        return _volumes(instance, policy, volume_tags)
    makes_images = policy.kind == "IMAGE_MANAGEMENT" or (policy.default and policy.resource == "INSTANCE")
    if makes_images and instance.root_device == "instance-store":
        return PlanAnswer(_NO, "makes AMIs of EBS roots alone: its root is instance store")
    said = _by_tags(policy, instance.tags)
    if said is None:
        return PlanAnswer(_NO, "it is excluded by its tags" if policy.default else "it has none of its tags")
    if makes_images:
        return PlanAnswer(CoverVerdict.COVERED, said + (", and REBOOTS it" if policy.reboots else ""))
    part = ", without the root volume" if policy.without_root else ""
    return PlanAnswer(CoverVerdict.PARTLY, f"{said}: snapshots of its volumes{part}, no AMI")


def _by_tags(policy: LifecyclePolicy, tags: Tags) -> str | None:
    """How the policy comes to it; None: it does not."""
    held = set(tags)
    if policy.default:
        return None if held & set(policy.excluded) else "default policy"
    return next((f"by tag {key}={value}" for key, value in policy.tags if (key, value) in held), None)


def _volumes(instance: Instance, policy: LifecyclePolicy, volume_tags: dict[str, Tags] | None) -> PlanAnswer:
    root = _root_volume(instance)
    ids = [
        str(one.volume_id) for one in instance.volumes if not (policy.without_root and one.volume_id == root)
    ]
    if policy.default and not policy.excluded:
        volumes = ids
    elif volume_tags is None:
        return PlanAnswer(CoverVerdict.UNKNOWN, "copies volumes by their tags, which were not read")
    else:
        volumes = [one for one in ids if _by_tags(policy, volume_tags.get(one, ())) is not None]
    if not volumes:
        return PlanAnswer(_NO, "copies volumes, none of its own")
    part = "its root volume" if root in volumes else "not its root volume"
    return PlanAnswer(CoverVerdict.PARTLY, f"snapshots of {counted(len(volumes), 'volume')}, {part}, no AMI")


def _place(instance: Instance) -> str:
    if instance.outpost:
        return "OUTPOST"
    return "LOCAL_ZONE" if _LOCAL_ZONE.search(instance.zone) else "CLOUD"


def _root_volume(instance: Instance) -> str:
    named = (one.volume_id for one in instance.volumes if one.device == instance.root_device_name)
    return str(next(named, ""))


def selection_answer(
    instance: Instance,
    selection: BackupSelection,
    opted_in: Iterable[str] | None,
    volume_tags: dict[str, Tags] | None,
) -> PlanAnswer:
    """Whether AWS Backup will copy it by that selection. `opted_in`: as in CopyPlans; None = don't know."""
    if instance.state in _GONE:
        return PlanAnswer(_NO, f"it is {instance.state}")
    found = _selected(selection, ec2_arn(instance, "instance", instance.instance_id), instance.tags)
    if found.verdict is not _NO and instance.root_device == "instance-store":
        return PlanAnswer(_NO, "makes AMIs of EBS roots alone: its root is instance store")
    if found.verdict is not _NO:
        return _opted(found, "EC2", opted_in)
    part = _selected_volumes(instance, selection, opted_in, volume_tags)
    return part or PlanAnswer(found.verdict, found.why)


class _Chosen(Struct, frozen=True, gc=False):
    verdict: CoverVerdict
    why: str
    outright: bool = False
    """Whether its type is named, so that nobody need have opted in."""


def _opted(found: _Chosen, kind: str, opted_in: Iterable[str] | None) -> PlanAnswer:
    if found.outright:
        return PlanAnswer(found.verdict, found.why)
    if opted_in is None:
        return PlanAnswer(CoverVerdict.UNKNOWN, f"{found.why}, if {kind} is opted in there: not read")
    if kind not in opted_in:
        return PlanAnswer(_NO, f"would copy it, but {kind} is not opted in there")
    return PlanAnswer(found.verdict, found.why)


def _selected(selection: BackupSelection, arn: str, tags: Tags) -> _Chosen:
    """(Resources or ListOfTags) and Conditions, without NotResources; all there is where it names neither."""
    if any(_like(one, arn) for one in selection.excluded):
        return _Chosen(_NO, "it is excluded by its ARN")
    held = {str(key): str(value) for key, value in tags}
    by_arn = [one for one in selection.resources if _like(one, arn)]
    by_tag = next((f"{_bare(k)}={v}" for k, v in selection.tags if held.get(_bare(k)) == v), None)
    if not by_arn and by_tag is None and (selection.resources or selection.tags):
        return _Chosen(
            _NO, "it has none of its tags" if selection.tags else "its ARN is none of its resources"
        )
    doubt = ""
    for operator, key, value in selection.conditions:
        met = _met(operator, held.get(_bare(key)), value)
        if met is False:
            return _Chosen(_NO, f"its tag {_bare(key)} is not as the selection wants it")
        doubt = doubt or (
            f"; whether {_bare(key)} meets its condition, AWS's page leaves open" if met is None else ""
        )
    named = next((one for one in by_arn if ":instance/" in one or ":volume/" in one), None)
    how = f"by {named}" if named else f"by tag {by_tag}" if by_tag else "all resources"
    if selection.conditions:
        how += f" and {counted(len(selection.conditions), 'condition')}"
    verdict = CoverVerdict.UNKNOWN if doubt else CoverVerdict.COVERED
    return _Chosen(verdict, how + doubt, named is not None)


def _selected_volumes(
    instance: Instance,
    selection: BackupSelection,
    opted_in: Iterable[str] | None,
    volume_tags: dict[str, Tags] | None,
) -> PlanAnswer | None:
    """Its volumes alone; None: none of them, or the instance itself would have been chosen."""
    root = _root_volume(instance)
    arns = {str(one.volume_id): ec2_arn(instance, "volume", one.volume_id) for one in instance.volumes}
    if volume_tags is None and selection_needs_volume_tags(selection):
        might = not selection.resources or any(
            _like(r, a) for r in selection.resources for a in arns.values()
        )
        told = "may copy its volumes by their tags, which were not read"
        return PlanAnswer(CoverVerdict.UNKNOWN, told) if might and arns else None
    chosen = {
        one: found
        for one, arn in arns.items()
        if (found := _selected(selection, arn, (volume_tags or {}).get(one, ()))).verdict is not _NO
    }
    if not chosen:
        return None
    answer = _opted(next(iter(chosen.values())), "EBS", opted_in)
    if answer.verdict is not CoverVerdict.COVERED:
        return answer
    part = "its root volume" if root in chosen else "not its root volume"
    return PlanAnswer(
        CoverVerdict.PARTLY, f"{answer.why}: {counted(len(chosen), 'volume')}, {part}, not the instance"
    )


def selection_needs_volume_tags(selection: BackupSelection) -> bool:
    """Whether the tags of volumes decide what it chooses."""
    return bool(selection.tags or selection.conditions)


def needs_volume_tags(plans: CopyPlans) -> bool:
    """Whether any plan could choose the instance's volumes by their tags."""
    policies = any(one.resource == "VOLUME" and (one.tags or one.excluded) for one in plans.policies or ())
    return policies or any(map(selection_needs_volume_tags, plans.selections or ()))


def _met(operator: str, value: str | None, wanted: str) -> bool | None:
    """One condition; None where AWS's page leaves it open: it says that `*` stands for no white space."""
    negated = operator.startswith("StringNot")
    if value is None:
        return negated  # as IAM's negated operators: what is not there is not that
    if operator in ("StringLike", "StringNotLike"):
        strict, loose = _like(wanted, value), _like(wanted, value, r".*")
        return None if strict is not loose else strict is not negated
    return (value == wanted) is not negated if operator in ("StringEquals", "StringNotEquals") else None


def _bare(key: str) -> str:
    return str(key).removeprefix(_PREFIX)


def _like(pattern: str, text: str, star: str = r"\S*") -> bool:
    return _compiled(str(pattern), star).fullmatch(text) is not None


@lru_cache(512)
def _compiled(pattern: str, star: str) -> re.Pattern[str]:
    return re.compile(star.join(map(re.escape, re.sub(r"\*+", "*", pattern).split("*"))), re.DOTALL)


def copy_plan_lines(instance: Instance, plans: CopyPlans, now: datetime) -> tuple[CoverLine, ...]:
    """What will copy it and when, a service after the other (`what` is its name); what was made last; what was not read, and
    why. They stand below what `cover_lines` says of its data.
    """
    tags = None if plans.volume_tags is None else {str(one): held for one, held in plans.volume_tags}
    dlm, backup = "Lifecycle Manager", "AWS Backup"
    policies = [(one, policy_answer(instance, one, tags)) for one in plans.policies or ()]
    told = [(a, f"{p.description or p.policy_id}{_when(p.schedules)}") for p, a in policies]
    result = list(
        _service(dlm, told, "policy", "policies", plans.why_unknown("policies"), plans.policies is None)
    )
    chosen = [(one, selection_answer(instance, one, plans.opted_in, tags)) for one in plans.selections or ()]
    told = [
        (a, f"{s.plan}{_when(s.schedules)}{f', ran {ago(s.ran_at, now)}' if s.ran_at else ''}")
        for s, a in chosen
    ]
    why = plans.why_unknown("selections")
    result += _service(backup, told, "selection", "selections", why, plans.selections is None)
    return (*result, *_made(backup, plans, now))


def _service(
    who: str,
    told: list[tuple[PlanAnswer, str]],
    one: str,
    many: str,
    why: str | None,
    unread: bool,
) -> Iterator[CoverLine]:
    if unread:
        yield CoverLine(who, CoverVerdict.UNKNOWN, f"don't know: {why or f'its {many} were not read'}")
        return
    would = [(answer, name) for answer, name in told if answer.verdict is not _NO]
    order = (CoverVerdict.COVERED, CoverVerdict.PARTLY, CoverVerdict.UNKNOWN)
    would.sort(key=lambda pair: order.index(pair[0].verdict))
    for answer, name in would[:_SHOWN]:
        yield CoverLine(who, answer.verdict, f"{name}: {answer.why}")
    if len(would) > _SHOWN:
        yield CoverLine(who, would[_SHOWN][0].verdict, f"and {len(would) - _SHOWN} more {many}")
    halted = [(answer, name) for answer, name in told if answer.why.startswith("would copy it")]
    for answer, name in halted[:_SHOWN]:
        yield CoverLine(who, _NO, f"{name}: {answer.why}")
    if not would and not halted:
        none = f"no {one} there" if not told else f"none of its {counted(len(told), one, many)} is for it"
        yield CoverLine(who, _NO, f"{none}{f': {told[0][0].why}' if len(told) == 1 else ''}")
    if why:  # some were read, some were not
        yield CoverLine(who, CoverVerdict.UNKNOWN, f"not all were read: {why}")


def _made(who: str, plans: CopyPlans, now: datetime) -> Iterator[CoverLine]:
    if plans.points is None:
        if why := plans.why_unknown("points"):
            yield CoverLine(who, CoverVerdict.UNKNOWN, f"what it made is not known: {why}")
        return
    there = next((one for one in plans.points if one.status in _POINT_THERE), None)
    latest = plans.points[0] if plans.points else None
    if there is not None:
        made = f" {ago(there.made_at, now)}" if there.made_at else ""
        yield CoverLine(who, CoverVerdict.COVERED, f"last recovery point{made}, in vault {there.vault}")
    if latest is not None and latest is not there:
        tried = f" {ago(latest.made_at, now)}" if latest.made_at else ""
        yield CoverLine(who, CoverVerdict.PARTLY, f"the newest one{tried} is {latest.status}")


def _when(schedules: tuple[str, ...]) -> str:
    return f" ({', '.join(schedules)})" if schedules else ""
