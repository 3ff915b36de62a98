"""The poster templates that the entry form offers."""

from __future__ import annotations

from pathlib import Path

from contentsvc.errors import RenderError
from contentsvc.posters import Template, list_templates, load_template
from contentsvc.web.current import runtime

__all__ = ["choose_template", "offered_templates"]


def offered_templates() -> list[Template]:
    """Return every template that can be used; broken ones are left out."""
    templates, _faults = list_templates(_folders())
    return templates


def choose_template(name: str) -> Template | None:
    """Return a template; None where there is none of that name or it is broken."""
    if not name:
        return None
    try:
        return load_template(name, _folders())
    except RenderError:
        return None


def _folders() -> list[Path]:
    return [folder / "posters" for folder in runtime().config.asset_folders()]
