"""A livestream announced, moved, corrected and cancelled in the real service, in a real browser."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import feedparser
import pytest
from icalendar import Calendar
from playwright.sync_api import Browser, BrowserContext, Page, expect

from contentsvc.domain.weeks import IsoWeek, Weekday
from tests.acceptance.running import PATIENCE, TEST_SECONDS, Service, until
from tests.acceptance.visitor import PASSWORD
from tests.clocks.moving import is_clock_set, zone

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.timeout(TEST_SECONDS)]


def _scope(fixture_name: str, config: pytest.Config) -> Literal["module", "function"]:
    """Share a service among the tests, unless `make clocks` sets its clock back for each test."""
    return "function" if is_clock_set() else "module"


@pytest.fixture(scope=_scope)
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Provide a service that readers reach under its own address."""
    service = Service(tmp_path_factory.mktemp("livestreams") / "service")
    service.settings = {"PUBLIC_URL": service.url, "WORKERS": "1"}
    yield service
    service.clean_up()


@pytest.fixture(scope=_scope)
def admin(_chromium: Browser, service: Service) -> Iterator[BrowserContext]:
    """Start the service and provide the browser of the admin who has just signed in."""
    link = service.start()
    context = _chromium.new_context(
        viewport={"width": 1360, "height": 900}, locale="zh-CN", reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(link)
    page.fill("[name=name]", "mei")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=repeated]", PASSWORD)
    page.get_by_role("button", name="开始使用").click()
    page.wait_for_url(lambda url: "sign-in" not in url)
    if zone().key != "Asia/Shanghai":
        _move_calendar_to_zone(page, service)
    page.close()
    assert faults == []
    yield context
    context.close()


@pytest.fixture
def page(admin: BrowserContext) -> Iterator[Page]:
    """Provide a window of the admin, and fail if a script on it raises an error."""
    faults: list[str] = []
    page = admin.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    page.close()
    assert faults == []


def _move_calendar_to_zone(page: Page, service: Service) -> None:
    """Set the time zone of the sample calendar to the zone under test."""
    page.goto(f"{service.url}/calendars/baby-benefits/edit")
    page.fill("[name=timezone]", zone().key)
    page.locator("main form button.btn-primary").click()
    page.wait_for_url(lambda url: not url.endswith("/edit"))


def _next_hour() -> datetime:
    """Return the whole minute 59 minutes from now, in the zone under test.

    The first notice of a livestream at that time is due already.
    """
    at = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=59)
    return at.astimezone(zone())


def _make(page: Page, service: Service, title: str, starts: datetime) -> int:
    """Create and approve a livestream whose first notice is due; return the entry's id."""
    week = IsoWeek.of(starts.date())
    page.goto(f"{service.url}/calendars/baby-benefits/entries/new?week={week}")
    page.fill("[name=title]", title)
    page.locator("label[for=kind-livestream]").click()
    page.select_option("[name=day]", Weekday.of(starts.date()).value)
    page.select_option("[name=slot]", "")
    page.fill("[name=time]", f"{starts:%H:%M}")
    page.fill("[name='livestream.host']", "林晓 医生")
    page.fill("[name='livestream.url']", "https://live.example.com/winter-skin")
    page.fill("[name='livestream.points']", "红脸蛋怎么分\n面霜用多少才够")
    page.fill("[name=notices]", "-60m, -10m, 0m, +90m")
    page.locator("[name=notices]").blur()
    page.locator("[data-notice='-10m'] summary").first.click()
    page.fill("[name='notice.-10m.title']", "最后十分钟，来占座")
    page.select_option("[name='poster.template']", "live-notice")
    page.fill("[name='poster-field.title1']", "宝宝冬季护肤")
    page.get_by_role("button", name="通过", exact=True).click()
    expect(page.get_by_text("已通过，到点会发出。")).to_be_visible()
    return int(page.url.rsplit("/", 1)[1])


def _feed(service: Service) -> list[str]:
    feed = feedparser.parse(service.read("/site/feed.atom"))
    return [entry.title for entry in feed.entries]


