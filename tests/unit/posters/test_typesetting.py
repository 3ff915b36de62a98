from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contentsvc.posters.typesetting import characters as chars
from contentsvc.posters.typesetting.paragraphs import Style, fit, set_line, wrap


def measure(char: str) -> float:
    """Return widths like a Chinese font: letters half an em, a space a quarter, all else one."""
    if char == " ":
        return 0.25
    return 0.5 if char.isascii() else 1.0


def lines(text: str, width: float, *, balance: bool = False) -> list[str]:
    return [line.text for line in wrap(text, measure, width, balance=balance)]


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("今天天气很好", 3, ["今天天", "气很好"]),
        ("今天好，出门", 3, ["今天", "好，出", "门"]),
        ("今天很好，出门", 4.5, ["今天很好，", "出门"]),
        ("他说（不要）走", 3, ["他说", "（不要）", "走"]),
        ("看《红楼梦》吧", 2.5, ["看", "《红楼", "梦》", "吧"]),
        ("每天9:30开播", 4, ["每天", "9:30开", "播"]),
        ("原价¥199元", 3.8, ["原价", "¥199元"]),
        ("等等……再说", 4, ["等等……", "再说"]),
        ("等等等……再", 4, ["等等", "等……再"]),
        ("买iPhone手机", 3, ["买", "iPhone", "手机"]),
        ("hello world", 3, ["hello", "world"]),
        ("一行\n两行", 9, ["一行", "两行"]),
        ("", 5, [""]),
    ],
)
def test_lines_break_where_the_rules_allow(text: str, width: float, expected: list[str]) -> None:
    """Lines never start with a closing mark, end with an opening mark or split a word."""
    assert lines(text, width) == expected


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("好", 1),
        ("好，", 1.5),
        ("（好）", 2),
        ("好，”他", 3.5),
        ("“（好", 2),
        ("好）（好", 3.5),
        ("第3个", 2.75),
        ("第 3 个", 2.75),
        ("皮肤科·临床", 5.5),
        ("林晓 医生", 4.25),
    ],
)
def test_widths_of_marks_and_scripts(text: str, width: float) -> None:
    """Marks are half-width at edges and in sequences; a thin space separates hanzi and digits."""
    assert set_line(text, measure).width == pytest.approx(width)


def test_an_opening_mark_at_the_start_hangs_out_by_its_empty_half() -> None:
    """The first glyph's origin moves left, so that its ink starts at the margin."""
    first, second = set_line("（好", measure).placed

    assert (first.x, second.x) == (-0.5, 0.5)


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("宝宝冬季护肤医生直播课", 7, ["宝宝冬季护肤", "医生直播课"]),
        ("双十二清单出炉，奶粉别超过两个月量", 14, ["双十二清单出炉，", "奶粉别超过两个月量"]),
        ("一二三四五六七", 6, ["一二三四", "五六七"]),
    ],
)
def test_balanced_lines_have_similar_lengths(text: str, width: float, expected: list[str]) -> None:
    """The number of lines stays the same, and breaks follow punctuation where possible."""
    found = lines(text, width, balance=True)

    assert found == expected
    assert len(found) == len(lines(text, width))


@settings(max_examples=200, deadline=None)
@given(
    st.text(alphabet="一二三，。（）“”《》…ab1.9% ·、", min_size=1, max_size=60),
    st.floats(3, 12),
)
def test_no_text_breaks_a_rule_or_loses_a_character(text: str, width: float) -> None:
    """For any text, no character is lost, and lines with a possible break follow the rules."""
    for balance in (False, True):
        found = wrap(text, measure, width, balance=balance)

        characters = "".join(line.text for line in found).replace(" ", "")
        assert characters == chars.clean(text).replace(" ", "")
        for before, after in pairwise(found):
            if before.width <= width and before.text and after.text and " " not in text:
                joined = before.text[-1], after.text[0]
                assert chars.may_break(*joined) or _has_no_break(before.text)


def _has_no_break(text: str) -> bool:
    return not any(chars.may_break(*pair) for pair in pairwise(text))


def test_text_shrinks_before_it_is_cut() -> None:
    """A text that is a little too long is set smaller, in steps of 3 %, and stays complete."""
    fitted = fit("一二三四五六七八九十", measure, (900, 120), Style(100, 60))

    assert fitted.size == 89
    assert (fitted.lines[0].text, fitted.lost) == ("一二三四五六七八九十", "")


def test_a_text_too_long_is_cut() -> None:
    """At the smallest size the text ends with an ellipsis, and the rest is returned."""
    fitted = fit("一二三四五六七八九十", measure, (400, 80), Style(100, 60))

    assert fitted.size == 60
    assert [line.text for line in fitted.lines] == ["一二三四五…"]
    assert fitted.lost == "六七八九十"


def test_several_lines_are_cut_on_the_last() -> None:
    """The last line that fits ends with the ellipsis."""
    style = Style(40, 40, max_lines=2, line=1.5)
    fitted = fit("今天天气很好，我们一起出门去看海", measure, (200, 130), style)

    assert [line.text for line in fitted.lines] == ["今天天气很", "好，我们…"]
    assert fitted.lost == "一起出门去看海"
