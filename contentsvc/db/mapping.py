"""Converts database rows of calendars and entries to values of `contentsvc.domain`, and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from contentsvc.db.models import Calendar, ChannelRow, Entry, EntryRevision
from contentsvc.domain.approvals import Approval
from contentsvc.domain.calendars import CalendarHead, Community
from contentsvc.domain.elements import CommunityKind, Element
from contentsvc.domain.entries import (
    EntryContent,
    EntryKind,
    EntryStatus,
    Livestream,
    NoticeVersion,
    PictureRef,
    PosterSpec,
    Version,
)
from contentsvc.domain.notices import Notice
from contentsvc.domain.quotas import QuietHours, Quota
from contentsvc.domain.walltime import format_time, parse_time, parse_zone
from contentsvc.domain.weeks import Weekday

__all__ = [
    "approval_of",
    "approved_content",
    "content_hash",
    "content_of",
    "fill_calendar",
    "fill_entry",
    "fingerprint",
    "head_of",
    "revision_content",
    "stored_content",
]

#: The columns of Entry that store its content.
_CONTENT_COLUMNS = (
    *("key", "day", "kind", "title", "slot", "time", "element", "body", "versions", "channels"),
    *("livestream", "notices", "poster", "pictures"),
)


def content_of(entry: Entry) -> EntryContent:
    """Return the content that the database row *entry* stores."""
    columns = {name: getattr(entry, name) for name in _CONTENT_COLUMNS}
    return _content(columns, entry.status)


def approved_content(approval: Approval) -> EntryContent:
    """Return the content that was approved, with the channels that it was approved for."""
    columns = {**approval.content, "channels": list(approval.channels)}
    return _content(columns, EntryStatus.APPROVED)


def revision_content(revision: EntryRevision) -> EntryContent:
    """Return the content that an entry had at an earlier revision, as a draft."""
    return _content(revision.content, EntryStatus.DRAFT)


def _content(columns: Mapping[str, Any], status: EntryStatus) -> EntryContent:
    """Return the content in *columns*, values of the columns of Entry by name."""
    channels, element = columns["channels"], columns["element"]
    return EntryContent(
        key=columns["key"],
        day=Weekday(columns["day"]),
        kind=EntryKind(columns["kind"]),
        title=columns["title"],
        slot=columns["slot"],
        time=parse_time(columns["time"]) if columns["time"] else None,
        element=None if element is None else Element(element),
        body=columns["body"],
        versions={name: Version(**version) for name, version in columns["versions"].items()},
        channels=None if channels is None else tuple(channels),
        livestream=_livestream(columns["livestream"]),
        notices=tuple(Notice.parse(_offset(stored)) for stored in columns["notices"]),
        notice_versions=_notice_versions(columns["notices"]),
        poster=_poster(columns["poster"]),
        pictures=tuple(PictureRef(**picture) for picture in columns["pictures"]),
        status=status,
    )


def approval_of(entry: Entry) -> Approval | None:
    """Return the approved revision that goes out; None if the entry has none.

    A revision that does not have the hash it was approved under is not approved.
    """
    if entry.approval is None or entry.approval_hash is None or entry.deleted_at is not None:
        return None
    approval = Approval.from_json(entry.approval)
    return approval if approval.hash == entry.approval_hash else None


def fingerprint(channel: ChannelRow) -> str:
    """Return a hash of a channel's type, settings and secrets; it changes with each of them."""
    text = json.dumps([channel.type, channel.settings], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode() + b"\0" + (channel.sealed or b"")).hexdigest()


def fill_entry(entry: Entry, content: EntryContent) -> None:
    """Set the columns of the database row *entry* to *content*.

    The status, the revision, the times and the last editor in the row are not changed.
    """
    for column, value in stored_content(content).items():
        setattr(entry, column, value)


