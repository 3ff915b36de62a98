"""Pages, the base class of channels with public pages on this service."""

from __future__ import annotations

from abc import ABC, abstractmethod

from contentsvc.channels.content import Page, PageRequest

__all__ = ["Pages"]


class Pages(ABC):
    """A mixin for channels with public pages: `class Site(Pages, Channel[…])`.

    The service serves the pages to everybody, below the address `self.host.pages_url`.
    """

    @abstractmethod
    def page(self, request: PageRequest) -> Page | None:
        """Return the page for a visitor's request, or None if the channel has no such page."""

    def livestream_page(self, code: str) -> str | None:  # noqa: ARG002 - most channels have none
        """Return the URL of the page about the livestream *code*, or None if there is none."""
        return None
