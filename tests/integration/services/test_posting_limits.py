"""Quiet hours, quotas, rate windows, the red switch and a clock that is set."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contentsvc.channels import Rate, Receipt
from contentsvc.db.models import Entry
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.quotas import QuietHours, Quota
from contentsvc.domain.weeks import Weekday
from contentsvc.errors import RateLimitedError
from contentsvc.services.calendar_settings import get_calendar
from contentsvc.services.delivery.clockwatch import ClockWatch
from contentsvc.services.rendering.renderer import Renderer
from contentsvc.services.switch import pause_all, paused, resume_all
from tests.acceptance.running import PATIENCE
from tests.factories import (
    SHANGHAI,
    WEEK,
    MemoryRates,
    change_calendar,
    make_calendar,
    make_channel,
    make_content,
    make_entry,
)
from tests.integration.services.delivery.engine_world import Engine

S = DeliveryStatus


def pace(engine: Engine, **pacing: Any) -> None:
    """Give the calendar quiet hours or quotas."""
    with engine.runtime.database.read() as session:
        calendar = get_calendar(session, "baby-benefits")
    change_calendar(engine.runtime, calendar, **pacing)


def more(engine: Engine, count: int, **said: Any) -> None:
    """Approve further entries for the same evening, and have them rendered."""
    with engine.runtime.database.read() as session:
        calendar = get_calendar(session, "baby-benefits")
    for number in range(count):
        make_entry(engine.runtime, calendar, **{"key": f"wed-{number}", **said})
    engine.turn()


def statuses(engine: Engine) -> list[S]:
    """Return the status of every delivery, by its time."""
    return [row.status for row in engine.deliveries()]


def test_quiet_hours_hold_a_delivery_until_they_end(engine: Engine) -> None:
    """A post of 20:00 waits for 21:00, and says why."""
    channel = engine.script("scripted")
    engine.plan()
    pace(engine, quiet=QuietHours.parse("19:30-21:00"))
    engine.due()
    engine.settle(10)
    held = engine.delivery()
    assert (held.status, channel.calls) == (S.SCHEDULED, [])
    assert "19:30-21:00" in str(held.error)
    assert held.next_at == datetime(2026, 11, 25, 13, tzinfo=UTC)

    engine.due()
    engine.settle(3)

    assert engine.delivery().status is S.PUBLISHED


def test_what_quiet_hours_would_make_too_late_is_missed(engine: Engine) -> None:
    """It is not sent in the morning, and the reason stands beside it."""
    channel = engine.script("scripted")
    engine.plan()
    pace(engine, quiet=QuietHours.parse("19:30-08:00"))
    engine.due()
    engine.settle(10)

    assert (engine.delivery().status, channel.calls) == (S.MISSED, [])
    assert "quiet hours" in str(engine.delivery().error)


def test_a_quota_lets_so_many_through_a_day(engine: Engine) -> None:
    """Three of five go out, in their order; the others are too late tomorrow."""
    channel = engine.script("scripted")
    engine.plan()
    more(engine, 4)
    pace(engine, quotas={"there": Quota(day=3)})
    engine.due()
    engine.settle(10)

    assert len(channel.calls) == 3
    assert sorted(statuses(engine)) == [S.MISSED] * 2 + [S.PUBLISHED] * 3
    missed = [row for row in engine.deliveries() if row.status is S.MISSED]
    assert {str(row.error) for row in missed} == {"held by the quota of 3 a day"}


def test_a_failed_delivery_takes_no_place_of_the_quota(engine: Engine) -> None:
    """Only what is out, or may be, counts."""
    channel = engine.script("scripted")
    engine.plan()
    more(engine, 1, slot="晚间", key="wed-late")
    pace(engine, quotas={"there": Quota(month=1)})
    channel.script += [RateLimitedError("slowly", retry_after=1)]
    engine.due()
    engine.settle(60)

    assert sorted(statuses(engine)) == [S.MISSED, S.PUBLISHED]


def test_quotas_and_quiet_hours_are_warned_of_while_planning(engine: Engine) -> None:
    """The preview tells both beside the time."""
    engine.script("scripted")
    engine.plan()
    pace(engine, quiet=QuietHours.parse("19:30-21:00"), quotas={"there": Quota(day=1)})
    with engine.runtime.database.read() as session:
        calendar = get_calendar(session, "baby-benefits")
    preview = Renderer(engine.runtime).preview

    (second,) = preview(calendar, WEEK, make_content(key="second"))
    (itself,) = preview(calendar, WEEK, make_content())

    words = [str(warning.message) for warning in second.warnings if warning.field == "time"]
    assert words == [
        "20:00 is within the quiet hours 19:30-21:00",
        "it would be number 2 in that day; the quota is 1",
    ]
    assert len([warning for warning in itself.warnings if warning.field == "time"]) == 1


def by_hand(engine: Engine, platform: str, count: int) -> None:
    """Approve so many posts for one evening that a person puts out on a platform."""
    make_channel(engine.runtime, "there", "folder", platform=platform)
    make_calendar(engine.runtime, "there")
    more(engine, count)


def test_a_platforms_rule_holds_the_fifth_in_a_month(engine: Engine) -> None:
    """A service account may send four; the fifth is told of the rule with its date."""
    by_hand(engine, "wechat-service", 5)
    engine.due()
    engine.settle(10)

    assert sorted(statuses(engine)) == [S.MISSED] + [S.PUBLISHED] * 4
    (missed,) = [row for row in engine.deliveries() if row.status is S.MISSED]
    assert str(missed.error) == (
        "held by the rule of 2026-11-21 for WeChat Official Account (service), mass send: 4 a month"
    )


def test_a_platforms_rule_is_warned_of_while_planning(engine: Engine) -> None:
    """The fourth is let be, the fifth is told of the rule with its date."""
    by_hand(engine, "wechat-service", 3)
    with engine.runtime.database.read() as session:
        calendar = get_calendar(session, "baby-benefits")

    (fourth,) = engine.renderer.preview(calendar, WEEK, make_content(key="next"))
    more(engine, 1, key="fourth")
    (fifth,) = engine.renderer.preview(calendar, WEEK, make_content(key="next"))

    assert [warning for warning in fourth.warnings if warning.field == "time"] == []
    (told,) = [str(warning.message) for warning in fifth.warnings if warning.field == "time"]
    assert told == (
        "it would be number 5 in that month; "
        "the rule of 2026-11-21 for WeChat Official Account (service), mass send is 4"
    )


def test_a_calendars_own_quota_goes_before_the_platforms(engine: Engine) -> None:
    """Also an empty one, by which nothing is limited; neither is told as the platform's rule."""
    by_hand(engine, "wechat-service", 6)
    pace(engine, quotas={"there": Quota(month=5)})
    with engine.runtime.database.read() as session:
        calendar = get_calendar(session, "baby-benefits")
    (told,) = engine.renderer.preview(calendar, WEEK, make_content(key="next"))
    pace(engine, quotas={"there": Quota()})
    with engine.runtime.database.read() as session:
        calendar = get_calendar(session, "baby-benefits")
    (free,) = engine.renderer.preview(calendar, WEEK, make_content(key="next"))
    engine.due()
    engine.settle(10)

    assert [str(warning.message) for warning in told.warnings if warning.field == "time"] == [
        "it would be number 7 in that month; the quota is 5"
    ]
    assert [warning for warning in free.warnings if warning.field == "time"] == []
    assert statuses(engine) == [S.PUBLISHED] * 6


