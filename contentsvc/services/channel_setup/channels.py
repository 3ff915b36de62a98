"""Channels: configured, paused, tried out, and opened for publishing."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from contentsvc.channels import (
    Accepted,
    ChannelEntry,
    EntryKind,
    HandOff,
    HttpClient,
    Picture,
    Receipt,
    Registry,
    RenderContext,
    parse_settings,
    resolve_secrets,
    secret_fields,
)
from contentsvc.channels import Channel as OpenChannel
from contentsvc.db.models import Calendar, ChannelRow, Delivery
from contentsvc.errors import (
    ConflictError,
    ContentsvcError,
    InputError,
    NotFoundError,
    PluginError,
    RenderError,
)
from contentsvc.services.channel_setup.hosting import ChannelHost, DatabaseStore
from contentsvc.services.channel_setup.sealing import seal, unseal
from contentsvc.services.public_livestreams import PublicLivestreams
from contentsvc.services.runtime import Runtime

__all__ = [
    "StoredChannel",
    "TestSend",
    "all_channels",
    "delete_channel",
    "get_channel",
    "masked_settings",
    "open_channel",
    "pause_channel",
    "resume_channel",
    "save_channel",
    "test_send",
]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
#: Stands in a form for a secret that is kept and not shown.
MASK = "••••••"


def all_channels(session: Session) -> list[ChannelRow]:
    """Return every channel, by name."""
    return list(session.scalars(select(ChannelRow).order_by(ChannelRow.name)))


def get_channel(session: Session, name: str) -> ChannelRow:
    """Return a channel; NotFoundError where there is none."""
    channel = session.scalar(select(ChannelRow).where(ChannelRow.name == name))
    if channel is None:
        raise NotFoundError(f"there is no channel {name!r}")
    return channel


def save_channel(
    session: Session,
    registry: Registry,
    *,
    name: str,
    type: str,  # noqa: A002 - the field's own word
    settings: Mapping[str, Any],
    secret_key: str,
    base: Path | None = None,
    now: datetime,
) -> tuple[ChannelRow, str]:
    """Create or change a channel; return it with `created`, `changed` or `unchanged`.

    A secret that is typed in is encrypted; `{"$env": NAME}` and `{"$file": PATH}` stay references
    (a path is below *base*). An empty or masked secret keeps the one that is there.

    Raises:
        InputError: a setting cannot be used; `field` names it.
        PluginError: there is no such channel type.
        ConflictError: the channel exists with another type.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} is not a name of lower-case letters, digits and hyphens", field="name"
        )
    kind = registry.channel_type(type)
    channel = session.scalar(select(ChannelRow).where(ChannelRow.name == name))
    if channel is not None and channel.type != type:
        raise ConflictError(
            f"{name!r} is of type {channel.type}; a type never changes", field="type"
        )
    kept = unseal(channel.sealed, secret_key) if channel and channel.sealed else {}
    plain, typed = _split(settings, secret_fields(kind), kept, base)
    _check_settings(kind, {**plain, **typed})
    if channel is None:
        channel = ChannelRow(
            name=name, type=type, settings=plain, paused_reason="", created_at=now, updated_at=now
        )
        session.add(channel)
        answer = "created"
    elif (channel.settings, kept) == (plain, typed):
        return channel, "unchanged"
    else:
        answer = "changed"
    channel.settings = plain
    channel.sealed = seal(typed, secret_key) if typed else None
    channel.updated_at = now
    session.flush()
    return channel, answer


def _split(
    settings: Mapping[str, Any], secret_names: set[str], kept: Mapping[str, str], base: Path | None
) -> tuple[dict[str, Any], dict[str, str]]:
    """Part settings into what may be stored as it is and what must be encrypted."""
    plain: dict[str, Any] = {}
    typed: dict[str, str] = {}
    for field, value in settings.items():
        if field not in secret_names:
            plain[field] = value
        elif isinstance(value, Mapping):
            plain[field] = _absolute(value, base)
        elif value not in {"", MASK, None}:
            typed[field] = str(value)
    for field in secret_names - set(typed) - set(plain):
        if field in kept:
            typed[field] = kept[field]
    return plain, typed


def _absolute(reference: Mapping[str, Any], base: Path | None) -> dict[str, Any]:
    """Return a secret's reference with its file's path made absolute."""
    if set(reference) == {"$file"} and base is not None:
        return {"$file": str((base / str(reference["$file"])).absolute())}
    return dict(reference)


def _check_settings(kind: type[OpenChannel], raw: Mapping[str, Any]) -> None:
    parse_settings(kind, resolve_secrets(raw, environ=os.environ, base=Path.cwd()))


def delete_channel(session: Session, name: str) -> None:
    """Drop a channel that nothing uses; ConflictError names what does."""
    channel = get_channel(session, name)
    used = session.scalar(select(func.count()).where(Delivery.channel_id == channel.id))
    if used:
        raise ConflictError(f"{name!r} has {used} deliveries; pause it instead of deleting it")
    for calendar in session.scalars(select(Calendar)):
        if name in calendar.channels:
            raise ConflictError(
                f"the calendar {calendar.name!r} goes to {name!r}; take it out there first"
            )
    session.delete(channel)
    session.flush()


