"""Planning-time checks: what a plugin says of a rendition before it goes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from contentsvc.channels.content import ChannelEntry, Rendition, RenditionWarning

__all__ = ["Check"]


class Check(ABC):
    """Looks at what a channel will show and warns of what a person should mend."""

    #: Permanent; what people read where the check itself fails. Lower-case letters, digits and
    #: underscores.
    name: ClassVar[str]

    @abstractmethod
    def check(
        self, entry: ChannelEntry, rendition: Rendition, language: str
    ) -> list[RenditionWarning]:
        """Return what is to be said, worded in *language* (`zh` or `en`); empty where all is well.

        Pure and quick, as rendering is: the same rendition gives the same warnings, because they
        are stored with it. A check that raises is told by its name and refuses nothing.
        """
