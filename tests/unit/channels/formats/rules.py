"""The table in docs/posts.md of the result of each Markdown element in each format.

`python -m tests.unit.channels.formats.rules` prints the table.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from contentsvc.channels import (
    WecomVersion,
    format_article,
    format_chat,
    format_note,
    format_sms,
    format_wecom,
)

__all__ = ["FORMATS", "RULES", "Rule", "page_table"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A Markdown element, and its result in each format."""

    element: str
    markdown: str
    #: The article without its styles, which differ by theme.
    article: str
    wecom: str
    wecom_two: str
    chat: str
    note: str
    sms: str


def _bare(html: str) -> str:
    """Return an article without its styles and its outermost element."""
    plain = re.sub(r' style="[^"]*"', "", format_article(html).html)
    return plain.removeprefix("<section>").removesuffix("</section>")


FORMATS: dict[str, Callable[[str], str]] = {
    "article": _bare,
    "wecom": lambda html: format_wecom(html).text,
    "wecom_two": lambda html: format_wecom(html, version=WecomVersion.TWO).text,
    "chat": lambda html: format_chat(html).text,
    "note": lambda html: format_note(html).text,
    "sms": lambda html: format_sms(html).text,
}
_HEADS = {
    "article": "公众号",
    "wecom": "企微 `markdown`",
    "wecom_two": "企微 `markdown_v2`",
    "chat": "聊天文字",
    "note": "小红书",
    "sms": "短信",
}

RULES = [
    Rule(**rule)
    for rule in yaml.safe_load(Path(__file__).with_name("rules.yaml").read_text(encoding="utf-8"))
]


def page_table() -> str:
    """Return the table as it is in docs/posts.md."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "| element | Markdown | " + " | ".join(_HEADS.values()) + " |"
    yield "|" + "---|" * (len(_HEADS) + 2)
    for rule in RULES:
        cells = [rule.markdown, *(getattr(rule, name) for name in FORMATS)]
        yield f"| {rule.element} | " + " | ".join(map(_cell, cells)) + " |"


def _cell(text: str) -> str:
    """Return text as code for a table cell; ⏎ marks the end of a line."""
    if not text:
        return "–"
    shown = text.replace("\n", "⏎").replace("\u202e", "\\u202e").replace("\u202c", "\\u202c")
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    pad = " " if fence != "`" else ""
    return f"{fence}{pad}{shown.replace('|', chr(92) + '|')}{pad}{fence}"


if __name__ == "__main__":
    sys.stdout.write(page_table() + "\n")