def content_hash(content: EntryContent) -> str:
    """Return the SHA-256, in hexadecimal, of *content* without its status."""
    text = json.dumps(stored_content(content), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def stored_content(content: EntryContent) -> dict[str, Any]:
    """Return *content* as values for the columns of Entry, by name; JSON can encode them all."""
    return {
        "key": content.key,
        "day": content.day.value,
        "kind": content.kind,
        "title": content.title,
        "slot": content.slot,
        "time": format_time(content.time) if content.time is not None else None,
        "element": content.element,
        "body": content.body,
        "versions": _stored_versions(content.versions),
        "channels": None if content.channels is None else list(content.channels),
        "livestream": _stored_livestream(content.livestream),
        "notices": [_stored_notice(content, notice) for notice in content.notices],
        "poster": _stored_poster(content.poster),
        "pictures": [asdict(picture) for picture in content.pictures],
    }


def fill_calendar(calendar: Calendar, head: CalendarHead) -> None:
    """Set the columns of the database row *calendar* to the settings in *head*."""
    calendar.slug = head.slug
    calendar.name = head.name
    calendar.timezone = head.zone.key
    calendar.community_kind = head.community.kind.value
    calendar.community_tier = head.community.tier
    calendar.community_tags = list(head.community.tags)
    calendar.brand = head.community.brand
    calendar.slots = [[name, format_time(wall)] for name, wall in head.slots.items()]
    calendar.channels = list(head.channels)
    calendar.quiet = str(head.quiet) if head.quiet else None
    calendar.quotas = {
        name: {"day": quota.day, "month": quota.month} for name, quota in head.quotas.items()
    }


def head_of(calendar: Calendar) -> CalendarHead:
    """Return the settings that the database row *calendar* stores."""
    return CalendarHead(
        slug=calendar.slug,
        name=calendar.name,
        zone=parse_zone(calendar.timezone),
        community=Community(
            kind=CommunityKind(calendar.community_kind),
            tier=calendar.community_tier,
            tags=tuple(calendar.community_tags),
            brand=calendar.brand,
        ),
        slots={name: parse_time(wall) for name, wall in calendar.slots},
        channels=tuple(calendar.channels),
        quiet=QuietHours.parse(calendar.quiet) if calendar.quiet else None,
        quotas={name: Quota(**quota) for name, quota in calendar.quotas.items()},
    )


def _livestream(stored: Mapping[str, Any] | None) -> Livestream | None:
    if stored is None:
        return None
    return Livestream(**{**stored, "points": tuple(stored.get("points", ()))})


def _stored_livestream(livestream: Livestream | None) -> dict[str, Any] | None:
    if livestream is None:
        return None
    return {**asdict(livestream), "points": list(livestream.points)}


def _poster(stored: Mapping[str, Any] | None) -> PosterSpec | None:
    if stored is None:
        return None
    return PosterSpec(template=stored["template"], fields=_fields(stored["fields"]))


def _fields(stored: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    return {
        name: tuple(value) if isinstance(value, list) else str(value)
        for name, value in stored.items()
    }


def _stored_poster(poster: PosterSpec | None) -> dict[str, Any] | None:
    if poster is None:
        return None
    return {"template": poster.template, "fields": _stored_fields(poster.fields)}


def _stored_fields(fields: Mapping[str, str | tuple[str, ...]]) -> dict[str, Any]:
    return {
        name: value if isinstance(value, str) else list(value) for name, value in fields.items()
    }


def _offset(stored: str | Mapping[str, Any]) -> str:
    return stored if isinstance(stored, str) else str(stored["at"])


def _notice_versions(stored: list[Any]) -> dict[str, NoticeVersion]:
    """Return each notice's own texts in *stored*, by the notice's offset such as `-1h`.

    Notices without such texts are stored as an offset only.
    """
    return {
        item["at"]: NoticeVersion(item["title"], item["body"], _fields(item["poster"]))
        for item in stored
        if not isinstance(item, str)
    }


def _stored_notice(content: EntryContent, notice: Notice) -> str | dict[str, Any]:
    version = content.notice_version(notice)
    if version == NoticeVersion():
        return str(notice)
    return {
        "at": str(notice),
        "title": version.title,
        "body": version.body,
        "poster": _stored_fields(version.poster),
    }


def _stored_versions(versions: Mapping[str, Version]) -> dict[str, Any]:
    return {
        name: {"title": version.title, "body": version.body}
        for name, version in versions.items()
        if version != Version()
    }
