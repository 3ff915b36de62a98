"""The entry form in a real browser: nothing typed is lost, what goes out is seen while typing."""

from __future__ import annotations

import io
import re
from functools import partial

import pytest
from PIL import Image
from playwright.sync_api import Dialog, Route, expect

from tests.acceptance.running import TEST_SECONDS
from tests.acceptance.visitor import WEEK, Visitor, entry_at

pytestmark = [pytest.mark.browser, pytest.mark.timeout(TEST_SECONDS)]

#: The entry is approved, so the button and the toast also tell what still goes out.
_SAVE = "button[name=action][value=save]"
_SAVED = re.compile("^已保存")


def test_an_entry_is_edited_with_its_preview(mei: Visitor) -> None:
    """The preview follows the text, Ctrl+S saves, and leaving unsaved text needs confirmation."""
    entry = entry_at(mei, day="sun", slot="早安")
    page = mei.open(f"/entries/{entry.id}")
    preview = page.locator("#preview")
    expect(preview.locator(".rendition")).not_to_have_count(0)

    page.fill("[name=title]", "周日清单 <b>粗</b>")
    page.fill("[name=body]", "**重点**一 <script>alert(1)</script>")

    expect(preview.locator("h3").first).to_have_text("周日清单 <b>粗</b>")
    expect(preview.locator("strong").filter(has_text="重点")).to_be_visible()
    page.fill("[name=title]", "")
    expect(
        page.locator(".field", has=page.locator("[name=title]")).locator("[data-live]")
    ).to_be_visible()

    page.fill("[name=title]", "周日清单")
    page.keyboard.press("Control+s")
    expect(page.get_by_text(_SAVED)).to_be_visible()
    assert entry_at(mei, day="sun", slot="早安").title == "周日清单"


def _accept(asked: list[str], dialog: Dialog) -> None:
    """Accept the browser's question and note its type."""
    asked.append(dialog.type)
    dialog.accept()


def test_typed_text_survives_a_closed_page(mei: Visitor) -> None:
    """Unsaved text is offered again, until the server has saved it."""
    entry = entry_at(mei, day="sun", slot="早安")
    address = f"/entries/{entry.id}"
    page = mei.open(address)
    asked: list[str] = []
    page.on("dialog", partial(_accept, asked))
    page.locator("[name=title]").press("End")
    page.locator("[name=title]").press_sequentially("！还没保存")

    mei.open("/help")
    mei.open(address)
    page.get_by_role("button", name="恢复").click()
    expect(page.locator("[name=title]")).to_have_value(f"{entry.title}！还没保存")
    page.locator(_SAVE).click()
    expect(page.get_by_text(_SAVED)).to_be_visible()
    mei.open(address)

    assert asked == ["beforeunload"]
    expect(page.locator("#draft-banner .note")).to_have_count(0)


def test_text_typed_before_the_page_is_ready_survives_too(mei: Visitor) -> None:
    """Text typed before the page's script has loaded is offered again as well."""
    entry = entry_at(mei, day="sun", slot="早安")
    page, held = mei.page, list[Route]()
    asked: list[str] = []
    page.on("dialog", partial(_accept, asked))
    page.route("**/js/entry.js", lambda route: held.append(route))  # noqa: PLW0108 - it takes no built-in
    with page.expect_request("**/js/entry.js"):
        page.goto(f"{mei.site.url}/entries/{entry.id}", wait_until="commit")
    page.locator("[name=title]").press("End")
    page.locator("[name=title]").press_sequentially("！很快就打了")
    with page.expect_response("**/preview"):
        for route in held:
            route.continue_()
    page.unroute_all()

    mei.open("/help")
    mei.open(f"/entries/{entry.id}")
    page.get_by_role("button", name="恢复").click()

    assert asked == ["beforeunload"]
    expect(page.locator("[name=title]")).to_have_value(f"{entry.title}！很快就打了")
    page.locator(_SAVE).click()
    expect(page.get_by_text(_SAVED)).to_be_visible()


