"""A plugin that sends posts as signed webhooks (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

from contentsvc.channels import (
    Channel,
    ChannelAuthError,
    ChannelSettings,
    EntryKind,
    Field,
    HttpUrl,
    Phrases,
    Picture,
    Receipt,
    RenderContext,
    Rendition,
    RenditionWarning,
    SecretStr,
    WarningLevel,
    field_validator,
    hookimpl,
    raise_for_status,
)

__version__ = "1.0"
api_version = 1

_PREFIX = "whsec_"
#: The specification asks for 24 to 64 random bytes.
_KEY_BYTES = range(24, 65)
#: Most bytes of pictures in one message; base64 adds a third.
_MOST_PICTURE_BYTES = 5 * 1024 * 1024
_GONE = 410

_TYPES = {
    EntryKind.POST: "post.published",
    EntryKind.POSTER: "poster.published",
    EntryKind.LIVESTREAM: "livestream.notice.published",
}

_PHRASES = Phrases(
    {
        "zh": {
            "pictures-too-large": "图片合计 {used} 字节，一条消息最多 {most} 字节",
            "address-closed": "状态码 {status}：接收方已永久关闭这个地址",
            "secret-malformed": "签名密钥应以 whsec_ 开头，后接 24 到 64 个字节的 base64",
        },
        "en": {
            "pictures-too-large": "the pictures have {used} bytes; a message carries {most}",
            "address-closed": "status {status}: the receiver has closed this address for good",
            "secret-malformed": "a signing secret is whsec_ followed by 24 to 64 bytes in base64",
        },
    }
)


class WebhookSettings(ChannelSettings):
    """The settings of a webhook: its address and its signing secret."""

    url: HttpUrl = Field(
        title="Address",
        description="Receives a POST for each delivery.",
        json_schema_extra={
            "zh": {"title": "接收地址", "description": "每次发布向它发送一个 POST 请求。"}
        },
    )
    secret: SecretStr = Field(
        title="Signing secret",
        description="whsec_ and 24 to 64 random bytes in base64.",
        json_schema_extra={
            "zh": {
                "title": "签名密钥",
                "description": "以 whsec_ 开头，后接 24 到 64 个随机字节的 base64。",
            }
        },
    )
    allow_private: bool = Field(
        default=False,
        title="Allow private addresses",
        description="Lets it call this machine and its own network.",
        json_schema_extra={
            "zh": {"title": "允许内网地址", "description": "允许调用本机与内部网络。"}
        },
    )
    embed_pictures: bool = Field(
        default=True,
        title="Send pictures along",
        description="As base64 in the message, at most 5 MiB together.",
        json_schema_extra={
            "zh": {
                "title": "附带图片",
                "description": "以 base64 放在消息里，合计不超过 5 MiB。",
            }
        },
    )

    @field_validator("secret")
    @classmethod
    def _is_a_key(cls, secret: SecretStr) -> SecretStr:
        _signing_key(secret.get_secret_value())
        return secret


class Webhook(Channel[WebhookSettings]):
    """A channel that sends each post as a signed HTTP POST. Retries repeat the message's id."""

    type = "webhook"
    label: ClassVar[Mapping[str, str]] = {"zh": "Webhook", "en": "Webhook"}
    #: By the Standard Webhooks specification, the receiver ignores a repeated `webhook-id`. It must
    #: remember an id for a day, which docs/channels.md asks of it.
    idempotent_for = timedelta(days=1)

    def finish(self, rendition: Rendition, context: RenderContext) -> Rendition:  # noqa: ARG002
        """Return *rendition*, with a warning if its pictures are too large for a message."""
        used = sum(len(picture.content) for picture in rendition.pictures)
        if not self.settings.embed_pictures or used <= _MOST_PICTURE_BYTES:
            return rendition
        message = _PHRASES.message("pictures-too-large", used=used, most=_MOST_PICTURE_BYTES)
        warning = RenditionWarning(WarningLevel.BLOCK, "pictures", message)
        return replace(rendition, warnings=(*rendition.warnings, warning))

    def publish(self, rendition: Rendition, *, key: str) -> Receipt:
        """Send the post. A retry with the same *key* sends the same bytes with the same id."""
        body = json.dumps(self._message(rendition), ensure_ascii=False).encode()
        response = self.host.http.request(
            "POST",
            str(self.settings.url),
            content=body,
            headers={
                "Content-Type": "application/json",
                **sign(self.settings.secret.get_secret_value(), key, int(time.time()), body),
            },
            allow_private=self.settings.allow_private,
        )
        if response.status == _GONE:
            raise ChannelAuthError(_PHRASES.message("address-closed", status=_GONE))
        raise_for_status(response, secrets=[self.settings.secret.get_secret_value()])
        return Receipt(id=key)

    def _message(self, rendition: Rendition) -> dict[str, Any]:
        data = dict(rendition.data)
        return {
            "type": _TYPES[EntryKind(data["kind"])],
            "timestamp": data["due_at"],
            "data": {
                "channel": self.host.name,
                "title": rendition.title,
                "text": rendition.text,
                "html": rendition.html,
                "pictures": [self._picture(picture) for picture in rendition.pictures],
                **data,
            },
        }

    def _picture(self, picture: Picture) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "name": picture.name,
            "media_type": picture.media_type,
            "width": picture.width,
            "height": picture.height,
            "alt": picture.alt,
            "bytes": len(picture.content),
            "sha256": hashlib.sha256(picture.content).hexdigest(),
        }
        if self.settings.embed_pictures:
            shown["base64"] = base64.b64encode(picture.content).decode()
        return shown


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return HTTP headers that sign *body*. *timestamp* is the sending time in Unix seconds."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(_signing_key(secret), signed, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def _signing_key(secret: str) -> bytes:
    """Decode a signing secret. Raise ValueError, without the secret's text, if it is malformed."""
    encoded = secret.removeprefix(_PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or len(key) not in _KEY_BYTES:
        raise ValueError(_PHRASES.message("secret-malformed"))
    return key


@hookimpl
def register_channels() -> list[type[Channel]]:
    """Return the plugin's only channel type, Webhook."""
    return [Webhook]
