"""Default functions that turn an entry into a rendition (finished post), for any channel."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from html import escape
from typing import Any

from contentsvc.channels.content import (
    ChannelEntry,
    Picture,
    RenderContext,
    Rendition,
    RenditionWarning,
    WarningLevel,
)
from contentsvc.channels.formats.chat import html_text
from contentsvc.channels.markdown import clean_html, markdown_html
from contentsvc.domain.entries import Livestream
from contentsvc.domain.notices import Notice, NoticeState
from contentsvc.errors import RenderError
from contentsvc.messages import LANGUAGES, Message, Parameter

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

_PLACEHOLDER = re.compile(r"\{([a-z]+)\}")
#: Days before the start that have a phrase of their own: today, tomorrow, the day after.
_NAMED_DAYS = 3


def post_rendition(entry: ChannelEntry, context: RenderContext) -> Rendition:
    """Return the rendition (finished post) of *entry*: its text and its pictures, poster first.

    `Rendition.text` is the whole message with its title; `Rendition.html` is the body without the
    title.
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
    """Return the rendition of a poster entry. Raise RenderError if the entry has no template."""
    if not entry.has_poster:
        raise RenderError("poster-needs-template", field="poster")
    return post_rendition(entry, context)


def livestream_rendition(entry: ChannelEntry, notice: Notice, context: RenderContext) -> Rendition:
    """Return the rendition (finished post) of a livestream's notice.

    It has the title, the local time, the host, the points, the link and the text, in this order.

    Before the start, the link leads to the booking page, then to the livestream, and finally to the
    replay. If one of them is missing, another is used.
    """
    language = _language(context)
    live = entry.livestream or Livestream()
    state = notice_words(notice, entry, context)
    title = entry.headline or _phrase("title", language, state=state, title=entry.title)
    facts = list(_facts(entry, live, notice, context))
    address = live.link_at(notice.state, entry.booking_page)
    # Do not repeat a link that the text contains.
    link = (_phrase(_link_code(notice), language), "" if address in entry.body else address)
    points_title = _phrase("recap" if notice.state is NoticeState.REPLAY else "points", language)
    body = markdown_html(entry.body)
    return Rendition(
        title=title,
        text=_message(
            [title, _fact_text(facts, points_title, live, link), html_text(body, language)]
        ),
        html=_fact_html(facts, points_title, live, link) + body,
        pictures=_pictures(entry, context),
        data=rendition_data(entry, context, notice),
        warnings=_warnings(live, notice, address),
    )


def notice_words(notice: Notice, entry: ChannelEntry, context: RenderContext) -> str:
    """Return a phrase for the livestream's state, such as 还有3天 (in 3 days) or 开播了 (live).

    Days are counted in the calendar's time zone (`Notice.days_ahead`).
    """
    language = _language(context)
    if notice.state is NoticeState.REPLAY:
        return _phrase("replay-title", language)
    if notice.state is NoticeState.NOW:
        if notice.offset < timedelta(0):
            return _phrase("starting", language)
        return _phrase("live-now" if notice.offset else "started", language)
    if notice.state is NoticeState.SOON:
        return _phrase("starts-in", language, time_left=_distance(-notice.offset, language))
    days = notice.days_ahead(entry.starts_at, context.zone)
    return _phrase(f"day-{days}" if 0 <= days < _NAMED_DAYS else "days", language, days=days)


def notice_placeholders(
    notice: Notice, entry: ChannelEntry, context: RenderContext
) -> dict[str, str]:
    """Return the values for placeholders in a notice's text, such as `{time}`, by name."""
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
    """Replace each `{name}` in *text* with its value. Unknown names stay as they are."""
    return _PLACEHOLDER.sub(lambda found: placeholders.get(found[1], found[0]), text)


def format_moment(at: datetime, language: str) -> str:
    """Format a time with its weekday: `11月26日（周四）20:00` or `Thu, 26 Nov, 20:00`."""
    return Message(
        "moment",
        weekday=Message(f"weekday-short-{at.isoweekday()}"),
        month=Message(f"month-short-{at.month}"),
        day=at.day,
        time=f"{at:%H:%M}",
    ).text(language)


def rendition_data(
    entry: ChannelEntry, context: RenderContext, notice: Notice | None = None
) -> dict[str, Any]:
    """Return the facts of an entry, such as kind and times, as JSON values for feeds and webhooks.

    Instants are ISO 8601 in UTC; *zone* is the IANA name of the calendar's time zone.
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
    return context.language if context.language in LANGUAGES else LANGUAGES[0]


def _phrase(code: str, language: str, **params: Parameter) -> str:
    """Return a phrase for livestream notices; *code* is its key, such as `live-now`."""
    return Message(f"livestream-{code}", **params).text(language)


def _message(parts: list[str]) -> str:
    return "\n\n".join(part for part in parts if part.strip())


def _pictures(entry: ChannelEntry, context: RenderContext) -> tuple[Picture, ...]:
    return (context.poster(), *entry.pictures) if entry.has_poster else entry.pictures


def _distance(left: timedelta, language: str) -> str:
    minutes = max(1, round(left.total_seconds() / 60))
    hours, rest = divmod(minutes, 60)
    parts = [
        _phrase(f"{unit}-{'one' if count == 1 else 'many'}", language, count=count)
        for count, unit in ((hours, "hours"), (rest, "minutes"))
        if count
    ]
    return (
        _phrase("hours-and-minutes", language, hours=parts[0], minutes=parts[1])
        if len(parts) > 1
        else parts[0]
    )


def _facts(
    entry: ChannelEntry, live: Livestream, notice: Notice, context: RenderContext
) -> Iterator[tuple[str, str]]:
    language = _language(context)
    if notice.state is not NoticeState.REPLAY:
        yield _phrase("time", language), format_moment(context.local(entry.starts_at), language)
    if live.host:
        yield _phrase("host", language), live.host


def _link_code(notice: Notice) -> str:
    return {NoticeState.NOW: "watch", NoticeState.REPLAY: "replay"}.get(notice.state, "book")


def _fact_text(
    facts: list[tuple[str, str]], points_title: str, live: Livestream, link: tuple[str, str]
) -> str:
    head = "\n".join(name + value for name, value in facts)
    points = "\n".join([points_title, *(f"• {point}" for point in live.points)])
    return _message([head, points if live.points else "", "".join(link) if link[1] else ""])


def _fact_html(
    facts: list[tuple[str, str]], points_title: str, live: Livestream, link: tuple[str, str]
) -> str:
    name, address = link
    head = "<br>".join(f"{escape(label)}{escape(value)}" for label, value in facts)
    points = "".join(f"<li>{escape(point)}</li>" for point in live.points)
    parts = [f"<p>{head}</p>" if head else ""]
    if points:
        parts.append(f"<p>{points_title}</p><ul>{points}</ul>")
    if address:
        parts.append(f'<p>{name}<a href="{escape(address)}">{escape(address)}</a></p>')
    return clean_html("".join(parts))


def _warnings(live: Livestream, notice: Notice, address: str) -> tuple[RenditionWarning, ...]:
    if not address:
        message, field = Message("livestream-has-no-link"), "livestream.url"
    elif notice.state is NoticeState.REPLAY and not live.replay_url:
        message, field = Message("livestream-has-no-replay-link"), "livestream.replay_url"
    else:
        return ()
    return (RenditionWarning(WarningLevel.WARN, field, message),)
