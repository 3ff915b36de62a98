"""Web addresses of the public pages on which readers book a seat in a livestream."""

from __future__ import annotations

from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from contentsvc.channels import Channel as OpenChannel
from contentsvc.channels import Pages
from contentsvc.db.models import ChannelRow, Entry, LivestreamPage
from contentsvc.errors import PluginError
from contentsvc.services.channel_setup.channels import open_channel
from contentsvc.services.runtime import Runtime

__all__ = ["page_url", "public_page"]

#: The code in the preview of an entry that is not saved yet.
_UNSAVED = "preview"
#: The channel whose pages are at `/site/` itself.
_DEFAULT = "site"
#: Seconds after which a channel counts as one without pages.
_SECONDS = 5.0


def page_url(runtime: Runtime, code: str, channel: OpenChannel | None = None) -> str:
    """Return the URL of the public page of the livestream *code*; empty if it has none.

    The page is on *channel* if that has pages, else on the channel `site`, else on the oldest
    channel with pages. If the service has no public address, the result is empty, because
    readers could not open a page on this machine.
    """
    if not runtime.config.has_public_url:
        return ""
    own = _livestream_page(channel, code or _UNSAVED)
    return own or _page_elsewhere(runtime, code or _UNSAVED)


def public_page(runtime: Runtime, session: Session, entry: Entry) -> str:
    """Return the URL of a livestream's public page; empty before the livestream's first approval.

    The address may be one that only this machine can reach.
    """
    if session.get(LivestreamPage, entry.id) is None:
        return ""
    return _page_elsewhere(runtime, entry.code)


def _page_elsewhere(runtime: Runtime, code: str) -> str:
    kinds = runtime.registry.channel_types().values()
    types = [kind.type for kind in kinds if issubclass(kind, Pages)]
    query = select(ChannelRow).where(ChannelRow.type.in_(types))
    with runtime.database.read() as session:
        rows = list(session.scalars(query.order_by(ChannelRow.name != _DEFAULT, ChannelRow.id)))
    for row in rows:
        try:
            address = runtime.calls.run(row.type, partial(_address, runtime, row, code), _SECONDS)
        except PluginError:
            continue
        if address:
            return address
    return ""


def _address(runtime: Runtime, row: ChannelRow, code: str) -> str | None:
    return _livestream_page(open_channel(runtime, row), code)


def _livestream_page(channel: OpenChannel | None, code: str) -> str | None:
    return channel.livestream_page(code) if isinstance(channel, Pages) else None
