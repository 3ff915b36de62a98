"""Send reminders about unknown and failed deliveries and about paused channels."""

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
from contentsvc.messages import Message
from contentsvc.services.runtime import Runtime

__all__ = ["News", "Reminder", "find_news"]

logger = logging.getLogger(__name__)

#: Reconciling settles most unknown outcomes; a reminder covers those that are older than this.
_SETTLE_TIME = timedelta(seconds=60)
#: No reminder is sent for older events, so that switching reminders on does not send many.
_LONGEST_AGE = timedelta(days=1)
#: The wait before a reminder that could not be sent is sent again.
_RETRY_AFTER = timedelta(seconds=60)
#: Lines of a reminder; further lines are only counted.
_MOST_LINES = 10
_STATUSES = (DeliveryStatus.UNKNOWN, DeliveryStatus.FAILED)


@dataclass(frozen=True, slots=True)
class News:
    """The problems that one reminder lists.

    They are deliveries that failed or whose outcome is unknown, and paused channels.
    """

    deliveries: Sequence[Delivery]
    channels: Sequence[ChannelRow]

    def __bool__(self) -> bool:
        return bool(self.deliveries or self.channels)

    def message(self, *, public_url: str, language: str) -> tuple[str, str]:
        """Return title and text of a reminder in *language*, with a line and link per problem."""
        lines = [
            Message(
                "reminder-channel-paused",
                channel=channel.name,
                reason=channel.paused_reason,
                link=f"{public_url}/channels/{channel.name}",
            )
            for channel in self.channels
        ]
        lines += [
            Message(
                f"reminder-delivery-{delivery.status}",
                channel=delivery.channel.name,
                title=delivery.entry.title,
                reason=delivery.error,
                link=f"{public_url}/deliveries/{delivery.id}",
            )
            for delivery in self.deliveries
        ]
        more = len(lines) - _MOST_LINES
        if more > 0:
            lines = [*lines[:_MOST_LINES], Message("reminder-more", count=more)]
        text = "\n".join(line.text(language) for line in lines)
        return Message("reminder-title").text(language), text


def find_news(session: Session, now: datetime) -> News:
    """Return the deliveries and channels of which people are to be reminded at *now*.

    These are the deliveries that became unknown or failed at least a minute and less than a day
    ago, and the channels paused within a day. Each is in one reminder only.
    """
    deliveries = session.scalars(
        select(Delivery)
        .where(
            Delivery.status.in_(_STATUSES),
            Delivery.told_at.is_(None),
            Delivery.updated_at <= now - _SETTLE_TIME,
            Delivery.updated_at > now - _LONGEST_AGE,
        )
        .options(joinedload(Delivery.entry), joinedload(Delivery.channel))
        .order_by(Delivery.updated_at)
        .limit(1000)
    )
    channels = session.scalars(
        select(ChannelRow).where(
            ChannelRow.paused_at.is_not(None),
            ChannelRow.told_at.is_(None),
            ChannelRow.paused_at > now - _LONGEST_AGE,
        )
    )
    return News(list(deliveries), list(channels))


class Reminder:
    """Sends people reminders of new problems, in a thread, so that the dispatcher does not wait."""

    def __init__(self, runtime: Runtime, send: Callable[[str, str], bool] | None = None) -> None:
        """Create a reminder that sends to the recipients in the setting CONTENTSVC_REMINDERS.

        *send* replaces apprise: it takes title and text and returns whether they were sent.
        """
        self._runtime = runtime
        self._send = send or (lambda title, text: _notify(runtime.config.reminders, title, text))
        self._sending: threading.Thread | None = None
        self._not_before: datetime | None = None

    def send_news(self, now: datetime) -> None:
        """Start sending a reminder about new problems, unless a reminder is being sent already."""
        if not self._runtime.config.reminders or self._is_busy(now):
            return
        with self._runtime.database.read() as session:
            news = find_news(session, now)
        if news and self._set_told_at(news, now):
            self._sending = threading.Thread(
                target=self._deliver, args=(news,), name="reminder", daemon=True
            )
            self._sending.start()

    def wait(self) -> None:
        """Wait until the thread that sends a reminder has ended."""
        if self._sending is not None:
            self._sending.join()

    def _is_busy(self, now: datetime) -> bool:
        if self._sending is not None and self._sending.is_alive():
            return True
        return self._not_before is not None and now < self._not_before

    def _set_told_at(self, news: News, now: datetime | None) -> bool:
        """Store that people were reminded of *news* at *now*; if *now* is None, undo that.

        Return False if another dispatcher has recorded it first.
        """
        changed = 0
        with self._runtime.database.write() as session:
            for table, rows in ((Delivery, news.deliveries), (ChannelRow, news.channels)):
                before = table.told_at.is_(None) if now else table.told_at.is_not(None)
                ids = session.execute(
                    update(table)
                    .where(table.id.in_([row.id for row in rows]), before)
                    .values(told_at=now)
                    .returning(table.id)
                    .execution_options(synchronize_session=False)
                )
                changed += len(ids.all())
        return changed == len(news.deliveries) + len(news.channels)

    def _deliver(self, news: News) -> None:
        config = self._runtime.config
        title, text = news.message(public_url=config.public_url, language=config.language)
        if self._send(title, text):
            logger.info("Sent a reminder", extra={"action": "reminded"})
            return
        logger.warning("A reminder could not be sent", extra={"action": "reminder_failed"})
        self._not_before = self._runtime.clock() + _RETRY_AFTER
        try:
            self._set_told_at(news, None)
        except SQLAlchemyError:
            logger.exception("A reminder was lost", extra={"action": "reminder_lost"})


def _notify(addresses: Sequence[str], title: str, text: str) -> bool:
    # Importing apprise loads its 150 plugins, and most installations never send a reminder.
    from apprise import Apprise

    apprise = Apprise()
    known = [apprise.add(address) for address in addresses]
    if not all(known):
        logger.error(
            "CONTENTSVC_REMINDERS has an address that apprise does not know",
            extra={"action": "reminder_address"},
        )
    return bool(apprise.notify(title=title, body=text))
