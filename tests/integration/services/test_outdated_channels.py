"""Settings that an earlier version of a plugin stored: converted, or the channel is paused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from contentsvc.channels.hosting import load_plugins
from contentsvc.cli import running
from contentsvc.db.models import ChannelRow
from contentsvc.errors import PluginError
from contentsvc.masking import MASK
from contentsvc.services.channel_setup import channels as service
from contentsvc.services.channel_setup.outdated import pause_outdated
from contentsvc.services.runtime import Runtime
from tests.factories import NOW, save_channel

OLD = """
from contentsvc.channels import Channel, ChannelSettings, Receipt, SecretStr, hookimpl

api_version = 1

class TimerSettings(ChannelSettings):
    hours: int
    token: SecretStr

class Timer(Channel[TimerSettings]):
    type = "timer"
    label = {"zh": "定时", "en": "Timer"}

    def publish(self, rendition, *, key):
        return Receipt(id=key)

@hookimpl
def register_channels():
    return [Timer]
"""
#: The same channel type, with other names for both settings.
NEW = OLD.replace("hours: int", "minutes: int").replace("    token: ", "    access_token: ")
UPGRADE = """
    @classmethod
    def upgrade_settings(cls, stored):
        settings = dict(stored)
        if "hours" in settings:
            settings["minutes"] = int(settings.pop("hours")) * 60
        if "token" in settings:
            settings["access_token"] = settings.pop("token")
        return settings

    def publish"""


def upgrading(body: str) -> str:
    """Return the new version of the plugin with this `upgrade_settings`."""
    return NEW.replace("    def publish", f"{body.lstrip(chr(10))}")


@pytest.fixture
def publish_version(runtime: Runtime, tmp_path: Path) -> Callable[[str], Runtime]:
    """Return a function that installs a version of the plugin and returns the runtime with it."""

    def publish(source: str) -> Runtime:
        folder = tmp_path / f"version-{len(list(tmp_path.glob('version-*')))}"
        folder.mkdir()
        (folder / "timer.py").write_text(source, "utf-8")
        return replace(runtime, registry=load_plugins([folder], entry_points=False))

    return publish


def save(runtime: Runtime, **settings: Any) -> str:
    with runtime.database.write() as session:
        _, result = save_channel(
            session,
            runtime.registry,
            name="timer",
            type="timer",
            settings=settings,
            secret_key=runtime.config.secret_key,
            now=NOW,
        )
    return result


def row(runtime: Runtime) -> ChannelRow:
    with runtime.database.read() as session:
        return service.get_channel(session, "timer")


def test_stored_settings_are_converted(publish_version: Callable[[str], Runtime]) -> None:
    """An opened channel and its form have the converted settings, secrets included."""
    save(publish_version(OLD), hours=2, token="a-secret")

    runtime = publish_version(upgrading(UPGRADE))

    opened: Any = service.open_channel(runtime, row(runtime)).settings
    assert opened.minutes == 120
    assert opened.access_token.get_secret_value() == "a-secret"
    shown = service.masked_settings(runtime.registry, row(runtime), runtime.config.secret_key)
    assert shown == {"minutes": 120, "access_token": MASK}
    assert pause_outdated(runtime) == []


def test_saving_the_form_keeps_a_converted_secret(
    publish_version: Callable[[str], Runtime],
) -> None:
    """A masked secret that has another name now keeps its value when the form is saved."""
    save(publish_version(OLD), hours=2, token="a-secret")
    runtime = publish_version(upgrading(UPGRADE))

    assert save(runtime, minutes=90, access_token=MASK) == "changed"

    opened: Any = service.open_channel(runtime, row(runtime)).settings
    assert opened.minutes == 90
    assert opened.access_token.get_secret_value() == "a-secret"


def test_a_reference_to_a_secret_is_moved(
    publish_version: Callable[[str], Runtime], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret that is a reference can be moved to another name."""
    monkeypatch.setenv("TIMER_TOKEN", "from-outside")
    save(publish_version(OLD), hours=2, token={"$env": "TIMER_TOKEN"})
    runtime = publish_version(upgrading(UPGRADE))

    opened: Any = service.open_channel(runtime, row(runtime)).settings

    assert opened.access_token.get_secret_value() == "from-outside"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (NEW, "do not suit this version of the plugin: minutes: is required; access_token:"),
        (upgrading(UPGRADE.replace('"hours" in', "1 / 0 if not stored else stored['x'] in")), "x"),
        (
            upgrading(UPGRADE.replace('if "hours"', "raise ValueError(stored)\n        if ''")),
            "{'hours': 2, 'token': '***'}",
        ),
        (upgrading(UPGRADE.replace('"hours" in settings', "1 / 0")), "ZeroDivisionError"),
        (upgrading(UPGRADE.replace("return settings", "return None")), "NoneType"),
        (upgrading(UPGRADE.replace("return settings", "return {1: 2}")), "dict"),
        (upgrading(UPGRADE.replace("return settings", "raise SystemExit(3)")), "SystemExit"),
        (
            upgrading(UPGRADE.replace('int(settings.pop("hours")) * 60', "'soon'")),
            "minutes: must be a whole number",
        ),
    ],
)
def test_a_channel_that_cannot_be_converted_is_paused_with_the_reason(
    publish_version: Callable[[str], Runtime], source: str, words: str
) -> None:
    """Whatever fails, the channel pauses with the reason, and its form can still be opened."""
    save(publish_version(OLD), hours=2, token="a-secret")
    runtime = publish_version(source)

    assert pause_outdated(runtime) == ["timer"]

    paused = row(runtime)
    assert paused.paused_at is not None
    assert words in str(paused.paused_reason)
    assert "a-secret" not in str(paused.paused_reason)
    with pytest.raises(PluginError, match="timer"):
        service.open_channel(runtime, paused)
    shown = service.masked_settings(runtime.registry, paused, runtime.config.secret_key)
    assert "a-secret" not in str(shown)


