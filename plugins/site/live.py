"""The content of a livestream's public page, such as its phase, times and countdown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import quote, urlsplit

from contentsvc.channels import Picture, PublicLivestream, format_moment

from .feeds import SiteInfo
from .phrases import PHRASES, language_of

__all__ = ["LivePage", "Phase", "phase_of"]

#: How long before the start the page leads to the livestream.
_DOORS = timedelta(minutes=15)
#: How long before the start the page begins to reload itself.
_NEAR = timedelta(hours=2)
#: Seconds between two reloads.
_REFRESH = 60
_DAY, _HOUR = 86400, 3600


class Phase(StrEnum):
    """The phase of a livestream. It decides whether the page offers to book or to watch."""

    BOOK = "book"
    #: It starts within fifteen minutes, or is live.
    WATCH = "watch"
    REPLAY = "replay"
    CANCELLED = "cancelled"


def phase_of(live: PublicLivestream, now: datetime) -> Phase:
    """Return the phase of a livestream at *now* (UTC): booking, live, replay or cancelled."""
    if live.is_cancelled:
        return Phase.CANCELLED
    if now >= live.ends_at:
        return Phase.REPLAY
    return Phase.WATCH if now >= live.starts_at - _DOORS else Phase.BOOK


@dataclass(frozen=True, slots=True)
class LivePage:
    """The content of a livestream's public page, as passed to the page template."""

    live: PublicLivestream
    phase: Phase
    #: The whole address.
    url: str
    #: The path of the address.
    path: str
    #: Address for calendar programs that subscribe, so that they learn of changes.
    webcal: str
    #: The badge, such as 直播预告.
    state: str
    when: str
    #: RFC 3339, in the calendar's zone.
    when_iso: str
    until: str
    #: Such as 北京时间 or `Europe/Berlin`.
    zone: str
    #: The start that was announced before, as text; empty if the start has not changed.
    moved_from: str
    #: The time until the start, such as 2 天 3 小时; empty once it has started.
    countdown: str
    #: Seconds until the page reloads; 0 if it does not.
    refresh: int
    points: tuple[str, ...]
    #: Addresses that begin with http:// or https://; empty if there is none.
    watch: str
    booking: str
    replay: str
    poster: Picture | None

    @classmethod
    def of(
        cls, site: SiteInfo, live: PublicLivestream, now: datetime, poster: Picture | None
    ) -> LivePage:
        """Return the content of the page about *live* at the time *now* (UTC)."""
        language = language_of(site.language)
        url = f"{site.url}/live/{quote(live.code)}"
        phase = phase_of(live, now)
        local = live.starts_at.astimezone(live.zone)
        left = live.starts_at - now
        return cls(
            live=live,
            phase=phase,
            url=url,
            path=urlsplit(url).path,
            webcal=f"webcal:{url.partition(':')[2]}/livestream.ics",
            state=_state(phase, left, language),
            when=format_moment(local, language),
            when_iso=local.isoformat(),
            until=f"{live.ends_at.astimezone(live.zone):%H:%M}",
            zone=_zone(live.zone.key, language),
            moved_from=_moved_from(live, language),
            countdown=countdown(left, language) if phase in _AHEAD and left > _NONE else "",
            refresh=_REFRESH if phase in _AHEAD and left < _NEAR else 0,
            points=live.points,
            watch=_safe(live.url),
            booking=_safe(live.booking_url),
            replay=_safe(live.replay_url),
            poster=poster,
        )


_AHEAD = frozenset({Phase.BOOK, Phase.WATCH})
_NONE = timedelta(0)
#: Zones that people call by another name than IANA's.
_NAMED_ZONES = frozenset({"Asia/Shanghai"})


def _zone(name: str, language: str) -> str:
    return PHRASES.text(f"zone-{name}", language) if name in _NAMED_ZONES else name


def _state(phase: Phase, left: timedelta, language: str) -> str:
    code = "soon" if phase is Phase.WATCH and left > _NONE else phase.value
    return PHRASES.text(f"state-{code}", language)


def _moved_from(live: PublicLivestream, language: str) -> str:
    if live.moved_from is None or live.is_cancelled:
        return ""
    return format_moment(live.moved_from.astimezone(live.zone), language)


def countdown(left: timedelta, language: str) -> str:
    """Format the time *left* until the start in two units, such as days and hours.

    The shortest time shown is one minute.
    """
    seconds = max(60, int(left.total_seconds()))
    days, hours, minutes = seconds // _DAY, seconds % _DAY // _HOUR, seconds % _HOUR // 60
    units = [("days", days), ("hours", hours), ("minutes", minutes)]
    return " ".join(
        PHRASES.text(f"left-{unit}", language, count=count)
        for unit, count in (units[:2] if days else units[1:])
        if count
    )


def _safe(address: str) -> str:
    return address if address.startswith(("https://", "http://")) else ""
