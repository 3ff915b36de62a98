"""Retracting a published post: the attempt is recorded, whatever becomes of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from contentsvc.channels.hosting import load_plugins
from contentsvc.db.models import Attempt, Delivery, DeliveryPart, RenditionRow
from contentsvc.domain.deliveries import DeliveryStatus, Outcome
from contentsvc.errors import InputError
from contentsvc.services.deliveries import get_delivery
from contentsvc.services.retracting import can_take_back, take_back
from contentsvc.services.runtime import Runtime
from tests.factories import NOW, make_calendar, make_channel, make_entry

Publish = Callable[[str, str], tuple[Runtime, int]]
PLUGIN = """
from contentsvc.channels import (
    Channel, ChannelAuthError, OutcomeUnknownError, RateLimitedError, Receipt, RejectedError,
    TemporaryError, hookimpl,
)

api_version = 1
CALLS = []

class Eraser(Channel):
    type = "eraser"
    label = {{"zh": "可撤回", "en": "Eraser"}}

    def publish(self, rendition, *, key):
        return Receipt(id=key)

    def retract(self, receipt):
        {body}

class Keeper(Channel):
    type = "keeper"
    label = {{"zh": "不可撤回", "en": "Keeper"}}

    def publish(self, rendition, *, key):
        return Receipt(id=key)

@hookimpl
def register_channels():
    return [Eraser, Keeper]
"""


@pytest.fixture
def published(runtime: Runtime, tmp_path: Path) -> Publish:
    """Return a function that publishes a post on a channel whose `retract` has the given body."""

    def publish(body: str, kind: str = "eraser") -> tuple[Runtime, int]:
        (tmp_path / "eraser.py").write_text(PLUGIN.format(body=body), "utf-8")
        other = replace(runtime, registry=load_plugins([tmp_path], entry_points=False))
        make_channel(other, "wall", kind)
        make_entry(other, make_calendar(other, "wall"))
        with other.database.write() as session:
            values = {"status": DeliveryStatus.PUBLISHED, "receipt": {"id": "p-1", "url": None}}
            session.execute(update(Delivery).values(published_at=NOW, **values))
            return other, session.scalars(select(Delivery.id)).one()

    return publish


def attempts(runtime: Runtime, delivery_id: int) -> list[Attempt]:
    with runtime.database.read() as session:
        return get_delivery(session, delivery_id).attempts


def can(runtime: Runtime, delivery_id: int) -> bool:
    with runtime.database.read() as session:
        return can_take_back(runtime, get_delivery(session, delivery_id))


def test_a_retraction_is_recorded(
    published: Publish,
) -> None:
    """The delivery has the time of its retraction, and an attempt with the person."""
    runtime, delivery_id = published("assert receipt.id == 'p-1'", "eraser")
    assert can(runtime, delivery_id)

    take_back(runtime, delivery_id, by="mei")

    (attempt,) = attempts(runtime, delivery_id)
    assert (attempt.action, attempt.number, attempt.worker) == ("retract", 1, "mei")
    assert (attempt.started_at, attempt.finished_at) == (NOW, NOW)
    assert attempt.outcome is Outcome.ABSENT
    with runtime.database.read() as session:
        delivery = get_delivery(session, delivery_id)
        assert delivery.retracted_at == NOW
        assert delivery.status is DeliveryStatus.PUBLISHED
    assert not can(runtime, delivery_id)
    with pytest.raises(InputError, match="cannot retract"):
        take_back(runtime, delivery_id, by="mei")
    assert len(attempts(runtime, delivery_id)) == 1


@pytest.mark.parametrize(
    ("body", "outcome", "words"),
    [
        ("raise RejectedError('older than two minutes')", Outcome.REJECTED, "two minutes"),
        ("raise TemporaryError('try later')", Outcome.TEMPORARY, "try later"),
        ("raise RateLimitedError('slowly', retry_after=60)", Outcome.RATE_LIMITED, "slowly"),
        ("raise ChannelAuthError('revoked')", Outcome.AUTH, "revoked"),
        ("raise OutcomeUnknownError('cut off')", Outcome.UNKNOWN, "cut off"),
        ("return 1 / 0", Outcome.UNKNOWN, "ZeroDivisionError"),
        ("raise SystemExit(3)", Outcome.UNKNOWN, "SystemExit"),
        ("return receipt.no_such_value", Outcome.UNKNOWN, "no_such_value"),
    ],
)
def test_a_failure_is_recorded_and_told(
    published: Publish,
    body: str,
    outcome: Outcome,
    words: str,
) -> None:
    """The platform's words are in the attempt and in the error, and the post can be tried again."""
    runtime, delivery_id = published(body, "eraser")

    with pytest.raises(InputError, match=words):
        take_back(runtime, delivery_id, by="mei")
    with pytest.raises(InputError, match=words):
        take_back(runtime, delivery_id, by="wang")

    first, second = attempts(runtime, delivery_id)
    assert (first.outcome, second.outcome) == (outcome, outcome)
    assert words in str(first.message)
    assert (second.number, second.worker) == (2, "wang")
    assert can(runtime, delivery_id)


def test_an_interrupted_retraction_is_seen(
    published: Publish,
) -> None:
    """An attempt that the service did not finish becomes unknown with the next one."""
    runtime, delivery_id = published("raise RejectedError('no')", "eraser")
    with runtime.database.write() as session:
        session.add(
            Attempt(
                delivery_id=delivery_id,
                number=1,
                fence=0,
                action="retract",
                worker="mei",
                started_at=NOW,
            )
        )

    with pytest.raises(InputError):
        take_back(runtime, delivery_id, by="wang")

    first, second = attempts(runtime, delivery_id)
    assert first.outcome is Outcome.UNKNOWN
    assert "may be deleted" in str(first.message)
    assert second.number == 2


def test_a_channel_without_retraction_offers_none(
    published: Publish,
) -> None:
    """A post of a channel that does not define `retract` is left alone."""
    runtime, delivery_id = published("pass", "keeper")

    assert not can(runtime, delivery_id)
    with pytest.raises(InputError, match="cannot retract"):
        take_back(runtime, delivery_id, by="mei")
    assert attempts(runtime, delivery_id) == []


def test_a_missing_plugin_is_told(
    published: Publish,
) -> None:
    """If the plugin is not loaded, nothing is offered."""
    runtime, delivery_id = published("pass", "eraser")
    without = replace(runtime, registry=load_plugins([], entry_points=False))

    assert not can(without, delivery_id)


def test_a_post_of_several_parts_is_retracted_from_its_end(published: Publish) -> None:
    """Each part that is out is retracted, the last one first; a dropped part is not."""
    runtime, delivery_id = published("CALLS.append(receipt.id)", "eraser")
    with runtime.database.write() as session:
        rendition = RenditionRow(hash="h" * 64, document={}, created_at=NOW)
        session.add(rendition)
        session.flush()
        for number, receipt in enumerate([{"id": "p-1"}, {"id": "p-2"}, None], start=1):
            session.add(
                DeliveryPart(
                    delivery_id=delivery_id,
                    number=number,
                    rendition_hash=rendition.hash,
                    receipt=receipt,
                )
            )

    take_back(runtime, delivery_id, by="mei")

    module = sys.modules[runtime.registry.channel_type("eraser").__module__]
    assert module.CALLS == ["p-2", "p-1"]
