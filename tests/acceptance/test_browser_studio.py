"""The poster studio in a real browser: chosen by its picture, seen while typed, brought home."""

from __future__ import annotations

import io
import re
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import zxingcpp
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Page, Response, Route, expect
from sqlalchemy import select

from contentsvc.db.models import Entry
from tests.acceptance.running import TEST_SECONDS
from tests.acceptance.visitor import WEEK, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(TEST_SECONDS)]

LINK = "https://live.example.com/winter-skin"


def field(page: Page, name: str) -> str:
    """Return the selector of a field of the poster."""
    return f"[name='poster-field.{name}']"


def shown(page: Page) -> Image.Image:
    """Return the pixels of the picture on the page, once the browser has loaded it."""
    picture = page.locator("#studio-picture img")
    expect(picture).to_have_js_property("complete", value=True)
    return Image.open(io.BytesIO(picture.screenshot())).convert("RGB")


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the mean difference of two pictures, from 0 to 255."""
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3


def settled(page: Page) -> None:
    """Wait until no request for a poster is pending."""
    expect(page.locator(".stage.is-busy")).to_have_count(0)


def write(page: Page, name: str, text: str) -> Response:
    """Fill a field and wait for the response with the poster that shows *text*."""
    sent = {f"poster-field.{name}": text}
    with page.expect_response(lambda answer: is_sketch(answer, **sent)) as answered:
        page.fill(field(page, name), text)
    settled(page)
    return answered.value


def is_sketch(answer: Response, **values: str) -> bool:
    """Return whether *answer* is the response to a form with these values.

    A request for what was typed just before may still be on its way.
    """
    if not answer.url.endswith("/sketch"):
        return False
    sent = parse_qs(answer.request.post_data or "", keep_blank_values=True)
    return all(sent.get(name) == [value] for name, value in values.items())


def two_halves() -> bytes:
    """Return a wide picture, red on the left and blue on the right."""
    picture = Image.new("RGB", (2400, 1200), "#2040E0")
    picture.paste("#E02020", (0, 0, 1200, 1200))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def test_a_poster_is_made_and_downloaded(mei: Visitor, tmp_path: Path) -> None:
    """A poster follows the text at once, and its QR code can be read after the download."""
    page = mei.open("/posters/")
    tile = page.get_by_role("link", name="直播预告")
    tile.scroll_into_view_if_needed()
    expect(tile.locator("img")).not_to_have_js_property("naturalWidth", 0)
    tile.click()
    before = shown(page)

    write(page, "title1", "冬夜故事会")
    after = shown(page)
    assert difference(before, after) > 1
    write(page, "url", LINK)

    page.locator("label[for=size-1x1]").click()
    expect(page.locator("#studio-picture img")).to_have_attribute("data-size", "1x1")
    expect(page.locator("#studio-picture img")).to_have_js_property("naturalHeight", 720)
    with page.expect_download() as downloading:
        page.get_by_role("button", name="下载这个尺寸").click()

    file = downloading.value
    assert file.suggested_filename == "直播预告-冬夜故事会-1x1.png"
    file.save_as(tmp_path / "poster.png")
    with Image.open(tmp_path / "poster.png") as picture:
        assert (picture.format, picture.size) == ("PNG", (1080, 1080))
        (code,) = zxingcpp.read_barcodes(picture)
    assert code.text == LINK
    # The page stays open for another download.
    with page.expect_download() as bundle:
        page.get_by_role("button", name="全部 5 个尺寸").click()
    assert bundle.value.suggested_filename.endswith(".zip")
    mei.page.on("dialog", lambda dialog: dialog.accept())


def test_a_picture_that_was_not_painted_is_asked_for_again(mei: Visitor) -> None:
    """On a busy machine the gallery fills up later; nobody needs to reload it."""
    busy = [True, True]

    def answer(route: Route) -> None:
        if busy:
            busy.pop()
            route.fulfill(status=503, body="busy")
        else:
            route.continue_()

    mei.page.route("**/posters/live-notice/picture*", answer)
    page = mei.open("/posters/")
    tile = page.get_by_role("link", name="直播预告")
    tile.scroll_into_view_if_needed()

    expect(tile.locator("img")).not_to_have_js_property("naturalWidth", 0)
    assert busy == []


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("title1", "秋冬宝宝护肤的十个常见误区与正确做法全在这里了", "被截掉"),
        ("title1", "", "必填"),
        ("host", "林\U000f1234", "字体里没有"),
        ("url", "example.com", "链接"),
    ],
)
def test_faults_are_shown_while_typing(mei: Visitor, name: str, text: str, words: str) -> None:
    """A fault is shown beside its field, and the last poster stays visible."""
    page = mei.open("/posters/live-notice")
    write(page, "title1", "冬夜故事会")
    mei.page.on("dialog", lambda dialog: dialog.accept())

    write(page, name, text)

    expect(page.locator(f"#messages-{name}")).to_contain_text(words)
    expect(page.locator("#studio-picture img")).to_be_visible()
    write(page, name, {"title1": "冬夜", "host": "林晓", "url": LINK}[name])
    expect(page.locator(f"#messages-{name} p")).to_have_count(0)


def test_a_picture_s_focus_is_dragged(mei: Visitor) -> None:
    """The mouse and the arrow keys move the focus, and the poster follows."""
    page = mei.open("/posters/product-card")
    mei.page.on("dialog", lambda dialog: dialog.accept())
    with page.expect_response(re.compile("/sketch$")):
        page.set_input_files(
            "[name='poster-upload.hero']",
            {"name": "halves.png", "mimeType": "image/png", "buffer": two_halves()},
        )
    pad = page.locator("[data-focus-pad]")
    expect(pad.locator("img")).to_have_js_property("naturalWidth", 2400)
    # The messages beside the fields change with the poster, and move what is below them.
    settled(page)
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box

    painted: list[Response] = []
    # Playwright takes no built-in function.
    page.on("response", lambda answer: painted.append(answer))  # noqa: PLW0108

    def drag(share: float) -> Image.Image:
        middle = box["y"] + box["height"] / 2
        painted.clear()
        page.mouse.move(box["x"] + box["width"] / 2, middle)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * share, middle, steps=4)
        page.mouse.up()
        focus = {"poster-focus-x.hero": page.input_value("[name='poster-focus-x.hero']")}
        while not any(is_sketch(answer, **focus) for answer in painted):
            page.wait_for_event("response")
        settled(page)
        return shown(page)

    left, right = drag(0.02), drag(0.98)
    assert difference(left, right) > 20
    assert int(page.input_value("[name='poster-focus-x.hero']")) > 90

    with page.expect_response(re.compile("/sketch$")):
        for _ in range(10):
            pad.press("Shift+ArrowLeft")
    assert page.input_value("[name='poster-focus-x.hero']") == "0"


def test_a_poster_becomes_an_entry_on_the_board(mei: Visitor) -> None:
    """A poster is saved in a slot, shown on the board and edited in the studio again."""
    page = mei.open("/posters/quote")
    write(page, "text", "慢慢来，比较快。")
    page.select_option("[name=place]", "baby-benefits|晚间")
    page.select_option("[name=day]", "sat")
    page.get_by_role("button", name="存为草稿").click()
    expect(page.get_by_text("已存为“母婴品牌福利群”的草稿。")).to_be_visible()

    mei.open(f"/calendars/baby-benefits?week={WEEK}")
    page.locator("[data-day=sat][data-slot=晚间]").get_by_role(
        "link", name="慢慢来，比较快。"
    ).click()
    page.get_by_role("link", name="在海报工坊中打开").click()
    write(page, "text", "先人后事。")
    page.get_by_role("button", name="用到排期里").click()
    expect(page.get_by_text("排期已用上这张海报。")).to_be_visible()

    with mei.site.runtime.database.read() as session:
        entry = session.scalars(select(Entry).where(Entry.title == "慢慢来，比较快。")).one()
    assert entry.poster == {"template": "quote", "fields": {"text": "先人后事。"}}


def test_text_typed_before_the_page_is_ready_is_painted(mei: Visitor) -> None:
    """Text typed before the page's script has loaded appears on the poster."""
    page, held = mei.page, list[Route]()
    page.route("**/js/studio.js", lambda route: held.append(route))  # noqa: PLW0108 - it takes no built-in
    with page.expect_request("**/js/studio.js"):
        page.goto(f"{mei.site.url}/posters/quote", wait_until="commit")
    page.fill(field(page, "text"), "先人后事。")

    with page.expect_response(re.compile("/sketch$")) as answered:
        for route in held:
            route.continue_()

    sent = parse_qs(answered.value.request.post_data or "")
    assert sent["poster-field.text"] == ["先人后事。"]
    settled(page)


def test_a_poster_survives_a_closed_page(mei: Visitor) -> None:
    """Unsaved values are offered again, including the picture."""
    page = mei.open("/posters/quote")
    mei.page.on("dialog", lambda dialog: dialog.accept())
    write(page, "text", "还没下载的一句话")

    mei.open("/help")
    mei.open("/posters/quote")
    with page.expect_response(re.compile("/sketch$")):
        page.get_by_role("button", name="恢复").click()

    expect(page.locator(field(page, "text"))).to_have_value("还没下载的一句话")


def test_the_studio_on_a_phone(mei_on_phone: Visitor) -> None:
    """The page is not wider than the screen, and a small poster stays visible while typing."""
    page = mei_on_phone.open("/posters/live-notice")
    mei_on_phone.page.on("dialog", lambda dialog: dialog.accept())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page.locator(field(page, "points")).scroll_into_view_if_needed()
    expect(page.get_by_role("button", name="回到海报")).to_be_visible()
    write(page, "points", "一个看点")
    page.get_by_role("button", name="回到海报").click()

    expect(page.get_by_role("button", name="回到海报")).to_be_hidden()
    mei_on_phone.open("/posters/")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
