"""A person settles what the service cannot know, in a real browser."""

from __future__ import annotations

import pytest

from contentsvc.db.models import Delivery
from contentsvc.domain.deliveries import DeliveryStatus
from tests.acceptance.running import TEST_SECONDS
from tests.acceptance.visitor import Visitor, delivery_in_doubt

pytestmark = [pytest.mark.browser, pytest.mark.timeout(TEST_SECONDS)]


def _stands(visitor: Visitor, delivery: Delivery) -> Delivery:
    with visitor.site.runtime.database.read() as session:
        return session.get_one(Delivery, delivery.id)


def test_an_unknown_outcome_is_found_and_settled(mei: Visitor) -> None:
    """The board links to the delivery; its page shows the text and accepts the outcome."""
    delivery = delivery_in_doubt(mei)
    page = mei.open("/deliveries/")
    row = page.locator(".attention tr", has_text="结果未知")
    assert "发布进程在发送途中失去响应" in row.inner_text()
    row.locator("a").first.click()
    page.wait_for_url(f"**/deliveries/{delivery.id}")

    assert page.locator(".rendition").inner_text().strip()
    assert "the connection was cut" in page.locator(".attempts").inner_text()
    page.fill("[name=url]", "https://group.example.com/posts/42")
    mei.submit(page.locator("button[value=out]"))

    settled = _stands(mei, delivery)
    assert settled.status is DeliveryStatus.PUBLISHED
    assert settled.receipt == {"id": "", "url": "https://group.example.com/posts/42", "by": "mei"}
    assert "https://group.example.com/posts/42" in page.inner_text("main")


def test_an_invalid_address_is_refused_and_shown_again(mei: Visitor) -> None:
    """The form shows the typed text again, and the delivery is not settled."""
    delivery = delivery_in_doubt(mei)
    page = mei.open(f"/deliveries/{delivery.id}")
    page.fill("[name=url]", "group.example.com")
    mei.submit(page.locator("button[value=out]"))

    assert page.input_value("[name=url]") == "group.example.com"
    assert _stands(mei, delivery).status is DeliveryStatus.UNKNOWN


def test_a_person_has_a_missing_post_sent_again(mei: Visitor) -> None:
    """The delivery waits for the dispatcher, with the same key."""
    delivery = delivery_in_doubt(mei)
    page = mei.open(f"/deliveries/{delivery.id}")
    mei.submit(page.locator("button[value=send-again]"))

    standing = _stands(mei, delivery)
    assert (standing.status, standing.key) == (DeliveryStatus.RETRYING, delivery.key)
    assert not standing.in_doubt
