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
def test_what_spreadsheets_save_is_read(text: str, encoding: str) -> None:
    """Every encoding and mark between cells that Excel and WPS write gives the same cells."""
    assert _cells(text.encode(encoding), "t.csv") == _WORDS


def test_cells_that_are_copied_are_read() -> None:
    """Pasted cells may hold line breaks in quotes, and quotes of their own."""
    with_break = read_pasted('昵称\t福利\n小满\t"第一\n第二"\n', "粘贴")
    with_quotes = read_pasted('昵称\t福利\n"宝宝"群\t好\n', "粘贴")

    assert with_break[1].cells == ("小满", "第一\n第二")
    assert with_quotes[1].cells == ('"宝宝"群', "好")


def test_a_sheet_s_times_and_numbers_read_as_they_are_seen() -> None:
    """A time of day has no seconds, a date no midnight, a whole number no point."""
    book, out = Workbook(), io.BytesIO()
    sheet = book.worksheets[0]
    sheet.append(("a", "b", "c"))
    sheet.append((dt.time(20, 0), dt.date(2026, 11, 24), 39.0))
    book.save(out)

    assert _cells(out.getvalue(), "t.xlsx")[1] == ("20:00", "2026-11-24", "39")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b",".join([b"a"] * 61), "more than 60 columns"),
        (b"\n" * 100_002 + b"a", "more than 100,000 lines"),
        (b"a\n" * 20_002, "more than 20,000 rows"),
        (b'a\n"' + b"x" * 200_000 + b'"', "no readable CSV"),
    ],
)
def test_a_table_without_bounds_is_refused(data: bytes, words: str) -> None:
    """Too many columns, lines or rows, and a cell that is a file, are told as such."""
    with pytest.raises(InputError, match=words):
        read_lines(data, "t.csv")


def test_a_csv_that_we_write_runs_nothing() -> None:
    """A cell that a spreadsheet would take for a formula is marked as text, and read back whole."""
    dangerous = ["=1+1", "+1", "-5折", "@sum", "\tx", "平常"]

    data = write_csv([["甲"] * 6, dangerous])

    (row,) = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))[1:]
    assert [cell[0] for cell in row] == ["'", "'", "'", "'", "'", "平"]
    assert read_lines(data, "t.csv")[1].cells[:4] == ("=1+1", "+1", "-5折", "@sum")


def test_an_xlsx_that_we_write_holds_text_alone() -> None:
    """A formula, a code with zeros before it and a control character come back as text."""
    data = write_xlsx([("行", [["码"], ["=1+1"], ["00042"], ["a\x00b"]])])

    sheet = load_workbook(io.BytesIO(data)).worksheets[0]
    found = [(cell.value, cell.data_type) for (cell,) in sheet.iter_rows(min_row=2)]
    assert found == [("=1+1", "s"), ("00042", "s"), ("ab", "s")]
