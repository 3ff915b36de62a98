"""What an entry is for (元素), and the week's mix of activity and deal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["CommunityKind", "Element", "ElementClass", "ElementMix", "element_mix"]


class ElementClass(StrEnum):
    """Activity elements keep people in a community; deal elements sell."""

    ACTIVITY = "activity"
    DEAL = "deal"


class Element(StrEnum):
    """What an entry is for."""

    CHECK_IN = "check-in"
    TOPIC = "topic"
    INTERACTION = "interaction"
    LIVESTREAM = "livestream"
    COLUMN = "column"
    MORNING_PAPER = "morning-paper"
    QUOTE = "quote"
    OFFLINE_EVENT = "offline-event"
    TASK = "task"
    TEASER = "teaser"
    REMINDER = "reminder"
    SEEDING = "seeding"
    ORDER_SHARE = "order-share"
    FLASH_SALE = "flash-sale"
    GROUP_BUY = "group-buy"
    LUCKY_DRAW = "lucky-draw"

    @property
    def element_class(self) -> ElementClass:
        """Return whether it keeps people or sells."""
        return ElementClass.DEAL if self in _DEAL else ElementClass.ACTIVITY


#: Everything else is activity. A use-up reminder and a teaser point at a purchase.
_DEAL = frozenset(
    {
        Element.TEASER,
        Element.REMINDER,
        Element.SEEDING,
        Element.ORDER_SHARE,
        Element.FLASH_SALE,
        Element.GROUP_BUY,
    }
)


class CommunityKind(StrEnum):
    """The four kinds of community."""

    INTEREST = "interest"
    FUNCTIONAL = "functional"
    BENEFITS = "benefits"
    FLASH_SALE = "flash-sale"


@dataclass(frozen=True, slots=True)
class ElementMix:
    """How many of a week's entries keep people, sell, or do not say."""

    activity: int
    deal: int
    unnamed: int

    def __str__(self) -> str:
        return f"{self.activity} : {self.deal}"


def element_mix(elements: Iterable[Element | None]) -> ElementMix:
    """Count a week's elements by class."""
    classes = [element.element_class if element else None for element in elements]
    return ElementMix(
        activity=classes.count(ElementClass.ACTIVITY),
        deal=classes.count(ElementClass.DEAL),
        unnamed=classes.count(None),
    )
