"""Converts the Markdown that people write in calendars to clean (safe) HTML.

- `parsing`: the conversion, and its limits
- `cleaning`: which tags and attributes remain
- `lines`: lists, tables, headings and quotations as people write them, made regular for the parser
- `marks`: the marks and the indent of list items
- `fences`: blocks of code
- `inline`: links, and which text in angle brackets is HTML
- `addresses`: where a web address within text ends
- `notes`: footnotes
"""

from __future__ import annotations

from contentsvc.channels.markdown.cleaning import NOTE, clean_html
from contentsvc.channels.markdown.parsing import markdown_html

__all__ = ["NOTE", "clean_html", "markdown_html"]