def test_two_tabs_do_not_overwrite_each_other(mei: Visitor) -> None:
    """The later tab shows both texts, keeps its own in the form, and can save it on request."""
    entry = entry_at(mei, day="sun", slot="早安")
    first = mei.open(f"/entries/{entry.id}")
    second = mei.context.new_page()
    mei.watch(second)
    second.goto(first.url)
    second.fill("[name=title]", "第二个标签页")
    second.keyboard.press("Control+s")
    expect(second.get_by_text(_SAVED)).to_be_visible()

    first.fill("[name=title]", "第一个标签页")
    first.keyboard.press("Control+s")

    expect(first.get_by_role("heading", name="刚才有人保存了别的内容")).to_be_visible()
    expect(first.locator(".compare pre").first).to_have_text("第二个标签页")
    expect(first.locator("[name=title]")).to_have_value("第一个标签页")
    first.locator(_SAVE).click()
    expect(first.get_by_text(_SAVED)).to_be_visible()
    assert entry_at(mei, day="sun", slot="早安").title == "第一个标签页"


def test_a_picture_that_is_too_large_loses_nothing(mei: Visitor) -> None:
    """The reason is shown beside the button, and the form is unchanged."""
    entry = entry_at(mei, day="sun", slot="早安")
    page = mei.open(f"/entries/{entry.id}")
    page.fill("[name=title]", "还在这里")

    page.set_input_files(
        "#f-upload", {"name": "a.png", "mimeType": "image/png", "buffer": b"\0" * (3 << 20)}
    )
    expect(page.locator("#upload-error")).to_contain_text("2 MB")
    page.set_input_files(
        "#f-upload", {"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"}
    )
    expect(page.locator("#upload-error")).to_contain_text("不是可用的图片")
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "#3a7").save(out, "PNG")
    page.set_input_files(
        "#f-upload", {"name": "a.png", "mimeType": "image/png", "buffer": out.getvalue()}
    )

    expect(page.locator("#pictures img")).to_have_js_property("complete", value=True)
    expect(page.locator("#preview .rendition-pictures img")).to_be_visible()
    expect(page.locator("[name=title]")).to_have_value("还在这里")
    page.keyboard.press("Control+s")
    expect(page.get_by_text(_SAVED)).to_be_visible()


def test_a_poster_gets_the_fields_of_its_template(mei: Visitor) -> None:
    """Choosing a template shows its fields, and the preview shows its picture."""
    page = mei.open(f"/calendars/baby-benefits/entries/new?week={WEEK}&day=fri&slot=早安")
    page.fill("[name=title]", "一句话")
    page.locator("label[for=kind-poster]").click()
    page.select_option("[name='poster.template']", "quote")
    page.fill("[name='poster-field.text']", "慢慢来，比较快。")

    picture = page.locator("#preview .rendition-pictures img")
    expect(picture).to_be_visible()
    expect(picture).to_have_attribute("src", re.compile("^/renditions/"))
    page.get_by_role("button", name="通过", exact=True).click()
    expect(page.get_by_text("已通过，到点会发出。")).to_be_visible()


def test_a_template_chosen_before_the_page_is_ready_has_its_fields(mei: Visitor) -> None:
    """On a slow line somebody chooses a template while the page's scripts are on their way."""
    page, held = mei.page, list[Route]()
    page.on("dialog", lambda dialog: dialog.accept())
    page.route("**/js/app.js", lambda route: held.append(route))  # noqa: PLW0108 - it takes no built-in
    with page.expect_request("**/js/app.js"):
        page.goto(
            f"{mei.site.url}/calendars/baby-benefits/entries/new?week={WEEK}&day=fri&slot=早安",
            wait_until="commit",
        )
    page.locator("label[for=kind-poster]").click()
    page.select_option("[name='poster.template']", "quote")

    for route in held:
        route.continue_()

    expect(page.locator("[name='poster-field.text']")).to_be_visible()
