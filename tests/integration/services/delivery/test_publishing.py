"""The path from a due to a settled delivery, for all results of a call and losses of a worker."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from contentsvc.channels import Accepted, HandOff, Receipt
from contentsvc.db.models import Attempt, ChannelRow
from contentsvc.domain.deliveries import DeliveryStatus, Outcome
from contentsvc.errors import (
    ChannelAuthError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TemporaryError,
)
from contentsvc.services.calendar_settings import get_calendar
from contentsvc.services.channel_setup.channels import resume_channel
from contentsvc.services.deliveries import Resolution, plan_again, resolve_delivery
from contentsvc.services.delivery.publishing import Publisher
from tests.acceptance.running import PATIENCE, until
from tests.factories import USEFULNESS, make_channel, make_entry
from tests.integration.services.delivery.engine_world import Engine

S = DeliveryStatus


def attempts(engine: Engine) -> list[tuple[str, Outcome | None]]:
    """Return the action and outcome of each attempt."""
    with engine.runtime.database.read() as session:
        rows = session.scalars(select(Attempt).order_by(Attempt.id))
        return [(row.action, row.outcome) for row in rows]


def test_a_post_goes_out_when_it_is_due_and_not_before(engine: Engine) -> None:
    """A post is claimed a millisecond before it is due, and sent once when it is due."""
    channel = engine.script("scripted")
    engine.plan()
    engine.due()
    engine.clock.turn(milliseconds=-1)
    engine.turn()
    for lane, claims in engine.take():
        batch = engine.publisher.submit(lane, claims)
    assert not batch.wait_ended(1)
    assert engine.delivery().status is S.CLAIMED
    assert channel.calls == []

    engine.clock.turn(milliseconds=1)
    until("it is out", lambda: engine.delivery().status is S.PUBLISHED)

    delivery = engine.delivery()
    assert channel.calls == [(delivery.key, "冬季护肤小贴士")]
    assert delivery.receipt == {"id": delivery.key, "url": None}
    assert attempts(engine) == [("publish", Outcome.PUBLISHED)]


def test_the_dispatcher_sleeps_until_shortly_before_the_next_instant(engine: Engine) -> None:
    """The dispatcher wakes 0.25 seconds before the next due time."""
    engine.script("scripted")
    engine.plan()
    engine.due()
    engine.clock.turn(seconds=-1.5)

    assert engine.turn() == pytest.approx(1.25)
    assert engine.delivery().status is S.SCHEDULED


def test_what_is_due_within_a_second_is_claimed_ahead(engine: Engine) -> None:
    """Deliveries that are due within a second are claimed in one turn and one batch."""
    engine.script("scripted")
    engine.plan()
    engine.due()
    engine.clock.turn(seconds=-0.9)
    engine.turn()

    assert [len(claims) for _, claims in engine.take()] == [1]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (TemporaryError("busy"), Outcome.TEMPORARY),
        (RateLimitedError("slowly", retry_after=30), Outcome.RATE_LIMITED),
    ],
)
def test_what_was_not_published_is_tried_again(
    engine: Engine, error: Exception, outcome: Outcome
) -> None:
    """After a temporary failure the post is sent again with its key, after the requested wait."""
    channel = engine.script("scripted")
    channel.script += [error]
    engine.plan()
    engine.due()
    failed_at = engine.clock.at
    engine.work()
    waiting = engine.delivery()
    assert waiting.status is S.RETRYING
    assert waiting.next_at >= failed_at + timedelta(seconds=getattr(error, "retry_after", 0) or 5)

    engine.due()
    engine.work()

    delivery = engine.delivery()
    assert delivery.status is S.PUBLISHED
    assert [key for key, _ in channel.calls] == [delivery.key] * 2
    assert attempts(engine) == [("publish", outcome), ("publish", Outcome.PUBLISHED)]


def test_retries_end_with_the_usefulness_window(engine: Engine) -> None:
    """If all attempts of a useful post fail, it fails with the platform's message."""
    channel = engine.script("scripted")
    channel.script += [TemporaryError("busy")] * 50
    engine.plan()
    engine.due()
    while engine.delivery().status in {S.SCHEDULED, S.RETRYING}:
        engine.due()
        engine.work()

    delivery = engine.delivery()
    assert delivery.status is S.FAILED
    assert str(delivery.error) == "busy"
    assert engine.clock.at <= delivery.useful_until


