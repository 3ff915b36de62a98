"""Channels that block, exit or end their process in one of their methods, as their settings say.

They are three types, so that each has jobs of its own.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from contentsvc.channels import (
    Accepted,
    Channel,
    ChannelEntry,
    ChannelSettings,
    OutcomeUnknownError,
    Receipt,
    RenderContext,
    Rendition,
    hookimpl,
)
from contentsvc.services.delivery.backlog import Backlog

__all__ = ["Blocks", "Ends", "Exits"]

api_version = 1

#: If this file exists, the sender of the next worker that picks a call fails.
_TRAP = Path(os.environ.get("CONTENTSVC_DATA_DIR", ".")) / "trap"
_pick = Backlog.pick


def _trapped(backlog: Backlog, *words: Any) -> Any:
    if _TRAP.exists():
        _TRAP.unlink()
        raise SystemError("the sender's own fault")
    return _pick(backlog, *words)


class BadlySettings(ChannelSettings):
    """Where the channel misbehaves."""

    where: str


class Blocks(Channel[BadlySettings]):
    """A channel that blocks in the method *where*."""

    type = "badly_block"
    label: ClassVar = {"zh": "捣乱", "en": "Badly"}

    def render_post(self, entry: ChannelEntry, context: RenderContext) -> Rendition:
        """Render as any channel does, unless it misbehaves here.

        It renders properly for an import, which would not approve a post that cannot be rendered.
        """
        if "import" not in sys.argv:
            self._reach("render")
        return super().render_post(entry, context)

    def publish(self, rendition: Rendition, *, key: str) -> Receipt | Accepted:
        """Answer so that the method in question is called next."""
        self._reach("publish")
        if self.settings.where == "poll":
            return Accepted(key, poll_after=0)
        if self.settings.where == "find":
            raise OutcomeUnknownError("no answer")
        return Receipt(key)

    def find(self, rendition: Rendition, *, key: str, since: datetime) -> Receipt | None:
        """Find the post."""
        self._reach("find")
        return Receipt(key)

    def poll(self, accepted: Accepted, rendition: Rendition, *, key: str) -> Receipt:
        """Say that the post is out."""
        self._reach("poll")
        return Receipt(key)

    def _reach(self, where: str) -> None:
        if self.settings.where == where:
            self._misbehave()

    def _misbehave(self) -> None:
        time.sleep(3600)


class Exits(Blocks):
    """A channel that exits in the method *where*."""

    type = "badly_exit"

    def _misbehave(self) -> None:
        sys.exit(3)


class Ends(Blocks):
    """A channel that ends its process in the method *where*."""

    type = "badly_end"

    def _misbehave(self) -> None:
        os._exit(9)


@hookimpl
def register_channels() -> list[type[Channel]]:
    """Return the channel types, and set the trap in every process that loads this plugin."""
    Backlog.pick = _trapped  # type: ignore[assignment, method-assign]
    return [Blocks, Exits, Ends]
