"""The poster templates that the entry form offers."""

from __future__ import annotations

from pathlib import Path

from contentsvc.errors import RenderError
from contentsvc.posters import Template, list_templates, load_template
from contentsvc.services.painting import template_folders
from contentsvc.web.current import runtime

__all__ = ["choose_template", "offered_templates"]

#: What a channel is given unless it asks for another.
_USUAL_SIZE = "9x16"


def offered_templates() -> list[Template]:
    """Return every template that an entry can use; broken ones are left out.

    One without the size that channels ask for is a channel's own, such as a card for its links.
    """
    templates, _faults = list_templates(_folders())
    return [template for template in templates if _USUAL_SIZE in template.sizes]


def choose_template(name: str) -> Template | None:
    """Return a template; None where there is none of that name or it is broken."""
    if not name:
        return None
    try:
        return load_template(name, _folders())
    except RenderError:
        return None


def _folders() -> list[Path]:
    return template_folders(runtime())
