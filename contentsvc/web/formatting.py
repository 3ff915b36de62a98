"""How times, sizes and sanitised HTML are shown."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import nh3
from flask_babel import format_date, format_datetime, gettext, ngettext
from markupsafe import Markup

from contentsvc.domain.weeks import IsoWeek
from contentsvc.web.current import language, now

__all__ = ["ago", "as_day", "as_time", "safe_html", "size", "week_title"]

_DAY = {"zh": "M月d日", "en": "d MMM"}
_MOMENT = {"zh": "M月d日 EEE HH:mm", "en": "EEE d MMM HH:mm"}
_MOMENT_SECONDS = {"zh": "M月d日 HH:mm:ss", "en": "d MMM HH:mm:ss"}
#: Seconds.
_MOMENTS, _MINUTE, _HOUR, _DAY_LONG = 5, 60, 3600, 86400


def as_day(day: date) -> str:
    """Return a date without its year, such as 11月26日."""
    return str(format_date(day, _DAY[language()]))


def as_time(at: datetime | None, zone: ZoneInfo | str, *, seconds: bool = False) -> str:
    """Return an instant on the wall clock of *zone*; a dash where there is none."""
    if at is None:
        return "–"
    zone = ZoneInfo(zone) if isinstance(zone, str) else zone
    pattern = (_MOMENT_SECONDS if seconds else _MOMENT)[language()]
    return str(format_datetime(at.astimezone(zone), pattern, rebase=False))


def ago(at: datetime | None) -> str:
    """Return how long ago an instant was, in words."""
    if at is None:
        return str(gettext("never"))
    gone = int((now() - at.astimezone(UTC)).total_seconds())
    if gone < _MOMENTS:
        words = gettext("just now")
    elif gone < _MINUTE:
        words = ngettext("%(num)d s ago", "%(num)d s ago", gone)
    elif gone < _HOUR:
        words = ngettext("%(num)d min ago", "%(num)d min ago", gone // _MINUTE)
    elif gone < _DAY_LONG:
        words = ngettext("%(num)d h ago", "%(num)d h ago", gone // _HOUR)
    else:
        words = ngettext("%(num)d day ago", "%(num)d days ago", gone // _DAY_LONG)
    return str(words)


def week_title(week: IsoWeek) -> str:
    """Return a week as people say it: 11月23日 – 11月29日 · 第48周."""
    days = list(_days(week))
    words = gettext(
        "%(first)s – %(last)s · week %(number)s",
        first=as_day(days[0]),
        last=as_day(days[-1]),
        number=week.week,
    )
    return str(words)


def _days(week: IsoWeek) -> list[date]:
    return [date.fromisocalendar(week.year, week.week, number) for number in range(1, 8)]


def size(count: int) -> str:
    """Return a number of bytes as people read it."""
    if count < 1024 * 1024:
        return f"{max(1, count // 1024)} kB"
    return f"{count / 1024 / 1024:.1f} MB"


def _local_only(tag: str, attribute: str, value: str) -> str | None:
    """Keep a picture's address only where it lies on this machine: no page calls another host."""
    if (tag, attribute) == ("img", "src") and not (
        value.startswith("/") and not value.startswith("//")
    ):
        return None
    return value


def safe_html(html: str) -> Markup:
    """Return a rendition's HTML, cleaned once more, fit to stand inside a page."""
    cleaned = nh3.clean(html, attribute_filter=_local_only, link_rel="noopener nofollow")
    return Markup(cleaned)  # noqa: S704 - nh3 has just cleaned it
