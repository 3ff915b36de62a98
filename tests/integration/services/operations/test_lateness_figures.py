"""Lateness: how long deliveries waited although nothing held them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.quotas import QuietHours
from contentsvc.services.calendar_settings import get_calendar
from contentsvc.services.channel_setup.channels import pause_channel, resume_channel
from contentsvc.services.operations.health import system_status
from contentsvc.services.operations.lateness_figures import measure_lateness, percentile
from contentsvc.services.switch import pause_all, resume_all
from tests.factories import change_calendar
from tests.integration.services.delivery.engine_world import Engine


def test_lateness_is_measured_to_the_durable_intent(engine: Engine) -> None:
    """Lateness is measured over the last hour, with median and maximum."""
    engine.script("scripted")
    engine.plan()
    engine.due()
    engine.clock.turn(seconds=0.25)
    engine.work()

    with engine.runtime.database.read() as session:
        seen = measure_lateness(session, engine.clock.at)
        status = system_status(engine.runtime, session, engine.clock.at)
        later = measure_lateness(session, engine.clock.at + timedelta(hours=2))

    assert (seen.count, seen.p50, seen.worst) == (1, 0.25, 0.25)
    assert status.lateness == seen
    assert later.count == 0


def _quiet(engine: Engine) -> None:
    with engine.runtime.database.read() as session:
        calendar = get_calendar(session, "baby-benefits")
    change_calendar(engine.runtime, calendar, quiet=QuietHours.parse("19:30-21:00"))


def _pause(engine: Engine) -> None:
    with engine.runtime.database.write() as session:
        pause_channel(session, "there", reason="holiday", now=engine.clock.at)


def _resume(engine: Engine) -> None:
    with engine.runtime.database.write() as session:
        resume_channel(session, "there", now=engine.clock.at)


def _pause_all(engine: Engine) -> None:
    with engine.runtime.database.write() as session:
        pause_all(session, reason="holiday", by="mei", now=engine.clock.at)


def _resume_all(engine: Engine) -> None:
    with engine.runtime.database.write() as session:
        resume_all(session, now=engine.clock.at)


def _nothing(_engine: Engine) -> None:
    pass


@pytest.mark.parametrize(
    ("hold", "release", "least", "most"),
    [
        (_quiet, _nothing, 0, 10),
        (_pause, _resume, 0, 10),
        (_pause_all, _resume_all, 0, 10),
        (_nothing, _nothing, 3600, 3610),
    ],
    ids=["quiet hours", "paused channel", "everything paused", "nothing held it"],
)
def test_a_hold_is_no_lateness(
    hold: Callable[[Engine], None],
    release: Callable[[Engine], None],
    least: float,
    most: float,
    engine: Engine,
) -> None:
    """A post that was held for an hour is not late; one that just was not sent is."""
    engine.script("scripted")
    engine.plan()
    hold(engine)
    engine.due()
    if hold is not _nothing:
        engine.settle(30)
    assert engine.delivery().status is DeliveryStatus.SCHEDULED

    engine.clock.turn(seconds=3600 - 30 * (hold is not _nothing))
    release(engine)
    engine.settle(30)

    assert engine.delivery().status is DeliveryStatus.PUBLISHED
    with engine.runtime.database.read() as session:
        seen = measure_lateness(session, engine.clock.at)
    assert seen.worst is not None
    assert least <= seen.worst <= most


@pytest.mark.parametrize(
    ("count", "p50", "p99"), [(1, 1, 1), (2, 1, 2), (3, 2, 3), (100, 50, 99), (101, 51, 100)]
)
def test_percentiles_are_values_that_were_measured(count: int, p50: float, p99: float) -> None:
    """The percentile of n values is the smallest that so large a share of them does not exceed."""
    ordered = [float(number) for number in range(1, count + 1)]

    assert (percentile(ordered, 0.5), percentile(ordered, 0.99)) == (p50, p99)
