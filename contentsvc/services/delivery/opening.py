"""A cache of channels' plugin objects. If a channel is changed, its object is replaced."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Protocol

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from contentsvc.channels import Channel
from contentsvc.db.models import ChannelRow
from contentsvc.errors import ContentsvcError
from contentsvc.services.channel_setup.channels import StoredChannel, account_of, open_channel
from contentsvc.services.delivery.claims import ClaimedDelivery
from contentsvc.services.runtime import Runtime

__all__ = ["Opener"]

#: Most channels in the cache. Opening a channel decrypts its secrets and checks its settings.
_MOST = 2000
#: Seconds after which a channel is opened again: a secret in a file or the environment may change.
_MOST_AGE = 10.0
#: Seconds that the constructors of one plugin get for the channels of a batch.
_SECONDS = 10.0
# Built once: SQLAlchemy takes longer to build a statement than a database takes to run it. It
# selects columns instead of objects: a burst opens thousands of channels and changes none.
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


@dataclass(frozen=True, slots=True)
class Opened:
    """A channel's plugin object, and the account whose rate limits apply to its deliveries."""

    channel: Channel
    #: The channel type and the plugin's `account`, joined by a colon.
    account: str


class StoredRow(StoredChannel, Protocol):
    """A stored channel that also has the time of its last change."""

    @property
    def updated_at(self) -> datetime: ...


class Opener:
    """Creates and caches the plugin objects that publish to channels. Not thread-safe."""

    def __init__(self, runtime: Runtime) -> None:
        """Create an opener with an empty cache."""
        self._runtime = runtime
        self._open: OrderedDict[int, tuple[datetime, float, Opened]] = OrderedDict()

    def open_all(
        self, session: Session, deliveries: Iterable[ClaimedDelivery]
    ) -> Mapping[int, Opened | ContentsvcError]:
        """Return the plugin object of each delivery's channel, by channel id.

        If creating the object failed, the error is returned in its place.
        """
        wanted = {delivery.channel_id: delivery.channel_updated_at for delivery in deliveries}
        opened: dict[int, Opened | ContentsvcError] = {
            channel_id: cached
            for channel_id, updated_at in wanted.items()
            if (cached := self._cached(channel_id, updated_at)) is not None
        }
        if missing := wanted.keys() - opened.keys():
            rows = session.connection().execute(_CHANNELS, {"ids": sorted(missing)}).all()
            for kind, same_type in groupby(sorted(rows, key=_type_of), _type_of):
                opened |= self._open_rows(kind, list(same_type))
        return opened

    def _open_rows(
        self, kind: str, rows: Sequence[StoredRow]
    ) -> Mapping[int, Opened | ContentsvcError]:
        """Create the plugin objects for channels of the type *kind*.

        A constructor that does not return in time counts as an error.
        """
        try:
            opened = self._runtime.calls.run(
                kind, lambda: {row.id: self._open_row(row) for row in rows}, _SECONDS
            )
        except ContentsvcError as error:
            return dict.fromkeys((row.id for row in rows), error)
        for row in rows:
            self._keep(row, opened[row.id])
        return opened

    def _cached(self, channel_id: int, updated_at: datetime) -> Opened | None:
        cached = self._open.get(channel_id)
        if cached is None or cached[0] != updated_at or time.monotonic() - cached[1] >= _MOST_AGE:
            return None
        return cached[2]

    def _open_row(self, row: StoredChannel) -> Opened | ContentsvcError:
        try:
            channel = open_channel(self._runtime, row)
            return Opened(channel, account_of(channel))
        except ContentsvcError as error:
            return error

    def _keep(self, row: StoredRow, opened: Opened | ContentsvcError) -> None:
        if isinstance(opened, ContentsvcError):
            return
        self._open[row.id] = (row.updated_at, time.monotonic(), opened)
        self._open.move_to_end(row.id)
        if len(self._open) > _MOST:
            self._open.popitem(last=False)


def _type_of(row: StoredChannel) -> str:
    return row.type
