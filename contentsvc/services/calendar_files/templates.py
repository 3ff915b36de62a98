"""List and read the calendar templates of plugins."""

from __future__ import annotations

from dataclasses import dataclass

from contentsvc.channels.hosting import CalendarTemplate, Registry
from contentsvc.domain.calendar_files import MOST_BYTES, read_calendar_bytes
from contentsvc.domain.calendars import CalendarPlan
from contentsvc.errors import CalendarError, NotFoundError, Problem
from contentsvc.messages import Message

__all__ = [
    "OfferedTemplate",
    "find_template",
    "offered_templates",
    "read_template",
]


@dataclass(frozen=True, slots=True)
class OfferedTemplate:
    """A calendar template that a plugin provides, as listed on a page; its file may be broken."""

    plugin: str
    #: The file's name.
    name: str
    #: None if the file is broken; `problems` then says why.
    plan: CalendarPlan | None = None
    problems: tuple[Problem, ...] = ()


def offered_templates(registry: Registry) -> list[OfferedTemplate]:
    """Return the calendar templates of all plugins, including broken ones with their problems."""
    return [_inspect(template) for template in registry.calendar_templates()]


def find_template(registry: Registry, plugin: str, name: str) -> CalendarTemplate:
    """Return a plugin's template by file *name*; raise NotFoundError if there is none.

    Raises:
        NotFoundError: the plugin has no such template.
    """
    for template in registry.calendar_templates():
        if (template.plugin, template.path.name) == (plugin, name):
            return template
    raise NotFoundError("calendar-template-unknown", plugin=plugin, name=name)


def read_template(registry: Registry, plugin: str, name: str) -> CalendarPlan:
    """Read the template file *name* of *plugin*; return its settings and entries as a plan.

    Raises:
        NotFoundError: the plugin has no such template.
        CalendarError: the template cannot be used; the error lists every problem.
    """
    return _read(find_template(registry, plugin, name))


def _inspect(template: CalendarTemplate) -> OfferedTemplate:
    plugin, name = template.plugin, template.path.name
    try:
        return OfferedTemplate(plugin, name, _read(template))
    except CalendarError as error:
        return OfferedTemplate(plugin, name, None, tuple(error.problems))


def _read(template: CalendarTemplate) -> CalendarPlan:
    name = template.path.name
    try:
        with template.path.open("rb") as file:
            # One byte more than allowed is enough to notice that the file is too large.
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        message = Message("calendar-template-unreadable", reason=str(error.strerror))
        raise CalendarError(name, [Problem(0, "", message)]) from error
    return read_calendar_bytes(content, name)
