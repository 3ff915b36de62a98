"""Posts that a platform accepts first and publishes later, and keys that a platform forgets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

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
from contentsvc.services.channel_setup.channels import resume_channel
from contentsvc.services.deliveries import Resolution, resolve_delivery
from tests.acceptance.running import PATIENCE
from tests.factories import USEFULNESS
from tests.integration.services.delivery.engine_world import Engine

S = DeliveryStatus


def outcomes(engine: Engine, action: str) -> list[Outcome | None]:
    """Return the outcome of each call of *action*."""
    with engine.runtime.database.read() as session:
        rows = session.scalars(select(Attempt).where(Attempt.action == action).order_by(Attempt.id))
        return [row.outcome for row in rows]


def accept(engine: Engine, *then: object, kind: str = "scripted") -> Any:
    """Publish a post that the platform accepts; return the channel, whose polls return *then*."""
    channel = engine.script(kind)
    channel.script += [Accepted("first", poll_after=5), *then]
    engine.plan(kind)
    engine.due()
    engine.work()
    assert engine.delivery().status is S.ACCEPTED
    return channel


def test_a_newer_accepted_replaces_the_older(engine: Engine) -> None:
    """Each poll gets the newest token; every `poll_after` is obeyed."""
    newer = [Accepted("second", poll_after=120), Accepted("third", poll_after=600)]
    channel = accept(engine, *newer, Receipt("7"))
    key = engine.delivery().key

    engine.settle(10)
    assert channel.polls == [("first", 5, key)]
    engine.settle(100)
    assert len(channel.polls) == 1
    engine.settle(30)
    assert channel.polls[1:] == [("second", 120, key)]
    engine.settle(550)
    assert len(channel.polls) == 2
    engine.settle(70)

    assert channel.polls[2:] == [("third", 600, key)]
    assert engine.delivery().status is S.PUBLISHED
    assert engine.delivery().receipt == {"id": "7", "url": None}
    assert len(channel.calls) == 1


def test_refused_credentials_pause_the_channel_until_it_is_resumed(engine: Engine) -> None:
    """A poll that the platform refuses pauses the channel; polling goes on after a person acts."""
    channel = accept(engine, ChannelAuthError("token expired"), Receipt("7"))
    engine.settle(120)
    with engine.runtime.database.read() as session:
        paused = session.scalars(select(ChannelRow)).one()
    assert paused.paused_at is not None
    assert str(paused.paused_reason) == "token expired"
    assert engine.delivery().status is S.ACCEPTED
    assert len(channel.polls) == 1

    with engine.runtime.database.write() as session:
        resume_channel(session, "there", now=engine.clock.at)
    engine.settle(20)

    assert engine.delivery().status is S.PUBLISHED


def test_a_refused_post_fails_with_the_platforms_words(engine: Engine) -> None:
    """A platform may refuse a post after it has accepted it, for example after an audit."""
    accept(engine, RejectedError("审核未通过"))

    engine.settle(10)

    assert engine.delivery().status is S.FAILED
    assert str(engine.delivery().error) == "审核未通过"


def test_a_rate_limit_waits(engine: Engine) -> None:
    """A platform that asks for patience is polled after the time that it asked for."""
    channel = accept(engine, RateLimitedError("slowly", retry_after=300), Receipt("7"))

    engine.settle(250)
    assert len(channel.polls) == 1
    engine.settle(120)

    assert len(channel.polls) == 2
    assert engine.delivery().status is S.PUBLISHED


@pytest.mark.parametrize(
    "trouble", [TemporaryError("busy"), OutcomeUnknownError("cut off"), ZeroDivisionError(), "odd"]
)
def test_trouble_is_polled_through(engine: Engine, trouble: object) -> None:
    """An error that says nothing about the post leaves it accepted; its words are shown."""
    channel = accept(engine, *[trouble] * 3, Receipt("7"))
    engine.settle(10)
    assert engine.delivery().status is S.ACCEPTED
    assert str(engine.delivery().error)

    engine.settle(120)

    assert engine.delivery().status is S.PUBLISHED
    assert len(channel.polls) == 4
    assert str(engine.delivery().error) == ""


def test_a_platform_may_hand_the_post_to_a_person(engine: Engine) -> None:
    """A HandOff from `poll` is shown to a person as one from `publish` is."""
    accept(engine, HandOff({"zh": "请在后台确认", "en": "Confirm it"}, url="https://there.example"))

    engine.settle(10)

    delivery = engine.delivery()
    assert delivery.status is S.HANDED_OFF
    assert delivery.receipt is not None
    assert delivery.receipt["instructions"]["en"] == "Confirm it"


@pytest.mark.parametrize("kind", ["scripted", "scripted_idempotent"])
def test_polling_ends_and_a_person_decides(engine: Engine, kind: str) -> None:
    """A post that is not out in time becomes unknown; it is never sent again by itself."""
    accept(engine, *[Accepted("first", poll_after=3600)] * 99, kind=kind)
    engine.clock.turn(hours=23, minutes=58)
    engine.settle(10)
    assert engine.delivery().status is S.ACCEPTED
    engine.settle(180)

    delivery = engine.delivery()
    assert delivery.status is S.UNKNOWN
    assert delivery.in_doubt
    assert delivery.error.code == "delivery-never-published"
    engine.settle(60)
    assert len(engine.runtime.registry.channel_type(kind).calls) == 1  # type: ignore[attr-defined]

    with engine.runtime.database.write() as session:
        resolve_delivery(
            session,
            delivery.id,
            Resolution.OUT,
            by="mei",
            now=engine.clock.at,
            usefulness=USEFULNESS,
        )
    assert engine.delivery().status is S.PUBLISHED


def test_a_receipt_after_the_deadline_still_counts(engine: Engine) -> None:
    """A poll that was under way at the deadline brings its receipt."""
    accept(engine, Receipt("7"))
    engine.clock.turn(hours=23, minutes=59, seconds=59)
    engine.turn()
    (batch,) = engine.take()
    tasks = engine.publisher.make_ready(batch[1])
    engine.clock.turn(seconds=10)
    engine.turn()
    assert engine.delivery().status is S.UNKNOWN

    assert engine.publisher._sender.submit(tasks).wait_ended(PATIENCE)

    assert engine.delivery().status is S.PUBLISHED


def test_a_post_that_is_found_as_accepted_is_polled(engine: Engine) -> None:
    """`find` may return Accepted: the platform has the post and works on it."""
    channel = engine.script("scripted_findable")
    channel.script += [OutcomeUnknownError("cut off"), Receipt("7")]
    channel.found += [Accepted("found", poll_after=5)]
    engine.plan("scripted_findable")
    engine.due()
    engine.settle(60)

    assert engine.delivery().status is S.PUBLISHED
    assert outcomes(engine, "find") == [Outcome.ACCEPTED]
    assert [token for token, *_ in channel.polls] == ["found"]
    assert len(channel.calls) == 1


def test_a_search_that_hands_off_says_nothing(engine: Engine) -> None:
    """A HandOff is no answer of `find`; the delivery stays unknown and is asked about again."""
    channel = engine.script("scripted_findable")
    channel.script += [OutcomeUnknownError("cut off")]
    channel.found += [HandOff({"en": "no"}), Receipt("7")]
    engine.plan("scripted_findable")
    engine.due()
    engine.settle(90)

    assert outcomes(engine, "find") == [Outcome.UNKNOWN, Outcome.PUBLISHED]
    assert engine.delivery().status is S.PUBLISHED


def test_a_missing_post_that_was_accepted_is_not_sent_again(engine: Engine) -> None:
    """The platform has accepted it and may publish it later, whatever `find` returns now."""
    channel = accept(engine, *[Accepted("first", poll_after=86_400)] * 9, kind="scripted_findable")
    channel.found += [None] * 99
    engine.clock.turn(days=1)

    engine.settle(120)

    assert engine.delivery().status is S.UNKNOWN
    assert outcomes(engine, "find")
    assert len(channel.calls) == 1


def test_a_key_is_not_sent_again_after_the_platform_forgot_it(engine: Engine) -> None:
    """The channel's platform remembers keys for ten minutes; then a person decides."""
    channel = engine.script("scripted_forgetful")
    channel.script += [OutcomeUnknownError("cut off", retry_after=590)]
    engine.plan("scripted_forgetful")
    engine.due()
    engine.settle(1200)

    assert engine.delivery().status is S.UNKNOWN
    assert len(channel.calls) == 1


