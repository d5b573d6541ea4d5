"""A stranger's text is drawn as it is, and does nothing: read by a Markdown parser and by HTML's, and by what Slack documents."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tui.domain.sanitize import clean
from tui.presentation.inert import in_code, inert

HOSTILE = [
    "*bold* _italic_ ~gone~ `code` ***",
    "**bold** __init__ ~~gone~~ ``code``",
    "<script>alert(1)</script>",
    "<!channel> <@U0123> <#C0123|prod> <https://evil.example|look>",
    "&lt;b&gt; &#42; &amp;",
    "[click](https://evil.example) ![x](http://evil.example/x.png)",
    "[x]: https://evil.example",
    "https://evil.example/?q=1 HTTP://evil.example www.evil.example",
    "@here @channel @acme/everyone kim@acme.example",
    "#123 acme/web#7 # heading",
    "# heading", "## heading", "- item", "+ item", "* item", "1. one", "12) twelve", "> quote", "=====", "-----", "***",
    "    code", "\tcode", "| a | b |", "|---|---|", "$x^2$", ":rotating_light: :+1:", "[ ] open", "[x] done",
    "ends with a backslash\\", "\\*", "a\nb", "a\r\n# b", "a  \nb", "<!-- gone", "```", "~~~", "<b onclick=x>",
    "\u202eevil", "\x1b]0;evil\x07", "$(rm -rf /)", "=HYPERLINK(1)", "web_1_blue snake_case_", "[^1]",
]  # fmt: skip
OUR_TAGS = {"ul", "li", "strong"}


class Tags(HTMLParser):
    """What a page would have of it: its elements, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags, self.text = set[str](), ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_comment(self, data: str) -> None:
        self.tags.add("!--")

    def handle_decl(self, decl: str) -> None:
        self.tags.add("!")

    def handle_data(self, data: str) -> None:
        self.text += data


def told(text: str) -> str:
    """What a reader sees."""
    return " ".join(clean(text).split())


def seen(page: str) -> tuple[set[str], str]:
    found = Tags(page)
    return found.tags, " ".join(found.text.replace("\u2060", "").split())


def rendered(text: str, *, links: bool = False) -> tuple[set[str], str]:
    """In a list item behind nothing, as GitHub's dialect has it: tables and struck text, and where asked for bare links."""
    markdown = MarkdownIt("gfm-like", {"linkify": links}).render(f"- {inert(text)}\n- **ours**\n")
    tags, drawn = seen(markdown)
    return tags, drawn.removesuffix("ours").strip()


def slack(text: str) -> list[str]:
    """What Slack would take for more than text, by its own page on formatting."""
    line = inert(text)
    found = re.findall(r"<[^>]*>", line)
    for sign in "*~`":
        found += re.findall(re.escape(sign), line)
    found += re.findall(r"(?:^|[^\w])_[^_]+_(?![\w])", line)
    found += re.findall(r"(?:^|\W)[@#]\w+", re.sub(r"&#\d+;", "", line))
    found += re.findall(r"https?://\S+", line)
    return found


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert(text: str) -> None:
    assert rendered(text, links=True) == (OUR_TAGS, told(text))
    assert seen(f"<p>{inert(text)}</p>") == ({"p"}, told(text))
    assert slack(text) == []
    assert "\n" not in inert(text)
    assert inert(text).isprintable()


@given(st.text(st.sampled_from("*_`~<>&[]()!#@|\\$:/.-+=1ab \n\t\"'{}^wk"), max_size=24))
def test_any_text_is_inert(text: str) -> None:
    assert seen(f"<p>{inert(text)}</p>") == ({"p"}, told(text))
    if told(text):
        assert rendered(text) == (OUR_TAGS, told(text))
    assert slack(text) == []


def test_what_is_no_sign_stays_as_it_is() -> None:
    for text in (
        "web-1",
        "snake_case_name",
        "Out of memory: Killed process 812 (java)",
        "결제 서버 1",
        "50 %",
        "a/b, c",
    ):
        assert inert(text) == text


def test_what_is_to_be_copied_is_code_and_nothing_else_is() -> None:
    assert in_code("i-0123456789abcdef0") == "`i-0123456789abcdef0`"
    assert in_code("[ 65.1] Out of memory: *** (java)") == "`[ 65.1] Out of memory: *** (java)`"
    assert in_code("a`b") == "a&#96;b"
    assert in_code("<!channel>") == "&lt;!channel&gt;"
    assert in_code("") == ""


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert_in_code_too(text: str) -> None:
    markdown = MarkdownIt("gfm-like", {"linkify": True}).render(f"- {in_code(text)} **ours**\n")
    tags, drawn = seen(markdown)
    assert tags - {"code"} == OUR_TAGS
    assert drawn.removesuffix("ours").strip() == told(text)
    assert not re.search(r"[<>@]|://", in_code(text))
