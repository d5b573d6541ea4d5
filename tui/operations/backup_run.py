"""One night of a timer: whom it copies, one after another, through the ordinary operations.

Every copy is an operation of the action `image`: planned, asked of AWS, confirmed, carried out by a runner of its own. Killed
anywhere, the next night takes up what was cut off; what two timers want at once AWS refuses to the second (tui.domain.backup).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from msgspec.structs import replace

from tui.domain import backup
from tui.domain.answers import RefusedBy
from tui.domain.backup import Copying
from tui.domain.facts import Facts
from tui.domain.instance import Instance, InstanceState
from tui.domain.plan import Draft
from tui.operations import recovery
from tui.operations.backup_plan import Copied, Ending, Planner, refused
from tui.operations.conflicts import in_the_way
from tui.operations.journal import Journal
from tui.operations.model import Operation, OperationState, StepState
from tui.operations.service import Answered, OperationsService, dry_run_answer
from tui.operations.status import status_of

_LOOK_EVERY = 0.2
_ANSWER_WITHIN = timedelta(seconds=60)
"""How long AWS's answer to the dry run is waited for; then it is unknown, and the copy is made all the same."""
LATER = timedelta(seconds=20)
"""After which an instance is tried again that could not be copied just now: locked, or a member of its group is."""
PATIENCE, GROUP_PATIENCE = timedelta(minutes=30), timedelta(hours=12)
"""For how long that is tried: the second while members of its group are copied, which another timer may be at."""
SLOT_FOR = timedelta(hours=1)
"""A first AMI of large volumes takes AWS hours: after this one it holds nobody else up."""
LOOKS = 3
"""How often one that could not be read is looked at."""
TRIES = 2
"""How often an AMI that failed is made again in the same night."""
_RESTARTS = 3
_IN_ITS_GROUP = "another member of its group is being copied"


_Look = Callable[[Instance], tuple[Instance | None, Facts | None, str]]
"""A fresh look: the instance and its facts, or why there is none."""


@dataclass
class _One:
    """An instance on its way."""

    row: Instance
    first_at: datetime
    groups: frozenset[str] | None = None
    looked: bool = False
    beside: tuple[str, ...] = ()
    unseen: frozenset[str] = frozenset()
    plan: Draft | None = None
    ident: str = ""
    again_at: datetime | None = None
    tries: int = 0
    looks: int = 0
    restarts: int = 0
    why: str = ""