def pause_channel(session: Session, name: str, *, reason: str, now: datetime) -> ChannelRow:
    """Hold a channel's deliveries until it is resumed."""
    channel = get_channel(session, name)
    if channel.paused_at is None:
        channel.paused_at = now
    channel.paused_reason = reason
    session.flush()
    return channel


def resume_channel(session: Session, name: str) -> ChannelRow:
    """Let a channel's deliveries go again."""
    channel = get_channel(session, name)
    channel.paused_at = None
    channel.told_at = None
    channel.paused_reason = ""
    session.flush()
    return channel


def masked_settings(registry: Registry, channel: ChannelRow) -> dict[str, Any]:
    """Return a channel's settings as a page may show them: a kept secret is a mask."""
    shown = dict(channel.settings)
    if channel.sealed:
        kind = registry.channel_type(channel.type)
        shown.update(dict.fromkeys(secret_fields(kind) - set(shown), MASK))
    return shown


class StoredChannel(Protocol):
    """What is read of a channel to open it: a Channel, or a row of these columns."""

    @property
    def id(self) -> int: ...  # noqa: D102 - the table's own words
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def type(self) -> str: ...  # noqa: D102
    @property
    def settings(self) -> dict[str, Any]: ...  # noqa: D102
    @property
    def sealed(self) -> bytes | None: ...  # noqa: D102


def open_channel(runtime: Runtime, channel: StoredChannel) -> OpenChannel:
    """Return a channel ready to render and publish.

    Raises:
        PluginError: its plugin is not there, or its settings no longer fit the plugin.
    """
    kind = runtime.registry.channel_type(channel.type)
    try:
        sealed = unseal(channel.sealed, runtime.config.secret_key) if channel.sealed else {}
        raw = {**channel.settings, **sealed}
        settings = parse_settings(
            kind, resolve_secrets(raw, environ=os.environ, base=runtime.config.data_dir)
        )
        return kind(settings, _host(runtime, channel))
    except PluginError:
        raise
    except ContentsvcError as error:
        raise PluginError(f"the channel {channel.name!r} cannot be opened: {error}") from error


def _host(runtime: Runtime, channel: StoredChannel) -> ChannelHost:
    return ChannelHost(
        name=channel.name,
        http=HttpClient(runtime.config.call_timeout.total_seconds()),
        store=DatabaseStore(runtime.database, runtime.storage, channel.id, runtime.clock),
        livestreams=PublicLivestreams(runtime.database, runtime.storage, channel.id, runtime.clock),
        folders=runtime.config.data_dir / "channels",
        public_url=runtime.config.public_url,
    )


@dataclass(frozen=True, slots=True)
class TestSend:
    """What became of a test send."""

    #: Keeps pytest from taking the class for a test.
    __test__ = False

    receipt: Receipt | None = None
    #: What a person must do, or that the platform is still working.
    answer: str = ""
    error: str = ""


_TEST_WORDS = {
    "zh": ("测试消息", "这是 contentsvc 的一条测试消息，看到它就说明渠道已经接通。"),
    "en": ("Test message", "This is a test message of contentsvc; the channel works."),
}


def test_send(runtime: Runtime, name: str, *, language: str) -> TestSend:
    """Publish a test message through a channel, outside every calendar."""
    with runtime.database.read() as session:
        row = get_channel(session, name)
    try:
        channel = open_channel(runtime, row)
        rendition = channel.render_post(
            _test_entry(language, runtime.clock()), _test_context(runtime, name, language)
        )
        answer = channel.publish(rendition, key=f"test-{uuid.uuid4()}")
    except ContentsvcError as error:
        return TestSend(error=str(error))
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything; a person reads it
        return TestSend(error=f"{type(error).__name__}: {error}")
    if isinstance(answer, Receipt):
        return TestSend(receipt=answer)
    if isinstance(answer, HandOff):
        return TestSend(answer=answer.instructions.get(language, ""))
    assert isinstance(answer, Accepted)
    return TestSend(answer="the platform accepted it and is still working")


test_send.__test__ = False  # type: ignore[attr-defined]


def _test_entry(language: str, now: datetime) -> ChannelEntry:
    title, body = _TEST_WORDS[language]
    return ChannelEntry(
        kind=EntryKind.POST, title=title, body=body, due_at=now, starts_at=now, ref="test"
    )


def _test_context(runtime: Runtime, name: str, language: str) -> RenderContext:
    def no_poster(size: str, max_bytes: int | None, media_type: str) -> Picture:
        raise RenderError(f"a test message has no poster ({size}, {media_type}, {max_bytes})")

    zone: ZoneInfo = runtime.config.timezone
    return RenderContext(
        channel=name,
        zone=zone,
        language=language,
        public_url=runtime.config.public_url,
        make_poster=no_poster,
    )
