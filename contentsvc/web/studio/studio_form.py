"""The studio's form: its values as text, and what they say as an order or as an entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import time

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from contentsvc.db.mapping import content_of
from contentsvc.db.models import Entry
from contentsvc.domain.entries import EntryContent, EntryKind, Livestream, PosterSpec
from contentsvc.domain.walltime import parse_time
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import InputError
from contentsvc.posters import Format, Template
from contentsvc.services.rendering.entry_posters import poster_defaults
from contentsvc.services.rendering.painting import PosterRequest
from contentsvc.services.rendering.render_items import RenderItem
from contentsvc.services.rendering.studio import FORMATS
from contentsvc.web.board_places import read_day, read_week
from contentsvc.web.studio.poster_fields import posted_poster, poster_texts, poster_values

__all__ = ["StudioForm", "blank_form", "first_words", "form_of_entry", "posted_form", "read_entry"]

#: Kilobytes.
_MOST_LIMIT = 100_000
_FORMATS: Mapping[str, Format] = {name: name for name in FORMATS}


@dataclass(frozen=True, slots=True)
class StudioForm:
    """What stands in the fields; every value is text as it was typed."""

    template: Template
    #: By field; a list's items are lines.
    poster: Mapping[str, str]
    values: Mapping[str, str] = field(default_factory=dict)
    #: The entry whose poster it is, and what that says for fields left empty.
    entry: Entry | None = None

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def size(self) -> str:
        """Return the chosen size, else the template's first."""
        sizes = self.template.sizes
        return self["size"] if self["size"] in sizes else sizes[0]

    @property
    def samples(self) -> bool:
        """Whether fields that are left empty show sample words."""
        return bool(self["samples"])

    @property
    def defaults(self) -> dict[str, object]:
        """Return what the entry itself says."""
        if self.entry is None:
            return {}
        week = IsoWeek.parse(self.entry.week)
        return poster_defaults(
            RenderItem.of(self.entry.calendar, week, content_of(self.entry), None)
        )

    def order(self) -> PosterRequest:
        """Return the order of the poster as it stands, as a PNG."""
        fields = poster_values(self.poster, self.template)
        brand = self["brand"] or None
        return PosterRequest(self.template, fields, self.size, brand=brand, defaults=self.defaults)

    def file_order(self) -> PosterRequest:
        """Return the order of the file that is asked for.

        Raises:
            InputError: the format or the limit cannot be used.
        """
        kind = _FORMATS.get(self["format"] or "png")
        if kind is None:
            raise InputError(gettext("Choose one of the list."), field="format")
        text = self["limit"].strip()
        if not text:
            return replace(self.order(), kind=kind)
        if not text.isdecimal() or not 1 <= int(text[:9]) <= _MOST_LIMIT:
            raise InputError(
                gettext("Give a whole number of kilobytes, up to %(most)s.", most=_MOST_LIMIT),
                field="limit",
            )
        return replace(self.order(), kind=kind, max_bytes=int(text) * 1024)


def blank_form(template: Template, asked: Mapping[str, str]) -> StudioForm:
    """Return the form of a new poster, its empty fields shown with sample words."""
    values = {name: asked.get(name, "") for name in ("size", "brand", "day", "week", "place")}
    return StudioForm(template, {}, {"samples": "on", "kind": "poster", **values})


def form_of_entry(template: Template, entry: Entry, asked: Mapping[str, str]) -> StudioForm:
    """Return the form filled with an entry's poster, in its calendar's brand."""
    poster = content_of(entry).poster
    values = {
        "size": asked.get("size", ""),
        "brand": asked.get("brand", entry.calendar.brand or ""),
        "rev": str(entry.rev),
        "kind": entry.kind.value,
        "week": entry.week,
        "day": entry.day,
    }
    return StudioForm(template, poster_texts(poster.fields) if poster else {}, values, entry)


def posted_form(template: Template, posted: MultiDict[str, str], entry: Entry | None) -> StudioForm:
    """Return the form as it was sent."""
    values = {name: value.replace("\r\n", "\n") for name, value in posted.items()}
    return StudioForm(template, posted_poster(values), values, entry)


def first_words(form: StudioForm) -> str:
    """Return the words that stand for a poster: its title, else the first text it has."""
    texts = [
        (spec.source != "title", form.poster.get(name, "").strip())
        for name, spec in form.template.fields.items()
        if spec.type == "text"
    ]
    said = [words for _other, words in sorted(texts, key=lambda pair: pair[0]) if words]
    return said[0].splitlines()[0] if said else ""


def read_entry(form: StudioForm, zone: str) -> tuple[IsoWeek, EntryContent]:
    """Return the week and content of an entry with this poster.

    Raises:
        InputError: a value cannot be used; `field` names it.
    """
    try:
        kind = EntryKind(form["kind"])
    except ValueError as error:
        raise InputError(gettext("Choose one of the list."), field="kind") from error
    slot = form["place"].partition("|")[2]
    fields = poster_values(form.poster, form.template)
    content = EntryContent(
        key="",
        day=read_day(form["day"]),
        kind=kind,
        title=form["title"].strip() or first_words(form) or form.template.name.zh,
        slot=slot or None,
        time=None if slot else _own_time(form["time"]),
        element=form.template.elements[0] if form.template.elements else None,
        livestream=_livestream(fields) if kind is EntryKind.LIVESTREAM else None,
        poster=PosterSpec(form.template.id, fields),
    )
    return read_week(form["week"], zone), content


def _own_time(text: str) -> time:
    try:
        return parse_time(text)
    except InputError as error:
        raise InputError(
            gettext("Give a time of day such as 20:00, or choose a slot."), field="time"
        ) from error


def _livestream(fields: Mapping[str, str | tuple[str, ...]]) -> Livestream:
    """Take what a livestream's poster says of it."""
    texts = {name: value for name, value in fields.items() if isinstance(value, str)}
    points = fields.get("points", ())
    return Livestream(
        host=texts.get("host", ""),
        url=texts.get("url", ""),
        points=(points,) if isinstance(points, str) else points,
    )
