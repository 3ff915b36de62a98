"""How often one audience may be written to on a platform: the platforms' own rules, dated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from contentsvc.domain.quotas import Quota

__all__ = ["PLATFORM_RULES", "Certainty", "PlatformRule"]


class Certainty(StrEnum):
    """How sure it is that a rule is as it is told."""

    #: The platform's own page says so.
    CONFIRMED = "confirmed"
    #: Several others say so, or an older page of the platform's.
    LIKELY = "likely"


@dataclass(frozen=True, slots=True)
class PlatformRule:
    """What a platform allows one audience to be sent, as its source had it on a day."""

    #: Permanent; stored in channels' settings. Lower-case letters, digits and hyphens.
    platform: str
    #: The platform's name, by language: `zh` and `en`.
    name: Mapping[str, str] = field(hash=False)
    quota: Quota
    #: The rule in words, by language.
    words: Mapping[str, str] = field(hash=False)
    #: The day that the source bears; where it bears none, the day on which it was read.
    dated: date
    #: Where it is written, an address.
    source: str
    certainty: Certainty = Certainty.CONFIRMED


#: By platform. What a platform counts by the second or minute is a rate of its channel type and
#: stands there; a rule without a number that a source vouches for is left out.
PLATFORM_RULES: Mapping[str, PlatformRule] = MappingProxyType(
    {
        rule.platform: rule
        for rule in (
            PlatformRule(
                platform="wechat-subscription",
                name={
                    "zh": "微信公众号（订阅号）群发",
                    "en": "WeChat Official Account (subscription), mass send",
                },
                quota=Quota(day=1),
                words={
                    "zh": "订阅号每天可以群发 1 次。只发布、不群发的文章不推送给粉丝，不计次数。",
                    "en": "A subscription account may mass-send once a day. What is only published "
                    "reaches no follower by itself and does not count.",
                },
                dated=date(2026, 11, 21),
                source="https://developers.weixin.qq.com/doc/service/en/guide/product/message/"
                "Batch_Sends.html",
            ),
            PlatformRule(
                platform="wechat-service",
                name={
                    "zh": "微信公众号（服务号）群发",
                    "en": "WeChat Official Account (service), mass send",
                },
                quota=Quota(month=4),
                words={
                    "zh": "每位粉丝每个自然月最多收到服务号 4 次群发，超出的发送失败。",
                    "en": "A follower gets at most 4 mass sends of a service account in a calendar "
                    "month; more fail.",
                },
                dated=date(2026, 11, 21),
                source="https://developers.weixin.qq.com/doc/service/en/guide/product/message/"
                "Batch_Sends.html",
            ),
            PlatformRule(
                platform="wecom-group-send",
                name={
                    "zh": "企业微信群发（客户、客户群）",
                    "en": "WeCom group send (customers, customer groups)",
                },
                quota=Quota(days_of_month=True),
                words={
                    "zh": "每位客户、每个客户群每月最多收到的条数是当月天数。管理员可改为每天 1 条"
                    "或每周 7 条：改为每天 1 条时，请在日历里写上这个渠道的配额。",
                    "en": "A customer and a customer group get at most as many in a month as it "
                    "has days. An administrator may make it 1 a day or 7 a week: where it is 1 a "
                    "day, give the calendar a quota for this channel.",
                },
                dated=date(2025, 11, 17),
                source="https://developer.work.weixin.qq.com/document/path/92135",
            ),
            PlatformRule(
                platform="aliyun-sms",
                name={"zh": "阿里云短信（通知）", "en": "Aliyun SMS (notices)"},
                quota=Quota(day=50),
                words={
                    "zh": "同一签名、同一模板的通知短信，一个号码每天最多 50 条。",
                    "en": "A number gets at most 50 notices a day with one signature and template.",
                },
                dated=date(2026, 11, 21),
                source="https://help.aliyun.com/document_detail/108293.html",
                certainty=Certainty.LIKELY,
            ),
        )
    }
)
