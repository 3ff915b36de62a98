"""Map the columns of a person's table to the fields of a template."""

from __future__ import annotations

import pytest

from contentsvc.config import shipped
from contentsvc.posters import FILE_COLUMN, Line, Template, load_template
from contentsvc.services.poster_batches.columns import (
    fields_of,
    guess_columns,
    known_titles,
    sample_table,
    split_table,
)


@pytest.fixture(scope="module")
def invite() -> Template:
    """Return the shipped template `invite`."""
    return load_template("invite", [shipped("assets") / "posters"])


def _lines(*rows: tuple[str, ...]) -> list[Line]:
    return [Line(number, row) for number, row in enumerate(rows, 1)]


def _guess(invite: Template, header: tuple[str, ...], *rows: tuple[str, ...]) -> dict[str, str]:
    found = guess_columns(invite, header, _lines(*rows))
    return {name: header[place] for name, place in found.items()}


@pytest.mark.parametrize(
    "header",
    [
        ("title", "sharer", "code", "url", "file"),
        ("主标题", "分享人", "邀请码", "分享人链接", "文件名"),
        ("Title", "Sharer", "Invite code", "Sharer's link", "File name"),
        ("主标题*", "会员昵称", "专属码", "二维码链接（必填）", "图片名称"),
    ],
)
def test_titles_are_known_in_every_way_people_write_them(
    invite: Template, header: tuple[str, ...]
) -> None:
    """Names, labels in both languages, synonyms, remarks and marks map to the same fields."""
    found = _guess(invite, header, ("来", "小满", "A1", "https://e.com/1", "a"))

    assert found == dict(zip(("title", "sharer", "code", "url", "file"), header, strict=True))


def test_a_column_of_links_becomes_the_link_field(invite: Template) -> None:
    """If no title names the link field, the column whose cells are links becomes it."""
    found = _guess(
        invite, ("谁", "去哪里"), ("小满", "https://e.com/1"), ("果果", "http://e.com/2")
    )

    assert found["url"] == "去哪里"


def test_file_names_come_from_a_column_without_duplicates(invite: Template) -> None:
    """If two members share a name, the file names come from their codes."""
    rows = (("小满", "A1", "https://e.com/1"), ("小满", "A2", "https://e.com/2"))

    assert _guess(invite, ("昵称", "邀请码", "链接"), *rows)[FILE_COLUMN] == "邀请码"


def test_titles_below_a_heading_are_found(invite: Template) -> None:
    """Lines above the titles, such as a heading in merged cells or a note, are skipped."""
    lines = _lines(
        ("双12 邀请名单", "", ""),
        ("会员", "", "推广"),
        ("昵称", "邀请码", "专属链接"),
        ("小满", "A1", "https://e.com/1"),
    )

    header, rows = split_table(lines, known_titles(invite))

    assert header == ("昵称", "邀请码", "专属链接")
    assert [row.number for row in rows] == [4]


def test_a_merged_cell_fills_the_titled_columns_of_a_row(invite: Template) -> None:
    """A heading stays in one column, and a merged cell of a row does not make new columns."""
    merged = dict.fromkeys(range(1, 26), "一起来")
    lines = [
        Line(1, ("会员名单",), dict.fromkeys(range(1, 3), "会员名单")),
        Line(2, ("主标题", "昵称", "链接")),
        Line(3, ("一起来",), merged),
        Line(4, ("再来", "", "a"), {1: "再来"}),
    ]

    header, rows = split_table(lines, known_titles(invite))

    assert header == ("主标题", "昵称", "链接")
    assert [row.cells for row in rows] == [("一起来",) * 3, ("再来", "再来", "a")]


def test_columns_without_titles_get_their_letters(invite: Template) -> None:
    """A column without a title gets its letter as the title, and equal titles are numbered."""
    lines = _lines(("甲", "", "乙", "乙"), ("1", "2", "3", "4"))

    header, _rows = split_table(lines, known_titles(invite))

    assert header == ("甲", "[B]", "乙", "乙 (2)")


def test_wide_tables_name_columns_as_a_spreadsheet_does(invite: Template) -> None:
    """After Z come AA to ZZ, then AAA."""
    titles = ["主标题", *[""] * 702]
    lines = _lines(tuple(titles), ("1",) * len(titles))

    header, _rows = split_table(lines, known_titles(invite))

    assert [header[index] for index in (25, 26, 701, 702)] == ["[Z]", "[AA]", "[ZZ]", "[AAA]"]


def test_a_cell_comes_before_what_all_rows_share(invite: Template) -> None:
    """An empty or missing cell takes the text of all rows; a filled cell keeps its own."""
    columns, fixed = {"title": 0, "sharer": 1}, {"title": "一起来", "code": "X"}

    assert fields_of(invite, columns, fixed, ("", "小满")) == {
        "title": "一起来",
        "sharer": "小满",
        "code": "X",
    }
    assert fields_of(invite, columns, fixed, ("自己的",))["title"] == "自己的"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_sample_table_is_mapped(invite: Template, language: str) -> None:
    """Every column of the sample table is mapped to the field that it was made for."""
    table = sample_table(invite, language, "文件名")

    header, rows = split_table(_lines(*map(tuple, table)), known_titles(invite))
    found = guess_columns(invite, header, rows)

    texts = [name for name, spec in invite.fields.items() if spec.type != "image"]
    assert found == {name: place for place, name in enumerate([*texts, FILE_COLUMN])}
    assert fields_of(invite, found, {}, rows[0].cells)["code"] == invite.fields["code"].sample
