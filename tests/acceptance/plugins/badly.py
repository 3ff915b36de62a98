"""A channel that blocks, exits or ends its process in one of its methods, as its settings say."""

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

__all__ = ["Badly"]

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
    """Where and how the channel misbehaves."""

    where: str
    how: str


class Badly(Channel[BadlySettings]):
    """A channel that misbehaves in the method *where*."""

    type = "badly"
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
        if self.settings.where != where:
            return
        if self.settings.how == "exit":
            sys.exit(3)
        if self.settings.how == "end":
            os._exit(9)
        time.sleep(3600)


@hookimpl
def register_channels() -> list[type[Channel]]:
    """Return the channel type, and set the trap in every process that loads this plugin."""
    Backlog.pick = _trapped  # type: ignore[assignment, method-assign]
    return [Badly]
