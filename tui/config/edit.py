"""Writing the config file: the commented example once, single values after that, never losing what the user wrote."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import tomli_w

from tui.config.loader import read_toml
from tui.config.schema import ConfigError, validate
from tui.paths import write_atomically


def example() -> str:
    """config.example.toml: from the installed package, or from the repository, where an editable install has no copy."""
    installed = files("tui") / "config.example.toml"
    if installed.is_file():
        return installed.read_text(encoding="utf-8")
    return (Path(__file__).parents[2] / "config.example.toml").read_text(encoding="utf-8")


def write_example(path: Path) -> None:
    """Write the example, each value commented out so that defaults stay evac's. Raises ConfigError if a file is there."""
    if path.exists() or path.is_symlink():
        raise ConfigError(path, "", "exists already, and is left as it is; `evac config set` changes a value")
    _write(path, _commented(example()))


def update(path: Path, key: str, value: Any) -> str | None:
    """Set one dotted key (quoted as TOML would), keeping every other value. Atomic; the result is checked before.

    Returns the path of the copy kept beside it if the old file held comments, which tomli-w does not keep.
    Raises ConfigError and leaves the file untouched.
    """
    path = path.resolve()  # through a link into a dotfiles repository, say: the link stays
    try:
        old = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        old = ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(path, "", f"cannot be read: {error}") from None
    values = read_toml(path) if old else {}
    table, *names = values, *_split(key)
    for name in names[:-1]:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            raise ConfigError(path, key, f"{name} is a value, not a table")
    table[names[-1]] = value
    validate(values, path)
    copy = None
    if any(line.lstrip().startswith("#") for line in old.splitlines()):
        copy = path.with_name(path.name + ".before")
        _write(copy, old)
    _write(path, tomli_w.dumps(values))
    return str(copy) if copy else None


def parse_value(text: str) -> Any:
    """The value of a command-line argument read as TOML; a bare word is a text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, KeyError):
        return text


def _split(key: str) -> list[str]:
    try:
        node: Any = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        node = None
    names: list[str] = []
    while isinstance(node, dict) and len(node) == 1:
        name, node = next(iter(node.items()))
        names.append(name)
    if node != 0 or not names:
        raise ConfigError("", key, "expected a dotted key such as intervals.status")
    return names


def _commented(text: str) -> str:
    """The example with its values commented out; tables stay, except the example profile, which is a comment."""
    lines, in_profile = [], False
    for line in text.splitlines():
        if line.startswith("["):
            in_profile = line.startswith("[profiles")
        is_value = line and not line.startswith("#") and (in_profile or not line.startswith("["))
        lines.append(f"#{line}" if is_value else line)
    return "\n".join(lines) + "\n"


def _write(path: Path, text: str) -> None:
    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
        write_atomically(path, text.encode(), mode=mode)
    except OSError as error:
        raise ConfigError(path, "", f"cannot be written: {error.strerror}") from None