@dataclass
class BackupRun:
    """`tell` gets each ending as it comes, `say` what is waited for; `sleep` and `now` (UTC) are the machine's, or a test's.

    Raises JournalError and what OperationsService.propose raises: then nothing more is begun, and what was goes on.
    """

    operations: OperationsService
    journal: Journal
    look: _Look
    planner: Planner
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    tell: Callable[[Copied], None]
    say: Callable[[str], None] = lambda line: None
    _queue: list[_One] = field(default_factory=list)
    _going: list[_One] = field(default_factory=list)

    def run(self, rows: Sequence[Instance]) -> None:
        """These, the first first, until none is left but what AWS will be at for long."""
        self._queue = [_One(row, self.now()) for row in rows]
        self._take_up()
        while self._queue or any(self._holds(one) for one in self._going):
            self._look_after()
            if not self._begin_one():
                self.sleep(_LOOK_EVERY)
        self._look_after()
        for one in self._going:
            self._end(one, Ending.PENDING, "AWS is still making it; its runner stays with it")
        self._going.clear()

    def _take_up(self) -> None:
        """What a timer before this one began, and nobody drives any more."""
        for found in recovery.cut_off(self.journal, self.now()):
            if found.kept.order.backup is None:
                continue
            mine = next((one for one in self._queue if _of(found, one.row)), None)
            if mine is not None:
                self._queue.remove(mine)
                self._follow(mine, found)
            elif (why := self.operations.resume(found)) is not None:
                self.say(f"{found.label}: {found.id} was cut off, and is not taken up: {why}")
            else:
                self.say(f"{found.label}: {found.id} was cut off, and goes on")

    def _follow(self, one: _One, found: Operation) -> None:
        """Instead of a plan of its own."""
        one.ident, one.groups, one.plan = found.id, frozenset(), None
        one.beside = found.kept.order.backup.beside if found.kept.order.backup is not None else ()
        self._going.append(one)

    # whose turn it is

    def _holds(self, one: _One) -> bool:
        """Whether it counts as one of those that are copied at this moment."""
        found = self.journal.get(one.ident)
        since = None if found is None else found.confirmed_at
        return since is None or self.now() - since < SLOT_FOR

    def _begin_one(self) -> bool:
        """Look at the next one whose time it is, and order its copy; False if nobody is next."""
        if sum(self._holds(one) for one in self._going) >= self.planner.rules.at_once:
            return False
        now = self.now()
        ready = (one for one in self._queue if one.again_at is None or one.again_at <= now)
        one = next((one for one in ready if not one.looked or self._alone(one)), None)
        if one is None:
            return False
        self._queue.remove(one)
        if (open_one := self._open_of(one)) is not None:
            self._follow(one, open_one)
        else:
            self._begin(one)
        return True

    def _open_of(self, one: _One) -> Operation | None:
        """A copy of it that somebody on this machine has ordered, and that goes on."""
        return next(
            (
                found
                for found in self.journal.unfinished()
                if found.kept.order.backup is not None
                and found.confirmed_at is not None
                and found.state is not OperationState.NEEDS_ATTENTION
                and _of(found, one.row)
            ),
            None,
        )

    def _begin(self, one: _One) -> None:
        row, facts, why = self.look(one.row)
        if row is None:
            return self._unread(one, why)
        need = backup.looked_at(
            replace(row, newest_image=one.row.newest_image), facts, self.now(), self.planner.rules.older_than
        )
        if need.copying is Copying.UNREAD:
            return self._unread(one, need.why)
        if need.copying is not Copying.DUE:
            return self._end(one, Ending(need.copying.value), need.why)
        if row.state not in (InstanceState.RUNNING, InstanceState.STOPPED, InstanceState.UNKNOWN):
            return self._later(one, f"it is {row.state}", Ending.REFUSED)
        at, ident = self.journal.unfinished(), str(row.instance_id)
        if (other := in_the_way(at, "image", row.target.region, ident)) is not None:
            return self._later(one, f"{other.title} ({other.id}) is not finished", Ending.REFUSED)
        one.groups, one.looked = backup.groups_of(row, facts), True
        if not self._alone(one):
            return self._later(one, _IN_ITS_GROUP, Ending.REFUSED)
        if need.name in one.unseen:
            need = replace(need, name=backup.second_name(need.name))
        one.plan = self.planner.planned(row, facts, need)
        one.beside = one.plan.options.backup.beside if one.plan.options.backup is not None else ()
        if (told := refused(one.plan)) is not None:
            self.operations.refuse(one.plan, told[1])
            return self._end(one, *told)
        one.ident = self.operations.propose(one.plan)
        self._going.append(one)
        return None

    def _unread(self, one: _One, why: str) -> None:
        one.looks += 1
        if one.looks < LOOKS:
            self._later(one, why, Ending.UNREAD)
        else:
            self._end(one, Ending.UNREAD, why)

    def _alone(self, one: _One) -> bool:
        """Whether none of those that are being copied serves in a group with it."""
        return not any(
            (other.row.account_id, other.row.target.region) == (one.row.account_id, one.row.target.region)
            and (str(one.row.instance_id) in other.beside or not backup.together(one.groups, other.groups))
            for other in self._going
        )

    def _in_its_group(self, one: _One) -> bool:
        """Whether an operation of another timer on this machine copies a member of its group, or asked to before it did.

        Both have written theirs down before they look, so that one of two sees the other.
        """
        return any(
            found.is_open
            and found.id != one.ident
            and found.kept.order.backup is not None
            and found.instance_id in one.beside
            and (found.confirmed_at is not None or found.id < one.ident)
            for found in self.journal.list()  # those too that nobody has confirmed yet
        )

    # how those fare that were ordered

    def _look_after(self) -> None:
        for one in list(self._going):
            found = self.journal.get(one.ident)
            if found is None:
                self._over(one, Ending.FAILED, "its operation is gone from the journal")
            elif found.confirmed_at is None:
                self._asked(one, found)
            elif found.is_open and found.state is not OperationState.NEEDS_ATTENTION:
                if status_of(found, self.now()).cut_off:
                    self._replace_runner(one, found)
            else:
                self._ended(one, found)

    def _asked(self, one: _One, found: Operation) -> None:
        """AWS was asked with DryRun. Once it has answered, the timer says yes."""
        if one.plan is None:
            return self._over(one, Ending.FAILED, "it was never confirmed")
        answer = dry_run_answer(found, self.now())
        if answer.answered is Answered.NO:
            self.operations.withdraw(one.plan, one.ident, answer.text)
            if found.refused_by is RefusedBy.LOCK:
                return self._put_off(one, answer.text)
            return self._over(one, Ending.REFUSED, answer.text, answer.remedy)
        if answer.answered is Answered.OVER:
            self.operations.withdraw(one.plan, one.ident, answer.text)
            return self._put_off(one, answer.text)
        if not answer.may_confirm and self.now() - found.created_at < _ANSWER_WITHIN:
            return None
        if self._in_its_group(one):
            self.operations.withdraw(one.plan, one.ident, _IN_ITS_GROUP)
            return self._put_off(one, _IN_ITS_GROUP)
        if why := self.operations.confirm(one.plan, one.ident):
            return self._put_off(one, why)
        return None

    def _replace_runner(self, one: _One, found: Operation) -> None:
        one.restarts += 1
        if one.restarts > _RESTARTS:
            return self._over(one, Ending.FAILED, f"its runner was killed {one.restarts} times")
        if why := self.operations.resume(found):
            one.why = why
        return None

    def _ended(self, one: _One, found: Operation) -> None:
        imaged = any(row.name == "image" and row.state is StepState.DONE for row in found.steps)
        if found.state is OperationState.SUCCEEDED:
            return self._over(one, Ending.MADE, found.note)
        if found.state is OperationState.ABANDONED and imaged:
            return self._over(one, Ending.ALREADY, found.note)
        if found.refused_by in (RefusedBy.LOCK, RefusedBy.OPERATION):
            return self._put_off(one, found.note)
        one.tries += 1
        if any(call.code == "InvalidAMIName.Duplicate" for row in found.steps for call in row.calls):
            one.unseen |= {found.kept.order.image_name}
        failed = "CreateImage" in found.sent or found.state is OperationState.FAILED
        if failed and found.refused_by is None and not imaged and one.tries < TRIES:
            return self._put_off(one, found.note)
        return self._over(one, Ending.FAILED, found.note, found.remedy)

    # endings

    def _put_off(self, one: _One, why: str) -> None:
        self._going.remove(one)
        self._later(one, why, Ending.FAILED)

    def _later(self, one: _One, why: str, ending: Ending) -> None:
        """Behind the others; after a while it is over."""
        if self.now() - one.first_at > (GROUP_PATIENCE if why == _IN_ITS_GROUP else PATIENCE):
            return self._end(one, ending, why)
        if why != one.why:
            self.say(f"{one.row.label}: {why}; later")
        one.why, one.again_at, one.ident = why, self.now() + LATER, ""
        self._queue.append(one)
        return None

    def _over(self, one: _One, ending: Ending, why: str, remedy: str = "") -> None:
        self._going.remove(one)
        self._end(one, ending, why, remedy)

    def _end(self, one: _One, ending: Ending, why: str, remedy: str = "") -> None:
        name = one.plan.order.image_name if one.plan is not None else ""
        if not name and one.ident and (found := self.journal.get(one.ident)) is not None:
            name = found.kept.order.image_name
        self.tell(Copied(one.row, ending, why, name, one.ident, remedy))


def _of(found: Operation, row: Instance) -> bool:
    return (found.region, found.instance_id) == (row.target.region, str(row.instance_id))
