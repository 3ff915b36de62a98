from __future__ import annotations

from collections.abc import Callable

import pytest

from contentsvc.posters import Brand, Poster, parse_template
from contentsvc.posters.painting.legibility import contrast

Paint = Callable[..., Poster]
NO_BRAND = Brand()
BLACK, WHITE, CORAL = (0, 0, 0, 1.0), (255, 255, 255, 1.0), (255, 95, 87, 1.0)


def codes(poster: Poster) -> list[tuple[str, str | None, str]]:
    return [(warning.layer, warning.field, warning.code) for warning in poster.warnings]


@pytest.mark.parametrize(
    ("first", "second", "ratio"), [(BLACK, WHITE, 21), (WHITE, WHITE, 1), (WHITE, CORAL, 2.97)]
)
def test_contrast_is_that_of_wcag(
    first: tuple[int, int, int, float], second: tuple[int, int, int, float], ratio: float
) -> None:
    """Known pairs of colours have the ratio that WCAG defines, in either order."""
    assert contrast(first, second) == pytest.approx(ratio, abs=0.1)
    assert contrast(first, second) == contrast(second, first)


def test_low_contrast_is_a_warning(paint: Paint, plain_text: str) -> None:
    """Pale letters on white are a warning; a template can set another threshold."""
    pale = plain_text.replace('ink: "#222222"', 'ink: "#CCCCCC"')
    bold = pale.replace("palette", "contrast: 1.2\npalette")

    assert codes(paint(parse_template(pale, "p.yaml"), {"title": "好"}, brand=NO_BRAND)) == [
        ("title", "title", "low_contrast")
    ]
    assert codes(paint(parse_template(bold, "p.yaml"), {"title": "好"}, brand=NO_BRAND)) == []


def test_letters_are_compared_with_their_plate(paint: Paint, plain_text: str) -> None:
    """White letters on a dark badge are legible on a white poster."""
    plate = plain_text.replace("min: 20}", 'min: 20, fill: white, plate: {fill: "#222222"}}')

    assert codes(paint(parse_template(plate, "p.yaml"), {"title": "好"})) == []


def test_overlapping_lettering_is_a_warning(paint: Paint, plain_text: str) -> None:
    """The warning about the upper layer names the lower one; `overlap: true` prevents it."""
    other = (
        "  - {id: other, type: text, text: 另一行字, box: [20, 30, 360, 60], size: 40}\nvariants"
    )
    text = plain_text.replace("variants", other)

    poster = paint(parse_template(text, "p.yaml"), {"title": "好好好"})
    meant = text.replace("另一行字,", "另一行字, overlap: true,")

    assert codes(poster) == [("other", None, "overlap")]
    assert "'title'" in str(poster.warnings[0].message)
    assert codes(paint(parse_template(meant, "p.yaml"), {"title": "好好好"})) == []


def test_a_pale_code_is_a_warning(paint: Paint, plain_text: str) -> None:
    """A QR code whose colours a camera cannot tell apart is a warning."""
    qr = '  - {id: qr, type: qr, field: url, box: [20, 90, 200, 200], dark: "#AAAAAA"}\nvariants'
    text = plain_text.replace("variants", qr).replace(
        "palette", "  url: {label: {zh: 链接, en: Link}, type: url}\npalette", 1
    )

    poster = paint(parse_template(text, "p.yaml"), {"title": "好", "url": "https://e.com"})

    assert codes(poster) == [("qr", "url", "low_contrast")]
