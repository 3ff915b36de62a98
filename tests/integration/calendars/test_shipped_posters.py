"""The posters of the shipped calendars."""

from __future__ import annotations

import pytest

from contentsvc.config import shipped
from contentsvc.domain.calendar_files import read_calendar_bytes
from contentsvc.domain.weeks import IsoWeek
from contentsvc.posters import Fonts, load_brand, load_template, render
from contentsvc.services.rendering.entry_posters import poster_defaults
from contentsvc.services.rendering.render_items import RenderItem

WEEK = IsoWeek(2026, 48)


def wanted() -> list[RenderItem]:
    """Return every entry with a poster in the shipped calendars, in a week of November."""
    found = []
    for file in sorted(shipped("calendars").glob("*.yaml")):
        plan = read_calendar_bytes(file.read_bytes(), file.name)
        found += [
            RenderItem(
                plan.head.slug, plan.head.zone, WEEK, entry, plan.head.starts_at(entry, WEEK).at
            )
            for entry in plan.entries
            if entry.poster
        ]
    return found


@pytest.fixture(scope="module")
def fonts() -> Fonts:
    """Return the fonts, opened once."""
    return Fonts()


@pytest.mark.parametrize("item", wanted(), ids=lambda item: item.ref)
def test_posters_render_without_a_warning(item: RenderItem, fonts: Fonts) -> None:
    """Each poster's template exists, takes its fields and shows every word at its default size."""
    assets = shipped("assets")
    spec = item.content.poster
    assert spec is not None
    template = load_template(spec.template, [assets / "posters"])
    fields = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in spec.fields.items()
    }

    poster = render(
        template,
        fields,
        brand=load_brand(assets / "brand.yaml"),
        pictures=lambda name: (assets / name).read_bytes(),
        fonts=fonts,
        defaults=poster_defaults(item, "zh"),
    )

    assert set(fields) <= set(template.fields)
    assert [warning.message for warning in poster.warnings] == []
    assert poster.image.size == template.size


def test_there_are_posters_to_try() -> None:
    """The sample calendar has at least three posters."""
    assert sum(item.slug == "baby-benefits" for item in wanted()) >= 3
