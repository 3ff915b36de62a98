"""What a livestream's poster says by itself in each notice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from contentsvc.domain.entries import EntryContent, EntryKind, Livestream
from contentsvc.domain.notices import Notice
from contentsvc.domain.weeks import IsoWeek, Weekday
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
PIECE = RenderItem(
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
    """Badge, note on the time, countdown and QR follow the distance to the start."""
    fields = poster_defaults(replace(PIECE, notice=Notice.parse(at).within(60)))

    assert fields["state"] == state
    assert (fields.get("time_note"), fields.get("left")) == (note, left)
    assert fields["url"] == url
    assert (fields["date"], fields["time"]) == ("11月26日", "20:00")


def test_a_poster_without_a_notice_is_a_preview() -> None:
    """In the studio nothing is said of a distance."""
    fields = poster_defaults(PIECE)

    assert (fields["state"], "time_note" in fields) == ("直播预告", False)


def test_a_morning_is_no_evening() -> None:
    """The day before 09:00 in the morning people meet tomorrow, not tomorrow evening."""
    morning = replace(PIECE, starts_at=datetime(2026, 11, 26, 1, tzinfo=UTC))

    fields = poster_defaults(replace(morning, notice=Notice.parse("-24h")))

    assert fields["time_note"] == "明天见"


def test_the_writers_own_booking_page_is_on_the_poster() -> None:
    """A platform that books seats itself is where the QR leads before the start."""
    live = replace(CONTENT.livestream or Livestream(), booking_url="https://l.example/book")
    own = replace(PIECE, content=replace(CONTENT, livestream=live), notice=Notice.parse("-1h"))

    assert poster_defaults(own)["url"] == "https://l.example/book"
