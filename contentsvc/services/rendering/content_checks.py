"""Runs plugins' checks on a rendition, the finished post of a channel."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from contentsvc.channels import ChannelEntry, Check, Rendition, RenditionWarning, WarningLevel
from contentsvc.errors import PLUGIN_FAULTS
from contentsvc.messages import Message

__all__ = ["check_rendition"]

logger = logging.getLogger(__name__)


def check_rendition(
    checks: Iterable[Check], entry: ChannelEntry, rendition: Rendition, language: str
) -> list[RenditionWarning]:
    """Run all *checks* of plugins on *rendition* and return their warnings.

    A check that raises an exception adds a warning with its name, which does not block approval.
    """
    return [warning for check in checks for warning in _warnings(check, entry, rendition, language)]


def _warnings(
    check: Check, entry: ChannelEntry, rendition: Rendition, language: str
) -> list[RenditionWarning]:
    try:
        warnings = list(check.check(entry, rendition, language))
        for warning in warnings:
            _require_warning(warning)
    except PLUGIN_FAULTS as error:
        # A check is plugin code and may raise anything.
        logger.exception(
            "A check failed while rendering",
            extra={"action": "check_failed", "check": check.name},
        )
        message = Message("check-failed", name=check.name, reason=type(error).__name__)
        return [RenditionWarning(WarningLevel.WARN, "", message)]
    return warnings


def _require_warning(warning: object) -> None:
    """Raise TypeError if *warning*, which a plugin's check returned, is unusable."""
    if not isinstance(warning, RenditionWarning):
        raise TypeError(f"a check returned {warning!r} instead of a RenditionWarning")
    if warning.level not in set(WarningLevel) or not isinstance(warning.field, str):
        raise TypeError(f"a check returned {warning!r} with an unusable level, field or message")
