"""The questions about approved entries and quiet hours, in a real browser."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from contentsvc.db.mapping import content_of
from contentsvc.db.models import Calendar, Correction, Delivery, Entry
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import EntryStatus
from contentsvc.domain.livestreams import Facts
from contentsvc.domain.weeks import IsoWeek, Weekday
from contentsvc.services import entries, planning
from contentsvc.services.entry_lookup import load_entry
from contentsvc.services.planning import Usefulness
from tests.acceptance.running import TEST_SECONDS
from tests.acceptance.visitor import WEEK, Visitor, entry_at

pytestmark = [pytest.mark.browser, pytest.mark.timeout(TEST_SECONDS)]


def _approve(visitor: Visitor, **where: str) -> Entry:
    """Approve an entry of the sample week, and return it."""
    runtime, found = visitor.site.runtime, entry_at(visitor, **where)
    with runtime.database.write() as session:
        entry = load_entry(session, found.id)
        usefulness = Usefulness.of(runtime.config)
        planning.approve(session, entry, by="lan", now=runtime.clock(), usefulness=usefulness)
    return entry


def _statuses(visitor: Visitor, entry: Entry) -> set[DeliveryStatus]:
    with visitor.site.runtime.database.read() as session:
        return {row.status for row in load_entry(session, entry.id).deliveries}


def _fits(page: Page) -> None:
    """Check that nothing is wider than the window."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def _move_the_evening(visitor: Visitor) -> Page:
    """Change the time of the evening slot in the calendar's form, and save."""
    page = visitor.open("/calendars/baby-benefits/edit")
    slots = page.locator("[name=slots]")
    slots.fill(slots.input_value().replace("20:00", "21:00"))
    visitor.submit(page.get_by_role("button", name="保存"))
    return page


def test_a_new_time_of_a_slot_asks_about_approved_entries(mei: Visitor) -> None:
    """The list has both times; kept as approved, the entry is an hour later on its page."""
    entry = _approve(mei, day="sun", slot="晚间")
    page = _move_the_evening(mei)
    question = page.locator("#approved-question")
    expect(question).to_contain_text("尚未保存")
    line = question.locator("li", has_text=entry.title)
    expect(line).to_contain_text("20:00")
    expect(line.locator("strong").first).to_contain_text("21:00")
    expect(page.get_by_role("button", name="保存", exact=True)).to_have_count(0)

    mei.submit(question.get_by_role("button", name="保存，保持通过"))
    page = mei.open(f"/entries/{entry.id}")

    expect(page.locator(".status.entry-approved")).to_be_visible()
    expect(page.locator(".deliveries .num").first).to_contain_text("21:00")


def test_the_question_fits_a_phone(mei_on_phone: Visitor) -> None:
    """Both answers can be reached, and sending back to review cancels the delivery."""
    entry = _approve(mei_on_phone, day="sun", slot="晚间")
    page = _move_the_evening(mei_on_phone)
    _fits(page)
    mei_on_phone.submit(page.get_by_role("button", name="保存，退回审核"))

    assert _statuses(mei_on_phone, entry) == {DeliveryStatus.CANCELLED}


def test_an_edit_says_what_still_goes_out_and_takes_it_back(mei: Visitor) -> None:
    """The button says it before, the toast after; its button stops the approved version."""
    entry = _approve(mei, day="sun", slot="早安")
    page = mei.open(f"/entries/{entry.id}")
    page.fill("[name=title]", "周日清单，改过")
    mei.submit(page.get_by_role("button", name="保存并送审，已通过的版本照常发布"))
    toast = page.locator("[data-toast]", has_text="已通过的版本仍会照常发布")
    expect(toast).to_be_visible()
    assert _statuses(mei, entry) <= {DeliveryStatus.PLANNED, DeliveryStatus.SCHEDULED}

    mei.submit(toast.get_by_role("button", name="改为先不发布"))

    expect(page.get_by_text("已停止发布")).to_be_visible()
    expect(page.locator("[name=title]")).to_have_value("周日清单，改过")
    assert _statuses(mei, entry) == {DeliveryStatus.CANCELLED}


def test_a_deleted_entry_comes_back_and_goes_out(mei: Visitor) -> None:
    """Undoing the deletion says that it is published again, and offers to stop it."""
    entry = _approve(mei, day="sun", slot="早安")
    page = mei.open(f"/entries/{entry.id}")
    mei.submit(page.get_by_role("button", name="删除"))
    mei.submit(page.locator("[data-toast]").get_by_role("button", name="撤销"))
    toast = page.locator("[data-toast]", has_text="按已通过的版本发布")
    expect(toast.get_by_role("button", name="改为先不发布")).to_be_visible()

    assert entry_at(mei, day="sun", slot="早安").status is EntryStatus.APPROVED
    assert _statuses(mei, entry) == {DeliveryStatus.PLANNED}


def _announced_otherwise(visitor: Visitor) -> Entry:
    """Return a livestream of which a notice is out, and that has moved since."""
    runtime, found = visitor.site.runtime, entry_at(visitor, kind="livestream", day="thu")
    usefulness = Usefulness.of(runtime.config)
    with runtime.database.write() as session:
        entry = load_entry(session, found.id)
        planning.approve(session, entry, by="lan", now=runtime.clock(), usefulness=usefulness)
        facts = Facts.of(content_of(entry), entry.starts_at)
        told = replace(facts, link="https://live.example/1", state="tomorrow").to_json()
        session.execute(
            update(Delivery)
            .where(Delivery.entry_id == entry.id, Delivery.notice == "-24h")
            .values(status=DeliveryStatus.PUBLISHED, published_at=runtime.clock(), facts=told)
        )
        # 10:00 is within these hours.
        session.execute(update(Calendar).values(quiet="22:00-10:30"))
    with runtime.database.write() as session:
        entry = load_entry(session, found.id)
        return entries.move_entry(
            session,
            entry.id,
            entry.rev,
            week=IsoWeek.parse(str(WEEK)),
            day=Weekday.SUN,
            slot="晚间",
            time=None,
            by="mei",
            now=runtime.clock(),
            usefulness=usefulness,
        )


@pytest.mark.parametrize(
    ("button", "despite", "wall"),
    [("10:30 后发送", False, "10:30"), ("现在就发，不等免打扰结束", True, "10:00")],
)
def test_a_correction_in_quiet_hours_offers_two_times(
    mei: Visitor, button: str, wall: str, *, despite: bool
) -> None:
    """The form says when the quiet hours end, and sends when the person chooses."""
    entry = _announced_otherwise(mei)
    page = mei.open(f"/entries/{entry.id}/correction")
    expect(page.locator(".correction-form .note")).to_contain_text("10:30 结束")
    mei.submit(page.get_by_role("button", name=button))
    expect(page.locator("[data-toast]", has_text="更正")).to_be_visible()

    with mei.site.runtime.database.read() as session:
        made = session.scalars(select(Entry).join(Correction, Correction.correction_id == Entry.id))
        (correction,) = made.unique().all()
    assert (correction.despite_quiet, (correction.time or "")[:5]) == (despite, wall)
