"""Random worlds in which a campaign is carried out: groups that recover or not, operations that fail, conductors that are killed
between the question and the beginning, people who pause it, change its rules, leave members out or give it up.

`play(seed)` goes through one and raises AssertionError where a promise is broken. What may go down is judged here anew, from the
world itself and not from the product's counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from msgspec.structs import replace

from tui.domain.actions import ActionOptions
from tui.domain.campaign.keys import is_together
from tui.domain.campaign.model import Campaign, CampaignRules, CampaignState, Member, MemberState
from tui.domain.campaign.turn import Begin, Halt, Over, Situation, bucket_of, next_turn
from tui.domain.groups import TARGETS, Group, GroupSeen, Hold, HoldState, shortage
from tui.domain.sanitize import clean

BASE = datetime(2026, 11, 24, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOURS = ("", "", "", "22:00-04:00", "Mon-Fri 21:30-23:00; 00:30-05:00", "daily 19:00-21:00 America/New_York")
WAITS, GOING, DONE, FAILED = MemberState.WAITS, MemberState.GOING, MemberState.DONE, MemberState.FAILED


@dataclass
class Pool:
    """A target group as it really is: who is in service. `recovers`: whether its ill members ever come back by themselves."""

    key: str
    members: set[str]
    up: set[str]
    keep: int
    recovers: bool

    def seen(self, member: str) -> GroupSeen:
        """What AWS tells of it."""
        group = Group(TARGETS, self.key, self.key, member, member in self.up, len(self.members))
        ill = tuple((one, "unhealthy") for one in sorted(self.members - self.up))
        return GroupSeen(group, tuple(sorted(self.up)), ill)


@dataclass
class Work:
    """An operation: it waits for its groups, goes down, and ends some time later as it is to end."""

    member: str
    keys: tuple[str, ...]
    number: int
    lasts: int
    well: bool
    stays_down: bool
    down_since: int | None = None


@dataclass
class World:
    """One world, minute by minute."""

    seed: int
    random: Random = field(init=False)
    minute: int = 0
    pools: dict[str, Pool] = field(default_factory=dict)
    works: dict[str, Work] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)
    widest: int = 1
    most_failures: int = 1
    down: set[str] = field(default_factory=set)
    holds: list[Hold] = field(default_factory=list)
    kept_back: dict[str, str] = field(default_factory=dict)
    events: Counter[str] = field(default_factory=Counter)
    calm: bool = False
    campaign: Campaign = field(init=False)

    def __post_init__(self) -> None:
        random = self.random = Random(self.seed)
        members = random.randint(2, 14)
        names = [f"i-{number:03}" for number in range(members)]
        for number in range(random.randint(0, 5)):
            self._pool(f"1:r:{TARGETS}:g{number}", names)
        apart = [f"1:r:placement partition:p{number}" for number in range(random.randint(0, 2))]
        apart += [f"::tag:service=s{number}" for number in range(random.randint(0, 2))]
        self.campaign = Campaign(
            id="C-1",
            action=random.choice(("stop-start", "stop-start", "reboot", "reboot-alarm")),
            options=ActionOptions(),
            rules=self._rules(),
            state=CampaignState.RUNNING,
            members=tuple(
                Member(
                    position=place,
                    profile="p",
                    region=random.choice(("r", "q")),
                    account_id=clean("1"),
                    instance_id=clean(name),
                    name=clean(""),
                    keys=(
                        *(one.key for one in self.pools.values() if name in one.members),
                        *self._some(apart),
                    ),
                )
                for place, name in enumerate(names)
            ),
            user="kim",
            host="here",
            created_at=BASE,
        )
        self._remember_rules()

    @property
    def now(self) -> datetime:
        """The time."""
        return BASE + self.minute * MINUTE

    @property
    def harmless(self) -> bool:
        """Whether nothing goes down in it."""
        return self.campaign.action == "reboot-alarm"

    def _some(self, keys: Sequence[str]) -> tuple[str, ...]:
        return tuple(one for one in keys if self.random.random() < 0.4)

    def _pool(self, key: str, names: Sequence[str]) -> None:
        random = self.random
        members = {one for one in names if random.random() < 0.4} | {
            f"o-{n}" for n in range(random.randint(0, 3))
        }
        if len(members) > 1:
            up = {one for one in sorted(members) if random.random() < 0.85}
            keep = random.randint(1, len(members) - 1)
            self.pools[key] = Pool(key, members, up, keep, random.random() < 0.8)

    def _rules(self) -> CampaignRules:
        random = self.random
        return CampaignRules(
            at_once=random.randint(1, 8),
            max_failures=random.choice((1, 1, 2, 4)),
            hours=random.choice(HOURS),
            per_group=random.choice((1, 1, 2)),
        )

    def _remember_rules(self) -> None:
        self.widest = max(self.widest, self.campaign.rules.at_once)
        self.most_failures = max(self.most_failures, self.campaign.rules.max_failures)

    def _set(self, name: str, **changes: object) -> None:
        members = tuple(
            replace(one, **changes) if one.instance_id == name else one for one in self.campaign.members
        )
        self.campaign = replace(self.campaign, members=members)

    # What happens by itself, or by somebody's hand.

    def others(self) -> None:
        """AWS, people and other operations."""
        random = self.random
        for pool in self.pools.values():
            for one in sorted(pool.members - self.down):
                if one not in pool.up and (self.calm or (pool.recovers and random.random() < 0.05)):
                    pool.up.add(one)
                elif one in pool.up and not self.calm and random.random() < 0.004:
                    pool.up.discard(one)
                    self.events["a member fell ill by itself"] += 1
        for one in sorted(self.down - set(self.works)):  # failed ones that somebody brings back
            if self.calm or random.random() < 0.02:
                self.down.discard(one)
                if random.random() < 0.3:
                    self._after_all(one)
                for pool in self.pools.values():
                    pool.up |= pool.members & {one}
        if self.calm:
            self.holds = []
        elif self.pools and random.random() < 0.02:
            self._foreign_hold()
        elif self.holds and random.random() < 0.1:
            self.holds.pop()

    def _after_all(self, name: str) -> None:
        """One that counted as failed (no capacity, and then there was) is done after all, and no longer one that failed."""
        self._set(name, state=DONE)
        self.campaign = replace(self.campaign, failures_seen=max(0, self.campaign.failures_seen - 1))
        self.events["failed, and done after all"] += 1

    def _foreign_hold(self) -> None:
        pool = self.pools[self.random.choice(sorted(self.pools))]
        others = sorted(one for one in pool.members if one.startswith("o-"))
        if not others:
            return
        member = others[0]
        seen, held = pool.seen(member), self._holds_of(pool.key)
        if not self.holds and shortage(seen.group, seen, held, (pool.keep,)) is None:
            self.holds.append(self._hold("op-other", pool.key, member, 0))
            self.events["held by another operation"] += 1

    def person(self, *, surely: bool = False) -> None:
        """Somebody does something with the campaign."""
        random, campaign = self.random, self.campaign
        if campaign.state is CampaignState.PAUSED and (self.calm or random.random() < 0.03):
            self.campaign = replace(
                campaign, state=CampaignState.RUNNING, failures_seen=len(campaign.of(FAILED)), note=""
            )
            self.widest, self.most_failures = campaign.rules.at_once, campaign.rules.max_failures
            self.events["resumed"] += 1
            return
        if self.calm or (not surely and random.random() > 0.02):
            return
        match random.randint(0, 3):
            case 0 if campaign.state is CampaignState.RUNNING:
                self.campaign = replace(campaign, state=CampaignState.PAUSED, note="by kim")
                self.events["paused"] += 1
            case 1:
                self.campaign = replace(campaign, rules=self._rules())
                self._remember_rules()
                self.events["rules changed"] += 1
            case 2 if waiting := campaign.of(WAITS):
                self._set(random.choice(waiting).instance_id, state=MemberState.LEFT_OUT)
                self.events["left out"] += 1
            case 3 if random.random() < 0.2:
                self.campaign = replace(campaign, given_up=True)
                self.events["given up"] += 1

    def runners(self) -> None:
        """Each operation goes on by itself; nothing of the campaign is asked."""
        for name, work in sorted(self.works.items(), key=lambda one: one[1].number):
            if work.down_since is None:
                if self._claims(work):
                    self._go_down(work)
            elif self.minute - work.down_since >= work.lasts:
                self._end(name, work)

    def _holds_of(self, key: str) -> list[Hold]:
        down = [one for one in self.works.values() if one.down_since is not None and key in one.keys]
        held = [self._hold(f"op-{one.number}", key, one.member, one.number) for one in down]
        return [*held, *(one for one in self.holds if one.place == key)]

    def _hold(self, operation: str, key: str, member: str, number: int) -> Hold:
        user, host = clean("kim"), clean("here")
        return Hold(
            operation, key, clean(key), member, clean(member), user, host, self.now, number, HoldState.GOING
        )

    def _claims(self, work: Work) -> bool:
        if self.harmless:
            return True
        pools = [self.pools[key] for key in work.keys if key in self.pools]
        seen = [(one.seen(work.member), self._holds_of(one.key), one.keep) for one in pools]
        return all(shortage(one.group, one, others, (keep,)) is None for one, others, keep in seen)

    def _go_down(self, work: Work) -> None:
        work.down_since = self.minute
        if self.harmless:
            return
        self.down.add(work.member)
        for pool in self.pools.values():
            if work.member not in pool.up:
                continue
            pool.up.discard(work.member)
            held = {one.member for one in self.holds if one.place == pool.key}
            assert len(pool.up - held) >= max(1, pool.keep), (self.seed, "below needed", pool.key)

    def _end(self, name: str, work: Work) -> None:
        del self.works[name]
        if not work.stays_down:
            self.down.discard(name)
            for pool in self.pools.values():
                pool.up |= pool.members & {name}
        self._set(name, state=DONE if work.well else FAILED)
        self.events["done" if work.well else "failed"] += 1

    # The conductor.

    def situation(self) -> Situation:
        """What a conductor saw: it may have seen less than there is."""
        failed = self.campaign.of(FAILED)
        back = frozenset(one.key for one in failed if one.instance_id not in self.down)
        at = self.now + MINUTE * self.random.randint(0, 2) if self.random.random() < 0.05 else self.now
        pace = {bucket_of(one): at for one in self.campaign.members[:1]}
        holds = [one for key in self.pools for one in self._holds_of(key)]
        aside = {
            one.key: "nobody could read it" for one in self.campaign.of(WAITS) if self.random.random() < 0.03
        }
        return Situation(tuple(holds), dict(self.kept_back), back, pace, aside)

    def conduct(self) -> None:
        """Conductors ask until nobody may be begun; some are killed on the way, some are two, some look at what is no more."""
        self.kept_back = {}
        for _ in range(40):
            situation = self.situation()
            turn = next_turn(self.campaign, self.now, situation)
            assert turn == next_turn(self.campaign, self.now, situation), (
                self.seed,
                "another answer to the same question",
            )
            if isinstance(turn, Halt):
                self.campaign = replace(self.campaign, state=CampaignState.PAUSED, note=turn.why)
                self.events["halted"] += 1
            if isinstance(turn, Over):
                self.campaign = replace(self.campaign, state=CampaignState.ENDED, note=turn.note)
            if not isinstance(turn, Begin):
                return
            if self._short(turn.member):
                continue
            if self.random.random() < 0.05:
                self.events["conductor killed before it began one"] += 1
                continue  # the next one asks the same question
            if self.random.random() < 0.02:
                self._set(
                    str(turn.member.instance_id), state=MemberState.NEEDS_YOU, why="a danger nobody ticked"
                )
                self.events["it had a new danger"] += 1
                continue
            if self.random.random() < 0.05:
                self.person(surely=True)  # between the question and the beginning
            if next_turn(self.campaign, self.now, situation) != turn:
                self.events["no longer its turn"] += 1
                continue
            self._begin(turn.member, situation)
            if (
                self.random.random() < 0.1
            ):  # a second conductor with the same answer, or one killed after the beginning
                self.events["asked again with an old answer"] += 1
                assert next_turn(self.campaign, self.now, situation) != turn, (self.seed, "begun twice")

    def _short(self, member: Member) -> bool:
        """The fresh look: a group that is short of members by itself. One look in four is already out of date."""
        if self.harmless or self.random.random() < 0.25:
            return False
        for key in member.keys:
            pool = self.pools.get(key)
            if pool is None:
                continue
            seen = pool.seen(str(member.instance_id))
            why = shortage(seen.group, seen, self._holds_of(key), (pool.keep,))
            if why is not None and not why.by:
                self.kept_back[key] = why.cause
                self.events["its group was short"] += 1
                return True
        return False

    def _begin(self, member: Member, situation: Situation) -> None:
        self._judge(member, situation)
        random, number = self.random, len(self.begun)
        well = random.random() < 0.9 or self.calm
        self.works[str(member.instance_id)] = Work(
            str(member.instance_id),
            member.keys,
            number,
            random.randint(1, 12),
            well,
            not well and random.random() < 0.6,
        )
        self.begun.append(str(member.instance_id))
        self._set(str(member.instance_id), state=GOING, operation=f"op-{number}")

    def _judge(self, member: Member, situation: Situation) -> None:
        """Whether this member might be begun now, judged from the world."""
        campaign, told = self.campaign, (self.seed, self.minute, member.instance_id)
        going, rules = campaign.of(GOING), campaign.rules
        done = len(campaign.of(DONE))
        assert campaign.state is CampaignState.RUNNING, told
        assert not campaign.given_up, told
        assert str(member.instance_id) not in self.begun, (*told, "begun twice")
        assert member.key not in situation.aside, told
        most = 1 if self.harmless else min(rules.at_once, 20)
        assert len(going) < most, (*told, "over at_once")
        grown = max(most for most in (1, 2, 4, 8, 16) if done >= most - 1)
        assert len(going) < grown, (*told, "it grew faster than it succeeded")
        failed = len(campaign.of(FAILED)) - campaign.failures_seen
        assert failed < rules.max_failures, (*told, "begun after max_failures")
        assert _open(rules.hours, self.now), (*told, "outside its hours")
        if self.harmless:
            assert not any(
                one.position < member.position
                for one in campaign.of(WAITS)
                if self._paced(one, situation) and one.key not in situation.aside
            ), told
            return
        for key in member.keys:
            assert self._taken(key) < self._most(key), (*told, "over per_group", key)
            assert key not in situation.short, (*told, "its group is short", key)
        ahead: set[str] = set()  # keys in which an earlier one keeps its place
        for one in campaign.of(WAITS):
            if one.position >= member.position:
                break
            full = any(self._taken(key) >= self._most(key) for key in one.keys)
            if one.key in situation.aside:
                continue
            short = any(key in situation.short for key in one.keys)
            behind = any(key in ahead for key in one.keys)
            assert full or short or behind or not self._paced(one, situation), (
                *told,
                "overtook",
                one.instance_id,
            )
            if not short and not any(self._staying(key) >= self._most(key) for key in one.keys):
                ahead.update(one.keys)
        if campaign.rules.per_group == 1:
            assert not ahead & set(member.keys), (*told, "overtook one of its own key")

    def _most(self, key: str) -> int:
        return 1 if is_together(key) else self.campaign.rules.per_group

    def _paced(self, member: Member, situation: Situation) -> bool:
        at = situation.ready_at.get(bucket_of(member), self.now)
        return at is not None and at <= self.now

    def _taken(self, key: str) -> int:
        """How many of a key are down, or may be: under way, failed and not back, or held by others."""
        going = [one for one in self.campaign.of(GOING) if key in one.keys]
        return len(going) + self._staying(key)

    def _staying(self, key: str) -> int:
        """Those of them that come back only by somebody's hand."""
        failed = [
            one for one in self.campaign.of(FAILED) if key in one.keys and str(one.instance_id) in self.down
        ]
        return len(failed) + sum(one.place == key for one in self.holds)

    def step(self) -> None:
        """One minute or a few."""
        self.minute += self.random.choice((1, 1, 1, 2, 5))
        self.others()
        self.runners()
        self.person()
        self.conduct()
        since = len(self.campaign.of(FAILED)) - self.campaign.failures_seen
        assert since <= self.most_failures + self.widest - 1, (self.seed, "more failures than promised")


def _open(hours: str, now: datetime) -> bool:
    """The hours of HOURS, told in another way: by the minute in UTC."""
    minute, day = now.hour * 60 + now.minute, now.weekday()
    if not hours:
        return True
    if hours.startswith("22"):
        return minute >= 22 * 60 or minute < 4 * 60
    if hours.startswith("Mon"):
        return 30 <= minute < 300 or (day < 5 and 21 * 60 + 30 <= minute < 23 * 60)
    return minute < 2 * 60  # 19:00-21:00 in New York, in winter


def play(seed: int) -> Counter[str]:
    """One world from its beginning to its end; what happened in it."""
    world = World(seed)
    for number in range(2000):
        world.calm = number > 150
        world.step()
        if world.campaign.state is CampaignState.ENDED:
            break
    assert world.campaign.state is CampaignState.ENDED, (seed, "it hangs", world.campaign)
    assert not world.works, (seed, "it ended with members under way")
    assert world.campaign.given_up or not world.campaign.of(WAITS), (seed, "members were forgotten")
    assert len(world.begun) == len(set(world.begun)), (seed, "one was begun twice")
    world.events["worlds"] += 1
    return world.events
