"""A plugin that warns of words that Chinese advertising law prohibits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

from contentsvc.channels import (
    ChannelEntry,
    Check,
    Message,
    Phrases,
    Rendition,
    RenditionWarning,
    WarningLevel,
    hookimpl,
    markdown_text,
)

__version__ = "1.0"
api_version = 1

# 《中华人民共和国广告法》(2021 修正): 第九条第三项 names 国家级、最高级、最佳 “等用语”. What the
# others are, and that advice on use (最佳食用时间), awarded titles (国家级非遗) and mere order in
# time (第一次) are none, follows 市场监管总局《广告绝对化用语执法指南》(2023 年第 6 号公告).
_PLACES = (
    "全国|全球|世界|中国|亚洲|宇宙|国内|行业|业内|业界|全网|同类|同行|类目|天猫|京东|淘宝|抖音"
)
_RANKS = "销量|销售额|销售|口碑|排名|市场|品质|质量|人气|好评|热度|占有率|服务|实力|技术"
#: After 第一, these characters count or give the order.
_COUNTED = (
    "次天步名期季课时件个位章批周口眼人印款页条集场站堂节段轮波篇日年月夜早晚餐顿滴杯瓶罐勺桶"
    "届版点句张排号手关类回遍趟份套组阶级行列层楼部代幕声封胎孩反本刻秒分线现大块道颗片粒只双件弹笔单字身桩支"
)
#: Before 第一, these make a motto or a contest's result. Two characters each, for look-behind.
_MINDED = "安全|健康|友谊|宝宝|孩子|家人|客户|顾客|用户|生命|拿了|得了|考了|跑了|夺得|获得"
_ABSOLUTE = (
    r"国家级(?!非遗|非物质|高新|重点|文物|风景|自然|森林|湿地|实验|博物馆|运动员|裁判|健将|教练)",
    r"(?:世界|宇宙|全球|殿堂|至尊)级(?!遗产|赛事|选手|运动员)",
    r"最高级(?!别会议)",
    r"最佳(?!赏味|食用|饮用|使用|观赏|观看|时间|时机|时段|年龄|温度|状态|角度|男|女|影片|导演|拍档|搭档)",
    r"最(?:优(?!先)|强(?!大脑)|先进(?!来|入|门|场|去|店|群|的人)|顶级|高端|尖端|畅销|安全|有效)",
    r"最(?:权威|专业|便宜|划算|实惠|优惠|低价|受欢迎|高品质|高档|奢侈|时尚|靠谱|值得买)",
    r"最好(?:用|喝|看|吃)的",
    r"最好的(?!朋友|闺蜜|办法|方法|方式|时光|时候|时间|自己|礼物|陪伴|爱|安排|年纪|状态)",
    r"(?:全网|全国|全场|史上|历史|市场)最(?:低|高|大|好|全|新|多|强)",
    rf"(?:{_PLACES}|{_RANKS})(?:排名)?第一(?!次|天|时间|步|个|件|批|场|届|期|课|季|眼|线|轮|代)",
    r"第一(?:品牌|名牌|大牌|大品牌|选择|梯队)",
    rf"(?<=\w)(?<!{_MINDED})第一(?![{_COUNTED}\d]|时间|要|是|先|财经|\s*[,，、:：])",
    r"(?i:(?<![A-Za-z])(?:NO\s*[.．]\s*1|TOP\s*1)(?!\d))",
    r"唯一(?!要|需|的要求|的遗憾|的缺点|的不足|的条件|标识|识别|编号|编码|码|性|不变|遗憾|缺点|能做的|一次|一个)",
    r"顶级(?!域名)",
    r"顶尖",
    r"极致",
    r"极品",
    r"独一无二",
    r"绝无仅有",
    r"史无前例",
    r"空前绝后",
    r"永久有效|永不反弹|零风险",
)
# The same law's 第十六条 and 第十八条 (no promise of an effect or of safety, no healing rate) and
# 第十七条 (no words of medicine for what is none). 治愈系, its other sense, is nobody's claim.
_MEDICAL = (
    r"(?:100\s*%|百分百|百分之(?:一)?百)\s*(?:有效|见效|治愈|安全|无害|成功|不过敏|起效)",
    r"(?<!很)(?<!好)(?<!超)(?<!太)(?<!被)(?<!更)(?<!最)治愈(?!系|人心|心灵|感|力|时刻|瞬间|一刻|的|[了着]?[我你您她他]|色|风|系列|音乐|画面)",
    r"治愈率",
    r"根治",
    r"断根",
    r"包治(?:百病)?|治好(?:了)?(?=湿疹|鼻炎|便秘|腹泻|黄疸|咳嗽|失眠|脱发|痘|斑)",
    r"药到病除|立竿见影|起死回生",
    r"(?:无|没有|零)任?何?毒?副作用",
    r"有效率\s*[为达高]?[到至]?\s*\d",
    r"抗癌|防癌|祛病",
    r"(?:替代|代替)药物",
)
_PHRASES = Phrases(
    {
        "zh": {
            "superlative": "{finds}是绝对化用语（《广告法》第九条），请换成可以证明的说法。",
            "medical": "{finds}像是医疗或保证功效的用语（《广告法》第十六至十八条），请改写。",
            "find": "“{word}”（第 {line} 行：{around}）",
            "comma": "、",
            "more": " 等 {count} 处",
        },
        "en": {
            "superlative": "{finds}: claims a superlative (Advertising Law of the PRC, article 9); "
            "say what can be shown.",
            "medical": "{finds}: sounds like medicine (Advertising Law of the PRC, articles 16 to "
            "18); reword it.",
            "find": "“{word}” (line {line}: {around})",
            "comma": ", ",
            "more": " and {rest} more",
        },
    }
)
#: The patterns of prohibited words, by the warning's code.
_LAWS = MappingProxyType(
    {
        "superlative": re.compile("|".join(_ABSOLUTE)),
        "medical": re.compile("|".join(_MEDICAL)),
    }
)
#: Full-width digits and percent signs, which the patterns match as ASCII.
_NARROW = {ord(wide): chr(ord(wide) - 0xFEE0) for wide in "０１２３４５６７８９％"}
#: Characters of context shown on each side of a word.
_AROUND = 6
#: Most words that one warning names; people see further words after they correct these.
_MOST = 5


@dataclass(frozen=True, slots=True)
class _Find:
    """A prohibited word found in a text, with its line number and the surrounding text."""

    word: str
    line: int
    around: str


class Advertising(Check):
    """A check that warns of superlatives (极限词) and medical claims in a post's texts."""

    name = "advertising"

    def check(
        self,
        entry: ChannelEntry,
        rendition: Rendition,
        language: str,  # noqa: ARG002 - the warnings have a text in each language
    ) -> list[RenditionWarning]:
        """Return warnings that name the prohibited words in each field, and their lines."""
        return [
            RenditionWarning(WarningLevel.WARN, field, _message(law, finds))
            for field, finds_by_law in _by_field(entry, rendition)
            for law, finds in finds_by_law.items()
            if finds
        ]


