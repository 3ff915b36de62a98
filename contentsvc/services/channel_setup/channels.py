"""Find, pause and test channels, and create the plugin objects that publish to them."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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
    Limits,
    Picture,
    PlatformRule,
    Quota,
    Receipt,
    RenderContext,
)
from contentsvc.channels import Channel as OpenChannel
from contentsvc.channels.hosting import (
    Registry,
    masked_hand_off,
    masked_receipt,
    parse_settings,
    render_entry,
    resolve_secrets,
    secret_fields,
    secret_values,
    upgraded_settings,
    verify_answer,
)
from contentsvc.db.models import Calendar, ChannelRow, Delivery
from contentsvc.errors import (
    PLUGIN_FAULTS,
    ConfigError,
    ConflictError,
    ContentsvcError,
    NotFoundError,
    PluginError,
    RenderError,
)
from contentsvc.masking import KNOWN, MASK
from contentsvc.messages import Message, Parameter, text_of
from contentsvc.services.channel_setup.hosting import ChannelHost, DatabaseStore
from contentsvc.services.channel_setup.sealing import unseal
from contentsvc.services.posting_limits import default_quota
from contentsvc.services.public_livestreams import PublicLivestreams
from contentsvc.services.runtime import Runtime
from contentsvc.services.switch import release_overdue

__all__ = [
    "StoredChannel",
    "TestSend",
    "account_of",
    "all_channels",
    "delete_channel",
    "get_channel",
    "has_lost_secrets",
    "known_limits",
    "limits_of",
    "masked_settings",
    "open_channel",
    "pause_channel",
    "quota_of",
    "resume_channel",
    "stored_secrets",
    "test_send",
    "upgraded_if_possible",
]

#: Seconds that a person waits for the result of a test message. The call itself may take longer.
_TEST_SECONDS = 10.0
#: Seconds until a plugin that does not tell its limit counts as one without.
_QUOTA_SECONDS = 5.0
#: Seconds until a plugin that does not tell its limits counts as one without.
_LIMITS_SECONDS = 5.0


def all_channels(session: Session) -> list[ChannelRow]:
    """Return every channel, ordered by name."""
    return list(session.scalars(select(ChannelRow).order_by(ChannelRow.name)))


def get_channel(session: Session, name: str) -> ChannelRow:
    """Return the channel called *name*; raise NotFoundError if there is none.

    Raises:
        NotFoundError: there is no such channel.
    """
    channel = session.scalar(select(ChannelRow).where(ChannelRow.name == name))
    if channel is None:
        raise NotFoundError("channel-name-unknown", name=name)
    return channel


def delete_channel(session: Session, name: str) -> None:
    """Delete a channel; raise ConflictError if it has deliveries or a calendar uses it.

    Raises:
        NotFoundError: there is no such channel.
        ConflictError: it has deliveries, or a calendar uses it.
    """
    channel = get_channel(session, name)
    used = session.scalar(select(func.count()).where(Delivery.channel_id == channel.id))
    if used:
        raise ConflictError("channel-has-deliveries", name=name, used=used)
    for calendar in session.scalars(select(Calendar)):
        if name in calendar.channels:
            raise ConflictError("channel-in-calendar", calendar=calendar.name, channel=name)
    session.delete(channel)
    session.flush()


def pause_channel(
    session: Session, name: str, *, reason: Message | str, now: datetime
) -> ChannelRow:
    """Pause a channel; its deliveries wait until `resume_channel` is called."""
    channel = get_channel(session, name)
    if channel.paused_at is None:
        channel.paused_at = now
    channel.paused_reason = Message.of(reason)
    session.flush()
    return channel


def resume_channel(session: Session, name: str, *, now: datetime) -> ChannelRow:
    """Resume a paused channel, so that its waiting deliveries are sent.

    Overdue ones count as due from *now*, so that the pause is no lateness of the service.
    """
    channel = get_channel(session, name)
    release_overdue(session, now, Delivery.channel_id == channel.id)
    channel.paused_at = None
    channel.told_at = None
    channel.paused_reason = Message.plain("")
    session.flush()
    return channel


def masked_settings(registry: Registry, channel: ChannelRow, secret_key: str) -> dict[str, Any]:
    """Return a channel's settings to show on a page, with MASK in place of each stored secret.

    Secrets that were encrypted with another secret key are left out: a person has to type them.
    Settings that an earlier version of the plugin stored are converted, if that is possible.
    """
    kind = registry.channel_type(channel.type)
    sealed = stored_secrets(channel, secret_key)
    shown = upgraded_if_possible(kind, {**channel.settings, **sealed})
    secrets = secret_fields(kind) | set(sealed)
    return {
        name: MASK if name in secrets and isinstance(value, str) else value
        for name, value in shown.items()
    }


def has_lost_secrets(channel: StoredChannel, secret_key: str) -> bool:
    """Return True if the channel's secrets were encrypted with another secret key.

    This happens if the database is restored without the key. The channel cannot be opened until
    a person types its secrets again, or sets the earlier key.
    """
    try:
        _unsealed(channel, secret_key)
    except ConfigError:
        return True
    return False


def stored_secrets(channel: StoredChannel, secret_key: str) -> dict[str, str]:
    """Return the channel's decrypted secrets; none if they are lost."""
    try:
        return _unsealed(channel, secret_key)
    except ConfigError:
        return {}


