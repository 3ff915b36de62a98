"""A correction proposed: its words and its poster, for a person to send or to change."""

from __future__ import annotations

from contentsvc.channels import NoticeState
from contentsvc.db.mapping import content_of
from contentsvc.db.models import Delivery, Entry
from contentsvc.domain.entries import EntryKind, Livestream, PosterSpec
from contentsvc.domain.livestreams import Change
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import PluginError
from contentsvc.posters import Template
from contentsvc.services.booking import page_url
from contentsvc.services.corrections.correcting import Offer
from contentsvc.services.corrections.texts import (
    CorrectionWords,
    correction_state,
    correction_words,
)
from contentsvc.services.rendering.entry_posters import poster_defaults
from contentsvc.services.rendering.render_items import RenderItem
from contentsvc.services.runtime import Runtime

__all__ = ["propose_poster", "propose_words"]

#: What a correction's poster says of the time, whatever the writer put there for the notices.
_ALWAYS = ("date", "month", "day", "weekday", "time")
#: What it says only where the writer says nothing.
_OTHERWISE = ("host", "points", "url")


def propose_words(runtime: Runtime, offer: Offer) -> CorrectionWords:
    """Return what to tell the readers of an offer's first channel, and so those of the others."""
    one, item = offer.outdated[0], _item(runtime, offer.entry)
    state = NoticeState.NOW if one.present.starts_at <= runtime.clock() else NoticeState.BEFORE
    live = item.content.livestream or Livestream()
    return correction_words(
        offer.changes,
        one.told,
        one.present,
        zone=item.zone,
        language=runtime.config.language,
        link=live.link_at(state, item.booking_page),
    )


def propose_poster(runtime: Runtime, offer: Offer, template: Template | None) -> PosterSpec | None:
    """Return the entry's poster with the new facts and a badge that says so.

    None where the entry has no poster or its *template* is gone, where one of the channels shows
    none, and where the livestream is cancelled: its picture would still invite people.
    """
    item = _item(runtime, offer.entry)
    spec = item.content.poster
    shown = all(_shows_posters(runtime, row.channel.type) for row in _newest(offer))
    if spec is None or template is None or not shown or Change.CANCELLED in offer.changes:
        return None
    says = poster_defaults(item)
    fields = dict(spec.fields)
    for name in _ALWAYS:
        fields[name] = says[name]
    for name in _OTHERWISE:
        if name in says and (name not in fields or (name == "host" and _has_new_host(offer))):
            value = says[name]
            fields[name] = tuple(value) if isinstance(value, list) else value
    fields["state"] = correction_state(offer.changes, runtime.config.language)
    return PosterSpec(
        spec.template, {name: value for name, value in fields.items() if name in template.fields}
    )


def _has_new_host(offer: Offer) -> bool:
    return Change.HOST in offer.changes


def _newest(offer: Offer) -> list[Delivery]:
    return [one.deliveries[0] for one in offer.outdated if one.deliveries]


def _shows_posters(runtime: Runtime, channel_type: str) -> bool:
    try:
        return EntryKind.POSTER in runtime.registry.channel_type(channel_type).kinds
    except PluginError:
        return False


def _item(runtime: Runtime, entry: Entry) -> RenderItem:
    week = IsoWeek.parse(entry.week)
    item = RenderItem.of(entry.calendar, week, content_of(entry), None, entry.code)
    page = page_url(runtime, entry.code)
    return RenderItem(
        item.slug,
        item.zone,
        item.week,
        item.content,
        entry.starts_at,
        brand=item.brand,
        code=entry.code,
        booking_page=page,
    )
