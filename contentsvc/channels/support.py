"""Finds out which optional methods a channel class defines."""

from __future__ import annotations

from contentsvc.channels.channel import Channel

__all__ = ["supports"]


def supports(channel: Channel | type[Channel], method: str) -> bool:
    """Return True if *channel* overrides the optional *method*, such as `find` or `retract`.

    A class declares that its platform offers something by overriding the method.
    """
    channel_class = channel if isinstance(channel, type) else type(channel)
    return getattr(channel_class, method) is not getattr(Channel, method)
