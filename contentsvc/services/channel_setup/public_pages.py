"""Find the public pages that channels such as `site` show to visitors."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from contentsvc.channels import Page, PageRequest, Pages
from contentsvc.db.models import ChannelRow
from contentsvc.errors import PluginError
from contentsvc.services.channel_setup.channels import open_channel
from contentsvc.services.runtime import Runtime

__all__ = ["public_page"]

#: The channel whose pages are at `/site/` itself.
_DEFAULT = "site"
#: Seconds after which a visitor is told that there is no such page.
_SECONDS = 10.0


def public_page(
    runtime: Runtime,
    session: Session,
    path: str,
    *,
    language: str,
    query: Mapping[str, str] | None = None,
) -> Page | None:
    """Return the public page of a channel at *path* (after `/site/`); None if there is none.

    The first segment of the path names the channel. If it names none, the page belongs to the
    channel `site`, or to the oldest channel that has pages.
    """
    kinds = runtime.registry.channel_types()
    types = [name for name, kind in kinds.items() if issubclass(kind, Pages)]
    rows = session.scalars(
        select(ChannelRow).where(ChannelRow.type.in_(types)).order_by(ChannelRow.id)
    )
    channels = {row.name: row for row in rows}
    if not channels:
        return None
    first, _, rest = path.strip("/").partition("/")
    chosen = channels.get(first)
    if chosen is None:
        chosen, rest = channels.get(_DEFAULT) or next(iter(channels.values())), path.strip("/")
    request = PageRequest(path=rest, query=dict(query or {}), language=language, at=runtime.clock())
    try:
        return runtime.calls.run(chosen.type, lambda: _page(runtime, chosen, request), _SECONDS)
    except PluginError:
        return None
    except SystemExit as error:
        # Any other error becomes an error page; this one would end the web server's thread.
        raise RuntimeError(f"the page of the channel {chosen.name} called sys.exit()") from error


def _page(runtime: Runtime, channel: ChannelRow, request: PageRequest) -> Page | None:
    opened = open_channel(runtime, channel)
    return opened.page(request) if isinstance(opened, Pages) else None
