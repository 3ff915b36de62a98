"""Fixtures: the packaged fonts, the sample brand and shipped templates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contentsvc.posters import (
    Brand,
    Fonts,
    PaintCache,
    Poster,
    Template,
    load_brand,
    load_template,
    parse_template,
    render,
)

ASSETS = Path(__file__).parents[3] / "assets"

#: The smallest template that shows a field.
PLAIN = """
id: plain
name: {zh: 素, en: Plain}
size: [400, 300]
fields:
  title: {label: {zh: 标题, en: Title}, required: true, max: 20}
palette: {ink: "#222222"}
layers:
  - {id: ground, type: rect, box: [0, 0, 400, 300], fill: white}
  - {id: title, type: text, field: title, box: [20, 20, 360, 60], size: 40, min: 20}
variants:
  9x16: {size: [400, 300]}
"""


@pytest.fixture(scope="session")
def fonts() -> Fonts:
    return Fonts()


@pytest.fixture(scope="session")
def brand() -> Brand:
    """Return the shipped brand kit with a name, as a team sets it."""
    return load_brand(ASSETS / "brand.yaml").model_copy(update={"name": "暖芽妈妈·会员群"})


@pytest.fixture(scope="session")
def cache() -> PaintCache:
    """Return a cache for the whole run, so that each part is painted by only one test."""
    return PaintCache(limit=400_000_000)


@pytest.fixture
def plain() -> Template:
    return parse_template(PLAIN, "plain.yaml")


@pytest.fixture
def plain_text() -> str:
    return PLAIN


@pytest.fixture
def live_notice() -> Template:
    return load_template("live-notice", [ASSETS / "posters"])


@pytest.fixture(scope="session")
def posters_folder() -> Path:
    return ASSETS / "posters"


@pytest.fixture
def paint(fonts: Fonts, brand: Brand, cache: PaintCache) -> Callable[..., Poster]:
    def _paint(template: Template, fields: dict[str, object], **more: Any) -> Poster:
        options: dict[str, Any] = {
            "brand": brand,
            "pictures": dict[str, bytes]().__getitem__,
            "fonts": fonts,
            "cache": cache,
            **more,
        }
        return render(template, fields, **options)

    return _paint
