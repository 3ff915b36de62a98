"""What a channel shows unless its plugin says otherwise: pure, the same entry gives the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from html import escape
from types import MappingProxyType
from typing import Any

from contentsvc.channels.content import (
    ChannelEntry,
    Picture,
    RenderContext,
    Rendition,
    RenditionWarning,
    WarningLevel,
)
from contentsvc.channels.forms.chat import html_text
from contentsvc.channels.markdown import clean_html, markdown_html
from contentsvc.domain.entries import Livestream
from contentsvc.domain.notices import Notice, NoticeState
from contentsvc.errors import RenderError

__all__ = [
    "format_moment",
    "livestream_rendition",
    "notice_words",
    "post_rendition",
    "poster_rendition",
    "rendition_data",
]

_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "zh": {
            "time": "时间：",
            "host": "主播：",
            "points": "看点：",
            "recap": "要点回顾：",
            "book": "预约观看：",
            "watch": "点击观看：",
            "replay": "观看回放：",
            "before": "直播预告",
            "now": "正在直播",
            "replay_title": "精彩回放",
            "soon": "还有{distance}",
            "title": "【{state}】{title}",
            "no_link": "这条通知没有直播链接，读者无法点开",
            "no_replay": "没有回放链接，将使用直播链接",
        },
        "en": {
            "time": "Time: ",
            "host": "Host: ",
            "points": "What to expect:",
            "recap": "Key points:",
            "book": "Save your seat: ",
            "watch": "Watch now: ",
            "replay": "Watch the replay: ",
            "before": "Coming up",
            "now": "Live now",
            "replay_title": "Replay",
            "soon": "Starts in {distance}",
            "title": "{state}: {title}",
            "no_link": "this notice has no link, so readers cannot open the livestream",
            "no_replay": "there is no replay link; the livestream's own link is used",
        },
    }
)
_DAYS = {
    "zh": {0: "今天开播", 1: "明天开播", 2: "后天开播"},
    "en": {0: "Today", 1: "Tomorrow", 2: "The day after tomorrow"},
}
_WEEKDAYS = {
    "zh": ["周一", "周二", "周三", "周四", "周五", "周六", "周日"],
    "en": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
}
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def post_rendition(entry: ChannelEntry, context: RenderContext) -> Rendition:
    """Render a post: its title above its text, its poster (where it has one) before its pictures.

    `Rendition.text` is the whole message as it is sent, its title included; `Rendition.html` is
    the body alone.
    """
    html = markdown_html(entry.body)
    return Rendition(
        title=entry.title,
        text=_message([entry.title, html_text(html, _language(context))]),
        html=html,
        pictures=_pictures(entry, context),
        data=rendition_data(entry, context),
    )


def poster_rendition(entry: ChannelEntry, context: RenderContext) -> Rendition:
    """Render a poster with its text; RenderError where the entry has no poster."""
    if not entry.has_poster:
        raise RenderError("a poster entry needs a poster template", field="poster")
    return post_rendition(entry, context)


def livestream_rendition(entry: ChannelEntry, notice: Notice, context: RenderContext) -> Rendition:
    """Render one notice: title, time in the calendar's zone, host, points and link, then the text.

    A replay's notice leads to the replay, or to the livestream where no replay is named.
    """
    language = _language(context)
    words = _WORDS[language]
    live = entry.livestream or Livestream()
    title = words["title"].format(state=notice_words(notice, entry, context), title=entry.title)
    facts = list(_facts(entry, live, notice, context))
    link = (words[_link_word(notice)], _link(live, notice))
    body = markdown_html(entry.body)
    return Rendition(
        title=title,
        text=_message(
            [title, _fact_text(facts, live, notice, words, link), html_text(body, language)]
        ),
        html=_fact_html(facts, live, notice, words, link) + body,
        pictures=_pictures(entry, context),
        data=rendition_data(entry, context, notice),
        warnings=_warnings(live, notice, words),
    )


def notice_words(notice: Notice, entry: ChannelEntry, context: RenderContext) -> str:
    """Return what a notice tells: 直播预告, 明天开播, 还有1小时, 正在直播 or 精彩回放.

    Whether it is today or tomorrow is read from the calendar's wall clock, not from the hours in
    between: 13 hours before 20:00 it is the same day.
    """
    language = _language(context)
    words = _WORDS[language]
    match notice.state:
        case NoticeState.NOW:
            return words["now"]
        case NoticeState.REPLAY:
            return words["replay_title"]
        case NoticeState.SOON:
            return words["soon"].format(distance=_distance(-notice.offset, language))
        case NoticeState.TOMORROW:
            sent = context.local(entry.starts_at + notice.offset).date()
            days = (context.local(entry.starts_at).date() - sent).days
            return _DAYS[language].get(days, words["before"])
        case _:
            return words["before"]


def format_moment(at: datetime, language: str) -> str:
    """Write a local time with its weekday: `11月26日（周四）20:00`, or `Thu, 26 Nov, 20:00`."""
    weekday = _WEEKDAYS.get(language, _WEEKDAYS["en"])[at.weekday()]
    if language == "zh":
        return f"{at.month}月{at.day}日（{weekday}）{at:%H:%M}"
    return f"{weekday}, {at.day} {_MONTHS[at.month - 1]}, {at:%H:%M}"


def rendition_data(
    entry: ChannelEntry, context: RenderContext, notice: Notice | None = None
) -> dict[str, Any]:
    """Return what the entry says of itself as JSON values, for feeds, calendars and receivers.

    Instants are ISO 8601 in UTC, *zone* is the calendar's IANA name.
    """
    data: dict[str, Any] = {
        "kind": entry.kind.value,
        "ref": entry.ref,
        "element": entry.element,
        "due_at": entry.due_at.isoformat(),
        "starts_at": entry.starts_at.isoformat(),
        "zone": context.zone.key,
        "language": context.language,
    }
    if notice is not None:
        live = entry.livestream or Livestream()
        data["notice"] = {"offset": str(notice), "state": notice.state.value}
        data["livestream"] = {
            "title": entry.title,
            "host": live.host,
            "url": live.url,
            "replay_url": live.replay_url,
            "minutes": live.minutes,
            "points": list(live.points),
        }
    return data


def _language(context: RenderContext) -> str:
    return context.language if context.language in _WORDS else "en"


def _message(parts: list[str]) -> str:
    return "\n\n".join(part for part in parts if part.strip())


def _pictures(entry: ChannelEntry, context: RenderContext) -> tuple[Picture, ...]:
    return (context.poster(), *entry.pictures) if entry.has_poster else entry.pictures


def _distance(left: timedelta, language: str) -> str:
    minutes = max(1, round(left.total_seconds() / 60))
    hours, rest = divmod(minutes, 60)
    if language == "zh":
        return (f"{hours}小时" if hours else "") + (f"{rest}分钟" if rest else "")
    parts = [(hours, "hour"), (rest, "minute")]
    return " ".join(f"{n} {unit}{'s' if n > 1 else ''}" for n, unit in parts if n)


def _facts(
    entry: ChannelEntry, live: Livestream, notice: Notice, context: RenderContext
) -> Iterator[tuple[str, str]]:
    words = _WORDS[_language(context)]
    if notice.state is not NoticeState.REPLAY:
        moment = format_moment(context.local(entry.starts_at), _language(context))
        yield words["time"], moment
    if live.host:
        yield words["host"], live.host


def _link(live: Livestream, notice: Notice) -> str:
    if notice.state is NoticeState.REPLAY:
        return live.replay_url or live.url
    return live.url


def _link_word(notice: Notice) -> str:
    return {NoticeState.NOW: "watch", NoticeState.REPLAY: "replay"}.get(notice.state, "book")


def _points_word(notice: Notice) -> str:
    return "recap" if notice.state is NoticeState.REPLAY else "points"


def _fact_text(
    facts: list[tuple[str, str]],
    live: Livestream,
    notice: Notice,
    words: Mapping[str, str],
    link: tuple[str, str],
) -> str:
    head = "\n".join(name + value for name, value in facts)
    points = "\n".join([words[_points_word(notice)], *(f"• {point}" for point in live.points)])
    return _message([head, points if live.points else "", "".join(link) if link[1] else ""])


def _fact_html(
    facts: list[tuple[str, str]],
    live: Livestream,
    notice: Notice,
    words: Mapping[str, str],
    link: tuple[str, str],
) -> str:
    name, address = link
    head = "<br>".join(f"{escape(label)}{escape(value)}" for label, value in facts)
    points = "".join(f"<li>{escape(point)}</li>" for point in live.points)
    parts = [f"<p>{head}</p>" if head else ""]
    if points:
        parts.append(f"<p>{words[_points_word(notice)]}</p><ul>{points}</ul>")
    if address:
        parts.append(f'<p>{name}<a href="{escape(address)}">{escape(address)}</a></p>')
    return clean_html("".join(parts))


def _warnings(
    live: Livestream, notice: Notice, words: Mapping[str, str]
) -> tuple[RenditionWarning, ...]:
    if not _link(live, notice):
        message, field = words["no_link"], "livestream.url"
    elif notice.state is NoticeState.REPLAY and not live.replay_url:
        message, field = words["no_replay"], "livestream.replay_url"
    else:
        return ()
    return (RenditionWarning(WarningLevel.WARN, field, message),)
