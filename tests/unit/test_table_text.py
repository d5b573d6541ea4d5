"""A table is written into somebody's configuration: nothing else of the file changes, comments least of all."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tui.config import edit
from tui.config.schema import ConfigError
from tui.config.table_text import with_table

NEW = {"key": 6, "columns": ["tag.service", "checks"], "filter": 'name:"blue # green"'}
ADDED = '[views.pay]\nkey = 6\ncolumns = ["tag.service", "checks"]\nfilter = "name:\\"blue # green\\""\n'
CASES = [
    ("", ADDED),
    ("# mine\nread_only = true", f"# mine\nread_only = true\n\n{ADDED}"),
    ("a = 1\n[views.other]\nkey = 7 # seven\n", f"a = 1\n[views.other]\nkey = 7 # seven\n\n{ADDED}"),
    # what is equal stays as it was written, what differs keeps its comment, what is no more leaves it
    (
        "[views.pay] # money\n# first\nkey=6   # the key\nsort = 'name' # gone\ncolumns = [\n  'id', # ids\n]\n\n"
        "# of b\n[views.b]\n",
        '[views.pay] # money\n# first\nkey=6   # the key\n# gone\n# ids\ncolumns = ["tag.service", "checks"]\n'
        'filter = "name:\\"blue # green\\""\n\n# of b\n[views.b]\n',
    ),
    (
        "[ views . 'pay' ]\nfilter = 'x # no' # why\n",
        "[ views . 'pay' ]\nfilter = \"name:\\\"blue # green\\\"\"  # why\nkey = 6\ncolumns = [\"tag.service\", \"checks\"]\n",
    ),
    ("[views.pay]\n# empty\n", '[views.pay]\n' + ADDED.partition("\n")[2] + "# empty\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), CASES)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_only_the_table_changes(before: str, after: str, newline: str) -> None:
    before, after = before.replace("\n", newline), after.replace("\n", newline)
    if "\n" not in before:
        after = after.replace("\r\n", "\n")
    found = with_table(before, ("views", "pay"), NEW)
    assert found == after
    wanted = tomllib.loads(before)
    wanted.setdefault("views", {})["pay"] = NEW
    assert tomllib.loads(found) == wanted
    assert with_table(found, ("views", "pay"), NEW) == found


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_file_keeps_its_comments_its_mode_and_its_mark(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"{mark}# mine\nread_only = true # for now\n", encoding="utf-8")
    path.chmod(0o640)
    assert edit.put_table(path, ("views", "pay tag"), NEW) is None
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f'{mark}# mine\nread_only = true # for now\n\n[views."pay tag"]\n')
    assert path.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["config.toml"]


def test_a_new_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "evac" / "config.toml"
    assert edit.put_table(path, ("views", "pay"), NEW) is None
    assert path.read_text() == ADDED
    assert path.stat().st_mode & 0o777 == 0o600


def test_another_form_is_written_anew_with_a_copy_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    before = "# mine\nviews = { pay = { key = 7 } }\n"
    path.write_text(before)
    copy = edit.put_table(path, ("views", "pay"), NEW)
    assert copy == str(tmp_path / "config.toml.before")
    assert Path(copy).read_text() == before
    assert tomllib.loads(path.read_text()) == {"views": {"pay": NEW}}


def test_a_header_in_a_text_of_many_lines_is_none(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[profiles.a]\nlabel = """\n[views.pay]\nkey = 7\n"""\n')
    edit.put_table(path, ("views", "pay"), NEW)
    values = tomllib.loads(path.read_text())
    assert values["views"] == {"pay": NEW}
    assert values["profiles"] == {"a": {"label": "[views.pay]\nkey = 7\n"}}


@pytest.mark.parametrize(
    ("text", "values", "told"),
    [
        ("[views.a]\nkey = 6\n", NEW, "views.pay.key: 6 is the key of views.a already"),
        ("views = 3\n", NEW, "views: is a value"),
        ("nonsense\n", NEW, "not TOML"),
        ("", {"key": 4}, "views.pay.key: expected 6, 7, 8 or 9"),
    ],
)
def test_what_would_be_none_is_told_and_the_file_stays(
    tmp_path: Path, text: str, values: dict[str, object], told: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=told):
        edit.put_table(path, ("views", "pay"), values)
    assert path.read_text() == text