def test_a_refused_post_fails_with_the_platforms_words(engine: Engine) -> None:
    """A post that the platform refuses is not sent again."""
    channel = engine.script("scripted")
    channel.script += [RejectedError("含有敏感词")]
    engine.plan()
    engine.due()
    engine.settle(30)

    assert engine.delivery().status is S.FAILED
    assert str(engine.delivery().error) == "含有敏感词"
    assert len(channel.calls) == 1


def test_refused_credentials_pause_the_channel_and_its_deliveries_wait(engine: Engine) -> None:
    """Refused credentials pause the channel; its post is sent once the channel is resumed."""
    channel = engine.script("scripted")
    channel.script += [ChannelAuthError("invalid key")]
    engine.plan()
    engine.due()
    engine.settle(30)
    with engine.runtime.database.read() as session:
        paused = session.scalars(select(ChannelRow)).one()
    assert paused.paused_at is not None
    assert str(paused.paused_reason) == "invalid key"
    assert engine.delivery().status is S.RETRYING
    assert len(channel.calls) == 1

    with engine.runtime.database.write() as session:
        resume_channel(session, "there", now=engine.clock.at)
    engine.settle(5)

    assert engine.delivery().status is S.PUBLISHED


@pytest.mark.parametrize("error", [OutcomeUnknownError("cut off"), RuntimeError("a bug")])
def test_an_unknown_outcome_is_never_blindly_sent_again(engine: Engine, error: Exception) -> None:
    """On a channel that is neither idempotent nor findable, a person settles an unknown outcome."""
    channel = engine.script("scripted")
    channel.script += [error]
    engine.plan()
    engine.due()
    engine.settle(30)
    engine.clock.turn(hours=3)
    engine.settle(5)

    assert engine.delivery().status is S.UNKNOWN
    assert len(channel.calls) == 1


def test_an_idempotent_channel_gets_the_same_key_again(engine: Engine) -> None:
    """On an idempotent channel, sending the same key again settles an unknown outcome."""
    channel = engine.script("scripted_idempotent")
    channel.script += [OutcomeUnknownError("cut off")]
    engine.plan("scripted_idempotent")
    engine.due()
    engine.settle(30)

    delivery = engine.delivery()
    assert delivery.status is S.PUBLISHED
    assert not delivery.in_doubt
    assert [key for key, _ in channel.calls] == [delivery.key] * 2


def test_what_may_be_out_is_never_called_failed(engine: Engine) -> None:
    """A delivery in doubt does not become failed if the platform refuses a later attempt."""
    channel = engine.script("scripted_idempotent")
    channel.script += [OutcomeUnknownError("cut off"), RejectedError("no more")]
    engine.plan("scripted_idempotent")
    engine.due()
    engine.work()
    channel.script += [RejectedError("no more")] * 20
    engine.settle(30)

    assert engine.delivery().status is S.UNKNOWN
    assert engine.delivery().in_doubt


def test_what_may_be_out_is_never_called_missed(engine: Engine) -> None:
    """A delivery in doubt that is too late becomes unknown instead of missed."""
    channel = engine.script("scripted_idempotent")
    channel.script += [OutcomeUnknownError("cut off"), *[TemporaryError("busy")] * 20]
    engine.plan("scripted_idempotent")
    engine.due()
    engine.settle(20)
    assert engine.delivery().status is S.RETRYING

    engine.clock.turn(hours=3)
    engine.settle(5)

    assert engine.delivery().status is S.UNKNOWN


def test_a_channel_that_can_be_asked_is_asked(engine: Engine) -> None:
    """A post that the platform finds is recorded as published and not sent again."""
    channel = engine.script("scripted_findable")
    channel.script += [OutcomeUnknownError("cut off")]
    channel.found += [Receipt(id="42", url="https://there.example/42")]
    engine.plan("scripted_findable")
    engine.due()
    engine.settle(60)

    delivery = engine.delivery()
    assert delivery.status is S.PUBLISHED
    assert delivery.receipt == {"id": "42", "url": "https://there.example/42"}
    assert len(channel.calls) == 1
    assert ("find", Outcome.PUBLISHED) in attempts(engine)


