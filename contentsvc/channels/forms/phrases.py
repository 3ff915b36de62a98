"""What the forms say by themselves, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from contentsvc.channels.content import RenditionWarning, WarningLevel

__all__ = ["WORDS", "losses", "over"]

#: Words that stand in the post itself.
WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "zh": {"picture": "图片", "colon": "：", "comma": "，", "links": "参考链接"},
        "en": {"picture": "Picture", "colon": ": ", "comma": ", ", "links": "Links"},
    }
)
_FORMS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "zh": {
            "article": "公众号文章",
            "wecom": "企业微信",
            "chat": "聊天文字",
            "note": "小红书",
            "sms": "短信",
        },
        "en": {
            "article": "Official Account article",
            "wecom": "WeCom",
            "chat": "Chat text",
            "note": "Xiaohongshu",
            "sms": "SMS",
        },
    }
)
_LOSSES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "zh": {
            "struck": "划去的文字看起来和其他文字一样，请改写：{what}",
            "outside_pictures": "外部图片会被公众号去掉，请在标出的位置上传：{what}",
            "text_pictures": "正文里的图片不会带上，请另外配图：{what}",
            "links": "这里不允许外部链接，已去掉：{what}",
            "contacts": "把读者引向别处的内容可能被限流：{what}",
            "emoji": "表情已去掉：{what}",
        },
        "en": {
            "struck": "struck-out words read like all others here, so reword them: {what}",
            "outside_pictures": "the platform drops pictures from elsewhere; upload them at the "
            "marked places: {what}",
            "text_pictures": "pictures in the text do not come along; add them as pictures: {what}",
            "links": "links to elsewhere are not allowed here and were taken out: {what}",
            "contacts": "what leads readers elsewhere may be shown to fewer people: {what}",
            "emoji": "emoji were taken out: {what}",
        },
    }
)
_OVER: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "zh": {
            "title": "标题按平台计为 {used}，最多 {most}",
            "characters": "正文有 {used} 字，最多 {most} 字",
            "markup": "连同样式共 {used} 字符；接口只收 {most} 字符，请由人粘贴",
            "size": "连同样式共 {used} 字节，最多 {most} 字节",
            "hashtags": "有 {used} 个话题，最多 {most} 个",
            "units": "有 {used} 字，多数平台最多发 {most} 字",
        },
        "en": {
            "title": "the title counts {used}; {most} are allowed",
            "characters": "the text has {used} characters; {most} are allowed",
            "markup": "with its styles it has {used} characters; the platform's API takes {most}, "
            "so let a person paste it",
            "size": "with its styles it has {used} bytes; {most} are allowed",
            "hashtags": "there are {used} hashtags; {most} are allowed",
            "units": "it has {used} characters; most platforms send {most}",
        },
    }
)
#: A warning names so many places; whoever mends them sees the rest after that.
_MOST_NAMED = 3
_LONGEST_NAME = 40


def losses(form: str, lost: Mapping[str, list[str]], language: str) -> list[RenditionWarning]:
    """Return a warning for each rule that took something away, with what it was."""
    return [
        _warning(form, "body", _LOSSES[language][rule].format(what=_named(what)), language)
        for rule, what in lost.items()
    ]


def over(  # noqa: PLR0917 - values of one sentence
    form: str, count: str, used: int, most: int, language: str, level: WarningLevel
) -> RenditionWarning:
    """Return the warning that a count is over what a platform takes."""
    field = "title" if count == "title" else "body"
    return _warning(
        form, field, _OVER[language][count].format(used=used, most=most), language, level
    )


def _warning(
    form: str, field: str, words: str, language: str, level: WarningLevel = WarningLevel.WARN
) -> RenditionWarning:
    message = f"{_FORMS[language][form]}{WORDS[language]['colon']}{words}"
    return RenditionWarning(level, field, message)


def _named(what: list[str]) -> str:
    different = list(dict.fromkeys(filter(None, what)))
    named = [one if len(one) <= _LONGEST_NAME else f"{one[:_LONGEST_NAME]}…" for one in different]
    rest = " …" if len(named) > _MOST_NAMED else ""
    return f"{' | '.join(named[:_MOST_NAMED])}{rest}" or str(len(what))
