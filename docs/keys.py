"""docs/keys.md and the README's table of keys, from the registry of verbs and what each screen takes: `make keys`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from screens.campaign.screen import CampaignScreen
from screens.confirm.screen import ConfirmScreen
from screens.copies.screen import CopiesScreen
from screens.detail.screen import DetailScreen
from screens.fleet.screen import FleetScreen
from screens.help import MOVING
from screens.operations.screen import OperationsScreen
from screens.profiles.screen import ProfilesScreen
from tui.commands import ACTION_VERBS, COUNTING, GUARDED, SEARCHING, TYPING, VERBS, Verb, shown_key
from tui.domain.actions import ACTIONS

ROOT = Path(__file__).parents[1]
SCREENS: Mapping[str, tuple[str, ...]] = {
    "The list": FleetScreen.NAMES,
    "One instance in detail": DetailScreen.NAMES,
    "The question before an action": ConfirmScreen.NAMES,
    "What else can be copied": CopiesScreen.NAMES,
    "Operations": OperationsScreen.NAMES,
    "Profiles": ProfilesScreen.NAMES,
    "A campaign": CampaignScreen.NAMES,
}
TYPED: Mapping[str, Iterable[Verb]] = {
    "While a filter is typed": TYPING,
    "While a log is searched": SEARCHING,
    "In the question, where the focus is": ACTION_VERBS.values(),
    "While the count of a campaign is typed": COUNTING,
}
FIRST = (
    "detail", "back", "filter", *GUARDED, "mark", "operations", "triage", "events", "cover", "copy", "more-copies", "connect",
    "profiles", "acknowledge", "help", "palette", "quit",
)  # fmt: skip
"""Those of the README: what a first shift needs."""
BEGIN, END = "<!-- keys: made by `make keys` -->", "<!-- /keys -->"
HEAD = """# Keys

Made from the registry that the screens, the help (`?`), the palette (`ctrl+p`) and the key line take them from
(`tui/commands.py`): `make keys`. Every key is a plain letter, digit or sign, so that it arrives through SSH, tmux and a phone's
keyboard; arrows and vim's letters both move. What can't be used now stays visible, dim, and says why when it is pressed.
"""


def _spelled(verb: Verb) -> str:
    return " ".join(f"`{key}`" for key in shown_key(verb).replace("⏎", "enter").replace("↑↓", "↑ ↓").split())


def _told(text: str) -> str:
    return text.replace("|", "\\|")


def _section(title: str, verbs: Iterable[Verb]) -> str:
    rows = "\n".join(f"| {_spelled(one)} | {one.title} | {_told(one.help)} |" for one in verbs)
    return f"## {title}\n\n| key | | what it does |\n|---|---|---|\n{rows}\n"


def page() -> str:
    """docs/keys.md."""
    common = [name for name in FleetScreen.NAMES if all(name in names for names in SCREENS.values())]
    parts = [HEAD, _section("Everywhere", (VERBS[name] for name in common))]
    for title, names in SCREENS.items():
        parts.append(_section(title, (VERBS[name] for name in names if name not in common)))
    for title, verbs in TYPED.items():
        parts.append(_section(title, verbs))
    moves = "\n".join(f"| `{keys}` | {_told(told)} |" for keys, told in MOVING.items())
    parts.append(f"## Moving around\n\n| keys | |\n|---|---|\n{moves}\n")
    rows = [
        f"| `{one.name}` | `{one.key}` | {_told(one.help)} |" for one in ACTIONS.values() if one.name in VERBS or one.key
    ]  # fmt: skip
    told = "What a guarded key stands for; each is `evac do NAME` too ([commands](commands.md))."
    parts.append(f"## Actions\n\n{told}\n\n| action | key | |\n|---|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def table() -> str:
    """The README's, between its two marks."""
    return "\n".join(f"| {_spelled(VERBS[name])} | {_told(VERBS[name].help)} |" for name in FIRST)


def readme(text: str) -> str:
    """The README with its table as it should be."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n| key | what it does |\n|---|---|\n{table()}\n\n{END}{after}"


def main() -> None:
    """Write both."""
    (ROOT / "docs" / "keys.md").write_text(page(), encoding="utf-8")
    path = ROOT / "README.md"
    path.write_text(readme(path.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write("docs/keys.md\nREADME.md\n")


if __name__ == "__main__":
    main()
