"""What stands around the table: the header, the targets, the preview of the row under the cursor."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from rich.text import Text

from screens.theme import painted
from screens.this_machine import here_now
from tui.commands import VERBS
from tui.config.schema import Settings, policy
from tui.domain.activity import NO_ACTIVITY, Own
from tui.domain.health_notices import issue_notice, notices, open_issues
from tui.domain.instance import EVERYWHERE, Instance, TargetStatus
from tui.domain.listing import Stale, failures
from tui.domain.plurals import counted
from tui.domain.time_format import ago, clock
from tui.domain.triage import Level, urgency
from tui.fleet.protocol import LinkPhase, LinkState
from tui.presentation.accounts import account_number
from tui.presentation.symbols import LEVELS, MARKS, READ_SIGN, WORKING
from tui.presentation.width import cell_len, middle
from tui.services import Services

READ_ONLY_HELP = "Read-only here: call who may change it."
"""For whoever may look and not act: the rest of the line is what to tell them."""
PANE = 26
"""Columns of text in the pane of targets."""
SHORT_WIDTH = PANE - 1
"""The same where an account is a line: beside a scroll bar."""
VIEW_NAME = 16
"""Columns of the name of a view of one's own in the header, at most."""
SHOWN = (Level.FAILING, Level.DUE, Level.SCHEDULED, Level.UNKNOWN)


def counts_line(
    counts: dict[Level, int],
    targets: Sequence[TargetStatus],
    settings: Settings,
    room: int,
    own: Own = NO_ACTIVITY,
    cover: Text | None = None,
    view: str = "",
) -> Text:
    """How big and how bad: `4 accounts · 9 targets · 412 instances   ✖ 3 failing  ▲ 2 within 24 h …`.

    And how many operations of evac's are not finished, if there are any; `cover`: what is to be told of that. In `room` columns
    what is bad comes first: how many there are gives way, then the words. 0: signs and numbers only. `view`: the name of a view
    of one's own.
    """
    cover = cover or Text()
    for size in (True, False):
        text = _counted(counts, targets, own, size, cover, view)
        if text.cell_len <= room:
            return text
    return _counts_short(counts, targets, settings, own, cover, view)


def _counted(
    counts: dict[Level, int],
    targets: Sequence[TargetStatus],
    own: Own,
    size: bool,
    cover: Text,
    view: str,
) -> Text:
    """In words; `size`: with the accounts and targets."""
    text = Text(no_wrap=True, overflow="ellipsis")
    _begun(text, view)
    known = sum(counts.values())
    if size:
        accounts = len({one.account_id for one in targets if one.account_id})
        lines = [one for one in targets if one.target.region != EVERYWHERE]
        first = (
            "" if own.works else f" {counted(accounts, 'account')} ·"
        )  # where it gets tight, what runs is worth more
        text.append(f"{first} {counted(len(lines), 'target')} · {counted(known, 'instance')}  ")
    else:
        text.append(f" {counted(known, 'instance')}  ")
    if own.works:
        text.append(f" {WORKING.symbol} {len(own.works)} {WORKING.word}  ", WORKING.style)
    for level in SHOWN:
        sign = LEVELS[level]
        style = sign.style if counts[level] else "dim"
        text.append(f" {sign.symbol} {counts[level]} {sign.word}  ", style)
    return text.append(" ").append_text(cover) if cover else text


def _begun(text: Text, view: str) -> None:
    text.append(" evac ", "bold reverse")
    if view:
        text.append(f" {middle(view, VIEW_NAME)} ·", "bold")


def _counts_short(
    counts: dict[Level, int],
    targets: Sequence[TargetStatus],
    settings: Settings,
    own: Own,
    cover: Text,
    view: str,
) -> Text:
    """`78 inst ✖7 ▲6 ●13 ?2 · 31 not covered · legacy: credentials +1`."""
    text = Text(no_wrap=True, overflow="ellipsis")
    _begun(text, view)
    text.append(f" {sum(counts.values())} inst ")
    if own.works:
        text.append(f"{WORKING.symbol}{len(own.works)} ", WORKING.style)
    for level in SHOWN:
        sign = LEVELS[level]
        text.append(f"{sign.symbol}{counts[level]} ", sign.style if counts[level] else "dim")
    if cover:
        text.append("· ").append_text(cover).append(" ")
    bad = failures(targets)
    if bad:
        name = settings.label(bad[0].target.profile)
        more = f" +{len(bad) - 1}" if len(bad) > 1 else ""
        kind = bad[0].trouble.kind if bad[0].trouble else ""
        text.append(f"· {name}: {kind}{more}", LEVELS[Level.UNKNOWN].style)
    elif any(one.partial for one in targets):
        text.append("· read in part", LEVELS[Level.UNKNOWN].style)
    return text


