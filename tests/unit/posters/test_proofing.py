from __future__ import annotations

from pathlib import Path

import pytest

from contentsvc.posters import Brand, Fonts, Proofreader, load_template

GOOD = {"title": "一起进群", "sharer": "小满", "url": "https://e.com/i/A1"}


@pytest.fixture
def reader(posters_folder: Path, fonts: Fonts, brand: Brand) -> Proofreader:
    template = load_template("invite", [posters_folder])
    return Proofreader(
        template, ["9x16"], brand=brand, fonts=fonts, pictures=dict[str, bytes]().__getitem__
    )


def _codes(reader: Proofreader, **changes: str) -> list[tuple[str | None, str, bool]]:
    remarks = reader.read({**GOOD, **changes})
    return [(remark.field, remark.code, remark.is_fault) for remark in remarks]


def test_a_good_row_has_no_remarks(reader: Proofreader) -> None:
    """A row without problems has no remarks."""
    assert _codes(reader) == []


def test_every_fault_of_a_row_is_reported(reader: Proofreader) -> None:
    """A missing text, a bad link and a missing picture are three faults."""
    assert _codes(reader, title="", url="nowhere", photo="no.png") == [
        ("title", "required", True),
        ("url", "bad_link", True),
        ("photo", "bad_picture", True),
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sharer": "小满妈妈" * 8}, "cut"),
        ({"sharer": "小满妈妈" * 8}, "long"),
        ({"sharer": "小\U000e0f00满"}, "missing_glyph"),
        ({"url": "https://e.com/" + "a" * 900}, "small_qr"),
        ({"points": "一\n二\n三\n四\n五\n六\n七\n八"}, "dropped"),
    ],
)
def test_problems_of_the_layout_are_reported(
    reader: Proofreader, changes: dict[str, str], code: str
) -> None:
    """Cut texts, missing characters and small codes are reported before painting."""
    assert code in [
        found_code for _, found_code, is_fault in _codes(reader, **changes) if not is_fault
    ]


def test_texts_are_not_laid_out_without_fits(reader: Proofreader) -> None:
    """Faults and limits are reported all the same."""
    remarks = reader.read({**GOOD, "sharer": "小满妈妈" * 8, "url": ""}, fits=False)

    assert [remark.code for remark in remarks] == ["required", "long"]
