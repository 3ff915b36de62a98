"""Tests of the advertising check: it finds prohibited words and gives no false alarms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from contentsvc.channels import (
    Check,
    EntryKind,
    Livestream,
    RenditionWarning,
    WarningLevel,
    post_rendition,
)
from contentsvc.channels.testing import load_plugin, sample_context, sample_entry, sample_picture
from contentsvc.domain.calendar_files import read_calendar_bytes
from tests.growth import LINEAR, growth

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def check() -> Check:
    (advertising,) = load_plugin(ROOT / "plugins" / "advertising.py").checks()
    return advertising


def said(
    check: Check, body: str, title: str = "早安", language: str = "zh"
) -> list[RenditionWarning]:
    entry = sample_entry(title=title, body=body)
    return check.check(entry, post_rendition(entry, sample_context()), language)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("国家级工艺，放心入手", "国家级"),
        ("这是面霜里的最高级", "最高级"),
        ("宝宝面霜的最佳选择", "最佳"),
        ("全网销量第一", "销量第一"),
        ("行业第一的面霜", "行业第一"),
        ("国货第一品牌", "第一品牌"),
        ("口碑 No.1", "No.1"),
        ("湿疹宝宝的唯一选择", "唯一"),
        ("顶级原料", "顶级"),
        ("把温和做到极致", "极致"),
        ("全网最低价", "全网最低"),
        ("用过的最好用的面霜", "最好用的"),
        ("采用最先进的工艺", "最先进"),
        ("100%有效", "100% 有效"),
        ("１００％有效", "１００％有效"),
        ("百分百安全", "百分百安全"),
        ("三天治愈湿疹", "治愈"),
        ("根治便秘", "根治"),
        ("没有副作用", "没有副作用"),
        ("总有效率达 98.5%", "有效率达 9"),
        ("全网**最**佳选择", "最佳"),
    ],
)
def test_what_the_law_does_not_allow_is_named(check: Check, body: str, word: str) -> None:
    """The warning names the prohibited word and does not block approval."""
    (warning,) = said(check, body)

    assert warning.level is WarningLevel.WARN
    assert warning.field == "body"
    assert f"“{word}”" in warning.message.text("zh")


@pytest.mark.parametrize(
    "body",
    [
        "第一次给宝宝洗澡，第一天最紧张",
        "第一，先洗脸；第二，再抹霜",
        "第一步到第三步，第一时间告诉大家",
        "她是班里第一个报名的妈妈，也是第一名新会员",
        "安全第一，宝宝第一",
        "最近很干，最后提醒：最多领两份，最少喝一杯",
        "最好在洗澡后三分钟内抹，最先到的有座",
        "最先进来的 10 位送小样",
        "最佳食用时间是开封后一周",
        "国家级非遗体验课",
        "唯一要做的就是打卡",
        "治愈系插画，看完被治愈了",
        "更有效率地收拾",
        "100%纯棉",
        "最终解释权、最初的想法、最晚 22:00 下单",
        "顶级域名是什么",
        "最好的朋友",
        "编号 1 的同学，NO.12 号桌",
    ],
)
def test_everyday_words_raise_no_alarm(check: Check, body: str) -> None:
    """Order, advice and mottoes are no superlatives; false alarms would make people ignore it."""
    assert said(check, body) == []


@pytest.mark.parametrize(
    "file", sorted((ROOT / "calendars").glob("*.yaml")), ids=lambda path: path.stem
)
def test_the_calendars_that_come_along_raise_no_alarm(check: Check, file: Path) -> None:
    """The shipped calendars, written for real communities, cause no warning."""
    plan = read_calendar_bytes(file.read_bytes(), file.name)

    warnings = [
        warning for content in plan.entries for warning in said(check, content.body, content.title)
    ]

    assert warnings == []


def test_each_place_is_told(check: Check) -> None:
    """Title and body have separate warnings, with the line and the text around the word."""
    title, body = said(check, "大家好\n\n买它，全网最佳面霜\n\n品质极致", title="顶级面霜上新")

    assert (title.field, body.field) == ("title", "body")
    assert "“最佳”（第 3 行：买它，全网最佳面霜）" in body.message.text("zh")
    assert "“极致”（第 5 行：" in body.message.text("zh")
    assert "《广告法》第九条" in body.message.text("zh")


def test_superlatives_and_medicine_are_told_apart(check: Check) -> None:
    """Superlatives and medical claims have different warnings, as they break different articles."""
    absolute, medical = said(check, "顶级面霜，根治湿疹")

    assert "第九条" in absolute.message.text("zh")
    assert "第十六至十八条" in medical.message.text("zh")


def test_a_long_list_is_cut_and_counted(check: Check) -> None:
    """A warning names a limited number of words and counts the others."""
    (warning,) = said(check, "极致\n" * 30)

    assert warning.message.text("zh").count("“极致”") == 5
    assert "等 30 处" in warning.message.text("zh")


def test_points_and_the_words_in_pictures_are_looked_at(check: Check) -> None:
    """A livestream's points and the alt text of its poster are checked."""
    live = Livestream(host="林晓", url="https://live.example/1", points=("行业第一的配方",))
    entry = sample_entry(EntryKind.LIVESTREAM, livestream=live, has_poster=True)
    poster = replace(sample_picture(), alt="年度顶级大课")
    rendition = replace(post_rendition(entry, sample_context()), pictures=(poster,))

    found = check.check(entry, rendition, "zh")

    assert [warning.field for warning in found] == ["livestream.points", "poster.template"]


def test_what_only_the_channel_adds_is_looked_at(check: Check) -> None:
    """Text that the channel adds, such as a greeting from its settings, is checked."""
    entry = sample_entry(body="早安")
    rendition = replace(post_rendition(entry, sample_context()), text="全网最佳社群\n\n早安")

    (warning,) = check.check(entry, rendition, "zh")

    assert warning.field == "body"
    assert "最佳" in warning.message.text("zh")


def test_english_pages_are_told_in_english(check: Check) -> None:
    """The English warning quotes the prohibited words unchanged."""
    (warning,) = said(check, "顶级面霜", language="en")

    assert str(warning.message).startswith("“顶级” (line 1: 顶级面霜): claims a superlative")


def test_no_body_makes_it_backtrack(check: Check) -> None:
    """The work grows linearly with the length of the text, because every preview runs the check."""
    entry = sample_entry(body="")
    rendition = post_rendition(entry, sample_context())

    def run(times: int) -> None:
        check.check(entry, replace(rendition, text="最第一无百分 100 " * times), "zh")

    assert growth(run, 2_000) < LINEAR
