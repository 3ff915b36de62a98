"""The poster templates that the entry form offers."""

from __future__ import annotations

from contentsvc.errors import RenderError
from contentsvc.posters import Template
from contentsvc.web.entries.previews import renderer

__all__ = ["choose_template", "is_offered", "offered_templates"]

#: What a channel is given unless it asks for another.
_USUAL_SIZE = "9x16"


def offered_templates() -> list[Template]:
    """Return every template that an entry can use; broken ones are left out.

    One without the size that channels ask for is a channel's own, such as a card for its links.
    """
    templates, _faults = renderer().posters.painter.library.list()
    return [template for template in templates if is_offered(template)]


def is_offered(template: Template) -> bool:
    """Tell whether a template is one for people to choose."""
    return _USUAL_SIZE in template.sizes


def choose_template(name: str) -> Template | None:
    """Return a template; None where there is none of that name or it is broken."""
    if not name:
        return None
    try:
        return renderer().posters.painter.library.load(name)
    except RenderError:
        return None
