"""Writing the config file: the commented example once, single values after that, never losing what the user wrote."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import tomli_w

from tui.config.loader import read_toml
from tui.config.schema import ConfigError, validate
from tui.config.table_text import with_table
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
    old = _read(path)
    values = read_toml(path) if old else {}
    table, *names = values, *_split(key)
    for name in names[:-1]:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            raise ConfigError(path, key, f"{name} is a value, not a table")
    table[names[-1]] = value
    validate(values, path)
    return _rewrite(path, old, values)


def put_table(path: Path, table: tuple[str, str], values: dict[str, Any]) -> str | None:
    """Write that table of a file (`("views", "payments")`), in place of the one that is there; every comment stays.

    Returns the path of the copy kept beside it, where that could not be: the table is written in another form than under a
    header of its own (`views = { … }`). Atomic; the result is checked before. Raises ConfigError and leaves the file untouched.
    """
    path = path.resolve()
    old = _read(path)
    wanted = read_toml(path) if old else {}
    within = wanted.setdefault(table[0], {})
    if not isinstance(within, dict):
        raise ConfigError(path, table[0], "is a value, not a table")
    within[table[1]] = values
    validate(wanted, path)
    mark = old[:1] if old.startswith("\ufeff") else ""
    try:
        new = with_table(old.removeprefix(mark), table, values)
        if tomllib.loads(new) == wanted:
            _write(path, mark + new)
            return None
    except tomllib.TOMLDecodeError:
        pass
    return _rewrite(path, old, wanted)


def _read(path: Path) -> str:
    """The text of a file as it stands there, with its own ends of lines; empty where there is none. Raises ConfigError."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(path, "", f"cannot be read: {error}") from None


def _rewrite(path: Path, old: str, values: dict[str, Any]) -> str | None:
    """Write the values; the path of the copy of what held comments, which tomli-w does not keep."""
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
