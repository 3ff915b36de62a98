"""The values of a livestream poster's fields that the writer left empty, per notice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from contentsvc.config import shipped
from contentsvc.domain.entries import EntryContent, EntryKind, Livestream
from contentsvc.domain.notices import Notice
from contentsvc.domain.weeks import IsoWeek, Weekday
from contentsvc.posters import list_templates
from contentsvc.services.rendering.entry_posters import poster_defaults
from contentsvc.services.rendering.render_items import RenderItem

PAGE = "https://content.example/site/live/c0de"
CONTENT = EntryContent(
    key="thu-live",
    day=Weekday.THU,
    kind=EntryKind.LIVESTREAM,
    title="宝宝冬季护肤医生直播课",
    slot="晚间",
    livestream=Livestream(
        host="林晓 医生", url="https://l.example/1", replay_url="https://l.example/1/replay"
    ),
)
ITEM = RenderItem(
    slug="baby-benefits",
    zone=ZoneInfo("Asia/Shanghai"),
    week=IsoWeek(2026, 48),
    content=CONTENT,
    starts_at=datetime(2026, 11, 26, 12, tzinfo=UTC),
    booking_page=PAGE,
)


@pytest.mark.parametrize(
    ("at", "state", "note", "left", "url"),
    [
        ("-3d", "还有 3 天", None, None, PAGE),
        ("-2d", "后天开播", None, None, PAGE),
        ("-24h", "明天开播", "明晚见", None, PAGE),
        ("-13h", "今天开播", None, None, PAGE),
        ("-2h", "2 小时后开播", None, "02:00:00", PAGE),
        ("-10m", "10 分钟后开播", None, "00:10:00", PAGE),
        ("-3m", "马上开播", None, None, "https://l.example/1"),
        ("0m", "正在直播", "已开播", None, "https://l.example/1"),
        ("+30m", "正在直播", "已开播", None, "https://l.example/1"),
        ("+90m", "精彩回放", "可看回放", None, "https://l.example/1/replay"),
    ],
)
def test_each_notice_has_its_poster(
    at: str, state: str, note: str | None, left: str | None, url: str
) -> None:
    """Badge, note on the time, countdown and QR code follow the time until the start."""
    fields = poster_defaults(replace(ITEM, notice=Notice.parse(at).within(60)), "zh")

    assert fields["state"] == state
    assert (fields.get("time_note"), fields.get("left")) == (note, left)
    assert fields["url"] == url
    assert (fields["date"], fields["time"]) == ("11月26日", "20:00")


@pytest.mark.parametrize(
    ("at", "state", "note"),
    [
        ("-3d", "3 days", None),
        ("-2d", "2 days", None),
        ("-24h", "Tomorrow", "Tomorrow"),
        ("-13h", "Today", None),
        ("-2h", "2 h", None),
        ("-10m", "10 min", None),
        ("-3m", "Starting", None),
        ("0m", "Live now", "On air"),
        ("+90m", "Replay", "Replay"),
    ],
)
def test_an_english_poster_is_english(at: str, state: str, note: str | None) -> None:
    """Badge, note, date and weekday of an English poster contain no Chinese."""
    fields = poster_defaults(replace(ITEM, notice=Notice.parse(at).within(60)), "en")

    assert (fields["state"], fields.get("time_note")) == (state, note)
    assert (fields["date"], fields["weekday"]) == ("26 Nov", "Thu")
    ours = {name: text for name, text in fields.items() if name not in {"title", "host"}}
    assert str(ours).isascii()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("at", ["-30d", "-24h", "-23h", "-90m", "-3m", "0m", "+90m"])
def test_texts_fit_into_the_shipped_templates(language: str, at: str) -> None:
    """Every default text has at most as many characters as each livestream template allows."""
    templates, _ = list_templates([shipped("assets") / "posters"])
    livestream_templates = [template for template in templates if "state" in template.fields]
    fields = poster_defaults(replace(ITEM, notice=Notice.parse(at).within(60)), language)

    assert livestream_templates
    assert [
        (template.id, name, fields[name])
        for template in livestream_templates
        for name, spec in template.fields.items()
        if spec.max and isinstance(fields.get(name), str) and len(fields[name]) > spec.max
    ] == []


def test_a_poster_without_a_notice_is_a_preview() -> None:
    """Without a notice the badge does not mention the time until the start."""
    fields = poster_defaults(ITEM, "zh")

    assert (fields["state"], "time_note" in fields) == ("直播预告", False)


def test_a_morning_is_no_evening() -> None:
    """The day before a livestream at 09:00 the note is not the one about tomorrow evening."""
    morning = replace(ITEM, starts_at=datetime(2026, 11, 26, 1, tzinfo=UTC))

    fields = poster_defaults(replace(morning, notice=Notice.parse("-24h")), "zh")

    assert fields["time_note"] == "明天见"


def test_the_writers_own_booking_page_is_on_the_poster() -> None:
    """Before the start the QR code leads to the platform's booking page, if there is one."""
    live = replace(CONTENT.livestream or Livestream(), booking_url="https://l.example/book")
    own = replace(ITEM, content=replace(CONTENT, livestream=live), notice=Notice.parse("-1h"))

    assert poster_defaults(own, "zh")["url"] == "https://l.example/book"
