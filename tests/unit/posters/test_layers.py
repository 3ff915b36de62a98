from __future__ import annotations

import io
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from contentsvc.errors import RenderError
from contentsvc.posters import (
    Brand,
    Poster,
    TemplateError,
    brand_fonts,
    parse_template,
    template_json_schema,
)
from contentsvc.posters.template.layers import MASKS

Paint = Callable[..., Poster]
SCHEMA = Path(__file__).parents[3] / "assets" / "posters" / "template.schema.json"


def with_layer(plain: str, layer: str, fields: str = "") -> str:
    text = plain.replace("variants", f"  - {layer}\nvariants")
    return text.replace("palette", f"{fields}palette", 1)


@pytest.mark.parametrize(
    ("share", "reach"),
    [
        ("64%", 64),
        ("128/200", 64),
        ("0.64", 64),
        ("3/2", 100),
        ("0%", 0),
        ("６４％", 64),
        ("６４／１００", 64),
    ],
)
def test_a_bar_is_as_full_as_its_field_says(
    paint: Paint, plain_text: str, share: str, reach: int
) -> None:
    """A percentage, a fraction and a plain share are read; the bar is never more than full."""
    layer = '{type: progress, field: done, box: [0, 200, 400, 20], radius: 0, fill: "#FF0000"}'
    text = with_layer(plain_text, layer, "  done: {label: {zh: 进度, en: Done}}\n")

    image = paint(parse_template(text, "p.yaml"), {"title": "好", "done": share}).image

    red = [image.getpixel((x, 210)) == (255, 0, 0) for x in range(400)]
    assert sum(red) == reach * 4 or (reach == 0 and sum(red) == 0)


def test_a_text_that_is_no_share_is_a_warning(paint: Paint, plain_text: str) -> None:
    """The bar is left out, and the warning names its field."""
    layer = "{id: bar, type: progress, field: done, box: [0, 200, 400, 20]}"
    text = with_layer(plain_text, layer, "  done: {label: {zh: 进度, en: Done}}\n")

    warnings = paint(parse_template(text, "p.yaml"), {"title": "好", "done": "快了"}).warnings

    assert [(each.field, each.code) for each in warnings] == [("done", "no_share")]


def test_a_countdown_sets_its_numbers_on_tiles(paint: Paint, plain_text: str) -> None:
    """Each number has a tile, and the texts between the numbers have none."""
    layer = ('{type: countdown, field: left, box: [10, 180, 380, 100], size: 40, '
             'tile: "#0000FF", fill: "#0000FF", radius: 0}')  # fmt: skip
    text = with_layer(plain_text, layer, "  left: {label: {zh: 剩, en: Left}, max: 20}\n")
    text = text.replace("type: countdown", "type: countdown, overlap: true")

    image = paint(parse_template(text, "p.yaml"), {"title": "好", "left": "2天13:45"}).image

    blue = [image.getpixel((x, 204)) == (0, 0, 255) for x in range(400)]
    starts = sum(now and not before for before, now in pairwise(blue))
    assert starts == 3


def test_a_countdown_of_many_numbers_is_painted(paint: Paint, plain_text: str) -> None:
    """More numbers than a line of spans may have give smaller tiles, not an error."""
    layer = "{type: countdown, field: left, box: [10, 180, 380, 100], size: 40}"
    text = with_layer(plain_text, layer, "  left: {label: {zh: 剩, en: Left}}\n")

    poster = paint(parse_template(text, "p.yaml"), {"title": "好", "left": "1:2:3:4:5:6:7:8:9"})

    assert poster.warnings == ()


def test_a_ticket_has_half_circles_cut_out(paint: Paint, plain_text: str) -> None:
    """The ground shows only in the half circles at the ends of the perforated line."""
    layer = (
        '{type: ticket, box: [0, 100, 400, 200], at: 0.5, notch: 20, fill: "#FF0000", radius: 0}'
    )

    image = paint(parse_template(with_layer(plain_text, layer), "p.yaml"), {"title": "好"}).image

    at = [image.getpixel(point) for point in ((200, 110), (200, 290), (100, 110), (200, 200))]
    assert at == [(255, 255, 255), (255, 255, 255), (255, 0, 0), (255, 0, 0)]


@pytest.mark.parametrize("mask", MASKS)
def test_a_picture_is_cut_to_a_figure(paint: Paint, plain_text: str, mask: str) -> None:
    """The middle of the picture is visible, and its upper corners are not."""
    layer = f"{{type: image, field: hero, mask: {mask}, box: [100, 100, 200, 200]}}"
    text = with_layer(plain_text, layer, "  hero: {label: {zh: 图, en: Picture}, type: image}\n")
    out = io.BytesIO()
    Image.new("RGB", (400, 400), "#0000FF").save(out, "PNG")
    files = {"photo": out.getvalue()}

    image = paint(
        parse_template(text, "p.yaml"),
        {"title": "好", "hero": "photo"},
        pictures=files.__getitem__,
    ).image

    assert image.getpixel((200, 210)) == (0, 0, 255)
    assert image.getpixel((102, 102)) == image.getpixel((297, 102)) == (255, 255, 255)


