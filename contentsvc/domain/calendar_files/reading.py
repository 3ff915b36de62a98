"""A calendar file read into a CalendarPlan, typed by the format and never by YAML's guessing."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from zoneinfo import ZoneInfo

from contentsvc.domain.calendar_files.entry_reading import ENTRY_FIELDS, CalendarContext, read_entry
from contentsvc.domain.calendar_files.file_values import FileValue, text_fault
from contentsvc.domain.calendar_files.parsers import (
    MOST_CHANNELS,
    MOST_ENTRIES,
    MOST_NAME,
    MOST_QUOTA,
    MOST_SLOT,
    MOST_TAGS,
    names,
    one_of,
    slug,
    whole_number,
)
from contentsvc.domain.calendar_files.tree import MOST_BYTES, compose
from contentsvc.domain.calendars import CalendarHead, CalendarPlan, Community
from contentsvc.domain.elements import CommunityKind
from contentsvc.domain.entries import EntryContent
from contentsvc.domain.quotas import QuietHours, Quota
from contentsvc.domain.walltime import parse_time, parse_zone
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import CalendarError, Problem

__all__ = ["FIELDS", "read_calendar", "read_calendar_bytes"]

#: Every field of the format by the mapping it stands in, in the order in which it is written.
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

#: Stands in for a zone that could not be read; the plan with it is never handed out.
_NO_ZONE = ZoneInfo("UTC")


def read_calendar_bytes(data: bytes, file: str) -> CalendarPlan:
    """Read a calendar file's bytes, which are UTF-8; CalendarError lists all that is wrong."""
    if len(data) > MOST_BYTES:
        words = f"the file has {len(data):,} bytes; {MOST_BYTES:,} are allowed"
        raise CalendarError(file, [Problem(0, "", words)])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        words = f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise CalendarError(file, [Problem(line, "", words)]) from error
    return read_calendar(text, file)


def read_calendar(text: str, file: str) -> CalendarPlan:
    """Read a calendar file's text; CalendarError lists all that is wrong, each with its line.

    *file* is the name that the problems carry.
    """
    root = FileValue(compose(text, file), "", [])
    plan = _calendar(root)
    if root.problems:
        raise CalendarError(file, sorted(root.problems, key=lambda problem: problem.line))
    return plan


def _calendar(root: FileValue) -> CalendarPlan:
    fields = root.fields(
        FIELDS["calendar"], required=("calendar", "name", "timezone", "channels", "entries")
    )
    slots = _slots(fields.get("slots"))
    channels = names(fields.items("channels", MOST_CHANNELS))
    context = CalendarContext(slots=tuple(slots), channels=channels)
    head = CalendarHead(
        slug=fields.read("calendar", slug, ""),
        name=fields.text("name", MOST_NAME) or "",
        zone=fields.read("timezone", parse_zone, _NO_ZONE),
        community=replace(
            _community(fields.get("community")), brand=fields.read("brand", slug, None)
        ),
        slots=slots,
        channels=channels,
        quiet=fields.read("quiet", QuietHours.parse, None),
        quotas=_quotas(fields.get("quotas")),
    )
    return CalendarPlan(
        head=head,
        week=fields.read("week", IsoWeek.parse, None),
        entries=_entries(fields.items("entries", MOST_ENTRIES), context),
    )


def _community(spot: FileValue | None) -> Community:
    if spot is None:
        return Community()
    fields = spot.fields(FIELDS["community"], required=("kind",))
    tags = [tag.text(MOST_NAME) or "" for tag in fields.items("tags", MOST_TAGS)]
    return Community(
        kind=fields.read("kind", one_of(CommunityKind), CommunityKind.INTEREST),
        tier=fields.read("tier", whole_number(1, 2), 1),
        tags=tuple(dict.fromkeys(tags)),
    )


def _quotas(spot: FileValue | None) -> dict[str, Quota]:
    if spot is None:
        return {}
    quotas: dict[str, Quota] = {}
    for name, value in spot.pairs().items():
        fields = value.fields(FIELDS["quota"])
        count = whole_number(0, MOST_QUOTA)
        quotas[name] = Quota(fields.read("day", count, None), fields.read("month", count, None))
        # {} limits nothing there, whatever the channel's own quota; a slip must not do so.
        if quotas[name] == Quota() and (value.is_absent or value.pairs()):
            value.wrong("says neither `day` nor `month`; write {} where nothing is to be limited")
    return quotas


def _slots(spot: FileValue | None) -> dict[str, time]:
    if spot is None:
        return {}
    slots: dict[str, time] = {}
    for name, value in spot.pairs().items():
        fault = text_fault(name, MOST_SLOT)
        if fault:
            value.wrong(f"a slot's name {fault}")
        slots[name] = value.read(parse_time) or time()
    return slots


def _entries(values: list[FileValue], context: CalendarContext) -> tuple[EntryContent, ...]:
    first: dict[str, int] = {}
    entries = []
    for spot in values:
        entry = read_entry(spot, context)
        if entry.key and entry.key in first:
            spot.wrong(f"the key {entry.key!r} is taken by the entry in line {first[entry.key]}")
        first.setdefault(entry.key, spot.line)
        entries.append(entry)
    return tuple(entries)
