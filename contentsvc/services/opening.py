"""Opened channels, kept while they are as they were."""

from __future__ import annotations

import time
from collections import OrderedDict
from datetime import datetime

from contentsvc.channels import Channel as OpenChannel
from contentsvc.db.models import Channel
from contentsvc.services.channels import open_channel
from contentsvc.services.runtime import Runtime

__all__ = ["Opener"]

#: Channels kept open; opening one costs a decryption and a check of its settings.
_MOST = 2000
#: Seconds after which a channel is opened anew: a secret in a file or the environment may change.
_KEPT = 10.0


class Opener:
    """Opens channels for publishing; used by one thread."""

    def __init__(self, runtime: Runtime) -> None:
        """Open with the parts of *runtime*."""
        self._runtime = runtime
        self._open: OrderedDict[int, tuple[datetime, float, OpenChannel]] = OrderedDict()

    def open(self, channel: Channel) -> OpenChannel:
        """Return a channel ready to publish; PluginError where it cannot be opened."""
        kept = self._open.get(channel.id)
        now = time.monotonic()
        if kept is not None and kept[0] == channel.updated_at and now - kept[1] < _KEPT:
            return kept[2]
        opened = open_channel(self._runtime, channel)
        self._open[channel.id] = (channel.updated_at, now, opened)
        self._open.move_to_end(channel.id)
        if len(self._open) > _MOST:
            self._open.popitem(last=False)
        return opened
