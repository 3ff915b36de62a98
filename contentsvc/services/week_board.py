"""The week board: one week of a calendar as a table of days and slots, with a card per entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from contentsvc.db.mapping import content_of, head_of
from contentsvc.db.models import Calendar, ChannelRow, Delivery, Entry
from contentsvc.domain.calendars import CalendarHead
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.elements import ElementMix, element_mix
from contentsvc.domain.entries import EntryStatus
from contentsvc.domain.walltime import format_time, parse_time, resolve
from contentsvc.domain.weeks import IsoWeek, Weekday
from contentsvc.messages import Message
from contentsvc.services.approvals import channels_of, still_to_go_out

__all__ = [
    "BoardCell",
    "BoardDay",
    "BoardRow",
    "Card",
    "CardChannel",
    "CardState",
    "WeekBoard",
    "week_board",
]

_S = DeliveryStatus


class CardState(StrEnum):
    """The state that an entry's card shows, derived from the entry and its deliveries."""

    DRAFT = "draft"
    #: A draft whose time has passed.
    PAST_DRAFT = "past_draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    #: At least one delivery needs a person.
    ATTENTION = "attention"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class CardChannel:
    """One channel of an entry, as the entry's card on the week board shows it."""

    name: str
    #: Channel type; empty if the channel does not exist.
    type: str
    #: Status of the delivery that needs attention most; None before the entry is approved.
    status: DeliveryStatus | None
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """An entry as the week board shows it: with state, time, channels and error."""

    entry: Entry
    state: CardState
    #: `HH:MM` or `HH:MM:SS` on the calendar's wall clock.
    time: str
    channels: tuple[CardChannel, ...]
    #: The error of one of its deliveries; empty if none needs a person.
    error: Message
    #: Whether an earlier, approved version goes out while this one waits for review.
    earlier_goes_out: bool = False


@dataclass(frozen=True, slots=True)
class BoardDay:
    """A day of the week: one column of the board."""

    date: date
    weekday: Weekday
    is_today: bool
    is_past: bool


@dataclass(frozen=True, slots=True)
class BoardCell:
    """One cell of the week board: the cards of the entries of one day at one time."""

    day: BoardDay
    cards: tuple[Card, ...]
    #: Whether the cell's time has passed, so that no entry can be planned in it.
    is_past: bool


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One row of the board: a named time slot, or another time at which entries are due."""

    #: The slot's name; None for a time outside the slots.
    slot: str | None
    time: str
    cells: tuple[BoardCell, ...]


@dataclass(frozen=True, slots=True)
class WeekBoard:
    """One week of a calendar, prepared for display as a table of days and times."""

    calendar: Calendar
    week: IsoWeek
    days: tuple[BoardDay, ...]
    rows: tuple[BoardRow, ...]
    mix: ElementMix
    #: Number of entries by state.
    states: Mapping[CardState, int]
    #: Number of entries by channel.
    channels: Mapping[str, int]

    @property
    def is_empty(self) -> bool:
        """Return whether the week has no entries."""
        return not any(cell.cards for row in self.rows for cell in row.cells)

    def next_slot(self, day: Weekday | None = None) -> tuple[Weekday, str] | None:
        """Return the day and the name of the first free slot that has not passed.

        If none is free, return the first that has not passed; None if all have. With *day*, only
        the slots of that day count.
        """
        coming = [
            (column.weekday, row.slot, row.cells[index].cards)
            for index, column in enumerate(self.days)
            for row in self.rows
            if row.slot and day in {None, column.weekday} and not row.cells[index].is_past
        ]
        free = [(weekday, slot) for weekday, slot, cards in coming if not cards]
        return next(iter(free), None) or next(((at, slot) for at, slot, _ in coming), None)


def week_board(session: Session, calendar: Calendar, week: IsoWeek, *, now: datetime) -> WeekBoard:
    """Return one week's entries as a grid of days and slots, without deleted entries."""
    query = (
        select(Entry)
        .where(
            Entry.calendar_id == calendar.id,
            Entry.week == str(week),
            Entry.deleted_at.is_(None),
        )
        .options(
            joinedload(Entry.calendar),
            selectinload(Entry.deliveries).joinedload(Delivery.channel),
        )
        .order_by(Entry.starts_at, Entry.id)
    )
    entries = list(session.scalars(query))
    channels = {row.name: row for row in session.scalars(select(ChannelRow))}
    head = head_of(calendar)
    cards = [_card(entry, head, channels, now) for entry in entries]
    days = _days(week, head, now)
    return WeekBoard(
        calendar=calendar,
        week=week,
        days=days,
        rows=tuple(_rows(head, days, cards, now)),
        mix=element_mix(entry.element for entry in entries),
        states=Counter(card.state for card in cards),
        channels=Counter(channel.name for card in cards for channel in card.channels),
    )


