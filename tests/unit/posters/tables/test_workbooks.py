"""Workbooks of Excel, WPS and other programs are read as they are shown."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import zipfile
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from xlfmt import format_value

from contentsvc.errors import InputError
from contentsvc.posters import read_lines, read_rows
from contentsvc.posters.tables import workbook_reading
from contentsvc.posters.tables.number_formats import show_number
from tests.growth import LINEAR, growth
from tests.unit.posters.tables.workbooks import workbook

#: 3 December 2025, a Wednesday, at 20:00.
_EVENING = 45994 + 20 / 24
_STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
_HEAD = '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'


def _cell(name: str, text: str) -> str:
    return f'<c r="{name}" t="inlineStr"><is><t>{text}</t></is></c>'


def _lines(data: bytes) -> list[tuple[int, tuple[str, ...]]]:
    return [(line.number, line.filled) for line in read_lines(data, "t.xlsx")]


def _one(cell: str, **parts: object) -> str:
    """Return the text of a workbook's only cell."""
    ((_, (text,)),) = _lines(workbook(f'<row r="1">{cell}</row>', **parts))  # type: ignore[arg-type]
    return text


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (7, "00000", "00007"),
        (7, "@", "7"),
        (0.85, "0%", "85%"),
        (0.8525, "0.0%", "85.3%"),
        (99.9, "0.00", "99.90"),
        (1234567.5, "#,##0.00", "1,234,567.50"),
        (1234.5, '"¥"#,##0.00', "¥1,234.50"),
        (1234.5, "[$¥-804]#,##0.00;[$¥-804]-#,##0.00", "¥1,234.50"),
        (-1234.5, "[$¥-804]#,##0.00;[$¥-804]-#,##0.00", "¥-1,234.50"),
        (1234.5, '_ "¥"* #,##0.00_ ;_ "¥"* -#,##0.00_ ;_ "¥"* "-"??_ ;_ @_ ', "¥1,234.50"),
        (0, '_ "¥"* #,##0.00_ ;_ "¥"* -#,##0.00_ ;_ "¥"* "-"??_ ;_ @_ ', "¥-"),
        (-3, "0.00_);[Red](0.00)", "(3.00)"),
        (-3, "0;[红色]-0", "-3"),
        (39, '0"元"', "39元"),
        (39, 'General"元"', "39元"),
        (39, 'G/通用格式"元"', "39元"),
        (39, '"编号"@', "编号39"),
        (12345, '0!.0,"万"', "1.2万"),
        (12345, r'0\.0,"万"', "1.2万"),
        (150, '[>=100]0"多";0', "150多"),
        (13812345678, "000 0000 0000", "138 1234 5678"),
        (13812345678, "General", "13812345678"),
        (123456789012345, "General", "123456789012345"),
        (12345, "0.00E+00", "1.23E+04"),
        (1.5, "# ?/?", "1 1/2"),
        (1e30, "0", "1" + "0" * 30),
        (39.0, "General", "39"),
        (0.1 + 0.2, "General", "0.3"),
        (0.00001, "General", "0.00001"),
        (-0.5, "General", "-0.5"),
        (1.005, "0.00", "1.01"),
        (_EVENING, 'm"月"d"日" h:mm', "12月3日 20:00"),
        (_EVENING, 'm"月"d"日" h:mm;@', "12月3日 20:00"),
        (45994.8333333333, 'm"月"d"日" h:mm', "12月3日 20:00"),
        (45994.83333333, "h:mm", "20:00"),
        (45994 + (20 * 60 + 0.9) / 1440, "h:mm", "20:00"),
        (45994 + (20 * 60 + 0.9) / 1440, 'h"点"', "20点"),
        (_EVENING, "yyyy/m/d h:mm:ss", "2025/12/3 20:00:00"),
        (_EVENING, "yyyy-mm-dd hh:mm", "2025-12-03 20:00"),
        (_EVENING, 'yyyy"年"m"月"d"日"', "2025年12月3日"),
        (_EVENING, '[$-804]yyyy"年"m"月"d"日" dddd', "2025年12月3日 星期三"),
        (_EVENING, "[$-zh-CN]ddd", "周三"),
        (_EVENING, "aaaa", "星期三"),
        (_EVENING, '"周"aaa', "周三"),
        (_EVENING, "dddd", "Wednesday"),
        (_EVENING, "[$-804]mmmm", "十二月"),
        (_EVENING, "[$-804]mmm", "12月"),
        (_EVENING, '上午/下午h"时"mm"分"', "下午8时00分"),
        (_EVENING, "[$-804]AM/PM h:mm;@", "下午 8:00"),
        (_EVENING, "h:mm AM/PM", "8:00 PM"),
        (_EVENING, "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", "2025年12月3日"),
        (_EVENING, "[$-F400]h:mm:ss\\ AM/PM", "20:00:00"),
        (_EVENING, '[DBNum1][$-804]yyyy"年"m"月"d"日"', "二〇二五年十二月三日"),
        (_EVENING, "[$-x-sysdate]dddd, mmmm dd, yyyy", "2025年12月3日"),
        (_EVENING, "[红色]yyyy/m/d;@", "2025/12/3"),
        (_EVENING, '""yy/mm/dd* ', "25/12/03"),
        (_EVENING, "d-mmm-yy", "3-Dec-25"),
        (_EVENING, "mmmmm", "D"),
        (_EVENING, 'e"年"m"月"', "2025年12月"),
        (_EVENING, "h A/P", "8 P"),
        (_EVENING + 0.25 / 86400, "mm:ss.00", "00:00.25"),
        (45994 + 86399.7 / 86400, "m/d h:mm:ss", "12/4 0:00:00"),
        (0, "yyyy/m/d", "1900/1/0"),
        (60, "yyyy/m/d", "1900/2/29"),
        (0.5, "h:mm", "12:00"),
        (123456, "[DBNum1][$-804]General", "一十二万三千四百五十六"),
        (100203, "[DBNum2][$-804]General", "壹拾万零贰佰零叁"),
        (100000000, "[DBNum1]General", "一亿"),
        (10010000, "[DBNum1]General", "一千〇一万"),
        (0, "[DBNum1]General", "〇"),
        (12.5, "[DBNum1]General", "一十二.五"),
        (2025, "[DBNum1]0", "二〇二五"),
        (1.5, "[h]:mm", "36:00"),
        (61 / 1440, "[m]", "61"),
        (0, "0", "0"),
        (0, "0;-0;;@", ""),
        (5, ";;;", ""),
        # Formats that a workbook names by number only, as a Chinese system shows them.
        (7, 1, "7"), (7.126, 2, "7.13"), (1234.5, 4, "1,234.50"), (1234.5, 7, "¥1,234.50"),
        (-3, 6, "¥-3"), (0.5, 9, "50%"), (0.5, 10, "50.00%"), (12345, 11, "1.23E+04"),
        (_EVENING, 14, "2025/12/3"), (_EVENING, 20, "20:00"), (_EVENING, 22, "2025/12/3 20:00"),
        (_EVENING, 27, "2025年12月"), (_EVENING, 28, "12月3日"), (_EVENING, 31, "2025年12月3日"),
        (_EVENING, 32, "20时00分"), (_EVENING, 33, "20时00分00秒"), (_EVENING, 34, "下午8时00分"),
        (1234, 37, "1,234"), (1234, 43, "1,234.00"), (0, 43, "-"), (1234.5, 44, "¥1,234.50"),
        (1.5, 46, "36:00:00"), (7, 49, "7"), (_EVENING, 55, "下午8时00分"),
        (_EVENING, 57, "2025年12月"), (_EVENING, 58, "12月3日"), (7, 0, "7"), (7, 163, "7"),
    ],
)  # fmt: skip
def test_numbers_are_read_as_they_are_shown(value: float, code: int | str, text: str) -> None:
    """A number, date or time has the text that Excel and WPS show in its format."""
    rows = f'<row r="1">{_cell("A1", "x")}<c r="B1" s="1"><v>{value!r}</v></c></row>'

    ((_, cells),) = _lines(workbook(rows, formats=[code]))

    assert cells[1:] == ((text,) if text else ())


