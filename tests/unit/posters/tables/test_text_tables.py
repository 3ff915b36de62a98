"""Tables in text files, and cells pasted from a spreadsheet."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contentsvc.errors import InputError
from contentsvc.posters import read_lines, read_pasted, read_rows
from tests.growth import LINEAR, growth

_QUOTED = [("text", "author"), ("早安, 今天, 天气", "张三")]
_THREE = [("标题", "作者", "链接"), ("早安", "张三", "a"), ("晚安", "李四", "b")]
_SIMPLIFIED = (
    "昵称,链接,文案\n小满,https://e.com/1,欢迎来到我们的亲子阅读会，今晚八点不见不散\n"
    "阿芷,https://e.com/2,天气转凉，记得给宝宝添衣服\n"
)
_TRADITIONAL = (
    "暱稱,連結,文案\n小滿,https://e.com/1,歡迎來到我們的親子閱讀會，今晚八點不見不散\n"
    "阿芷,https://e.com/2,天氣轉涼，記得給寶寶添衣服\n"
)


def _cells(text: str) -> list[tuple[str, ...]]:
    return [line.cells for line in read_lines(text.encode(), "t.csv")]


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ('text;author\n"早安, 今天, 天气";张三', _QUOTED),
        ("text;author\n早安, 今天, 天气;张三", _QUOTED),
        ('text\tauthor\n"早安, 今天, 天气"\t张三', _QUOTED),
        ('text|author\n"早安, 今天, 天气"|张三', _QUOTED),
        ('text,author\n"早安, 今天, 天气",张三', _QUOTED),
        ('text,author\n"早安; 今天; 好",张三', [_QUOTED[0], ("早安; 今天; 好", "张三")]),
        ("text,author\n早安; 今天; 天气,张三", [_QUOTED[0], ("早安; 今天; 天气", "张三")]),
        ("标题,要点\n早安,时间|地点|人", [("标题", "要点"), ("早安", "时间|地点|人")]),
        ('"a;b","c;d"\n"1;2","3;4"', [("a;b", "c;d"), ("1;2", "3;4")]),
        ("标题;作者;链接\n早安;张三;a\n晚安;李四;b", _THREE),
        ("标题|作者|链接\n早安|张三|a\n晚安|李四|b", _THREE),
        ("标题，作者，链接\n早安，张三，a\n晚安，李四，b", _THREE),
        ("标题;作者\n早安，今天，天气;张三", [("标题", "作者"), ("早安，今天，天气", "张三")]),
        ("标题，副标题;作者\n早安;张三", [("标题，副标题", "作者"), ("早安", "张三")]),
        ("sep=;\r\n标题;作者\r\na,b,c;张三", [("标题", "作者"), ("a,b,c", "张三")]),
        ('"sep=|"\n标题|作者\na,b,c|张三', [("标题", "作者"), ("a,b,c", "张三")]),
        ("sep=\t\n标题\t作者\na\t张三", [("标题", "作者"), ("a", "张三")]),
        ('文案\n"早安, 今天"\n"晚安, 明天"', [("文案",), ("早安, 今天",), ("晚安, 明天",)]),
        ("文案\n早安, 今天\n晚安, 明天", [("文案",), ("早安, 今天",), ("晚安, 明天",)]),
        ("文案\n早安，今天\n晚安，明天", [("文案",), ("早安，今天",), ("晚安，明天",)]),
        ("文案\n时间|地点\n人|事", [("文案",), ("时间|地点",), ("人|事",)]),
        ("会员名单\n昵称,链接\n小满,a\n阿芷,b",
         [("会员名单",), ("昵称", "链接"), ("小满", "a"), ("阿芷", "b")]),
        ("会员名单,,\n昵称,链接,码\n小满,a;b;c,b", [("会员名单",), ("昵称", "链接", "码"),
                                            ("小满", "a;b;c", "b")]),
        ("名单, 请看\n昵称\t链接\n小满\ta", [("名单, 请看",), ("昵称", "链接"), ("小满", "a")]),
        ("a,b,c\n1\n2,3\n4\n5", [("a", "b", "c"), ("1",), ("2", "3"), ("4",), ("5",)]),
        ('编号,名\n="00007",小满', [("编号", "名"), ("00007", "小满")]),
        ('a,b\n"第一行\n第二行;",2', [("a", "b"), ("第一行\n第二行;", "2")]),
    ],
)  # fmt: skip
def test_the_delimiter_is_recognized(text: str, cells: list[tuple[str, ...]]) -> None:
    """Only a character that separates the titles divides cells; quotes and punctuation do not."""
    assert _cells(text) == cells


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ('text\tauthor\n"早安, 今天\n天气"\t张三', [_QUOTED[0], ("早安, 今天\n天气", "张三")]),
        ('text;author\n"早安, 今天, 天气";张三', _QUOTED),
        ("文案\n早安，今天\n晚安，明天", [("文案",), ("早安，今天",), ("晚安，明天",)]),
        ('标题;作者\n"宝宝"群, 好;张三', [("标题", "作者"), ('"宝宝"群, 好', "张三")]),
        ('标题\t作者\n"宝宝"群\u2028第二行\t张三',
         [("标题", "作者"), ('"宝宝"群\u2028第二行', "张三")]),
    ],
)  # fmt: skip
def test_pasted_cells_are_divided_in_the_same_way(text: str, cells: list[tuple[str, ...]]) -> None:
    """Pasted rows and files give the same cells, also if a quote is part of a text."""
    assert [line.cells for line in read_pasted(text, "粘贴")] == cells


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (_SIMPLIFIED, "utf-8"),
        (_SIMPLIFIED, "utf-8-sig"),
        (_SIMPLIFIED, "gbk"),
        (_SIMPLIFIED, "gb18030"),
        (_SIMPLIFIED + "㐂𠮷🎉,b,c\n", "gb18030"),
        (_SIMPLIFIED, "utf-16"),
        (_SIMPLIFIED, "utf-16-le"),
        (_SIMPLIFIED, "utf-16-be"),
        (_SIMPLIFIED.replace(",", "\t"), "utf-16-le"),
        (_TRADITIONAL, "big5"),
        (_TRADITIONAL, "cp950"),
        (_TRADITIONAL + "香港人嘅,啲,喺度\n", "big5hkscs"),
        (_TRADITIONAL, "gbk"),
        (_TRADITIONAL, "utf-8"),
        (_TRADITIONAL, "utf-16-be"),
        ("昵称,码\n喆,7\n堃,8\n", "gbk"),
        ("暱稱,連結\n小滿,a\n", "big5"),
        ("标题,店\n早安,さくらの店\n", "gbk"),
        ("name,code\nMei,7\n", "utf-16-le"),
        ("name,code\nMei,7\n", "utf-16-be"),
        ("name,code\nMei,7\n", "ascii"),
    ],
)
def test_the_encoding_is_recognized(text: str, encoding: str) -> None:
    """A table has the same cells in each encoding that spreadsheets write, marked or not."""
    expected = [tuple(line.split("\t" if "\t" in line else ",")) for line in text.splitlines()]

    lines = read_lines(text.encode(encoding), "t.csv")

    assert [line.cells for line in lines] == expected


_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00\x00\x00\x01\x00\x08\x02" * 9


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (_PNG, "neither UTF-8 nor GB 18030, Big5 or UTF-16"),
        (bytes(range(256)) * 20, "neither UTF-8"),
        (b"name,code\nMei\x00\x00,7\n", "neither UTF-8"),
        (b"\x01\x02\x03\x04,\x05\x06\n" * 9, "neither UTF-8"),
        ("カタカナ,ひらがな\n商品名,送料無料\n".encode("shift-jis") * 9, "neither UTF-8"),
        ("naïve,café\n".encode("latin-1"), "neither UTF-8"),
        ("标题,文案\n早安,今天天气很好".encode()[:-1], "line 2 has bytes that are not UTF-8"),
        (_SIMPLIFIED.encode() + "小满".encode("gbk"), "line 4 has bytes that are not UTF-8"),
        (b"\xef\xbb\xbf" + "标题,b\n".encode("gbk"), "line 1 has bytes that are not UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 99, "an old .xls workbook, or one with a password"),
    ],
    ids=["picture", "bytes", "nul", "controls", "shift-jis", "latin-1", "cut", "mixed", "marked",
         "xls"],
)  # fmt: skip
def test_what_is_no_text_is_refused(data: bytes, message: str) -> None:
    """Pictures, damaged texts and unknown encodings are errors; no cell has wrong characters."""
    with pytest.raises(InputError, match=message) as caught:
        read_lines(data, "t.csv")

    assert "t.csv" in caught.value.message.text("zh")


def test_an_error_of_a_spreadsheet_is_named_by_cell() -> None:
    """A CSV file has the errors of its formulas as texts; the row's fault names the cell."""
    (row, good) = read_rows(b"a,b\n1,#N/A\n2,3\n", "t.csv")

    assert str(row.faults["b"]) == (
        "cell B2 has the error #N/A; correct its formula, or type the value"
    )
    assert "单元格 B2 是错误值 #N/A" in row.faults["b"].text("zh")
    assert good.faults == {}


