"""Writes livestreams as iCalendar files (RFC 5545), for phones, Outlook and Apple's calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from icalendar import Alarm, Calendar, Event

from contentsvc.channels import PublicLivestream

from .feeds import SiteInfo
from .phrases import PHRASES, language_of

__all__ = ["calendar_of"]

#: How often calendar programs fetch the file; livestreams seldom move within the last hour.
_REFRESH = timedelta(hours=1)
_ALARM = timedelta(minutes=-10)


def calendar_of(
    site: SiteInfo, livestreams: Sequence[PublicLivestream], *, method: str = "PUBLISH"
) -> bytes:
    """Return an iCalendar file with one event for each livestream.

    A change of a livestream increases the event's SEQUENCE and leaves its UID unchanged. A
    cancelled livestream stays in the calendar as CANCELLED, so that programs strike it out. Times
    are UTC, which needs no table of time zone changes; programs show them in the reader's zone.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//contentsvc//site//ZH")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    calendar.add("x-wr-calname", site.title)
    calendar.add("refresh-interval", _REFRESH, {"VALUE": "DURATION"})
    # Outlook reads this instead of refresh-interval.
    calendar.add("x-published-ttl", "PT1H")
    for livestream in livestreams:
        calendar.add_component(_event(site, livestream))
    return bytes(calendar.to_ical())


def _event(site: SiteInfo, live: PublicLivestream) -> Event:
    language = language_of(site.language)
    changed_at = live.changed_at or live.starts_at
    event = Event()
    event.add("uid", f"{live.code}@{urlsplit(site.url).hostname or 'contentsvc'}")
    event.add("dtstamp", _seconds(changed_at))
    event.add("created", _seconds(live.created_at or changed_at))
    event.add("last-modified", _seconds(changed_at))
    event.add("sequence", live.sequence)
    event.add("dtstart", live.starts_at.astimezone(UTC))
    event.add("dtend", live.ends_at.astimezone(UTC))
    event.add(
        "summary",
        (PHRASES.text("ics-cancelled", language) if live.is_cancelled else "") + live.title,
    )
    event.add("description", "\n".join(_lines(site, live, PHRASES.text("ics-page", language))))
    event.add("url", f"{site.url}/live/{live.code}")
    if live.url:
        event.add("location", live.url)
    event.add("status", "CANCELLED" if live.is_cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if live.is_cancelled else "OPAQUE")
    if not live.is_cancelled:
        event.add_component(_alarm(PHRASES.text("ics-soon", language) + live.title))
    return event


def _alarm(description: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", description)
    alarm.add("trigger", _ALARM)
    return alarm


def _lines(site: SiteInfo, live: PublicLivestream, page: str) -> list[str]:
    points = [f"• {point}" for point in live.points]
    address = f"{page}{site.url}/live/{live.code}"
    return [line for line in (live.host, *points, live.url, address) if line]


def _seconds(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)
