"""Tests of the site channel; common libraries read its pages and feeds."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import feedparser
import pytest
from icalendar import Alarm, Calendar, Event

from contentsvc.channels import (
    Channel,
    ChannelEntry,
    EntryKind,
    Notice,
    Page,
    PageRequest,
    Pages,
    Picture,
    PublicLivestream,
    Receipt,
    RenderError,
)
from contentsvc.channels.contract import ChannelContract
from contentsvc.channels.testing import (
    TestHost,
    load_plugin,
    parse_settings,
    sample_context,
    sample_entry,
    sample_picture,
)

PLUGIN = Path(__file__).parents[2] / "plugins" / "site"
SITE = load_plugin(PLUGIN).channel_type("site")
#: 20:00 in Shanghai.
STARTS = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


class TestSiteContract(ChannelContract):
    """The site channel passes the contract."""

    channel_class = SITE

    def visible_posts(self, channel: Channel) -> int:
        return len(json.loads(get(channel, "feed.json").body)["items"])


@pytest.fixture
def channel(tmp_path: Path) -> Channel:
    return opened(tmp_path)


def opened(folder: Path, **settings: object) -> Channel:
    return SITE(parse_settings(SITE, settings), TestHost(folder, name="site"))


def page_of(channel: Channel, request: PageRequest) -> Page | None:
    assert isinstance(channel, Pages)
    return channel.page(request)


def get(channel: Channel, path: str, **query: str) -> Page:
    page = page_of(channel, PageRequest(path, query))
    assert page is not None
    return page


def posted(channel: Channel, entry: ChannelEntry | None = None, key: str = "d-1") -> Receipt:
    rendition = channel.render_post(entry or sample_entry(), sample_context())
    receipt = channel.publish(rendition, key=key)
    assert isinstance(receipt, Receipt)
    return receipt


def noticed(channel: Channel, offset: str, key: str, **changes: object) -> Receipt:
    entry = sample_entry(EntryKind.LIVESTREAM, **changes)
    rendition = channel.render_livestream_notice(entry, Notice.parse(offset), sample_context())
    receipt = channel.publish(rendition, key=key)
    assert isinstance(receipt, Receipt)
    return receipt


class Tags(HTMLParser):
    """A parser that collects the tags of a page."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page.body.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def meta(self, name: str) -> list[str | None]:
        return [
            values.get("content")
            for tag, values in self.tags
            if tag == "meta" and name in {values.get("property"), values.get("name")}
        ]

    def all(self, tag: str, attribute: str) -> list[str | None]:
        return [values.get(attribute) for name, values in self.tags if name == tag]


def test_an_empty_site_is_a_page(channel: Channel) -> None:
    """Before the first post, the index shows a text instead of an error."""
    page = get(channel, "")

    assert page.status == 200
    assert "这里还没有内容" in page.body.decode()
    assert feedparser.parse(get(channel, "feed.atom").body).entries == []


def test_a_post_has_a_page_that_the_index_leads_to(channel: Channel) -> None:
    """The index links to the post's page, which shows the whole body."""
    receipt = posted(channel)

    index = Tags(get(channel, ""))
    page = get(channel, f"posts/{receipt.id}")

    assert receipt.url == f"https://content.example/site/posts/{receipt.id}"
    assert f"/site/posts/{receipt.id}" in index.all("a", "href")
    assert "<li>试用装一份</li>" in page.body.decode()


def test_a_post_tells_messengers_what_it_is(channel: Channel) -> None:
    """Open Graph tags have the title, text, picture and time, with absolute addresses."""
    entry = sample_entry(pictures=(sample_picture("封面 1.png"),))
    receipt = posted(channel, entry)

    tags = Tags(get(channel, f"posts/{receipt.id}"))

    assert tags.meta("og:type") == ["article"]
    assert tags.meta("og:title") == ["早安签到"]
    assert tags.meta("og:url") == [receipt.url]
    assert tags.meta("og:image") == [f"{receipt.url}/%E5%B0%81%E9%9D%A2%201.png"]
    assert str(tags.meta("og:description")[0]).startswith("今天签到的妈妈可以领取：")
    assert tags.meta("article:published_time") == ["2026-11-26T20:00:01+08:00"]


