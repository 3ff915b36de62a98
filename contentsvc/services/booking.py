"""Where a seat in a livestream is booked: the public page that leads there."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from contentsvc.channels import Channel as OpenChannel
from contentsvc.db.models import ChannelRow, Entry, LivestreamPage
from contentsvc.errors import PluginError
from contentsvc.services.channel_setup.channels import open_channel
from contentsvc.services.runtime import Runtime

__all__ = ["page_url", "public_page"]

#: Stands for the code of an entry that was not saved yet, in its preview.
_UNSAVED = "preview"
#: The channel whose pages stand at `/site/` itself.
_FIRST = "site"


def page_url(runtime: Runtime, code: str, channel: OpenChannel | None = None) -> str:
    """Return the address of a livestream's public page; empty where readers cannot reach one.

    It is a page of *channel* where that has one, else of the channel `site`, else of the oldest
    that has. Without a public address of the service there is none: a page of this machine's own
    would be a dead link in every group.
    """
    if not runtime.config.has_public_url:
        return ""
    own = channel.livestream_page(code or _UNSAVED) if channel else None
    return own or _page_elsewhere(runtime, code or _UNSAVED)


def public_page(runtime: Runtime, session: Session, entry: Entry) -> str:
    """Return the address of the page that a livestream has; empty where it has none.

    It is there from the first approval on, whether or not readers can reach this machine.
    """
    if session.get(LivestreamPage, entry.id) is None:
        return ""
    return _page_elsewhere(runtime, entry.code)


def _page_elsewhere(runtime: Runtime, code: str) -> str:
    kinds = runtime.registry.channel_types().values()
    types = [kind.type for kind in kinds if kind.has_pages]
    query = select(ChannelRow).where(ChannelRow.type.in_(types))
    with runtime.database.read() as session:
        rows = list(session.scalars(query.order_by(ChannelRow.name != _FIRST, ChannelRow.id)))
    for row in rows:
        try:
            address = open_channel(runtime, row).livestream_page(code)
        except PluginError:
            continue
        if address:
            return address
    return ""
