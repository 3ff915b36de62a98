"""A post's forms in a real browser: seen in the preview, copied by a button."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from contentsvc.channels import ArticleTheme, format_article, markdown_html
from tests.acceptance.running import TEST_SECONDS
from tests.acceptance.visitor import Visitor, entry_at
from tests.factories import save_channel

pytestmark = [pytest.mark.browser, pytest.mark.timeout(TEST_SECONDS)]

_BODY = (
    "冬天到了，**脸颊发红**怎么办？\n\n## 三步\n\n1. 清洁\n2. 保湿\n    - 面霜\n\n"
    "> 先保湿，再观察。\n\n"
    "| 月龄 | 质地 | 每日用量 | 价格 | 适合的季节 |\n|---|---|---|--:|---|\n"
    "| 0–6 个月 | 乳液 | 早晚各一次 | ¥59 | 全年 |\n\n```\n" + "很长的一行代码 " * 12 + "\n```\n\n"
    "![示意图](https://a.example/1.png)\n\n[回放](https://a.example/" + "x" * 80 + ")"
)


@pytest.fixture
def form(mei: Visitor) -> Page:
    """Open an entry for a folder channel with every format."""
    runtime = mei.site.runtime
    with runtime.database.write() as session:
        save_channel(
            session,
            runtime.registry,
            name="handover",
            type="folder",
            settings={"article": "warm", "wecom": "markdown", "note": True, "sms": True},
            secret_key=runtime.config.secret_key,
            now=runtime.clock(),
        )
    page = mei.open(f"/entries/{entry_at(mei, day='sun', slot='早安').id}")
    page.locator("input[name=channels][value=handover]").check()
    page.fill("[name=body]", _BODY)
    forms = page.locator("#preview .as-form")
    expect(forms.filter(has_text="脸颊发红怎么办")).not_to_have_count(0)
    expect(forms).to_have_count(4)
    return page


def _pasted(visitor: Visitor, media_type: str) -> str:
    """Return the clipboard data of *media_type* that a paste into another page receives."""
    page = visitor.context.new_page()
    page.set_content("<textarea autofocus></textarea>")
    page.evaluate(
        "type => addEventListener('paste', e => window.got = e.clipboardData.getData(type))",
        media_type,
    )
    page.locator("textarea").press("Control+v")
    page.wait_for_function("window.got !== undefined")
    got = str(page.evaluate("window.got"))
    page.close()
    return got


def test_a_format_is_copied_by_a_button(mei: Visitor, form: Page) -> None:
    """Text is copied as text, and an article with its styles, without an error on the page."""
    sms = form.locator(".as-form[data-fold=sms]")
    sms.locator("summary").click()
    sms.get_by_role("button", name="复制").click()
    expect(sms.locator("[data-result]")).to_be_visible()
    text = _pasted(mei, "text/plain")
    article = form.locator(".as-form[data-fold=article]")
    article.locator("summary").click()
    article.get_by_role("button", name="复制").last.click()
    expect(article.locator("[data-result]")).to_be_visible()
    rich = _pasted(mei, "text/html")

    assert "脸颊发红怎么办？\n三步\n1.清洁" in text
    assert "<strong style=" in rich
    assert rich.count("<section") == rich.count("</section>")


def test_an_unchanged_preview_is_not_replaced(form: Page) -> None:
    """Leaving a field requests the preview again, and a copy button keeps its message."""
    form.locator("#preview").evaluate("preview => preview.firstElementChild.dataset.mark = ''")

    with form.expect_response("**/preview") as answer:
        form.locator("[name=body]").dispatch_event("change")
    answer.value.finished()

    expect(form.locator("#preview.is-busy")).to_have_count(0)
    expect(form.locator("#preview [data-mark]")).to_have_count(1)


def test_an_unfolded_format_stays_unfolded_while_typing(form: Page) -> None:
    """A new preview leaves unfolded formats unfolded."""
    form.locator(".as-form[data-fold=sms] summary").click()

    form.fill("[name=title]", "新的标题")

    expect(form.locator(".as-form[data-fold=sms] pre")).to_contain_text("新的标题")
    expect(form.locator(".as-form[data-fold=sms] pre")).to_be_visible()


@pytest.mark.parametrize("theme", ArticleTheme)
def test_an_article_fits_a_phone(mei: Visitor, theme: ArticleTheme) -> None:
    """At a width of 375 pixels only tables and code scroll sideways, and text is 16 pixels high."""
    html = format_article(markdown_html(_BODY), theme=theme).html
    page = mei.context.new_page()
    page.set_viewport_size({"width": 375, "height": 700})

    page.set_content(f'<!doctype html><body style="margin:0;padding:16px">{html}')

    assert page.evaluate("document.documentElement.scrollWidth") == 375
    style = "getComputedStyle(document.querySelector('p'))"
    assert page.evaluate(f"[{style}.fontSize, {style}.lineHeight]") == ["16px", "28px"]
    page.close()
