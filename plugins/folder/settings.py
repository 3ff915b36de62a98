"""The settings of a folder channel: its path and the formats that it writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from contentsvc.channels import PLATFORM_RULES, ChannelSettings, Field, field_validator

from .phrases import PHRASES

__all__ = ["FolderSettings"]

#: Least and most characters of an SMS signature; from the platforms' rules.
_SIGNATURE = (2, 12)


def _in_chinese(title: str, description: str = "", **choices: str) -> dict[str, Any]:
    words = {"title": title, "description": description, "choices": choices}
    return {"zh": {name: value for name, value in words.items() if value}}


def _platforms(language: str, none: str) -> dict[str, Any]:
    return {"none": none} | {
        platform: rule.name.text(language) for platform, rule in PLATFORM_RULES.items()
    }


class FolderSettings(ChannelSettings):
    """The settings of a folder channel: its path, and the formats to write beside text and HTML."""

    path: str = Field(
        default="",
        title="Folder",
        description="An absolute path; empty for a folder in the service's data.",
        json_schema_extra=_in_chinese("文件夹路径", "绝对路径；留空则放在服务的数据目录中。"),
    )
    platform: Literal[
        "none", "wechat-subscription", "wechat-service", "wecom-group-send", "aliyun-sms"
    ] = Field(
        default="none",
        title="Posted by hand on",
        description="The platform on which a person posts; its rule of how often then "
        "applies, unless a calendar has a quota of its own for this channel.",
        json_schema_extra={
            "choices": _platforms("en", "another platform, without a rule"),
            **_in_chinese(
                "人工发布到",
                "由人把内容发到哪里；该平台的频次规则随之生效，日历为此渠道另设配额时以日历为准。",
                **_platforms("zh", "其他地方，不设规则"),
            ),
        },
    )
    article: Literal["none", "editorial", "warm", "bold"] = Field(
        default="none",
        title="Official Account article",
        description="Writes article.html in this theme: open it, copy all, paste.",
        json_schema_extra=_in_chinese(
            "公众号文章",
            "按所选主题生成 article.html：打开、全选复制、粘贴到公众号编辑器。",
            none="不生成",
            editorial="素雅",
            warm="暖阳",
            bold="醒目",
        ),
    )
    wecom: Literal["none", "markdown", "markdown_v2"] = Field(
        default="none",
        title="WeCom Markdown",
        description="Writes wecom.md for a group robot, in messages of at most 4,096 bytes.",
        json_schema_extra=_in_chinese(
            "企业微信 Markdown",
            "生成 wecom.md，供群机器人发送，每条不超过 4096 字节。",
            none="不生成",
            markdown="markdown",
            markdown_v2="markdown_v2",
        ),
    )
    chat: bool = Field(
        default=False,
        title="Chat text",
        description="Writes chat.txt, long texts as several messages.",
        json_schema_extra=_in_chinese("聊天文字", "生成 chat.txt，长文分成几条。"),
    )
    note: bool = Field(
        default=False,
        title="Xiaohongshu note",
        description="Writes note-title.txt and note.txt; content over the platform's limits "
        "cannot be approved.",
        json_schema_extra=_in_chinese(
            "小红书笔记", "生成 note-title.txt 和 note.txt；超出平台上限的内容不能通过审核。"
        ),
    )
    note_hashtags: str = Field(
        default="",
        max_length=200,
        title="Hashtags",
        description="Added to each Xiaohongshu note, such as #母婴 #育儿.",
        json_schema_extra=_in_chinese("话题", "加在每篇小红书笔记末尾，例如 #母婴 #育儿。"),
    )
    sms: bool = Field(
        default=False,
        title="SMS",
        description="Writes sms.txt and counts its segments.",
        json_schema_extra=_in_chinese("短信", "生成 sms.txt，并计算条数。"),
    )
    sms_signature: str = Field(
        default="",
        title="SMS signature",
        description="2 to 12 characters, without 【】; empty where the platform adds it.",
        json_schema_extra=_in_chinese("短信签名", "2 到 12 个字，不带【】；平台自动加签名时留空。"),
    )
    sms_opt_out: str = Field(
        default="拒收请回复R",
        max_length=30,
        title="SMS opt-out",
        description="Text at the end that tells people how to opt out; empty for none.",
        json_schema_extra=_in_chinese("退订语", "放在短信末尾；留空则不加。"),
    )

    @field_validator("path")
    @classmethod
    def _is_absolute(cls, path: str) -> str:
        if path and (not Path(path).is_absolute() or "\0" in path):
            raise ValueError(PHRASES.message("path-not-absolute"))
        return path

    @field_validator("sms_signature")
    @classmethod
    def _is_a_signature(cls, signature: str) -> str:
        bare = signature.strip().removeprefix("【").removesuffix("】")
        least, most = _SIGNATURE
        if bare and not least <= len(bare) <= most:
            raise ValueError(PHRASES.message("signature-length", least=least, most=most))
        return bare