@given(st.datetimes(dt.datetime(1900, 3, 1), dt.datetime(9999, 12, 31)))  # noqa: DTZ001
def test_every_date_is_shown_as_python_shows_it(moment: dt.datetime) -> None:
    """A date and time that a workbook stores as a number of days is the same afterwards."""
    moment = moment.replace(microsecond=0)
    days = (moment - dt.datetime(1899, 12, 30)).total_seconds() / 86400  # noqa: DTZ001

    assert show_number(days, "yyyy-mm-dd hh:mm:ss AM/PM") == moment.strftime("%Y-%m-%d %I:%M:%S %p")
    assert show_number(days, "dddd, mmmm dd hh:mm") == moment.strftime("%A, %B %d %H:%M")


@given(
    st.decimals(-(10**9), 10**9, places=4).filter(bool),
    st.sampled_from(["0", "0.00", "00000", "0.0%", "#,##0", "#,##0.000", "#,##00"]),
)
def test_plain_numbers_are_shown_as_xlfmt_shows_them(number: Decimal, code: str) -> None:
    """The formats that are shown without xlfmt give the same texts."""
    assert show_number(float(number), code) == format_value(number, code)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c r="A1" t="s"><v>0</v></c>', "共用"),
        ('<c r="A1" t="s"><v>1</v></c>', "东京"),
        ('<c r="A1" t="s"><v>2</v></c>', "第一行\n第二行"),
        ('<c r="A1" t="inlineStr"><is><r><t>粗</t></r><r><t>细</t></r></is></c>', "粗细"),
        ('<c r="A1" t="str"><f>B1</f><v>算出来的</v></c>', "算出来的"),
        ('<c r="A1" t="b"><v>1</v></c>', "TRUE"),
        ('<c r="A1" t="b"><v>0</v></c>', "FALSE"),
        ('<c r="A1" t="e"><f>1/0</f><v>#DIV/0!</v></c>', "#DIV/0!"),
        ('<c r="A1" s="1" t="d"><v>2025-12-03T20:00:00</v></c>', "12月3日 20:00"),
        ('<c r="A1" t="d"><v>2025-12-03</v></c>', "2025-12-03"),
        ('<c r="A1" s="2" t="s"><v>0</v></c>', "共用 元"),
        ('<c r="A1" s="3" t="s"><v>0</v></c>', "共用"),
        ('<c s="99"><v>7</v></c>', "7"),
        ('<c r="A1"><f>3+4</f><v>7</v></c>', "7"),
    ],
)
def test_each_kind_of_cell_is_read(cell: str, text: str) -> None:
    """Shared and formatted texts, results, truth values, errors and dates are read."""
    texts = (
        "<si><t>共用</t></si>"
        "<si><r><t>东</t></r><r><t>京</t></r><rPh><t>とうきょう</t></rPh></si>"
        "<si><t>第一行_x000D_\n第二行</t></si>"
    )

    assert _one(cell, texts=texts, formats=['m"月"d"日" h:mm', '0.00;-0.00;0;@" 元"', "@"]) == text


