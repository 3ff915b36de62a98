"""Tests of the default renditions."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from contentsvc.channels import (
    EntryKind,
    Livestream,
    Notice,
    RenderError,
    format_moment,
    livestream_rendition,
    notice_words,
    post_rendition,
    poster_rendition,
)
from contentsvc.channels.hosting import fill_words, notice_placeholders
from contentsvc.channels.testing import sample_context, sample_entry, sample_picture

LIVE = EntryKind.LIVESTREAM


def test_a_post_is_its_title_above_its_text() -> None:
    """The text has the title and the body; the HTML has only the body."""
    rendition = post_rendition(sample_entry(), sample_context())

    assert rendition.title == "早安签到"
    assert rendition.text.startswith("早安签到\n\n今天签到的妈妈可以领取：\n\n• 试用装一份\n")
    assert rendition.html.startswith("<p>今天<strong>签到</strong>")


def test_a_post_without_words_is_its_title() -> None:
    """An empty body leaves no empty lines."""
    assert post_rendition(sample_entry(body=" \n "), sample_context()).text == "早安签到"


def test_pictures_come_behind_the_poster() -> None:
    """The poster is the first picture."""
    entry = sample_entry(has_poster=True, pictures=(sample_picture("1.png"),))

    rendition = post_rendition(entry, sample_context())

    assert [picture.name for picture in rendition.pictures] == ["poster.png", "1.png"]


def test_a_poster_entry_needs_a_poster() -> None:
    """A poster entry without a template raises RenderError with its field."""
    with pytest.raises(RenderError) as caught:
        poster_rendition(sample_entry(EntryKind.POSTER, has_poster=False), sample_context())

    assert caught.value.field == "poster"


def test_a_notice_tells_all_that_a_reader_needs() -> None:
    """A notice has its state, title, local time with weekday, host, points and link."""
    entry = sample_entry(LIVE, body="")

    rendition = livestream_rendition(entry, Notice.parse("-1h"), sample_context())

    assert rendition.text == (
        "【还有1小时】宝宝冬季护肤医生直播课\n"
        "\n"
        "时间：11月26日（周四）20:00\n"
        "主播：林晓 医生\n"
        "\n"
        "看点：\n"
        "• 湿疹怎么分型\n"
        "• 面霜怎么选\n"
        "\n"
        "预约席位：https://live.example/42"
    )


def test_a_notice_speaks_english_where_the_calendar_does() -> None:
    """The added texts are in the context's language."""
    entry = sample_entry(LIVE, body="", title="Winter skin care")
    context = sample_context(language="en")

    rendition = livestream_rendition(entry, Notice.parse("-1h"), context)

    assert rendition.text.startswith(
        "Starts in 1 hour: Winter skin care\n\nTime: Thu, 26 Nov, 20:00\nHost: "
    )


def test_a_replay_leads_to_the_replay() -> None:
    """A replay notice has the replay's link and no time."""
    rendition = livestream_rendition(sample_entry(LIVE), Notice.parse("+90m"), sample_context())

    assert "观看回放：https://live.example/42/replay" in rendition.text
    assert "要点回顾：" in rendition.text
    assert "时间：" not in rendition.text
    assert rendition.warnings == ()


@pytest.mark.parametrize(
    ("offset", "livestream", "field", "link"),
    [
        ("-1h", Livestream(), "livestream.url", ""),
        ("+90m", Livestream(url="https://l.example"), "livestream.replay_url", "l.example"),
        ("+90m", Livestream(), "livestream.url", ""),
        ("-1h", None, "livestream.url", ""),
    ],
)
def test_a_missing_link_is_told(
    offset: str, livestream: Livestream | None, field: str, link: str
) -> None:
    """A notice without a link has a warning that does not block approval."""
    entry = sample_entry(LIVE, livestream=livestream)

    rendition = livestream_rendition(entry, Notice.parse(offset), sample_context())

    (warning,) = rendition.warnings
    assert (warning.level, warning.field) == ("warn", field)
    assert link in rendition.text


@pytest.mark.parametrize(
    ("offset", "chinese", "english"),
    [
        ("-7d", "还有7天", "In 7 days"),
        ("-3d", "还有3天", "In 3 days"),
        ("-48h", "后天开播", "The day after tomorrow"),
        ("-36h", "明天开播", "Tomorrow"),
        ("-24h", "明天开播", "Tomorrow"),
        ("-21h", "明天开播", "Tomorrow"),
        ("-20h", "今天开播", "Today"),
        ("-13h", "今天开播", "Today"),
        ("-90m", "还有1小时30分钟", "Starts in 1 hour 30 minutes"),
        ("-2h", "还有2小时", "Starts in 2 hours"),
        ("-1h", "还有1小时", "Starts in 1 hour"),
        ("-10m", "还有10分钟", "Starts in 10 minutes"),
        ("-3m", "马上开播", "Starting now"),
        ("0m", "开播了", "We are live"),
        ("+90m", "精彩回放", "Replay"),
    ],
)
def test_a_notice_names_its_distance(offset: str, chinese: str, english: str) -> None:
    """Days are counted in the calendar's time zone, for a livestream at 20:00."""
    entry, notice = sample_entry(LIVE), Notice.parse(offset)

    assert notice_words(notice, entry, sample_context()) == chinese
    assert notice_words(notice, entry, sample_context(language="en")) == english


