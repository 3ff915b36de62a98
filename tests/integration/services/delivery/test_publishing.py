"""From due to settled: every way a call can end, and every way a worker can be lost."""

from __future__ import annotations

import threading
import time
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
from tests.acceptance.running import until
from tests.factories import USEFULNESS, make_channel, make_entry
from tests.integration.services.delivery.engine_world import Engine

S = DeliveryStatus


def attempts(engine: Engine) -> list[tuple[str, Outcome | None]]:
    """Return the action and outcome of every attempt."""
    with engine.runtime.database.read() as session:
        rows = session.scalars(select(Attempt).order_by(Attempt.id))
        return [(row.action, row.outcome) for row in rows]


def test_a_post_goes_out_when_it_is_due_and_not_before(engine: Engine) -> None:
    """A millisecond early it is claimed and nothing is sent; at the instant it goes out once."""
    channel = engine.script("scripted")
    engine.plan()
    engine.due()
    engine.clock.turn(milliseconds=-1)
    engine.turn()
    for lane, claims in engine.take():
        engine.publisher.publish_batch(lane, claims)
    assert engine.delivery().status is S.CLAIMED
    assert channel.calls == []

    engine.clock.turn(milliseconds=1)
    until("it is out", lambda: engine.delivery().status is S.PUBLISHED)

    delivery = engine.delivery()
    assert channel.calls == [(delivery.key, "冬季护肤小贴士")]
    assert delivery.receipt == {"id": delivery.key, "url": None}
    assert attempts(engine) == [("publish", Outcome.PUBLISHED)]


def test_the_dispatcher_sleeps_until_shortly_before_the_next_instant(engine: Engine) -> None:
    """It wakes a quarter of a second before the time, so that a worker has it ready by then."""
    engine.script("scripted")
    engine.plan()
    engine.due()
    engine.clock.turn(seconds=-1.5)

    assert engine.turn() == pytest.approx(1.25)
    assert engine.delivery().status is S.SCHEDULED


def test_what_is_due_within_a_second_is_claimed_ahead(engine: Engine) -> None:
    """What follows closely takes one turn and one batch, not one each."""
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
    """After a temporary failure the same key goes out again, no sooner than was asked."""
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
    """A post that keeps failing fails before its window has gone, with the platform's words."""
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
    """Refused content is not sent a second time."""
    channel = engine.script("scripted")
    channel.script += [RejectedError("含有敏感词")]
    engine.plan()
    engine.due()
    engine.settle(30)

    assert engine.delivery().status is S.FAILED
    assert str(engine.delivery().error) == "含有敏感词"
    assert len(channel.calls) == 1


def test_refused_credentials_pause_the_channel_and_its_deliveries_wait(engine: Engine) -> None:
    """Once the channel is reconnected the waiting post goes out."""
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
        resume_channel(session, "there")
    engine.settle(5)

    assert engine.delivery().status is S.PUBLISHED


@pytest.mark.parametrize("error", [OutcomeUnknownError("cut off"), RuntimeError("a bug")])
def test_an_unknown_outcome_is_never_blindly_sent_again(engine: Engine, error: Exception) -> None:
    """A channel that is neither idempotent nor can be asked leaves it to a person."""
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
    """The unknown outcome is settled by sending the same key."""
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
    """A refusal of the second try does not unsay that the first may have been published."""
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
    """When the time goes by while it is in doubt, a person is told that it may be out."""
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
    """Found there, the receipt is noted and nothing is sent again."""
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
    """Not found there, the same key is sent once more."""
    channel = engine.script("scripted_findable")
    channel.script += [OutcomeUnknownError("cut off")]
    channel.found += [TemporaryError("busy"), None]
    engine.plan("scripted_findable")
    engine.due()
    engine.settle(200)

    assert engine.delivery().status is S.PUBLISHED
    assert len(channel.calls) == 2


def test_an_accepted_post_is_asked_about_until_it_is_out(engine: Engine) -> None:
    """The platform's later answer settles it."""
    channel = engine.script("scripted")
    receipt = Receipt(id="7")
    channel.script += [Accepted("token", poll_after=5), Accepted("token"), receipt]
    engine.plan()
    engine.due()
    engine.settle(200)

    assert engine.delivery().status is S.PUBLISHED
    assert attempts(engine)[0] == ("publish", Outcome.ACCEPTED)
    assert attempts(engine)[-1] == ("check", Outcome.PUBLISHED)


