"""Changed last: who, what, from where, when; what is evac's own, what was refused, what cannot be known yet."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from screens.detail.changes import MOST_OTHERS, changed_rows, other_resources
from screens.detail.view_model import Scene
from tests.screens.detail_pilot import opened
from tests.screens.fake_services import NOW, SETTINGS, ZONE, StandIn, named, sample_store
from tests.screens.pilot_helpers import LARGE, settled, tab, text_of, until
from tui.domain.diagnosis.evidence import Change, Evidence
from tui.domain.instance import Trouble, TroubleKind, Volume
from tui.domain.sanitize import clean
from tui.fleet.gathered import NOTHING_YET, Gathered
from tui.fleet.protocol import ReadAnswer, ReadKind, ReadRequest

ROW = named(sample_store(), "web-1")


def change(minutes: int, event: str, what: str = "", **more: str) -> Change:
    told = {"user": "kim", "source_ip": "203.0.113.7", **more}
    texts = {name: clean(text) for name, text in told.items()}
    return Change(NOW - timedelta(minutes=minutes), clean(event), what=clean(what), **texts)


def scene(gathered: Gathered) -> Scene:
    return Scene(ROW, NOW, ZONE, SETTINGS, gathered=gathered)


def read(*changes: Change, at: datetime = NOW) -> Gathered:
    return NOTHING_YET.answered(ReadKind.CHANGES, ReadAnswer(1, evidence=Evidence(at, changes=changes)), at)


def told(gathered: Gathered) -> str:
    return "\n".join(f"{row.label} | {row.text} | {row.note}" for row in changed_rows(scene(gathered)))


def test_who_what_from_where_and_when() -> None:
    text = told(read(change(120, "StopInstances"), change(3000, "RunInstances", "m6i.large", user="")))
    assert "2h ago | kim  StopInstances | at 10:00 from 203.0.113.7" in text
    assert "somebody  RunInstances  m6i.large | at 2 May 10:00" in text


def test_what_cannot_be_known_yet_is_said() -> None:
    assert "may lack changes after 11:45 KST" in told(read())
    assert "no change is told of" in told(read())


@pytest.mark.parametrize(
    ("new", "mark"),
    [
        ("m6i.large", "▲ half the memory it had, or less"),
        ("c6i.2xlarge", ""),
        ("m6i.2xlarge", ""),
    ],
)
def test_a_type_with_less_memory_is_marked(new: str, mark: str) -> None:
    text = told(
        read(
            change(60, "ModifyInstanceAttribute", f"instanceType m6i.xlarge → {new}"),
            change(90, "StopInstances"),
        )
    )
    assert f"instanceType m6i.xlarge → {new}" in text
    assert (mark in text) if mark else ("▲" not in text)


def test_a_refused_call_changed_nothing_and_says_so() -> None:
    refused = change(
        60, "ModifyInstanceAttribute", "instanceType m6i.xlarge → m6i.large", error="UnauthorizedOperation"
    )
    text = told(read(refused))
    assert "✖ refused by AWS (UnauthorizedOperation): nothing was changed" in text
    assert "▲" not in text


def test_evac_s_own_calls_name_their_operation() -> None:
    text = told(read(change(60, "StopInstances", operation="20260504-stop-start-00a1b2")))
    assert "evac's own: operation 20260504-stop-start-00a1b2, of another journal" in text
    assert "203.0.113.7" not in text


def test_reading_denied_and_not_asked_are_told_apart() -> None:
    denied = ReadAnswer(
        1, evidence=Evidence(NOW, unread=(("changes", clean("add cloudtrail:LookupEvents")),))
    )
    lost = ReadAnswer(
        1, trouble=Trouble(TroubleKind.INTERNAL, clean("the collector died"), clean("try again"))
    )
    assert "don't know: not read" in told(NOTHING_YET)
    assert "reading …" in told(NOTHING_YET.begun(ReadKind.CHANGES))
    assert "? changed | add cloudtrail:LookupEvents" in told(
        NOTHING_YET.answered(ReadKind.CHANGES, denied, NOW)
    )
    kept = read(change(60, "StopInstances"), at=NOW - timedelta(minutes=7))
    text = told(kept.answered(ReadKind.CHANGES, lost, NOW))
    assert "the collector died: try again; below is what was read 7m ago" in text
    assert "StopInstances" in text


def test_volumes_and_security_groups_are_asked_for_by_their_ids() -> None:
    names = other_resources(ROW)
    assert names[0] == next(one.volume_id for one in ROW.volumes if one.device == ROW.root_device_name)
    assert [one for one in names if one.startswith("sg-")] == list(ROW.security_group_ids)
    many = tuple(Volume(clean(f"vol-{n}"), clean(f"/dev/sd{n}")) for n in range(30))
    assert len(other_resources(replace(ROW, volumes=many))) == MOST_OTHERS


class Trail(StandIn):
    """Tells a change of whatever is asked for, and nothing of security groups."""

    async def request(self, request: ReadRequest) -> ReadAnswer:
        if request.kind is not ReadKind.CHANGES:
            return await super().request(request)
        self.asked.append(request)
        if request.resource.startswith("sg-"):
            return ReadAnswer(1, evidence=Evidence(NOW, unread=(("changes", clean("throttled: wait")),)))
        about = request.resource or request.instance_id
        return ReadAnswer(
            1, evidence=Evidence(NOW, changes=(change(5, f"Touch-{about}", resource=about, event_id=about),))
        )


async def test_enter_asks_for_those_beside_it(tmp_path: Path) -> None:
    link = Trail(sample_store())
    app, screen, _ = opened(tmp_path, "web-1", store=link.store, link=link)
    async with app.run_test(size=LARGE) as pilot:
        await settled(pilot)
        await tab(pilot, screen, "triage")
        await until(pilot, lambda: f"Touch-{ROW.instance_id}" in text_of(app))
        assert [one.resource for one in link.asked if one.kind is ReadKind.CHANGES] == [""]
        assert "asks for those of its" in text_of(app)
        await pilot.press("enter")
        volume = other_resources(ROW)[0]
        await until(pilot, lambda: f"{volume}: Touch-{volume}" in text_of(app))
        await until(pilot, lambda: "sg-" in text_of(app) and "throttled: wait" in text_of(app))
        asked = [one.resource for one in link.asked if one.kind is ReadKind.CHANGES]
        assert sorted(asked) == sorted(("", *other_resources(ROW)))