def _by_field(
    entry: ChannelEntry, rendition: Rendition
) -> Iterator[tuple[str, dict[str, list[_Find]]]]:
    """Yield the name of each field and the prohibited words found in it, by law.

    Text that only the channel adds counts as the body.
    """
    known: set[str] = set()
    for field, text in _texts(entry, rendition):
        finds_by_law = _finds_by_law(text)
        yield field, finds_by_law
        known |= {find.word for finds in finds_by_law.values() for find in finds}
    shown = _finds_by_law(rendition.text)
    yield (
        "body",
        {law: [f for f in finds if f.word not in known] for law, finds in shown.items()},
    )


def _finds_by_law(text: str) -> dict[str, list[_Find]]:
    return {law: list(_finds(pattern, text)) for law, pattern in _LAWS.items()}


def _texts(entry: ChannelEntry, rendition: Rendition) -> Iterator[tuple[str, str]]:
    yield "title", entry.title
    # Check the text that people read, so that markup within a word does not hide the word.
    yield "body", markdown_text(entry.body)
    if entry.livestream is not None:
        yield "livestream.points", "\n".join(entry.livestream.points)
    alternatives = "\n".join(dict.fromkeys(one.alt for one in rendition.pictures if one.alt))
    yield "poster.template" if entry.has_poster else "pictures", alternatives


def _finds(law: re.Pattern[str], text: str) -> Iterator[_Find]:
    for number, line in enumerate(text.splitlines(), 1):
        for found in law.finditer(line.translate(_NARROW)):
            begin, end = max(0, found.start() - _AROUND), found.end() + _AROUND
            yield _Find(line[slice(*found.span())], number, line[begin:end].strip())


def _message(law: str, finds: list[_Find]) -> Message:
    """Return a warning, in both languages, that *law* prohibits the words in *finds*."""
    texts = {
        language: _PHRASES.text(law, language, finds=_listed(finds, language))
        for language in _PHRASES.texts
    }
    return Message.given(**texts)


def _listed(finds: list[_Find], language: str) -> str:
    named = [
        _PHRASES.text("find", language, word=find.word, line=find.line, around=find.around)
        for find in finds[:_MOST]
    ]
    rest = len(finds) - len(named)
    more = _PHRASES.text("more", language, count=len(finds), rest=rest) if rest else ""
    return _PHRASES.text("comma", language).join(named) + more


@hookimpl
def register_checks() -> list[Check]:
    """Return the plugin's only check, Advertising."""
    return [Advertising()]
