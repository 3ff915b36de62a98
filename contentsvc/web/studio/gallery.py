"""The gallery page, which shows the poster templates as thumbnails."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask_babel import LazyString, gettext

from contentsvc.domain.elements import Element
from contentsvc.errors import RenderError
from contentsvc.posters import Template
from contentsvc.services.rendering.branding import check_brand
from contentsvc.web.current import runtime
from contentsvc.web.explaining import explain
from contentsvc.web.poster_choices import (
    FAMILIES,
    brand_choices,
    by_family,
    is_offered,
    thumbnail_address,
)
from contentsvc.web.studio.sketching import studio

__all__ = ["blueprint"]

blueprint = Blueprint("gallery", __name__)


@dataclass(frozen=True, slots=True)
class Tile:
    """A poster template in the gallery, with its thumbnail or the reason why it has none."""

    template: Template
    #: The URL of the template's thumbnail; empty if it cannot be painted.
    address: str
    #: Why the template has no thumbnail; empty if it has one.
    error: str = ""


@blueprint.get("/posters/")
def index() -> str:
    """Render the gallery: all poster templates, or those for the chosen purpose (element)."""
    brand = request.args.get("brand") or None
    check_brand(runtime().config.asset_folders(), brand)
    templates, faults = studio().painter.library.list()
    offered = [template for template in templates if is_offered(template)]
    use = request.args.get("use", "")
    matching = [template for template in offered if not use or use in template.elements]
    return render_template(
        "posters/index.html",
        families=_groups(matching, brand),
        faults=faults,
        uses=[element for element in Element if any(element in each.elements for each in offered)],
        use=use,
        brand=brand or "",
        brands=brand_choices(),
        entry=request.args.get("entry", ""),
    )


def _groups(
    templates: list[Template], brand: str | None
) -> list[tuple[tuple[LazyString | str, LazyString | str], list[Tile]]]:
    """Return, for each family of *templates*, its (title, description) and its gallery tiles."""
    return [
        (
            FAMILIES.get(name, (name or gettext("Others"), "")),
            [_tile(template, brand) for template in members],
        )
        for name, members in by_family(templates).items()
    ]


def _tile(template: Template, brand: str | None) -> Tile:
    try:
        return Tile(template, thumbnail_address(template, brand))
    except RenderError as error:
        return Tile(template, "", explain(error))
