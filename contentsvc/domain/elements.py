"""Elements (元素), which are the purposes of entries, and their mix in a week."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["CommunityKind", "Element", "ElementClass", "ElementMix", "element_mix"]


class ElementClass(StrEnum):
    """The class of a purpose: activity keeps people in a community, deal sells goods."""

    ACTIVITY = "activity"
    DEAL = "deal"


class Element(StrEnum):
    """The purpose of a calendar entry, such as a check-in, a topic or a flash sale."""

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
        """Return the class of the element: activity or deal."""
        return ElementClass.DEAL if self in _DEAL else ElementClass.ACTIVITY


#: The deal elements; all others are activities. Use-up reminders and teasers lead to a purchase.
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
    """The kind of a community: by interest, by function, for benefits, or for flash sales."""

    INTEREST = "interest"
    FUNCTIONAL = "functional"
    BENEFITS = "benefits"
    FLASH_SALE = "flash-sale"


@dataclass(frozen=True, slots=True)
class ElementMix:
    """The numbers of a week's entries for activity, for deals, and for neither."""

    activity: int
    deal: int
    unnamed: int

    def __str__(self) -> str:
        return f"{self.activity} : {self.deal}"


def element_mix(elements: Iterable[Element | None]) -> ElementMix:
    """Count how many *elements* are activities, deals, and None (an entry without an element)."""
    classes = [element.element_class if element else None for element in elements]
    return ElementMix(
        activity=classes.count(ElementClass.ACTIVITY),
        deal=classes.count(ElementClass.DEAL),
        unnamed=classes.count(None),
    )
