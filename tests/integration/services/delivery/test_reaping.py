"""The reaper ends expired claims; each row of the tables is one delivery and its lease."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from contentsvc.db.models import Attempt, Delivery
from contentsvc.domain.deliveries import DeliveryStatus, Outcome
from contentsvc.messages import Message
from contentsvc.services.delivery.reconciling import reap
from tests.integration.services.delivery.engine_world import Engine

S = DeliveryStatus
MOMENT = timedelta(milliseconds=1)


def _reap(engine: Engine, status: DeliveryStatus, lease_until: datetime) -> Delivery:
    """Set the engine's only delivery to *status* with a lease, reap, and return the delivery."""
    with engine.runtime.database.write() as session:
        values = {"status": status, "lease_until": lease_until, "claimed_by": "lost:1", "fence": 3}
        session.execute(update(Delivery).values(**values))
        reap(session, engine.clock.at, engine.runtime.config)
    return engine.delivery()


@pytest.mark.parametrize(
    ("status", "after"), [(S.CLAIMED, S.SCHEDULED), (S.SENDING, S.UNKNOWN), (S.PLANNED, S.PLANNED)]
)
@pytest.mark.parametrize(("left", "is_expired"), [(-MOMENT, True), (timedelta(0), False)])
def test_a_claim_ends_when_its_lease_has_expired(
    engine: Engine, status: DeliveryStatus, after: DeliveryStatus, left: timedelta, *,
    is_expired: bool,
) -> None:  # fmt: skip
    """A claim is valid until the last instant of its lease."""
    engine.plan()

    delivery = _reap(engine, status, engine.clock.at + left)

    assert delivery.status is (after if is_expired else status)


def test_an_expired_claim_gets_a_new_fence(engine: Engine) -> None:
    """A worker that still has the old fence can no longer send the delivery."""
    engine.plan()

    delivery = _reap(engine, S.CLAIMED, engine.clock.at - MOMENT)

    assert (delivery.fence, delivery.lease_until, delivery.claimed_by) == (4, None, None)


def test_a_lost_call_is_checked_after_the_call_timeout(engine: Engine) -> None:
    """The delivery is in doubt, and the first check waits until the call must have ended."""
    engine.plan()

    delivery = _reap(engine, S.SENDING, engine.clock.at - MOMENT)

    assert delivery.next_at == engine.clock.at + engine.runtime.config.call_timeout
    assert delivery.in_doubt
    assert delivery.lease_until is None


def test_a_lost_call_ends_its_own_attempt_only(engine: Engine) -> None:
    """The open attempt becomes unknown; finished attempts and other deliveries do not change."""
    entry = engine.plan()
    now, earlier = engine.clock.at, engine.clock.at - timedelta(hours=1)
    opened = {
        "delivery_id": engine.delivery().id,
        "fence": 3,
        "action": "publish",
        "worker": "lost:1",
        "started_at": earlier,
    }
    with engine.runtime.database.write() as session:
        ended = {"number": 1, "finished_at": earlier, "outcome": Outcome.TEMPORARY}
        session.execute(insert(Attempt).values(opened | ended))
        session.execute(insert(Attempt).values(opened | {"number": 2}))
        other = {"channel_id": 1, "notice": "-1h", "key": "other", "status": S.PUBLISHED}
        due = {"due_at": now, "next_at": now, "useful_until": now, "error": ""}
        stamps = {"created_at": now, "updated_at": now}
        counts = {"fence": 0, "attempt_count": 0, "in_doubt": False}
        query = insert(Delivery).values(entry_id=entry.id, **other, **due, **stamps, **counts)
        other_id = session.execute(query.returning(Delivery.id)).scalar_one()
        session.execute(insert(Attempt).values(opened | {"number": 3, "delivery_id": other_id}))

    with engine.runtime.database.write() as session:
        values = {"status": S.SENDING, "lease_until": now - MOMENT}
        mine = Delivery.id == opened["delivery_id"]
        session.execute(update(Delivery).where(mine).values(**values))
        reap(session, now, engine.runtime.config)

    with engine.runtime.database.read() as session:
        attempts = session.scalars(select(Attempt).order_by(Attempt.number)).all()
    assert [(attempt.outcome, attempt.finished_at) for attempt in attempts] == [
        (Outcome.TEMPORARY, earlier),
        (Outcome.UNKNOWN, now),
        (None, None),
    ]
    assert attempts[1].message == Message("attempt-worker-lost")


def test_a_lease_of_a_check_is_not_cut(engine: Engine) -> None:
    """Only leases for rendering and publishing are cut, not those for a check of the outcome."""
    engine.plan()
    lease_until = engine.clock.at + timedelta(days=1)

    assert _reap(engine, S.UNKNOWN, lease_until).lease_until == lease_until


@pytest.mark.parametrize("status", [S.PLANNED, S.CLAIMED, S.SENDING])
@pytest.mark.parametrize(
    ("excess", "is_cut"), [(MOMENT, True), (timedelta(0), False)], ids=["longer", "two leases"]
)
def test_a_lease_from_before_the_clock_was_set_back_is_cut(
    engine: Engine, status: DeliveryStatus, excess: timedelta, *, is_cut: bool
) -> None:
    """A lease that ends more than two leases from now ends after one lease instead."""
    engine.plan()
    now, lease = engine.clock.at, engine.runtime.config.lease

    delivery = _reap(engine, status, now + 2 * lease + excess)

    assert delivery.status is status
    assert delivery.lease_until == (now + lease if is_cut else now + 2 * lease)
