"""Channels: saved from a form or a file, with encrypted secrets, paused and tested."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from contentsvc.channels import Picture, Receipt
from contentsvc.db.models import ChannelRow
from contentsvc.errors import (
    CalendarError,
    ConflictError,
    InputError,
    NotFoundError,
    PluginError,
    RejectedError,
)
from contentsvc.masking import MASK
from contentsvc.services.channel_setup import channels as service
from contentsvc.services.channel_setup.channel_files import check_channels, store_channels
from contentsvc.services.channel_setup.public_pages import public_page
from contentsvc.services.runtime import Runtime
from tests.factories import NOW, make_calendar, make_channel, make_entry, save_channel
from tests.integration.services.delivery.engine_world import Engine

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HOOK = {"url": "https://hook.example.com/in", "secret": SECRET}


def save(runtime: Runtime, name: str = "hook", **settings: object) -> str:
    """Save a webhook channel and return the result."""
    with runtime.database.write() as session:
        _, answer = save_channel(
            session,
            runtime.registry,
            name=name,
            type="webhook",
            settings={**HOOK, **settings},
            secret_key=runtime.config.secret_key,
            now=NOW,
        )
    return answer


def row(runtime: Runtime, name: str = "hook") -> ChannelRow:
    """Return a channel's row."""
    with runtime.database.read() as session:
        return service.get_channel(session, name)


def test_a_secret_is_kept_encrypted_and_shown_masked(runtime: Runtime) -> None:
    """A secret is in neither the row nor the page, but in the opened channel."""
    save(runtime)
    kept = row(runtime)
    key = runtime.config.secret_key

    assert SECRET not in str(kept.settings)
    assert SECRET.encode() not in (kept.sealed or b"")
    assert service.masked_settings(runtime.registry, kept, key)["secret"] == MASK
    opened: Any = service.open_channel(runtime, kept)
    assert opened.settings.secret.get_secret_value() == SECRET


def test_saving_the_masked_form_keeps_the_secret(runtime: Runtime) -> None:
    """A masked or empty field does not change the stored secret."""
    save(runtime)

    assert save(runtime, secret=MASK) == "unchanged"
    assert save(runtime, secret="", url="https://hook.example.com/new") == "changed"
    opened: Any = service.open_channel(runtime, row(runtime))
    assert opened.settings.secret.get_secret_value() == SECRET