def test_the_brand_layer_shows_logo_or_bar(paint: Paint, plain_text: str) -> None:
    """A brand without a logo shows its bar, and a condition can ask for the logo."""
    layer = '{type: brand, box: [20, 200, 300, 40], bar: "#FF0000", size: 24}'
    text = with_layer(plain_text, layer)
    text = with_layer(text, '{type: rect, if: brand.logo, box: [0, 290, 10, 10], fill: "#00FF00"}')
    template = parse_template(text, "p.yaml")

    bar = paint(template, {"title": "好"}, brand=Brand(name="甲")).image
    logo = paint(template, {"title": "好"}, brand=Brand(name="甲", logo="art:leaf")).image

    assert bar.getpixel((24, 220)) == (255, 0, 0)
    assert logo.getpixel((24, 220)) != (255, 0, 0)
    assert (bar.getpixel((5, 295)), logo.getpixel((5, 295))) == ((255, 255, 255), (0, 255, 0))


def test_items_are_split_at_their_bar(paint: Paint, plain_text: str) -> None:
    """A text shows either part of an item, and a list can skip its first items."""
    placeholders = "'{ranks[1]}·{ranks[1].tail}'"
    layer = f"{{id: top, type: text, text: {placeholders}, box: [20, 90, 360, 50], size: 30}}"
    rows = ("{id: rest, type: list, field: ranks, skip: 1, box: [20, 150, 360, 140], size: 24, "
            "tail: {width: 90, size: 24}}")  # fmt: skip
    field = "  ranks: {label: {zh: 榜, en: R}, type: list}\n"
    text = with_layer(with_layer(plain_text, layer), rows, field)
    template = parse_template(text, "p.yaml")

    first = paint(template, {"title": "好", "ranks": ["甲 | 9单", "乙 | 8单"]})
    other = paint(template, {"title": "好", "ranks": ["甲 | 9单", "乙 ｜ 8单"]})

    assert first.warnings == ()
    assert "甲 9单；乙 8单" in first.alt
    assert first.image.tobytes() == other.image.tobytes()


def test_a_condition_compares_a_value(paint: Paint, plain_text: str) -> None:
    """`is` is true only for the exact value, and `not` negates it."""
    yes = '{type: rect, if: title is 直播, box: [0, 250, 50, 50], fill: "#FF0000"}'
    no = '{type: rect, if: not title is 直播, box: [350, 250, 50, 50], fill: "#0000FF"}'
    template = parse_template(with_layer(with_layer(plain_text, yes), no), "p.yaml")

    live, other = (paint(template, {"title": title}).image for title in ("直播", "直播了"))

    assert (live.getpixel((20, 280)), live.getpixel((380, 280))) == ((255, 0, 0), (255, 255, 255))
    assert (other.getpixel((20, 280)), other.getpixel((380, 280))) == ((255, 255, 255), (0, 0, 255))


def test_emoji_take_the_colour_of_their_text(paint: Paint, plain: object) -> None:
    """An emoji in black lettering has no other colour."""
    image = paint(plain, {"title": "🥕"}, brand=Brand()).image

    colours = {colour for _, colour in image.getcolors(1 << 16) or []}
    assert (0x22, 0x22, 0x22) in colours
    assert all(isinstance(colour, tuple) and len(set(colour)) == 1 for colour in colours)


def test_the_schema_file_is_what_the_command_prints() -> None:
    """The shipped schema file is up to date, so editors know every layer."""
    schema = SCHEMA.read_text(encoding="utf-8")

    assert schema == template_json_schema()
    assert "Countdown" in json.loads(schema)["$defs"]


def test_a_template_of_another_version_is_refused(plain_text: str) -> None:
    """A template for a later engine is an error instead of a wrong poster."""
    with pytest.raises(TemplateError, match="version"):
        parse_template(plain_text.replace("id: plain", "id: plain\nversion: 2"), "p.yaml")


def test_brand_fonts_stay_within_the_assets(tmp_path: Path) -> None:
    """A font folder that is missing, or outside the assets, is an error that names it."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "secret").mkdir()

    for name in ("none", "../secret"):
        with pytest.raises(RenderError, match="font folder"):
            brand_fonts(Brand(fonts=name), [tmp_path / "assets"])
