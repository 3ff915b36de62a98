"""Telling a person: what is unknown, what has failed, which channel pauses."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, joinedload

from contentsvc.db.models import ChannelRow, Delivery
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.services.runtime import Runtime

__all__ = ["News", "Reminder", "untold"]

logger = logging.getLogger(__name__)

#: An unknown outcome is often settled by asking; a person is told of what is left after this.
_SETTLE = timedelta(seconds=60)
#: What is older when reminders are switched on is not worth a message.
_OLDEST = timedelta(days=1)
#: How long a message that could not be sent waits.
_AGAIN = timedelta(seconds=60)
#: Lines of a message; the rest is counted.
_LINES = 10
_STATUSES = (DeliveryStatus.UNKNOWN, DeliveryStatus.FAILED)
_WORDS = {
    "zh": {
        "title": "contentsvc：有内容需要处理",
        "unknown": "结果未知",
        "failed": "发布失败",
        "paused": "渠道已暂停",
        "more": "……另有 {count} 条",
    },
    "en": {
        "title": "contentsvc: something needs you",
        "unknown": "outcome unknown",
        "failed": "failed",
        "paused": "channel paused",
        "more": "… and {count} more",
    },
}


@dataclass(frozen=True, slots=True)
class News:
    """What nobody was told of yet."""

    deliveries: Sequence[Delivery]
    channels: Sequence[ChannelRow]

    def __bool__(self) -> bool:
        return bool(self.deliveries or self.channels)

    def message(self, *, public_url: str, language: str) -> tuple[str, str]:
        """Return the title and the text, with a link to each page."""
        words = _WORDS[language]
        lines = [
            f"[{words['paused']}] {row.name}: {row.paused_reason} {public_url}/channels/{row.name}"
            for row in self.channels
        ]
        lines += [
            f"[{words[row.status]}] {row.channel.name}: {row.entry.title}: {row.error} "
            f"{public_url}/deliveries/{row.id}"
            for row in self.deliveries
        ]
        more = [words["more"].format(count=len(lines) - _LINES)] if len(lines) > _LINES else []
        return words["title"], "\n".join([*lines[:_LINES], *more])


def untold(session: Session, now: datetime) -> News:
    """Return what a person should hear of at *now*."""
    deliveries = session.scalars(
        select(Delivery)
        .where(
            Delivery.status.in_(_STATUSES),
            Delivery.told_at.is_(None),
            Delivery.updated_at <= now - _SETTLE,
            Delivery.updated_at > now - _OLDEST,
        )
        .options(joinedload(Delivery.entry), joinedload(Delivery.channel))
        .order_by(Delivery.updated_at)
        .limit(1000)
    )
    channels = session.scalars(
        select(ChannelRow).where(
            ChannelRow.paused_at.is_not(None),
            ChannelRow.told_at.is_(None),
            ChannelRow.paused_at > now - _OLDEST,
        )
    )
    return News(list(deliveries), list(channels))


class Reminder:
    """Sends what there is to tell, beside the dispatcher's own work."""

    def __init__(self, runtime: Runtime, send: Callable[[str, str], bool] | None = None) -> None:
        """Send to CONTENTSVC_REMINDERS, or by *send* (title, text), which tells whether it went."""
        self._runtime = runtime
        self._send = send or (lambda title, text: _notify(runtime.config.reminders, title, text))
        self._sending: threading.Thread | None = None
        self._not_before: datetime | None = None

    def look(self, now: datetime) -> None:
        """Begin to tell what is new; nothing happens while a message is under way."""
        if not self._runtime.config.reminders or self._is_busy(now):
            return
        with self._runtime.database.read() as session:
            news = untold(session, now)
        if news and self._mark(news, now):
            self._sending = threading.Thread(
                target=self._tell, args=(news,), name="reminder", daemon=True
            )
            self._sending.start()

    def wait(self) -> None:
        """Wait for a message that is under way."""
        if self._sending is not None:
            self._sending.join()

    def _is_busy(self, now: datetime) -> bool:
        if self._sending is not None and self._sending.is_alive():
            return True
        return self._not_before is not None and now < self._not_before

    def _mark(self, news: News, now: datetime | None) -> bool:
        """Note that the news was told (None: was not); False where another dispatcher did."""
        taken = 0
        with self._runtime.database.write() as session:
            for table, rows in ((Delivery, news.deliveries), (ChannelRow, news.channels)):
                before = table.told_at.is_(None) if now else table.told_at.is_not(None)
                told = session.execute(
                    update(table)
                    .where(table.id.in_([row.id for row in rows]), before)
                    .values(told_at=now)
                    .returning(table.id)
                    .execution_options(synchronize_session=False)
                )
                taken += len(told.all())
        return taken == len(news.deliveries) + len(news.channels)

    def _tell(self, news: News) -> None:
        config = self._runtime.config
        title, text = news.message(public_url=config.public_url, language=config.language)
        if self._send(title, text):
            logger.info("Told a person", extra={"action": "reminded"})
            return
        logger.warning("A reminder could not be sent", extra={"action": "reminder_failed"})
        self._not_before = self._runtime.clock() + _AGAIN
        try:
            self._mark(news, None)
        except SQLAlchemyError:
            logger.exception("A reminder was lost", extra={"action": "reminder_lost"})


def _notify(addresses: Sequence[str], title: str, text: str) -> bool:
    # It loads a hundred and fifty plugins of its own; most services never send a reminder.
    from apprise import Apprise

    apprise = Apprise()
    known = [apprise.add(address) for address in addresses]
    if not all(known):
        logger.error(
            "CONTENTSVC_REMINDERS has an address that apprise does not know",
            extra={"action": "reminder_address"},
        )
    return bool(apprise.notify(title=title, body=text))