def _move(page: Page, service: Service, entry_id: int, to: datetime) -> None:
    page.goto(f"{service.url}/entries/{entry_id}/move")
    page.select_option("[name=week]", str(IsoWeek.of(to.date())))
    page.select_option("[name=day]", Weekday.of(to.date()).value)
    page.locator("main form button.btn-primary").click()
    page.wait_for_url(re.compile("/calendars/"))


def test_a_moved_livestream_is_corrected_once(page: Page, service: Service) -> None:
    """After its notice is published, a livestream moves, and one click publishes a correction."""
    starts = _next_hour()
    entry_id = _make(page, service, "宝宝冬季护肤直播课", starts)
    first = "【还有1小时】宝宝冬季护肤直播课"
    until("the first notice is in the feed", lambda: first in _feed(service))
    booking = page.locator(".public-link a").get_attribute("href") or ""

    visitor = page.context.new_page()
    visitor.goto(service.url + booking)
    expect(visitor.get_by_role("heading", name="宝宝冬季护肤直播课")).to_be_visible()
    expect(visitor.locator(".live-left")).to_contain_text("分钟")
    before = Calendar.from_ical(service.read(f"{booking}/livestream.ics")).events[0]
    assert before.start == starts.astimezone(UTC)

    moved = starts + timedelta(days=2)
    _move(page, service, entry_id, moved)
    expect(page.get_by_text("已有 1 个渠道发出过旧信息。")).to_be_visible()
    page.get_by_role("link", name="去更正").click()
    day = f"{moved.month}月{moved.day}日"
    title = page.locator("#correction [name=title]")
    expect(title).to_have_value(re.compile(f"^更正：「宝宝冬季护肤直播课」改到 {day}"))
    corrected = title.input_value()
    page.get_by_role("button", name="发更正").click()
    expect(page.get_by_text("更正已安排发出。")).to_be_visible()

    until("the correction is in the feed", lambda: corrected in _feed(service))
    page.goto(f"{service.url}/entries/{entry_id}")
    expect(page.locator("#correction")).to_have_count(0)
    assert _feed(service).count(corrected) == 1
    visitor.reload()
    expect(visitor.locator(".live-note")).to_contain_text("已改期：原定")
    after = Calendar.from_ical(service.read(f"{booking}/livestream.ics")).events[0]
    assert (after.uid, after.start) == (before.uid, moved.astimezone(UTC))
    assert (after.sequence or 0) > (before.sequence or 0)


def test_a_cancelled_livestream_says_so(page: Page, service: Service) -> None:
    """The page and calendar show the cancellation at once; the notice can be retracted instead."""
    starts = _next_hour()
    entry_id = _make(page, service, "大促预热直播", starts)
    first = "【还有1小时】大促预热直播"
    until("the first notice is in the feed", lambda: first in _feed(service))
    booking = page.locator(".public-link a").get_attribute("href") or ""

    page.goto(f"{service.url}/entries/{entry_id}")
    page.get_by_role("button", name="取消排期").click()
    expect(page.locator("#correction")).to_contain_text("已取消")
    page.get_by_role("button", name="撤回").click()
    expect(page.get_by_text("已撤回。")).to_be_visible()

    assert first not in _feed(service)
    expect(page.locator("#correction")).to_have_count(0)
    visitor = page.context.new_page()
    visitor.goto(service.url + booking)
    expect(visitor.get_by_role("status")).to_contain_text("这场直播已取消")
    with visitor.expect_download() as download:
        visitor.get_by_role("link", name="从日历里去掉").click()
    content = Path(download.value.path()).read_bytes()
    event = Calendar.from_ical(content).events[0]
    assert (event["status"], event.start) == ("CANCELLED", starts.astimezone(UTC))
    with urllib.request.urlopen(f"{service.url}/site/livestreams.ics", timeout=PATIENCE) as answer:
        assert b"STATUS:CANCELLED" in answer.read()