@pytest.mark.parametrize(
    ("cell", "formula", "count"),
    [
        ("<c r='B2'><f>C2*2</f></c>", "=C2*2", 1),
        ("<c r='B2'><f>C2*2</f><v></v></c>", "=C2*2", 1),
        ("<c r='B2'><f>C2*2</f><v/></c><c r='C2'><f>1</f></c>", "=C2*2", 2),
        ("<c r='B2' t='str'><f>C2&amp;D2</f></c>", "=C2&D2", 1),
        ("<c r='B2'><f t='shared' si='0'/></c>", "=…", 1),
    ],
)
def test_a_formula_without_a_result_is_named(cell: str, formula: str, count: int) -> None:
    """The error has the cell, the formula, the number of such cells and the remedy."""
    with pytest.raises(InputError) as caught:
        read_lines(workbook(f'{_HEAD}<row r="2">{cell}</row>'), "t.xlsx")

    assert str(caught.value) == (
        f"t.xlsx: cell B2 has the formula {formula} without a result ({count} such cells in all); "
        "open the table in Excel or WPS and save it, or type the values"
    )
    assert f"单元格 B2 的公式 {formula} 没有计算结果" in caught.value.message.text("zh")


def test_a_formula_of_a_python_program_is_named() -> None:
    """Openpyxl writes formulas that nothing has calculated."""
    book, out = Workbook(), io.BytesIO()
    book.worksheets[0].append(("a", "b"))
    book.worksheets[0].append((1, "=A2*2"))
    book.save(out)

    with pytest.raises(InputError, match="cell B2 has the formula =A2"):
        read_rows(out.getvalue(), "t.xlsx")


