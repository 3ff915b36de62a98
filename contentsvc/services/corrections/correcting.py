"""Find channels that published outdated facts about a livestream, and publish corrections."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from contentsvc.db.mapping import head_of
from contentsvc.db.models import Calendar, Correction, Delivery, Entry, LivestreamPage
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import EntryContent, EntryKind, EntryStatus, PosterSpec
from contentsvc.domain.livestreams import Change, Facts, corrections
from contentsvc.domain.weeks import IsoWeek, Weekday
from contentsvc.errors import ConflictError, InputError
from contentsvc.services import approvals
from contentsvc.services.entries import create_entry
from contentsvc.services.entry_lookup import load_entry
from contentsvc.services.planning import approve, plan_deliveries
from contentsvc.services.public_livestreams import OUT, present_facts, proposed_facts
from contentsvc.services.replanning import Usefulness

__all__ = [
    "CorrectionText",
    "Offer",
    "OutdatedChannel",
    "PendingCorrection",
    "QuietHoursError",
    "channels_to_correct",
    "check_channels",
    "check_quiet_hours",
    "correct",
    "correction_content",
    "dismiss",
    "offer_of",
    "quiet_until",
]

_S = DeliveryStatus
#: A correction whose delivery has one of these statuses was not published and never will be.
_LOST = frozenset({_S.FAILED, _S.MISSED, _S.CANCELLED})


@dataclass(frozen=True, slots=True)
class OutdatedChannel:
    """A channel whose last published facts about a livestream are no longer true."""

    channel: str
    channel_id: int
    #: The facts that the channel published last.
    told: Facts
    #: The facts that are true now.
    present: Facts
    changes: tuple[Change, ...]
    #: The notices and corrections with outdated facts, the newest first.
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class PendingCorrection:
    """A correction of a livestream that is planned for a channel but not published yet."""

    channel: str
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Offer:
    """A changed livestream, and the channels on which its published facts may need a correction."""

    entry: Entry
    #: The number of changes of the livestream so far, of which the last is to be corrected.
    sequence: int
    outdated: tuple[OutdatedChannel, ...]
    pending: tuple[PendingCorrection, ...]
    #: Outdated notices that may or may not be published; a person has to check them first.
    unsettled: tuple[Delivery, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """Return the kinds of change, such as a new host, that a channel has to correct."""
        changes = {change for channel in self.outdated for change in channel.changes}
        return tuple(change for change in Change if change in changes)

    def __bool__(self) -> bool:
        """Return True if a channel needs a correction, has one planned, or has to be checked."""
        return bool(self.outdated or self.pending or self.unsettled)


def offer_of(session: Session, entry_id: int, now: datetime) -> Offer | None:
    """Return the corrections that a livestream may need at *now* (UTC), or None if unapproved.

    Return None if the livestream was never announced. Return None also while the entry is a draft
    or in review: its content is not approved, so it cannot be published.

    Raises:
        NotFoundError: there is no such entry.
    """
    entry = load_entry(session, entry_id, deleted=True)
    page = session.get(LivestreamPage, entry.id)
    if page is None or not _is_settled(entry):
        return None
    notices = [row for row in entry.deliveries if row.notice]
    decisions = _decisions(session, entry.id)
    current = {
        decision.channel_id: (decision, delivery)
        for decision, delivery in decisions
        if decision.sequence == page.sequence
    }
    outdated, pending = [], []
    for told in _told_by_channel(notices, decisions).values():
        channel = _compare(entry, told, now)
        decision, delivery = current.get(channel.channel_id, (None, None))
        if not channel.changes:
            continue
        if delivery is not None and delivery.status not in {*_LOST, *OUT}:
            pending.append(PendingCorrection(channel.channel, delivery))
        elif not _is_decided(decision, delivery):
            outdated.append(channel)
    unsettled = [row for row in notices if _is_unsettled(entry, row, now)]
    return Offer(entry, page.sequence, tuple(outdated), tuple(pending), tuple(unsettled))


def channels_to_correct(session: Session, entry_id: int, now: datetime) -> tuple[str, ...]:
    """Return the names of channels that need a correction once a changed livestream is approved.

    The result is empty if the entry is approved or cancelled already, or was never approved.

    Raises:
        NotFoundError: there is no such entry.
    """
    entry = load_entry(session, entry_id)
    if _is_settled(entry) or session.get(LivestreamPage, entry.id) is None:
        return ()
    notices = [row for row in entry.deliveries if row.notice]
    told_by_channel = _told_by_channel(notices, _decisions(session, entry.id))
    channels = [
        _compare(entry, told, now, facts_of=proposed_facts) for told in told_by_channel.values()
    ]
    return tuple(channel.channel for channel in channels if channel.changes)


def _is_settled(entry: Entry) -> bool:
    """Return True if the entry's content is final: it is approved, cancelled or deleted."""
    gone = entry.deleted_at is not None or entry.status is EntryStatus.CANCELLED
    return gone or entry.status is EntryStatus.APPROVED


