"""Propose the text and the poster of a correction; a person may change them before sending."""

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
    CorrectionDraft,
    correction_badge,
    draft_correction,
)
from contentsvc.services.rendering.entry_posters import poster_defaults
from contentsvc.services.rendering.render_items import RenderItem
from contentsvc.services.runtime import Runtime

__all__ = ["propose_poster", "propose_text"]

#: Poster fields that always show the new time, even if the writer has filled them in.
_ALWAYS = ("date", "month", "day", "weekday", "time")
#: Poster fields that show the present facts only if the writer has left them empty. A changed host
#: is always shown.
_IF_EMPTY = ("host", "points", "url")


def propose_text(runtime: Runtime, offer: Offer) -> CorrectionDraft:
    """Return a proposed title and text for a correction; they are the same for all channels.

    The text compares the present facts with the facts that the first channel published last.
    """
    channel, item = offer.outdated[0], _item(runtime, offer.entry)
    state = NoticeState.NOW if channel.present.starts_at <= runtime.clock() else NoticeState.BEFORE
    live = item.content.livestream or Livestream()
    return draft_correction(
        offer.changes,
        channel.told,
        channel.present,
        zone=item.zone,
        language=runtime.config.language,
        link=live.link_at(state, item.booking_page),
    )


def propose_poster(runtime: Runtime, offer: Offer, template: Template | None) -> PosterSpec | None:
    """Return a poster for a correction: the livestream's own with present facts and a label.

    Return None if the entry has no poster, if its *template* does not exist any more, if one of
    the channels cannot show posters, or if the livestream is cancelled: its picture would still
    invite people.
    """
    item = _item(runtime, offer.entry)
    spec = item.content.poster
    can_show = all(_shows_posters(runtime, row.channel.type) for row in _newest(offer))
    if spec is None or template is None or not can_show or Change.CANCELLED in offer.changes:
        return None
    defaults = poster_defaults(item, runtime.config.language)
    fields = dict(spec.fields)
    for name in _ALWAYS:
        fields[name] = defaults[name]
    for name in _IF_EMPTY:
        if name in defaults and (name not in fields or (name == "host" and _has_new_host(offer))):
            value = defaults[name]
            fields[name] = tuple(value) if isinstance(value, list) else value
    fields["state"] = correction_badge(offer.changes, runtime.config.language)
    return PosterSpec(
        spec.template, {name: value for name, value in fields.items() if name in template.fields}
    )


def _has_new_host(offer: Offer) -> bool:
    return Change.HOST in offer.changes


def _newest(offer: Offer) -> list[Delivery]:
    return [channel.deliveries[0] for channel in offer.outdated if channel.deliveries]


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
        community=item.community,
    )
