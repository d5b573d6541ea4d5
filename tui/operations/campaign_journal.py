"""Campaigns in the journal: what was planned, confirmed, begun, and what came of each member.

A member is begun in one transaction with its operation, and only while the campaign is running: whoever pauses it, gives it up
or takes its lease over can be sure that nothing begins after that, and no operation is ever made twice.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from tui.domain.actions import ActionOptions
from tui.domain.campaign.model import Campaign, CampaignRules, CampaignState, Member, MemberState
from tui.domain.campaign.turn import Begin, Halt, Later, Over, Situation, next_turn
from tui.domain.plan import Draft
from tui.domain.sanitize import clean
from tui.operations.conflicts import in_the_way, who_is_in_the_way
from tui.operations.database import JournalError, insert, to_text
from tui.operations.identity import this_requester
from tui.operations.journal import AHEAD, LEASE, STARTING, Journal, insert_draft

GIVEN_UP = "the campaign was given up"
"""Why members that had not been begun are left out, if a person gave it up."""
_NOT_ENDED = "state<>'ended'"


class Begun(Struct, frozen=True):
    """The operation that carries a member out; or, where it is empty, why none was made."""

    operation: str = ""
    why: str = ""


class CampaignJournal:
    """The campaigns of one journal. Every method raises JournalError where it can't be used; times are UTC."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    # reading

    def get(self, campaign: str) -> Campaign | None:
        """One campaign with its members in their order; None if there is none."""
        with self.journal.looking():
            rows = self.journal._read("SELECT * FROM campaign WHERE id=?", (campaign,))
            return self._campaign(rows[0]) if rows else None

    def list(self, limit: int = 50) -> Sequence[Campaign]:
        """Campaigns, the newest first."""
        return self._campaigns("SELECT * FROM campaign ORDER BY id DESC LIMIT ?", (limit,))

    def ending(self, end: str, limit: int = 2) -> Sequence[Campaign]:
        """Those whose id ends so, however old, the newest first."""
        query = "SELECT * FROM campaign WHERE substr(id, -length(?)) = ? ORDER BY id DESC LIMIT ?"
        return self._campaigns(query, (end, end, limit))

    def unfinished(self) -> Sequence[Campaign]:
        """Confirmed, and something of them may still be begun or is under way. The oldest first."""
        query = (
            "SELECT * FROM campaign WHERE confirmed_at IS NOT NULL AND (state<>'ended'"
            " OR EXISTS (SELECT 1 FROM member WHERE campaign=campaign.id AND member.state='going')) ORDER BY id"
        )
        return self._campaigns(query, ())

    def since(self, when: datetime) -> Sequence[Campaign]:
        """Confirmed, and ordered or ended since then, or not ended yet. The oldest first."""
        query = (
            "SELECT * FROM campaign WHERE confirmed_at IS NOT NULL"
            " AND (confirmed_at>=? OR ended_at>=? OR state<>'ended') ORDER BY id"
        )
        return self._campaigns(query, (to_text(when), to_text(when)))

    def _campaigns(self, query: str, values: tuple[Any, ...]) -> Sequence[Campaign]:
        with self.journal.looking():
            return [self._campaign(row) for row in self.journal._read(query, values)]

    def _campaign(self, row: sqlite3.Row) -> Campaign:
        query = "SELECT * FROM member WHERE campaign=? ORDER BY position, region, instance_id"
        try:
            members = [
                {
                    **one,
                    "keys": msgspec.json.decode(one["keys"]),
                    "dangers": msgspec.json.decode(one["dangers"]),
                }
                for one in self.journal._read(query, (row["id"],))
            ]
            kept = {
                "options": msgspec.json.decode(row["options"], type=ActionOptions),
                "rules": msgspec.json.decode(row["rules"], type=CampaignRules),
                "members": members,
            }
            return msgspec.convert({**row, **kept}, Campaign, strict=False)
        except (ValueError, TypeError, IndexError, msgspec.MsgspecError) as error:
            raise JournalError(self.journal._line(error)) from error

    def tries(self, campaign: str, member: Member) -> int:
        """How many operations were made for a member of it."""
        query = "SELECT COUNT(*) FROM operation WHERE campaign=? AND region=? AND instance_id=? AND confirmed_at IS NOT NULL"
        return int(self.journal._read(query, (campaign, member.region, str(member.instance_id)))[0][0])

    # a person's side

    def create(
        self,
        action: str,
        options: ActionOptions,
        rules: CampaignRules,
        members: Iterable[Member],
        now: datetime,
    ) -> str:
        """Keep it as *planned*; its id, which sorts by time."""
        who = this_requester()
        name = f"c-{now.astimezone(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        values = {
            "id": name,
            "action": action,
            "options": _json(options),
            "rules": _json(rules),
            "state": CampaignState.PLANNED,
            "user": who.user,
            "host": who.host,
            "ssh_client": who.ssh_client,
            "created_at": to_text(now),
        }
        with self.journal._write() as db:
            insert(db, "campaign", values)
            for position, one in enumerate(members):
                insert(db, "member", {"campaign": name, **_columns(one), "position": position})
        return name

    def confirm(
        self,
        campaign: str,
        count: int,
        accept: Sequence[str],
        now: datetime,
        why_not: Callable[[Member], str],
    ) -> str:
        """The count was typed: empty if it runs now, else why not, and nothing is changed.

        Members with a danger that is not in `accept`, and those of whom `why_not` knows a reason, are left out.
        """
        with self.journal._write() as db:
            found = self.get(campaign)
            if found is None or found.state is not CampaignState.PLANNED:
                return _stands(found)
            out = {one.key: why_not(one) or _not_ticked(one, accept) for one in candidates(found)}
            left = sum(not why for why in out.values())
            if left != count or not count:
                return f"{left} would go, not {count}"
            for one in candidates(found):
                state = MemberState.LEFT_OUT if out[one.key] else MemberState.WAITS
                _member(db, campaign, one, state=state, why=clean(out[one.key]), tickable=False)
            rules = msgspec.structs.replace(found.rules, accept=tuple(dict.fromkeys(accept)))
            _set(
                db,
                campaign,
                state=CampaignState.RUNNING,
                rules=_json(rules),
                confirmed_at=to_text(now),
                note="",
            )
            return ""

    def pause(self, campaign: str, note: str) -> bool:
        """No new member is begun from now on; False if it is not running."""
        with self.journal._write() as db:
            return _set(db, campaign, "state='running'", state=CampaignState.PAUSED, note=clean(note, 400))

    def resume(self, campaign: str) -> str:
        """Members are begun again; those that failed until now stop nothing any more, and those that needed a person are looked
        at once more. Empty, or why not."""
        with self.journal._write() as db:
            found = self.get(campaign)
            if found is None or found.state is not CampaignState.PAUSED:
                return _stands(found)
            failed = len(found.of(MemberState.FAILED))
            for one in found.of(MemberState.NEEDS_YOU):
                _member(db, campaign, one, state=MemberState.WAITS, why="", operation="")
            _set(db, campaign, state=CampaignState.RUNNING, note="", failures_seen=failed)
            return ""

    def leave_out(self, campaign: str, key: str, why: str, *, out: bool = True) -> str:
        """A person leaves a member out that was not begun; or (not `out`), while nobody confirmed it, takes it in again. Empty,
        or why not. `key`: the member's, `region/id`."""
        with self.journal._write() as db:
            found = self.get(campaign)
            one = None if found is None else next((m for m in found.members if m.key == key), None)
            if found is None or one is None:
                return f"no member {key} of {campaign}"
            if out and one.state not in (MemberState.WAITS, MemberState.NEEDS_YOU):
                return f"{one.label} is {one.state}"
            if not out and (found.state is not CampaignState.PLANNED or not one.by_person):
                return (
                    f"{one.label}: nobody joins it any more" if one.by_person else f"{one.label}: {one.why}"
                )
            state = MemberState.LEFT_OUT if out else MemberState.WAITS
            _member(db, campaign, one, state=state, why=clean(why) if out else "", by_person=out)
            return ""

    def change_rules(self, campaign: str, rules: CampaignRules) -> str:
        """Other rules from now on; empty, or why not. What was ticked stays as it was once it is confirmed."""
        with self.journal._write() as db:
            found = self.get(campaign)
            if found is None or found.state is CampaignState.ENDED:
                return _stands(found)
            if found.confirmed_at is not None and set(rules.accept) != set(found.rules.accept):
                return "what was ticked is confirmed: a member with another danger needs its own yes"
            _set(db, campaign, rules=_json(rules))
            return ""

    def give_up(self, campaign: str, now: datetime) -> bool:
        """Nothing more is begun; what was begun goes on. False if it has ended."""
        with self.journal._write() as db:
            done = _set(
                db, campaign, _NOT_ENDED, state=CampaignState.ENDED, ended_at=to_text(now), given_up=True,
                note=GIVEN_UP,
            )  # fmt: skip
            if done:
                _leave_rest(db, campaign, GIVEN_UP)
            return done

    # the conductor's side

    def lease(self, campaign: str, conductor: str, now: datetime) -> bool:
        """Take it or keep it; False while another's lease lasts, or where there is no such campaign. As an operation's."""
        with self.journal._write() as db:
            done = db.execute(
                "UPDATE campaign SET conductor=?, lease_until=? WHERE id=?"
                " AND (conductor IN (?, '') OR conductor LIKE ? OR lease_until IS NULL OR lease_until<? OR lease_until>?)",
                (
                    conductor, to_text(now + LEASE), campaign, conductor, f"%{STARTING}", to_text(now),
                    to_text(now + LEASE + AHEAD),
                ),
            )  # fmt: skip
            return done.rowcount == 1

    def make_way(self, campaign: str, conductor: str, now: datetime) -> bool:
        """For the length of a lease nobody holds it, in the place of `conductor`, who is gone: time to start one. False if
        somebody else was faster."""
        with self.journal._write() as db:
            until = to_text(now + LEASE)
            return _set(db, campaign, "conductor=?", (conductor,), conductor="", lease_until=until)

    def set_starting(self, campaign: str, name: str, now: datetime) -> None:
        """The new conductor is this process (`host:id:starting`), which has yet to take its lease."""
        with self.journal._write() as db:
            _set(db, campaign, "conductor=''", conductor=name, lease_until=to_text(now + LEASE))

    def release(self, campaign: str, conductor: str) -> None:
        """Clear the lease; `conductor` stays the name of the last holder."""
        with self.journal._write() as db:
            _set(db, campaign, "conductor=?", (conductor,), lease_until=None)

    def note(self, campaign: str, conductor: str, note: str) -> None:
        """What it waits for."""
        with self.journal._write() as db:
            _set(db, campaign, f"conductor=? AND {_NOT_ENDED}", (conductor,), note=clean(note, 400))

    def write_look(self, campaign: str, conductor: str, member: Member) -> bool:
        """What was found of a member while nobody has confirmed it; False if that is no longer so, or a person left it out."""
        with self.journal._write() as db:
            if not self._planned(campaign, conductor):
                return False
            values = _columns(member)
            for name in ("operation", "by_person", "position", "region", "instance_id"):
                del values[name]
            return _member(db, campaign, member, "by_person=0", **values)

    def reorder(self, campaign: str, conductor: str, keys: Sequence[str]) -> bool:
        """Their order by key (`region/id`), while nobody has confirmed it. Who is not named comes last."""
        with self.journal._write() as db:
            if not self._planned(campaign, conductor):
                return False
            found = self.get(campaign)
            place = {key: at for at, key in enumerate(keys)}
            members = () if found is None else found.members
            for at, one in enumerate(sorted(members, key=lambda m: place.get(m.key, len(place)))):
                if one.position != at:
                    _member(db, campaign, one, position=at)
            return True

    def set_keys(self, campaign: str, member: Member, keys: Sequence[str]) -> bool:
        """What it shares with others, as it was just read; False if it does not wait any more."""
        with self.journal._write() as db:
            return _member(db, campaign, member, "state='waits'", keys=_json(list(keys)))

    def begin(
        self, campaign: str, conductor: str, member: Member, draft: Draft, situation: Situation, now: datetime
    ) -> Begun:
        """Begin a member: its operation, confirmed by the campaign's confirmation. Only while its lease is this conductor's and
        it is that member's turn, as it stands in this transaction. For the length of a lease its runner is just starting."""
        with self.journal._write() as db:
            found = self.get(campaign)
            if found is None or found.conductor != conductor:
                return Begun(why=_stands(found) if found is None else f"{found.conductor} conducts it")
            turn = next_turn(found, now, situation)
            if not isinstance(turn, Begin) or turn.member.key != member.key:
                return Begun(
                    why=f"it is {turn.member.label}'s turn" if isinstance(turn, Begin) else _words(turn)
                )
            one = turn.member
            region, instance = member.region, str(member.instance_id)
            if other := in_the_way(self.journal.unfinished(), draft.action, region, instance):
                return Begun(why=who_is_in_the_way(other, UTC, now))
            lease = {"confirmed_at": to_text(now), "lease_until": to_text(now + LEASE)}
            name = insert_draft(db, draft, now, campaign=campaign, **lease)
            _member(
                db, campaign, one, state=MemberState.GOING, operation=name, why="", looked_at=to_text(now)
            )
            return Begun(name)

    def conclude(self, campaign: str, member: Member, state: MemberState, why: str, **more: Any) -> bool:
        """What came of a member, or that it waits again; False if it does not stand as `member` does any more."""
        with self.journal._write() as db:
            where, values = "state=? AND operation=?", (member.state, member.operation)
            done = _member(db, campaign, member, where, values, state=state, why=clean(why, 400), **more)
            if (
                done and member.state is MemberState.FAILED
            ):  # it came back after all, and was one of those seen
                db.execute(
                    "UPDATE campaign SET failures_seen=MAX(0, failures_seen-1) WHERE id=?", (campaign,)
                )
            return done

    def end(self, campaign: str, conductor: str, note: str, now: datetime) -> bool:
        """All is done that can be; False if it is not running, or not this conductor's."""
        ended = {"state": CampaignState.ENDED, "ended_at": to_text(now), "note": clean(note, 400)}
        with self.journal._write() as db:
            done = _set(db, campaign, "state='running' AND conductor=?", (conductor,), **ended)
            if done:
                _leave_rest(db, campaign, note)
            return done

    def _planned(self, campaign: str, conductor: str) -> bool:
        query = "SELECT 1 FROM campaign WHERE id=? AND conductor=? AND state='planned'"
        return bool(self.journal._read(query, (campaign, conductor)))


