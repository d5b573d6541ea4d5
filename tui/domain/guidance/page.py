"""The guidance as a document: docs/guidance.md is this text, and a test holds it to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from tui.domain.events import KNOWN_CODES, EventCode
from tui.domain.guidance import explain_code
from tui.domain.guidance.base import Paragraph, heading
from tui.domain.guidance.checks import CHECK_GUIDES, CHECK_TITLES
from tui.domain.guidance.subject import Subject
from tui.domain.instance import Instance, StatusCheck, Target
from tui.domain.policy import Policy
from tui.domain.sanitize import SafeText

_INTRO = """# What the console teaches

Made from the tables of `tui/domain/guidance`; each sentence with its source. `user guide, PAGE` is
docs.aws.amazon.com/AWSEC2/latest/UserGuide/PAGE.html. `experience` is an operator's, not AWS's.
For an instance the same sentences name its addresses, disks and times, and say what is not known.
"""


def guidance_page() -> str:
    """The whole page, Markdown."""
    parts = [_INTRO, "## Scheduled events\n"]
    for code in KNOWN_CODES:
        for root in ("ebs", "instance-store") if code is EventCode.INSTANCE_RETIREMENT else ("",):
            parts.append(f"### {code}{f', {root} root' if root else ''}\n")
            parts += _lines(explain_code(code, root).paragraphs)
        if code is EventCode.INSTANCE_REBOOT:
            parts.append(f"### {code}, on a Dedicated Host\n")
            parts += _lines(explain_code(code, tenancy="host").paragraphs)
    parts.append("## Status checks\n")
    subject = Subject(
        Instance(Target("", ""), SafeText("any instance")),
        None,
        Policy(),
        datetime(2000, 1, 1, tzinfo=UTC),
        UTC,
        general=True,
    )
    for name, entry in CHECK_GUIDES.items():
        parts.append(f"### {CHECK_TITLES[name]}\n")
        parts += _lines(entry(subject, StatusCheck()))
    return "\n".join(parts)


def _lines(paragraphs: Iterable[Paragraph]) -> list[str]:
    lines = []
    for paragraph in paragraphs:
        sources = "; ".join(source.text for source in paragraph.sources)
        lines.append(
            f"- **{heading(paragraph.kind)}.** {paragraph.text}{f' <sub>{sources}</sub>' if sources else ''}"
        )
    return [*lines, ""]
