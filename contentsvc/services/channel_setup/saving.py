"""Create and change channels: check the settings first, then store them in a short transaction.

The plugin's own code checks the settings. It may take any time, so it must not run in a write
transaction, which blocks every other writer.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from contentsvc.channels import Channel as OpenChannel
from contentsvc.channels.hosting import (
    Registry,
    SettingsError,
    parse_settings,
    resolve_secrets,
    secret_fields,
    typed_settings,
)
from contentsvc.db.models import ChannelRow
from contentsvc.domain.input_checks import InputChecks
from contentsvc.errors import ConflictError, InputError
from contentsvc.masking import MASK, Masks
from contentsvc.services.channel_setup.channels import (
    has_lost_secrets,
    stored_secrets,
    upgraded_if_possible,
)
from contentsvc.services.channel_setup.sealing import seal

__all__ = ["CheckedChannel", "check_channel", "store_channel"]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True)
class CheckedChannel:
    """A new channel, or new settings of a channel, that the plugin has accepted."""

    name: str
    type: str
    #: The settings to store in plain text.
    settings: dict[str, Any]
    #: The secrets to store encrypted.
    secrets: dict[str, str]
    #: Whether nothing differs from what is stored.
    is_unchanged: bool
    #: The stored settings and encrypted secrets that were compared; None if the channel is new.
    seen: tuple[dict[str, Any], bytes | None] | None


def check_channel(
    session: Session,
    registry: Registry,
    *,
    name: str,
    type: str,  # noqa: A002 - the field's own word
    settings: Mapping[str, Any],
    secret_key: str,
    base: Path | None = None,
    is_new: bool = False,
) -> CheckedChannel:
    """Check the settings of a new or stored channel; return them for `store_channel`.

    A secret given as text is to be encrypted. A secret given as `{"$env": NAME}` or
    `{"$file": PATH}` is to be stored as that reference; *base* is the folder of a relative path. A
    secret that is empty or masked does not change the stored secret. Numbers, choices and addresses
    may be typed in full-width characters. If the stored secrets were encrypted with another secret
    key, they are lost: the given ones replace them all. If *is_new*, no channel may have the name
    yet.

    Raises:
        InputError: a setting cannot be used; `field` names it.
        FieldsError: the name and a setting cannot be used.
        PluginError: there is no such channel type.
        ConflictError: the name is taken, or the channel exists with another type.
    """
    checks = InputChecks()
    kind = registry.channel_type(type)
    channel = _find(session, name)
    if channel is not None and channel.type != type and not is_new:
        raise ConflictError("channel-type-fixed", field="type", name=name, type=channel.type)
    with checks.collect():
        _check_name(name, channel, is_new=is_new)
    stored = stored_secrets(channel, secret_key) if channel else {}
    earlier = upgraded_if_possible(kind, {**channel.settings, **stored}) if channel else {}
    plain: dict[str, Any] = {}
    typed: dict[str, str] = {}
    with checks.collect():
        plain, typed = _split(typed_settings(kind, settings), secret_fields(kind), earlier, base)
        _check_settings(kind, {**plain, **typed})
    checks.raise_errors()
    is_unchanged = (
        channel is not None
        and (channel.settings, stored) == (plain, typed)
        and not has_lost_secrets(channel, secret_key)
    )
    return CheckedChannel(name, type, plain, typed, is_unchanged, _seen(channel))


def store_channel(
    session: Session, checked: CheckedChannel, *, secret_key: str, now: datetime
) -> tuple[ChannelRow, str]:
    """Store what `check_channel` returned; return the row and what was done.

    That is `created`, `changed` or `unchanged`.

    Raises:
        ConflictError: somebody else has created, changed or deleted the channel since the check.
    """
    channel = _find(session, checked.name, to_change=True)
    if _seen(channel) != checked.seen:
        raise ConflictError("channel-changed-meanwhile", field="name", name=checked.name)
    if channel is not None and checked.is_unchanged:
        return channel, "unchanged"
    result = "changed"
    if channel is None:
        result = "created"
        channel = ChannelRow(
            name=checked.name, type=checked.type, paused_reason="", created_at=now, updated_at=now
        )
        session.add(channel)
    channel.settings = checked.settings
    channel.sealed = seal(checked.secrets, secret_key) if checked.secrets else None
    channel.updated_at = now
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        raise ConflictError("channel-changed-meanwhile", field="name", name=checked.name) from error
    return channel, result


def _find(session: Session, name: str, *, to_change: bool = False) -> ChannelRow | None:
    query = select(ChannelRow).where(ChannelRow.name == name)
    return session.scalar(query.with_for_update() if to_change else query)


def _seen(channel: ChannelRow | None) -> tuple[dict[str, Any], bytes | None] | None:
    return None if channel is None else (channel.settings, channel.sealed)


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
