"""Channel types as platforms are: a post sent twice is two posts.

One can be asked, one accepts posts and publishes them later, and one divides posts into parts.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote

from contentsvc.channels import (
    Accepted,
    Channel,
    ChannelSettings,
    HttpUrl,
    OutcomeUnknownError,
    Parts,
    Receipt,
    Rendition,
    hookimpl,
    raise_for_status,
)

api_version = 1


class PlainSettings(ChannelSettings):
    """Where the platform is."""

    url: HttpUrl


class Plain(Channel[PlainSettings]):
    """Neither knows a repeated key nor can be asked."""

    type = "chaos_plain"
    label: ClassVar = {"zh": "普通平台", "en": "Plain platform"}
    #: The receiver of these tests takes nothing when it answers 503.
    refusals = frozenset({503})

    def publish(self, rendition: Rendition, *, key: str) -> Any:
        """Post, and believe nothing but a whole answer."""
        return Receipt(id=self._post(rendition, key))

    def _post(self, rendition: Rendition, key: str) -> str:
        answer = self.host.http.request(
            "POST",
            str(self.settings.url),
            json={"title": rendition.title, "text": rendition.text},
            headers={"webhook-id": key},
            allow_private=True,
        )
        return _number(raise_for_status(answer).json())


class Asked(Plain):
    """Does not know a repeated key, but tells what it has."""

    type = "chaos_asked"
    label: ClassVar = {"zh": "可查询平台", "en": "Platform that can be asked"}

    def find(self, rendition: Rendition, *, key: str, since: datetime) -> Receipt | None:
        """Ask for the key."""
        answer = self.host.http.request(
            "GET", f"{self.settings.url}?key={quote(key)}", allow_private=True
        )
        found = raise_for_status(answer).json()
        if not isinstance(found, dict) or "found" not in found:
            raise OutcomeUnknownError("the answer tells nothing")
        return Receipt(id=key) if found["found"] else None


class Accepting(Plain):
    """Accepts a post, works on it for several polls, and publishes it in the end."""

    type = "chaos_accepting"
    label: ClassVar = {"zh": "稍后发布的平台", "en": "Platform that publishes later"}

    def publish(self, rendition: Rendition, *, key: str) -> Accepted:
        """Post, and ask again in a second."""
        return Accepted(self._post(rendition, key), poll_after=1)

    def poll(self, accepted: Accepted, rendition: Rendition, *, key: str) -> Receipt | Accepted:
        """Ask with the newest token, which the platform changes with every answer."""
        url = f"{self.settings.url}?key={quote(key)}&token={quote(accepted.token)}"
        state = raise_for_status(self.host.http.request("GET", url, allow_private=True)).json()
        if state.get("out"):
            return Receipt(id=key)
        return Accepted(state["token"], poll_after=1)


class Divided(Parts, Plain):
    """Publishes a post as three messages, which it does not know again."""

    type = "chaos_parts"
    label: ClassVar = {"zh": "分段平台", "en": "Platform of several messages"}

    def split(self, rendition: Rendition) -> list[Rendition]:
        """Return the post three times, numbered."""
        return [replace(rendition, title=f"{rendition.title} {number}") for number in (1, 2, 3)]

    def publish_part(self, part: Rendition, *, key: str, after: Receipt | None) -> Receipt:
        """Post a message."""
        return Receipt(id=self._post(part, key))


def _number(answer: Any) -> str:
    if not isinstance(answer, dict) or "id" not in answer:
        raise OutcomeUnknownError("the answer has no id")
    return str(answer["id"])


@hookimpl
def register_channels() -> list[type[Channel]]:
    """Bring all."""
    return [Plain, Asked, Accepting, Divided]