def _is_decided(decision: Correction | None, delivery: Delivery | None) -> bool:
    """Return False if a person still has to decide whether a channel gets a correction.

    A decision for a correction no longer counts if that was never published: its delivery failed,
    was missed or was cancelled.
    """
    if decision is None:
        return False
    if decision.correction_id is None:
        return True
    return delivery is not None and delivery.status not in _LOST


def _decisions(session: Session, entry_id: int) -> list[tuple[Correction, Delivery | None]]:
    """Return people's decisions whether to correct an entry, each with the correction's delivery.

    The delivery is None if the person wanted no correction or if the correction has none.
    """
    query = (
        select(Correction, Delivery)
        .outerjoin(
            Delivery,
            (Delivery.entry_id == Correction.correction_id)
            & (Delivery.channel_id == Correction.channel_id),
        )
        .where(Correction.entry_id == entry_id)
        .options(joinedload(Delivery.channel))
    )
    return [(decision, delivery) for decision, delivery in session.execute(query)]


def _told_by_channel(
    notices: Sequence[Delivery], decisions: Sequence[tuple[Correction, Delivery | None]]
) -> dict[int, list[tuple[Facts, Delivery]]]:
    """Map each channel id to the facts published there, each with its delivery, newest first."""
    told_by_channel: dict[int, list[tuple[Facts, Delivery]]] = {}
    told = [(notice.facts, notice) for notice in notices]
    told += [(decision.facts, sent) for decision, sent in decisions if sent is not None]
    for facts, row in sorted(told, key=lambda pair: _published_at(pair[1]), reverse=True):
        if facts is not None and row.status in OUT and row.retracted_at is None:
            told_by_channel.setdefault(row.channel_id, []).append((Facts.from_json(facts), row))
    return told_by_channel


def _published_at(delivery: Delivery) -> datetime:
    return delivery.published_at or delivery.updated_at


def _compare(
    entry: Entry,
    all_told: Sequence[tuple[Facts, Delivery]],
    now: datetime,
    *,
    facts_of: Callable[[Entry, str], Facts] = present_facts,
) -> OutdatedChannel:
    told, newest = all_told[0]
    present = facts_of(entry, newest.channel.name)
    return OutdatedChannel(
        channel=newest.channel.name,
        channel_id=newest.channel_id,
        told=told,
        present=present,
        changes=corrections(told, present, now),
        deliveries=tuple(row for facts, row in all_told if corrections(facts, present, now)),
    )


def _is_unsettled(entry: Entry, row: Delivery, now: datetime) -> bool:
    if row.status is not _S.UNKNOWN or row.facts is None:
        return False
    told, present = Facts.from_json(row.facts), present_facts(entry, row.channel.name)
    return bool(corrections(told, present, now))


@dataclass(frozen=True, slots=True)
class CorrectionText:
    """A correction's title, text, channels and poster, as a person entered them in the form."""

    title: str
    #: Markdown.
    body: str
    #: Names of the channels to correct.
    channels: tuple[str, ...]
    poster: PosterSpec | None = None


class QuietHoursError(InputError):
    """Raised if a correction would be sent in quiet hours, in which it would be held and missed."""

    def __init__(self, hours: str, until: datetime) -> None:
        """Create the error for the quiet *hours* that end at *until*."""
        super().__init__("correction-in-quiet-hours", field="at", hours=hours)
        self.until = until


def quiet_until(calendar: Calendar, at: datetime) -> datetime | None:
    """Return the end of the quiet hours of a calendar if *at* is within them, else None; in UTC."""
    head = head_of(calendar)
    return head.quiet.ends_at(at, head.zone) if head.quiet else None


def check_channels(offer: Offer, names: Sequence[str]) -> list[OutdatedChannel]:
    """Return the channels of *offer* with these *names*, which a correction is to go to.

    Raises:
        InputError: there are no names.
        ConflictError: a channel needs no correction.
    """
    chosen = [channel for channel in offer.outdated if channel.channel in names]
    corrected = set(names) - {channel.channel for channel in chosen}
    if corrected:
        raise ConflictError("correction-not-needed", field="channels", channels=sorted(corrected))
    if not chosen:
        raise InputError("correction-without-channel", field="channels")
    return chosen


def check_quiet_hours(calendar: Calendar, at: datetime, *, despite_quiet: bool) -> None:
    """Raise QuietHoursError if *at* is in quiet hours, unless *despite_quiet* is true."""
    until = quiet_until(calendar, at)
    if until is not None and not despite_quiet:
        raise QuietHoursError(calendar.quiet or "", until)