def test_a_plugin_that_cannot_tell_its_quota_still_publishes(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its fault is written to the log and holds up nothing else."""
    channel = engine.script("scripted")
    monkeypatch.setattr(channel, "quota", property(lambda channel: channel.no_such_thing))
    engine.plan()
    engine.due()
    engine.settle(5)

    assert engine.delivery().status is S.PUBLISHED
    assert "failed to tell its quota" in caplog.text


def test_rate_windows_send_in_due_order(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """What finds the account's window full waits as long as the window says."""
    channel = engine.script("scripted")
    monkeypatch.setattr(channel, "rates", (Rate(20, 60),))
    assert isinstance(engine.runtime.rates, MemoryRates)
    engine.plan()
    engine.runtime.rates.waits["scripted:there"] = 30
    engine.due()
    engine.work()
    assert engine.delivery().status is S.SCHEDULED
    assert engine.delivery().next_at == engine.clock.at + timedelta(seconds=30)

    engine.runtime.rates.waits.clear()
    engine.due()
    engine.work()

    assert engine.delivery().status is S.PUBLISHED
    assert engine.runtime.rates.taken == ["scripted:there"]


def test_a_platform_that_asks_to_wait_blocks_the_account(engine: Engine) -> None:
    """For all workers, not for this delivery alone."""
    channel = engine.script("scripted")
    channel.script += [RateLimitedError("slowly", retry_after=42)]
    assert isinstance(engine.runtime.rates, MemoryRates)
    engine.plan()
    engine.due()
    engine.work()

    assert engine.runtime.rates.blocked == {"scripted:there": 42}


def test_the_red_switch_holds_everything(engine: Engine) -> None:
    """Also what was claimed already; turned back, it goes out."""
    channel = engine.script("scripted")
    engine.plan()
    engine.due()
    engine.turn()
    with engine.runtime.database.write() as session:
        pause_all(session, reason="wrong price", by="lan", now=engine.clock.at)
    for lane, claims in engine.take():
        engine.publish(lane, claims)
    engine.settle(20)
    assert (engine.delivery().status, channel.calls) == (S.SCHEDULED, [])
    with engine.runtime.database.read() as session:
        switch = paused(session)
        assert switch is not None
        assert (switch.reason, switch.set_by) == ("wrong price", "lan")

    with engine.runtime.database.write() as session:
        resume_all(session, now=engine.clock.at)
    engine.settle(5)

    assert engine.delivery().status is S.PUBLISHED


def test_a_clock_set_forward_breaks_no_call_off(engine: Engine) -> None:
    """The lease seems to have run out, but the call is in the middle of its time."""
    ticks = [0.0]
    channel = engine.script("scripted_findable")
    under_way = threading.Event()
    ended = threading.Event()

    def call() -> Receipt:
        under_way.set()
        ended.wait(PATIENCE)
        return Receipt("1")

    channel.script += [call]
    engine.plan("scripted_findable")
    engine.dispatcher._clock = ClockWatch(engine.runtime.config.lease, lambda: ticks[0])
    engine.due()
    engine.begin_work()
    assert under_way.wait(PATIENCE)
    engine.clock.turn(hours=1)
    ticks[0] += 2
    engine.turn()
    assert engine.delivery().status is S.SENDING

    ended.set()
    engine.publisher.close()

    assert engine.delivery().status is S.PUBLISHED
    assert len(channel.calls) == 1


def test_a_lease_does_not_outlast_a_clock_set_back(engine: Engine) -> None:
    """The worker was lost; an hour back on the clock must not hold its claim for an hour."""
    channel = engine.script("scripted")
    engine.plan()
    engine.clock.turn(days=2)
    with engine.runtime.database.read() as session:
        calendar = get_calendar(session, "baby-benefits")
    make_entry(engine.runtime, calendar, now=engine.clock.at, key="sat", day=Weekday.SAT)
    engine.settle(3)
    engine.clock.at = datetime(2026, 11, 28, 20, tzinfo=SHANGHAI).astimezone(UTC)
    engine.turn()
    list(engine.take())
    engine.clock.turn(hours=-1)
    engine.settle(engine.runtime.config.lease.total_seconds() + 10)
    engine.clock.turn(hours=1)
    engine.settle(5)

    assert channel.calls
    assert S.PUBLISHED in statuses(engine)


def test_what_a_person_sends_in_quiet_hours_goes_out(engine: Engine) -> None:
    """An entry with that choice is not held, and the others still are."""
    channel = engine.script("scripted")
    entry = engine.plan()
    pace(engine, quiet=QuietHours.parse("19:30-21:00"))
    more(engine, 1)
    with engine.runtime.database.write() as session:
        session.get_one(Entry, entry.id).despite_quiet = True
    engine.due()
    engine.settle(10)

    assert len(channel.calls) == 1
    assert {row.entry_id: row.status for row in engine.deliveries()}[entry.id] is S.PUBLISHED
    assert sorted(statuses(engine)) == [S.PUBLISHED, S.SCHEDULED]
