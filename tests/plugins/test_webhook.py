"""Tests of the webhook channel with the specification's own library and a real server."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from standardwebhooks import Webhook as Receiver

from contentsvc.channels import (
    Channel,
    ChannelAuthError,
    EntryKind,
    Notice,
    OutcomeUnknownError,
    Receipt,
    RejectedError,
)
from contentsvc.channels.contract import HttpChannelContract
from contentsvc.channels.hosting import SettingsError
from contentsvc.channels.testing import (
    FakePlatform,
    FakeResponse,
    TestHost,
    load_plugin,
    parse_settings,
    render,
    sample_entry,
    sample_picture,
)

PLUGIN = Path(__file__).parents[2] / "plugins" / "webhook.py"
WEBHOOK = load_plugin(PLUGIN).channel_type("webhook")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class TestWebhookContract(HttpChannelContract):
    """The webhook channel passes the contract."""

    channel_class = WEBHOOK
    refusals: ClassVar = {
        **HttpChannelContract.refusals,
        "gone": (FakeResponse(410), ChannelAuthError),
        "gateway timeout": (FakeResponse(504), OutcomeUnknownError),
    }

    @pytest.fixture
    def raw_settings(self, platform: FakePlatform) -> Mapping[str, Any]:
        return {"url": f"{platform.url}/hook", "secret": SECRET, "allow_private": True}


@pytest.fixture
def platform() -> Iterator[FakePlatform]:
    with FakePlatform() as platform:
        yield platform


@pytest.fixture
def channel(platform: FakePlatform, tmp_path: Path) -> Channel:
    return opened(platform, tmp_path)


def opened(platform: FakePlatform, folder: Path, **changes: object) -> Channel:
    raw = {"url": f"{platform.url}/hook", "secret": SECRET, "allow_private": True, **changes}
    return WEBHOOK(parse_settings(WEBHOOK, raw), TestHost(folder, name="shop-hook"))


def test_the_signature_is_that_of_the_specification() -> None:
    """The signature of the published test vector is equal byte for byte."""
    module = sys.modules[WEBHOOK.__module__]

    headers = module.sign(
        SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_receiver_can_verify_what_it_gets(channel: Channel, platform: FakePlatform) -> None:
    """The specification's library verifies the request and returns the post."""
    rendition = render(channel, sample_entry())

    receipt = channel.publish(rendition, key="d-17")

    assert isinstance(receipt, Receipt)
    request = platform.requests[0]
    message = Receiver(SECRET).verify(request.body, dict(request.headers))
    assert (request.method, request.path) == ("POST", "/hook")
    assert request.headers["webhook-id"] == receipt.id == "d-17"
    assert message["type"] == "post.published"
    assert message["timestamp"] == "2026-11-26T12:00:00+00:00"
    assert message["data"]["title"] == "早安签到"
    assert message["data"]["text"] == rendition.text
    assert message["data"]["html"] == rendition.html
    assert message["data"]["channel"] == "shop-hook"


def test_a_retry_carries_the_same_id_and_bytes(channel: Channel, platform: FakePlatform) -> None:
    """A retry after a lost response has the same id and the same bytes."""
    rendition = render(channel, sample_entry())
    platform.then(FakeResponse(drop=True))

    with pytest.raises(OutcomeUnknownError):
        channel.publish(rendition, key="d-17")
    channel.publish(rendition, key="d-17")

    first, second = platform.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


@pytest.mark.parametrize(
    ("kind", "type_"),
    [
        (EntryKind.POST, "post.published"),
        (EntryKind.POSTER, "poster.published"),
        (EntryKind.LIVESTREAM, "livestream.notice.published"),
    ],
)
def test_each_kind_has_its_own_type(
    channel: Channel, platform: FakePlatform, kind: EntryKind, type_: str
) -> None:
    """Posts, posters and notices have different message types."""
    entry = sample_entry(kind)
    rendition = render(channel, entry)

    channel.publish(rendition, key="d-17")

    message = json.loads(platform.requests[0].body)
    assert message["type"] == type_
    assert message["data"]["kind"] == kind.value