def candidates(campaign: Campaign) -> tuple[Member, ...]:
    """Those that may go as it stands, as far as their dangers are ticked."""
    return tuple(
        one
        for one in campaign.members
        if one.state is MemberState.WAITS
        or (one.state is MemberState.LEFT_OUT and one.tickable and not one.by_person)
    )


def _not_ticked(one: Member, accept: Sequence[str]) -> str:
    others = [code for code in one.dangers if code not in accept]
    return f"not ticked: {', '.join(others)}" if others else ""


def _stands(found: Campaign | None) -> str:
    return "there is no such campaign" if found is None else f"it is {found.state}"


def _words(turn: Later | Halt | Over) -> str:
    return turn.note if isinstance(turn, Over) else turn.why


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _columns(one: Member) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(one, builtin_types=(datetime,))
    for name in ("keys", "dangers"):
        values[name] = _json(values[name])
    return values | {"deadline": to_text(one.deadline), "looked_at": to_text(one.looked_at)}


def _set(
    db: sqlite3.Connection, campaign: str, where: str = "1", values: tuple[Any, ...] = (), /, **columns: Any
) -> bool:
    names = ", ".join(f"{name}=?" for name in columns)
    query = f"UPDATE campaign SET {names} WHERE id=? AND {where}"  # noqa: S608 - our own names
    return db.execute(query, (*columns.values(), campaign, *values)).rowcount == 1


def _member(
    db: sqlite3.Connection, campaign: str, one: Member, where: str = "1", values: tuple[Any, ...] = (), /,
    **columns: Any,
) -> bool:  # fmt: skip
    names = ", ".join(f"{name}=?" for name in columns)
    query = f"UPDATE member SET {names} WHERE campaign=? AND region=? AND instance_id=? AND {where}"  # noqa: S608 - as above
    place = (campaign, one.region, str(one.instance_id))
    return db.execute(query, (*columns.values(), *place, *values)).rowcount == 1


def _leave_rest(db: sqlite3.Connection, campaign: str, why: str) -> None:
    db.execute(
        "UPDATE member SET state='left-out', why=? WHERE campaign=? AND state='waits'", (clean(why), campaign)
    )
