"""Calendar templates that plugins bring: listed, and stamped on a week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from contentsvc.channels import CalendarTemplate, Registry
from contentsvc.domain.calendar_files import MOST_BYTES, read_calendar_bytes
from contentsvc.domain.calendars import CalendarPlan
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import CalendarError, NotFoundError, Problem
from contentsvc.services.calendar_files.importing import ImportReport
from contentsvc.services.calendar_files.stamping import stamp
from contentsvc.services.planning import Windows

__all__ = [
    "OfferedTemplate",
    "find_template",
    "offered_templates",
    "read_template",
    "stamp_template",
]


@dataclass(frozen=True, slots=True)
class OfferedTemplate:
    """A plugin's template as it can be offered."""

    plugin: str
    #: The file's name.
    name: str
    #: None where it is broken.
    plan: CalendarPlan | None = None
    problems: tuple[Problem, ...] = ()


def offered_templates(registry: Registry) -> list[OfferedTemplate]:
    """Return the plugins' templates in their order; a broken one tells its problems."""
    return [_look(template) for template in registry.calendar_templates()]


def find_template(registry: Registry, plugin: str, name: str) -> CalendarTemplate:
    """Return a plugin's template; NotFoundError where it brings none of that name."""
    for template in registry.calendar_templates():
        if (template.plugin, template.path.name) == (plugin, name):
            return template
    raise NotFoundError(f"the plugin {plugin!r} brings no calendar template {name!r}")


def stamp_template(
    session: Session,
    registry: Registry,
    plugin: str,
    name: str,
    week: IsoWeek,
    *,
    now: datetime,
    by: str,
    windows: Windows,
) -> ImportReport:
    """Bring the entries of a plugin's template into *week*, as `stamp` does.

    Raises:
        NotFoundError: the plugin brings no such template.
        CalendarError: it cannot be read; every problem is listed.
    """
    plan = read_template(registry, plugin, name)
    return stamp(session, plan, week, now=now, by=by, windows=windows)


def read_template(registry: Registry, plugin: str, name: str) -> CalendarPlan:
    """Read a plugin's template; raises as `stamp_template` does."""
    return _read(find_template(registry, plugin, name))


def _look(template: CalendarTemplate) -> OfferedTemplate:
    place = (template.plugin, template.path.name)
    try:
        return OfferedTemplate(*place, _read(template))
    except CalendarError as error:
        return OfferedTemplate(*place, None, tuple(error.problems))


def _read(template: CalendarTemplate) -> CalendarPlan:
    name = template.path.name
    try:
        with template.path.open("rb") as file:
            # One byte more than is allowed is enough to see that it is too long.
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        reason = f"it cannot be read ({error.strerror})"
        raise CalendarError(name, [Problem(0, "", reason)]) from error
    return read_calendar_bytes(content, name)
