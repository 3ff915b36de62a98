"""Pause channels whose stored settings do not suit the version of their plugin that is loaded."""

from __future__ import annotations

import logging
import os

from contentsvc.channels.hosting import (
    SettingsError,
    parse_settings,
    resolve_secrets,
    upgraded_settings,
)
from contentsvc.db.models import ChannelRow
from contentsvc.errors import ConfigError, InputError, PluginError
from contentsvc.messages import Message
from contentsvc.services.channel_setup.channels import all_channels, pause_channel
from contentsvc.services.channel_setup.sealing import unseal
from contentsvc.services.runtime import Runtime

__all__ = ["pause_outdated"]

logger = logging.getLogger(__name__)


def pause_outdated(runtime: Runtime) -> list[str]:
    """Pause each channel whose settings its plugin cannot read or convert; return their names.

    Their deliveries wait until a person has corrected the settings and resumed the channel. A
    channel whose plugin is not loaded is not paused: its deliveries wait already.
    """
    with runtime.database.read() as session:
        rows = [row for row in all_channels(session) if row.paused_at is None]
    reasons = {row.name: reason for row in rows if (reason := _reason(runtime, row)) is not None}
    for name, reason in reasons.items():
        logger.error(
            "The channel %s is paused: %s", name, reason, extra={"action": "channel_paused"}
        )
        with runtime.database.write() as session:
            pause_channel(session, name, reason=reason, now=runtime.clock())
    return list(reasons)


def _reason(runtime: Runtime, row: ChannelRow) -> Message | None:
    """Return why the plugin cannot use the channel's stored settings; None if it can."""
    try:
        kind = runtime.registry.channel_type(row.type)
        sealed = unseal(row.sealed, runtime.config.secret_key) if row.sealed else {}
    except (ConfigError, PluginError):
        return None
    try:
        settings = upgraded_settings(kind, {**row.settings, **sealed})
    except PluginError as error:
        return error.message
    try:
        resolved = resolve_secrets(settings, environ=os.environ, base=runtime.config.data_dir)
    except InputError:
        # The variable or file may be missing in this process only.
        return None
    try:
        parse_settings(kind, resolved)
    except SettingsError as error:
        return Message("channel-settings-outdated", reason=error.message)
    return None