def test_pages_obey_a_strict_content_policy(channel: Channel) -> None:
    """Pages have no script and no inline style, only the site's own style sheet."""
    receipt = posted(channel, sample_entry(pictures=(sample_picture(),)))
    for path in ("", f"posts/{receipt.id}"):
        tags = Tags(get(channel, path))

        assert not {"script", "style", "iframe"} & {tag for tag, _ in tags.tags}
        assert not [values for _, values in tags.tags if "style" in values]
        assert "/site/style.css" in tags.all("link", "href")
    assert get(channel, "style.css").media_type.startswith("text/css")


def test_the_page_names_its_feeds(channel: Channel) -> None:
    """The head of a page links to all three feeds."""
    links = [values for tag, values in Tags(get(channel, "")).tags if tag == "link"]

    found = {link["type"]: link["href"] for link in links if link.get("rel") == "alternate"}

    assert found == {
        "application/atom+xml": "https://content.example/site/feed.atom",
        "application/feed+json": "https://content.example/site/feed.json",
        "text/calendar": "https://content.example/site/livestreams.ics",
    }


def test_a_feed_reader_reads_the_atom_feed(channel: Channel) -> None:
    """The feed and its entries have every element that RFC 4287 requires, newest first."""
    posted(channel, sample_entry(title="第一篇 <&>"), key="d-1")
    second = posted(channel, sample_entry(pictures=(sample_picture(),)), key="d-2")

    feed = feedparser.parse(get(channel, "feed.atom").body)

    assert not feed.bozo
    assert feed.version == "atom10"
    assert (feed.feed.id, feed.feed.title) == ("https://content.example/site/", "社群周历")
    assert feed.feed.author == "社群周历"
    assert feed.feed.updated == feed.entries[0].updated == "2026-11-26T12:00:02Z"
    assert [entry.title for entry in feed.entries] == ["早安签到", "第一篇 <&>"]
    newest = feed.entries[0]
    assert newest.link == second.url
    assert newest.id.startswith("urn:uuid:")
    assert newest.enclosures[0].type == "image/png"
    assert newest.enclosures[0].href == f"{second.url}/1.png"
    assert newest.tags[0].term == "check-in"
    assert "<li>试用装一份</li>" in newest.content[0].value


def test_the_json_feed_is_version_one_point_one(channel: Channel) -> None:
    """Every item has an id, an address, content and a time; pictures are attachments."""
    receipt = posted(channel, sample_entry(pictures=(sample_picture(),)))
    page = get(channel, "feed.json")

    feed = json.loads(page.body)

    assert page.media_type == "application/feed+json"
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == "https://content.example/site/feed.json"
    assert feed["authors"] == [{"name": "社群周历"}]
    (item,) = feed["items"]
    assert item["url"] == receipt.url
    assert item["date_published"] == "2026-11-26T12:00:01Z"
    assert item["image"] == item["attachments"][0]["url"] == f"{receipt.url}/1.png"
    assert item["attachments"][0]["size_in_bytes"] == len(sample_picture().content)
    assert item["tags"] == ["check-in"]
    assert item["content_text"].startswith("今天签到的妈妈可以领取：")


def test_ids_are_made_of_the_key_alone(channel: Channel, tmp_path: Path) -> None:
    """A post's id depends on its key only, so feed readers never show a post twice."""
    posted(channel, key="d-1")
    other = opened(tmp_path, title="改名后的站点")
    posted(other, sample_entry(title="改过"), key="d-1")

    ids = [
        [entry.id for entry in feedparser.parse(get(one, "feed.atom").body).entries]
        for one in (channel, other)
    ]

    assert ids == [
        ["urn:uuid:7000d4d0-ed95-5447-81e6-592d7a7f555d"],
        ["urn:uuid:7000d4d0-ed95-5447-81e6-592d7a7f555d"],
    ]


def test_the_same_state_gives_the_same_bytes(channel: Channel) -> None:
    """Pages do not depend on the time of the request, so ETag and Last-Modified work."""
    receipt = posted(channel, sample_entry(pictures=(sample_picture(),)))
    noticed(channel, "-1h", "d-2")
    make_public(channel)
    paths = ("", f"posts/{receipt.id}", "feed.atom", "feed.json", "livestreams.ics")

    for path in (*paths, f"posts/{receipt.id}/1.png"):
        assert get(channel, path) == get(channel, path), path
        assert get(channel, path).modified_at is not None


def test_pictures_are_served_under_their_post(channel: Channel) -> None:
    """A picture is served by its name with its media type."""
    picture = sample_picture()
    receipt = posted(channel, sample_entry(pictures=(picture,)))

    page = get(channel, f"posts/{receipt.id}/1.png")

    assert (page.body, page.media_type) == (picture.content, "image/png")


