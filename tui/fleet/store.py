"""The console's rows: by key and by target, with a revision for whoever draws them.

Not thread-safe: it belongs to the loop that applies the deltas.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from tui.domain.down_by_aws import STOPPED, stopped_by
from tui.domain.instance import EVERYWHERE, Instance, Phase, Target, TargetStatus
from tui.domain.sanitize import clean
from tui.fleet.interning import Pool
from tui.fleet.protocol import Delta
from tui.fleet.scope import WHOLE, Reads, Scope, within


class Store:
    """What is known of the fleet. `revision` grows with every change.

    `targets`, `rows`, `total` and `counts` tell of what is in scope, all else of everything that is read.
    """

    def __init__(self) -> None:
        self.revision = 0
        self.unread = 0
        """Rows of the snapshot that are calm, and still to be loaded."""
        self._rows: dict[str, Instance] = {}
        self._targets: dict[Target, TargetStatus] = {}
        self._by_target: dict[Target, set[str]] = {}
        self._listed: list[Instance] | None = None
        self._scope = WHOLE
        self._in_scope: list[Instance] | None = None
        self._pool = Pool()

    @property
    def scope(self) -> Scope:
        """What is shown, listed and counted of all that is read."""
        return self._scope

    @scope.setter
    def scope(self, scope: Scope) -> None:
        self._scope, self._in_scope = scope, None
        self.revision += 1

    def every_target(self) -> list[TargetStatus]:
        """All targets that are read, by profile and region."""
        return [self._targets[target] for target in sorted(self._targets)]

    def every_row(self) -> Sequence[Instance]:
        """All instances, in the order they were first seen. Another list whenever one of them changed, and only then."""
        if self._listed is None:
            self._listed, self._in_scope = list(self._rows.values()), None
        return self._listed

    @property
    def out_of_scope(self) -> tuple[int, int]:
        """How many targets and how many instances are read, and not shown."""
        if self._scope.is_whole:
            return 0, 0
        return len(self._targets) - len(self.targets()), len(self._rows) - len(self.rows())

    def targets(self) -> list[TargetStatus]:
        """The targets in scope, by profile and region."""
        found = self.every_target()
        return found if self._scope.is_whole else [one for one in found if self._scope.has_target(one)]

    def target(self, target: Target) -> TargetStatus | None:
        """How that target is doing."""
        return self._targets.get(target)

    def rows(self) -> Sequence[Instance]:
        """Those in scope. Another list whenever one of them all changed, and only then."""
        found = self.every_row()
        if self._scope.is_whole:
            return found
        if self._in_scope is None:
            early = (
                self._by_target.keys() - self._targets.keys()
            )  # their target is told when all of them are here
            self._in_scope = [row for one in self.targets() for row in self.rows_of(one.target)]
            self._in_scope += [row for one in early for row in self.rows_of(one) if self._scope.has_row(row)]
        return self._in_scope

    def rows_of(self, target: Target) -> list[Instance]:
        """The instances of a target, in scope or not."""
        return [self._rows[key] for key in self._by_target.get(target, ())]

    @property
    def total(self) -> int:
        """How many instances are known in scope, and of the snapshot still to be loaded."""
        return len(self.rows()) + self.unread

    def get(self, key: str) -> Instance | None:
        """The instance of a key (`region/id`)."""
        return self._rows.get(key)

    @property
    def counts(self) -> dict[Target, int]:
        """Rows held for each target: not what AWS has, which is `TargetStatus.count`."""
        return {one.target: len(self._by_target.get(one.target, ())) for one in self.targets()}

    def apply(self, delta: Delta) -> None:
        """Apply a delta to rows and targets; `revision` grows."""
        if (profiles := delta.profiles) is not None:
            there = set(map(clean, profiles))
            self._narrow(lambda profile, region: profile in there)
        if delta.regions is not None:
            name, regions = clean(delta.regions[0]), {*delta.regions[1], EVERYWHERE}
            self._narrow(lambda profile, region: profile != name or region in regions)
        for key in delta.removed:
            self._remove(key)
        for row in delta.upserts:
            self._put(row)
        for target in delta.dropped:  # after the rows: some may just have moved to another profile
            self._forget(target)
            self._targets.pop(target, None)
        if delta.target is not None:
            if delta.keys is not None:
                held = self._by_target.get(delta.target.target, set())
                for key in held.difference(delta.keys):
                    self._remove(key)
            self._note(delta.target)
        self.revision += 1

    def load_snapshot(self, deltas: Iterable[Delta], unread: int = 0) -> None:
        """Begin with what was last known; each row and target carries its own age. `unread` more rows will follow."""
        for delta in deltas:
            self.apply(delta)
        self.unread = unread

    def load_rest(self, rows: Iterable[Instance]) -> None:
        """More of the snapshot: what nobody has read anew meanwhile."""
        waiting = {one.target for one in self._targets.values() if one.phase is Phase.WAITING}
        older = tuple(row for row in rows if row.target in waiting and row.key not in self._rows)
        self.unread = max(0, self.unread - len(older))
        self.apply(Delta(upserts=older))

    def _put(self, row: Instance) -> None:
        known = self._rows.get(row.key)
        if known is not None and row.state in STOPPED and not row.reason_code:
            row = _remembering(row, known)
        if known == row:
            return
        if known is not None and known.target != row.target:
            self._by_target.get(known.target, set()).discard(row.key)
        self._pool.settle(row)
        self._rows[row.key] = row
        self._by_target.setdefault(row.target, set()).add(row.key)
        self._listed = None

    def _remove(self, key: str) -> None:
        row = self._rows.pop(key, None)
        if row is not None:
            self._by_target.get(row.target, set()).discard(key)
            self._listed = None

    def _forget(self, target: Target) -> None:
        for key in self._by_target.pop(target, set()):
            self._rows.pop(key, None)
            self._listed = None

    def _narrow(self, read: Reads) -> None:
        """Of what an earlier run left, only what is read in this one stays: maybe under another profile of its account."""
        for target, status in list(self._targets.items()):
            new = within(status, read) if status.phase is Phase.WAITING else status
            if new == status:
                continue
            rows = self.rows_of(target)
            self._forget(target)
            del self._targets[target]
            if new is not None:
                self._targets.setdefault(new.target, new)
                for row in rows:
                    self._put(replace(row, target=new.target, profiles=new.profiles))

    def _take_over(self, status: TargetStatus) -> None:
        """What an earlier run read of that account and region through another profile is now this target's."""
        place = (status.account_id, status.target.region)
        for target, known in list(self._targets.items()):
            if known.phase is Phase.WAITING and (known.account_id, target.region) == place:
                rows = self.rows_of(target)
                self._forget(target)
                del self._targets[target]
                for row in rows:
                    self._put(replace(row, target=status.target, profiles=status.profiles))

    def _note(self, status: TargetStatus) -> None:
        if status.account_id and status.target not in self._targets:
            self._take_over(status)
        self._targets[status.target] = status
        if status.target.region != EVERYWHERE or status.trouble is None:
            return
        # A profile that cannot even say its regions fails in all those known from before.
        for target, known in self._targets.items():
            if target.profile == status.target.profile and target.region != EVERYWHERE:
                self._targets[target] = replace(known, phase=Phase.FAILED, trouble=status.trouble)


def _remembering(row: Instance, known: Instance) -> Instance:
    """The same, with the event that stopped it where AWS lists that no more (it does so for a week) and gives no reason."""
    at = row.status_at or row.inventory_at
    if at is None or known.launched_at != row.launched_at or known.state not in STOPPED:
        return row
    event = stopped_by(known, at)
    return row if event is None or event in row.events else replace(row, last_stop=event)
