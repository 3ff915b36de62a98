"""The hooks that a plugin may implement."""

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
    """Return a list of Channel subclasses."""


@hookspec
def register_checks() -> list[Check]:  # type: ignore[empty-body]
    """Return a list of Check instances, which check every rendition while people plan."""


@hookspec
def deliveries_finished(deliveries: Sequence[FinishedDelivery]) -> None:
    """Receive finished deliveries after their outcomes are stored."""


@hookspec
def register_calendar_templates() -> list[Path]:  # type: ignore[empty-body]
    """Return a list of calendar files that people can stamp on a week."""


@hookspec
def register_poster_templates() -> list[Path]:  # type: ignore[empty-body]
    """Return a list of folders of poster templates."""
