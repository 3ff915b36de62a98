"""Check, the base class of plugins' checks, which find faults in posts during planning."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from contentsvc.channels.content import ChannelEntry, Rendition, RenditionWarning

__all__ = ["Check"]


class Check(ABC):
    """A plugin's check of renditions (finished posts). It warns of faults before publication."""

    #: The check's permanent name, shown if the check itself fails: lower-case letters, digits and
    #: underscores.
    name: ClassVar[str]

    @abstractmethod
    def check(
        self, entry: ChannelEntry, rendition: Rendition, language: str
    ) -> list[RenditionWarning]:
        """Return warnings about *rendition*, which was made from *entry*; an empty list if none.

        *language* is the calendar's language (`zh` or `en`), for checks whose texts exist in only
        one language at a time. The warnings are stored with the rendition, so a check must be pure
        and quick: the same rendition always gets the same warnings. If a check raises an exception,
        people see a warning that names it, and approval is not blocked.
        """