def test_a_secret_may_stay_where_it_is(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """An `$env` reference is stored as a reference and read when the channel is opened."""
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    save(runtime, secret={"$env": "HOOK_SECRET"})

    assert row(runtime).settings["secret"] == {"$env": "HOOK_SECRET"}
    opened: Any = service.open_channel(runtime, row(runtime))
    assert opened.settings.secret.get_secret_value() == SECRET

    monkeypatch.delenv("HOOK_SECRET")
    with pytest.raises(PluginError, match="HOOK_SECRET"):
        service.open_channel(runtime, row(runtime))


def test_what_cannot_be_saved_is_named(runtime: Runtime) -> None:
    """A bad name, a bad setting, an unknown type and a changed type are errors."""
    with pytest.raises(InputError, match="lower-case") as caught:
        save(runtime, name="Not Good")
    assert caught.value.field == "name"
    with pytest.raises(InputError) as caught:
        save(runtime, url="ftp://nowhere")
    assert caught.value.field == "url"
    assert SECRET not in str(caught.value)
    with runtime.database.write() as session, pytest.raises(PluginError, match="site"):
        save_channel(
            session, runtime.registry, name="x", type="nope", settings={}, secret_key="k", now=NOW
        )
    make_channel(runtime, "hook", "site")
    with pytest.raises(ConflictError, match="type"):
        save(runtime)


def test_a_used_channel_is_paused_and_not_deleted(runtime: Runtime) -> None:
    """A channel in use cannot be deleted; the error names the reason."""
    make_channel(runtime)
    make_channel(runtime, "free", "site")
    make_entry(runtime, make_calendar(runtime))
    with runtime.database.write() as session:
        with pytest.raises(ConflictError, match="1 deliveries"):
            service.delete_channel(session, "site")
        service.delete_channel(session, "free")
        with pytest.raises(NotFoundError):
            service.get_channel(session, "free")


def test_a_paused_channel_holds_its_deliveries(engine: Engine) -> None:
    """Deliveries of a paused channel are sent when it is resumed."""
    channel = engine.script("scripted")
    engine.plan()
    with engine.runtime.database.write() as session:
        service.pause_channel(session, "there", reason="holiday", now=engine.clock.at)
    engine.due()
    engine.settle(10)
    assert channel.calls == []

    with engine.runtime.database.write() as session:
        service.resume_channel(session, "there", now=engine.clock.at)
    engine.settle(5)

    assert len(channel.calls) == 1


def test_a_test_send_tells_what_came_of_it(runtime: Runtime) -> None:
    """A test send returns a receipt, a refusal with the platform's text, or a plugin's error."""
    make_channel(runtime, "there", "scripted")
    kind = runtime.registry.channel_type("scripted")
    kind.script[:] = [Receipt("1"), RejectedError("no"), RuntimeError("bug")]  # type: ignore[attr-defined]

    sent = [service.test_send(runtime, "there", language="zh") for _ in range(3)]

    assert sent[0].receipt == Receipt("1")
    assert [str(result.error) for result in sent[1:]] == ["no", "RuntimeError: bug"]


def test_a_test_send_to_a_plugin_that_blocks_says_so(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test send returns after its time with an error, and others are refused without waiting."""
    monkeypatch.setattr(service, "_TEST_SECONDS", 0.02)
    make_channel(runtime, "there", "scripted")
    kind = runtime.registry.channel_type("scripted")
    go_on = threading.Event()
    kind.script[:] = [lambda: go_on.wait(60)] * 3  # type: ignore[attr-defined]

    sent = [service.test_send(runtime, "there", language="zh") for _ in range(3)]
    left = len(kind.script)  # type: ignore[attr-defined]
    go_on.set()
    kind.script.clear()  # type: ignore[attr-defined]

    assert ["did not respond" in str(result.error) for result in sent] == [True, True, False]
    assert "have not returned" in str(sent[2].error)
    assert left == 1


FILE = """\
channels:
  - name: benefits-site
    type: site
    settings: {title: 暖芽妈妈}
  - name: hook
    type: webhook
    settings:
      url: "https://hook.example.com/in"
      secret: {$file: hook.secret}
      allow_private: true
"""


def apply(runtime: Runtime, text: str, folder: Path) -> list[tuple[str, str]]:
    """Apply a channel file with *text*."""
    key = runtime.config.secret_key
    with runtime.database.read() as session:
        file = folder / "channels.yaml"
        checked = check_channels(session, runtime.registry, text, file, secret_key=key)
    with runtime.database.write() as session:
        return store_channels(session, checked, secret_key=key, now=NOW)


def test_a_file_of_channels_is_applied_twice(runtime: Runtime, tmp_path: Path) -> None:
    """Applying a file again changes nothing; a changed line changes only its channel."""
    (tmp_path / "hook.secret").write_text(SECRET + "\n")

    assert apply(runtime, FILE, tmp_path) == [("benefits-site", "created"), ("hook", "created")]
    assert apply(runtime, FILE, tmp_path) == [("benefits-site", "unchanged"), ("hook", "unchanged")]
    assert apply(runtime, FILE.replace("暖芽妈妈", "暖芽"), tmp_path) == [
        ("benefits-site", "changed"),
        ("hook", "unchanged"),
    ]
    opened: Any = service.open_channel(runtime, row(runtime))
    assert opened.settings.secret.get_secret_value() == SECRET
    assert opened.settings.allow_private is True


@pytest.mark.parametrize(
    ("kind", "field", "typed", "stored"),
    [
        ("webhook", "url", "ｈｔｔｐｓ：／／a.example/１", "https://a.example/%EF%BC%91"),
        ("webhook", "allow_private", "ｙｅｓ", True),
        ("site", "language", "ｅｎ", "en"),
        ("site", "title", "１２：３０ 的福利", "１２：３０ 的福利"),
    ],
)
def test_a_file_may_be_typed_in_full_width(
    runtime: Runtime, tmp_path: Path, *, kind: str, field: str, typed: str, stored: object
) -> None:
    """Choices, flags and addresses are read; a text stays as it was typed."""
    settings = {"webhook": {"url": "https://a.example", "secret": SECRET}, "site": {}}[kind]
    lines = {**settings, field: typed}.items()
    text = "".join(f"      {name}: '{value}'\n" for name, value in lines)
    wide = kind.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
    head = f"channels:\n  - name: ｈｏｏｋ\n    type: {wide}\n    settings:\n"

    apply(runtime, head + text, tmp_path)

    opened: Any = service.open_channel(runtime, row(runtime))
    found = getattr(opened.settings, field)
    assert (found if isinstance(stored, bool) else str(found)) == stored


def test_a_file_with_faults_is_not_taken_at_all(runtime: Runtime, tmp_path: Path) -> None:
    """Every fault is reported with its line, and no channel of the file is created."""
    text = FILE.replace("webhook", "webhok").replace("title:", "titel:")

    with pytest.raises(CalendarError) as caught:
        apply(runtime, text, tmp_path)

    problems = {(problem.line, problem.field) for problem in caught.value.problems}
    assert (6, "channels[1].type") in problems
    assert any(line == 4 and "titel" in str(field) for line, field in problems)
    with runtime.database.read() as session:
        assert session.scalar(select(func.count()).select_from(ChannelRow)) == 0


def test_a_channels_store_keeps_a_key_once(runtime: Runtime) -> None:
    """A second `put` of a key returns the stored record; other channels do not see it."""
    first = service.open_channel(runtime, make_channel(runtime)).host.store
    other = service.open_channel(runtime, make_channel(runtime, "other")).host.store
    shot = Picture("1.png", "image/png", 1, 1, b"bytes")

    put = first.put("k", {"title": "一"}, [shot])
    again = first.put("k", {"title": "二"})

    assert put.body == again.body == {"title": "一"}
    assert first.picture("k", "1.png") == shot
    assert first.picture("k", "2.png") is None
    assert other.get("k") is None
    assert [document.key for document in first.newest()] == ["k"]
    assert (first.delete("k"), first.delete("k"), first.get("k")) == (True, False, None)


def test_public_pages_are_found_by_channel(runtime: Runtime) -> None:
    """`/site/` shows the channel `site`; another channel's pages are below its name."""
    with runtime.database.read() as session:
        assert public_page(runtime, session, "", language="zh") is None
    make_channel(runtime, "news", "site", title="新闻")
    make_channel(runtime, "site", "site", title="主站")

    with runtime.database.read() as session:
        front = public_page(runtime, session, "", language="zh")
        news = public_page(runtime, session, "news/feed.atom", language="zh")

        assert front is not None
        assert "主站" in front.body.decode()
        assert news is not None
        assert "新闻" in news.body.decode()
        assert public_page(runtime, session, "posts/none", language="zh") is None
