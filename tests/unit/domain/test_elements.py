"""Elements and their mix."""

from __future__ import annotations

from contentsvc.domain.elements import Element, ElementClass, ElementMix, element_mix


def test_every_element_has_a_class() -> None:
    """Check-ins and topics are activities; flash sales and group buys are deals."""
    deal = {element for element in Element if element.element_class is ElementClass.DEAL}

    assert deal == {
        Element.TEASER,
        Element.REMINDER,
        Element.SEEDING,
        Element.ORDER_SHARE,
        Element.FLASH_SALE,
        Element.GROUP_BUY,
    }


def test_mix_counts_by_class() -> None:
    """The mix is activity to deal; entries without an element are counted separately."""
    mix = element_mix([Element.CHECK_IN, Element.TOPIC, Element.FLASH_SALE, None])

    assert mix == ElementMix(activity=2, deal=1, unnamed=1)
    assert str(mix) == "2 : 1"


def test_mix_of_an_empty_week() -> None:
    """An empty week has an empty mix."""
    assert element_mix([]) == ElementMix(0, 0, 0)
