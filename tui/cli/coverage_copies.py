"""`evac coverage --old-images` and `--print-plan`: what somebody else does, told with its commands. evac sends none of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from tui.cli import output
from tui.cli.copy_objects import IMAGE_COLUMNS, image_object, plan_object
from tui.cli.empty_list import say_nothing_listed, say_unread
from tui.cli.fleet_reader import Fleet, read_fleet
from tui.cli.session import PARTIAL, WELL, Session
from tui.domain.cover.answers import GAPS
from tui.domain.cover.verdict import cover_of
from tui.domain.instance import EVERYWHERE, Instance, Target
from tui.domain.old_images import JudgedImage, age_of, judged_images, removal_command
from tui.domain.plurals import counted
from tui.domain.query import Query
from tui.domain.server_plans import PlanMaker, server_plan
from tui.fleet import reading
from tui.fleet.protocol import ReadAnswer, ReadKind, ReadRequest

TARGETS_AT_ONCE = 24
"""Targets that are asked at once: each has a minute for its answer, and they are read a few at a time."""


class _Place(Struct, frozen=True):
    target: Target
    account_id: str


def print_old_images(
    session: Session, chosen: Query, *, keep: int, form: str | None, every: bool, timeout: float
) -> int:
    """The AMIs of evac's that a retention of `keep` would remove, with the commands. 3 if anything could not be read."""
    fleet = read_fleet(session, problems_only=False, timeout=timeout)
    now = datetime.now(UTC)
    rows = [row for row in fleet.rows if chosen.matches(row, now)]
    if chosen.tests and not rows:
        say_nothing_listed("no instances", session, fleet, chosen, timeout, now, full=True)
    wanted = {str(row.instance_id) for row in rows} if chosen.tests else None
    told: list[tuple[Target, JudgedImage]] = []
    others = unread = 0
    for place, answer in _answers(session, _places(fleet), keep):
        found = answer.own_images
        if answer.trouble is not None or found is None:
            output.say(f"evac: {place.target.key}: {answer.trouble.bare if answer.trouble else 'no answer'}")
            unread += 1
            continue
        for part, why in found.unknown:
            output.say(f"evac: {place.target.key}: {part}: {why} (so nothing there is called old)")
        unread += bool(found.unknown)
        others += found.others
        judged = judged_images(found.images, keep, str(found.account_id), now)
        told += [
            (place.target, one) for one in judged if wanted is None or str(one.image.instance_id) in wanted
        ]
    _print_images(told, keep, form, every, now)
    gone = sum(one.removable for _, one in told)
    stay = f": {gone} would go, {len(told) - gone} stay" if told else ""
    output.say(
        f"{counted(len(told), 'AMI') if told else 'no AMI'} of evac's{stay}; of others: {others}, left alone"
    )
    code = say_unread(session, fleet)
    return PARTIAL if unread and code == WELL else code


def _places(fleet: Fleet) -> list[_Place]:
    """Each account and region once, by the profile that read it."""
    found: dict[tuple[str, str], _Place] = {}
    for one in fleet.targets:
        if one.trouble is None and one.target.region != EVERYWHERE and one.account_id:
            found.setdefault(
                (str(one.account_id), one.target.region), _Place(one.target, str(one.account_id))
            )
    return list(found.values())


def _answers(session: Session, places: Sequence[_Place], keep: int) -> Iterator[tuple[_Place, ReadAnswer]]:
    for at in range(0, len(places), TARGETS_AT_ONCE):
        part = places[at : at + TARGETS_AT_ONCE]
        asked = [ReadRequest(0, ReadKind.OWN_IMAGES, one.target, keep=keep) for one in part]
        yield from zip(part, reading.ask_once(session.settings, session.environ, *asked), strict=True)


def _print_images(
    told: Sequence[tuple[Target, JudgedImage]], keep: int, form: str | None, every: bool, now: datetime
) -> None:
    objects = [image_object(target, one) for target, one in told]
    if form == "json":
        output.json(objects)
    elif form == "csv":
        output.write_csv(IMAGE_COLUMNS, ([one[name] for name in IMAGE_COLUMNS] for one in objects))
    else:
        shown = [(target, one) for target, one in told if every or one.removable]
        if shown:
            kept = counted(keep, "newest one", "newest ones")
            output.line(
                f"# evac removes no AMI. Read these, and run what you want gone: beyond the {kept} of an instance."
            )
            output.line(
                "# A command takes the AMI and its snapshots, but for those that others hold; there is no way back,"
            )
            output.line("# unless a rule of your Recycle Bin keeps them.")
        for target, one in shown:
            image = one.image
            snapshots = counted(image.snapshots, "snapshot")
            output.line(
                f"# {target.key}  {image.instance_id}  {age_of(image, now)}  {snapshots}  {image.name}: {one.why}"
            )
            if one.removable:
                output.line(removal_command(image, target))


def print_plans(
    session: Session, chosen: Query, maker: PlanMaker, *, tag: tuple[str, str], keep: int, timeout: float
) -> int:
    """A plan of AWS's own for each account and region with instances that lack a copy. 3 if anything could not be read."""
    fleet = read_fleet(session, problems_only=False, timeout=timeout, cover=True)
    now, max_age = datetime.now(UTC), session.settings.actions.image_max_age
    lacking: defaultdict[_Place, list[Instance]] = defaultdict(list)
    for row in fleet.rows:
        if chosen.matches(row, now) and cover_of(row, now, max_age).data_lost.verdict in GAPS:
            lacking[_Place(row.target, str(row.account_id))].append(row)
    plans = [
        server_plan(maker, place.target, place.account_id, tag, keep, rows)
        for place, rows in sorted(lacking.items(), key=lambda one: one[0].target)
    ]
    output.json([plan_object(one) for one in plans])
    many = sum(map(len, lacking.values()))
    output.say(
        f"{counted(many, 'instance')} without a young copy in {counted(len(plans), 'target')}; evac sends none of this: "
        "read the documents, then run the commands"
    )
    for needs in dict.fromkeys(one.needs for one in plans):
        output.say(f"each account needs the role {needs}")
    return say_unread(session, fleet)


def parsed_tag(text: str) -> tuple[str, str]:
    """`KEY=VALUE` as both. Raises ValueError with the expected form."""
    key, equals, value = text.partition("=")
    if not key.strip() or not equals or len(key) > 128 or len(value) > 256 or key.startswith("aws:"):
        raise ValueError("a tag is KEY=VALUE, of at most 128 and 256 characters, and its key no aws:…")
    return key, value
