"""Reconciling: leases that ran out, times that went by, outcomes that nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from contentsvc.channels import Registry
from contentsvc.config import Config
from contentsvc.db.models import Attempt, ChannelRow, Delivery, Entry
from contentsvc.domain.deliveries import Actor, DeliveryStatus, Outcome, check_move
from contentsvc.domain.entries import EntryStatus
from contentsvc.services.ports import Claim

__all__ = ["follow_ups", "lanes_of", "miss_late", "reap", "withdraw"]

_S = DeliveryStatus
#: Follow-ups handed out in one round.
_MOST = 50
#: How long the first look waits, so that a call still in flight has ended.
_SETTLE = timedelta(seconds=2)
_SILENT = "the worker went silent while it was being sent"
_LATE = "its time went by before it could be sent"
#: Attempts with an unknown outcome after which a person looks.
_ATTEMPTS = 8


def reap(session: Session, now: datetime, config: Config) -> None:
    """Take back what silent workers hold.

    An expired claim is scheduled again: nothing was sent. An expired call may have been
    published: its outcome is unknown. A lease of more than twice the usual one was given before the
    clock was set back, and is cut to a whole one.
    """
    lease = config.lease
    session.execute(
        update(Delivery)
        .where(
            Delivery.status.in_([_S.CLAIMED, _S.SENDING, _S.PLANNED]),
            Delivery.lease_until > now + 2 * lease,
        )
        .values(lease_until=now + lease)
        .execution_options(synchronize_session=False)
    )
    _move_all(
        session,
        _S.CLAIMED,
        _S.SCHEDULED,
        Actor.REAPER,
        Delivery.lease_until < now,
        fence=Delivery.fence + 1,
        lease_until=None,
        claimed_by=None,
        updated_at=now,
    )
    silent = _move_all(
        session,
        _S.SENDING,
        _S.UNKNOWN,
        Actor.REAPER,
        Delivery.lease_until < now,
        lease_until=None,
        in_doubt=True,
        # A clock that was set while no dispatcher ran makes a lease run out early: by then even a
        # call that has only just begun will have ended.
        next_at=now + config.call_timeout,
        error=_SILENT,
        updated_at=now,
    )
    if silent:
        session.execute(
            update(Attempt)
            .where(Attempt.delivery_id.in_(silent), Attempt.finished_at.is_(None))
            .values(finished_at=now, outcome=Outcome.UNKNOWN, words=_SILENT)
        )


def miss_late(session: Session, now: datetime) -> None:
    """Mark what is too late to be useful, and was certainly not sent, as missed."""
    for before in (_S.PLANNED, _S.SCHEDULED, _S.RETRYING):
        _move_all(
            session,
            before,
            _S.MISSED,
            Actor.DISPATCHER,
            Delivery.next_at <= now,
            Delivery.useful_until < now,
            Delivery.in_doubt.is_(False),
            error=_LATE,
            lease_until=None,
            updated_at=now,
        )
    for before in (_S.SCHEDULED, _S.RETRYING):
        _move_all(
            session,
            before,
            _S.UNKNOWN,
            Actor.DISPATCHER,
            Delivery.next_at <= now,
            Delivery.useful_until < now,
            Delivery.in_doubt.is_(True),
            lease_until=None,
            updated_at=now,
        )


def withdraw(session: Session, delivery_ids: Sequence[int], now: datetime) -> set[int]:
    """Let go what was claimed for an entry that nobody wants published any more; return those.

    It was withdrawn while an attempt was under way, which then published nothing, or nobody knows.
    """
    unwanted = set(
        session.scalars(select(Delivery.id).where(Delivery.id.in_(delivery_ids), ~_wanted()))
    )
    for after, in_doubt in ((_S.CANCELLED, False), (_S.UNKNOWN, True)):
        if unwanted:
            _move_all(
                session,
                _S.CLAIMED,
                after,
                Actor.PLANNER,
                Delivery.id.in_(unwanted),
                Delivery.in_doubt.is_(in_doubt),
                fence=Delivery.fence + 1,
                lease_until=None,
                claimed_by=None,
                updated_at=now,
            )
    return unwanted


def _wanted() -> ColumnElement[bool]:
    """Return what holds of a delivery whose entry is to be published."""
    return Delivery.entry_id.in_(
        select(Entry.id).where(Entry.status == EntryStatus.APPROVED, Entry.deleted_at.is_(None))
    )


def follow_ups(
    session: Session, registry: Registry, now: datetime, lease: timedelta, name: str
) -> list[tuple[str, Claim]]:
    """Bring unknown outcomes and accepted posts on; return what a worker must ask about.

    Where the channel can be asked, it is asked. Else, where the same key twice is one post, it is
    sent again with the same key while that is still useful. Else a person decides.
    """
    kinds = registry.channel_types().values()
    askable = [kind.type for kind in kinds if kind.can_find]
    idempotent = [kind.type for kind in kinds if kind.idempotent and not kind.can_find]
    _resend(session, idempotent, now)
    taken = {"claimed_by": name, "next_at": now + lease, "updated_at": now}
    return [
        *_ask_again(session, _S.UNKNOWN, askable, now, taken),
        *_ask_again(session, _S.ACCEPTED, [kind.type for kind in kinds], now, taken),
    ]


def _resend(session: Session, types: list[str], now: datetime) -> None:
    """Schedule unknown deliveries of idempotent channels again, with their own key."""
    _move_all(
        session,
        _S.UNKNOWN,
        _S.RETRYING,
        Actor.DISPATCHER,
        Delivery.channel_id.in_(select(ChannelRow.id).where(ChannelRow.type.in_(types))),
        Delivery.updated_at < now - _SETTLE,
        Delivery.useful_until >= now,
        Delivery.attempt_count < _ATTEMPTS,
        # What was withdrawn meanwhile is not sent to find out whether it had been sent.
        _wanted(),
        fence=Delivery.fence + 1,
        next_at=now,
        updated_at=now,
    )


def _ask_again(
    session: Session,
    status: DeliveryStatus,
    types: list[str],
    now: datetime,
    taken_values: dict[str, Any],
) -> list[tuple[str, Claim]]:
    """Take deliveries to ask about; the next time is a lease away, should the worker be lost."""
    free = (
        select(Delivery.id)
        .join(ChannelRow)
        .where(
            Delivery.status == status,
            Delivery.next_at <= now,
            ChannelRow.type.in_(types),
            ChannelRow.paused_at.is_(None),
        )
        .order_by(Delivery.next_at)
        .limit(_MOST)
        .with_for_update(skip_locked=True, of=Delivery)
    )
    taken = session.execute(
        update(Delivery)
        .where(Delivery.id.in_(free), Delivery.status == status)
        .values(fence=Delivery.fence + 1, **taken_values)
        .returning(Delivery.id, Delivery.fence, Delivery.channel_id)
        .execution_options(synchronize_session=False)
    ).all()
    lanes = lanes_of(session, {row.channel_id for row in taken})
    return [(lanes[row.channel_id], Claim(row.id, row.fence)) for row in taken]


def lanes_of(session: Session, channel_ids: set[int]) -> dict[int, str]:
    """Return the types of channels, by which deliveries are handed to workers together."""
    if not channel_ids:
        return {}
    query = select(ChannelRow.id, ChannelRow.type).where(ChannelRow.id.in_(channel_ids))
    return dict(session.execute(query).all())


def _move_all(
    session: Session,
    before: DeliveryStatus,
    after: DeliveryStatus,
    actor: Actor,
    *where: ColumnElement[bool],
    **values: Any,
) -> list[int]:
    """Move every delivery that fits, in one conditional UPDATE; return their ids."""
    check_move(before, after, actor)
    moved = session.execute(
        update(Delivery)
        .where(Delivery.status == before, *where)
        .values(status=after, **values)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return list(moved.scalars())