def test_a_paused_channel_keeps_its_reason(publish_version: Callable[[str], Runtime]) -> None:
    """A channel that a person has paused is left alone."""
    save(publish_version(OLD), hours=2, token="a-secret")
    runtime = publish_version(NEW)
    with runtime.database.write() as session:
        service.pause_channel(session, "timer", reason="on holiday", now=NOW)

    assert pause_outdated(runtime) == []
    assert str(row(runtime).paused_reason) == "on holiday"


def test_what_is_only_missing_here_pauses_nothing(
    publish_version: Callable[[str], Runtime], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing variable, or a plugin that is not loaded, pauses no channel."""
    monkeypatch.setenv("TIMER_TOKEN", "from-outside")
    save(publish_version(OLD), hours=2, token={"$env": "TIMER_TOKEN"})
    monkeypatch.delenv("TIMER_TOKEN")

    assert pause_outdated(publish_version(OLD)) == []
    assert pause_outdated(publish_version("raise RuntimeError")) == []


def test_a_form_without_the_key_of_its_secrets_can_be_opened(
    publish_version: Callable[[str], Runtime],
) -> None:
    """If the secret key was changed, the form shows no secret, so that a person types it again."""
    runtime = publish_version(OLD)
    save(runtime, hours=2, token="a-secret")

    shown = service.masked_settings(runtime.registry, row(runtime), "another key of the service")

    assert shown == {"hours": 2}


def test_the_dispatcher_looks_for_outdated_channels(
    publish_version: Callable[[str], Runtime], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`contentsvc dispatch` pauses the outdated channels before it claims anything."""
    from contextlib import nullcontext

    from contentsvc.services.delivery import dispatching

    save(publish_version(OLD), hours=2, token="a-secret")
    runtime = publish_version(NEW)
    seen: list[bool] = []
    monkeypatch.setattr(running, "open_runtime", lambda config: nullcontext(runtime))
    monkeypatch.setattr(
        dispatching.Dispatcher,
        "run",
        lambda self, stop: seen.append(row(runtime).paused_at is not None),
    )
    monkeypatch.setattr(running, "_stopped_by_signal", lambda queue: None)
    monkeypatch.setattr(running, "_settings", lambda: runtime.config)

    CliRunner().invoke(running.dispatch, catch_exceptions=False)

    assert seen == [True]
