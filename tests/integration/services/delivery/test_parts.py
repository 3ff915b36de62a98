"""Posts that a channel publishes as several messages, one after the other."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from contentsvc.channels import Accepted, HandOff, Receipt
from contentsvc.db.models import Attempt, Delivery, DeliveryPart, Entry
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.errors import (
    ChannelAuthError,
    ConflictError,
    OutcomeUnknownError,
    RejectedError,
    TemporaryError,
)
from contentsvc.services import entries
from contentsvc.services.channel_setup.channels import resume_channel
from contentsvc.services.deliveries import Resolution, resolve_delivery
from tests.factories import USEFULNESS
from tests.integration.services.delivery.engine_world import Engine

S = DeliveryStatus
#: A body of three messages; the title is the first of four.
BODY = "第一段\n\n第二段\n\n第三段"


def plan(engine: Engine, *script: Any) -> Any:
    """Plan a post of four parts; return the channel, whose calls return *script* in order."""
    channel = engine.script("scripted_parts")
    channel.script += script
    engine.plan("scripted_parts", title="标题", body=BODY)
    return channel


def publish(engine: Engine, *script: Any, seconds: float = 60) -> Any:
    """Plan a post of four parts and let it be published for some seconds; return the channel."""
    channel = plan(engine, *script)
    engine.due()
    engine.settle(seconds)
    return channel


def parts(engine: Engine) -> list[DeliveryPart]:
    """Return the parts of the only delivery."""
    with engine.runtime.database.read() as session:
        return list(session.scalars(select(DeliveryPart).order_by(DeliveryPart.number)))


def attempts(engine: Engine) -> list[tuple[int, int, str]]:
    """Return part, number and action of each attempt."""
    with engine.runtime.database.read() as session:
        rows = session.scalars(select(Attempt).order_by(Attempt.id))
        return [(row.part, row.number, row.action) for row in rows]


def decide(engine: Engine, resolution: Resolution, url: str | None = None) -> None:
    """Settle the delivery as a person does."""
    with engine.runtime.database.write() as session:
        resolve_delivery(
            session,
            engine.delivery().id,
            resolution,
            url=url,
            by="mei",
            now=engine.clock.at,
            usefulness=USEFULNESS,
        )


def texts(channel: Any) -> list[str]:
    """Return the texts of the calls to publish."""
    return [text for _, text in channel.calls]


def test_each_part_follows_the_one_before(engine: Engine) -> None:
    """Each part has its own key, attempt and receipt, and gets the receipt of the one before."""
    receipts = [Receipt(f"m{number}", f"https://there.example/{number}") for number in range(1, 5)]
    channel = publish(engine, *receipts)

    delivery = engine.delivery()
    assert delivery.status is S.PUBLISHED
    assert (delivery.parts_out, delivery.part_count) == (4, 4)
    assert texts(channel) == ["标题", "第一段", "第二段", "第三段"]
    assert len({key for key, _ in channel.calls}) == 4
    assert channel.calls[0][0] == delivery.key
    assert [after.id if after else None for after in channel.afters] == [None, "m1", "m2", "m3"]
    assert [part.receipt and part.receipt["id"] for part in parts(engine)] == [
        "m1",
        "m2",
        "m3",
        "m4",
    ]
    # The receipt of the post is that of its first part.
    assert delivery.receipt == {"id": "m1", "url": "https://there.example/1"}
    assert attempts(engine) == [(number, 1, "publish") for number in range(1, 5)]
    # The dispatcher is woken for each part that follows, not only when it polls the database.
    assert engine.queue.woken >= 3


def test_a_retried_part_keeps_its_key(engine: Engine) -> None:
    """A part that was not published is sent again with its own key; the others are not."""
    channel = publish(engine, Receipt("m1"), TemporaryError("busy"), TemporaryError("busy"))

    assert engine.delivery().status is S.PUBLISHED
    assert texts(channel) == ["标题", "第一段", "第一段", "第一段", "第二段", "第三段"]
    assert len({key for key, _ in channel.calls}) == 4
    assert [number for part, number, _ in attempts(engine) if part == 2] == [1, 2, 3]


def test_a_part_in_doubt_is_searched_and_the_rest_follows(engine: Engine) -> None:
    """If the platform finds the part, the next one is published with its receipt."""
    channel = plan(engine, Receipt("m1"), OutcomeUnknownError("cut off"))
    channel.found += [Receipt("m2")]
    engine.due()
    engine.settle(120)

    assert engine.delivery().status is S.PUBLISHED
    assert texts(channel) == ["标题", "第一段", "第二段", "第三段"]
    assert [after.id if after else None for after in channel.afters][2] == "m2"


def test_a_part_that_is_missing_is_sent_again(engine: Engine) -> None:
    """If the platform does not have the part, it is sent again, and only it."""
    channel = plan(engine, Receipt("m1"), OutcomeUnknownError("cut off"))
    channel.found += [None]
    engine.due()
    engine.settle(120)

    assert engine.delivery().status is S.PUBLISHED
    assert texts(channel) == ["标题", "第一段", "第一段", "第二段", "第三段"]


def test_an_unknown_part_stops_the_rest(engine: Engine) -> None:
    """While the outcome of a part is unknown, no other part is sent."""
    channel = plan(engine, Receipt("m1"), OutcomeUnknownError("cut off"))
    channel.found += [TemporaryError("busy")] * 99
    engine.due()
    engine.settle(600)

    delivery = engine.delivery()
    assert delivery.status is S.UNKNOWN
    assert delivery.in_doubt
    assert delivery.parts_out == 1
    assert texts(channel) == ["标题", "第一段"]


@pytest.mark.parametrize(
    ("error", "in_doubt"),
    [(RejectedError("含有敏感词"), False), (OutcomeUnknownError("cut off"), True)],
)
def test_a_person_publishes_the_rest(engine: Engine, error: Exception, *, in_doubt: bool) -> None:
    """After "send again" the part that was stopped and the rest go out."""
    channel = plan(engine, Receipt("m1"), error)
    channel.found += [TemporaryError("busy")] * 99
    engine.due()
    engine.settle(60)
    assert engine.delivery().status is S.UNKNOWN
    assert engine.delivery().in_doubt is in_doubt
    assert str(engine.delivery().error) in {"含有敏感词", "cut off"}

    decide(engine, Resolution.SEND_AGAIN)
    engine.settle(60)

    assert engine.delivery().status is S.PUBLISHED
    assert texts(channel) == ["标题", "第一段", "第一段", "第二段", "第三段"]


def test_a_person_says_that_the_part_is_out(engine: Engine) -> None:
    """After "it is out" the rest goes out, and not the part."""
    channel = plan(engine, Receipt("m1"), OutcomeUnknownError("cut off"))
    channel.found += [TemporaryError("busy")] * 99
    engine.due()
    engine.settle(60)

    decide(engine, Resolution.OUT, "https://there.example/2")
    engine.settle(60)

    assert engine.delivery().status is S.PUBLISHED
    assert texts(channel) == ["标题", "第一段", "第二段", "第三段"]
    assert parts(engine)[1].receipt == {"id": "", "url": "https://there.example/2", "by": "mei"}
    # The platform's id of the part is not known, so the next one cannot refer to it.
    assert channel.afters[2] is None


def test_a_decision_about_an_earlier_part_is_refused(engine: Engine) -> None:
    """A page that was opened before the part was settled does not settle the next one."""
    publish(engine, Receipt("m1"), Receipt("m2"), RejectedError("no"))

    with pytest.raises(ConflictError), engine.runtime.database.write() as session:
        resolve_delivery(
            session,
            engine.delivery().id,
            Resolution.OUT,
            part=2,
            by="mei",
            now=engine.clock.at,
            usefulness=USEFULNESS,
        )

    assert engine.delivery().status is S.UNKNOWN
    assert engine.delivery().parts_out == 2


def test_a_person_drops_the_rest(engine: Engine) -> None:
    """After "drop the rest" the delivery is published with the parts that are out."""
    channel = publish(engine, Receipt("m1"), Receipt("m2"), RejectedError("no"))
    assert engine.delivery().status is S.UNKNOWN

    decide(engine, Resolution.DROP)
    engine.settle(60)

    delivery = engine.delivery()
    assert delivery.status is S.PUBLISHED
    assert (delivery.parts_out, delivery.part_count) == (2, 4)
    assert delivery.receipt == {"id": "m1", "url": None}
    assert delivery.error.code == "delivery-rest-dropped"
    assert texts(channel) == ["标题", "第一段", "第二段"]


def test_nothing_is_out_if_the_first_part_is_refused(engine: Engine) -> None:
    """A post whose first part the platform refuses fails as any other."""
    publish(engine, RejectedError("no"))

    assert engine.delivery().status is S.FAILED


def test_refused_credentials_hold_the_rest_until_a_person_acts(engine: Engine) -> None:
    """The channel is paused; after it is resumed, the rest goes out."""
    channel = publish(engine, Receipt("m1"), ChannelAuthError("expired"))
    assert engine.delivery().status is S.RETRYING
    assert len(channel.calls) == 2

    with engine.runtime.database.write() as session:
        resume_channel(session, "there", now=engine.clock.at)
    engine.settle(60)

    assert engine.delivery().status is S.PUBLISHED
    assert texts(channel) == ["标题", "第一段", "第一段", "第二段", "第三段"]


def test_a_part_may_be_accepted_and_polled(engine: Engine) -> None:
    """A part begins when the platform has published the one before."""
    script = [Receipt("m1"), Accepted("t", poll_after=5), Accepted("t2", poll_after=5)]
    channel = publish(engine, *script, Receipt("m2"), seconds=90)

    assert engine.delivery().status is S.PUBLISHED
    assert texts(channel) == ["标题", "第一段", "第二段", "第三段"]
    assert [token for token, *_ in channel.polls] == ["t", "t2"]
    assert channel.polls[0][2] == channel.calls[1][0]
    assert [after.id if after else None for after in channel.afters][2] == "m2"


def test_a_part_may_be_left_to_a_person(engine: Engine) -> None:
    """After the person has confirmed the part, the service publishes the rest."""
    channel = publish(engine, Receipt("m1"), HandOff({"zh": "请手动", "en": "By hand"}))
    assert engine.delivery().status is S.HANDED_OFF

    decide(engine, Resolution.OUT)
    engine.settle(60)

    assert engine.delivery().status is S.PUBLISHED
    assert texts(channel) == ["标题", "第一段", "第二段", "第三段"]


def test_a_withdrawn_post_stops_between_its_parts(engine: Engine) -> None:
    """If a person cancels the entry meanwhile, a person decides about what is out already."""
    channel = plan(engine, Receipt("m1"), TemporaryError("busy", retry_after=60))
    engine.due()
    engine.settle(10)
    with engine.runtime.database.write() as session:
        entry = session.scalars(select(Entry)).one()
        entries.cancel_entry(
            session, entry.id, entry.rev, by="mei", now=engine.clock.at, usefulness=USEFULNESS
        )
    engine.settle(120)

    assert engine.delivery().status is S.UNKNOWN
    assert len(channel.calls) == 2


def test_a_post_that_is_held_up_between_its_parts_is_not_missed(engine: Engine) -> None:
    """If it becomes too late for the rest, a person decides: a part is out already."""
    channel = plan(engine, Receipt("m1"), TemporaryError("busy", retry_after=60))
    engine.due()
    engine.settle(10)
    engine.clock.turn(hours=5)
    engine.settle(10)

    assert engine.delivery().status is S.UNKNOWN
    assert len(channel.calls) == 2


def test_quiet_hours_and_quotas_count_the_post_once(engine: Engine) -> None:
    """The parts of one post are one post for the community; only rates count each of them."""
    channel = publish(engine)

    with engine.runtime.database.read() as session:
        rows = session.scalars(select(Delivery)).all()
    assert len(rows) == 1
    assert len(channel.calls) == 4


def test_a_lost_worker_leaves_the_next_part_to_be_sent(engine: Engine) -> None:
    """The intent of a part is its own: a lease that expires makes that part unknown."""
    channel = plan(engine, Receipt("m1"))
    engine.due()
    engine.work()
    assert engine.delivery().parts_out == 1
    engine.clock.turn(seconds=1)
    engine.turn()
    (batch,) = engine.take()
    assert engine.publisher.make_ready(batch[1])[0].part is not None
    # The worker dies before it writes the intent: the claim is scheduled again.
    engine.lease_out()
    engine.turn()
    engine.settle(30)

    assert engine.delivery().status is S.PUBLISHED
    assert texts(channel) == ["标题", "第一段", "第二段", "第三段"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "into 0 parts"),
        (["text"], "returned a list"),
        ("text", "returned a str"),
        (None, "returned a NoneType"),
        (ZeroDivisionError("x"), "ZeroDivisionError"),
    ],
)
def test_a_wrong_division_fails_with_words(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, given: Any, words: str
) -> None:
    """Nothing is sent if a channel divides a post into something else than renditions."""
    channel = engine.script("scripted_parts")

    def split(_self: object, _rendition: object) -> Any:
        if isinstance(given, Exception):
            raise given
        return given

    monkeypatch.setattr(channel, "split", split)
    engine.plan("scripted_parts")

    assert engine.delivery().status is S.FAILED
    assert words in str(engine.delivery().error)
