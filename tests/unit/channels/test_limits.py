"""Tests of the limits of platforms."""

from __future__ import annotations

import pytest

from contentsvc.channels import Limits, Picture, Rendition


def rendition(title: str = "标题", text: str = "正文", *pictures: Picture) -> Rendition:
    return Rendition(title=title, text=text, pictures=pictures)


def picture(width: int = 3, height: int = 4, size: int = 10) -> Picture:
    return Picture("1.png", "image/png", width, height, b"x" * size)


@pytest.mark.parametrize(
    ("limits", "shown", "fields"),
    [
        (Limits(), rendition("字" * 9999, "字" * 99999), []),
        (Limits(title_characters=20), rendition("字" * 20), []),
        (Limits(title_characters=20), rendition("字" * 21), ["title"]),
        (Limits(title_bytes=128), rendition("字" * 42), []),
        (Limits(title_bytes=128), rendition("字" * 43), ["title"]),
        (Limits(text_bytes=2048), rendition("", "字" * 682), []),
        (Limits(text_bytes=2048), rendition("", "字" * 683), ["body"]),
        (Limits(text_characters=4), rendition("", "👨‍👩‍👧"), ["body"]),
        (Limits(text_bytes=4), rendition("", "\ud800\ud800"), ["body"]),
        (Limits(text_bytes=5, text_characters=1), rendition("", "字字"), ["body", "body"]),
        (Limits(pictures=1), rendition("", "", picture()), []),
        (Limits(pictures=0), rendition("", "", picture()), ["pictures"]),
        (Limits(picture_bytes=10), rendition("", "", picture()), []),
        (Limits(picture_bytes=9), rendition("", "", picture()), ["pictures"]),
        (Limits(ratios=((3, 4), (1, 1))), rendition("", "", picture(1080, 1440)), []),
        (Limits(ratios=((3, 4),)), rendition("", "", picture(1080, 1450)), []),
        (Limits(ratios=((3, 4),)), rendition("", "", picture(1080, 1500)), ["pictures"]),
        (Limits(ratios=((16, 9),)), rendition("", "", picture(9, 16)), ["pictures"]),
    ],
)
def test_each_limit_is_told_beside_its_field(
    limits: Limits, shown: Rendition, fields: list[str]
) -> None:
    """A rendition at the limit has no warning; beyond it, the right field has one."""
    warnings = limits.check(shown)

    assert [warning.field for warning in warnings] == fields
    assert {warning.level for warning in warnings} <= {"block"}


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "the text has 2049 bytes in UTF-8; 2048 are allowed here"),
        ("zh", "正文有 2049 字节（UTF-8），这里最多 2048 字节"),
        ("fr", "the text has 2049 bytes in UTF-8; 2048 are allowed here"),
    ],
)
def test_a_warning_tells_both_numbers(language: str, words: str) -> None:
    """The warning has the used and the allowed amount, in both languages."""
    (warning,) = Limits(text_bytes=2048).check(rendition("", "字" * 683))

    assert warning.message.text(language) == words
