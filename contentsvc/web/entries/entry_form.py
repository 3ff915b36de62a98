"""The entry form: its values as text, and their conversion to an EntryContent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import time
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from contentsvc.db.mapping import content_of, revision_content
from contentsvc.db.models import Calendar, Entry, EntryRevision
from contentsvc.domain.elements import Element
from contentsvc.domain.entries import (
    EntryContent,
    EntryKind,
    Livestream,
    NoticeVersion,
    PictureRef,
    PosterSpec,
    Version,
)
from contentsvc.domain.notices import Notice, default_chain, parse_chain
from contentsvc.domain.typed_text import digits, split_list, typed_address
from contentsvc.domain.walltime import format_time, parse_time
from contentsvc.domain.weeks import IsoWeek, Weekday
from contentsvc.errors import InputError
from contentsvc.posters import Template
from contentsvc.services.approvals import channels_of
from contentsvc.web.current import now
from contentsvc.web.entries.notice_form import notice_values, read_versions
from contentsvc.web.explaining import explain
from contentsvc.web.studio.poster_fields import posted_poster, poster_texts, poster_values

__all__ = [
    "EntryForm",
    "blank_form",
    "form_of",
    "form_of_revision",
    "keep_unchanged",
    "posted_form",
    "read_form",
]

_LONGEST_STREAM = 24 * 60

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
    """Return the form of a new entry; *query* (URL parameters) gives its day, time and title.

    The day is today by default, or the first of another week.
    """
    today = now().astimezone(ZoneInfo(calendar.timezone)).date()
    first_day = Weekday.of(today) if IsoWeek.of(today) == week else Weekday.MON
    first_slot = str(calendar.slots[0][0]) if calendar.slots else ""
    has_time = bool(query.get("time"))
    values = {
        "day": query.get("day") or first_day.value,
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
    return _form_of(content_of(entry), entry.week, channels_of(entry))


def form_of_revision(revision: EntryRevision, calendar: Calendar) -> EntryForm:
    """Return the form filled with the content that an entry of *calendar* had earlier."""
    content = revision_content(revision)
    names = calendar.channels if content.channels is None else content.channels
    return _form_of(content, revision.week, tuple(names))


def _form_of(content: EntryContent, week: str, channels: tuple[str, ...]) -> EntryForm:
    """Return the form filled with *content* of the ISO week *week*, which goes to *channels*."""
    stream = content.livestream or Livestream()
    values = {
        "day": content.day.value,
        "slot": content.slot or "",
        "time": format_time(content.time) if content.time is not None else "",
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
        week=week,
        values=values,
        channels=channels,
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
        minutes = digits(self.form["livestream.minutes"].strip() or "60")
        if minutes is not None and 1 <= minutes <= _LONGEST_STREAM:
            return minutes
        self.errors["livestream.minutes"] = gettext(
            "Enter 1 to %(most)s minutes.", most=_LONGEST_STREAM
        )
        return 60

    def link(self, name: str) -> str:
        text = typed_address(self.form[name])
        if text and not text.startswith(("https://", "http://")):
            self.errors[name] = gettext("An address begins with https:// or http://.")
        return text

    def chain(self) -> tuple[Notice, ...]:
        """Return the livestream's notices as typed in the form; none if they cannot be parsed.

        Unchanged default notices follow the length of the livestream.
        """
        try:
            chain = parse_chain(split_list(self.form["notices"]))
            usual = parse_chain(split_list(self.form["notices.usual"]))
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
        pictures=tuple(PictureRef(source, alt.strip()) for source, alt in form.pictures),
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


def keep_unchanged(content: EntryContent, form: EntryForm, entry: Entry) -> EntryContent:
    """Return *content*, read from *form*, with the parts of *entry* that nobody has changed.

    The form shows some values alike that mean different things: an empty text that replaces the
    common one, or channels that equal those of the calendar. Saving the form keeps what it was.
    """
    stored, comparison = content_of(entry), _Comparison(form, form_of(entry))
    same = comparison.is_same
    kept: dict[str, Any] = {name: getattr(stored, name) for name in ("title", "body") if same(name)}
    if stored.channels is None and set(comparison.shown.channels) != set(entry.calendar.channels):
        # The entry was approved with other channels than its calendar has now.
        kept["channels"] = form.channels
    elif set(form.channels) == set(comparison.shown.channels):
        kept["channels"] = stored.channels
    if stored.poster and content.poster and same("poster.template"):
        kept["poster"] = _kept_poster(content.poster, stored.poster, comparison)
    elif same("poster.template"):
        kept["poster"] = stored.poster
    if form.pictures == comparison.shown.pictures:
        kept["pictures"] = stored.pictures
    versions = {
        name: version
        for name, version in stored.versions.items()
        if name in form.channels and comparison.is_same_version(name)
    }
    kept["versions"] = {**content.versions, **versions}
    if content.livestream and stored.livestream:
        kept |= _kept_livestream(content, stored, comparison)
    return replace(content, **kept)


def _kept_livestream(
    content: EntryContent, stored: EntryContent, comparison: _Comparison
) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    if comparison.is_same_livestream():
        kept["livestream"] = stored.livestream
    if comparison.is_same("notices", "livestream.minutes"):
        typed = content.notice_versions
        versions = {
            at: _kept_notice(at, typed.get(at, NoticeVersion()), version, comparison)
            for at, version in stored.notice_versions.items()
        }
        kept["notice_versions"] = {
            at: version
            for at, version in {**typed, **versions}.items()
            if version != NoticeVersion()
        }
        if stored.notices or not kept["notice_versions"]:
            kept["notices"] = stored.notices
    return kept


def _kept_notice(
    at: str, typed: NoticeVersion, stored: NoticeVersion, comparison: _Comparison
) -> NoticeVersion:
    """Return the stored texts of the notice at the offset *at*, or the typed ones if they differ.

    Poster fields that the form did not show are kept in either case.
    """
    prefix = f"notice.{at}."
    if comparison.is_same_notice(prefix):
        return stored
    hidden = {
        name: value
        for name, value in stored.poster.items()
        if f"{prefix}poster.{name}" not in comparison.form.values
    }
    return replace(typed, poster={**hidden, **typed.poster})


def _kept_poster(typed: PosterSpec, stored: PosterSpec, comparison: _Comparison) -> PosterSpec:
    """Return the typed poster with the stored fields that nobody has changed.

    The form does not show the fields of a template that is missing, or that it no longer has.
    """
    same = comparison.is_same_poster_field
    kept = {name: value for name, value in stored.fields.items() if same(name)}
    return replace(typed, fields={**typed.fields, **kept})


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Compares a posted form with the form that shows the stored entry."""

    form: EntryForm
    shown: EntryForm

    def is_same(self, *names: str) -> bool:
        return all(_typed(self.form[name]) == _typed(self.shown[name]) for name in names)

    def is_same_livestream(self) -> bool:
        names = {*self.form.values, *self.shown.values}
        return self.is_same(*(name for name in names if name.startswith("livestream.")))

    def is_same_notice(self, prefix: str) -> bool:
        """Return True if nobody has changed the fields that the form showed of a notice."""
        names = {name for name in self.form.values if name.startswith(prefix)}
        # A browser sends no box that is not checked.
        return self.is_same(*names, *([f"{prefix}silent"] if names else []))

    def is_same_poster_field(self, name: str) -> bool:
        """Return True if the poster field *name* still has the value that the form showed.

        Also return True if the form did not show the field.
        """
        typed = self.form.poster.get(name)
        return typed is None or _typed(typed) == _typed(self.shown.poster.get(name, ""))

    def is_same_version(self, channel: str) -> bool:
        typed = self.form.versions.get(channel, ("", ""))
        sent = self.shown.versions.get(channel, ("", ""))
        return [_typed(text) for text in typed] == [_typed(text) for text in sent]


def _typed(text: str) -> str:
    """Return *text* as a form sends it back: without the kinds of line ends that it had."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
