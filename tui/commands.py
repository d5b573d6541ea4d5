"""Every verb of the console as data: name, key, title, help, whether it changes anything. No Textual, so that the command
line, the documents and the tests read it too. Footer, help, palette and greying derive from it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from tui.domain.actions import ACTIONS, ON_INSTANCES, Action, alike
from tui.domain.down_by_aws import why_down
from tui.domain.instance import Instance


class Verb(Struct, frozen=True):
    """One verb. `footer` is its word in the key line where that is not its title, `short` the one for narrow terminals;
    `mutates`: a guarded action.
    """

    name: str
    key: str
    title: str
    help: str
    footer: str = ""
    mutates: bool = False
    short: str = ""
    in_key_line: bool = True

    @property
    def word(self) -> str:
        """What the key line says it does."""
        return self.footer or self.title.lower()


def _verb(action: Action) -> Verb:
    title, told = action.title, action.help
    if action.asks_which:  # the key stands for several of them
        title, told = action.footer.capitalize(), action.asks_which
    return Verb(action.name, action.key, title, told, action.footer, mutates=True, short=action.short)


GUARDED: tuple[str, ...] = tuple({ACTIONS[name].key: name for name in reversed(ON_INSTANCES)}.values())[::-1]
"""The verbs of the guarded actions, one a key: its first action. Every screen about instances has them."""

VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb(
            "filter", "/", "Filter", "show only what matches, such as `check:impaired due<24h -tag.env:test`"
        ),
        Verb("detail", "enter", "Detail", "what the event or failing check means for this instance"),
        Verb("back", "escape", "Back", "leave this screen; clear the filter, then the marks"),
        *(_verb(ACTIONS[name]) for name in GUARDED),
        Verb(
            "meant",
            "M",
            "Meant to be down",
            "a server that AWS stopped is meant to be down: no trouble until it runs again; once more takes it back",
            "meant",
        ),
        Verb(
            "mark",
            "space",
            "Mark",
            "mark the instance: copy, export and actions mean what is marked; an action on several plans a campaign",
        ),
        Verb(
            "mark-all",
            "asterisk",
            "Mark all",
            "mark all that this view lists; once more, take those marks back",
            in_key_line=False,
        ),
        Verb(
            "mark-to",
            "V",
            "Mark to here",
            "mark from the one marked last up to the cursor",
            in_key_line=False,
        ),
        Verb("operations", "o", "Operations", "running and past operations", short="ops"),
        Verb("triage", "1", "Triage", "what is broken, due or not known, most urgent first"),
        Verb("all", "2", "All", "all instances"),
        Verb("events", "3", "Events", "the inbox: a line an event, by day, what must be decided first"),
        Verb("targets", "4", "By target", "all instances, by profile and region", "targets"),
        Verb(
            "cover",
            "5",
            "Cover",
            "whom nobody helps when a host dies or a system hangs, and what has no copy",
        ),
        *(
            Verb(
                f"view-{key}",
                str(key),
                f"View {key}",
                "your own view on this key ([views.NAME] in config.toml)",
                in_key_line=False,
            )
            for key in range(6, 10)
        ),
        Verb(
            "save-view",
            "W",
            "Save as a view",
            "save columns, order and filter as a view of your own, in config.toml",
            in_key_line=False,
        ),
        Verb(
            "sort",
            "S",
            "Sort",
            "the next order: urgency, name, target, type, event, then each tag that is shown",
        ),
        Verb(
            "acknowledge",
            "K",
            "Acknowledge",
            "the incidents that the line on top names ([alarm] on): somebody knows of them",
            in_key_line=False,
        ),
        Verb(
            "profiles",
            "p",
            "Profiles",
            "accounts and their logins, trouble first: show only one, log in again, read one more",
            in_key_line=False,
        ),
        Verb(
            "narrow",
            "enter",
            "Only this",
            "in the profiles: show, list and count only this account, profile or region; the rest is read on",
            "only this",
            short="only",
        ),
        Verb(
            "widen",
            "w",
            "Widen",
            "in the profiles: show all that is read again, and read the profile under the cursor if nobody did",
            "show all",
            short="all",
        ),
        Verb(
            "log-in",
            "L",
            "Log in",
            "in the profiles: run the program that renews this login, then read again; also in read-only",
            "log in",
        ),
        Verb(
            "unfold",
            "space",
            "Unfold",
            "in the profiles: show the accounts of a login, the regions of an account; once more folds them",
            "unfold",
            short="fold",
        ),
        Verb(
            "copy-login",
            "y",
            "Copy the login",
            "in the profiles: copy the command that renews this login to your terminal's clipboard",
            "copy command",
            short="copy",
        ),
        Verb(
            "day-before",
            "left_square_bracket",
            "A day back",
            "inbox: to the day before that has an event",
            in_key_line=False,
        ),
        Verb(
            "day-after", "right_square_bracket", "A day on", "inbox: to the next day that has an event", "day"
        ),
        Verb("refresh", "r", "Refresh", "read everything again now"),
        Verb("copy", "y", "Copy", "copy the id (of all marked) to your terminal's clipboard", "copy id"),
        Verb(
            "more-copies",
            "Y",
            "More to copy",
            "what else can be copied: ARN, connect command, link, login command, links of your own, handover",
            in_key_line=False,
        ),
        Verb("copy-this", "y", "Copy it", "copy the text that is shown to your terminal's clipboard", "copy"),
        Verb(
            "write-this",
            "x",
            "To a file",
            "write the text that is shown to a new file in this folder",
            short="file",
        ),
        Verb(
            "connect",
            "C",
            "Connect",
            "get onto it: Session Manager, ssh or `[connect] command`, in this terminal; back to one stopped by ctrl+z",
            in_key_line=False,
        ),
        Verb(
            "export",
            "x",
            "Export",
            "write what is shown (or marked) to a file in this folder: CSV; the inbox as JSON or a calendar, too",
        ),
        Verb(
            "longer",
            "+",
            "Longer",
            "triage: what was measured in the last 24 h, then in 3 days",
            short="long",
        ),
        Verb(
            "shorter",
            "-",
            "Shorter",
            "triage: what was measured in the last 24 h, then in 3 h",
            short="short",
        ),
        Verb("zoom", "z", "Zoom", "triage: each metric in six lines, with more words; once more, in one"),
        Verb(
            "more-changes",
            "enter",
            "Changes beside it",
            "triage: what was changed last of its volumes and security groups, too",
            short="more",
        ),
        Verb(
            "finding",
            "f",
            "Next finding",
            "in the console tab: the next finding of the system log, round and round",
            "finding",
            short="next",
        ),
        Verb(
            "search", "/", "Search the log", "in the console tab: the lines that have these words", "search"
        ),
        Verb(
            "copy-line",
            "y",
            "Copy the line",
            "in the console tab: copy the line of the finding or of the search",
            "copy line",
            short="copy",
        ),
        Verb(
            "log-file",
            "x",
            "Log to a file",
            "in the console tab: write the log to a new file in this folder",
            "log to file",
            short="file",
        ),
        Verb(
            "screenshot",
            "g",
            "Screenshot",
            "in the console tab: a picture of its screen, as AWS has it, to a new file in this folder",
            short="shot",
        ),
        Verb("reread", "r", "Look again", "read the instance again, and plan anew"),
        Verb(
            "resume",
            "r",
            "Resume",
            "go on with an operation that was cut off or needs a person, or with a paused campaign",
        ),
        Verb("abandon", "a", "Abandon", "give an unfinished operation up, leaving the instance as it is"),
        Verb("undo", ACTIONS["undo"].key, ACTIONS["undo"].title, ACTIONS["undo"].help),
        Verb("pause", "p", "Pause", "in a campaign: nothing new begins; what was begun goes on to its end"),
        Verb(
            "leave-out",
            "space",
            "Leave out",
            "in a campaign: leave the member out, or take it in again while it is a plan",
            short="out",
        ),
        Verb(
            "rules",
            "e",
            "Rules",
            "in a campaign: how many at once, when it stops, its hours, which dangers are ticked",
        ),
        Verb(
            "give-up",
            "a",
            "Give up",
            "in a campaign: nothing more begins, for good; what was begun goes on to its end",
        ),
        Verb(
            "copy-summary",
            "y",
            "Copy a summary",
            "copy the operation, step by step, to your terminal's clipboard",
            "copy",
        ),
        Verb("help", "question_mark", "Help", "all keys"),
        Verb("palette", "ctrl+p", "Palette", "search all commands", in_key_line=False),
        Verb("quit", "q", "Quit", "leave; running operations go on"),
    )
}


INPUT_MODE = "evac's keys are plain letters: switch the input mode (한/영)"
"""Said where a letter came that an input method made of a key."""
TYPING = (
    Verb(
        "keep",
        "enter",
        "Keep",
        "the filter stays, and the keys are the table's again",
        "keep the filter",
        short="keep",
    ),
    Verb("clear", "escape", "Clear", "the filter goes", "clear it", short="clear"),
    Verb("rows", "up down", "Rows", "the cursor of the table", short="rows"),
    Verb("palette", "ctrl+p", "Palette", "search all commands", "all commands", short="palette"),
)
"""What can be pressed while a filter is typed: for the key line, since letters are letters then."""
SEARCHING = (
    Verb("next-hit", "enter", "Next", "the next line that has it", "next line", short="next"),
    Verb("hits", "up down", "Hits", "the line before, the next one", "before, next", short="hits"),
    Verb(
        "leave-search",
        "escape",
        "Leave",
        "the search ends, the log stays where it is",
        "end the search",
        short="end",
    ),
)
"""What can be pressed while a log is searched."""
COUNTING = (
    Verb("begin", "enter", "Begin", "the campaign begins", "begin", short="begin"),
    Verb("who", "up down", "Members", "the cursor of the members", "members", short="who"),
    Verb("uncount", "escape", "Back", "to the members", "back to the members", short="back"),
)
"""What can be pressed while the count of a campaign is typed."""
ACTION_VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb("yes", "y", "Yes", "do it"),
        Verb("no", "n", "No", "nothing is sent"),
        Verb("go-on", "enter", "Go on", "the name or id typed is the answer"),
        Verb("ask", "enter", "Ask", "ask AWS for permission", "ask AWS"),
        Verb("cancel", "escape", "Cancel", "nothing is sent"),
        Verb("change", "space", "Change", "the other way"),
        Verb("turn", "space", "Next", "another one"),
        Verb("choices", "tab", "Choices", "to what can be chosen, and back to the question"),
        Verb("read-on", "up down", "Read on", "the rest of plan and costs"),
    )
}
"""What can be pressed in a question: for its key line, which names only what works where the focus is."""


_SHOWN_KEYS = {
    "enter": "⏎", "escape": "esc", "question_mark": "?", "asterisk": "*", "up down": "↑↓", "left_square_bracket": "[",
    "right_square_bracket": "]",
}  # fmt: skip


def shown_key(verb: Verb, *, plain: bool = False) -> str:
    """The key as a person reads it; `plain`: where there is only ASCII, which has no sign for enter."""
    key = _SHOWN_KEYS.get(verb.key, verb.key)
    return verb.key if plain and not key.isascii() else key


def why_verb_blocked(
    verb: Verb, instance: Instance | None, *, read_only: bool, off: Collection[str] = ()
) -> str | None:
    """None if the verb may be used now, else why not, in a sentence without a full stop. `off`: the site's word on actions."""
    if not verb.mutates:
        return None
    if read_only:
        return "read-only: this console changes nothing here"
    if instance is None:
        return "no instance is selected"
    meant = alike(verb.name)
    reasons = [
        why_action_blocked(name, instance, off)
        for name in (meant if len(meant) > 1 else (effective(verb.name, instance),))
    ]
    return None if None in reasons else reasons[0]


