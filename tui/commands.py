"""Every verb of the console as data: name, key, title, help, whether it changes anything. No Textual, so that the command
line, the documents and the tests read it too. Footer, help, palette and greying derive from it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from tui.domain.actions import ACTIONS
from tui.domain.activity import AFTER_STOP
from tui.domain.down_by_aws import STOP_EVENTS, STOPPED, why_down
from tui.domain.instance import Instance, InstanceState


class Verb(Struct, frozen=True):
    """One verb. `footer` is its word in the key line, `short` the one for narrow terminals; `mutates`: a guarded action."""

    name: str
    key: str
    title: str
    help: str
    footer: str = ""
    mutates: bool = False
    short: str = ""


def _action(name: str, footer: str, short: str = "") -> Verb:
    action = ACTIONS[name]
    return Verb(name, action.key, action.title, action.help, footer, mutates=True, short=short)


VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb(
            "filter",
            "/",
            "Filter",
            "show only what matches, such as `check:impaired due<24h -tag.env:test`",
            "filter",
        ),
        Verb(
            "detail", "enter", "Detail", "what the event or failing check means for this instance", "detail"
        ),
        Verb("back", "escape", "Back", "leave this screen; clear the filter, then the marks", "back"),
        _action("stop-start", "stop/start", "stop"),
        _action("reboot", "reboot"),
        _action("image", "AMI"),
        _action("reschedule", "reschedule", "move"),
        _action(AFTER_STOP, "start after AWS's stop", "after"),
        Verb(
            "meant",
            "M",
            "Meant to be down",
            "a server that AWS stopped is meant to be down: no trouble until it runs again; once more takes it back",
            "meant",
        ),
        Verb(
            "mark", "space", "Mark", "mark the instance: copy, export and actions mean what is marked", "mark"
        ),
        Verb("operations", "o", "Operations", "running and past operations", "operations", short="ops"),
        Verb("triage", "1", "Triage", "what is broken, due or not known, most urgent first", "triage"),
        Verb("all", "2", "All", "all instances", "all"),
        Verb("events", "3", "Events", "instances with a scheduled event, the next first", "events"),
        Verb("targets", "4", "By target", "all instances, by profile and region", "targets"),
        Verb("sort", "S", "Sort", "the next order: urgency, name, target, type, event", "sort"),
        Verb("refresh", "r", "Refresh", "read everything again now", "refresh"),
        Verb("copy", "y", "Copy", "copy the id (of all marked) to your terminal's clipboard", "copy id"),
        Verb(
            "export", "x", "Export", "write what is shown (or marked) to a CSV file in this folder", "export"
        ),
        Verb("reread", "r", "Look again", "read the instance again, and plan anew", "look again"),
        Verb("resume", "r", "Resume", "go on with an operation that was cut off or needs a person", "resume"),
        Verb(
            "abandon",
            "a",
            "Abandon",
            "give an unfinished operation up, leaving the instance as it is",
            "abandon",
        ),
        Verb(
            "copy-summary",
            "y",
            "Copy a summary",
            "copy the operation, step by step, to your terminal's clipboard",
            "copy",
        ),
        Verb("help", "question_mark", "Help", "all keys", "help"),
        Verb("palette", "ctrl+p", "Palette", "search all commands", ""),
        Verb("quit", "q", "Quit", "leave; running operations go on", "quit"),
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
    Verb("rows", "up down", "Rows", "the cursor of the table", "rows", short="rows"),
    Verb("palette", "ctrl+p", "Palette", "search all commands", "all commands", short="palette"),
)
"""What can be pressed while a filter is typed: for the key line, since letters are letters then."""
ACTION_VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb("yes", "y", "Yes", "do it", "yes"),
        Verb("no", "n", "No", "nothing is sent", "no"),
        Verb("go-on", "enter", "Go on", "the name or id typed is the answer", "go on"),
        Verb("ask", "enter", "Ask", "ask AWS for permission", "ask AWS"),
        Verb("cancel", "escape", "Cancel", "nothing is sent", "cancel"),
        Verb("change", "space", "Change", "the other way", "change"),
        Verb("turn", "space", "Next", "another one", "next"),
        Verb("choices", "tab", "Choices", "to what can be chosen, and back to the question", "choices"),
        Verb("read-on", "up down", "Read on", "the rest of plan and costs", "read on"),
    )
}
"""What can be pressed in a question: for its key line, which names only what works where the focus is."""


def shown_key(verb: Verb, *, plain: bool = False) -> str:
    """The key as a person reads it; `plain`: where there is only ASCII, which has no sign for enter."""
    key = {"enter": "⏎", "escape": "esc", "question_mark": "?", "up down": "↑↓"}.get(verb.key, verb.key)
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
    action = ACTIONS[effective(verb.name, instance)]
    if action.name in off:
        return f"the site policy has switched {action.name} off"
    return action.why_not(instance)


def worded(verb: Verb, instance: Instance | None) -> Verb:
    """The verb as the key line names it for this instance: `s` starts what is stopped."""
    if instance is not None and effective(verb.name, instance) == "start":
        return replace(verb, footer="start", short="start")
    return verb


def offered(name: str, instance: Instance | None, now: datetime) -> bool:
    """Whether the key line names it for this instance: some verbs are for few instances, and would take others' room."""
    if name == "meant":
        return instance is not None and why_down(instance, now) is not None
    if name == AFTER_STOP:
        return instance is not None and awaits_stop(instance, now)
    return True


def awaits_stop(instance: Instance, now: datetime) -> bool:
    """Whether AWS has announced a stop after which it could be started, and it still runs."""
    if instance.state in STOPPED or instance.root_device == "instance-store" or not instance.events:
        return False
    return any(event.code in STOP_EVENTS for event in instance.open_events(now))


def effective(name: str, instance: Instance) -> str:
    """`s` starts an instance that is stopped."""
    return "start" if name == "stop-start" and instance.state is InstanceState.STOPPED else name
