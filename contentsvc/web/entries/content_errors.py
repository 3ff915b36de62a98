"""Name the form fields of an entry's content that a calendar file could not hold."""

from __future__ import annotations

import re

from contentsvc.db.mapping import head_of
from contentsvc.db.models import Calendar
from contentsvc.domain.calendar_files import content_problems
from contentsvc.domain.entries import EntryContent
from contentsvc.web.explaining import explain_text

__all__ = ["content_errors"]

_INDEX = re.compile(r"\[(\d+)\]")
_VERSION = re.compile(r"versions\.(.+)\.(title|body)")
_NOTICE = re.compile(r"notices\[(\d+)\]\.(.+)")


def content_errors(calendar: Calendar, content: EntryContent) -> dict[str, str]:
    """Return texts about what an export could not write, by the name of the form field."""
    errors: dict[str, str] = {}
    for problem in content_problems(head_of(calendar), content):
        errors.setdefault(_form_field(problem.field, content), explain_text(problem.message))
    return errors


def _form_field(path: str, content: EntryContent) -> str:
    """Return the form field of a calendar file's field, such as `version_title__site`."""
    if found := _VERSION.fullmatch(path):
        return f"version_{found[2]}__{found[1]}"
    if found := _NOTICE.fullmatch(path):
        return f"notice.{content.chain[int(found[1])]}.{_INDEX.sub('', found[2])}"
    bare = _INDEX.sub("", path)
    if bare.startswith("poster.fields."):
        return "poster." + bare.removeprefix("poster.fields.")
    return "pictures" if bare.startswith("pictures") else bare
