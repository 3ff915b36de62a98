"""Invitations for every member, from a table to a ZIP, in a real browser."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, Response, Route, expect

from contentsvc.posters import FILE_COLUMN
from contentsvc.services.poster_batches.making import BatchMaker
from tests.acceptance.running import TEST_SECONDS
from tests.acceptance.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(TEST_SECONDS)]

_NAMES = (
    *("小满妈妈", "果果妈", "糖豆妈妈", "阿芷", "林晓", "安安爸爸"),
    *("桃子", "米粒妈", "可可", "图图妈妈", "朵朵", "豆包妈妈"),
)
#: The faulty rows of the table: an invalid link, and no title.
_BAD = {7: "专属链接", 11: "主标题"}


def _table(folder: Path) -> Path:
    """Write a table as Excel saves it: a heading over merged cells, titles, twelve members."""
    rows = [["双12 邀请名单", "", "", ""], ["昵称", "邀请码", "专属链接", "主标题"]]
    for number, name in enumerate(_NAMES):
        line = len(rows) + 1
        link = "nowhere" if line == 7 else f"https://example.com/i/NY{2600 + number}"
        rows.append([name, f"NY{2600 + number}", link, "" if line == 11 else "一起进群领福利"])
    path = folder / "会员.csv"
    with path.open("w", encoding="gbk", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


class _Worker:
    """Works off what the page handed to the queue, row by row where a test asks for it."""

    def __init__(self, visitor: Visitor) -> None:
        self._queue = visitor.site.queue
        self._maker = BatchMaker(visitor.site.runtime)

    def row(self) -> None:
        """Make one row, as a worker does for which a delivery waits."""
        self._queue.renders.append(0)
        self._maker.make(*self._queue.batches.pop())
        self._queue.renders.clear()

    def rest(self) -> None:
        """Make all that is left."""
        while self._queue.batches:
            self._maker.make(*self._queue.batches.pop())


def _download(page: Page) -> dict[str, bytes]:
    """Download the ZIP of the page, and return its files by name."""
    with page.expect_download() as download:
        page.get_by_role("link", name="下载").first.click()
    assert download.value.suggested_filename == "会员.zip"
    with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _code(data: bytes) -> str:
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(data)))
    return code.text


def test_a_table_becomes_invitations(mei: Visitor, tmp_path: Path) -> None:
    """A batch is created, proofread, rendered and downloaded; its failed rows are corrected."""
    page = mei.open("/")
    page.get_by_role("link", name="海报", exact=True).click()
    page.get_by_role("link", name="海报", exact=True).click()
    page.get_by_role("link", name="批量海报").click()
    page.get_by_role("link", name="选模板").click()
    page.get_by_role("link", name="邀请海报").click()
    page.set_input_files("#f-table", _table(tmp_path))
    page.get_by_role("button", name="下一步").click()

    expect(page.locator(".first-posters img")).to_have_count(3)
    expect(page.get_by_text("10 行可以做成海报")).to_be_visible()
    told = page.locator("#proof tbody tr")
    expect(told).to_have_count(2)
    assert [row.locator("td").first.inner_text() for row in told.all()] == ["7", "11"]
    for picture in page.locator(".first-posters img").all():
        expect(picture).to_have_js_property("naturalWidth", 720)

    page.get_by_role("button", name="开始制作").click()
    page.wait_for_url("**/run")
    worker = _Worker(mei)
    worker.row()
    expect(page.locator(".progress-figure")).to_have_text("1 / 12")
    page.reload()
    expect(page.locator(".progress-figure")).to_have_text("1 / 12")
    worker.rest()
    expect(page.get_by_text("已完成")).to_be_visible()

    files = _download(page)
    good = [name for row, name in enumerate(_NAMES, 3) if row not in _BAD]
    assert list(files) == [*(f"{name}.jpg" for name in good), "report.csv"]
    for name in good:
        assert _code(files[f"{name}.jpg"]) == f"https://example.com/i/NY{2600 + _NAMES.index(name)}"
    report = list(csv.DictReader(io.StringIO(files["report.csv"].decode("utf-8-sig"))))
    assert [row["行号"] for row in report if row["状态"] == "失败"] == ["7", "11"]
    assert report[0]["邀请码"] == "NY2600"

    page.get_by_role("group", name="第 7 行").get_by_label("分享人链接").fill(
        "https://example.com/i/NY2604"
    )
    page.get_by_role("group", name="第 11 行").get_by_label("主标题").fill("一起进群领福利")
    mei.submit(page.get_by_role("button", name="保存并重做这些行"))
    worker.rest()
    expect(page.get_by_text("已完成")).to_be_visible()
    expect(page.locator("#failed")).to_have_count(0)
    files = _download(page)
    codes = [_code(files[f"{name}.jpg"]) for name in _NAMES]
    assert codes == [f"https://example.com/i/NY{2600 + number}" for number in range(12)]


def _chosen(answer: Response) -> list[str]:
    """Return the column for the file names in the request for a new proof."""
    if not answer.url.endswith("/columns"):
        return []
    return parse_qs(answer.request.post_data or "").get(f"column.{FILE_COLUMN}", [])


def test_columns_are_chosen_and_seen_at_once(mei: Visitor) -> None:
    """A value for all rows is typed once, and the warnings disappear while it is typed."""
    page = mei.open("/posters/batches/new/invite")
    page.get_by_text("或从表格里粘贴").click()
    page.fill("#f-pasted", "谁\t去哪里\n小满\thttps://e.com/1\n果果\thttps://e.com/2")
    page.get_by_role("button", name="下一步").click()
    expect(page.get_by_text("每一行都缺：主标题")).to_be_visible()

    page.get_by_label("主标题（每行相同）").fill("一起进群")

    expect(page.get_by_text("2 行可以做成海报")).to_be_visible()
    expect(page.get_by_text("每一行都缺")).to_have_count(0)
    # Leaving the field also requests a proof; wait for the proof with the chosen column.
    with page.expect_response(lambda answer: _chosen(answer) == ["0"]):
        page.get_by_label("文件名").select_option("0")
    with page.expect_navigation():
        page.get_by_label("主标题（每行相同）").press("Enter")
    expect(page.get_by_label("文件名")).to_have_value("0")
    expect(page.get_by_label("主标题（每行相同）")).to_have_value("一起进群")


def test_what_is_chosen_before_the_page_is_ready_is_seen(mei: Visitor) -> None:
    """On a slow line somebody fills in the columns while the page's scripts are on their way."""
    page, held = mei.open("/posters/batches/new/invite"), list[Route]()
    page.get_by_text("或从表格里粘贴").click()
    page.fill("#f-pasted", "谁\t去哪里\n小满\thttps://e.com/1\n果果\thttps://e.com/2")
    page.route("**/js/app.js", lambda route: held.append(route))  # noqa: PLW0108 - it takes no built-in
    with page.expect_request("**/js/app.js"):
        page.get_by_role("button", name="下一步").click(no_wait_after=True)
    page.get_by_label("文件名").select_option("0")
    page.get_by_label("主标题（每行相同）").fill("一起进群")

    with page.expect_response(lambda answer: _chosen(answer) == ["0"]):
        for route in held:
            route.continue_()

    expect(page.get_by_text("2 行可以做成海报")).to_be_visible()
    expect(page.get_by_text("每一行都缺")).to_have_count(0)


def test_a_batch_is_made_on_a_phone(mei_on_phone: Visitor, tmp_path: Path) -> None:
    """No page of a batch is wider than the phone."""
    page = mei_on_phone.open("/posters/batches/new")
    wide = "document.documentElement.scrollWidth > innerWidth"
    assert not page.evaluate(wide)
    # A page without its stylesheets is wider: wait until it has loaded.
    mei_on_phone.submit(page.get_by_role("link", name="邀请海报"))
    assert not page.evaluate(wide)
    page.set_input_files("#f-table", _table(tmp_path))
    mei_on_phone.submit(page.get_by_role("button", name="下一步"))
    expect(page.locator(".first-posters img")).to_have_count(3)
    assert not page.evaluate(wide)
    mei_on_phone.submit(page.get_by_role("button", name="开始制作"))
    page.wait_for_url("**/run")
    assert not page.evaluate(wide)
    _Worker(mei_on_phone).rest()
    expect(page.get_by_text("已完成")).to_be_visible()
    assert not page.evaluate(wide)