def test_the_guide_shows_every_part_of_a_message(channel: Channel, platform: FakePlatform) -> None:
    """The example in docs/plugins.md has every key of a message."""
    guide = (PLUGIN.parents[1] / "docs" / "plugins.md").read_text("utf-8")
    shown = json.loads(guide.partition("```json\n")[2].partition("```")[0])
    entry = sample_entry(EntryKind.LIVESTREAM, pictures=(sample_picture(),))
    notice = Notice.parse("-1h")

    channel.publish(render(channel, entry, notice=notice), key="d-17")

    sent = json.loads(platform.requests[0].body)
    assert list(sent) == list(shown)
    assert list(sent["data"]) == list(shown["data"])
    for part in ("notice", "livestream"):
        assert list(sent["data"][part]) == list(shown["data"][part])
    assert list(sent["data"]["pictures"][0]) == list(shown["data"]["pictures"][0])


def test_pictures_travel_in_the_message(channel: Channel, platform: FakePlatform) -> None:
    """The message contains each picture with its size and alt text."""
    picture = sample_picture()
    entry = sample_entry(pictures=(picture,))

    channel.publish(render(channel, entry), key="d-17")

    (sent,) = json.loads(platform.requests[0].body)["data"]["pictures"]
    assert base64.b64decode(sent["base64"]) == picture.content
    assert (sent["name"], sent["width"], sent["height"]) == ("1.png", 30, 40)
    assert sent["alt"] == picture.alt


def test_pictures_can_stay_at_home(platform: FakePlatform, tmp_path: Path) -> None:
    """Without `embed_pictures`, the message has the names and hashes of the pictures."""
    channel = opened(platform, tmp_path, embed_pictures=False)
    entry = sample_entry(pictures=(sample_picture(),))

    channel.publish(render(channel, entry), key="d-17")

    (sent,) = json.loads(platform.requests[0].body)["data"]["pictures"]
    assert "base64" not in sent
    assert len(sent["sha256"]) == 64


def test_too_many_bytes_of_pictures_block_approval(channel: Channel) -> None:
    """Pictures of more than 5 MiB block approval; the warning has both numbers."""
    large = replace(sample_picture(), content=b"x" * 3 * 1024 * 1024)
    pictures = (large, replace(large, name="2.png"))

    rendition = render(channel, sample_entry(pictures=pictures))

    (warning,) = rendition.warnings
    assert (warning.level, warning.field) == ("block", "pictures")
    assert "6291456" in str(warning.message)
    assert "5242880" in str(warning.message)


def test_pictures_that_stay_at_home_have_no_limit(platform: FakePlatform, tmp_path: Path) -> None:
    """Without `embed_pictures`, pictures have no limit."""
    channel = opened(platform, tmp_path, embed_pictures=False)
    large = replace(sample_picture(), content=b"x" * 6 * 1024 * 1024)

    rendition = render(channel, sample_entry(pictures=(large,)))

    assert rendition.warnings == ()
    assert channel.limits.check(rendition) == []


def test_a_private_address_is_refused_unless_allowed(
    platform: FakePlatform, tmp_path: Path
) -> None:
    """A private address is not called, and the error names the setting."""
    channel = opened(platform, tmp_path, allow_private=False)
    rendition = render(channel, sample_entry())

    with pytest.raises(RejectedError, match="allow_private"):
        channel.publish(rendition, key="d-17")
    assert platform.requests == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "ftp://example.com"}, "url"),
        ({"url": "not an address"}, "url"),
        ({"secret": "hunter2-hunter2-hunter2-hunter2"}, "secret"),
        ({"secret": "whsec_c2hvcnQ="}, "secret"),
        ({"secret": "whsec_*not base64*"}, "secret"),
        ({"sekret": "x"}, "sekret"),
    ],
)
def test_wrong_settings_are_named(changes: dict[str, str], field: str) -> None:
    """The error names the invalid setting and does not show its value."""
    raw = {"url": "https://example.com/hook", "secret": SECRET, **changes}

    with pytest.raises(SettingsError) as caught:
        parse_settings(WEBHOOK, raw)

    assert [name for name, _ in caught.value.problems] == [field]
    assert "hunter2" not in str(caught.value)
