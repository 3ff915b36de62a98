"""Reconciling: handling of expired claims, late deliveries, and unknown results."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, true, update
from sqlalchemy.orm import Session

from contentsvc.channels import Channel
from contentsvc.channels.hosting import Registry, supports
from contentsvc.config import Config
from contentsvc.db.models import Attempt, ChannelRow, Delivery
from contentsvc.domain.deliveries import (
    MOST_ATTEMPTS,
    Actor,
    DeliveryStatus,
    Outcome,
)
from contentsvc.messages import Message
from contentsvc.services.delivery.moves import is_approved, move
from contentsvc.services.delivery.tasks import time_to_resend
from contentsvc.services.ports import Claim

__all__ = ["expire_polls", "follow_ups", "lanes_of", "miss_late", "reap", "withdraw"]

_S = DeliveryStatus
#: Most deliveries of one status that are claimed in one turn to ask the platform about them.
_MOST = 50
#: The SQL condition of `Delivery.may_be_out`.
_MAY_BE_OUT: ColumnElement[bool] = Delivery.in_doubt | (Delivery.parts_out > 0)
_SILENT = Message("attempt-worker-lost")
_LATE = Message("delivery-too-late")
_NEVER_PUBLISHED = Message("delivery-never-published")
_NOT_APPROVED = Message("delivery-approval-changed")


def reap(session: Session, now: datetime, config: Config) -> None:
    """End claims whose lease has expired. A claim is a worker's reservation of a delivery.

    A claimed delivery is scheduled again, since nothing was sent. A delivery that was being sent
    becomes unknown, since it may be out. A lease that ends more than two lease durations from now
    was granted before the clock was set back; it is cut to one lease duration.
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
    move(
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
    silent = move(
        session,
        _S.SENDING,
        _S.UNKNOWN,
        Actor.REAPER,
        Delivery.lease_until < now,
        lease_until=None,
        in_doubt=True,
        # A lease expires early if the clock was set while no dispatcher ran. After this time even a
        # call that has only just begun has ended.
        next_at=now + config.call_timeout,
        error=_SILENT,
        updated_at=now,
    )
    if silent:
        session.execute(
            update(Attempt)
            .where(Attempt.delivery_id.in_(silent), Attempt.finished_at.is_(None))
            .values(finished_at=now, outcome=Outcome.UNKNOWN, message=_SILENT)
        )


def miss_late(session: Session, now: datetime) -> None:
    """Give the status `missed` to waiting deliveries that are too late to be useful.

    A delivery that may be out, at least in part, becomes unknown instead.
    """
    for before in (_S.PLANNED, _S.SCHEDULED, _S.RETRYING):
        move(
            session,
            before,
            _S.MISSED,
            Actor.DISPATCHER,
            Delivery.next_at <= now,
            Delivery.useful_until < now,
            ~_MAY_BE_OUT,
            error=_LATE,
            lease_until=None,
            updated_at=now,
        )
    for before in (_S.SCHEDULED, _S.RETRYING):
        move(
            session,
            before,
            _S.UNKNOWN,
            Actor.DISPATCHER,
            Delivery.next_at <= now,
            Delivery.useful_until < now,
            _MAY_BE_OUT,
            lease_until=None,
            updated_at=now,
        )


def withdraw(session: Session, delivery_ids: Sequence[int], now: datetime) -> set[int]:
    """Cancel claimed deliveries whose approval is no longer valid; return their ids.

    This happens if a person withdraws the entry during an attempt after which the delivery is
    retried. A delivery that may be out, at least in part, becomes unknown instead.
    """
    unwanted = set(
        session.scalars(select(Delivery.id).where(Delivery.id.in_(delivery_ids), ~is_approved()))
    )
    for after, may_be_out in (
        (_S.CANCELLED, ~_MAY_BE_OUT),
        (_S.UNKNOWN, _MAY_BE_OUT),
    ):
        if unwanted:
            move(
                session,
                _S.CLAIMED,
                after,
                Actor.PLANNER,
                Delivery.id.in_(unwanted),
                may_be_out,
                fence=Delivery.fence + 1,
                lease_until=None,
                claimed_by=None,
                error=_NOT_APPROVED,
                updated_at=now,
            )
    return unwanted


def expire_polls(session: Session, now: datetime) -> None:
    """Give the status `unknown` to deliveries that were accepted but not published in time.

    The time is the channel's `poll_for`. A poll under way may still bring the receipt.
    """
    move(
        session,
        _S.ACCEPTED,
        _S.UNKNOWN,
        Actor.DISPATCHER,
        Delivery.poll_until <= now,
        in_doubt=True,
        next_at=now,
        follow_ups=0,
        error=_NEVER_PUBLISHED,
        updated_at=now,
    )


def follow_ups(
    session: Session, registry: Registry, now: datetime, config: Config, name: str
) -> list[tuple[str, Claim]]:
    """Claim unresolved deliveries for workers to look up; return pairs of channel type and claim.

    These are deliveries with the status `unknown` or `accepted`.

    Workers search for an unknown delivery if its channel type can find posts. If it cannot, but is
    idempotent, the delivery is scheduled for another attempt with the same key while it is useful
    and the platform remembers the key. On all other channels a person decides.
    """
    kinds = registry.channel_types().values()
    askable = [kind.type for kind in kinds if supports(kind, "find")]
    for kind in kinds:
        if kind.idempotent_for is not None and not supports(kind, "find"):
            _resend(session, kind, now, config)
    known = [kind.type for kind in kinds]
    again_at = now + config.lease
    return [
        *_claim_to_ask(session, _S.UNKNOWN, askable, now=now, again_at=again_at, name=name),
        *_claim_to_ask(session, _S.ACCEPTED, known, now=now, again_at=again_at, name=name),
    ]


def _resend(session: Session, kind: type[Channel], now: datetime, config: Config) -> None:
    """Schedule another attempt for deliveries with unknown results on channels of the type *kind*.

    The type is idempotent: publishing twice with the same key makes one post. A post that the
    platform has accepted is not sent again, because the platform may still publish it.
    """
    remembered = []
    if kind.idempotent_for is not None and kind.idempotent_for < timedelta.max:
        oldest = now + time_to_resend(config) - kind.idempotent_for
        remembered = [Delivery.first_sent_at >= oldest]
    move(
        session,
        _S.UNKNOWN,
        _S.RETRYING,
        Actor.DISPATCHER,
        Delivery.channel_id.in_(select(ChannelRow.id).where(ChannelRow.type == kind.type)),
        Delivery.next_at <= now,
        Delivery.useful_until >= now,
        Delivery.attempt_count < MOST_ATTEMPTS,
        Delivery.poll_until.is_(None),
        Delivery.in_doubt.is_(True),
        Delivery.rendition_hash.is_not(None),
        # A withdrawn entry is not sent again just to find out whether it was sent before.
        is_approved(),
        *remembered,
        fence=Delivery.fence + 1,
        next_at=now,
        updated_at=now,
    )


def _claim_to_ask(
    session: Session,
    status: DeliveryStatus,
    types: list[str],
    *,
    now: datetime,
    again_at: datetime,
    name: str,
) -> list[tuple[str, Claim]]:
    """Claim deliveries in *status* for workers to look up; return pairs of channel type and claim.

    The status does not change. The deliveries are claimed again after *again_at*, in case the
    worker dies.
    """
    free = (
        select(Delivery.id)
        .join(ChannelRow)
        .where(
            Delivery.status == status,
            # A delivery that is out in part, and is not in doubt, only waits for a person.
            Delivery.in_doubt if status is _S.UNKNOWN else true(),
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
        .values(fence=Delivery.fence + 1, claimed_by=name, next_at=again_at, updated_at=now)
        .returning(Delivery.id, Delivery.fence, Delivery.channel_id)
        .execution_options(synchronize_session=False)
    ).all()
    lanes = lanes_of(session, {row.channel_id for row in taken})
    return [(lanes[row.channel_id], Claim(row.id, row.fence)) for row in taken]


def lanes_of(session: Session, channel_ids: set[int]) -> dict[int, str]:
    """Return the types of channels by channel id. Types are the lanes that separate jobs."""
    if not channel_ids:
        return {}
    query = select(ChannelRow.id, ChannelRow.type).where(ChannelRow.id.in_(channel_ids))
    return dict(session.execute(query).all())
