"""Format times, weeks and file sizes for display, and sanitise HTML."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import nh3
from flask_babel import format_date, format_datetime, gettext, ngettext
from markupsafe import Markup

from contentsvc.domain.weeks import IsoWeek
from contentsvc.web.current import language, now

__all__ = ["ago", "as_clock_time", "as_day", "as_time", "safe_html", "size", "week_title"]

_DAY = {"zh": "M月d日", "en": "d MMM"}
_MOMENT = {"zh": "M月d日 EEE HH:mm", "en": "EEE d MMM HH:mm"}
_MOMENT_SECONDS = {"zh": "M月d日 HH:mm:ss", "en": "d MMM HH:mm:ss"}
#: Ages from which another unit is shown, in seconds.
_JUST_NOW, _MINUTE, _HOUR, _DAY_LONG = 5, 60, 3600, 86400


def as_day(day: date) -> str:
    """Return *day* for display without its year, such as 11月26日."""
    return str(format_date(day, _DAY[language()]))


def as_time(at: datetime | None, zone: ZoneInfo | str, *, seconds: bool = False) -> str:
    """Return *at* for display as a date and time in *zone*; a dash for None."""
    if at is None:
        return "–"
    zone = ZoneInfo(zone) if isinstance(zone, str) else zone
    pattern = (_MOMENT_SECONDS if seconds else _MOMENT)[language()]
    return str(format_datetime(at.astimezone(zone), pattern, rebase=False))


def as_clock_time(at: datetime, zone: ZoneInfo | str) -> str:
    """Return the time of day of *at* in *zone* for display, such as 07:30."""
    zone = ZoneInfo(zone) if isinstance(zone, str) else zone
    return f"{at.astimezone(zone):%H:%M}"


def ago(at: datetime | None) -> str:
    """Return how long ago *at* was, such as "5 min ago"; "never" for None."""
    if at is None:
        return str(gettext("never"))
    seconds_ago = int((now() - at.astimezone(UTC)).total_seconds())
    if seconds_ago < _JUST_NOW:
        text = gettext("just now")
    elif seconds_ago < _MINUTE:
        text = ngettext("%(num)d s ago", "%(num)d s ago", seconds_ago)
    elif seconds_ago < _HOUR:
        text = ngettext("%(num)d min ago", "%(num)d min ago", seconds_ago // _MINUTE)
    elif seconds_ago < _DAY_LONG:
        text = ngettext("%(num)d h ago", "%(num)d h ago", seconds_ago // _HOUR)
    else:
        text = ngettext("%(num)d day ago", "%(num)d days ago", seconds_ago // _DAY_LONG)
    return str(text)


def week_title(week: IsoWeek) -> str:
    """Return *week* for display, such as 11月23日 – 11月29日 · 第48周."""
    days = list(_days(week))
    text = gettext(
        "%(first)s – %(last)s · week %(number)s",
        first=as_day(days[0]),
        last=as_day(days[-1]),
        number=week.week,
    )
    return str(text)


def _days(week: IsoWeek) -> list[date]:
    return [date.fromisocalendar(week.year, week.week, number) for number in range(1, 8)]


def size(count: int) -> str:
    """Return *count* bytes for display in kB or MB, such as `1.5 MB`."""
    if count < 1024 * 1024:
        return f"{max(1, count // 1024)} kB"
    return f"{count / 1024 / 1024:.1f} MB"


def _local_only(tag: str, attribute: str, value: str) -> str | None:
    """Return *value*, or None to remove the address of a picture on another server."""
    if (tag, attribute) == ("img", "src") and not (
        value.startswith("/") and not value.startswith("//")
    ):
        return None
    return value


def safe_html(html: str) -> Markup:
    """Return *html* sanitised, and marked as safe for page templates.

    The HTML is that of a rendition. Plugins make renditions, so it is sanitised once more here.
    """
    cleaned = nh3.clean(html, attribute_filter=_local_only, link_rel="noopener nofollow")
    return Markup(cleaned)  # noqa: S704 - nh3 has just cleaned it
