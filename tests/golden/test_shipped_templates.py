"""Every shipped template at every size: unchanged, legible, and robust against bad values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp
from PIL import Image, ImageChops, ImageStat

from contentsvc.posters import Brand, Poster, Template, list_templates, load_brand
from contentsvc.posters.template.layers import Progress, Qr

Paint = Callable[..., Poster]

FOLDER = Path(__file__).parents[2] / "assets" / "posters"
GOLDEN = Path(__file__).parent / "posters"
#: The largest mean difference per band (0 to 255). The fonts are pinned, so only a change of the
#: template or the engine causes a larger one.
MOST_DIFFERENCE = 1.5
GOLDEN_WIDTH = 270

TEMPLATES, FAULTS = list_templates([FOLDER])
BRANDS = [load_brand(path) for path in sorted((FOLDER.parent / "brands").glob("*.yaml"))]
ALL = [
    pytest.param(template, size, id=f"{template.id}-{size}")
    for template in TEMPLATES
    for size in template.sizes
]
WITH_QR = [
    pytest.param(template, size, id=f"{template.id}-{size}")
    for template in TEMPLATES
    for size in template.sizes
    if any(layer.type == "qr" for layer in template.by_size[size])
]
#: The end of a link, as invitations have it.
LINK = "Live-2026/group7?from=Poster&code=NY2648-xq9vW3"


def reduced(poster: Poster) -> Image.Image:
    height = round(poster.image.height * GOLDEN_WIDTH / poster.image.width)
    return poster.image.resize((GOLDEN_WIDTH, height), Image.Resampling.LANCZOS)


def test_fifteen_templates_ship_in_three_families() -> None:
    """All shipped templates are valid and have the sizes that channels ask for."""
    assert FAULTS == []
    families: dict[str | None, set[str]] = {}
    for template in TEMPLATES:
        families.setdefault(template.family, set()).add(template.id)
    assert families == {
        "warm": {"live-notice", "check-in", "morning-paper", "expert-qa", "invite", "match-card"},
        "editorial": {"quote", "event", "live-salon", "product-card", "product-pair"},
        "bold": {"flash-sale", "group-buy", "leader-board", "live-sale"},
    }
    assert all({"9x16", "3x4", "1x1"} <= set(template.sizes) for template in TEMPLATES)
    wide = {template.id for template in TEMPLATES if "cover" in template.sizes}
    assert wide == {template.id for template in TEMPLATES} - {"invite", "match-card"}


@pytest.mark.parametrize("kit", BRANDS, ids=lambda kit: kit.name)
@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
def test_a_template_suits_every_sample_brand(template: Template, kit: Brand, paint: Paint) -> None:
    """The sample poster has no warnings with any sample brand's colours and logo."""
    for size in template.sizes:
        assert paint(template, template.samples(), size=size, brand=kit).warnings == ()


@pytest.mark.parametrize(
    "state", ["直播预告", "还有3天", "明天开播", "2 小时后开播", "正在直播", "精彩回放"]
)
@pytest.mark.parametrize("name", ["live-notice", "live-salon", "live-sale"])
def test_each_state_of_a_livestream_has_its_poster(name: str, state: str, paint: Paint) -> None:
    """Every state that the service supplies is shown in full, at every size."""
    template = next(template for template in TEMPLATES if template.id == name)

    for size in template.sizes:
        poster = paint(template, {**template.samples(), "state": state}, size=size)
        assert poster.warnings == ()
        assert state in poster.alt


@pytest.mark.parametrize(("template", "size"), ALL)
def test_a_template_looks_as_it_did(template: Template, size: str, paint: Paint) -> None:
    """The sample poster is close to the golden picture and has no warnings."""
    poster = paint(template, template.samples(), size=size)

    golden = Image.open(GOLDEN / f"{template.id}-{size}.png").convert("RGB")
    difference = ImageStat.Stat(ImageChops.difference(reduced(poster), golden)).mean
    assert max(difference) < MOST_DIFFERENCE
    assert poster.warnings == ()


@pytest.mark.parametrize(("template", "size"), WITH_QR)
def test_a_qr_code_is_large_enough(template: Template, size: str) -> None:
    """Every code covers 220 pixels of a poster that is shown 1080 pixels wide."""
    shown = 1080 / template.variants[size].size[0]

    sides = [min(layer.box[2:]) for layer in template.by_size[size] if isinstance(layer, Qr)]

    assert min(sides) * shown >= 220


@pytest.mark.parametrize("length", [28, 44, 60])
@pytest.mark.parametrize(("template", "size"), WITH_QR)
def test_the_qr_code_is_read_from_a_small_poster(
    template: Template, size: str, length: int, paint: Paint
) -> None:
    """Two other decoders read a link of up to 60 characters from 35 % of the poster's size."""
    address = f"https://a.example/{LINK}"[:length]
    poster = paint(template, {**template.samples(), "url": address}, size=size)
    small = poster.image.resize(
        (round(poster.image.width * 0.35), round(poster.image.height * 0.35)),
        Image.Resampling.LANCZOS,
    )

    assert [code.text for code in zxingcpp.read_barcodes(small)] == [address]
    assert address in read_by_opencv(small)
    assert "small_qr" not in {warning.code for warning in poster.warnings}


def read_by_opencv(small: Image.Image) -> set[str]:
    """Return what OpenCV reads as a phone comes nearer; it needs larger modules than ZXing."""
    detector = cv2.QRCodeDetector()
    nearer = (
        small.resize((round(small.width * times), round(small.height * times)))
        for times in (2, 2.5, 3, 4)
    )
    return {detector.detectAndDecode(np.asarray(picture))[0] for picture in nearer}


