"""Plugins' answers in the form that people may see: with the channels' secrets masked."""

from __future__ import annotations

from dataclasses import replace

from contentsvc.channels.answers import HandOff, Receipt
from contentsvc.masking import KNOWN

__all__ = ["masked_hand_off", "masked_receipt"]


def masked_receipt(receipt: Receipt) -> Receipt:
    """Return *receipt* with the secrets in its id and URL masked."""
    url = receipt.url and KNOWN.text(receipt.url)
    return replace(receipt, id=KNOWN.text(receipt.id), url=url)


def masked_hand_off(hand_off: HandOff) -> HandOff:
    """Return *hand_off* with the secrets in its instructions and URL masked."""
    texts = {language: KNOWN.text(text) for language, text in hand_off.instructions.items()}
    return HandOff(texts, hand_off.url and KNOWN.text(hand_off.url))
