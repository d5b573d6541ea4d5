"""The one table of ASCII stand-ins, for terminals and files that lack a character.

Nothing else in evac chooses between a sign and its ASCII form: what is written is the sign, and where it leaves the
program (the console's line filter, the command line's stdout) it is replaced. So every stand-in has the width of its
character: nothing is laid out twice.
"""

from __future__ import annotations

from tui.presentation.width import cell_len

STAND_INS = {
    "─": "-", "━": "-", "═": "-", "│": "|", "┃": "|", "║": "|", "…": "~", "·": "-", "⏎": "~", "▌": "|", "▐": "|", "▔": "-",
    "█": "#", "•": "*", "›": ">", "‹": "<", "✖": "X", "▲": "!", "●": "*", "✔": "+", "–": "-", "—": "-", "→": ">", "←": "<",
    "↑": "^", "↓": "v", "↔": "=", "▶": ">", "◀": "<", "▸": ">", "▾": "v", "’": "'", "🔎": "> ", "▊": "|", "▎": "|",
    "▮": "#", "▒": "=", "░": ".", "‖": "=",
    **dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼┏┓┗┛╔╗╚╝", "+"), **dict.fromkeys("▁▂▃▄", "_"), **dict.fromkeys("▅▆▇", "#"),
}  # fmt: skip
"""Signs of ours and of Textual's, each by ASCII of the same width. A cut (`…`) is no full stop: a name may hold one."""
_TABLE = str.maketrans(STAND_INS)


def in_ascii(text: str) -> str:
    """Our signs in ASCII, as wide as before. Letters of other scripts stay: the terminal may have them."""
    return text if text.isascii() else text.translate(_TABLE)


def stand_in(char: str) -> str:
    """ASCII of the same width for any character that cannot be shown."""
    return STAND_INS.get(char, "?" * cell_len(char))


def encoded(text: str, encoding: str) -> bytes:
    """The text in that encoding; other characters become ASCII of the same width. Unknown encodings count as ASCII."""
    try:
        return text.encode(encoding)
    except LookupError:
        return encoded(text, "ascii")
    except UnicodeEncodeError:
        return b"".join(_encoded_char(char, encoding) for char in text)


def _encoded_char(char: str, encoding: str) -> bytes:
    try:
        return char.encode(encoding)
    except UnicodeEncodeError:
        return stand_in(char).encode(encoding, "replace")
