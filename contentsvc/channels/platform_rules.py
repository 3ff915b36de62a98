"""The platforms' limits on how often an account may post to one audience, with sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from contentsvc.domain.quotas import Quota
from contentsvc.messages import Message

__all__ = ["PLATFORM_RULES", "Certainty", "PlatformRule"]


class Certainty(StrEnum):
    """How reliable a rule is: stated by the platform (CONFIRMED) or by others (LIKELY)."""

    #: The platform's own page says so.
    CONFIRMED = "confirmed"
    #: Several other sources say so, or an older page of the platform.
    LIKELY = "likely"


@dataclass(frozen=True, slots=True)
class PlatformRule:
    """A platform's limit on how often an account may post to one audience, with its source."""

    #: The platform's permanent name, which channels' settings store: lower-case letters, digits
    #: and hyphens.
    platform: str
    #: The platform's name.
    name: Message
    quota: Quota
    #: The rule in a sentence or two.
    text: Message
    #: The date of the source; if it has none, the day on which it was read.
    dated: date
    #: Address of the source.
    source: str
    certainty: Certainty = Certainty.CONFIRMED


#: The rules by platform. Limits per second or minute are rates of the channel types. Rules without
#: a number in a reliable source are left out.
PLATFORM_RULES: Mapping[str, PlatformRule] = MappingProxyType(
    {
        rule.platform: rule
        for rule in (
            PlatformRule(
                platform="wechat-subscription",
                name=Message("platform-wechat-subscription"),
                quota=Quota(day=1),
                text=Message("platform-rule-wechat-subscription"),
                dated=date(2026, 11, 21),
                source="https://developers.weixin.qq.com/doc/service/en/guide/product/message/Batch_Sends.html",
            ),
            PlatformRule(
                platform="wechat-service",
                name=Message("platform-wechat-service"),
                quota=Quota(month=4),
                text=Message("platform-rule-wechat-service"),
                dated=date(2026, 11, 21),
                source="https://developers.weixin.qq.com/doc/service/en/guide/product/message/Batch_Sends.html",
            ),
            PlatformRule(
                platform="wecom-group-send",
                name=Message("platform-wecom-group-send"),
                quota=Quota(days_of_month=True),
                text=Message("platform-rule-wecom-group-send"),
                dated=date(2025, 11, 17),
                source="https://developer.work.weixin.qq.com/document/path/92135",
            ),
            PlatformRule(
                platform="aliyun-sms",
                name=Message("platform-aliyun-sms"),
                quota=Quota(day=50),
                text=Message("platform-rule-aliyun-sms"),
                dated=date(2026, 11, 21),
                source="https://help.aliyun.com/document_detail/108293.html",
                certainty=Certainty.LIKELY,
            ),
        )
    }
)
