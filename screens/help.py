"""All keys, from the verbs themselves; the filter language, the signs, and what may be changed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.widgets import Static

from screens.base import AlertLine, EvacScreen, KeyLine, bindings
from screens.line_table import MOVES
from screens.page import BLANK, Row, draw, head
from tui.commands import VERBS, shown_key
from tui.config.schema import Settings
from tui.domain.query import FIELDS
from tui.domain.sanitize import clean
from tui.domain.severity import Gravity
from tui.domain.triage import Level
from tui.presentation.symbols import GRAVITY_SIGNS, LEVELS, READ_SIGN

HELP_VERBS = ("back", "operations", "acknowledge", "palette", "quit")
HELP_WIDE = 120
"""Columns from which there are two columns."""
_LOOK = (
    "triage",
    "all",
    "events",
    "targets",
    "cover",
    "view-6",
    "view-7",
    "view-8",
    "view-9",
    "save-view",
    "filter",
    "sort",
    "detail",
    "operations",
    "refresh",
)
MOVING: Mapping[str, str] = {
    "↑ ↓  k j": "a line up, down",
    "pgup pgdn": "a page (ctrl+b, ctrl+f)",
    "home end  g G": "to the top, to the bottom",
    "← →  h l": "in the list: columns that do not fit; in the detail: tabs (tab, shift+tab); in the profiles: fold, unfold",
    "ctrl+l": "draw the screen anew, if something else wrote on it",
}
"""Keys that are no verbs."""
EXAMPLES: Mapping[str, str] = {
    "payments": "the word is in the name, the id, an address or a tag's value",
    "ip-10-2-0-4.ec2.internal": "what an alert calls it: a DNS name, with or without domain, or an ARN",
    "i-0123456789abcdef0 i-0a1b2c3d": "ids and ARNs in a row are alternatives, as they are pasted",
    "check:impaired region:ap-": "both must hold",
    "event:instance-stop,retirement": "one of them",
    "due<24h -tag.env:test": "due within a day, and not a test machine",
    "state:running ami>7d": "running, and no AMI younger than a week",
    'name:"blue green"': "a value with a blank in it",
}
"""Filters that the language reads: a test says so."""
SHORT_FORMS: Mapping[str, str] = {
    "PROD+1": "read through profile PROD; one more profile leads to the same account",
    "apne2a": "the zone ap-northeast-2a; use1 is us-east-1, euw1 is eu-west-1",
    "system+2": "the system check fails, and two more checks with it",
    "12m": "behind a failing check: since when; behind a target: when it was read",
    "EIP": "an Elastic IP: it stays through a stop",
    "auto": "a public address of AWS's: a stop gives it away, the start brings another",
    "?4": "so many of which it is not known whether they are well",
}
"""How the list says it where there is little room."""
_SIGNS = {
    Level.FAILING: "a status check fails now, or AWS stopped it",
    Level.DUE: "AWS acts on it within 24 hours, or has begun",
    Level.SCHEDULED: "an event is announced, later than that",
    Level.UNKNOWN: "not known to be well: not read, too little data, or starting up",
    Level.CALM: "the checks are ok and nothing is announced",
}


def keys(*, plain: bool = False) -> list[Row]:
    """Every key, in groups."""
    acts = tuple(name for name, verb in VERBS.items() if verb.mutates)
    rest = tuple(name for name in VERBS if name not in (*_LOOK, *acts))
    rows: list[Row] = []
    for title, note, names in (
        ("look", "", _LOOK),
        ("act", "each shows what would happen and asks first", acts),
        ("more", "", rest),
    ):
        rows += [BLANK] if rows else []
        rows.append(head(title, note))
        rows += [_verb(name, plain) for name in names]
    rows += [BLANK, head("move around")]
    return [*rows, *(Row(text, key, label_style="bold") for key, text in MOVING.items())]


def _verb(name: str, plain: bool) -> Row:
    verb = VERBS[name]
    return Row(f"{verb.title}: {verb.help}", shown_key(verb, plain=plain), label_style="bold")


def language() -> list[Row]:
    """The filter, with examples, and the signs."""
    rows = [
        head(
            "the filter",
            "all terms must hold; - before a term negates it; commas, and ids in a row, are alternatives",
        )
    ]
    rows += [
        Row(text, field if field in ("due", "ami") else f"{field}:", label_style="bold")
        for field, text in FIELDS.items()
    ]
    rows += [
        BLANK,
        head("for instance"),
        *(Row(text, example, label_style="bold") for example, text in EXAMPLES.items()),
    ]
    rows += [BLANK, head("the signs")]
    for level, text in _SIGNS.items():
        sign = LEVELS[level]
        rows.append(Row(text, f"{sign.named}", label_style=sign.style))
    told = "a target that answered: says nothing of how its instances are"
    rows.append(Row(told, f"{READ_SIGN.named}"))
    rows += [BLANK, head("short forms")]
    rows += [Row(text, short, label_style="bold") for short, text in SHORT_FORMS.items()]
    rows += [BLANK, head("before an action", "the gravest first")]
    for gravity, text in _GRAVITIES.items():
        sign = GRAVITY_SIGNS[gravity]
        rows.append(Row(text, f"{sign.named}", label_style=sign.style))
    return rows


_GRAVITIES = {
    Gravity.BLOCK: "it can't be confirmed; it says what would change that",
    Gravity.DANGER: "its name must be typed",
    Gravity.WARN: "know this first",
    Gravity.NOTE: "worth knowing",
    Gravity.OK: "looked at, and well",
}


def mode(settings: Settings) -> list[Row]:
    """What may be changed here, and who says so."""
    rows = [head("this console")]
    if settings.demo:
        rows.append(
            Row(
                "an embedded AWS: nothing here is real, nothing leaves this machine",
                "DEMO",
                label_style="bold",
            )
        )
    if settings.read_only:
        rows.append(Row("by --read-only, the config file or the site policy: action keys are greyed", "READ-ONLY",
                        label_style="bold reverse"))  # fmt: skip
        return rows
    rows.append(
        Row("actions are possible; each is shown, confirmed and journaled", "READ-WRITE", label_style="bold")
    )
    only = [clean(name) for name in settings.profiles if settings.profile(name).read_only]
    if only:
        rows.append(Row(f"profiles read-only by the config file: {', '.join(only)}"))
    if settings.locked_profiles:
        rows.append(
            Row(f"profiles read-only by the site policy: {', '.join(map(clean, settings.locked_profiles))}")
        )
    return rows


class HelpScreen(EvacScreen, inherit_bindings=False):
    """Every verb, the filter language, the signs and the mode; two columns where there is room."""

    NAMES = HELP_VERBS
    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(HELP_VERBS),
        ("question_mark", "verb('back')", "close"),
        *MOVES,
        ("space", "page(1)", "page down"),
    ]

    def compose(self) -> ComposeResult:
        settings = self.services.settings
        yield AlertLine()
        yield Static("help", id="title", markup=False)
        with VerticalScroll(id="body", can_focus=False), Container(id="sheets"):
            yield Static(
                draw([*mode(settings), BLANK, *keys(plain=settings.ascii)]),
                id="first",
                classes="sheet",
                markup=False,
            )
            yield Static(draw(language()), id="second", classes="sheet", markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        self.on_resize()

    def on_resize(self) -> None:
        self.set_class(self.size.width >= HELP_WIDE, "-wide")
        self.draw_keys()

    @property
    def _body(self) -> VerticalScroll:
        return self.query_one("#body", VerticalScroll)

    def action_move(self, by: int) -> None:
        self._body.scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        self._body.scroll_relative(y=by * max(1, self._body.size.height - 1), animate=False)

    def action_end(self, last: int) -> None:
        if last:
            self._body.scroll_end(animate=False)
        else:
            self._body.scroll_home(animate=False)
