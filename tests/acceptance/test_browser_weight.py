"""How many bytes a browser loads for a page that it has never seen."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.acceptance.running import TEST_SECONDS
from tests.acceptance.visitor import WEEK, Visitor, entry_at

pytestmark = [pytest.mark.browser, pytest.mark.timeout(TEST_SECONDS)]

_MOST_BYTES = 200_000
BOARD = f"/calendars/baby-benefits?week={WEEK}"


def _load(page: Page, address: str, *, is_cold: bool = True) -> dict[str, int]:
    """Load *address* and return the transferred bytes by address.

    If *is_cold*, the browser has stored nothing before.
    """
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    if is_cold:
        session.send("Network.clearBrowserCache")
    addresses: dict[str, str] = {}
    sizes: dict[str, int] = {}

    def begun(event: dict[str, Any]) -> None:
        addresses[event["requestId"]] = event["request"]["url"]

    def ended(event: dict[str, Any]) -> None:
        address = addresses.get(event["requestId"], "")
        sizes[address] = sizes.get(address, 0) + int(event["encodedDataLength"])

    session.on("Network.requestWillBeSent", begun)
    session.on("Network.loadingFinished", ended)
    page.goto(address, wait_until="networkidle")
    session.detach()
    return sizes


@pytest.mark.parametrize(
    "path",
    [
        *(BOARD, "/system/", "/posters/quote", "/posters/live-sale", "/posters/group-buy"),
        *("/calendars/", "/calendars/baby-benefits/edit", "/deliveries/", "/channels/"),
    ],
)
def test_a_page_is_light(mei: Visitor, path: str) -> None:
    """A page with all that it needs is under 200 kilobytes, counted as transferred."""
    sizes = _load(mei.page, mei.site.url + path)

    assert any("bootstrap" in address for address in sizes), "nothing was counted"
    assert sum(sizes.values()) < _MOST_BYTES, sorted(sizes.items(), key=lambda pair: -pair[1])


@pytest.mark.parametrize("path", ["/posters/", "/posters/batches/new"])
def test_a_page_with_all_templates_is_light(mei: Visitor, path: str) -> None:
    """The pictures of all templates are as light together, once they have been painted."""
    page = mei.open(path)
    addresses = page.eval_on_selector_all("img[data-painted]", "all => all.map((one) => one.src)")
    for address in addresses:
        # The server paints two at a time and refuses more.
        while not page.request.get(address).ok:
            page.wait_for_timeout(500)

    sizes = _load(page, mei.site.url + path)
    page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
    page.wait_for_function(
        "() => [...document.images].every((one) => one.complete && one.naturalWidth)"
    )

    assert set(addresses) <= set(sizes), "not every picture was counted"
    assert sum(sizes.values()) < _MOST_BYTES, sorted(sizes.items(), key=lambda pair: -pair[1])


def test_an_entry_is_light(mei: Visitor) -> None:
    """The entry form with its preview is as light."""
    entry = entry_at(mei, day="sun", slot="早安")

    sizes = _load(mei.page, f"{mei.site.url}/entries/{entry.id}")

    assert any(address.endswith("/preview") for address in sizes), "the preview was not counted"
    assert sum(sizes.values()) < _MOST_BYTES, sorted(sizes.items(), key=lambda pair: -pair[1])


def test_the_sign_in_page_is_light(mei: Visitor) -> None:
    """The first page that anybody sees is as light."""
    mei.context.clear_cookies()

    sizes = _load(mei.page, f"{mei.site.url}/sign-in")

    assert any("bootstrap" in address for address in sizes), "nothing was counted"
    assert sum(sizes.values()) < _MOST_BYTES, sorted(sizes.items(), key=lambda pair: -pair[1])


def test_a_second_page_loads_no_file_again(mei: Visitor) -> None:
    """The browser takes every script, style and icon from its own store."""
    first = _load(mei.page, mei.site.url + BOARD)

    second = _load(mei.page, f"{mei.site.url}/help", is_cold=False)

    static = {address for address, size in first.items() if "/static/" in address and size}
    assert len(static) > 5
    assert [address for address in static if second.get(address)] == []
    assert second[f"{mei.site.url}/help"] > 0
