"""Pages, the base class of channels with public pages on this service."""

from __future__ import annotations

from abc import ABC, abstractmethod

from contentsvc.channels.content import Page, PageRequest

__all__ = ["Pages"]


class Pages(ABC):
    """Second base class of a channel with public pages: `class Site(Pages, Channel[…])`.

    The service serves the pages to everybody, below the address `self.host.pages_url`.
    """

    @abstractmethod
    def page(self, request: PageRequest) -> Page | None:
        """Return the public page that a visitor requests; None if the channel has no such page."""

    def livestream_page(self, code: str) -> str | None:  # noqa: ARG002 - most channels have none
        """Return the URL of the channel's page about the livestream *code*; None if it has none."""
        return None