def test_a_formula_may_give_an_empty_text() -> None:
    """An empty result is no missing result."""
    rows = f'{_HEAD}<row r="2">{_cell("A2", "x")}<c r="B2" t="str"><f>""</f><v></v></c></row>'

    assert _lines(workbook(rows))[1] == (2, ("x",))


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#CALC!"])
def test_an_error_is_named_by_cell(error: str) -> None:
    """The row has a fault with the cell, the error and the remedy; other rows have none."""
    rows = (
        f'<row r="1">{_cell("A1", "甲")}{_cell("B1", "乙")}</row>'
        f'<row r="7">{_cell("A7", "1")}<c r="B7" t="e"><v>{error}</v></c></row>'
        f'<row r="8">{_cell("A8", "1")}{_cell("B8", "好")}</row>'
    )

    faulty, good = read_rows(workbook(rows), "t.xlsx")

    assert str(faulty.faults["乙"]).startswith(f"cell B7 has the error {error}; correct")
    assert good.faults == {}


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        ("1e7", "yyyy-mm-dd", "yyyy-mm-dd"),
        ("-1", "yyyy/m/d", "yyyy/m/d"),
        ("abc", "0.00", "0.00"),
        ("1e999", "0.00", "0.00"),
        ("1", "0" * 256, "0" * 60),
        ("1", "[DBNum3]0", "[DBNum3]0"),
    ],
)
def test_a_value_that_cannot_be_shown_is_named(value: str, code: str, shown: str) -> None:
    """The error has the cell, its value and its format; no poster has a wrong number."""
    rows = f'{_HEAD}<row r="7"><c r="B7" s="1"><v>{value}</v></c></row>'

    with pytest.raises(InputError) as caught:
        read_lines(workbook(rows, formats=[code]), "t.xlsx")

    start = f"t.xlsx: cell B7 has the value {value}, which its number format {shown} cannot show"
    assert str(caught.value).startswith(start)
    assert "单元格 B7 的值" in caught.value.message.text("zh")


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (44532, "yyyy/m/d", "2025/12/3"),
        (44532, "aaaa", "星期三"),
        (44532, "[$-804]mmmm", "十二月"),
        (1.5, "[h]:mm", "36:00"),
    ],
)
def test_dates_may_count_from_1904(value: float, code: str, text: str) -> None:
    """Workbooks of old Macs have other day numbers, but the same durations."""
    assert _one(f'<c r="A1" s="1"><v>{value}</v></c>', formats=[code], is_1904=True) == text


def test_a_workbook_of_openpyxl_is_read() -> None:
    """What openpyxl writes for Python's dates and times is read without needless zeros."""
    book, out = Workbook(), io.BytesIO()
    book.epoch = CALENDAR_MAC_1904
    moment = dt.datetime(2025, 12, 3, 20, 0)  # noqa: DTZ001 - workbooks have no zones
    book.worksheets[0].append(
        (moment, moment.replace(hour=0), moment.date(), moment.time(), dt.time(20, 0, 5), True)
    )
    book.save(out)

    assert _lines(out.getvalue()) == [
        (1, ("2025-12-03 20:00", "2025-12-03", "2025-12-03", "20:00", "20:00:05", "TRUE"))
    ]


_CITIES = (
    "<sheetData>"
    f'<row r="1">{_cell("A1", "会员名单")}</row>'
    f'<row r="2">{_cell("A2", "城市")}{_cell("B2", "联系方式")}</row>'
    f'<row r="3">{_cell("B3", "昵称")}{_cell("C3", "链接")}</row>'
    f'<row r="4">{_cell("A4", "上海")}{_cell("B4", "小满")}{_cell("C4", "a")}</row>'
    f'<row r="5"><c r="A5"/>{_cell("B5", "阿芷")}</row>'
    f'<row r="6"><c r="A6"/>{_cell("C6", "c")}</row>'
    f'<row r="8">{_cell("A8", "北京")}</row>'
    '</sheetData><mergeCells><mergeCell ref="A1:C1"/><mergeCell ref="A2:A3"/>'
    '<mergeCell ref="B2:C2"/><mergeCell ref="A4:A7"/><mergeCell ref="A8:C8"/></mergeCells>'
)


def test_merged_cells_are_filled() -> None:
    """Each row has the text of a cell merged over rows; empty rows below it stay empty."""
    lines = read_lines(workbook(_CITIES), "t.xlsx")

    assert [(line.number, line.cells) for line in lines] == [
        (1, ("会员名单",)),
        (2, ("城市", "联系方式")),
        (3, ("城市", "昵称", "链接")),
        (4, ("上海", "小满", "a")),
        (5, ("上海", "阿芷")),
        (6, ("上海", "", "c")),
        (8, ("北京",)),
    ]
    assert lines[-1].filled == ("北京", "北京", "北京")