def test_what_is_no_picture_is_not_served(channel: Channel) -> None:
    """A file of another media type is not served as a page of the site."""
    hostile = replace(sample_picture("x.html"), media_type="text/html", content=b"<script>")
    receipt = posted(channel, sample_entry(pictures=(hostile,)))

    assert page_of(channel, PageRequest(f"posts/{receipt.id}/x.html")) is None


@pytest.mark.parametrize(
    "path",
    ["posts", "posts/", "posts/0123456789abcdef", "posts/../secret", "nothing", "style.css/x"],
)
def test_there_is_no_such_page(channel: Channel, path: str) -> None:
    """An unknown path returns None."""
    assert page_of(channel, PageRequest(path)) is None


@pytest.mark.parametrize("page", ["0", "-1", "2", "x", "99999999999999999999"])
def test_there_is_no_such_page_number(channel: Channel, page: str) -> None:
    """A page number that is invalid or beyond the posts returns None."""
    posted(channel)

    assert page_of(channel, PageRequest("", {"page": page})) is None


def test_older_posts_are_on_further_pages(channel: Channel) -> None:
    """A page has twenty posts and links to the newer and older page."""
    for number in range(21):
        posted(channel, sample_entry(title=f"第 {number} 篇"), key=f"d-{number}")

    first, second = Tags(get(channel, "")), Tags(get(channel, "", page="2"))

    assert len([tag for tag, _ in first.tags if tag == "article"]) == 20
    assert len([tag for tag, _ in second.tags if tag == "article"]) == 1
    assert "/site/?page=2" in first.all("a", "href")
    assert "/site/" in second.all("a", "href")


def make_public(channel: Channel, **changes: object) -> PublicLivestream:
    """Add a livestream to the public livestreams."""
    live = PublicLivestream(
        code="c0de00c0de00",
        title="宝宝冬季护肤医生直播课",
        starts_at=STARTS,
        minutes=60,
        zone=ZoneInfo("Asia/Shanghai"),
        host="林晓 医生",
        url="https://live.example/42",
        points=("湿疹怎么分型", "面霜怎么选"),
        created_at=STARTS - timedelta(days=9),
        changed_at=STARTS - timedelta(days=8),
    )
    live = replace(live, **changes)  # type: ignore[arg-type]
    assert isinstance(channel.host, TestHost)
    channel.host.livestreams.put(live, sample_picture("poster-9x16.png", 90, 160))
    return live


def events(channel: Channel, path: str = "livestreams.ics") -> list[Event]:
    return Calendar.from_ical(get(channel, path).body).events


def test_a_livestream_is_one_event(channel: Channel) -> None:
    """The event has the time, length, page and reminder of the livestream."""
    make_public(channel)

    (event,) = events(channel)

    assert event["uid"] == "c0de00c0de00@content.example"
    assert event.start == STARTS
    assert event.end - event.start == timedelta(minutes=60)
    assert event["summary"] == "宝宝冬季护肤医生直播课"
    assert event["url"] == "https://content.example/site/live/c0de00c0de00"
    assert event["location"] == "https://live.example/42"
    assert "湿疹怎么分型" in event.description
    assert (event["sequence"], event["status"]) == (0, "CONFIRMED")
    (alarm,) = [part for part in event.walk("VALARM") if isinstance(part, Alarm)]
    assert timedelta(minutes=-10) == alarm.TRIGGER
    assert (alarm["action"], "直播课" in (alarm.description or "")) == ("DISPLAY", True)
    body = get(channel, "livestreams.ics").body
    assert b"DTSTART:20261126T120000Z\r\n" in body
    assert b"DTSTAMP:20261118T120000Z\r\n" in body
    assert b"METHOD:PUBLISH\r\n" in body
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\nX-PUBLISHED-TTL:PT1H\r\n" in body


def test_a_changed_livestream_is_the_same_event(channel: Channel) -> None:
    """A changed event keeps its UID and has a higher SEQUENCE; a cancelled one stays."""
    make_public(channel)
    first = events(channel)[0]
    moved = STARTS + timedelta(days=1)
    make_public(channel, starts_at=moved, sequence=1, changed_at=STARTS)
    second = events(channel)[0]
    make_public(channel, starts_at=moved, sequence=2, is_cancelled=True)

    (third,) = events(channel)
    alone = get(channel, "live/c0de00c0de00/livestream.ics").body

    assert first["uid"] == second["uid"] == third["uid"]
    assert (second.start, second["sequence"], second.DTSTAMP) == (moved, 1, STARTS)
    assert (third["status"], third["sequence"]) == ("CANCELLED", 2)
    assert third.summary.startswith("【已取消】")
    assert third.walk("VALARM") == []
    assert b"METHOD:CANCEL\r\n" in alone


