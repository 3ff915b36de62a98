"""What a channel shows unless its plugin says otherwise: pure, the same entry gives the same."""

from __future__ import annotations

import re
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
    "fill_words",
    "format_moment",
    "livestream_rendition",
    "notice_placeholders",
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
            "book": "预约席位：",
            "watch": "点击观看：",
            "replay": "观看回放：",
            "soon_now": "马上开播",
            "begun": "开播了",
            "now": "正在直播",
            "replay_title": "精彩回放",
            "days": "还有{days}天",
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
            "soon_now": "Starting now",
            "begun": "We are live",
            "now": "Live now",
            "replay_title": "Replay",
            "days": "In {days} days",
            "soon": "Starts in {distance}",
            "title": "{state}: {title}",
            "no_link": "this notice has no link, so readers cannot open the livestream",
            "no_replay": "there is no replay link; the livestream's own link is used",
        },
    }
)
_PLACEHOLDER = re.compile(r"\{([a-z]+)\}")
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

    Before the start it leads to where a seat is booked, then to the livestream, at last to the
    replay; each stands in for one that is missing.
    """
    language = _language(context)
    words = _WORDS[language]
    live = entry.livestream or Livestream()
    state = notice_words(notice, entry, context)
    title = entry.headline or words["title"].format(state=state, title=entry.title)
    facts = list(_facts(entry, live, notice, context))
    address = live.link_at(notice.state, entry.booking_page)
    # A text that leads there already needs no second line for it.
    link = (words[_link_word(notice)], "" if address in entry.body else address)
    body = markdown_html(entry.body)
    return Rendition(
        title=title,
        text=_message(
            [title, _fact_text(facts, live, notice, words, link), html_text(body, language)]
        ),
        html=_fact_html(facts, live, notice, words, link) + body,
        pictures=_pictures(entry, context),
        data=rendition_data(entry, context, notice),
        warnings=_warnings(live, notice, address, words),
    )


def notice_words(notice: Notice, entry: ChannelEntry, context: RenderContext) -> str:
    """Return what a notice tells: 还有3天, 明天开播, 还有1小时, 开播了, 正在直播 or 精彩回放.

    Days are counted on the calendar's wall clock (`Notice.days_ahead`).
    """
    language = _language(context)
    words = _WORDS[language]
    if notice.state is NoticeState.REPLAY:
        return words["replay_title"]
    if notice.state is NoticeState.NOW:
        if notice.offset < timedelta(0):
            return words["soon_now"]
        return words["now" if notice.offset else "begun"]
    if notice.state is NoticeState.SOON:
        return words["soon"].format(distance=_distance(-notice.offset, language))
    days = notice.days_ahead(entry.starts_at, context.zone)
    return _DAYS[language].get(days) or words["days"].format(days=days)


def notice_placeholders(
    notice: Notice, entry: ChannelEntry, context: RenderContext
) -> dict[str, str]:
    """Return what stands for `{state}`, `{time}`, `{booking}` and the like in a notice's words."""
    live = entry.livestream or Livestream()
    page = entry.booking_page
    return {
        "title": entry.title,
        "state": notice_words(notice, entry, context),
        "time": format_moment(context.local(entry.starts_at), _language(context)),
        "host": live.host,
        "booking": live.link_at(NoticeState.BEFORE, page),
        "url": live.link_at(NoticeState.NOW, page),
        "replay": live.link_at(NoticeState.REPLAY, page),
    }


def fill_words(text: str, placeholders: Mapping[str, str]) -> str:
    """Put values in the place of `{name}`; a name that means nothing stays as it was typed."""
    return _PLACEHOLDER.sub(lambda found: placeholders.get(found[1], found[0]), text)


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
            "booking_url": live.link_at(NoticeState.BEFORE, entry.booking_page),
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
    live: Livestream, notice: Notice, address: str, words: Mapping[str, str]
) -> tuple[RenditionWarning, ...]:
    if not address:
        message, field = words["no_link"], "livestream.url"
    elif notice.state is NoticeState.REPLAY and not live.replay_url:
        message, field = words["no_replay"], "livestream.replay_url"
    else:
        return ()
    return (RenditionWarning(WarningLevel.WARN, field, message),)
