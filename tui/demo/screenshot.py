"""The picture of an instance's screen: its last lines as grey blocks, one a character, in a baseline JPEG (ITU-T T.81)."""

from __future__ import annotations

from collections.abc import Iterable

COLUMNS, ROWS = 80, 25
_DIFFERENCE = ("00", "010", "011", "100", "101", "110", "1110", "11110", "111110", "1111110")
"""The code of each size of a difference between two blocks' greys (T.81, table K.3)."""
_FRAME = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000"  # SOI, JFIF 1.1
    f"ffdb004300{'08' * 64}"  # every coefficient in eighths: a flat block's is its grey
    f"ffc0000b08{ROWS * 16:04x}{COLUMNS * 8:04x}01011100"  # one component, 8 bits
    "ffc4001f0000010501010101010100000000000000000102030405060708090a0b"  # table K.3
    "ffc400141001" + "00" * 15 + "00"  # one code: the end of a block
    "ffda0008010100003f00"
)


def screenshot(lines: Iterable[str]) -> bytes:
    """A JPEG of 640 by 400 dots, some 2 KB."""
    shown = [line[:COLUMNS] for line in lines][-ROWS:]
    bits, before = [], 0
    for row in range(ROWS * 2):
        line = shown[row // 2] if row // 2 < len(shown) else ""
        for column in range(COLUMNS):
            lit = row % 2 == 1 and column < len(line) and not line[column].isspace()
            grey = 60 if lit else -120
            step, before = grey - before, grey
            size = abs(step).bit_length()
            bits.append(_DIFFERENCE[size])
            if size:
                bits.append(f"{step if step > 0 else step + (1 << size) - 1:0{size}b}")
            bits.append("0")
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    body = int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\x00")
    return _FRAME + body + b"\xff\xd9"