@pytest.mark.parametrize(
    ("zone", "starts", "written"),
    [
        # The hour that occurs twice when New York's clocks are set back.
        ("America/New_York", "2026-11-01T05:30:00+00:00", b"DTSTART:20261101T053000Z"),
        # Midnight in Shanghai is the day before in UTC.
        ("Asia/Shanghai", "2026-11-25T16:00:00+00:00", b"DTSTART:20261125T160000Z"),
        ("Asia/Shanghai", "2026-12-31T15:59:30+00:00", b"DTSTART:20261231T155930Z"),
    ],
)
def test_times_are_instants_in_every_zone(
    channel: Channel, zone: str, starts: str, written: bytes
) -> None:
    """Times are in UTC, which needs no time zone table."""
    at = datetime.fromisoformat(starts)
    make_public(channel, starts_at=at, zone=ZoneInfo(zone), minutes=90)

    (event,) = events(channel)

    assert written + b"\r\n" in get(channel, "livestreams.ics").body
    assert event.end - event.start == timedelta(minutes=90)


def test_lines_of_the_calendar_are_folded_by_bytes(channel: Channel) -> None:
    """RFC 5545 §3.1: no line is longer than 75 octets, also with Chinese text."""
    title = "很长的标题，带；逗号,和\\反斜杠" * 20
    make_public(channel, title=title)

    body = get(channel, "livestreams.ics").body

    assert max(len(line) for line in body.split(b"\r\n")) <= 75
    assert b"\n" not in body.replace(b"\r\n", b"")
    assert events(channel)[0]["summary"] == title


@pytest.mark.parametrize(
    ("minutes", "shown", "hidden"),
    [
        (-3 * 1440 - 90, ("直播预告", "3 天 1 小时", "加入日历", "webcal://"), ("进入直播间",)),
        (-90, ("1 小时 30 分钟", 'http-equiv="refresh"'), ("进入直播间",)),
        (-10, ("马上开播", "进入直播间", "10 分钟"), ("加入日历",)),
        (5, ("正在直播", "进入直播间"), ("距开播", "加入日历")),
        (61, ("精彩回放", "回放还在准备"), ("进入直播间", 'http-equiv="refresh"')),
    ],
)
def test_the_page_leads_where_a_visitor_wants_to_go(
    channel: Channel, minutes: int, shown: tuple[str, ...], hidden: tuple[str, ...]
) -> None:
    """The page links to booking before the start, to the room during it, then to the replay."""
    make_public(channel)
    now = STARTS + timedelta(minutes=minutes)

    page = page_of(channel, PageRequest("live/c0de00c0de00", at=now))

    assert page is not None
    html = page.body.decode()
    for words in ("宝宝冬季护肤医生直播课", "林晓 医生", "11月26日（周四）20:00", *shown):
        assert words in html
    assert [words for words in hidden if words in html] == []


def test_the_page_tells_of_changes(channel: Channel) -> None:
    """The page shows both times of a moved livestream, and says if it is cancelled."""
    moved = STARTS + timedelta(days=2)
    make_public(channel, starts_at=moved, moved_from=STARTS)
    told = page_of(channel, PageRequest("live/c0de00c0de00", at=STARTS))
    make_public(channel, starts_at=moved, is_cancelled=True)
    off = page_of(channel, PageRequest("live/c0de00c0de00", at=STARTS))

    assert told is not None
    assert off is not None
    assert "已改期：原定 11月26日（周四）20:00" in told.body.decode()
    assert "11月28日（周六）20:00" in told.body.decode()
    assert "这场直播已取消" in off.body.decode()
    assert "进入直播间" not in off.body.decode()


def test_the_page_leads_to_web_addresses_alone(channel: Channel) -> None:
    """Only http(s) addresses of a livestream become links."""
    hostile = '"><script>alert(1)</script>'
    make_public(channel, title=hostile, host=hostile, points=(hostile,), url="javascript:alert(1)")

    page = page_of(channel, PageRequest("live/c0de00c0de00", at=STARTS))

    assert page is not None
    assert b"<script" not in page.body
    assert b"javascript:" not in page.body


@pytest.mark.parametrize("path", ["live/", "live/0123456789ab", "live/c0de00c0de00/x", "live/../x"])
def test_nobody_knows_that_livestream(channel: Channel, path: str) -> None:
    """A code that was never approved has no page."""
    make_public(channel)

    assert page_of(channel, PageRequest(path)) is None


