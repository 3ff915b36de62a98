"""The entry form: its values as text, and their conversion to an EntryContent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from typing import TypeVar

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from contentsvc.db.mapping import content_of
from contentsvc.db.models import Calendar, Entry
from contentsvc.domain.elements import Element
from contentsvc.domain.entries import (
    EntryContent,
    EntryKind,
    Livestream,
    PictureRef,
    PosterSpec,
    Version,
)
from contentsvc.domain.notices import Notice, default_chain, parse_chain
from contentsvc.domain.walltime import parse_time
from contentsvc.domain.weeks import IsoWeek, Weekday
from contentsvc.errors import InputError
from contentsvc.posters import Template
from contentsvc.services.approvals import channels_of
from contentsvc.web.entries.notice_form import chain_texts, notice_values, read_versions
from contentsvc.web.explaining import explain
from contentsvc.web.studio.poster_fields import posted_poster, poster_texts, poster_values

__all__ = ["EntryForm", "blank_form", "form_of", "posted_form", "read_form"]

_LONGEST_ALT = 300
_LONGEST_STREAM = 24 * 60
_MOST_PICTURES = 30

_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class EntryForm:
    """The values of the entry form as a person typed them; `read_form` converts them."""

    week: str
    values: Mapping[str, str]
    #: Names of the selected channels.
    channels: tuple[str, ...]
    #: Pairs of source and alternative text, in order.
    pictures: tuple[tuple[str, str], ...] = ()
    #: Texts by poster field; each item of a list is a line.
    poster: Mapping[str, str] = field(default_factory=dict)
    #: Pairs of title and body by channel.
    versions: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


def blank_form(calendar: Calendar, week: IsoWeek, query: Mapping[str, str]) -> EntryForm:
    """Return the form of a new entry; *query* (URL parameters) gives its day, time and title."""
    first_slot = str(calendar.slots[0][0]) if calendar.slots else ""
    has_time = bool(query.get("time"))
    values = {
        "day": query.get("day", "mon"),
        "slot": "" if has_time else query.get("slot") or first_slot,
        "time": query.get("time", ""),
        "kind": query.get("kind", "post"),
        "title": query.get("title", "")[:500],
        "livestream.minutes": "60",
        "notices": _chain_text(default_chain()),
        "notices.usual": _chain_text(default_chain()),
    }
    return EntryForm(str(week), values, tuple(calendar.channels))


def form_of(entry: Entry) -> EntryForm:
    """Return the form filled with the content of *entry*."""
    content = content_of(entry)
    stream = content.livestream or Livestream()
    values = {
        "day": content.day.value,
        "slot": content.slot or "",
        "time": entry.time or "",
        "kind": content.kind.value,
        "element": content.element.value if content.element else "",
        "title": content.title,
        "body": content.body,
        "livestream.host": stream.host,
        "livestream.url": stream.url,
        "livestream.minutes": str(stream.minutes),
        "livestream.points": "\n".join(stream.points),
        "livestream.replay_url": stream.replay_url,
        "livestream.booking_url": stream.booking_url,
        "notices": _chain_text(content.chain or default_chain()),
        "notices.usual": "" if content.notices else _chain_text(default_chain(stream.minutes)),
        "poster.template": content.poster.template if content.poster else "",
        **notice_values(content),
    }
    fields = content.poster.fields if content.poster else {}
    return EntryForm(
        week=entry.week,
        values=values,
        channels=channels_of(entry),
        pictures=tuple((picture.source, picture.alt) for picture in content.pictures),
        poster=poster_texts(fields),
        versions={
            name: (version.title or "", version.body or "")
            for name, version in content.versions.items()
        },
    )


def _chain_text(chain: Sequence[Notice]) -> str:
    return ", ".join(str(notice) for notice in chain)


def posted_form(posted: MultiDict[str, str], week: str) -> EntryForm:
    """Return the posted entry form; *week* is used if the form contains no week."""
    values = {name: value.replace("\r\n", "\n") for name, value in posted.items()}
    dropped = set(posted.getlist("picture_drop"))
    pictures = zip(posted.getlist("picture"), posted.getlist("picture_alt"), strict=False)
    names = [name.partition("__")[2] for name in values if name.startswith("version_body__")]
    return EntryForm(
        week=posted.get("week") or week,
        values=values,
        channels=tuple(posted.getlist("channels")),
        pictures=tuple((source, alt) for source, alt in pictures if source not in dropped),
        poster=posted_poster(values),
        versions={
            name: (values.get(f"version_title__{name}", ""), values[f"version_body__{name}"])
            for name in names
        },
    )


@dataclass(slots=True)
class _Reader:
    """A converter of one form's values that collects the error texts by field."""

    form: EntryForm
    errors: dict[str, str] = field(default_factory=dict)

    def choice(self, name: str, kind: type[_Choice], otherwise: _Choice) -> _Choice:
        try:
            return kind(self.form[name])
        except ValueError:
            self.errors[name] = gettext("Choose an option from the list.")
            return otherwise

    def time(self) -> time | None:
        if self.form["slot"]:
            return None
        try:
            return parse_time(self.form["time"])
        except InputError:
            self.errors["time"] = gettext("Enter a time such as 20:00, or choose a slot.")
            return None

    def minutes(self) -> int:
        text = self.form["livestream.minutes"].strip() or "60"
        if text.isdecimal() and 1 <= int(text[:6]) <= _LONGEST_STREAM:
            return int(text)
        self.errors["livestream.minutes"] = gettext(
            "Enter 1 to %(most)s minutes.", most=_LONGEST_STREAM
        )
        return 60

    def link(self, name: str) -> str:
        text = self.form[name].strip()
        if text and not text.startswith(("https://", "http://")):
            self.errors[name] = gettext("An address begins with https:// or http://.")
        return text

    def chain(self) -> tuple[Notice, ...]:
        """Return the livestream's notices as typed in the form; none if they cannot be parsed.

        Unchanged default notices follow the length of the livestream.
        """
        try:
            chain = parse_chain(chain_texts(self.form["notices"]))
            usual = parse_chain(chain_texts(self.form["notices.usual"]))
        except InputError as error:
            self.errors["notices"] = explain(error)
            return ()
        return default_chain(self.minutes()) if chain == usual or not chain else chain

    def week(self) -> IsoWeek | None:
        try:
            return IsoWeek.parse(self.form.week)
        except InputError as error:
            self.errors["week"] = explain(error)
            return None


