"""Writes a CalendarPlan as YAML, in the way in which a person would write it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from contentsvc.domain.calendar_files.entry_reading import ENTRY_FIELDS
from contentsvc.domain.calendars import CalendarPlan, Community
from contentsvc.domain.entries import (
    EntryContent,
    EntryStatus,
    Livestream,
    NoticeVersion,
    PictureRef,
    PosterSpec,
    Version,
)
from contentsvc.domain.quotas import Quota
from contentsvc.domain.walltime import format_time

__all__ = ["write_calendar"]

#: Line ends that YAML changes when it reads them; they are written as escapes.
_ESCAPED_BREAKS = frozenset("\r\x85\u2028\u2029")


def write_calendar(plan: CalendarPlan) -> str:
    """Return *plan* as the text of a calendar file. `read_calendar` converts it back.

    Fields are in the order of the format, fields with their default value are left out, bodies are
    block scalars, times are quoted, and Chinese is not escaped.
    """
    head = _dump(_calendar(plan))
    if not plan.entries:
        return head + "entries: []\n"
    # A blank line separates the entries. No scalar includes it, since none is written with `|+`.
    written = [_dump({"entries": [_entry(entry)]}) for entry in plan.entries]
    return f"{head}entries:\n" + "\n".join(text.partition("\n")[2] for text in written)


class _Inline(list[Any]):
    """A list that the YAML dumper writes on a single line, as `[a, b]`."""


class _InlineMap(dict[str, Any]):
    """A mapping that the YAML dumper writes on a single line, as `{a: b}`."""


class _Quoted(str):
    """Text that the YAML dumper quotes, because YAML 1.1 reads an unquoted 20:30 as a number."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - PyYAML's signature
        # Without this PyYAML would not indent the items of a list below its name.
        super().increase_indent(flow, indentless=False)

    def analyze_scalar(self, scalar: str) -> Any:
        analysis = super().analyze_scalar(scalar)
        # PyYAML would refuse block scalars with spaces at the end of a line, which break a line in
        # Markdown.
        analysis.allow_block = _fits_block(scalar)
        return analysis


def _fits_block(text: str) -> bool:
    return (
        text.strip("\n") != ""
        and not text.endswith((" ", "\n\n"))
        and not _ESCAPED_BREAKS & set(text)
        and all(character == "\n" or _is_printable(character) for character in text)
    )


def _is_printable(character: str) -> bool:
    """Return True if YAML allows the character unescaped."""
    return (
        " " <= character <= "~"
        or "\xa0" <= character <= "\ud7ff"
        or ("\ue000" <= character <= "\ufffd" and character != "\ufeff")
        or "\U00010000" <= character < "\U0010ffff"
    )


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _represent_quoted(dumper: yaml.SafeDumper, text: _Quoted) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style='"')


def _represent_inline(dumper: yaml.SafeDumper, items: _Inline) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=True)


def _represent_inline_map(dumper: yaml.SafeDumper, fields: _InlineMap) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", fields.items(), flow_style=True)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(_Quoted, _represent_quoted)
_Dumper.add_representer(_Inline, _represent_inline)
_Dumper.add_representer(_InlineMap, _represent_inline_map)


def _dump(value: dict[str, Any]) -> str:
    return yaml.dump(
        value,
        Dumper=_Dumper,
        allow_unicode=True,
        default_flow_style=False,
        sort_keys=False,
        width=1_000_000,
    )


def _without_empty(fields: dict[str, Any]) -> dict[str, Any]:
    """Return *fields* without empty values, but keep `channels: []`, which means "no channel"."""
    return {
        name: value
        for name, value in fields.items()
        if value not in (None, "", [], {}) or (name == "channels" and value is not None)
    }


def _calendar(plan: CalendarPlan) -> dict[str, Any]:
    head = plan.head
    fields = {
        "calendar": head.slug,
        "name": head.name,
        "timezone": head.zone.key,
        "community": _community(head.community),
        "slots": {name: _Quoted(format_time(wall)) for name, wall in head.slots.items()},
    }
    later = {
        "brand": head.community.brand,
        "quiet": _Quoted(str(head.quiet)) if head.quiet else None,
        "quotas": {name: _quota(quota) for name, quota in head.quotas.items()},
        "week": str(plan.week) if plan.week else None,
    }
    return {**_without_empty(fields), "channels": _Inline(head.channels), **_without_empty(later)}


def _quota(quota: Quota) -> _InlineMap:
    given = {"day": quota.day, "month": quota.month}
    return _InlineMap({name: count for name, count in given.items() if count is not None})


def _community(community: Community) -> _InlineMap:
    fields = {"kind": str(community.kind), "tier": community.tier, "tags": _Inline(community.tags)}
    return _InlineMap(_without_empty(fields))


def _entry(entry: EntryContent) -> dict[str, Any]:
    return _without_empty(
        {
            "key": entry.key,
            "day": str(entry.day),
            "slot": entry.slot,
            "time": _Quoted(format_time(entry.time)) if entry.time is not None else None,
            "kind": str(entry.kind),
            "element": str(entry.element) if entry.element else None,
            "title": entry.title,
            "body": entry.body,
            "versions": {name: _version(it) for name, it in entry.versions.items()},
            "channels": _Inline(entry.channels) if entry.channels is not None else None,
            "livestream": _livestream(entry.livestream) if entry.livestream else None,
            "notices": _notices(entry),
            "poster": _poster(entry.poster) if entry.poster else None,
            "pictures": [_picture(picture) for picture in entry.pictures],
            "status": str(entry.status) if entry.status is not EntryStatus.DRAFT else None,
        }
    )


def _version(version: Version) -> dict[str, Any]:
    fields = {"title": version.title, "body": version.body}
    # An empty body is written, because it replaces the entry's own.
    return {name: text for name, text in fields.items() if text is not None}


def _livestream(livestream: Livestream) -> dict[str, Any]:
    fields = {name: getattr(livestream, name) for name in ENTRY_FIELDS["livestream"]}
    return _without_empty({**fields, "points": list(livestream.points)})


def _notices(entry: EntryContent) -> list[Any]:
    """Return the notices as a list for YAML. It is on one line if no notice has its own texts."""
    if not entry.notice_versions:
        return _Inline(str(notice) for notice in entry.notices)
    return [_notice(str(notice), entry.notice_version(notice)) for notice in entry.notices]


def _notice(at: str, version: NoticeVersion) -> str | dict[str, Any]:
    if version == NoticeVersion():
        return at
    own = {"title": version.title, "body": version.body}
    written: dict[str, Any] = {
        "at": at,
        **{name: text for name, text in own.items() if text is not None},
    }
    if version.poster:
        written["poster"] = {"fields": _poster_fields(version.poster)}
    return written


def _poster(poster: PosterSpec) -> dict[str, Any]:
    return _without_empty({"template": poster.template, "fields": _poster_fields(poster.fields)})


def _poster_fields(fields: Mapping[str, str | tuple[str, ...]]) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()
    }


def _picture(picture: PictureRef) -> str | _InlineMap:
    if not picture.alt:
        return picture.source
    return _InlineMap(file=picture.source, alt=picture.alt)
