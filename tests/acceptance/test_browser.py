"""The pages in a real browser: no request leaves the machine, nothing is said to the console."""

from __future__ import annotations

import http.client
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Page, expect

from contentsvc.services import accounts
from tests.acceptance.running import TEST_SECONDS
from tests.acceptance.visitor import PASSWORD, WEEK, Site, Visitor, entry_at

pytestmark = [pytest.mark.browser, pytest.mark.timeout(TEST_SECONDS)]

BOARD = f"/calendars/baby-benefits?week={WEEK}"
PICTURE = Path(__file__).parents[2] / "docs/board.png"
PAGES = (
    "/calendars/",
    "/new-calendar",
    "/calendars/baby-benefits/edit",
    f"/calendars/baby-benefits/copy?week={WEEK.plus(1)}",
    "/channels/",
    "/channels/site",
    "/new-channel/webhook",
    "/deliveries/",
    "/deliveries/1",
    "/plugins/",
    "/system/",
    "/help",
    "/users",
    "/account",
)


def _cell(day: str, slot: str) -> str:
    return f"[data-cell][data-day={day}][data-slot='{slot}']"


def _tab(visitor: Visitor, path: str) -> Page:
    """Return a new tab, watched for faults, with a page of the application."""
    tab = visitor.context.new_page()
    visitor.watch(tab)
    tab.goto(visitor.site.url + path)
    return tab


@contextmanager
def _moved(page: Page) -> Iterator[None]:
    with page.expect_response(lambda answer: answer.url.endswith("/move")):
        yield


def test_the_first_admin_begins_by_the_printed_link(newcomer: Visitor) -> None:
    """The link opens a form, and the form leads to the page with the ways to begin."""
    runtime = newcomer.site.runtime
    with runtime.database.write() as session:
        token = accounts.make_link(session, now=runtime.clock())
    page = newcomer.open(f"/sign-in/{token}")

    page.fill("[name=name]", "lin")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=repeated]", PASSWORD)
    page.get_by_role("button", name="开始使用").click()

    expect(page.get_by_role("heading", name="三种开始方式")).to_be_visible()
    expect(page.get_by_text("欢迎，lin。")).to_be_visible()


def test_the_board_of_the_sample_week(mei: Visitor) -> None:
    """The board shows the sample week as the picture in the README does."""
    page = mei.open(BOARD)
    expect(page.locator(".card-entry")).not_to_have_count(0)
    expect(page.locator(".state-published")).not_to_have_count(0)
    taken = page.screenshot(animations="disabled")

    if os.environ.get("CONTENTSVC_TEST_PICTURES") or not PICTURE.exists():
        PICTURE.write_bytes(taken)

    shown, kept = (Image.open(source).convert("L") for source in (io.BytesIO(taken), PICTURE))
    assert shown.size == kept.size
    # Another machine draws letters a little differently; another page would differ far more.
    assert ImageStat.Stat(ImageChops.difference(shown, kept)).mean[0] < 12


def test_a_card_is_dragged_and_the_move_undone(mei: Visitor) -> None:
    """A drop moves the entry, the toast undoes the move, and a drop on the past is refused."""
    page = mei.open(BOARD)
    entry = entry_at(mei, day="sun", slot="早安")
    card = page.locator(f"#entry-{entry.id}")

    def drag(target: str) -> None:
        card.hover(position={"x": 60, "y": 30})
        page.mouse.down()
        box = page.locator(target).bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 60, box["y"] + 40, steps=8)
        page.mouse.up()

    with _moved(page):
        drag(_cell("sat", "午间"))
    expect(page.locator(f"{_cell('sat', '午间')} #entry-{entry.id}")).to_be_visible()
    expect(page.get_by_text("已移到 周六 12:00")).to_be_visible()
    expect(card.locator(".card-title")).to_be_focused()

    with _moved(page):
        page.get_by_role("button", name="撤销").click()
    expect(page.locator(f"{_cell('sun', '早安')} #entry-{entry.id}")).to_be_visible()

    drag(_cell("mon", "早安"))
    expect(page.locator("#announcer")).to_contain_text("已过去")
    assert entry_at(mei, day="sun", slot="早安").id == entry.id


def test_a_card_is_moved_by_keyboard_alone(mei: Visitor) -> None:
    """M picks up, arrows choose, Enter drops, Z undoes, Esc cancels; each step is announced."""
    page = mei.open(BOARD)
    entry = entry_at(mei, day="sun", slot="早安")
    title = page.locator(f"#entry-{entry.id} .card-title")
    said = page.locator("#announcer")

    title.focus()
    page.keyboard.press("m")
    expect(said).to_contain_text("已拿起")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    expect(said).to_have_text("周六 12:00 午间")
    with _moved(page):
        page.keyboard.press("Enter")
    expect(page.locator(f"{_cell('sat', '午间')} #entry-{entry.id}")).to_be_visible()

    with _moved(page):
        page.keyboard.press("z")
    expect(page.locator(f"{_cell('sun', '早安')} #entry-{entry.id}")).to_be_visible()

    title.focus()
    page.keyboard.press("m")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    expect(said).to_have_text("保持原位。")
    assert entry_at(mei, day="sun", slot="早安").id == entry.id


