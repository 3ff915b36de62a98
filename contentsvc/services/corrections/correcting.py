"""Corrections: what was told of a livestream, is no longer so, and a person may set right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from contentsvc.db.models import Correction, Delivery, Entry, LivestreamPage
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import EntryContent, EntryKind, EntryStatus, PosterSpec
from contentsvc.domain.livestreams import Change, Facts, corrections
from contentsvc.domain.weeks import IsoWeek, Weekday
from contentsvc.errors import ConflictError, InputError
from contentsvc.services.entries import create_entry
from contentsvc.services.entry_lookup import load_entry
from contentsvc.services.planning import approve, plan_deliveries
from contentsvc.services.public_livestreams import OUT, present_facts
from contentsvc.services.replanning import Windows

__all__ = [
    "CorrectionText",
    "Offer",
    "Outdated",
    "PendingCorrection",
    "correct",
    "correction_content",
    "dismiss",
    "offer_of",
    "told_otherwise",
]

_S = DeliveryStatus
#: A correction in these was not told to anybody and never will be.
_LOST = frozenset({_S.FAILED, _S.MISSED, _S.CANCELLED})


@dataclass(frozen=True, slots=True)
class Outdated:
    """A channel whose readers were told what is no longer so."""

    channel: str
    channel_id: int
    #: What they were told last.
    told: Facts
    #: What is so.
    present: Facts
    changes: tuple[Change, ...]
    #: The notices and corrections that told it, the newest first.
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class PendingCorrection:
    """A correction that is on its way to a channel."""

    channel: str
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Offer:
    """What a person may set right after a livestream's change."""

    entry: Entry
    #: Which change it is about; counts up with every one.
    sequence: int
    outdated: tuple[Outdated, ...]
    pending: tuple[PendingCorrection, ...]
    #: Notices of which nobody knows whether they are out; a person looks at them first.
    unsettled: tuple[Delivery, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """Return all that readers of any channel should hear."""
        found = {change for one in self.outdated for change in one.changes}
        return tuple(change for change in Change if change in found)

    def __bool__(self) -> bool:
        """Tell whether there is anything to look at."""
        return bool(self.outdated or self.pending or self.unsettled)


def offer_of(session: Session, entry_id: int, now: datetime) -> Offer | None:
    """Return what may be corrected of a livestream; None where nothing was announced.

    An entry that is in review again is compared with what was approved last, that is not at all:
    what is not approved is told to nobody.
    """
    entry = load_entry(session, entry_id, deleted=True)
    page = session.get(LivestreamPage, entry.id)
    if page is None or not _is_settled(entry):
        return None
    notices = [row for row in entry.deliveries if row.notice]
    decided = _decided(session, entry.id)
    told = _told(notices, decided)
    done = {row.channel_id: row for row, _ in decided if row.sequence == page.sequence}
    alive = {row.channel_id: sent for row, sent in decided if row.sequence == page.sequence}
    outdated, pending = [], []
    for rows in told.values():
        found = _outdated(entry, rows, now)
        sent = alive.get(found.channel_id)
        if not found.changes:
            continue
        if sent is not None and sent.status not in {*_LOST, *OUT}:
            pending.append(PendingCorrection(found.channel, sent))
        elif not _is_done(done.get(found.channel_id), sent):
            outdated.append(found)
    unsettled = [row for row in notices if _is_unsettled(entry, row, now)]
    return Offer(entry, page.sequence, tuple(outdated), tuple(pending), tuple(unsettled))


def told_otherwise(session: Session, entry_id: int, now: datetime) -> tuple[str, ...]:
    """Return the channels whose readers would need a correction once an entry is approved."""
    entry = load_entry(session, entry_id)
    if _is_settled(entry) or session.get(LivestreamPage, entry.id) is None:
        return ()
    notices = [row for row in entry.deliveries if row.notice]
    rows = _told(notices, _decided(session, entry.id)).values()
    return tuple(one.channel for one in (_outdated(entry, row, now) for row in rows) if one.changes)


def _is_settled(entry: Entry) -> bool:
    """Tell whether what an entry says now is what holds."""
    gone = entry.deleted_at is not None or entry.status is EntryStatus.CANCELLED
    return gone or entry.status is EntryStatus.APPROVED


def _is_done(row: Correction | None, sent: Delivery | None) -> bool:
    """Tell whether a person has decided about a channel, and their correction was not lost."""
    if row is None:
        return False
    return row.correction_id is None or (sent is not None and sent.status not in _LOST)


def _decided(session: Session, entry_id: int) -> list[tuple[Correction, Delivery | None]]:
    """Return the decisions about an entry's notices, each with the correction's delivery."""
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
    return [(row, sent) for row, sent in session.execute(query)]


def _told(
    notices: Sequence[Delivery], decided: Sequence[tuple[Correction, Delivery | None]]
) -> dict[int, list[tuple[Facts, Delivery]]]:
    """Return what the readers of each channel were told, the newest first."""
    found: dict[int, list[tuple[Facts, Delivery]]] = {}
    said = [(row.facts, row) for row in notices]
    said += [(row.facts, sent) for row, sent in decided if sent is not None]
    for facts, row in sorted(said, key=lambda one: _when(one[1]), reverse=True):
        if facts is not None and row.status in OUT and row.retracted_at is None:
            found.setdefault(row.channel_id, []).append((Facts.from_json(facts), row))
    return found


def _when(delivery: Delivery) -> datetime:
    return delivery.published_at or delivery.updated_at


def _outdated(entry: Entry, rows: Sequence[tuple[Facts, Delivery]], now: datetime) -> Outdated:
    told, newest = rows[0]
    present = present_facts(entry, newest.channel.name)
    return Outdated(
        channel=newest.channel.name,
        channel_id=newest.channel_id,
        told=told,
        present=present,
        changes=corrections(told, present, now),
        deliveries=tuple(row for facts, row in rows if corrections(facts, present, now)),
    )


def _is_unsettled(entry: Entry, row: Delivery, now: datetime) -> bool:
    if row.status is not _S.UNKNOWN or row.facts is None:
        return False
    told, present = Facts.from_json(row.facts), present_facts(entry, row.channel.name)
    return bool(corrections(told, present, now))


@dataclass(frozen=True, slots=True)
class CorrectionText:
    """What a correction says, as a person left it."""

    title: str
    #: Markdown.
    body: str
    channels: tuple[str, ...]
    poster: PosterSpec | None = None


def correct(
    session: Session,
    offer: Offer,
    text: CorrectionText,
    *,
    at: datetime,
    by: str,
    now: datetime,
    windows: Windows,
) -> Entry:
    """Make a correction for the channels of *text*, due *at* (UTC), approved by *by*.

    It is an entry like every other, so it goes out once and can be changed, moved or cancelled.

    Raises:
        InputError: it goes nowhere, to a channel that needs none, or says what cannot be used.
        ConflictError: the livestream was changed, or somebody has corrected it, meanwhile.
    """
    current = _again(session, offer, now)
    chosen = {one.channel: one for one in current.outdated if one.channel in text.channels}
    missing = set(text.channels) - set(chosen)
    if missing:
        names = ", ".join(sorted(missing))
        raise ConflictError(f"{names} needs no correction any more; look again")
    if not chosen:
        raise InputError("it goes to no channel; choose one first", field="channels")
    entry = current.entry
    zone = ZoneInfo(entry.calendar.timezone)
    local = at.astimezone(zone)
    content = correction_content(text, local, key=_free_key(session, entry, local))
    week = IsoWeek.of(local.date())
    made = create_entry(session, entry.calendar, week, content, by=by, now=now)
    for one in chosen.values():
        _decide(session, current, one, made.id, by=by, now=now)
    approve(session, made, by=by, now=now, windows=windows)
    return made


def dismiss(session: Session, offer: Offer, *, by: str, now: datetime, windows: Windows) -> int:
    """Note that a person wants no correction; what of one is not out yet is withdrawn.

    Return the number of channels that are left as they are. Raises ConflictError as `correct`.
    """
    current = _again(session, offer, now)
    for pending in current.pending:
        _withdraw(session, pending.delivery.entry_id, by=by, now=now, windows=windows)
    current = _again(session, current, now)
    for one in current.outdated:
        _decide(session, current, one, None, by=by, now=now)
    return len(current.outdated)


def _withdraw(
    session: Session, correction_id: int, *, by: str, now: datetime, windows: Windows
) -> None:
    entry = load_entry(session, correction_id, deleted=True)
    if entry.status is EntryStatus.CANCELLED or entry.deleted_at is not None:
        return
    entry.status = EntryStatus.CANCELLED
    entry.rev += 1
    entry.changed_by, entry.updated_at = by, now
    session.flush()
    plan_deliveries(session, entry, now=now, windows=windows)
    session.expire_all()


def _again(session: Session, offer: Offer, now: datetime) -> Offer:
    """Return the offer as it stands now; ConflictError where it is about another change."""
    current = offer_of(session, offer.entry.id, now)
    if current is None or current.sequence != offer.sequence:
        raise ConflictError("the livestream was changed once more; look at the correction again")
    return current


def _decide(
    session: Session,
    offer: Offer,
    one: Outdated,
    correction_id: int | None,
    *,
    by: str,
    now: datetime,
) -> None:
    """Write a decision down, once for a change and channel; ConflictError where there is one."""
    place = {"entry_id": offer.entry.id, "channel_id": one.channel_id, "sequence": offer.sequence}
    said = {
        "correction_id": correction_id,
        "facts": replace(one.present, link="", state="").to_json(),
        "decided_by": by,
        "decided_at": now,
    }
    row = session.scalar(select(Correction).filter_by(**place))
    if row is None:
        session.add(Correction(**place, **said))
        session.flush()
        return
    # The one before it was cancelled or lost; whoever replaces it first has replaced it.
    replaced = session.execute(
        update(Correction)
        .where(Correction.id == row.id, Correction.decided_at == row.decided_at)
        .where(Correction.correction_id.is_not_distinct_from(row.correction_id))
        .values(**said)
        .returning(Correction.id)
        .execution_options(synchronize_session=False)
    )
    if replaced.first() is None:
        raise ConflictError("somebody else has corrected it meanwhile; look again")


def correction_content(text: CorrectionText, local: datetime, *, key: str = "fix") -> EntryContent:
    """Return the entry that a correction is, due at a *local* time of the calendar's zone."""
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
    """Return a key that says what it corrects; a second one of the week is numbered."""
    week = str(IsoWeek.of(local.date()))
    begin = f"fix-{entry.key}"[:56]
    query = select(Entry.key).where(
        Entry.calendar_id == entry.calendar_id, Entry.week == week, Entry.key.startswith(begin)
    )
    taken = set(session.scalars(query))
    names = [begin, *(f"{begin}-{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)
