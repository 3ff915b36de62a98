"""The words of a correction, ready to be sent as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from contentsvc.channels import format_moment
from contentsvc.domain.livestreams import Change, Facts

__all__ = ["CorrectionWords", "correction_state", "correction_words"]

_WORDS = {
    "zh": {
        "title_cancelled": "取消通知：「{title}」不开播了",
        "title_restored": "更正：「{title}」照常开播",
        "title_moved": "更正：「{title}」改到 {when}",
        "title_other": "更正：「{title}」有变动",
        "cancelled": "原定 {was} 的直播「{title}」取消了，不会开播。给大家添麻烦了，抱歉。",
        "restored": "之前发的取消通知作废：直播「{title}」**{when}** 照常开播。",
        "moved": "原定 {was} 的直播改到 **{when}**，请以新时间为准。",
        "title": "主题改为「{title}」（原为「{old}」）。",
        "host": "主播改为 {host}。",
        "link": "之前的链接已经失效，请用新链接：{link}",
        "book": "预约席位：{link}",
        "sorry": "给大家添麻烦了，抱歉。",
        "state_moved": "时间更改",
        "state_other": "信息更正",
    },
    "en": {
        "title_cancelled": "Cancelled: {title}",
        "title_restored": "Correction: {title} takes place",
        "title_moved": "Correction: {title} moves to {when}",
        "title_other": "Correction: {title}",
        "cancelled": "The livestream “{title}” of {was} is cancelled. We are sorry.",
        "restored": "It was called off by mistake: “{title}” takes place on **{when}**.",
        "moved": "It was to be on {was} and moves to **{when}**. The new time holds.",
        "title": "Its title is now “{title}” (it was “{old}”).",
        "host": "The host is now {host}.",
        "link": "The earlier link no longer works; please use this one: {link}",
        "book": "Save your seat: {link}",
        "sorry": "We are sorry for the trouble.",
        "state_moved": "New time",
        "state_other": "Correction",
    },
}
_FIRST = (Change.CANCELLED, Change.RESTORED, Change.MOVED)


@dataclass(frozen=True, slots=True)
class CorrectionWords:
    """A correction's title and Markdown."""

    title: str
    body: str


def correction_words(
    found: Sequence[Change],
    told: Facts,
    present: Facts,
    *,
    zone: ZoneInfo,
    language: str,
    link: str,
) -> CorrectionWords:
    """Return what to tell readers who were told *told*; *link* leads to where a seat is booked."""
    words = _WORDS.get(language, _WORDS["en"])
    values = {
        "title": present.title,
        "old": told.title,
        "was": _moment(told.starts_at, zone, language),
        "when": _moment(present.starts_at, zone, language),
        "host": present.host,
        "link": link,
    }
    main = next((change for change in _FIRST if change in found), None)
    title = words[f"title_{main}" if main else "title_other"].format_map(values)
    lines = [words[change].format_map(values) for change in found if change != Change.HOST]
    if Change.HOST in found and present.host:
        lines.append(words["host"].format_map(values))
    if main is not Change.CANCELLED:
        if link and Change.LINK not in found:
            lines.append(words["book"].format_map(values))
        lines.append(words["sorry"])
    return CorrectionWords(title, "\n\n".join(lines))


def correction_state(found: Sequence[Change], language: str) -> str:
    """Return the badge of a correction's poster."""
    words = _WORDS.get(language, _WORDS["en"])
    return words["state_moved" if Change.MOVED in found else "state_other"]


def _moment(at: datetime, zone: ZoneInfo, language: str) -> str:
    return format_moment(at.astimezone(zone), language)
