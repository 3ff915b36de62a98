"""Channels: the form of a plugin, secrets, tests, pauses."""

from __future__ import annotations

import re

import pytest
from flask import Flask, session

from contentsvc.messages import Message
from contentsvc.services.channel_setup.channels import all_channels, get_channel, open_channel
from contentsvc.services.channel_setup.sealing import seal, unseal
from contentsvc.services.runtime import Runtime
from contentsvc.web.explaining import explain_text
from tests.web.people import Person

SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"
RULE_TOLD = (
    "it would be number 5 in that month; "
    "the rule of 2026-11-21 for WeChat Official Account (service), mass send is 4"
)
RULE_OVER = Message(
    "over-month-rule",
    dated="2026-11-21",
    platform=Message.given(
        zh="微信公众号（服务号）群发", en="WeChat Official Account (service), mass send"
    ),
    count=5,
    most=4,
)
HOOK = {"name": "shop-hook", "url": "https://shop.example/hook", "secret": SECRET}


def test_a_channel_is_made_by_its_plugins_form(mei: Person, runtime: Runtime) -> None:
    """The form has the fields of the settings and stores the typed values."""
    form = mei.text("/new-channel/webhook")
    response = mei.post("/new-channel/webhook", HOOK)

    assert 'name="url"' in form
    assert 'type="password"' in form
    assert response.location == "/channels/shop-hook"
    with runtime.database.read() as session:
        channel = get_channel(session, "shop-hook")
    assert channel.settings["url"] == HOOK["url"]
    assert channel.sealed is not None
    assert SECRET.encode() not in channel.sealed


def test_a_secret_is_never_shown_again(mei: Person, runtime: Runtime) -> None:
    """No page shows the secret, and saving the form without it keeps it."""
    mei.post("/new-channel/webhook", HOOK)
    with runtime.database.read() as session:
        before = get_channel(session, "shop-hook").sealed
    pages = [mei.text("/channels/shop-hook"), mei.text("/channels/")]

    response = mei.post("/channels/shop-hook", {"url": "https://shop.example/other", "secret": ""})

    assert response.status_code == 303
    assert not any(SECRET in page for page in pages)
    with runtime.database.read() as session:
        after = get_channel(session, "shop-hook")
    assert after.settings["url"] == "https://shop.example/other"
    assert before is not None
    assert after.sealed is not None


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "Not a name"), ("url", "ftp://shop.example"), ("secret", "short"), ("url", "")],
)
def test_wrong_settings_come_back_filled(
    mei: Person, runtime: Runtime, field: str, value: str
) -> None:
    """The error is shown beside its field, the secret is not sent back, no channel is created."""
    response = mei.post("/new-channel/webhook", {**HOOK, field: value})

    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert f'id="error-{field}"' in page
    assert SECRET not in page
    with runtime.database.read() as session:
        assert all_channels(session) == []


def test_a_name_is_taken_once(mei: Person, sample: str) -> None:
    """A new channel never overwrites another, and there is no form for an unknown type."""
    assert mei.post("/new-channel/site", {"name": "site"}).status_code == 409
    assert mei.get("/new-channel/no_such_type").status_code == 404


def test_a_channel_pauses_with_its_reason(mei: Person, sample: str) -> None:
    """The page and the board show the reason until the channel is resumed."""
    mei.post("/channels/site/pause", {"reason": "账号在换手机号"})
    paused = mei.text("/channels/site")
    board = mei.text("/calendars/baby-benefits?week=2026-W48")
    mei.post("/channels/site/resume")

    assert "账号在换手机号" in paused
    assert "渠道已暂停" in board
    assert "账号在换手机号" not in mei.text("/channels/site")


def test_a_test_message_goes_out(mei: Person, sample: str) -> None:
    """A test send shows where the message can be seen."""
    mei.post("/channels/site/test")

    assert "测试消息已发出" in mei.text("/channels/site")
    assert "测试消息" in mei.text("/site/")


