"""The form of the studio: its values as text, and their conversion to a poster or an entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import time

from werkzeug.datastructures import MultiDict

from contentsvc.db.mapping import content_of
from contentsvc.db.models import Entry
from contentsvc.domain.entries import EntryContent, EntryKind, Livestream, PosterSpec
from contentsvc.domain.input_checks import InputChecks
from contentsvc.domain.typed_text import digits
from contentsvc.domain.walltime import parse_time
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import InputError
from contentsvc.posters import Format, Template
from contentsvc.services.rendering.entry_posters import poster_defaults
from contentsvc.services.rendering.painting import PosterRequest
from contentsvc.services.rendering.render_items import RenderItem
from contentsvc.services.rendering.studio import FORMATS
from contentsvc.web.board_positions import read_day, read_week
from contentsvc.web.current import runtime
from contentsvc.web.studio.poster_fields import posted_poster, poster_texts, poster_values

__all__ = ["StudioForm", "blank_form", "form_of_entry", "posted_form", "poster_title", "read_entry"]

#: The highest size limit of a file that can be chosen, in kilobytes.
_LARGEST_LIMIT = 100_000
_FORMATS: Mapping[str, Format] = {name: name for name in FORMATS}


@dataclass(frozen=True, slots=True)
class StudioForm:
    """The values of the studio's form as a person typed them, with the poster's template."""

    template: Template
    #: Texts by template field; each item of a list is a line.
    poster: Mapping[str, str]
    values: Mapping[str, str] = field(default_factory=dict)
    #: The entry of the poster, whose content fills empty fields; None for a new poster.
    entry: Entry | None = None
    #: The name of the poster's community, which stands on it if the brand has no name.
    community: str = ""

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def size(self) -> str:
        """Return the name of the chosen poster size, or of the template's first size."""
        sizes = self.template.sizes
        return self["size"] if self["size"] in sizes else sizes[0]

    @property
    def samples(self) -> bool:
        """Return whether the poster shows sample texts for empty fields."""
        return bool(self["samples"])

    @property
    def defaults(self) -> dict[str, object]:
        """Return the entry's values for empty poster fields, such as title and time, by name."""
        if self.entry is None:
            return {}
        week = IsoWeek.parse(self.entry.week)
        item = RenderItem.of(self.entry.calendar, week, content_of(self.entry), None)
        return poster_defaults(item, runtime().config.language)

    def poster_request(self) -> PosterRequest:
        """Return the input for the painter that makes the poster as a PNG file."""
        fields = poster_values(self.poster, self.template)
        brand = self["brand"] or None
        return PosterRequest(
            self.template,
            fields,
            self.size,
            brand=brand,
            defaults=self.defaults,
            community=self.community,
        )

    def file_request(self) -> PosterRequest:
        """Return the input for the painter, with the chosen file format and size limit.

        Raises:
            InputError: the format or the limit cannot be used.
            FieldsError: neither can be used.
        """
        checks, max_bytes = InputChecks(), None
        with checks.collect("format"):
            if (self["format"] or "png") not in _FORMATS:
                raise InputError("not-a-choice")
        with checks.collect("limit"):
            max_bytes = _limit(self["limit"])
        checks.raise_errors()
        kind = _FORMATS[self["format"] or "png"]
        return replace(self.poster_request(), kind=kind, max_bytes=max_bytes)


def blank_form(template: Template, query: Mapping[str, str], community: str) -> StudioForm:
    """Return the form of a new poster for *community*, with sample texts.

    *query* (URL parameters) sets its size.
    """
    values = {name: query.get(name, "") for name in ("size", "brand", "day", "week", "place")}
    values = {"samples": "on", "kind": "poster", **values}
    return StudioForm(template, {}, values, community=community)


def form_of_entry(template: Template, entry: Entry, query: Mapping[str, str]) -> StudioForm:
    """Return the form filled with the poster of *entry*; *query* can set another size or brand."""
    poster = content_of(entry).poster
    values = {
        "size": query.get("size", ""),
        "brand": query.get("brand", entry.calendar.brand or ""),
        "rev": str(entry.rev),
        "kind": entry.kind.value,
        "week": entry.week,
        "day": entry.day,
    }
    texts = poster_texts(poster.fields) if poster else {}
    return StudioForm(template, texts, values, entry, entry.calendar.name)


def posted_form(
    template: Template, posted: MultiDict[str, str], entry: Entry | None, community: str
) -> StudioForm:
    """Return the posted studio form; *entry* is the poster's entry, None for a new poster.

    *community* is the name of its community.
    """
    values = {name: value.replace("\r\n", "\n") for name, value in posted.items()}
    return StudioForm(template, posted_poster(values), values, entry, community)


def poster_title(form: StudioForm) -> str:
    """Return the first line of the poster's title or first other text; empty if it has no text."""
    texts = [
        (spec.source != "title", form.poster.get(name, "").strip())
        for name, spec in form.template.fields.items()
        if spec.type == "text"
    ]
    filled = [text for _other, text in sorted(texts, key=lambda pair: pair[0]) if text]
    return filled[0].splitlines()[0] if filled else ""


def read_entry(form: StudioForm, zone: str) -> tuple[IsoWeek, EntryContent]:
    """Return the week and content of a new entry with the poster, as chosen in *form*.

    Raises:
        InputError: a value cannot be used; `field` names it.
        FieldsError: several values cannot be used.
    """
    checks, own_time = InputChecks(), None
    slot = form["place"].partition("|")[2]
    with checks.collect():
        kind = _kind(form["kind"])
    with checks.collect():
        day = read_day(form["day"])
    with checks.collect():
        own_time = None if slot else _own_time(form["time"])
    with checks.collect():
        week = read_week(form["week"], zone)
    checks.raise_errors()
    fields = poster_values(form.poster, form.template)
    content = EntryContent(
        key="",
        day=day,
        kind=kind,
        title=form["title"].strip() or poster_title(form) or form.template.name.zh,
        slot=slot or None,
        time=own_time,
        element=form.template.elements[0] if form.template.elements else None,
        livestream=_livestream(fields) if kind is EntryKind.LIVESTREAM else None,
        poster=PosterSpec(form.template.id, fields),
    )
    return week, content


def _kind(text: str) -> EntryKind:
    try:
        return EntryKind(text)
    except ValueError as error:
        raise InputError("not-a-choice", field="kind") from error


def _limit(kilobytes: str) -> int | None:
    """Return the number of bytes that *kilobytes* means; None if it is empty."""
    if not kilobytes.strip():
        return None
    limit = digits(kilobytes)
    if limit is None or not 1 <= limit <= _LARGEST_LIMIT:
        raise InputError("poster-kilobytes-wrong", most=_LARGEST_LIMIT)
    return limit * 1024


def _own_time(text: str) -> time:
    try:
        return parse_time(text)
    except InputError as error:
        raise InputError("poster-time-unreadable", field="time") from error


def _livestream(fields: Mapping[str, str | tuple[str, ...]]) -> Livestream:
    """Return a livestream with the host, link and points in the poster's *fields*."""
    texts = {name: value for name, value in fields.items() if isinstance(value, str)}
    points = fields.get("points", ())
    return Livestream(
        host=texts.get("host", ""),
        url=texts.get("url", ""),
        points=(points,) if isinstance(points, str) else points,
    )