def test_what_is_not_there_is_sent_again(engine: Engine) -> None:
    """A post that the platform does not find is sent again with the same key."""
    channel = engine.script("scripted_findable")
    channel.script += [OutcomeUnknownError("cut off")]
    channel.found += [TemporaryError("busy"), None]
    engine.plan("scripted_findable")
    engine.due()
    engine.settle(200)

    assert engine.delivery().status is S.PUBLISHED
    assert len(channel.calls) == 2


def test_an_accepted_post_is_asked_about_until_it_is_out(engine: Engine) -> None:
    """An accepted post is checked until the platform reports it as published."""
    channel = engine.script("scripted")
    receipt = Receipt(id="7")
    channel.script += [Accepted("token", poll_after=5), Accepted("token"), receipt]
    engine.plan()
    engine.due()
    engine.settle(200)

    assert engine.delivery().status is S.PUBLISHED
    assert attempts(engine)[0] == ("publish", Outcome.ACCEPTED)
    assert attempts(engine)[-1] == ("poll", Outcome.PUBLISHED)


def test_a_handed_off_delivery_waits_for_a_person(engine: Engine) -> None:
    """A person finishes a handed-off delivery and gives its address."""
    channel = engine.script("scripted")
    channel.script += [HandOff({"zh": "请手动发布", "en": "Post it"}, url="https://there.example")]
    engine.plan()
    engine.due()
    engine.settle(10)
    assert engine.delivery().status is S.HANDED_OFF

    with engine.runtime.database.write() as session:
        resolve_delivery(
            session,
            engine.delivery().id,
            Resolution.OUT,
            url="https://there.example/1",
            by="mei",
            now=engine.clock.at,
            usefulness=USEFULNESS,
        )

    delivery = engine.delivery()
    assert delivery.status is S.PUBLISHED
    assert delivery.receipt == {"id": "", "url": "https://there.example/1", "by": "mei"}


def test_a_call_that_never_comes_back_is_unknown(engine: Engine) -> None:
    """A call that hangs beyond its deadline has an unknown outcome."""
    channel = engine.script("scripted")
    forever = threading.Event()
    channel.script += [lambda: forever.wait(PATIENCE)]
    engine.plan()
    config = replace(engine.runtime.config, call_timeout=timedelta(seconds=0.05))
    engine.publisher = Publisher(replace(engine.runtime, config=config), "host:2")
    engine.due()
    engine.work()

    assert engine.delivery().status is S.UNKNOWN
    forever.set()


def test_a_hanging_channel_holds_up_no_other(engine: Engine) -> None:
    """While all 16 calls of a channel hang, another channel's posts are published.

    The hanging calls are still under way afterwards, so nothing has waited for them.
    """
    hanging = engine.script("scripted")
    quick = engine.script("scripted_idempotent")
    forever = threading.Event()
    hanging.script += [lambda: forever.wait(PATIENCE)] * 20
    engine.plan()
    make_channel(engine.runtime, "quick", "scripted_idempotent")
    with engine.runtime.database.read() as session:
        calendar = get_calendar(session, "baby-benefits")
    for number in range(19):
        make_entry(engine.runtime, calendar, key=f"wed-{number}")
    make_entry(engine.runtime, calendar, key="quick", channels=("quick",))
    engine.turn()
    engine.due()
    engine.begin_work()

    def statuses() -> Counter[DeliveryStatus]:
        return Counter(row.status for row in engine.deliveries())

    # Sixteen calls hang; the others are claimed again later.
    apart = {S.SENDING: 16, S.SCHEDULED: 4, S.PUBLISHED: 1}
    until("the others are apart", lambda: statuses() == apart)
    assert len(quick.calls) == 1
    forever.set()


def test_a_worker_lost_before_the_call_costs_only_time(engine: Engine) -> None:
    """If a worker dies before the call, another sends the post once after the lease."""
    channel = engine.script("scripted")
    engine.plan()
    engine.due()
    engine.turn()
    assert engine.delivery().status is S.CLAIMED
    list(engine.take())

    engine.lease_out()
    engine.settle(5)

    assert engine.delivery().status is S.PUBLISHED
    assert len(channel.calls) == 1


