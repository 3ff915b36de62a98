"""Write the text of a correction and the label on its poster, in Chinese or English."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from contentsvc.channels import format_moment
from contentsvc.domain.livestreams import Change, Facts
from contentsvc.messages import Message

__all__ = ["CorrectionDraft", "correction_badge", "draft_correction"]

#: The headline names the first of these changes that happened.
_HEADLINES = {
    Change.CANCELLED: "correction-headline-cancelled",
    Change.RESTORED: "correction-headline-restored",
    Change.MOVED: "correction-headline-moved",
}
_SENTENCES = {
    Change.CANCELLED: "correction-cancelled",
    Change.RESTORED: "correction-restored",
    Change.MOVED: "correction-moved",
    Change.TITLE: "correction-title",
    Change.LINK: "correction-link",
}


@dataclass(frozen=True, slots=True)
class CorrectionDraft:
    """The proposed title and Markdown text of a correction, which a person may edit."""

    title: str
    body: str


def draft_correction(
    changes: Sequence[Change],
    told: Facts,
    present: Facts,
    *,
    zone: ZoneInfo,
    language: str,
    link: str,
) -> CorrectionDraft:
    """Return a title and text that correct the published facts *told* to the true facts *present*.

    Args:
        changes: the changes that the text mentions.
        told: the facts that were published last.
        present: the facts that are true now.
        zone: the time zone of the times in the text.
        language: the language of the text.
        link: the address at which readers book a seat or watch; may be empty.
    """
    params = {
        "title": present.title,
        "old": told.title,
        "was": format_moment(_local(told.starts_at, zone), language),
        "when": format_moment(_local(present.starts_at, zone), language),
        "host": present.host,
        "link": link,
    }

    def text(code: str) -> str:
        return Message(code, **params).text(language)

    main = next((change for change in _HEADLINES if change in changes), None)
    lines = [text(_SENTENCES[change]) for change in changes if change is not Change.HOST]
    if Change.HOST in changes and present.host:
        lines.append(text("correction-host"))
    if main is not Change.CANCELLED:
        if link and Change.LINK not in changes:
            lines.append(text("correction-book"))
        lines.append(text("correction-sorry"))
    headline = _HEADLINES[main] if main else "correction-headline-other"
    return CorrectionDraft(text(headline), "\n\n".join(lines))


def correction_badge(changes: Sequence[Change], language: str) -> str:
    """Return the label on a correction's poster, such as “New time”."""
    code = "correction-badge-moved" if Change.MOVED in changes else "correction-badge-other"
    return Message(code).text(language)


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone)