def freshness(
    link: LinkState | None, targets: Sequence[TargetStatus], old: Stale, now: datetime
) -> tuple[str, str]:
    """How much of this is true now, in a word or two."""
    if link is not None and link.state in (LinkPhase.RESTARTING, LinkPhase.DEAD):
        return f"NOT READING: {link.why or link.state}", "bold red"
    waiting = [one for one in targets if one.target in old and one.trouble is None]
    failed = [one for one in targets if one.trouble is not None]
    if not targets or (link is not None and link.state is LinkPhase.STARTING) or len(waiting) == len(targets):
        times = [one.status_at for one in targets if one.status_at is not None]
        return (f"as of {ago(min(times), now)}, reading" if times else "reading"), "bold yellow"
    if waiting:
        return f"reading {len(targets) - len(waiting)} of {len(targets)}", "yellow"
    if failed:
        return f"{len(failed)} unread", LEVELS[Level.UNKNOWN].style
    if partly := sum(1 for one in targets if one.partial):
        return f"{partly} in part", "yellow"
    return "live", "green"


def header(left: Text, right: Text | None, width: int) -> Text:
    """The counts as far as there is room, and at the right edge the clock."""
    if right is None:
        return left
    right.truncate(60, overflow="ellipsis")  # why nothing is read may be long; how bad it is must not go
    left.truncate(max(0, width - right.cell_len), overflow="ellipsis", pad=True)
    return left.append_text(right)


def clock_line(services: Services, old: Stale, seconds: bool) -> Text:
    """`03:12:41 KST · live`."""
    now = services.now()
    link = services.link.state if services.link is not None else None
    word, style = freshness(link, services.store.targets(), old, now)
    text = Text(" ", no_wrap=True)
    text.append(clock(now, services.zone))
    text.append(" · " if seconds else " ")
    text.append(word, style)
    if services.settings.demo and seconds:
        text.append(" · DEMO", "bold")
    text.append(" ")
    return text


def targets_text(services: Services, old: Stale, height: int = 0, start: str = "") -> Text:
    """Every target by profile: how many, how fresh, and under a failed one its cause and remedy.

    Where that takes more lines than there are (`height`; 0: as many as it takes) an account is a line, trouble first.
    """
    if height and len(services.store.targets()) > height:
        return _targets_short(services, old, height, start)
    text = _targets_whole(services, old, start)
    if height and text.plain.count("\n") > height:
        return _targets_short(services, old, height, start)
    return text


def _targets_short(services: Services, old: Stale, height: int, start: str) -> Text:
    """One line a login that fails, then one an account; what does not fit is counted, and view 4 lists it."""
    settings, targets = services.settings, services.store.targets()
    lines: list[Text] = []
    bad = LEVELS[Level.UNKNOWN]
    for one in failures(targets):
        if one.trouble is not None:
            name = middle(settings.label(one.target.profile).removeprefix(start), 12)
            lines.append(Text(f"{bad.symbol} {name}: {one.trouble.cause}", bad.style))
    accounts: dict[str, list[TargetStatus]] = {}
    for one in targets:
        if one.trouble is None:
            accounts.setdefault(one.account_id or one.target.profile, []).append(one)

    def unread(group: Sequence[TargetStatus]) -> int:
        return sum(1 for one in group if one.target in old)

    order = sorted(
        accounts.values(), key=lambda group: (not unread(group), not any(one.partial for one in group))
    )
    for group in order:
        first, missing = group[0], unread(group)
        sign = bad if missing else READ_SIGN
        name = settings.label(first.target.profile)
        count = sum(one.count or 0 for one in group)
        told = (
            f"{missing} unread"
            if missing
            else f"{count}" + (" in part" if any(one.partial for one in group) else "")
        )
        shown = middle(name.removeprefix(start) or name, SHORT_WIDTH - 4 - len(told))
        line = Text(f"{sign.symbol} ", sign.style)
        line.append(shown, painted(settings.profile(first.target.profile).color))
        line.append(f"{' ' * max(1, SHORT_WIDTH - 2 - cell_len(shown) - len(told))}{told}")
        lines.append(line)
    if len(lines) > height:
        left = len(lines) - height + 1
        lines[height - 1 :] = [Text(f"  and {left} more: 4 lists all", "dim")]
    for line in lines:
        line.truncate(SHORT_WIDTH, overflow="ellipsis")
    return Text("\n").join(lines)


