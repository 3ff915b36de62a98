from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from openpyxl import Workbook, load_workbook

from contentsvc.errors import InputError
from contentsvc.posters import read_lines, read_pasted, write_csv, write_xlsx

_WORDS = [("昵称", "链接"), ("小满", "https://e.com/1")]


def _cells(data: bytes, name: str) -> list[tuple[str, ...]]:
    return [line.cells for line in read_lines(data, name)]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("昵称,链接\r\n小满,https://e.com/1\r\n", "gbk"),
        ("昵称,链接\r\n小满,https://e.com/1\r\n", "utf-8-sig"),
        ("昵称\t链接\r\n小满\thttps://e.com/1\r\n", "utf-16"),
        ("昵称;链接\n小满;https://e.com/1\n", "utf-8"),
        ("昵称，链接\n小满，https://e.com/1\n", "utf-8"),
    ],
)
def test_tables_of_spreadsheets_are_read(text: str, encoding: str) -> None:
    """Every encoding and separator that Excel and WPS write gives the same cells."""
    assert _cells(text.encode(encoding), "t.csv") == _WORDS


def test_copied_cells_are_read() -> None:
    """Pasted cells may contain quoted line breaks, and quotes of their own."""
    with_break = read_pasted('昵称\t福利\n小满\t"第一\n第二"\n', "粘贴")
    with_quotes = read_pasted('昵称\t福利\n"宝宝"群\t好\n', "粘贴")

    assert with_break[1].cells == ("小满", "第一\n第二")
    assert with_quotes[1].cells == ('"宝宝"群', "好")


def test_times_and_numbers_are_read_as_they_are_shown() -> None:
    """Times have no seconds, dates no midnight, and whole numbers no decimal point."""
    book, out = Workbook(), io.BytesIO()
    sheet = book.worksheets[0]
    sheet.append(("a", "b", "c"))
    sheet.append((dt.time(20, 0), dt.date(2026, 11, 24), 39.0))
    book.save(out)

    assert _cells(out.getvalue(), "t.xlsx")[1] == ("20:00", "2026-11-24", "39")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b",".join([b"a"] * 61), "more than 60 columns"),
        (b"\n" * 100_002 + b"a", "more than 100,000 lines"),
        (b"a\n" * 20_002, "more than 20,000 rows"),
        (b'a\n"' + b"x" * 200_000 + b'"', "the CSV cannot be read"),
    ],
)
def test_a_table_beyond_the_limits_is_refused(data: bytes, message: str) -> None:
    """Too many columns, lines or rows, and a huge cell, are errors."""
    with pytest.raises(InputError, match=message):
        read_lines(data, "t.csv")


def test_a_written_csv_has_no_formulas() -> None:
    """A cell that looks like a formula is marked as text, and read back unchanged."""
    dangerous = ["=1+1", "+1", "-5折", "@sum", "\tx", "平常"]

    data = write_csv([["甲"] * 6, dangerous])

    (row,) = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))[1:]
    assert [cell[0] for cell in row] == ["'", "'", "'", "'", "'", "平"]
    assert read_lines(data, "t.csv")[1].cells[:4] == ("=1+1", "+1", "-5折", "@sum")


def test_a_written_xlsx_has_only_texts() -> None:
    """A formula, a code with leading zeros and a control character become text."""
    data = write_xlsx([("行", [["码"], ["=1+1"], ["00042"], ["a\x00b"]])])

    sheet = load_workbook(io.BytesIO(data)).worksheets[0]
    cells = [(cell.value, cell.data_type) for (cell,) in sheet.iter_rows(min_row=2)]
    assert cells == [("=1+1", "s"), ("00042", "s"), ("ab", "s")]
