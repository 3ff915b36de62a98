"""Renders an entry with a channel, for the service and for the tests of plugins."""

from __future__ import annotations

from contentsvc.channels.channel import Channel
from contentsvc.channels.content import ChannelEntry, RenderContext, Rendition
from contentsvc.domain.entries import EntryKind
from contentsvc.domain.notices import Notice

__all__ = ["render_entry"]


def render_entry(
    channel: Channel, entry: ChannelEntry, notice: Notice | None, context: RenderContext
) -> Rendition:
    """Render *entry*, or its *notice* if given, with *channel*; return the finished rendition.

    The plugin may raise any exception, and may return anything.
    """
    if notice is not None:
        rendition = channel.render_livestream_notice(entry, notice, context)
    elif entry.kind is EntryKind.POSTER:
        rendition = channel.render_poster(entry, context)
    else:
        rendition = channel.render_post(entry, context)
    return channel.finish(rendition, context)
