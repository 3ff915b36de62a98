"""Opened channels, kept while they are as they were."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from contentsvc.channels import Channel as OpenChannel
from contentsvc.db.models import ChannelRow
from contentsvc.errors import ContentsvcError
from contentsvc.services.channel_setup.channels import StoredChannel, open_channel
from contentsvc.services.delivery.claims import ClaimedDelivery
from contentsvc.services.runtime import Runtime

__all__ = ["Opener"]

#: Channels kept open; opening one costs a decryption and a check of its settings.
_MOST = 2000
#: Seconds after which a channel is opened anew: a secret in a file or the environment may change.
_KEPT = 10.0
# Made once: building a statement takes longer than running it. Columns and not the whole thing: a
# burst opens thousands, and none of them is to be changed.
_CHANNELS = select(
    *(
        ChannelRow.id,
        ChannelRow.name,
        ChannelRow.type,
        ChannelRow.settings,
        ChannelRow.sealed,
        ChannelRow.updated_at,
    )
).where(ChannelRow.id.in_(bindparam("ids", expanding=True)))


class Opener:
    """Opens channels for publishing; used by one thread."""

    def __init__(self, runtime: Runtime) -> None:
        """Open with the parts of *runtime*."""
        self._runtime = runtime
        self._open: OrderedDict[int, tuple[datetime, float, OpenChannel]] = OrderedDict()

    def open_all(
        self, session: Session, deliveries: Iterable[ClaimedDelivery]
    ) -> Mapping[int, OpenChannel | ContentsvcError]:
        """Return the channels of deliveries by id, or what keeps one from being opened."""
        wanted = {delivery.channel_id: delivery.channel_updated_at for delivery in deliveries}
        found: dict[int, OpenChannel | ContentsvcError] = {
            channel_id: kept
            for channel_id, updated_at in wanted.items()
            if (kept := self._kept(channel_id, updated_at)) is not None
        }
        if missing := wanted.keys() - found.keys():
            for row in session.connection().execute(_CHANNELS, {"ids": sorted(missing)}):
                found[row.id] = self._opened(row, row.updated_at)
        return found

    def _kept(self, channel_id: int, updated_at: datetime) -> OpenChannel | None:
        kept = self._open.get(channel_id)
        if kept is None or kept[0] != updated_at or time.monotonic() - kept[1] >= _KEPT:
            return None
        return kept[2]

    def _opened(self, row: StoredChannel, updated_at: datetime) -> OpenChannel | ContentsvcError:
        try:
            opened = open_channel(self._runtime, row)
        except ContentsvcError as error:
            return error
        self._open[row.id] = (updated_at, time.monotonic(), opened)
        self._open.move_to_end(row.id)
        if len(self._open) > _MOST:
            self._open.popitem(last=False)
        return opened