def _days(week: IsoWeek, head: CalendarHead, now: datetime) -> tuple[BoardDay, ...]:
    today = now.astimezone(head.zone).date()
    dates = [(weekday, week.day(weekday)) for weekday in Weekday]
    return tuple(BoardDay(day, weekday, day == today, day < today) for weekday, day in dates)


def _rows(
    head: CalendarHead, days: tuple[BoardDay, ...], cards: list[Card], now: datetime
) -> Iterable[BoardRow]:
    """Yield a row for each named time slot and each other time of an entry, in order of time."""
    slots = [(wall, name) for name, wall in head.slots.items()]
    own = {parse_time(card.time) for card in cards if card.entry.slot is None}
    order: list[tuple[time, str | None]] = [*slots, *((wall, None) for wall in own)]
    for wall, slot in sorted(order, key=lambda row: (row[0], row[1] is None)):
        text = format_time(wall)
        in_row = [card for card in cards if card.entry.slot == slot and (slot or card.time == text)]
        cells = tuple(_cell(day, wall, in_row, head, now) for day in days)
        yield BoardRow(slot, text, cells)


def _cell(
    day: BoardDay, wall: time, in_row: list[Card], head: CalendarHead, now: datetime
) -> BoardCell:
    cards = tuple(card for card in in_row if card.entry.day == day.weekday.value)
    return BoardCell(day, cards, resolve(day.date, wall, head.zone).at < now)


def _card(
    entry: Entry, head: CalendarHead, channels: Mapping[str, ChannelRow], now: datetime
) -> Card:
    content = content_of(entry)
    # What went out or will go out comes first, also on channels that the calendar no longer has.
    used = (row.channel.name for row in entry.deliveries if row.status is not _S.CANCELLED)
    names = dict.fromkeys([*used, *channels_of(entry)])
    wall = head.slots.get(entry.slot or "") or content.time
    return Card(
        entry=entry,
        state=_state(entry, now),
        time=format_time(wall) if wall else "",
        channels=tuple(_card_channel(entry, name, channels.get(name)) for name in names),
        error=next(
            (row.error for row in entry.deliveries if row.status in _TROUBLE), Message.plain("")
        ),
        earlier_goes_out=entry.status is EntryStatus.IN_REVIEW and still_to_go_out(entry) > 0,
    )


def _card_channel(entry: Entry, name: str, channel: ChannelRow | None) -> CardChannel:
    statuses = [row.status for row in entry.deliveries if row.channel.name == name]
    return CardChannel(
        name=name,
        type=channel.type if channel else "",
        status=min(statuses, key=_BY_URGENCY.index) if statuses else None,
        paused=channel is not None and channel.paused_at is not None,
    )


#: The statuses that need a person.
_TROUBLE = frozenset({_S.UNKNOWN, _S.FAILED, _S.MISSED, _S.HANDED_OFF})
#: The statuses of deliveries that are being published.
_BUSY = frozenset({_S.CLAIMED, _S.SENDING, _S.ACCEPTED, _S.RETRYING})
#: The statuses in order of urgency, the most urgent first.
_BY_URGENCY = (
    *(_S.UNKNOWN, _S.FAILED, _S.MISSED, _S.HANDED_OFF),
    *(_S.SENDING, _S.CLAIMED, _S.ACCEPTED, _S.RETRYING),
    *(_S.PLANNED, _S.SCHEDULED, _S.PUBLISHED, _S.CANCELLED),
)


def _state(entry: Entry, now: datetime) -> CardState:
    statuses = {row.status for row in entry.deliveries}
    live = statuses - {_S.CANCELLED}
    # The first rule that is true decides.
    rules = (
        (entry.status is EntryStatus.CANCELLED, CardState.CANCELLED),
        (bool(statuses & _TROUBLE), CardState.ATTENTION),
        (bool(live) and live <= {_S.PUBLISHED}, CardState.PUBLISHED),
        (bool(statuses & _BUSY), CardState.PUBLISHING),
        (entry.status is EntryStatus.APPROVED, CardState.APPROVED),
        (entry.status is EntryStatus.IN_REVIEW, CardState.IN_REVIEW),
        (entry.starts_at < now, CardState.PAST_DRAFT),
        (True, CardState.DRAFT),
    )
    return next(state for is_true, state in rules if is_true)