@pytest.mark.parametrize(("template", "size"), ALL)
def test_required_fields_alone_make_a_poster(template: Template, size: str, paint: Paint) -> None:
    """A poster with only its required fields has no warnings."""
    fields = {name: spec.sample for name, spec in template.fields.items() if spec.required}

    poster = paint(template, fields, size=size)

    assert poster.warnings == ()
    assert poster.alt


@pytest.mark.parametrize(("template", "size"), ALL)
def test_the_longest_allowed_values_are_not_cut(
    template: Template, size: str, paint: Paint
) -> None:
    """Values at the limit of their fields are shown in full, and no two blocks touch."""
    poster = paint(template, _stretched(template, 1), size=size)

    assert [warning for warning in poster.warnings if warning.code in {"cut", "overlap"}] == []


@pytest.mark.parametrize(
    ("name", "title1", "title2"),
    [
        ("live-notice", "宝宝冬季护肤与过敏预防公开课", "儿科医生在线答疑"),
        ("live-notice", "宝宝冬季护肤公开课", "儿科医生"),
        ("live-salon", "宝宝冬季护肤与过敏预防公开课", "儿科医生在线答疑"),
        ("live-sale", "年终返场夜全场直降", "最后一天"),
    ],
)
def test_the_two_lines_of_a_title_do_not_touch(
    name: str, title1: str, title2: str, paint: Paint
) -> None:
    """A long first line makes both lines smaller, and they stay apart at every size."""
    template = next(template for template in TEMPLATES if template.id == name)

    for size in template.sizes:
        fields = {**template.samples(), "title1": title1, "title2": title2}
        assert paint(template, fields, size=size).warnings == ()


@pytest.mark.parametrize(("template", "size"), ALL)
def test_no_size_drops_a_required_field(template: Template, size: str, paint: Paint) -> None:
    """Another value of any required field makes another poster."""
    samples = template.samples()
    required = [name for name, spec in template.fields.items() if spec.required]

    assert set(required).isdisjoint(template.left_out[size])
    for name in required:
        fields = {**samples, name: _other(template, name)}
        poster = paint(template, fields, size=size)
        assert ImageChops.difference(
            poster.image, paint(template, samples, size=size).image
        ).getbbox()


def _other(template: Template, name: str) -> object:
    """Return a value of the field *name* that differs from its sample."""
    spec = template.fields[name]
    if spec.type == "url":
        return "https://a.example/other"
    return ["另外的 | 5"] if spec.type == "list" else "5"


@pytest.mark.parametrize(("template", "size"), ALL)
def test_the_alternative_text_names_only_what_is_there(
    template: Template, size: str, paint: Paint
) -> None:
    """A text that this size leaves out is not in its alternative text, and others stay."""
    texts = {
        name: f"第{number}项"
        for number, (name, spec) in enumerate(template.fields.items(), 100)
        if spec.type in {"text", "list"}
    }

    alt = paint(template, {**template.samples(), **texts}, size=size).alt

    hidden = set(template.left_out[size])
    named = {name for name, text in texts.items() if text in alt}
    assert named.isdisjoint(hidden)
    whole = paint(template, {**template.samples(), **texts}, size="9x16").alt
    assert named == {name for name, text in texts.items() if text in whole} - hidden


@pytest.mark.parametrize(("template", "size"), ALL)
def test_overlong_values_are_warnings(template: Template, size: str, paint: Paint) -> None:
    """Values three times too long are painted, with a warning for every field."""
    fields = _stretched(template, 3)

    poster = paint(template, fields, size=size)

    overlong = {warning.field for warning in poster.warnings if warning.code == "long"}
    assert overlong == {
        name for name, spec in template.fields.items() if spec.max and name in fields
    }
    assert any(warning.code == "cut" for warning in poster.warnings)


def _stretched(template: Template, times: int) -> dict[str, object]:
    """Return values of exactly *times* the limit of each field, of the same kind as the sample."""
    fields: dict[str, object] = {}
    for name, spec in template.fields.items():
        if name in _shares(template):
            fields[name] = "8" * (spec.max or 9) * (times - 1) + f"{'1' * 5}/{'9' * 5}"
        elif spec.type == "list" and spec.max:
            fields[name] = [_item(template, name, spec.max * times)] * (spec.max_items or 3)
        elif spec.type in {"text", "price"} and spec.max:
            digits = str(spec.sample).replace(":", "").replace(".", "").isdigit()
            fields[name] = "8" * spec.max * times if digits else _filler(spec.max * times)
        elif spec.type == "url":
            fields[name] = spec.sample
    return fields


def _shares(template: Template) -> set[str]:
    """Return the names of the fields that progress bars show."""
    layers = template.by_size["9x16"]
    return {layer.field for layer in layers if isinstance(layer, Progress)}


def _item(template: Template, name: str, length: int) -> str:
    """Return a list item of *length* characters, split by `|` like the sample; times stay valid."""
    sample = template.fields[name].sample[0]
    head, bar, _ = sample.partition("|")
    if not bar:
        return _filler(length)
    if ":" not in head:
        head = _filler(length * len(head) // len(sample))
    return f"{head}|{_filler(length - len(head) - 1)}"


def _filler(length: int) -> str:
    return ("宝宝冬季护肤课堂开讲了" * (length // 11 + 1))[:length]
