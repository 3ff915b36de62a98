"""The hooks: functions that a plugin may define for the service to call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from contentsvc.channels.channel import Channel
    from contentsvc.channels.checks import Check
    from contentsvc.channels.finished import FinishedDelivery

__all__ = ["PROJECT", "hookimpl", "hookspec"]

#: Pluggy's project name and the entry-point group of installed plugins.
PROJECT = "contentsvc"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def register_channels() -> list[type[Channel]]:  # type: ignore[empty-body]
    """Return the channel types of the plugin, a list of subclasses of Channel."""


@hookspec
def register_checks() -> list[Check]:  # type: ignore[empty-body]
    """Return the plugin's checks. The service runs each on every rendition (finished post)."""


@hookspec
def deliveries_finished(deliveries: Sequence[FinishedDelivery]) -> None:
    """Handle finished deliveries (posts to channels), whose results are already stored."""


@hookspec
def register_calendar_templates() -> list[Path]:  # type: ignore[empty-body]
    """Return the paths of calendar files (YAML) that people can copy into a week."""


@hookspec
def register_poster_templates() -> list[Path]:  # type: ignore[empty-body]
    """Return the folders that contain the plugin's poster templates."""
