"""The poster templates and brands that people can choose, and the templates' thumbnails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask import url_for
from flask_babel import LazyString, gettext, lazy_gettext

from contentsvc.errors import RenderError
from contentsvc.posters import Template
from contentsvc.services.rendering.branding import list_brands
from contentsvc.web.current import runtime
from contentsvc.web.entries.previews import renderer
from contentsvc.web.studio.sketching import studio

__all__ = [
    "FAMILIES",
    "brand_choices",
    "by_family",
    "choose_template",
    "is_offered",
    "offered_templates",
    "thumbnail_address",
]

_ = lazy_gettext

#: Titles and descriptions of the built-in template families, in order.
FAMILIES: Mapping[str, tuple[LazyString, LazyString]] = {
    "warm": (_("Warm"), _("round, soft light: people first")),
    "editorial": (_("Editorial"), _("generous space, quiet type: content first")),
    "bold": (_("Bold"), _("strong colours, large numbers: offers")),
}
#: The poster size of channels that ask for no other size.
_DEFAULT_SIZE = "9x16"


def offered_templates() -> list[Template]:
    """Return the poster templates that an entry can use, without broken templates.

    A template without the size that channels use by default belongs to a channel, such as the card
    of a link, and is left out too.
    """
    templates, _faults = renderer().posters.painter.library.list()
    return [template for template in templates if is_offered(template)]


def is_offered(template: Template) -> bool:
    """Return whether people can choose *template* for an entry: it has the default size."""
    return _DEFAULT_SIZE in template.sizes


def choose_template(name: str) -> Template | None:
    """Return the poster template *name*; None if it is missing or broken, or *name* is empty."""
    if not name:
        return None
    try:
        return renderer().posters.painter.library.load(name)
    except RenderError:
        return None


def by_family(templates: Iterable[Template]) -> dict[str, list[Template]]:
    """Return *templates* grouped by family (a visual style), the built-in families first."""
    families: dict[str, list[Template]] = {name: [] for name in FAMILIES}
    for template in templates:
        families.setdefault(template.family or "", []).append(template)
    return {name: members for name, members in families.items() if members}


def brand_choices() -> dict[str, str]:
    """Return the titles of the brands by name; the empty name stands for the default brand."""
    brands = list_brands(runtime().config.asset_folders())
    return {"": str(gettext("Default brand")), **brands}


def thumbnail_address(template: Template, brand: str | None = None) -> str:
    """Return the URL of a template's thumbnail in *brand*.

    Raises:
        RenderError: the template cannot be painted in *brand*.
    """
    key = studio().thumbnail_key(template, brand)
    return url_for("studio.picture", name=template.id, brand=brand, v=key)
