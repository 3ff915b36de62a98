"""What a channel's page says of its account, and the limits that depend on its settings."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from contentsvc.app import create_app
from contentsvc.channels.hosting import load_plugins
from contentsvc.services.runtime import Runtime
from tests.factories import save_channel
from tests.web.people import NOW, Person
from tests.web.writing import PLAIN

PLUGIN = """
from datetime import datetime, timezone
from contentsvc.channels import (
    Channel, ChannelAuthError, ChannelSettings, Identity, Limits, Picture, Receipt, hookimpl,
)

api_version = 1

class RobotSettings(ChannelSettings):
    most: int = 5

class Robot(Channel[RobotSettings]):
    type = "robot"
    label = {{"zh": "机器人", "en": "Robot"}}

    @property
    def limits(self):
        return Limits(text_characters=self.settings.most)

    def publish(self, rendition, *, key):
        return Receipt(id=key)
{identity}

@hookimpl
def register_channels():
    return [Robot]
"""
PIXEL = "Picture('a.png', 'image/png', 1, 1, b'pixel')"
FULL = f"Identity('<b>Shop</b>', 'id-7', {PIXEL}, datetime(2026, 12, 24, tzinfo=timezone.utc))"


@pytest.fixture
def visit(runtime: Runtime, tmp_path: Path, mei: Person) -> Callable[[str], Person]:
    """Return a function that signs mei in to a service with a robot channel."""

    def start(identity: str) -> Person:
        body = f"    def identity(self):\n        {identity}\n" if identity else ""
        (tmp_path / "robot.py").write_text(PLUGIN.format(identity=body), "utf-8")
        folders = [*runtime.config.plugin_folders(), tmp_path]
        other = replace(runtime, registry=load_plugins(folders, entry_points=False))
        with other.database.write() as session:
            save_channel(
                session,
                other.registry,
                name="robot",
                type="robot",
                settings={},
                secret_key=other.config.secret_key,
                now=NOW,
            )
        return Person(create_app(other))

    return start


def test_the_page_shows_the_account(visit: Callable[[str], Person]) -> None:
    """The name, id, picture and end of the credentials are on the page, escaped."""
    person = visit(f"return {FULL}")
    before = person.text("/channels/robot")

    response = person.post("/channels/robot/identity")

    page = response.get_data(as_text=True)
    assert response.status_code == 200
    assert "id-7" not in before
    assert "&lt;b&gt;Shop" in page
    assert "id-7" in page
    assert "data:image/png;base64,cGl4ZWw=" in page
    assert "12月24日" in page or "2026-12-24" in page


def test_a_small_answer_is_enough(visit: Callable[[str], Person]) -> None:
    """An account of which only the name is known has no empty rows."""
    page = visit("return Identity('Shop')").post("/channels/robot/identity").text

    assert "<dd>Shop</dd>" in page
    assert page.count("<dt>编号</dt>") == 0


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise ChannelAuthError('the key is revoked')", "the key is revoked"),
        ("return None", "an Identity was expected, not NoneType"),
        ("return Identity('')", "Identity.name is empty"),
        ("return {}['name']", "KeyError"),
        ("raise SystemExit(3)", "SystemExit"),
    ],
)
def test_a_failure_is_told_in_words(visit: Callable[[str], Person], body: str, words: str) -> None:
    """Whatever the plugin raises or returns, the page shows the reason."""
    response = visit(body).post("/channels/robot/identity")

    assert response.status_code == 200
    assert words in response.text


def test_a_channel_that_cannot_tell_has_no_button(visit: Callable[[str], Person]) -> None:
    """Without `identity`, the page has no such section, and the address is an error."""
    person = visit("")

    assert 'id="identity"' not in person.text("/channels/robot")
    assert person.post("/channels/robot/identity").status_code == 422
    assert person.post("/channels/nobody/identity").status_code == 404


def test_limits_depend_on_the_settings(visit: Callable[[str], Person], sample: str) -> None:
    """The preview counts a text against the limit in the channel's settings, and blocks it."""
    person = visit("")

    page = person.post(
        f"/calendars/{sample}/preview", {**PLAIN, "channels": "robot", "body": "一二三四五六七"}
    ).text

    shown = re.sub(r"\s+", " ", page)
    assert 'class="counter is-over"' in shown
    assert "这里最多 5 字" in shown
