from __future__ import annotations

from collections.abc import Callable

import pytest

from contentsvc.posters import Fonts, Poster, parse_template
from contentsvc.posters.painting.vertical_text import Columns, lay_out_columns
from contentsvc.posters.template.layers import TextLayer

Paint = Callable[..., Poster]


def columns(text: str, fonts: Fonts, **keys: object) -> Columns:
    layer = {"type": "text", "text": text, "box": (0, 0, 200, 200), "size": 40, "vertical": True}
    return lay_out_columns(TextLayer.model_validate(layer | {"line": 1} | keys), text, fonts)


def texts(laid_out: Columns) -> list[str]:
    return ["".join(cell.text for cell in cells) for _, _, cells in laid_out.columns]


def test_columns_run_from_right_to_left(fonts: Fonts) -> None:
    """The second column is left of the first, at the same height."""
    laid_out = columns("一二三四五六七", fonts, max_lines=3)

    (first, top, _), (second, other, _) = laid_out.columns
    assert texts(laid_out) == ["一二三四五", "六七"]
    assert (second < first, top == other) == (True, True)


def test_marks_take_their_vertical_forms(fonts: Fonts) -> None:
    """Brackets, commas and full stops have their vertical forms."""
    assert texts(columns("「好」，行。", fonts, box=(0, 0, 60, 400))) == ["﹁好﹂︐行︒"]


@pytest.mark.parametrize(
    ("text", "turned"), [("第12讲", []), ("2026年", ["2026"]), ("有AI课", ["AI"]), ("5G", ["5G"])]
)
def test_short_numbers_are_upright_and_words_rotated(
    fonts: Fonts, text: str, turned: list[str]
) -> None:
    """Two digits share a cell; longer numbers and Latin words are rotated."""
    cells = columns(text, fonts, box=(0, 0, 60, 400)).columns[0][2]

    assert [cell.text for cell in cells if cell.rotated] == turned


def test_a_column_does_not_begin_with_a_closing_mark(fonts: Fonts) -> None:
    """The character before the mark moves to the next column with it."""
    assert texts(columns("一二三四五，六", fonts, max_lines=2)) == ["一二三四", "五︐六"]


def test_columns_shrink_before_they_are_cut(fonts: Fonts) -> None:
    """At the smallest size the text ends with an ellipsis, and the rest is returned."""
    shrunk = columns("一二三四五六七八", fonts, box=(0, 0, 60, 200), min=20)
    cut = columns("一二三四五六七八", fonts, box=(0, 0, 60, 200), min=40)

    assert (shrunk.size < 40, shrunk.lost) == (True, "")
    assert (texts(cut), cut.lost) == (["一二三四︙"], "五六七八")


def test_vertical_lettering_is_painted(paint: Paint, plain_text: str) -> None:
    """The lettering is narrow and tall, and a line break starts a new column."""
    vertical = plain_text.replace("size: 40, min: 20", "size: 40, vertical: true, max_lines: 2")
    template = parse_template(vertical.replace("[20, 20, 360, 60]", "[20, 20, 360, 260]"), "v.yaml")

    box = (
        paint(template, {"title": "上下\n左右"}).image.convert("L").point(lambda v: v < 128 and 255)
    )

    left, top, right, bottom = box.getbbox() or (0, 0, 0, 0)
    assert 60 < right - left < 110
    assert 70 < bottom - top < 90