def _unsealed(channel: StoredChannel, secret_key: str) -> dict[str, str]:
    return unseal(channel.sealed, secret_key) if channel.sealed else {}


def upgraded_if_possible(kind: type[OpenChannel], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return *stored* settings as the plugin writes them now, or unchanged if that fails.

    A person can then correct them in the form.
    """
    try:
        return upgraded_settings(kind, stored)
    except PluginError:
        return dict(stored)


class StoredChannel(Protocol):
    """Any database row with the columns that `open_channel` needs, such as a ChannelRow."""

    @property
    def id(self) -> int: ...  # noqa: D102 - as in the table
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def type(self) -> str: ...  # noqa: D102
    @property
    def settings(self) -> dict[str, Any]: ...  # noqa: D102
    @property
    def sealed(self) -> bytes | None: ...  # noqa: D102


def open_channel(runtime: Runtime, channel: StoredChannel) -> OpenChannel:
    """Return a plugin object that can publish to *channel*, with decrypted secrets.

    Raises:
        PluginError: the plugin is not installed, or does not accept the channel's settings.
    """
    kind = runtime.registry.channel_type(channel.type)
    try:
        sealed = _unsealed(channel, runtime.config.secret_key)
        raw = upgraded_settings(kind, {**channel.settings, **sealed})
        settings = parse_settings(
            kind, resolve_secrets(raw, environ=os.environ, base=runtime.config.data_dir)
        )
        KNOWN.add(secret_values(settings))
        return kind(settings, _host(runtime, channel, kind))
    except ContentsvcError as error:
        raise PluginError(
            "channel-not-opened", channel=channel.name, reason=KNOWN.message(_message_of(error))
        ) from error
    except PLUGIN_FAULTS as error:
        # The constructor is the plugin's own code.
        raise _plugin_failed(channel.name, error) from error


def _plugin_failed(channel: str, error: BaseException) -> PluginError:
    reason = Message("attempt-plugin-failed", kind=type(error).__name__, text=text_of(error))
    return PluginError("channel-not-opened", channel=channel, reason=KNOWN.message(reason))


def account_of(opened: OpenChannel) -> str:
    """Return the channel's type and platform account; rate limits are counted for both together.

    Raises:
        PluginError: the plugin's property `account` fails or is not a text.
    """
    try:
        account: object = opened.account
    except PLUGIN_FAULTS as error:
        raise _plugin_failed(opened.host.name, error) from error
    if not isinstance(account, str):
        fault = TypeError(f"the property account must be a str, not {type(account).__name__}")
        raise _plugin_failed(opened.host.name, fault)
    return f"{opened.type}:{account}"


def limits_of(opened: OpenChannel) -> Limits:
    """Return the limits of a post on the channel, which may depend on its settings.

    Raises:
        PluginError: the plugin's property `limits` fails, or returns something else.
    """
    try:
        limits: object = opened.limits
    except PLUGIN_FAULTS as error:
        raise _plugin_failed(opened.host.name, error) from error
    if not isinstance(limits, Limits):
        fault = TypeError(f"the property limits must be a Limits, not {type(limits).__name__}")
        raise _plugin_failed(opened.host.name, fault)
    return limits


def known_limits(runtime: Runtime, channel: StoredChannel) -> Limits:
    """Return the limits of a post on a stored channel.

    The channel is opened only if its limits depend on its settings.

    Raises:
        PluginError: the plugin cannot be used.
    """
    limits: object = getattr(runtime.registry.channel_type(channel.type), "limits", None)
    if isinstance(limits, Limits):
        return limits
    if limits is OpenChannel.limits:
        return Limits()
    return runtime.calls.run(
        channel.type, lambda: limits_of(open_channel(runtime, channel)), _LIMITS_SECONDS
    )


def _message_of(error: ContentsvcError) -> Message:
    """Return an error's message, with the setting's name in front if *error* is a ConfigError."""
    if isinstance(error, ConfigError):
        params: dict[str, Parameter] = {"setting": error.setting, "problem": error.message}
        return Message("channel-setting-problem", **params)
    return error.message


def _host(runtime: Runtime, channel: StoredChannel, kind: type[OpenChannel]) -> ChannelHost:
    return ChannelHost(
        name=channel.name,
        http=HttpClient(runtime.config.call_timeout.total_seconds(), refusals=kind.refusals),
        store=DatabaseStore(runtime.database, runtime.storage, channel.id, runtime.clock),
        livestreams=PublicLivestreams(runtime.database, runtime.storage, channel.id, runtime.clock),
        folders=runtime.config.data_dir / "channels",
        public_url=runtime.config.public_url,
    )


def quota_of(runtime: Runtime, channel: StoredChannel) -> tuple[Quota | None, PlatformRule | None]:
    """Return the channel's default limit on posts, and the platform rule it follows, if any.

    Raises:
        PluginError: the plugin cannot be used, or does not respond.
    """
    return runtime.calls.run(
        channel.type, lambda: default_quota(open_channel(runtime, channel)), _QUOTA_SECONDS
    )


@dataclass(frozen=True, slots=True)
class TestSend:
    """The result of publishing a test message: exactly one of a receipt, a note and an error."""

    #: Keeps pytest from collecting the class as a test.
    __test__ = False

    receipt: Receipt | None = None
    #: A task for a person, or the news that the platform is still processing the message.
    note: Message | None = None
    error: Message | None = None


def test_send(runtime: Runtime, name: str, *, language: str) -> TestSend:
    """Publish a test message in *language* through the channel *name*; return the result.

    The message belongs to no calendar and creates no delivery. Wait at most ten seconds: a channel
    that has not responded by then is an error, although the message may still arrive.

    Raises:
        NotFoundError: there is no such channel.
    """
    with runtime.database.read() as session:
        row = get_channel(session, name)
    try:
        answer = runtime.calls.run(
            row.type, lambda: _publish_test(runtime, row, language), _TEST_SECONDS
        )
    except ContentsvcError as error:
        return TestSend(error=KNOWN.message(error.message))
    except PLUGIN_FAULTS as error:
        text = KNOWN.text(f"{type(error).__name__}: {text_of(error)}")
        return TestSend(error=Message.plain(text))
    if isinstance(answer, Receipt):
        return TestSend(receipt=masked_receipt(answer))
    if isinstance(answer, HandOff):
        return TestSend(note=Message.given(**masked_hand_off(answer).instructions))
    return TestSend(note=Message("test-message-accepted"))


test_send.__test__ = False  # type: ignore[attr-defined]


def _publish_test(
    runtime: Runtime, row: StoredChannel, language: str
) -> Receipt | Accepted | HandOff:
    channel = open_channel(runtime, row)
    entry = _test_entry(language, runtime.clock())
    rendition = render_entry(channel, entry, None, _test_context(runtime, row.name, language))
    return verify_answer(channel.publish(rendition, key=f"test-{uuid.uuid4()}"))


def _test_entry(language: str, now: datetime) -> ChannelEntry:
    return ChannelEntry(
        kind=EntryKind.POST,
        title=Message("test-message-title").text(language),
        body=Message("test-message-body").text(language),
        due_at=now,
        starts_at=now,
        ref="test",
    )


def _test_context(runtime: Runtime, name: str, language: str) -> RenderContext:
    def no_poster(size: str, max_bytes: int | None, media_type: str) -> Picture:  # noqa: ARG001 - the signature that plugins call
        raise RenderError("test-message-has-no-poster")

    zone: ZoneInfo = runtime.config.timezone
    return RenderContext(
        channel=name,
        zone=zone,
        language=language,
        public_url=runtime.config.public_url,
        make_poster=no_poster,
    )