def test_a_notice_while_it_is_on_is_no_replay() -> None:
    """A notice half an hour after the start of a one-hour livestream says that it is live."""
    notice, entry = Notice.parse("+30m").within(60), sample_entry(LIVE)

    rendition = livestream_rendition(entry, notice, sample_context())

    assert rendition.title == "【正在直播】宝宝冬季护肤医生直播课"
    assert "点击观看：https://live.example/42" in rendition.text


@pytest.mark.parametrize(
    ("offset", "link"),
    [
        ("-24h", "预约席位：https://content.example/site/live/c0de"),
        ("-10m", "预约席位：https://content.example/site/live/c0de"),
        ("0m", "点击观看：https://live.example/42"),
        ("+90m", "观看回放：https://live.example/42/replay"),
    ],
)
def test_each_notice_leads_where_its_reader_wants_to_go(offset: str, link: str) -> None:
    """Before the start, a notice links to the platform's booking address, else to the page."""
    page = "https://content.example/site/live/c0de"
    entry = sample_entry(LIVE, booking_page=page)
    live = replace(entry.livestream or Livestream(), booking_url="https://live.example/42/book")

    shown = livestream_rendition(entry, Notice.parse(offset), sample_context())
    own = livestream_rendition(
        replace(entry, livestream=live), Notice.parse(offset), sample_context()
    )

    assert link in shown.text
    assert link.replace(page, "https://live.example/42/book") in own.text


def test_a_notice_says_its_own_words() -> None:
    """A notice's own headline is unchanged, and a link in its own text is not repeated."""
    entry = sample_entry(
        LIVE, headline="明晚 8 点，直播间见", body="先占座：https://live.example/42"
    )

    rendition = livestream_rendition(entry, Notice.parse("-24h"), sample_context())

    assert rendition.title == "明晚 8 点，直播间见"
    assert rendition.text.count("https://live.example/42") == 1
    assert rendition.data["livestream"]["title"] == "宝宝冬季护肤医生直播课"


def test_names_in_a_text_stand_for_the_facts() -> None:
    """`{booking}` and others are replaced; unknown names stay unchanged."""
    entry = sample_entry(LIVE)
    words = notice_placeholders(Notice.parse("-24h"), entry, sample_context())

    said = fill_words("{state}，{time}，{host}：{booking} {url} {replay} {nothing} {", words)

    assert said == (
        "明天开播，11月26日（周四）20:00，林晓 医生：https://live.example/42 "
        "https://live.example/42 https://live.example/42/replay {nothing} {"
    )


def test_a_day_lies_between_where_the_clock_says_so() -> None:
    """Thirty-three hours before 08:00 is two calendar days before."""
    entry = sample_entry(LIVE, starts_at=datetime(2026, 11, 26, 0, 0, tzinfo=UTC))

    assert notice_words(Notice.parse("-33h"), entry, sample_context()) == "后天开播"


@pytest.mark.parametrize(
    ("zone", "language", "words"),
    [
        ("Asia/Shanghai", "zh", "1月1日（周五）07:30"),
        ("America/New_York", "en", "Thu, 31 Dec, 18:30"),
    ],
)
def test_a_moment_is_read_on_the_local_clock(zone: str, language: str, words: str) -> None:
    """Date and weekday are those of the calendar's time zone."""
    at = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)

    assert format_moment(at.astimezone(ZoneInfo(zone)), language) == words


def test_links_and_words_of_a_livestream_are_no_markup() -> None:
    """The fields of a livestream are escaped."""
    hostile = '"><script>alert(1)</script>'
    entry = sample_entry(
        LIVE, livestream=Livestream(host=hostile, url="javascript:alert(1)", points=(hostile,))
    )

    html = livestream_rendition(entry, Notice.parse("0m"), sample_context()).html

    assert "<script" not in html
    assert 'href="javascript' not in html


def test_the_data_is_json_with_utc_instants() -> None:
    """The data are JSON values with kind, ref, times in UTC and the livestream."""
    rendition = livestream_rendition(sample_entry(LIVE), Notice.parse("-1h"), sample_context())

    data = json.loads(json.dumps(rendition.data))

    assert data["kind"] == "livestream"
    assert data["ref"] == "baby-benefits/2026-W48/thu-live"
    assert data["starts_at"] == "2026-11-26T12:00:00+00:00"
    assert data["zone"] == "Asia/Shanghai"
    assert data["notice"] == {"offset": "-1h", "state": "soon"}
    assert data["livestream"]["title"] == "宝宝冬季护肤医生直播课"
