"""The colours of channels and of entries' cards on the week board, as CSS class numbers."""

from __future__ import annotations

import zlib

from contentsvc.services.week_board import Card

__all__ = ["card_hue", "channel_hue"]

#: Hues of `board.css` that a channel can have: `hue-0` to `hue-11`.
_CHANNEL_HUES = 12
#: The grey hue of a card that goes to no channel.
_NO_CHANNEL = 12


def channel_hue(name: str) -> int:
    """Return the channel's colour: the number (0 to 11) of a CSS class, fixed for each *name*."""
    return zlib.crc32(name.encode()) % _CHANNEL_HUES


def card_hue(card: Card) -> int:
    """Return the colour of an entry's card: its first channel's, or 12 if it has no channel."""
    return channel_hue(card.channels[0].name) if card.channels else _NO_CHANNEL
