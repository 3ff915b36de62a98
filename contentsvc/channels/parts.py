"""Parts, a mixin for channels that publish a post as several messages in sequence."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from contentsvc.channels.answers import Accepted, HandOff, Receipt
from contentsvc.channels.channel import Channel
from contentsvc.channels.content import Rendition
from contentsvc.errors import RenderError

__all__ = ["MOST_PARTS", "Parts", "publish_part", "split_rendition"]

#: Most parts of one post. The longest threads and albums of platforms have fewer.
MOST_PARTS = 100


class Parts(ABC):
    """A mixin for channels that publish a post in parts: `class Robot(Parts, Channel[…])`.

    A part is a message of its own, such as a text followed by nine pictures, the replies of a
    thread, or a first comment. The service publishes a part when the one before it is out, each
    with its own key, attempts and receipt. If the outcome of a part is unknown, the rest waits for
    a person. `find` and `poll` get the part and its key.
    """

    @abstractmethod
    def split(self, rendition: Rendition) -> Sequence[Rendition]:
        """Split the finished post *rendition* into 1 to 100 parts, in order.

        This is part of rendering, so it must be pure: no network, clock or random numbers.
        """

    @abstractmethod
    def publish_part(
        self, part: Rendition, *, key: str, after: Receipt | None
    ) -> Receipt | Accepted | HandOff:
        """Publish one part. Each retry of the same part has the same *key*.

        *after* is the receipt of the part before it, to which a reply can refer; None for the first
        part. Return and raise the same as `Channel.publish`.
        """

    def publish(self, rendition: Rendition, *, key: str) -> Receipt | Accepted | HandOff:
        """Publish a post that has a single part."""
        return self.publish_part(rendition, key=key, after=None)


def split_rendition(channel: Channel, rendition: Rendition) -> tuple[Rendition, ...]:
    """Split a rendition into parts. Return () if *channel* publishes posts as a whole.

    Raises:
        RenderError: the channel returned something other than 1 to 100 renditions.
    """
    if not isinstance(channel, Parts):
        return ()
    parts: object = channel.split(rendition)
    if not isinstance(parts, list | tuple) or not all(
        isinstance(part, Rendition) for part in parts
    ):
        raise RenderError("parts-not-given", type=type(parts).__name__)
    if not 1 <= len(parts) <= MOST_PARTS:
        raise RenderError("parts-wrong-number", count=len(parts), most=MOST_PARTS)
    return tuple(parts)


def publish_part(
    channel: Channel, part: Rendition, *, key: str, after: Receipt | None
) -> Receipt | Accepted | HandOff:
    """Publish a part, or a whole post if the channel has no parts; return the answer."""
    if isinstance(channel, Parts):
        return channel.publish_part(part, key=key, after=after)
    return channel.publish(part, key=key)