def test_a_block_of_merged_cells_is_filled() -> None:
    """A cell merged over rows and columns fills both."""
    rows = (
        f'<sheetData>{_HEAD}<row r="2">{_cell("B2", "两列")}{_cell("D2", "x")}</row>'
        f'<row r="3">{_cell("D3", "y")}</row></sheetData>'
        '<mergeCells><mergeCell ref="B2:C3"/></mergeCells>'
    )

    assert _lines(workbook(rows))[1:] == [
        (2, ("", "两列", "两列", "x")),
        (3, ("", "两列", "两列", "y")),
    ]


def test_merged_titles_are_named() -> None:
    """A column below a merged title has no name, so its texts would be lost."""
    rows = (
        f'<sheetData><row r="1">{_cell("A1", "a")}{_cell("B1", "联系方式")}</row>'
        f'<row r="2">{_cell("A2", "1")}{_cell("B2", "2")}{_cell("C2", "3")}</row></sheetData>'
        '<mergeCells><mergeCell ref="B1:C1"/></mergeCells>'
    )

    with pytest.raises(InputError, match="cell C1 is covered by the merged cell '联系方式'"):
        read_rows(workbook(rows), "t.xlsx")


def test_a_merged_cell_fills_the_fields_of_a_row() -> None:
    """A cell merged over two columns is the text of both fields."""
    rows = (
        f'<sheetData><row r="1">{_cell("A1", "a")}{_cell("B1", "b")}</row>'
        f'<row r="2">{_cell("A2", "同上")}</row></sheetData>'
        '<mergeCells><mergeCell ref="A2:D2"/></mergeCells>'
    )

    (row,) = read_rows(workbook(rows), "t.xlsx")

    assert row.values == {"a": "同上", "b": "同上"}


@pytest.mark.parametrize(
    ("sheets", "states", "text"),
    [
        (("隐藏", "看得见"), ("hidden", "visible"), "看得见"),
        (("深藏", "看得见"), ("veryHidden", "visible"), "看得见"),
        (("", "看得见"), (), "看得见"),
        (("第一张", "第二张"), (), "第一张"),
    ],
)
def test_the_first_visible_sheet_with_text_is_read(
    sheets: tuple[str, ...], states: tuple[str, ...], text: str
) -> None:
    """Hidden and empty sheets are passed over."""
    rows = [f'<row r="1">{_cell("A1", sheet)}</row>' if sheet else "" for sheet in sheets]

    assert _lines(workbook(*rows, states=states)) == [(1, (text,))]


def test_hidden_rows_and_columns_are_read() -> None:
    """A hidden row or column counts, as in the CSV file that Excel writes of the sheet."""
    rows = (
        '<cols><col min="2" max="2" hidden="1"/></cols><sheetData>'
        f'{_HEAD}<row r="2" hidden="1">{_cell("A2", "x")}{_cell("B2", "y")}</row></sheetData>'
    )

    assert _lines(workbook(rows)) == [(1, ("a",)), (2, ("x", "y"))]


def test_empty_rows_and_cells_without_a_place_keep_the_numbers() -> None:
    """Rows and cells that do not say where they are follow the one before."""
    rows = f'<row r="4">{_cell("C4", "a")}<c><v>2</v></c></row><row><c><v>1</v></c></row>'

    assert _lines(workbook(rows)) == [(4, ("", "", "a", "2")), (5, ("1",))]


def test_a_strict_workbook_is_read() -> None:
    """Excel's “Strict Open XML” has other namespaces."""
    assert _one(_cell("A1", "严格"), main=_STRICT) == "严格"


def test_broken_styles_do_not_matter() -> None:
    """A workbook whose fills or borders are wrong is read; only its number formats are used."""
    data = io.BytesIO(workbook('<row r="1"><c r="A1" s="1"><v>7</v></c></row>', formats=["000"]))
    out = io.BytesIO()
    with zipfile.ZipFile(data) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name).replace(b"<patternFill/>", b"<x/><x/>")
            new.writestr(name, content)

    assert _lines(out.getvalue()) == [(1, ("007",))]


def test_a_workbook_that_is_called_csv_is_read() -> None:
    """The content counts if the name is that of a text file."""
    data = workbook(f'<row r="1">{_cell("A1", "改了名")}</row>')

    assert read_lines(data, "t.csv")[0].cells == ("改了名",)


def _rows(count: int, cell: str) -> str:
    return "".join(f'<row r="{number}">{cell}</row>' for number in range(1, count + 1))