def test_a_worker_lost_in_the_call_leaves_an_unknown_outcome(engine: Engine) -> None:
    """If a worker dies during the call, its intent prevents that the post is sent again."""
    channel = engine.script("scripted")
    killed = threading.Event()
    channel.script += [lambda: killed.wait(PATIENCE)]
    engine.plan()
    engine.due()
    engine.turn()
    for lane, claims in engine.take():
        engine.publisher.submit(lane, claims)
    until("the call has begun", lambda: engine.delivery().status is S.SENDING)
    # From here on the worker counts as dead: its result comes too late to be recorded.

    engine.lease_out()
    engine.settle(5)
    assert engine.delivery().status is S.UNKNOWN
    killed.set()
    engine.publisher.close()

    assert engine.delivery().status is S.UNKNOWN
    assert len(channel.calls) == 1
    assert attempts(engine)[0] == ("publish", Outcome.UNKNOWN)


def test_a_worker_that_wakes_up_late_still_brings_its_receipt(engine: Engine) -> None:
    """A late receipt changes a delivery from unknown to published."""
    channel = engine.script("scripted")

    def slow() -> Receipt:
        engine.lease_out()
        engine.turn()
        assert engine.delivery().status is S.UNKNOWN
        return Receipt(id="late")

    channel.script += [slow]
    engine.plan()
    engine.due()
    engine.work()

    assert engine.delivery().status is S.PUBLISHED
    assert len(channel.calls) == 1


def test_an_old_claim_sends_nothing(engine: Engine) -> None:
    """A worker whose delivery was claimed again meanwhile sends nothing, since its fence is old."""
    channel = engine.script("scripted")
    engine.plan()
    engine.due()
    engine.turn()
    old = list(engine.take())
    engine.lease_out()
    engine.settle(3)
    for lane, claims in old:
        engine.publish(lane, claims)

    assert len(channel.calls) == 1


def test_a_claim_without_time_for_a_call_is_given_back(engine: Engine) -> None:
    """A claim is released if the rest of its lease is too short for a call."""
    channel = engine.script("scripted")
    engine.plan()
    engine.due()
    engine.turn()
    engine.clock.turn(seconds=engine.runtime.config.lease.total_seconds() - 1)
    for lane, claims in engine.take():
        engine.publish(lane, claims)

    assert channel.calls == []
    assert engine.delivery().status is S.SCHEDULED


def test_what_is_too_late_is_missed_and_can_be_planned_again(engine: Engine) -> None:
    """A post that is too late is missed, not sent; a person can plan it again."""
    channel = engine.script("scripted")
    engine.plan()
    engine.due()
    engine.clock.turn(hours=2, seconds=1)
    engine.settle(3)
    assert engine.delivery().status is S.MISSED
    assert channel.calls == []

    with engine.runtime.database.write() as session:
        plan_again(
            session, engine.delivery().id, by="mei", now=engine.clock.at, usefulness=USEFULNESS
        )
    engine.settle(3)

    assert engine.delivery().status is S.PUBLISHED


def test_a_post_still_useful_after_an_outage_goes_out(engine: Engine) -> None:
    """A post that is an hour late is sent, since posts are useful for two hours."""
    engine.script("scripted")
    engine.plan()
    engine.due()
    engine.clock.turn(hours=1)
    engine.settle(3)

    assert engine.delivery().status is S.PUBLISHED


def test_a_queue_that_is_away_holds_nothing_up_for_ever(engine: Engine) -> None:
    """If the queue is down, due deliveries are scheduled again and sent after the outage."""
    channel = engine.script("scripted")
    engine.plan()
    engine.queue.is_down = True
    engine.due()
    engine.turn()
    assert engine.delivery().status is S.SCHEDULED

    engine.queue.is_down = False
    engine.settle(5)

    assert engine.delivery().status is S.PUBLISHED
    assert len(channel.calls) == 1


def test_a_batch_is_sent_side_by_side_and_in_full(engine: Engine) -> None:
    """Fifty posts that are due together are sent by fifty calls."""
    channel = engine.script("scripted")
    engine.plan()
    with engine.runtime.database.read() as session:
        calendar = get_calendar(session, "baby-benefits")
    for number in range(49):
        make_entry(engine.runtime, calendar, key=f"wed-{number}")
    for _ in range(5):
        engine.turn()
    engine.due()
    engine.work()

    assert len({key for key, _ in channel.calls}) == len(channel.calls) == 50
    assert {row.status for row in engine.deliveries()} == {S.PUBLISHED}
