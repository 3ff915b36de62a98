"""Unsaved text in a real browser: however a save fails, the text is offered again."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from sqlalchemy import delete, update

from contentsvc.db.models import Calendar, Entry, SessionRow
from contentsvc.services.poster_batches.making import BatchMaker
from tests.acceptance.running import TEST_SECONDS
from tests.acceptance.visitor import PASSWORD, Visitor, delivery_in_doubt, entry_at

pytestmark = [pytest.mark.browser, pytest.mark.timeout(TEST_SECONDS)]

#: The entry is approved, so the button and the toast also tell what still goes out.
_SAVE = "button[name=action][value=save]"
_SAVED = re.compile("^已保存")
_BANNER = "[data-draft-banner] .note"
_TITLE = "[name=title]"
_TYPED = "还没保存的标题"
#: A cell of the sample week that has room for new entries.
_NEW = "/calendars/baby-benefits/entries/new?week=2026-W48&day=sun&slot="


def _leave(page: Page) -> None:
    """Let the page be left although it has unsaved text."""
    page.on("dialog", lambda dialog: dialog.accept())


def _at_post(page: Page, act: Callable[[Route], None]) -> None:
    """Handle the request that saves the form by *act*; all other requests reach the server."""

    def handle(route: Route) -> None:
        if route.request.method == "POST" and route.request.is_navigation_request():
            act(route)
        else:
            route.continue_()

    page.route("**/*", handle)


def _press_offline(mei: Visitor, button: Locator) -> None:
    """Save a form while the browser has no network: the page stays and says so."""
    mei.context.set_offline(True)
    button.click()
    expect(mei.page.locator("[data-toast]", has_text="服务器").first).to_be_visible()
    mei.context.set_offline(False)


def _press_signed_out(mei: Visitor, button: Locator) -> None:
    """Save a form after somebody else has ended the session, and sign in again."""
    _end_session(mei)
    mei.submit(button)
    _sign_in_again(mei)


def _end_session(mei: Visitor) -> None:
    with mei.site.runtime.database.write() as session:
        session.execute(delete(SessionRow))


def _sign_in_again(mei: Visitor) -> None:
    expect(mei.page.get_by_role("status").first).to_contain_text("还在这个浏览器里")
    mei.page.fill("[name=name]", "mei")
    mei.page.fill("[name=password]", PASSWORD)
    mei.submit(mei.page.locator("form[action='/sign-in'] button"))


def _offline(mei: Visitor) -> None:
    _press_offline(mei, mei.page.locator(_SAVE))
    expect(mei.page.locator(_TITLE)).to_have_value(_TYPED)


def _refused_connection(mei: Visitor) -> None:
    """Save while the service restarts."""
    _at_post(mei.page, lambda route: route.abort("connectionrefused"))
    mei.page.locator(_SAVE).click()
    mei.page.wait_for_url("chrome-error://**")


def _bad_gateway(mei: Visitor) -> None:
    """Save while the proxy cannot reach the service: its page is not one of ours."""
    page = "<!doctype html><h1>502 Bad Gateway</h1>"
    _at_post(mei.page, lambda route: route.fulfill(status=502, content_type="text/html", body=page))
    mei.submit(mei.page.locator(_SAVE))
    expect(mei.page.get_by_role("heading")).to_have_text("502 Bad Gateway")


def _friendly_gateway(mei: Visitor) -> None:
    """Save while the proxy shows its waiting page with status 200."""
    page = "<!doctype html><h1>Maintenance</h1>"
    _at_post(mei.page, lambda route: route.fulfill(status=200, content_type="text/html", body=page))
    mei.submit(mei.page.locator(_SAVE))
    expect(mei.page.get_by_role("heading")).to_have_text("Maintenance")


def _signed_out(mei: Visitor) -> None:
    _press_signed_out(mei, mei.page.locator(_SAVE))


def _expired(mei: Visitor) -> None:
    """Save when the session's cookie is gone: the form's token no longer fits."""
    mei.context.clear_cookies(name="contentsvc")
    mei.submit(mei.page.locator(_SAVE))
    expect(mei.page.get_by_role("heading", name="操作没有成功")).to_be_visible()
    mei.sign_in()


def _failed(mei: Visitor) -> None:
    """Save while the server fails."""
    with mei.site.runtime.database.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE entries RENAME TO entries_away")
    mei.submit(mei.page.locator(_SAVE))
    expect(mei.page.locator(_TITLE)).to_have_count(0)
    with mei.site.runtime.database.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE entries_away RENAME TO entries")


_WAYS = {
    "offline": _offline,
    "the service restarts": _refused_connection,
    "a proxy's error": _bad_gateway,
    "a proxy's page": _friendly_gateway,
    "signed out": _signed_out,
    "an expired form": _expired,
    "a failing server": _failed,
}


@pytest.mark.parametrize("address", ["edit", _NEW + "早安"], ids=["an entry", "a new entry"])
@pytest.mark.parametrize("fail", _WAYS.values(), ids=_WAYS.keys())
def test_text_that_was_not_saved_is_offered_again(
    mei: Visitor, fail: Callable[[Visitor], None], address: str
) -> None:
    """Pages that open after the failure do not delete the draft; saving it does."""
    if address == "edit":
        address = f"/entries/{entry_at(mei, day='sun', slot='早安').id}"
    page = mei.open(address)
    _leave(page)
    page.fill(_TITLE, _TYPED)

    fail(mei)
    page.unroute_all()
    _expect_no_more_than_the_failure(mei)
    mei.open("/help")
    mei.open(address)

    page.get_by_role("button", name="恢复").click()
    expect(page.locator(_TITLE)).to_have_value(_TYPED)
    mei.submit(page.locator(_SAVE))
    expect(page.get_by_text(_SAVED)).to_be_visible()
    mei.open(address)
    expect(page.locator(_TITLE)).to_be_visible()
    expect(page.locator(_BANNER)).to_have_count(0)


def _expect_no_more_than_the_failure(mei: Visitor) -> None:
    """Forget what the browser logs about the failed request, and about no other."""
    expected = re.compile(
        r"console: .*(Failed to load resource|htmx:sendError)|error: Failed to fetch"
    )
    mei.faults[:] = [fault for fault in mei.faults if not expected.match(fault)]


def test_a_response_that_gets_lost_keeps_the_text(mei: Visitor) -> None:
    """The server has saved, but the browser does not know: the draft stays until it does."""
    entry = entry_at(mei, day="sun", slot="早安")
    page = mei.open(f"/entries/{entry.id}")
    _leave(page)
    page.fill(_TITLE, _TYPED)

    def lose(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort("connectionreset")

    _at_post(page, lose)
    page.locator(_SAVE).click()
    page.wait_for_url("chrome-error://**")
    page.unroute_all()
    _expect_no_more_than_the_failure(mei)
    mei.open(f"/entries/{entry.id}")

    expect(page.locator(_TITLE)).to_have_value(_TYPED)
    expect(page.locator(_BANNER)).to_have_count(0)


def test_every_tab_and_every_cell_has_a_draft_of_its_own(mei: Visitor) -> None:
    """Two new entries of one cell are both offered, and only in their cell."""
    first = mei.open(_NEW + "早安")
    second = mei.context.new_page()
    mei.watch(second)
    for page in (first, second):
        _leave(page)
    second.goto(first.url)
    first.fill(_TITLE, "第一个标签页")
    second.fill(_TITLE, "第二个标签页")
    second.close()

    page = mei.open(_NEW + "晚间")
    expect(page.locator(_TITLE)).to_be_visible()
    expect(page.locator(_BANNER)).to_have_count(0)
    mei.open(_NEW + "早安")

    expect(page.locator(_BANNER)).to_have_count(2)
    expect(page.locator(_BANNER)).to_contain_text(["第一个标签页", "第二个标签页"])
    page.locator(_BANNER).filter(has_text="第一个标签页").get_by_role("button", name="恢复").click()
    expect(page.locator(_TITLE)).to_have_value("第一个标签页")
    mei.submit(page.locator(_SAVE))
    expect(page.get_by_text(_SAVED)).to_be_visible()
    mei.open(_NEW + "早安")
    expect(page.locator(_BANNER)).to_have_count(1)
    page.get_by_role("button", name="丢弃").click()
    mei.open(_NEW + "早安")
    expect(page.locator(_TITLE)).to_be_visible()
    expect(page.locator(_BANNER)).to_have_count(0)


def test_a_restored_draft_does_not_overwrite_a_newer_text(mei: Visitor) -> None:
    """If somebody has saved since the draft began, saving it shows both texts."""
    entry = entry_at(mei, day="sun", slot="早安")
    page = mei.open(f"/entries/{entry.id}")
    _leave(page)
    page.fill(_TITLE, _TYPED)
    mei.open("/help")
    other = mei.context.new_page()
    mei.watch(other)
    other.goto(f"{mei.site.url}/entries/{entry.id}")
    other.fill(_TITLE, "同事的标题")
    other.locator(_SAVE).click()
    expect(other.get_by_text(_SAVED)).to_be_visible()

    # Restored, left and restored again, it is still based on the older text.
    for _ in range(2):
        mei.open(f"/entries/{entry.id}")
        page.get_by_role("button", name="恢复").click()
    mei.submit(page.locator(_SAVE))

    expect(page.get_by_role("heading", name="刚才有人保存了别的内容")).to_be_visible()
    expect(page.locator(".compare pre").first).to_have_text("同事的标题")


def test_the_text_of_a_refused_new_entry_is_kept(mei: Visitor) -> None:
    """The slot went away meanwhile: the form comes back with its text and words at the field."""
    page = mei.open(_NEW + "早安")
    _leave(page)
    page.fill(_TITLE, _TYPED)
    with mei.site.runtime.database.write() as session:
        session.execute(delete(Entry).where(Entry.slot == "早安"))
        session.execute(update(Calendar).values(slots=[["晚间", "20:00"]]))

    mei.submit(page.locator(_SAVE))

    expect(page.locator(_TITLE)).to_have_value(_TYPED)
    expect(page.locator(".field", has=page.locator("[name=slot]"))).to_contain_text("早安")
    mei.open(_NEW + "早安")
    page.get_by_role("button", name="恢复").click()
    expect(page.locator(_TITLE)).to_have_value(_TYPED)


def test_a_browser_without_room_says_so(mei: Visitor) -> None:
    """A draft that cannot be stored is told once, where a person looks."""
    page = mei.open(_NEW + "早安")
    _leave(page)
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full'); }; }")

    page.locator(_TITLE).press_sequentially("两个字")

    expect(page.locator("[data-toast]")).to_have_count(1)
    expect(page.locator("[data-toast]")).to_contain_text("浏览器")


def test_a_move_that_was_not_stored_says_so(mei: Visitor) -> None:
    """A card stays where it was, and a toast says that nothing was changed."""
    page = mei.open("/calendars/baby-benefits?week=2026-W48")
    card = page.locator(".card-entry:not([data-locked])").first
    before = entry_at(mei, id=card.get_attribute("data-entry") or "")
    mei.context.set_offline(True)

    card.locator(".card-title").focus()
    page.keyboard.press("m")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")

    expect(page.locator("[data-toast]")).to_contain_text("没有改动")
    mei.context.set_offline(False)
    _expect_no_more_than_the_failure(mei)
    after = entry_at(mei, id=str(before.id))
    assert (after.day, after.slot, after.rev) == (before.day, before.slot, before.rev)


_OTHER_FORMS = {
    "a new calendar": ("/new-calendar", "name", "没保存的周历"),
    "a calendar": ("/calendars/baby-benefits/edit", "name", "没保存的周历"),
    "a channel": ("/new-channel/site", "name", "not-saved"),
}


@pytest.mark.parametrize(
    ("address", "field", "typed"), _OTHER_FORMS.values(), ids=_OTHER_FORMS.keys()
)
def test_other_forms_keep_their_text_too(
    mei: Visitor, address: str, field: str, typed: str
) -> None:
    """The settings of calendars and channels are offered again after a failed save."""
    page = mei.open(address)
    page.fill(f"main [name={field}]", typed)
    if page.locator("main [name=slug]").count():
        page.fill("main [name=slug]", "not-saved")
        page.fill("main [name=slots]", "早安 08:30")
    _at_post(page, lambda route: route.abort("connectionrefused"))
    page.locator("main form.panel button.btn-primary").first.click()
    page.wait_for_url("chrome-error://**")
    page.unroute_all()
    _expect_no_more_than_the_failure(mei)

    mei.open("/help")
    mei.open(address)
    page.get_by_role("button", name="恢复").click()

    expect(page.locator(f"main [name={field}]")).to_have_value(typed)


#: A table for the template `invite` whose second row has no link to open.
_ROWS = "主标题\t昵称\t链接\n一起来\t小满\thttps://e.com/1\n一起来\t果果\tnowhere"


def _new_batch(mei: Visitor) -> str:
    return f"{mei.site.url}/posters/batches/new/invite"


def _draft_batch(mei: Visitor) -> str:
    """Create a batch and return the address of its columns."""
    page = mei.open("/posters/batches/new/invite")
    page.locator("details.paste summary").click()
    page.fill("#f-pasted", _ROWS)
    mei.submit(page.locator("form.batch-new .btn-primary"))
    return page.url


def _failed_batch(mei: Visitor) -> str:
    """Make the posters of a batch and return the address of its results, with a failed row."""
    _draft_batch(mei)
    mei.submit(mei.page.locator("form#columns .save-bar button"))
    BatchMaker(mei.site.runtime).make(*mei.site.queue.batches.pop())
    return mei.page.url


def _unknown(mei: Visitor) -> str:
    return f"{mei.site.url}/deliveries/{delivery_in_doubt(mei).id}"


#: How to reach each form: its address, a field, and the button that saves it.
_SMALL_FORMS = {
    "a table for posters": (_new_batch, "#f-pasted", "form.batch-new .btn-primary"),
    "a row that failed": (_failed_batch, "[name='cell.3.url']", ".mend-form .btn-primary"),
    "an unknown outcome": (_unknown, "[name=url]", ".resolve button[value=out]"),
    "a pause": (
        lambda mei: f"{mei.site.url}/channels/site",
        "[name=reason]",
        "form[action$='/pause'] button",
    ),
    "a pause of everything": (
        lambda mei: f"{mei.site.url}/system/",
        "[name=reason]",
        "form[action$='/pause'] button",
    ),
}
_TYPED_IN = {"#f-pasted": _ROWS}


@pytest.mark.parametrize("fail", [_press_offline, _press_signed_out])
@pytest.mark.parametrize("form", _SMALL_FORMS.values(), ids=_SMALL_FORMS.keys())
def test_small_forms_keep_their_text_too(
    mei: Visitor,
    form: tuple[Callable[[Visitor], str], str, str],
    fail: Callable[[Visitor, Locator], None],
) -> None:
    """The text is offered until the server has it, and then no copy is left in the browser."""
    reach, field, button = form
    address, typed = reach(mei), _TYPED_IN.get(field, "https://e.com/still-typed")
    page = mei.page
    page.goto(address)
    _unfold(page)
    page.fill(field, typed)

    fail(mei, page.locator(button))
    _expect_no_more_than_the_failure(mei)
    mei.open("/help")
    page.goto(address)
    page.get_by_role("button", name="恢复").click()

    expect(page.locator(field)).to_be_visible()
    expect(page.locator(field)).to_have_value(typed)
    mei.submit(page.locator(button))
    _expect_no_draft(page)


def _unfold(page: Page) -> None:
    page.eval_on_selector_all("main details", "folds => folds.forEach(fold => fold.open = true)")


def _expect_no_draft(page: Page) -> None:
    """Wait until the browser stores no text any more."""
    page.wait_for_function(
        "() => !Object.keys(localStorage).some((name) => name.startsWith('draft:'))"
    )


def _proof_offline(mei: Visitor, field: Locator) -> None:
    mei.context.set_offline(True)
    field.fill("大家都来")
    expect(mei.page.locator("[data-toast]")).to_contain_text("没有改动")
    mei.context.set_offline(False)


def _proof_signed_out(mei: Visitor, field: Locator) -> None:
    _end_session(mei)
    field.fill("大家都来")
    mei.page.wait_for_url("**/sign-in**")
    _sign_in_again(mei)


@pytest.mark.parametrize("fail", [_proof_offline, _proof_signed_out])
def test_a_form_that_saves_itself_keeps_its_text(
    mei: Visitor, fail: Callable[[Visitor, Locator], None]
) -> None:
    """A text for every row is offered until the server has it; starting leaves no copy."""
    address, page = _draft_batch(mei), mei.page
    text = page.locator("[name='fixed.subtitle']")
    _unfold(page)

    fail(mei, text)
    _expect_no_more_than_the_failure(mei)
    page.goto(address)
    with page.expect_response(lambda answer: answer.url.endswith("/columns") and answer.ok):
        page.get_by_role("button", name="恢复").click()

    expect(text).to_be_visible()
    page.goto(address)
    expect(text).to_have_value("大家都来")
    expect(page.locator(_BANNER)).to_have_count(0)
    _expect_no_draft(page)


def test_a_secret_is_never_stored(mei: Visitor) -> None:
    """The address of a channel survives a failed save, its secret does not."""
    page = mei.open("/new-channel/webhook")
    page.fill("[name=name]", "shop")
    page.fill("[name=url]", "https://shop.example/hook")
    page.fill("[name=secret]", "whsec_c2VjcmV0LXNlY3JldA")

    _press_offline(mei, page.locator("main form.panel button.btn-primary").first)

    stored = page.evaluate("() => JSON.stringify(localStorage)")
    assert "https://shop.example/hook" in stored
    assert "whsec" not in stored
    mei.open("/new-channel/webhook")
    page.get_by_role("button", name="恢复").click()
    expect(page.locator("[name=url]")).to_have_value("https://shop.example/hook")
    expect(page.locator("[name=secret]")).to_have_value("")