def test_a_used_channel_is_not_deleted(mei: Person, sample: str, runtime: Runtime) -> None:
    """The error names what uses the channel; an unused channel is deleted."""
    mei.post("/new-channel/webhook", HOOK)

    mei.post("/channels/site/delete")
    refused = mei.text("/channels/site")
    mei.post("/channels/shop-hook/delete")

    assert "notice-toast is-bad" in refused
    with runtime.database.read() as session:
        assert [channel.name for channel in all_channels(session)] == ["site"]


def test_the_platforms_rule_stands_on_the_channels_page(mei: Person) -> None:
    """The page shows the rule with its date and source; a channel without a rule shows none."""
    forms = {"article": "none", "wecom": "none"}
    for name, platform in (("account", "wechat-service"), ("drawer", "none")):
        mei.post("/new-channel/folder", {"name": name, "platform": platform, **forms})

    page = mei.text("/channels/account")

    assert "每位粉丝每个自然月最多收到服务号 4 次群发" in page
    assert "2026-11-21" in page
    assert 'href="https://developers.weixin.qq.com/doc/service/' in page
    assert "规则日期" not in mei.text("/channels/drawer")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", "这将是当月第 5 条；微信公众号（服务号）群发的规则（2026-11-21）是每月 4 条"),
        (
            "en",
            RULE_TOLD,
        ),
    ],
)
def test_a_platforms_rule_is_told_in_the_persons_language(
    app: Flask, language: str, words: str
) -> None:
    """The name of the platform is translated too."""
    with app.test_request_context():
        session["language"] = language
        told = explain_text(RULE_OVER)

    assert told == words


def _lose_key(runtime: Runtime) -> None:
    """Encrypt the channel's secrets with another key, as after a restore without the key."""
    with runtime.database.write() as database:
        channel = get_channel(database, "shop-hook")
        channel.sealed = seal({"secret": SECRET}, "the key of the earlier machine")


def test_pages_name_a_channel_whose_secrets_are_lost(mei: Person, runtime: Runtime) -> None:
    """The channel, the list and the system page say what to do; the form wants the secret again."""
    mei.post("/new-channel/webhook", HOOK)
    healthy = mei.text("/system/") + mei.text("/channels/")
    _lose_key(runtime)

    for path in ("/channels/shop-hook", "/channels/", "/system/"):
        assert "用另一把主密钥加密" in mei.text(path), path
    assert "用另一把主密钥加密" not in healthy
    (field,) = re.findall(r'<input[^>]*id="f-secret"[^>]*>', mei.text("/channels/shop-hook"))
    assert " required" in field
    assert "placeholder" not in field


def test_lost_secrets_are_typed_again(mei: Person, runtime: Runtime) -> None:
    """Without the secret the form shows an error at its field; with it the channel works again."""
    mei.post("/new-channel/webhook", HOOK)
    _lose_key(runtime)

    without = mei.post("/channels/shop-hook", {"url": HOOK["url"], "secret": ""})
    again = mei.post("/channels/shop-hook", {"url": HOOK["url"], "secret": SECRET})

    assert without.status_code == 422
    assert 'id="error-secret"' in without.get_data(as_text=True)
    assert again.status_code == 303
    with runtime.database.read() as database:
        channel = get_channel(database, "shop-hook")
    assert unseal(channel.sealed or b"", runtime.config.secret_key) == {"secret": SECRET}
    assert open_channel(runtime, channel).type == "webhook"
    assert "用另一把主密钥加密" not in mei.text("/system/")


def test_a_channel_whose_secrets_are_lost_is_deleted(mei: Person, runtime: Runtime) -> None:
    """Deleting needs no secret."""
    mei.post("/new-channel/webhook", HOOK)
    _lose_key(runtime)

    mei.post("/channels/shop-hook/delete", {})

    with runtime.database.read() as database:
        assert all_channels(database) == []
