"""Two channel types as platforms are: a post sent twice is two posts; one of them can be asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote

from contentsvc.channels import (
    Channel,
    ChannelSettings,
    HttpUrl,
    OutcomeUnknownError,
    Receipt,
    Rendition,
    hookimpl,
    raise_for_status,
)


class Plain(Channel):
    """Neither knows a repeated key nor can be asked."""

    type = "chaos_plain"
    label: ClassVar = {"zh": "普通平台", "en": "Plain platform"}

    class Settings(ChannelSettings):
        """Where the platform is."""

        url: HttpUrl

    def publish(self, rendition: Rendition, *, key: str) -> Receipt:
        """Post, and believe nothing but a whole answer."""
        answer = self.host.http.request(
            "POST",
            str(self.settings.url),
            json={"title": rendition.title, "text": rendition.text},
            headers={"webhook-id": key},
            allow_private=True,
        )
        return Receipt(id=_number(raise_for_status(answer).json()))


class Asked(Plain):
    """Does not know a repeated key, but tells what it has."""

    type = "chaos_asked"
    label: ClassVar = {"zh": "可查询平台", "en": "Platform that can be asked"}
    can_find = True

    def find(self, rendition: Rendition, *, key: str, since: datetime) -> Receipt | None:
        """Ask for the key."""
        answer = self.host.http.request(
            "GET", f"{self.settings.url}?key={quote(key)}", allow_private=True
        )
        found = raise_for_status(answer).json()
        if not isinstance(found, dict) or "found" not in found:
            raise OutcomeUnknownError("the answer tells nothing")
        return Receipt(id=key) if found["found"] else None


def _number(answer: Any) -> str:
    if not isinstance(answer, dict) or "id" not in answer:
        raise OutcomeUnknownError("the answer has no id")
    return str(answer["id"])


@hookimpl
def register_channels() -> list[type[Channel]]:
    """Bring both."""
    return [Plain, Asked]
