"""Let a channel turn an entry into its rendition, for the service and for tests of plugins."""

from __future__ import annotations

from contentsvc.channels.channel import Channel
from contentsvc.channels.content import ChannelEntry, RenderContext, Rendition
from contentsvc.domain.entries import EntryKind
from contentsvc.domain.notices import Notice

__all__ = ["render_entry"]


def render_entry(
    channel: Channel, entry: ChannelEntry, notice: Notice | None, context: RenderContext
) -> Rendition:
    """Return the channel's finished rendition of *entry*; of its *notice*, if that is not None.

    The plugin may raise any exception, and may return anything.
    """
    if notice is not None:
        rendition = channel.render_livestream_notice(entry, notice, context)
    elif entry.kind is EntryKind.POSTER:
        rendition = channel.render_poster(entry, context)
    else:
        rendition = channel.render_post(entry, context)
    return channel.finish(rendition, context)
