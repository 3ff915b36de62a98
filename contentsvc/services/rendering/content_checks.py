"""The plugins' planning-time checks, asked of each rendition."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from contentsvc.channels import ChannelEntry, Check, Rendition, RenditionWarning, WarningLevel

__all__ = ["check_rendition"]

logger = logging.getLogger(__name__)

_FAILED = {
    "zh": "检查“{name}”没有完成（{reason}），请把这条提示告诉管理员；内容仍可发布。",
    "en": "the check {name} failed ({reason}); tell whoever looks after the plugins. "
    "It holds nothing up.",
}


def check_rendition(
    checks: Iterable[Check], entry: ChannelEntry, rendition: Rendition, language: str
) -> list[RenditionWarning]:
    """Return what the checks say; one that fails is named in a warning and blocks nothing."""
    return [warning for check in checks for warning in _asked(check, entry, rendition, language)]


def _asked(
    check: Check, entry: ChannelEntry, rendition: Rendition, language: str
) -> list[RenditionWarning]:
    try:
        found = list(check.check(entry, rendition, language))
        for warning in found:
            _refuse_rubbish(warning)
    except Exception as error:
        # The check is foreign code: whatever it raises is its own fault and nobody else's.
        logger.exception(
            "A check failed while rendering",
            extra={"action": "check_failed", "check": check.name},
        )
        words = _FAILED.get(language, _FAILED["en"])
        message = words.format(name=check.name, reason=type(error).__name__)
        return [RenditionWarning(WarningLevel.WARN, "", message)]
    return found


def _refuse_rubbish(warning: object) -> None:
    """Raise TypeError where a check gave back what is no warning; it would break every page."""
    if not isinstance(warning, RenditionWarning):
        raise TypeError(f"a check gave {warning!r} instead of a RenditionWarning")
    if warning.level not in set(WarningLevel) or not isinstance(warning.field, str):
        raise TypeError(f"a check gave {warning!r}, whose level, field or message cannot be used")