def why_action_blocked(name: str, instance: Instance, off: Collection[str] = ()) -> str | None:
    """None if this action makes sense for the instance and the site has not switched it off, else why not."""
    if name in off:
        return f"the site policy has switched {name} off"
    return ACTIONS[name].why_not(instance)


def worded(verb: Verb, instance: Instance | None) -> Verb:
    """The verb as the key line names it for this instance: `s` starts what is stopped."""
    if instance is None or not verb.mutates or (name := effective(verb.name, instance)) == verb.name:
        return verb
    return replace(verb, footer=ACTIONS[name].footer, short=ACTIONS[name].short)


def offered(name: str, instance: Instance | None, now: datetime) -> bool:
    """Whether the key line names it for this instance: some verbs are for few instances, and would take others' room."""
    rule = ACTIONS[name].offered if name in ACTIONS else None
    if name == "meant":
        return instance is not None and why_down(instance, now) is not None
    return rule is None or (instance is not None and rule(instance, now))


def effective(name: str, instance: Instance) -> str:
    """The action this verb means for the instance: of those with its key the one for such a state. `s` starts what is stopped."""
    key = ACTIONS[name].key
    fits = (one.name for one in ACTIONS.values() if one.key == key and instance.state in one.states)
    return next(fits, name)


def verb_of(name: str) -> Verb:
    """The verb of that name; of an action without one, the verb with its key."""
    return VERBS.get(name) or next(VERBS[one] for one in GUARDED if VERBS[one].key == ACTIONS[name].key)