def test_escape_leads_back_to_the_card(mei: Visitor) -> None:
    """From the dialog and from the entry's page, the card has the focus again."""
    page = mei.open(BOARD)
    entry = entry_at(mei, day="sun", slot="早安")
    card = page.locator(f"#entry-{entry.id}")
    title = card.locator(".card-title")

    card.locator(".card-menu summary").click()
    card.locator("[data-dialog]").click()
    expect(page.locator("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    expect(title).to_be_focused()

    page.keyboard.press("Enter")
    expect(page.locator("#entry-form")).to_be_visible()
    expect(page.locator("#preview .rendition")).not_to_have_count(0)
    page.focus("[name=title]")
    page.keyboard.press("Escape")
    expect(title).to_be_focused()
    assert entry_at(mei, day="sun", slot="早安").rev == entry.rev


def test_escape_leaves_no_unsaved_text(mei: Visitor) -> None:
    """In a field with unsaved text, Escape leads out of the field, not off the page."""
    entry = entry_at(mei, day="sun", slot="早安")
    page = mei.open(f"/entries/{entry.id}")
    expect(page.locator("#preview .rendition")).not_to_have_count(0)
    title = page.locator("[name=title]")
    title.fill("还没写完")

    page.keyboard.press("Escape")

    expect(title).not_to_be_focused()
    expect(title).to_have_value("还没写完")
    assert page.url.endswith(f"/entries/{entry.id}")


def test_n_opens_an_entry_that_can_still_go_out(mei: Visitor) -> None:
    """N opens the form for the slot to which the button leads, also from a card."""
    page = mei.open(BOARD)
    entry = entry_at(mei, day="sun", slot="早安")
    page.locator(f"#entry-{entry.id} .card-title").focus()

    page.keyboard.press("n")

    expect(page.locator("#entry-form")).to_be_visible()
    assert page.locator("[name=day]").input_value() != "mon"  # the site's clock is on a Tuesday


def test_a_card_is_moved_by_its_menu(mei: Visitor) -> None:
    """The dialog of the card's menu moves a card to another day and slot."""
    page = mei.open(BOARD)
    entry = entry_at(mei, day="sun", slot="早安")
    card = page.locator(f"#entry-{entry.id}")

    card.locator(".card-menu summary").click()
    card.get_by_role("link", name="移动到…").click()
    page.locator("dialog [name=day]").select_option("fri")
    page.locator("dialog [name=slot]").select_option("")
    page.locator("dialog [name=time]").fill("22:10")
    with _moved(page):
        page.locator("dialog").get_by_role("button", name="移动").click()

    expect(page.locator(f"[data-day=fri][data-time='22:10'] #entry-{entry.id}")).to_be_visible()


def test_a_phone_lists_the_days(mei_on_phone: Visitor) -> None:
    """A phone shows the days below each other, and no page scrolls sideways."""
    page = mei_on_phone.open(BOARD)

    heads = [page.locator(f".day-head.day-{day}").bounding_box() for day in range(1, 8)]
    tops = [box["y"] for box in heads if box]
    assert tops == sorted(tops)
    assert len(set(tops)) == 7
    for path in (BOARD, f"/entries/{entry_at(mei_on_phone, day='sun', slot='早安').id}", *PAGES):
        mei_on_phone.open(path)
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, path


def test_a_finger_moves_a_card_after_resting_on_it(mei_on_phone: Visitor) -> None:
    """A long press picks a card up; dropped on the head of another day, it keeps its slot."""
    page = mei_on_phone.open(BOARD)
    entry = entry_at(mei_on_phone, day="sun", slot="早安")
    card = page.locator(f"#entry-{entry.id}")
    card.scroll_into_view_if_needed()
    start, end = card.bounding_box(), page.locator(".day-head.day-6").bounding_box()
    assert start is not None
    assert end is not None
    fingers = mei_on_phone.context.new_cdp_session(page)

    def touch(kind: str, x: float, y: float) -> None:
        points = [] if kind == "touchEnd" else [{"x": x, "y": y}]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", start["x"] + 100, start["y"] + 30)
    expect(page.locator(".drag-ghost")).to_be_visible()
    touch("touchMove", end["x"] + 60, end["y"] + 30)
    touch("touchMove", end["x"] + 60, end["y"] + 32)
    with _moved(page):
        touch("touchEnd", 0, 0)

    expect(page.locator(f"{_cell('sat', '早安')} #entry-{entry.id}")).to_be_visible()


def test_a_huge_upload_is_refused_with_a_page(empty_site: Site) -> None:
    """An upload of 100 MB is refused with a page that the sender receives; nothing is stored."""
    address = urlsplit(empty_site.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    block = b"\0" * (1 << 20)

    connection.putrequest("POST", "/uploads")
    connection.putheader("Content-Type", "multipart/form-data; boundary=b")
    connection.putheader("Content-Length", str(100 * len(block)))
    connection.endheaders()
    for _number in range(100):
        connection.send(block)
    answer = connection.getresponse()
    page = answer.read().decode()
    connection.close()

    assert answer.status == 413
    assert "超过 2 MB" in page
    assert not list(empty_site.runtime.storage.folder.rglob("*"))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_is_quiet(mei: Visitor, language: str) -> None:
    """No page calls another host, violates its content policy or logs to the console."""
    page = mei.open("/help")
    if language == "en":
        page.locator(".person summary").click()
        page.get_by_role("button", name="English").click()
    paths = [BOARD, "/entries/1", "/entries/1/move", *PAGES, "/site/"]

    # Open several tabs at once, because each takes half a second without requests to be idle.
    for start in range(0, len(paths), 5):
        tabs = [_tab(mei, path) for path in paths[start : start + 5]]
        for tab in tabs:
            tab.wait_for_load_state("networkidle")
            # The fixture asserts that there were no faults; here, that the page was really there.
            assert tab.title() != ""
            tab.close()
