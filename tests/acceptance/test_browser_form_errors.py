"""Errors of forms in a real browser: the first field has the focus, wherever it is."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.running import TEST_SECONDS
from tests.acceptance.visitor import Visitor, entry_at

pytestmark = [pytest.mark.browser, pytest.mark.timeout(TEST_SECONDS)]


def _expect_focus(page: Page, name: str) -> None:
    """Wait until the field *name* has the focus and its message is shown and linked to it."""
    field = page.locator(f"[name='{name}']")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator(f"[id='error-{name}']")).to_be_visible()


def test_an_entry_shows_all_its_errors(mei: Visitor) -> None:
    """The first wrong field has the focus; the summary leads to one that is folded away."""
    entry = entry_at(mei, day="sun", slot="早安")
    page = mei.open(f"/entries/{entry.id}")
    page.fill("[name=title]", " ")
    version = page.locator("details.version").first
    version.locator("summary").click()
    long = version.locator("input")
    long.fill("长" * 201)
    name = long.get_attribute("name")
    assert name is not None

    mei.submit(page.locator("button[name=action][value=save]"))

    _expect_focus(page, "title")
    summary = page.locator(".error-summary a")
    expect(summary).to_have_count(2)
    page.locator("details.version").first.evaluate("fold => { fold.open = false; }")
    summary.last.click()
    _expect_focus(page, name)


def test_a_calendar_is_checked_by_the_server_alone(mei: Visitor) -> None:
    """The browser's own check, which shows one field at a time, does not hold the form back."""
    page = mei.open("/new-calendar")
    page.fill("[name=slots]", "早安")

    mei.submit(page.locator("form.panel button"))

    _expect_focus(page, "name")
    expect(page.locator("#error-slug")).to_be_visible()
    expect(page.locator("#error-slots")).to_be_visible()


def test_a_dialog_stays_open_with_its_errors(mei: Visitor) -> None:
    """A move that cannot be made comes back into the dialog, with the focus on its field."""
    entry = entry_at(mei, day="sun", slot="早安")
    page = mei.open(f"/calendars/baby-benefits?week={entry.week}")
    card = page.locator(f"#entry-{entry.id}")
    card.locator("summary").click()
    card.locator("[data-dialog]").click()
    page.select_option("dialog [name=slot]", "")

    page.click("dialog .btn-primary")

    expect(page.locator("dialog")).to_be_visible()
    _expect_focus(page, "time")
    page.select_option("dialog [name=slot]", "晚间")
    page.click("dialog .btn-primary")
    expect(page.locator("dialog")).to_be_hidden()
    assert entry_at(mei, id=entry.id).slot == "晚间"
