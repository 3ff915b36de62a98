"""Reads a calendar file into a CalendarPlan.

The file format, not YAML, decides the type of each value: `20:00` is a time and `on` is a text.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from zoneinfo import ZoneInfo

from contentsvc.domain.calendar_files.entry_reading import ENTRY_FIELDS, read_entry
from contentsvc.domain.calendar_files.file_values import (
    MOST_BYTES,
    FileValue,
    check_text,
    read_file,
)
from contentsvc.domain.calendar_files.parsers import (
    MOST_CHANNELS,
    MOST_ENTRIES,
    MOST_NAME,
    MOST_QUOTA,
    MOST_SLOT,
    MOST_TAGS,
    channel_names,
    one_of,
    slug,
    whole_number,
)
from contentsvc.domain.calendars import MOST_SLOTS, CalendarHead, CalendarPlan, Community
from contentsvc.domain.elements import CommunityKind
from contentsvc.domain.entries import EntryContent
from contentsvc.domain.quotas import QuietHours, Quota
from contentsvc.domain.walltime import parse_time, parse_zone
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import CalendarError, Problem
from contentsvc.messages import Message
from contentsvc.yaml_nodes import MapNode, Scalar

__all__ = ["FIELDS", "read_calendar", "read_calendar_bytes"]

#: Every field of the format, by the mapping that contains it, in the order of writing.
FIELDS: dict[str, tuple[str, ...]] = {
    "calendar": (
        "calendar",
        "name",
        "timezone",
        "community",
        "slots",
        "channels",
        "brand",
        "quiet",
        "quotas",
        "week",
        "entries",
    ),
    "community": ("kind", "tier", "tags"),
    "quota": ("day", "month"),
    **ENTRY_FIELDS,
}

#: Stands in for a zone that is not valid; the plan is discarded in that case.
_NO_ZONE = ZoneInfo("UTC")


def read_calendar_bytes(data: bytes, file: str) -> CalendarPlan:
    """Parse *data*, a calendar file in UTF-8, and return its settings and entries.

    *file* is the file's name in error messages.

    Raises:
        CalendarError: the file cannot be used; the error lists every problem.
    """
    if len(data) > MOST_BYTES:
        message = Message("yaml-too-large", size=len(data), most=MOST_BYTES)
        raise CalendarError(file, [Problem(0, "", message)])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = Message("file-not-utf8", byte=data[error.start])
        raise CalendarError(file, [Problem(line, "", message)]) from error
    return read_calendar(text, file)


def read_calendar(text: str, file: str) -> CalendarPlan:
    """Parse *text*, the content of a calendar file, and return its settings and entries.

    *file* is the file's name in error messages.

    Raises:
        CalendarError: the file cannot be used; the error lists every problem with its line.
    """
    root = read_file(text, file)
    plan = _read_plan(root)
    if root.problems:
        raise CalendarError(file, sorted(root.problems, key=lambda problem: problem.line))
    return plan


def _read_plan(root: FileValue) -> CalendarPlan:
    fields = root.fields(
        FIELDS["calendar"], required=("calendar", "name", "timezone", "channels", "entries")
    )
    head = CalendarHead(
        slug=fields.read("calendar", slug, ""),
        name=fields.text("name", MOST_NAME) or "",
        zone=fields.read("timezone", parse_zone, _NO_ZONE),
        community=replace(
            _read_community(fields.get("community")), brand=fields.read("brand", slug, None)
        ),
        slots=_read_slots(fields.get("slots")),
        channels=channel_names(fields.items("channels", MOST_CHANNELS)),
        quiet=fields.read("quiet", QuietHours.parse, None),
        quotas=_read_quotas(fields.get("quotas")),
    )
    values = fields.items("entries", MOST_ENTRIES)
    week, entries = fields.read("week", IsoWeek.parse, None), _read_entries(values, head)
    lines = {entry.key: _status_line(value) for entry, value in zip(entries, values, strict=True)}
    return CalendarPlan(head=head, week=week, entries=entries, lines=lines)


def _status_line(value: FileValue) -> int:
    """Return the line number of an entry's field `status` or, if it has none, of the entry."""
    if not isinstance(value.node, MapNode):
        return value.line
    pairs = value.node.pairs
    lines = (node.line for key, node in pairs if isinstance(key, Scalar) and key.text == "status")
    return next(lines, value.line)


def _read_community(value: FileValue | None) -> Community:
    if value is None:
        return Community()
    fields = value.fields(FIELDS["community"], required=("kind",))
    tags = [tag.text(MOST_NAME) or "" for tag in fields.items("tags", MOST_TAGS)]
    return Community(
        kind=fields.read("kind", one_of(CommunityKind), CommunityKind.INTEREST),
        tier=fields.read("tier", whole_number(1, 2), 1),
        tags=tuple(dict.fromkeys(tags)),
    )


def _read_quotas(value: FileValue | None) -> dict[str, Quota]:
    if value is None:
        return {}
    quotas: dict[str, Quota] = {}
    for name, channel in value.pairs().items():
        fields = channel.fields(FIELDS["quota"])
        count = whole_number(0, MOST_QUOTA)
        quotas[name] = Quota(fields.read("day", count, None), fields.read("month", count, None))
        # An explicit {} removes the channel's own limit, so an unfinished line must not do so.
        if quotas[name] == Quota() and (channel.is_absent or channel.pairs()):
            channel.add_problem("file-quota-empty")
    return quotas


def _read_slots(value: FileValue | None) -> dict[str, time]:
    if value is None:
        return {}
    slots: dict[str, time] = {}
    for name, slot in value.pairs().items():
        problem = check_text(name, MOST_SLOT)
        if problem:
            slot.add_problem("file-slot-name", problem=problem)
        slots[name] = slot.read(parse_time) or time()
    if len(slots) > MOST_SLOTS:
        value.add_problem("calendar-slots-too-many", used=len(slots), most=MOST_SLOTS)
    return slots


def _read_entries(values: list[FileValue], head: CalendarHead) -> tuple[EntryContent, ...]:
    first_lines: dict[str, int] = {}
    entries = []
    for value in values:
        entry = read_entry(value, head)
        if entry.key and entry.key in first_lines:
            value.add_problem("file-key-twice", key=entry.key, line=first_lines[entry.key])
        first_lines.setdefault(entry.key, value.line)
        entries.append(entry)
    return tuple(entries)
