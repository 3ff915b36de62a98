"""The form of a calendar's settings: its values as text, and their conversion."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time

from werkzeug.datastructures import MultiDict

from contentsvc.db.models import Calendar
from contentsvc.domain.calendars import Community
from contentsvc.domain.elements import CommunityKind
from contentsvc.domain.input_checks import InputChecks
from contentsvc.domain.quotas import Pacing, QuietHours, Quota
from contentsvc.domain.typed_text import digits, half_width, split_list
from contentsvc.domain.walltime import parse_time
from contentsvc.errors import InputError
from contentsvc.services.rendering.branding import check_brand
from contentsvc.web.current import runtime

__all__ = ["CalendarSettings", "read_settings", "settings_values"]

_TIME_AT_END = re.compile(r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?$")
_TAG_SEPARATOR = ", "


@dataclass(frozen=True, slots=True)
class CalendarSettings:
    """The settings that a person typed for a calendar; a value with an error has a default."""

    community: Community
    #: None if they could not be read.
    slots: Mapping[str, time] | None
    pacing: Pacing


def read_settings(
    form: Mapping[str, str], calendar: Calendar | None, checks: InputChecks
) -> CalendarSettings:
    """Return the settings in *form*; *checks* collects an error for each that cannot be read.

    *calendar* is the calendar that the form changes; None for a new one.
    """
    community, pacing = Community(), Pacing()
    slots: dict[str, time] | None = None
    quiet, quotas = pacing.quiet, pacing.quotas
    with checks.collect():
        community = _community(form, calendar)
    with checks.collect("brand"):
        check_brand(runtime().config.asset_folders(), form.get("brand") or None)
    with checks.collect("slots"):
        slots = _slots(form.get("slots", ""))
    with checks.collect("quiet"):
        quiet = _quiet(form.get("quiet", ""))
    with checks.collect("quotas"):
        quotas = _quotas(form.get("quotas", ""))
    return CalendarSettings(community, slots, Pacing(quiet, quotas))


def settings_values(calendar: Calendar) -> MultiDict[str, str]:
    """Return the settings of *calendar* as the texts of the form's fields."""
    values: MultiDict[str, str] = MultiDict(
        {
            "slug": calendar.slug,
            "name": calendar.name,
            "timezone": calendar.timezone,
            "kind": calendar.community_kind,
            "tier": str(calendar.community_tier),
            "tags": _TAG_SEPARATOR.join(calendar.community_tags),
            "slots": "\n".join(f"{name} {wall}" for name, wall in calendar.slots),
            "brand": calendar.brand or "",
            "quiet": calendar.quiet or "",
            "quotas": "\n".join(
                f"{name} {_format_limit(quota['day'])} {_format_limit(quota['month'])}"
                for name, quota in calendar.quotas.items()
            ),
        }
    )
    values.setlist("channels", list(calendar.channels))
    return values


def _community(form: Mapping[str, str], calendar: Calendar | None) -> Community:
    try:
        kind = CommunityKind(form.get("kind", ""))
    except ValueError as error:
        raise InputError("not-a-choice", field="kind") from error
    tier = 2 if form.get("tier") == "2" else 1
    brand = form.get("brand") or None
    return Community(kind, tier, _tags(form.get("tags", ""), calendar), brand)


def _tags(text: str, calendar: Calendar | None) -> tuple[str, ...]:
    """Return the typed tags. Unchanged ones stay, since a tag of a file may contain a separator."""
    if calendar and text == _TAG_SEPARATOR.join(calendar.community_tags):
        return tuple(calendar.community_tags)
    return tuple(dict.fromkeys(split_list(text)))


def _slots(text: str) -> dict[str, time]:
    """Parse slots (named times), one on each line, such as `早安 08:30`; return times by name.

    Raises:
        InputError: a line cannot be read.
        FieldsError: several lines cannot be read.
    """
    slots: dict[str, time] = {}
    checks = InputChecks()
    for line in filter(None, map(str.strip, text.splitlines())):
        name, wall = _name_and_time(line)
        with checks.collect("slots"):
            if not name or name in slots:
                raise InputError("slot-line-unreadable", line=line)
            slots[name] = parse_time(wall)
    checks.raise_errors()
    return slots


def _name_and_time(line: str) -> tuple[str, str]:
    """Return the name and the time of a slot's line; either is empty if the line has none.

    A blank, a comma or a colon divides them, or only the first digit of the time.
    """
    *name, wall = line.rsplit(maxsplit=1)
    if name:
        return name[0], wall
    found = _TIME_AT_END.search(half_width(line))
    return (line[: found.start()].rstrip(",，、:："), line[found.start() :]) if found else ("", "")


def _quiet(text: str) -> QuietHours | None:
    """Parse quiet hours such as `22:00-08:00`; return None if *text* is empty.

    Raises:
        InputError: *text* is not a span of hours.
    """
    if not text.strip():
        return None
    return QuietHours.parse(text)


def _format_limit(count: int | None) -> str:
    return "-" if count is None else str(count)


def _quotas(text: str) -> dict[str, Quota]:
    """Parse lines such as `benefits-group 3 60`: a channel, and its most posts a day and a month.

    Return the quotas by channel name.

    A hyphen stands for no limit.

    Raises:
        InputError: a line cannot be read.
        FieldsError: several lines cannot be read.
    """
    quotas: dict[str, Quota] = {}
    checks = InputChecks()
    for line in filter(None, map(str.strip, text.splitlines())):
        columns = half_width(line).replace(",", " ").split()
        limits = [(text, digits(text)) for text in columns[1:]]
        is_quota = len(limits) == 2 and all(  # noqa: PLR2004 - day and month
            text == "-" or count is not None for text, count in limits
        )
        with checks.collect("quotas"):
            if not is_quota or columns[0] in quotas:
                raise InputError("quota-line-unreadable", line=line)
            (_, day), (_, month) = limits
            quotas[columns[0]] = Quota(day, month)
    checks.raise_errors()
    return quotas