def test_the_poster_of_a_livestream_is_served(channel: Channel) -> None:
    """The poster is served under the livestream's page; without a poster there is none."""
    make_public(channel)

    page = get(channel, "live/c0de00c0de00/poster")

    assert page.media_type == "image/png"
    assert b'src="/site/live/c0de00c0de00/poster"' in get(channel, "live/c0de00c0de00").body


def test_words_with_control_characters_stay_readable_xml(channel: Channel) -> None:
    """Characters that XML forbids are removed, so that a post cannot break the feed."""
    posted(channel, sample_entry(title="早\x00安\x0b签\ufffe到\ud800"))

    feed = feedparser.parse(get(channel, "feed.atom").body)

    assert not feed.bozo
    assert feed.entries[0].title == "早安签到"


def test_titles_are_shown_as_text(channel: Channel) -> None:
    """Markup in titles and in the site's texts is escaped."""
    hostile = '"><script>alert(1)</script>'
    site = SITE(parse_settings(SITE, {"title": hostile, "description": hostile}), channel.host)
    receipt = posted(site, sample_entry(title=hostile))

    for path in ("", f"posts/{receipt.id}"):
        assert b"<script" not in get(site, path).body


def test_a_post_can_be_taken_back(channel: Channel) -> None:
    """A retracted post is in no page or feed; retracting again raises no error."""
    receipt = posted(channel, sample_entry(pictures=(sample_picture(),)))

    channel.retract(receipt)
    channel.retract(receipt)

    assert page_of(channel, PageRequest(f"posts/{receipt.id}")) is None
    assert page_of(channel, PageRequest(f"posts/{receipt.id}/1.png")) is None
    assert json.loads(get(channel, "feed.json").body)["items"] == []


def test_the_site_can_speak_english(channel: Channel) -> None:
    """The texts of the pages are in the language of the settings."""
    site = SITE(parse_settings(SITE, {"language": "en"}), channel.host)

    assert '<html lang="en">' in get(site, "").body.decode()
    assert "There is nothing here yet" in get(site, "").body.decode()


def test_a_post_without_a_picture_has_a_card_for_its_link(channel: Channel) -> None:
    """Open Graph tags show the card; the page and the feeds do not."""
    receipt = posted(channel, sample_entry(pictures=()))

    page = get(channel, f"posts/{receipt.id}")
    tags = Tags(page)
    (item,) = json.loads(get(channel, "feed.json").body)["items"]
    assert tags.meta("og:image") == [f"{receipt.url}/card.png"]
    assert tags.meta("og:image:width") == ["1200"]
    assert tags.meta("twitter:card") == ["summary_large_image"]
    assert tags.all("img", "src") == []
    assert Tags(get(channel, "")).all("img", "src") == []
    assert "attachments" not in item
    assert get(channel, f"posts/{receipt.id}/card.png").media_type == "image/png"


def test_a_card_says_the_post_s_own_words(channel: Channel) -> None:
    """The card has the title, the beginning of the text, the site and the local date."""
    asked: list[tuple[object, ...]] = []

    def make_card(*words: object) -> Picture:
        asked.append(words)
        return sample_picture("card.jpg")

    channel.render_post(sample_entry(), sample_context(make_card=make_card))

    ((template, fields, size, max_bytes, media_type),) = asked
    assert (template, size, max_bytes, media_type) == ("link-card", "card", 300_000, "image/jpeg")
    assert isinstance(fields, dict)
    assert fields["title"] == "早安签到"
    assert fields["summary"].startswith("今天签到的妈妈可以领取：")
    assert fields["site"] == "社群周历"
    assert fields["date"] == "11月26日（周四）20:00"


def test_a_card_that_cannot_be_made_is_left_out(channel: Channel) -> None:
    """A post is published without a card if the team's template is broken."""

    def make_card(*_words: object) -> Picture:
        raise RenderError("there is no poster template 'link-card'")

    rendition = channel.render_post(sample_entry(), sample_context(make_card=make_card))

    assert rendition.pictures == ()
    assert "card" not in rendition.data


def test_a_post_with_a_picture_needs_no_card(channel: Channel) -> None:
    """A post with a picture gets no card."""
    rendition = channel.render_post(sample_entry(pictures=(sample_picture(),)), sample_context())

    assert [picture.name for picture in rendition.pictures] == ["1.png"]