def correct(
    session: Session,
    offer: Offer,
    text: CorrectionText,
    *,
    at: datetime,
    despite_quiet: bool = False,
    by: str,
    now: datetime,
    usefulness: Usefulness,
) -> Entry:
    """Create, approve and return an entry that publishes a correction at the time *at* (UTC).

    It is an ordinary entry: it is published once and can be changed, moved or cancelled. With
    *despite_quiet* it is published in quiet hours as well.

    Raises:
        QuietHoursError: *at* is in quiet hours, and *despite_quiet* is false.
        InputError: *text* has no channel, or content that cannot be used.
        ConflictError: the livestream was changed or corrected meanwhile, or one of the channels
            needs no correction any more.
    """
    current = _reload(session, offer, now)
    chosen = check_channels(current, text.channels)
    entry = current.entry
    check_quiet_hours(entry.calendar, at, despite_quiet=despite_quiet)
    zone = ZoneInfo(entry.calendar.timezone)
    local = at.astimezone(zone)
    content = correction_content(text, local, key=_free_key(session, entry, local))
    week = IsoWeek.of(local.date())
    correction = create_entry(session, entry.calendar, week, content, by=by, now=now)
    correction.despite_quiet = quiet_until(entry.calendar, at) is not None
    for channel in chosen:
        _record_decision(session, current, channel, correction.id, by=by, now=now)
    approve(session, correction, by=by, now=now, usefulness=usefulness)
    return correction


def dismiss(
    session: Session, offer: Offer, *, by: str, now: datetime, usefulness: Usefulness
) -> int:
    """Store that the person *by* wants no corrections; return how many channels stay uncorrected.

    Corrections that are planned but not published are cancelled.

    Raises:
        ConflictError: the livestream was changed or corrected meanwhile.
    """
    current = _reload(session, offer, now)
    for pending in current.pending:
        _cancel_correction(
            session, pending.delivery.entry_id, by=by, now=now, usefulness=usefulness
        )
    current = _reload(session, current, now)
    for channel in current.outdated:
        _record_decision(session, current, channel, None, by=by, now=now)
    return len(current.outdated)


def _cancel_correction(
    session: Session, correction_id: int, *, by: str, now: datetime, usefulness: Usefulness
) -> None:
    entry = load_entry(session, correction_id, deleted=True)
    if entry.status is EntryStatus.CANCELLED or entry.deleted_at is not None:
        return
    entry.status = EntryStatus.CANCELLED
    approvals.withdraw(entry)
    entry.rev += 1
    entry.changed_by, entry.updated_at = by, now
    session.flush()
    plan_deliveries(session, entry, now=now, usefulness=usefulness)
    session.expire_all()


def _reload(session: Session, offer: Offer, now: datetime) -> Offer:
    """Return the current offer; raise ConflictError if the livestream was changed since *offer*."""
    # Two people who decide about one livestream wait for each other; SQLite has one writer anyway.
    session.execute(select(Entry.id).where(Entry.id == offer.entry.id).with_for_update())
    current = offer_of(session, offer.entry.id, now)
    if current is None or current.sequence != offer.sequence:
        raise ConflictError("correction-outdated")
    return current


def _record_decision(
    session: Session,
    offer: Offer,
    channel: OutdatedChannel,
    correction_id: int | None,
    *,
    by: str,
    now: datetime,
) -> None:
    """Store whether *channel* gets a correction; raise ConflictError if another person decided.

    *correction_id* is the id of the correction's entry, or None if the person wants no correction.

    There is one decision per change and channel. It may replace an earlier one whose correction
    was cancelled or lost.
    """
    key = {
        "entry_id": offer.entry.id,
        "channel_id": channel.channel_id,
        "sequence": offer.sequence,
    }
    values = {
        "correction_id": correction_id,
        "facts": replace(channel.present, link="", state="").to_json(),
        "decided_by": by,
        "decided_at": now,
    }
    row = session.scalar(select(Correction).filter_by(**key))
    if row is None:
        session.add(Correction(**key, **values))
        session.flush()
        return
    # Only the first of several people replaces the earlier decision.
    replaced = session.execute(
        update(Correction)
        .where(Correction.id == row.id, Correction.decided_at == row.decided_at)
        .where(Correction.correction_id.is_not_distinct_from(row.correction_id))
        .values(**values)
        .returning(Correction.id)
        .execution_options(synchronize_session=False)
    )
    if replaced.first() is None:
        raise ConflictError("correction-exists")


def correction_content(text: CorrectionText, local: datetime, *, key: str = "fix") -> EntryContent:
    """Return the content of an entry that publishes the correction *text* at *local*.

    *local* is a time in the calendar's time zone.
    """
    return EntryContent(
        key=key,
        day=Weekday.of(local.date()),
        kind=EntryKind.POSTER if text.poster else EntryKind.POST,
        title=text.title.strip(),
        time=local.time().replace(microsecond=0),
        body=text.body,
        channels=text.channels,
        poster=text.poster,
    )


def _free_key(session: Session, entry: Entry, local: datetime) -> str:
    """Return an unused key for the entry that corrects *entry*: `fix-KEY`, or `fix-KEY-2`, …."""
    week = str(IsoWeek.of(local.date()))
    begin = f"fix-{entry.key}"[:56]
    query = select(Entry.key).where(
        Entry.calendar_id == entry.calendar_id, Entry.week == week, Entry.key.startswith(begin)
    )
    taken = set(session.scalars(query))
    names = [begin, *(f"{begin}-{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)