@given(st.text(st.sampled_from("a,;\t|\"'\n\r= 早，\u2028")), st.sampled_from(["utf-8", "gbk"]))
def test_any_text_is_read_or_refused(text: str, encoding: str) -> None:
    """Quotes, delimiters and line ends in any order are cells or an error."""
    with contextlib.suppress(InputError):
        assert all(any(line.cells) for line in read_pasted(text, "粘贴"))
    with contextlib.suppress(InputError):
        data = text.encode(encoding, "replace")
        assert all(any(line.cells) for line in read_lines(data, "t.csv"))


@pytest.mark.parametrize(
    ("piece", "encoding"),
    [
        ("a,b;c\n", "utf-8"),
        ("a,b;c\n", "utf-16-le"),
        ('"a', "utf-8"),
        ('"a"', "utf-8"),
        (",", "utf-8"),
        ("，", "gb18030"),
        ("早安,", "gb18030"),
        ("天氣", "big5"),
        ("a\u2028", "utf-8"),
        ("|\t", "utf-8"),
        ("\0,", "utf-8"),
    ],
)
def test_the_time_grows_with_the_length_only(piece: str, encoding: str) -> None:
    """Anything is read or refused in time that grows with its length."""
    size = 4_500
    data = {count: piece.encode(encoding) * count for count in (size, 4 * size)}

    def read(count: int) -> None:
        with contextlib.suppress(InputError):
            read_lines(data[count], "t.csv")

    assert growth(read, size) < LINEAR