def read_form(
    form: EntryForm, calendar: Calendar, template: Template | None
) -> tuple[IsoWeek | None, EntryContent, dict[str, str]]:
    """Convert *form* to the week and content of an entry; return these and errors by field.

    *template* tells which fields of the poster are lists; None if the entry has no poster.
    """
    reader = _Reader(form)
    kind = reader.choice("kind", EntryKind, EntryKind.POST)
    is_live = kind is EntryKind.LIVESTREAM
    own_time = reader.time()
    if not form["title"].strip():
        reader.errors["title"] = gettext("Enter a title.")
    element = reader.choice("element", Element, Element.TOPIC) if form["element"] else None
    chain = reader.chain() if is_live else ()
    versions = read_versions(form.values, chain, template)
    content = EntryContent(
        key="",
        day=reader.choice("day", Weekday, Weekday.MON),
        kind=kind,
        title=form["title"].strip(),
        slot=form["slot"] or None,
        time=own_time if form["slot"] or own_time else time(0, 0),
        element=element,
        body=form["body"],
        versions=_versions(form),
        channels=_channels(form, calendar),
        livestream=_livestream(reader) if is_live else None,
        notices=chain if versions or chain != default_chain(reader.minutes()) else (),
        notice_versions=versions,
        poster=_poster(form, template),
        pictures=_pictures(reader),
    )
    return reader.week(), content, reader.errors


def _channels(form: EntryForm, calendar: Calendar) -> tuple[str, ...] | None:
    """Return the selected channels, or None if they are the same as those of the calendar."""
    return None if set(form.channels) == set(calendar.channels) else form.channels


def _versions(form: EntryForm) -> dict[str, Version]:
    """Return the texts that the entry has for single channels, by channel, without empty ones."""
    return {
        name: Version(title.strip() or None, body if body.strip() else None)
        for name, (title, body) in form.versions.items()
        if name in form.channels and (title.strip() or body.strip())
    }


def _livestream(reader: _Reader) -> Livestream:
    points = tuple(
        line.strip() for line in reader.form["livestream.points"].splitlines() if line.strip()
    )
    return Livestream(
        host=reader.form["livestream.host"].strip(),
        url=reader.link("livestream.url"),
        minutes=reader.minutes(),
        points=points,
        replay_url=reader.link("livestream.replay_url"),
        booking_url=reader.link("livestream.booking_url"),
    )


def _poster(form: EntryForm, template: Template | None) -> PosterSpec | None:
    if not form["poster.template"]:
        return None
    return PosterSpec(form["poster.template"], poster_values(form.poster, template))


def _pictures(reader: _Reader) -> tuple[PictureRef, ...]:
    if len(reader.form.pictures) > _MOST_PICTURES:
        reader.errors["pictures"] = gettext("At most %(most)s pictures.", most=_MOST_PICTURES)
    return tuple(
        PictureRef(source, alt.strip()[:_LONGEST_ALT]) for source, alt in reader.form.pictures
    )