def test_a_retry_that_waits_too_long_is_not_made(engine: Engine) -> None:
    """A retry in doubt that could not be made while the key was remembered ends as unknown."""
    channel = engine.script("scripted_forgetful")
    channel.script += [OutcomeUnknownError("cut off"), TemporaryError("busy", retry_after=595)]
    engine.plan("scripted_forgetful")
    engine.due()
    engine.settle(1200)

    delivery = engine.delivery()
    assert delivery.status is S.UNKNOWN
    assert delivery.error.code == "delivery-key-forgotten"
    assert len(channel.calls) == 2


def test_a_remembered_key_is_sent_again(engine: Engine) -> None:
    """Within the ten minutes the same key is sent again, and makes one post."""
    channel = engine.script("scripted_forgetful")
    channel.script += [OutcomeUnknownError("cut off")]
    engine.plan("scripted_forgetful")
    engine.due()
    engine.settle(60)

    assert engine.delivery().status is S.PUBLISHED
    assert [key for key, _ in channel.calls] == [engine.delivery().key] * 2


def test_what_a_person_sends_again_begins_afresh(engine: Engine) -> None:
    """After a person has said that the post is not out, its key's time begins anew."""
    channel = engine.script("scripted_forgetful")
    channel.script += [OutcomeUnknownError("cut off", retry_after=590)]
    engine.plan("scripted_forgetful")
    engine.due()
    engine.settle(1200)
    assert engine.delivery().status is S.UNKNOWN
    channel.script[:] = [OutcomeUnknownError("cut off")]

    with engine.runtime.database.write() as session:
        resolve_delivery(
            session,
            engine.delivery().id,
            Resolution.SEND_AGAIN,
            by="mei",
            now=engine.clock.at,
            usefulness=USEFULNESS,
        )
    engine.settle(timedelta(minutes=5).total_seconds())

    assert engine.delivery().status is S.PUBLISHED