def test_a_handed_off_delivery_waits_for_a_person(engine: Engine) -> None:
    """The person's word and link finish it."""
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
    """The deadline of the whole call holds for a plugin that hangs."""
    channel = engine.script("scripted")
    forever = threading.Event()
    channel.script += [lambda: forever.wait(20)]
    engine.plan()
    config = replace(engine.runtime.config, call_timeout=timedelta(seconds=0.05))
    engine.publisher = Publisher(replace(engine.runtime, config=config), "host:2")
    engine.due()
    engine.work()
    deadline = time.monotonic() + 10
    while engine.delivery().status is S.SENDING and time.monotonic() < deadline:
        time.sleep(0.05)

    assert engine.delivery().status is S.UNKNOWN
    forever.set()


def test_a_hanging_channel_holds_up_no_other(engine: Engine) -> None:
    """While a channel's calls hang in all of its places, another channel's posts go out."""
    hanging = engine.script("scripted")
    quick = engine.script("scripted_idempotent")
    forever = threading.Event()
    hanging.script += [lambda: forever.wait(20)] * 20
    engine.plan()
    make_channel(engine.runtime, "quick", "scripted_idempotent")
    with engine.runtime.database.read() as session:
        calendar = get_calendar(session, "baby-benefits")
    for number in range(19):
        make_entry(engine.runtime, calendar, key=f"wed-{number}")
    make_entry(engine.runtime, calendar, key="quick", channels=("quick",))
    engine.turn()
    engine.due()
    began = time.monotonic()
    engine.work()

    assert len(quick.calls) == 1
    assert time.monotonic() - began < 10
    statuses = [row.status for row in engine.deliveries()]
    # Sixteen hang; those that found no place wait for another claim.
    assert (statuses.count(S.SENDING), statuses.count(S.SCHEDULED)) == (16, 4)
    assert statuses.count(S.PUBLISHED) == 1
    forever.set()


def test_a_worker_lost_before_the_call_costs_only_time(engine: Engine) -> None:
    """Its claim runs out, and another sends it once."""
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
    """The intent was durable, so nobody takes it for unsent."""
    channel = engine.script("scripted")
    killed = threading.Event()
    channel.script += [lambda: killed.wait(20)]
    engine.plan()
    engine.due()
    engine.turn()
    for lane, claims in engine.take():
        engine.publisher.publish_batch(lane, claims)
    # From here on it is as if the worker were no more: its answer comes too late to be written.
    assert engine.delivery().status is S.SENDING

    engine.lease_out()
    engine.settle(5)
    assert engine.delivery().status is S.UNKNOWN
    killed.set()
    engine.publisher.close()

    assert engine.delivery().status is S.UNKNOWN
    assert len(channel.calls) == 1
    assert attempts(engine)[0] == ("publish", Outcome.UNKNOWN)


def test_a_worker_that_wakes_up_late_still_brings_its_receipt(engine: Engine) -> None:
    """What the reaper called unknown becomes published by the late receipt."""
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
    """A worker that wakes after its claim was given to another finds its fence too old."""
    channel = engine.script("scripted")
    engine.plan()
    engine.due()
    engine.turn()
    old = list(engine.take())
    engine.lease_out()
    engine.settle(3)
    for lane, claims in old:
        engine.publisher.publish_batch(lane, claims)

    assert len(channel.calls) == 1


def test_a_claim_without_time_for_a_call_is_given_back(engine: Engine) -> None:
    """A batch that waited in the queue almost until its lease ran out is not begun."""
    channel = engine.script("scripted")
    engine.plan()
    engine.due()
    engine.turn()
    engine.clock.turn(seconds=engine.runtime.config.lease.total_seconds() - 1)
    for lane, claims in engine.take():
        engine.publisher.publish_batch(lane, claims)

    assert channel.calls == []
    assert engine.delivery().status is S.SCHEDULED


def test_what_is_too_late_is_missed_and_can_be_planned_again(engine: Engine) -> None:
    """After a long outage the post is not sent by itself; a person may send it now."""
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
    """An hour late is within a post's two hours."""
    engine.script("scripted")
    engine.plan()
    engine.due()
    engine.clock.turn(hours=1)
    engine.settle(3)

    assert engine.delivery().status is S.PUBLISHED


def test_a_queue_that_is_away_holds_nothing_up_for_ever(engine: Engine) -> None:
    """Due deliveries go back to waiting and go out when the queue is there again."""
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
    """Fifty posts due together are fifty calls, each once."""
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
