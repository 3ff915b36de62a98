"""Save, pause and test channels, and create the plugin objects that publish to them."""

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
    SettingsError,
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
from contentsvc.domain.input_checks import InputChecks
from contentsvc.errors import (
    PLUGIN_FAULTS,
    ConfigError,
    ConflictError,
    ContentsvcError,
    InputError,
    NotFoundError,
    PluginError,
    RenderError,
)
from contentsvc.masking import KNOWN, MASK, Masks
from contentsvc.messages import Message, Parameter, text_of
from contentsvc.services.channel_setup.hosting import ChannelHost, DatabaseStore
from contentsvc.services.channel_setup.sealing import seal, unseal
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
    "save_channel",
    "test_send",
]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
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


def save_channel(
    session: Session,
    registry: Registry,
    *,
    name: str,
    type: str,  # noqa: A002 - the field's own word
    settings: Mapping[str, Any],
    secret_key: str,
    base: Path | None = None,
    is_new: bool = False,
    now: datetime,
) -> tuple[ChannelRow, str]:
    """Create or change a channel; return its row and `created`, `changed` or `unchanged`.

    A secret given as text is stored encrypted. A secret given as `{"$env": NAME}` or
    `{"$file": PATH}` is stored as that reference; *base* is the folder of a relative path. A
    secret that is empty or masked does not change the stored secret. If the stored secrets were
    encrypted with another secret key, they are lost: the given ones replace them all. If *is_new*,
    no channel may have the name yet.

    Raises:
        InputError: a setting cannot be used; `field` names it.
        FieldsError: the name and a setting cannot be used.
        PluginError: there is no such channel type.
        ConflictError: the name is taken, or the channel exists with another type.
    """
    checks = InputChecks()
    kind = registry.channel_type(type)
    channel = session.scalar(select(ChannelRow).where(ChannelRow.name == name))
    if channel is not None and channel.type != type and not is_new:
        raise ConflictError("channel-type-fixed", field="type", name=name, type=channel.type)
    with checks.collect():
        _check_name(name, channel, is_new=is_new)
    are_lost = channel is not None and has_lost_secrets(channel, secret_key)
    stored = _stored_secrets(channel, secret_key) if channel else {}
    earlier = _upgraded_if_possible(kind, {**channel.settings, **stored}) if channel else {}
    with checks.collect():
        plain, typed = _split(settings, secret_fields(kind), earlier, base)
        _check_settings(kind, {**plain, **typed})
    checks.raise_errors()
    if channel is None:
        channel = ChannelRow(
            name=name, type=type, settings=plain, paused_reason="", created_at=now, updated_at=now
        )
        session.add(channel)
        result = "created"
    elif (channel.settings, stored) == (plain, typed) and not are_lost:
        return channel, "unchanged"
    else:
        result = "changed"
    channel.settings = plain
    channel.sealed = seal(typed, secret_key) if typed else None
    channel.updated_at = now
    session.flush()
    return channel, result


def _check_name(name: str, channel: ChannelRow | None, *, is_new: bool) -> None:
    if not _NAME.fullmatch(name):
        raise InputError("channel-name-invalid", field="name", name=name)
    if channel is not None and is_new:
        raise ConflictError("channel-name-taken", field="name")


def _split(
    settings: Mapping[str, Any],
    secret_names: set[str],
    stored: Mapping[str, Any],
    base: Path | None,
) -> tuple[dict[str, Any], dict[str, str]]:
    """Split a channel's settings into those to store in plain text and secrets to encrypt.

    A secret that is missing, empty or masked keeps its *stored* value.
    """
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
        if isinstance(stored.get(field), str):
            typed[field] = stored[field]
    return plain, typed


def _absolute(reference: Mapping[str, Any], base: Path | None) -> dict[str, Any]:
    """Return a copy of the reference to a secret; make a relative `$file` path absolute."""
    if set(reference) == {"$file"} and base is not None:
        return {"$file": str((base / str(reference["$file"])).absolute())}
    return dict(reference)


def _check_settings(kind: type[OpenChannel], raw: Mapping[str, Any]) -> None:
    resolved = resolve_secrets(raw, environ=os.environ, base=Path.cwd())
    try:
        parse_settings(kind, resolved)
    except SettingsError as error:
        # A plugin's own validator may repeat the value.
        masks = Masks(str(resolved[name]) for name in secret_fields(kind) & set(resolved))
        problems = [(field, masks.message(message)) for field, message in error.problems]
        raise SettingsError(problems) from None


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
    sealed = _stored_secrets(channel, secret_key)
    shown = _upgraded_if_possible(kind, {**channel.settings, **sealed})
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


def _stored_secrets(channel: StoredChannel, secret_key: str) -> dict[str, str]:
    """Return the channel's decrypted secrets; none if they are lost."""
    try:
        return _unsealed(channel, secret_key)
    except ConfigError:
        return {}


def _unsealed(channel: StoredChannel, secret_key: str) -> dict[str, str]:
    return unseal(channel.sealed, secret_key) if channel.sealed else {}


def _upgraded_if_possible(kind: type[OpenChannel], stored: Mapping[str, Any]) -> dict[str, Any]:
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
