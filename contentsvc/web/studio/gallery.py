"""The gallery: poster templates, chosen by their picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, render_template, request, url_for
from flask_babel import LazyString, gettext, lazy_gettext

from contentsvc.domain.elements import Element
from contentsvc.errors import RenderError
from contentsvc.posters import Template
from contentsvc.services.rendering.branding import check_brand, list_brands
from contentsvc.web.current import runtime
from contentsvc.web.explaining import explain
from contentsvc.web.poster_choices import is_offered
from contentsvc.web.studio.sketching import studio

__all__ = ["blueprint"]

blueprint = Blueprint("gallery", __name__)

_ = lazy_gettext

#: The families that ship, with what they are like; others follow by their own name.
_FAMILIES: Mapping[str, tuple[LazyString, LazyString]] = {
    "warm": (_("Warm"), _("round, soft light: people first")),
    "editorial": (_("Editorial"), _("much room, quiet letters: content first")),
    "bold": (_("Bold"), _("strong colours, large numbers: offers")),
}


@dataclass(frozen=True, slots=True)
class Tile:
    """One template of the gallery."""

    template: Template
    #: Of its picture.
    address: str
    #: Why it has none; empty where it has.
    error: str = ""


@blueprint.get("/posters/")
def index() -> str:
    """Show the templates by family, with a filter by what they are for."""
    brand = request.args.get("brand") or None
    check_brand(runtime().config.asset_folders(), brand)
    templates, faults = studio().painter.library.list()
    offered = [template for template in templates if is_offered(template)]
    use = request.args.get("use", "")
    shown = [template for template in offered if not use or use in template.elements]
    return render_template(
        "posters/index.html",
        families=_by_family(shown, brand),
        faults=faults,
        uses=[element for element in Element if any(element in one.elements for one in offered)],
        use=use,
        brand=brand or "",
        brands={"": gettext("The usual one"), **list_brands(runtime().config.asset_folders())},
        entry=request.args.get("entry", ""),
    )


def _by_family(
    templates: list[Template], brand: str | None
) -> list[tuple[tuple[LazyString | str, LazyString | str], list[Tile]]]:
    names = dict.fromkeys([*_FAMILIES, *(template.family or "" for template in templates)])
    groups = []
    for name in names:
        tiles = [_tile(one, brand) for one in templates if (one.family or "") == name]
        words = _FAMILIES.get(name, (name or gettext("Others"), ""))
        if tiles:
            groups.append((words, tiles))
    return groups


def _tile(template: Template, brand: str | None) -> Tile:
    try:
        key = studio().thumbnail_key(template, brand)
    except RenderError as error:
        return Tile(template, "", explain(error))
    return Tile(template, url_for("studio.picture", name=template.id, brand=brand, v=key))