#: One long text that every row of a table would get.
_MERGED = (
    f'<sheetData><row r="1">{_cell("A1", "x" * 1000)}</row>'
    + "".join(f'<row r="{n}"><c r="BH{n}"><v>1</v></c></row>' for n in range(2, 9000))
    + '</sheetData><mergeCells><mergeCell ref="A1:BG9000"/></mergeCells>'
)
_WIDE = "".join('<c t="s"><v>0</v></c>' for _ in range(60))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (workbook(_rows(20_001, "<c><v>1</v></c>")), "more than 20,000 rows"),
        (workbook(f'<row r="100001">{_cell("A100001", "x")}</row>'), "more than 100,000 lines"),
        (workbook("<row/>" * 100_001), "more than 100,000 lines"),
        (workbook(f'<row r="1">{_cell("BI1", "x")}</row>'), "more than 60 columns"),
        (workbook(f'<row r="1">{_cell("XFD1", "x")}</row>'), "more than 60 columns"),
        (workbook(_rows(100, _WIDE), texts=f"<si><t>{'字' * 9000}</t></si>"), "larger than 10 MB"),
        (workbook(_MERGED), "larger than 10 MB"),
        (workbook('<row r="1"><c r="A1" t="s"><v>0</v></c></row>',
                  texts=f"<si><t>{'x' * 131_073}</t></si>"), "cell A1 has more than 131,072"),
        (workbook(" " * 70_000_000), "too large once unpacked"),
        (workbook(_HEAD, method=zipfile.ZIP_BZIP2), "unknown compression"),
        (workbook('<row r="2"><c><v>1</v></c></row><row r="1"/>'), "row 1 follows row 2"),
        (workbook('<row r="1"><c r="7A"><v>1</v></c></row>'), "cannot be read"),
        (workbook('<row r="1"><c t="s"><v>7</v></c></row>'), "cannot be read"),
        (workbook(f"<sheetData>{_HEAD}</sheetData><mergeCells>"
                  + '<mergeCell ref="A1:BH9"/>' * 9 + "</mergeCells>"), "merged cells overlap"),
        (workbook(_HEAD, states=["hidden"]), "no row"),
        (workbook(_HEAD)[:-200], "cannot be read"),
        (workbook(_HEAD).replace(b"PK\x01\x02", b"PK\x09\x09"), "cannot be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 99, "an old .xls workbook, or one with a password"),
    ],
    ids=["rows", "lines", "empty-lines", "columns", "last-column", "repeated-text", "merged-text",
         "long-cell", "unpacked", "bzip2", "order", "place", "text-index", "overlap", "hidden",
         "cut", "directory", "xls"],
)  # fmt: skip
def test_a_workbook_beyond_the_limits_is_refused(data: bytes, message: str) -> None:
    """A workbook that is too large, hides a bomb or is damaged is an error with a reason."""
    with pytest.raises(InputError, match=message) as caught:
        read_lines(data, "t.xlsx")

    assert "t.xlsx" in caught.value.message.text("zh")


def test_empty_cells_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty cells with a format take time too, so a sheet may not have millions of them."""
    monkeypatch.setattr(workbook_reading, "_MOST_CELLS", 100)
    read_lines(workbook(_HEAD + f'<row r="2">{"<c/>" * 99}</row>'), "t.xlsx")

    with pytest.raises(InputError, match="too large once unpacked"):
        read_lines(workbook(_HEAD + f'<row r="2">{"<c/>" * 100}</row>'), "t.xlsx")


_MERGES = f"<sheetData>{_HEAD}</sheetData><mergeCells>"


@pytest.mark.parametrize(
    ("sheet", "size"),
    [
        (lambda count: _rows(1, "<c/>" * count), 20_000),
        (lambda count: '<row r="1"/>' * count, 20_000),
        (lambda count: "<x>" * count, 20_000),
        (lambda count: f'<row a="{"x" * count}"/>', 1_000_000),
        (lambda count: _MERGES + '<mergeCell ref="A1:A1048576"/>' * count, 10_000),
        (lambda count: _rows(count, "<c s='1'><v>45994.5</v></c>" * 60), 100),
    ],
    ids=["cells", "rows", "depth", "attribute", "merges", "formats"],
)
def test_the_time_grows_with_the_size_only(sheet: Callable[[int], str], size: int) -> None:
    """Any XML is read or refused in time that grows with its length."""
    formats = ['[$-804]yyyy"年"m"月"d"日" dddd']
    data = {count: workbook(sheet(count), formats=formats) for count in (size, 4 * size)}

    def read(count: int) -> None:
        with contextlib.suppress(InputError):
            read_lines(data[count], "t.xlsx")

    assert growth(read, size) < LINEAR
