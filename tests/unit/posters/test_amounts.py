"""Prices have one sign and are never cut; a progress bar says what its field says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from contentsvc.errors import RenderError
from contentsvc.posters import Poster, Template, list_templates
from contentsvc.posters.amounts import price_number, share_of

Paint = Callable[..., Poster]
ASSETS = Path(__file__).parents[3] / "assets" / "posters"
TEMPLATES, _ = list_templates([ASSETS])
PRICED = [
    pytest.param(template, size, id=f"{template.id}-{size}")
    for template in TEMPLATES
    if any(spec.type == "price" for spec in template.fields.values())
    for size in template.sizes
]

PRICES = {
    "29.9": "29.9",
    "¥29.9": "29.9",
    "￥29.9": "29.9",
    "39.9元": "39.9",
    "39.9 元": "39.9",
    "¥39.9元": "39.9",
    "２９．９元": "29.9",
    "RMB 128": "128",
    "人民币128元": "128",
    "12块": "12",
    "12块钱": "12",
    "1,299.00": "1,299.00",
    "39.9元起": "39.9起",
    "¥29.9/斤": "29.9/斤",
    "29.9元/箱起": "29.9/箱起",
    "¥29.9-¥39.9": "29.9-39.9",
    "29.9～39.9元": "29.9~39.9",
    "1.2万元": "1.2万",
    "免费": None,
    "$29.9": None,
    "29.9美元": None,
    "100日元": None,
    "面议": None,
    "¥": None,
    "39.9元 包邮": None,
    "29.9.9": None,
}
SHARES = {
    "64": 0.64,
    "64%": 0.64,
    "64/100": 0.64,
    "64 / 100": 0.64,
    "６４％": 0.64,
    "128／200": 0.64,
    "64.5%": 0.645,
    "0.64": 0.64,
    "0": 0,
    "1": 0.01,
    "100": 1,
    "1.0": 1,
    "210/200": 1,
    "150": None,
    "150%": None,
    "1/0": None,
    "64/100份": None,
    "64%已抢": None,
    "-5": None,
    "快满了": None,
    "6" * 400: None,
}


@pytest.mark.parametrize("text", PRICES)
def test_a_price_loses_its_sign(text: str) -> None:
    """Every way to write yuan gives the number alone; anything else is no price."""
    assert price_number(text) == PRICES[text]


@pytest.mark.parametrize("text", SHARES, ids=lambda text: text[:12])
def test_a_share_is_read_as_it_is_written(text: str) -> None:
    """A plain number is in percent; a text with more in it is no share."""
    assert share_of(text) == SHARES[text]


@pytest.mark.parametrize("size", ["9x16", "1x1"])
def test_every_spelling_of_a_price_makes_the_same_poster(size: str, paint: Paint) -> None:
    """The poster and its alternative text have one sign."""
    template = next(template for template in TEMPLATES if template.id == "flash-sale")
    samples = template.samples()

    posters = [
        paint(template, {**samples, "price": price, "was": was}, size=size)
        for price, was in (("39.9", "89"), ("¥39.9", "89元"), ("３９.９元", "￥89"))
    ]

    assert len({poster.image.tobytes() for poster in posters}) == 1
    assert {poster.alt for poster in posters} == {posters[0].alt}
    assert "秒杀价39.9元" in posters[0].alt
    assert all(poster.warnings == () for poster in posters)


@pytest.mark.parametrize(("template", "size"), PRICED)
def test_a_price_is_never_cut(template: Template, size: str, paint: Paint) -> None:
    """Prices of 7, 12 and 30 characters are shown whole beside the other texts of their line."""
    prices = [name for name, spec in template.fields.items() if spec.type == "price"]
    for price in ("1299.00", "1,234,567.89", "9" * 27 + ".99"):
        fields = {**template.samples(), **dict.fromkeys(prices, price)}

        poster = paint(template, fields, size=size)

        assert [each for each in poster.warnings if each.code == "cut"] == []


def test_a_price_that_is_none_is_a_warning(paint: Paint) -> None:
    """The warning names the field and the value."""
    template = next(template for template in TEMPLATES if template.id == "product-card")

    warnings = paint(template, {**template.samples(), "price": "免费"}).warnings

    assert [(each.field, each.code) for each in warnings] == [("price", "no_price")]
    assert "免费" in warnings[0].message.text("zh")


def test_a_price_too_long_to_read_is_refused(paint: Paint) -> None:
    """Nobody can read a price of fifty digits, so no poster shows a part of it."""
    template = next(template for template in TEMPLATES if template.id == "product-card")

    with pytest.raises(RenderError, match="50 characters") as caught:
        paint(template, {**template.samples(), "price": "9" * 50})

    assert caught.value.field == "price"
