from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from openpyxl import Workbook
from PIL import Image

from contentsvc.errors import InputError
from contentsvc.posters import Brand, Fonts, PaintCache, load_template
from contentsvc.posters.batch import PosterSetup, read_rows, render_rows, write_zip


@pytest.fixture
def batch(posters_folder: Path, fonts: Fonts, brand: Brand, cache: PaintCache) -> PosterSetup:
    template = load_template("invite", [posters_folder])
    return PosterSetup(
        template, brand, dict[str, bytes]().__getitem__, fonts, size="1x1", cache=cache
    )


def table(*rows: str) -> bytes:
    return "\n".join(("title,sharer,code,url,file", *rows)).encode()


def sheet(*rows: tuple[Any, ...]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(out)
    return out.getvalue()


def test_each_row_has_its_own_poster_code_and_name(batch: PosterSetup) -> None:
    """Two rows become two files, each with its own QR code, and progress is reported per row."""
    rows = read_rows(
        table("一起来,小满,A1,https://e.com/i/A1,小满", "一起来,果果,B2,https://e.com/i/B2,"),
        "t.csv",
    )
    out, progress = io.BytesIO(), []

    report = write_zip(batch, rows, out, lambda done, whole: progress.append((done, whole)))

    with zipfile.ZipFile(out) as archive:
        assert archive.namelist() == ["小满.jpg", "invite-0003.jpg"]
        links = [_link(archive.read(name)) for name in archive.namelist()]
    assert links == ["https://e.com/i/A1", "https://e.com/i/B2"]
    assert (report.made, report.failed, progress) == (2, [], [(1, 2), (2, 2)])


def _link(data: bytes) -> str:
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(data)))
    return code.text


def test_a_row_that_fails_does_not_stop_the_others(batch: PosterSetup) -> None:
    """The report and `failures.txt` list the failed row by its number in the file."""
    data = table("来,甲,A,https://e.com/1,", "来,乙,B,nowhere,", "来,丙,C,https://e.com/3,")
    rows = read_rows(data, "t.csv")
    out = io.BytesIO()

    report = write_zip(batch, rows, out)

    assert report.made == 2
    assert [(row.number, "url" in row.messages[0]) for row in report.failed] == [(3, True)]
    with zipfile.ZipFile(out) as archive:
        assert archive.read("failures.txt").startswith(b"row 3: ")


def test_file_names_are_safe_and_unique(batch: PosterSetup) -> None:
    """A name cannot lead out of the folder, and a repeated name is numbered."""
    link = "https://e.com/1"
    names = ("../../etc/a:b", "小满", "小满.jpg")
    rows = read_rows(table(*(f"来,,,{link},{name}" for name in names)), "t.csv")

    assert [each.name for each in render_rows(batch, rows)] == [
        "etc-a-b.jpg",
        "小满.jpg",
        "小满-2.jpg",
    ]


def test_the_same_rows_give_the_same_bytes(batch: PosterSetup) -> None:
    """Writing the same rows twice gives equal ZIP files, including their timestamps."""
    rows = read_rows(table("来,甲,A,https://e.com/1,"), "t.csv")
    first, again = io.BytesIO(), io.BytesIO()
    write_zip(batch, rows, first)
    write_zip(batch, rows, again)

    assert first.getvalue() == again.getvalue()


def test_a_csv_of_excel_is_read() -> None:
    """A byte order mark, GB 18030 and empty lines are accepted."""
    text = 'title,name\r\n好,"甲,乙"\r\n,\r\n再来,丙\r\n'

    for data in (b"\xef\xbb\xbf" + text.encode(), text.encode("gb18030")):
        rows = read_rows(data, "人.CSV")
        assert [(row.number, dict(row.values)) for row in rows] == [
            (2, {"title": "好", "name": "甲,乙"}),
            (4, {"title": "再来", "name": "丙"}),
        ]


def test_a_workbook_is_read() -> None:
    """Numbers are read as people type them, and empty cells are left out."""
    data = sheet(("title", "price", "was"), ("好", 39.0, None), ("再", 39.9, 89))

    assert [dict(row.values) for row in read_rows(data, "t.xlsx")] == [
        {"title": "好", "price": "39"},
        {"title": "再", "price": "39.9", "was": "89"},
    ]


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"a", "t.xls", "a .csv or .xlsx"),
        (b"nonsense", "t.xlsx", "the XLSX cannot be read"),
        (b"PK\x05\x06" + b"\0" * 18, "t.xlsx", "the XLSX cannot be read"),
        (b"title\n", "t.csv", "no row"),
        (b"title,title\na,b\n", "t.csv", "two columns are called title"),
        (b"title\na,b\n", "t.csv", "row 2 has more cells"),
        (b"\xff\xff\x00", "t.csv", "neither UTF-8 nor GB 18030"),
        (b'title\n"a', "t.csv", "the CSV cannot be read"),
        (b"x" * 11_000_000, "t.csv", "larger than 10 MB"),
    ],
)
def test_an_unreadable_table_is_refused(data: bytes, name: str, message: str) -> None:
    """The error names the file and the problem."""
    with pytest.raises(InputError, match=message) as caught:
        read_rows(data, name)

    assert name in str(caught.value)