def _targets_whole(services: Services, old: Stale, start: str) -> Text:
    store, settings, now = services.store, services.settings, services.now()
    text, last = Text(), ""
    for status, following in pairwise([*store.targets(), None]):
        assert status is not None
        label = "+".join(settings.label(name) for name in (status.profiles or (status.target.profile,)))
        if label != last:
            shown = label if cell_len(label) <= PANE else label.replace(start, "") if start else label
            text.append(
                middle(shown, PANE),
                f"bold {painted(settings.profile(status.target.profile).color)}",
            )
            text.append(f" {account_number(status.account_id)}\n", "dim")
            last = label
        region = status.target.region if status.target.region != EVERYWHERE else "all regions"
        count = "" if status.count is None else str(status.count)
        sign = LEVELS[Level.UNKNOWN] if status.target in old else READ_SIGN
        age = ""
        if sign is not READ_SIGN and status.status_at is not None:
            age = f" {ago(status.status_at, now).removesuffix(' ago')}"
        text.append(f" {sign.symbol}", sign.style)
        text.append(f" {region:<15}{count:>4}{age}\n")
        if status.trouble is not None and not _same_trouble(status, following):
            text.append(_indented(status.trouble.cause), LEVELS[Level.UNKNOWN].style)
            text.append(_indented(status.trouble.remedy))
        for one in status.partial:
            text.append(_indented(one.placed), "yellow")
    return text


def _same_trouble(one: TargetStatus, other: TargetStatus | None) -> bool:
    """Told once, under the last of them."""
    return other is not None and one.target.profile == other.target.profile and one.trouble == other.trouble


def _indented(sentence: str) -> str:
    wrapped = textwrap.wrap(sentence, PANE - 3) or [""]
    return "".join(f"   {line}\n" for line in wrapped)


def preview(row: Instance | TargetStatus | None, services: Services, wide: bool) -> tuple[str, Text]:
    """Title and text: the one-line diagnosis, the key to press, what it keeps and what it costs."""
    text = Text(overflow="ellipsis")
    if row is None:
        return "", text
    if isinstance(row, TargetStatus):
        return _target_preview(row, text, services)
    from tui.domain.guidance import Kind, explain  # an empty fleet does without

    rules = policy(services.settings, row.target.profile, row.account_id)
    told = explain(row, None, rules, services.now(), services.zone, here_now(services), services.own)
    text.append(told.headline if wide else told.diagnosis_short)
    for notice in notices(row, services.now(), services.zone)[:1]:
        text.append(f" AWS Health: {notice.text}.", MARKS[notice.mark].style)
    text.append("\n")
    if told.recommended is not None:
        verb = VERBS.get(told.recommended.verb)
        word = verb.word if verb else told.recommended.verb
        if services.settings.profile_read_only(row.target.profile, row.account_id):
            text.append(f"{READ_ONLY_HELP} ", "bold")
            text.append(f"What helps: {word}, {told.recommended.why}.\n")
        else:
            text.append("Do: ")
            text.append(f"{told.recommended.key} {word}", "bold")
            text.append(f": {told.recommended.why}.\n")
    else:
        advice = told.of(Kind.DO)
        text.append(f"{advice[0].text if advice else _nothing_to_do(row, services)}\n")
    balance = [(Kind.SURVIVES, "Keeps"), (Kind.LOST, "Loses")]
    for kind, word in balance if wide else reversed(balance):  # where the end may be cut, the loss is not
        parts = told.of(kind)
        if parts:
            text.append(f"{word}: ", "bold")
            text.append(f"{parts[0].text}\n" if wide else f"{parts[0].text} ")
    mine = services.here is not None and services.here.is_row(row)
    return f"{row.label} · {row.instance_id}" + " · this machine" * mine, text


def _nothing_to_do(row: Instance, services: Services) -> str:
    """Why no key is named: all is well, or nobody knows."""
    status = services.store.target(row.target)
    if status is not None and status.trouble is not None:
        return f"Not read now: {status.trouble.placed}. Do: {status.trouble.remedy}."
    if Level.UNKNOWN is urgency(row, services.now()).level:
        return "Not known to be well: r reads it again, enter shows what is known and when it was read."
    return "Nothing to press here: enter shows all that is known."


def _target_preview(status: TargetStatus, text: Text, services: Services) -> tuple[str, Text]:
    now = services.now()
    for issue in open_issues([status.health]):
        told = issue_notice(issue, now, services.zone)
        text.append(f"AWS Health: {told.text}\n", MARKS[told.mark].style)
    if status.trouble is not None:
        text.append(f"{status.trouble.placed}\n", LEVELS[Level.UNKNOWN].style)
        text.append(f"Do: {status.trouble.remedy}\n")
        if status.status_at is not None:
            text.append(f"Its instances are shown as they were {ago(status.status_at, now)}.")
    elif status.regions:
        text.append(f"{status.regions} of its regions answered, and have no instances.\n")
    elif status.status_at is not None and now - status.status_at < timedelta(days=36500):
        text.append(f"{counted(status.count or 0, 'instance')}, checks read {ago(status.status_at, now)}.\n")
    else:
        text.append("Being read for the first time.\n")
    for one in status.partial:
        text.append(f"{one.placed}: {one.remedy}\n", "yellow")
    return status.target.key, text
