"""Scenarios in which the real code makes each legal move of a delivery, one per move and actor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from contentsvc.channels import Accepted, HandOff, Receipt
from contentsvc.db.mapping import content_of
from contentsvc.db.session import Database
from contentsvc.domain.deliveries import MOVES, Actor, DeliveryStatus, check_move
from contentsvc.domain.entries import EntryKind, Livestream
from contentsvc.domain.weeks import Weekday
from contentsvc.errors import OutcomeUnknownError, RejectedError, RenderError, TemporaryError
from contentsvc.services import entries
from contentsvc.services.deliveries import Resolution, plan_again, resolve_delivery
from contentsvc.services.delivery import moves
from contentsvc.services.delivery.recording import intend
from contentsvc.services.delivery.restored import doubt_overdue
from contentsvc.services.planning import approve
from tests.factories import (
    USEFULNESS,
    WEEK,
    make_calendar,
    make_channel,
    make_entry,
    make_runtime,
)
from tests.integration.services.delivery.engine_world import Engine

S = DeliveryStatus
A = Actor
Move = tuple[DeliveryStatus, DeliveryStatus, Actor]
Scenario = Callable[[Engine], None]

BUSY = TemporaryError("busy")
CUT = OutcomeUnknownError("cut off")
#: A livestream on Thursday evening.
LIVESTREAM: dict[str, Any] = {
    "kind": EntryKind.LIVESTREAM,
    "day": Weekday.THU,
    "key": "thu-live",
    "livestream": Livestream(host="林晓", url="https://live.example.com/1"),
}

SCENARIOS: dict[Move, Scenario] = {}


def scenario(
    before: DeliveryStatus, after: DeliveryStatus, by: Actor
) -> Callable[[Scenario], Scenario]:
    """Register a function that makes the real code move a delivery from *before* to *after*."""

    def register(function: Scenario) -> Scenario:
        assert (before, after, by) not in SCENARIOS
        SCENARIOS[before, after, by] = function
        return function

    return register


# Steps that the scenarios share


def plan_unrendered(engine: Engine) -> None:
    """Approve an entry whose delivery is planned and not rendered."""
    engine.script("scripted")
    make_channel(engine.runtime, "there", "scripted")
    make_entry(engine.runtime, make_calendar(engine.runtime, "there"))


def schedule(engine: Engine, *script: Any, kind: str = "scripted") -> None:
    """Schedule a delivery on a channel whose next calls have the results in *script*."""
    engine.script(kind).script.extend(script)
    engine.plan(kind)


def claim(engine: Engine, *script: Any) -> None:
    """Let a dispatcher claim a due delivery."""
    schedule(engine, *script)
    engine.due()
    engine.turn()


def send(engine: Engine, *script: Any, kind: str = "scripted") -> None:
    """Publish a due delivery; the first call has the first result in *script*."""
    schedule(engine, *script, kind=kind)
    engine.due()
    engine.work()


def retry_in_doubt(engine: Engine, kind: str = "scripted_idempotent") -> None:
    """Bring a delivery to `retrying` although an earlier attempt may have published it."""
    send(engine, CUT, BUSY, kind=kind)
    while engine.delivery().status is not S.RETRYING:
        engine.clock.turn(seconds=1)
        engine.work()
    assert engine.delivery().in_doubt


def schedule_in_doubt(engine: Engine) -> None:
    """Bring a delivery to `scheduled` although an earlier attempt may have published it."""
    retry_in_doubt(engine)
    give_back(engine)


def claim_in_doubt(engine: Engine) -> None:
    """Bring a delivery to `claimed` although an earlier attempt may have published it."""
    retry_in_doubt(engine)
    engine.due()
    engine.turn()


def give_back(engine: Engine) -> None:
    """Let a dispatcher claim the delivery while the queue is down."""
    engine.queue.is_down = True
    engine.due()
    engine.turn()
    engine.queue.is_down = False


def restore(engine: Engine) -> None:
    """Let a person restore the present database from a backup, after the delivery is due."""
    engine.clock.at = max(engine.clock.at, engine.delivery().due_at)
    with engine.runtime.database.write() as session:
        assert doubt_overdue(session, engine.clock.at) == 1


@contextmanager
def entry_of(engine: Engine) -> Iterator[tuple[Any, Any]]:
    """Yield a session with the delivery's entry."""
    with engine.runtime.database.write() as session:
        yield session, entries.get_entry(session, engine.deliveries()[0].entry_id)


def cancel(engine: Engine) -> None:
    """Cancel the entry."""
    with entry_of(engine) as (session, entry):
        entries.cancel_entry(
            session, entry.id, entry.rev, by="mei", now=engine.clock.at, usefulness=USEFULNESS
        )


def edit(engine: Engine, **changes: Any) -> None:
    """Edit the approved entry without another review."""
    with entry_of(engine) as (session, entry):
        entries.change_entry(
            session,
            entry.id,
            entry.rev,
            replace(content_of(entry), **changes),
            by="mei",
            now=engine.clock.at,
            usefulness=USEFULNESS,
            review_on_edit=False,
        )


def pass_usefulness(engine: Engine) -> None:
    """Advance the clock until the post is too late to be useful."""
    engine.clock.turn(hours=3)


def resolve(engine: Engine, resolution: Resolution) -> None:
    """Settle the delivery as a person does."""
    with engine.runtime.database.write() as session:
        resolve_delivery(
            session,
            engine.delivery().id,
            resolution,
            by="mei",
            now=engine.clock.at,
            usefulness=USEFULNESS,
        )


def plan_by_hand(engine: Engine) -> None:
    """Plan the delivery again as a person does."""
    delivery = engine.deliveries()[0]
    with engine.runtime.database.write() as session:
        plan_again(session, delivery.id, by="mei", now=engine.clock.at, usefulness=USEFULNESS)


def hand_off(engine: Engine) -> None:
    """Let the channel hand off the post to a person."""
    send(engine, HandOff({"zh": "请手动发布", "en": "Post it"}))


# planned


@scenario(S.PLANNED, S.SCHEDULED, A.RENDERER)
def _(engine: Engine) -> None:
    schedule(engine)


@scenario(S.PLANNED, S.FAILED, A.RENDERER)
def _(engine: Engine) -> None:
    kind = engine.script("scripted")

    def refuse(*_args: Any) -> Any:
        raise RenderError("it cannot be shown there")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kind, "render_post", refuse)
        engine.plan()


@scenario(S.PLANNED, S.MISSED, A.DISPATCHER)
def _(engine: Engine) -> None:
    plan_unrendered(engine)
    engine.clock.turn(hours=24)
    engine.dispatcher.turn(engine.clock.at)


@scenario(S.PLANNED, S.CANCELLED, A.PLANNER)
def _(engine: Engine) -> None:
    plan_unrendered(engine)
    cancel(engine)


# scheduled


@scenario(S.SCHEDULED, S.PLANNED, A.PLANNER)
def _(engine: Engine) -> None:
    schedule(engine)
    edit(engine, title="改过的标题")


@scenario(S.SCHEDULED, S.CLAIMED, A.DISPATCHER)
def _(engine: Engine) -> None:
    claim(engine)


@scenario(S.SCHEDULED, S.MISSED, A.DISPATCHER)
def _(engine: Engine) -> None:
    schedule(engine)
    engine.due()
    pass_usefulness(engine)
    engine.turn()


@scenario(S.SCHEDULED, S.CANCELLED, A.PLANNER)
def _(engine: Engine) -> None:
    schedule(engine)
    cancel(engine)


@scenario(S.SCHEDULED, S.UNKNOWN, A.PLANNER)
def _(engine: Engine) -> None:
    schedule_in_doubt(engine)
    cancel(engine)


@scenario(S.SCHEDULED, S.UNKNOWN, A.DISPATCHER)
def _(engine: Engine) -> None:
    schedule_in_doubt(engine)
    pass_usefulness(engine)
    engine.turn()


# retrying


@scenario(S.RETRYING, S.PLANNED, A.PLANNER)
def _(engine: Engine) -> None:
    send(engine, BUSY)
    edit(engine, slot=None, time=time(22, 0))


@scenario(S.RETRYING, S.CLAIMED, A.DISPATCHER)
def _(engine: Engine) -> None:
    send(engine, BUSY)
    engine.due()
    engine.turn()


@scenario(S.RETRYING, S.MISSED, A.DISPATCHER)
def _(engine: Engine) -> None:
    send(engine, BUSY)
    pass_usefulness(engine)
    engine.turn()


@scenario(S.RETRYING, S.CANCELLED, A.PLANNER)
def _(engine: Engine) -> None:
    send(engine, BUSY)
    cancel(engine)


@scenario(S.RETRYING, S.UNKNOWN, A.PLANNER)
def _(engine: Engine) -> None:
    retry_in_doubt(engine)
    cancel(engine)


@scenario(S.RETRYING, S.UNKNOWN, A.DISPATCHER)
def _(engine: Engine) -> None:
    retry_in_doubt(engine)
    pass_usefulness(engine)
    engine.turn()


# claimed


@scenario(S.CLAIMED, S.SCHEDULED, A.DISPATCHER)
def _(engine: Engine) -> None:
    schedule(engine)
    give_back(engine)


@scenario(S.CLAIMED, S.SCHEDULED, A.WORKER)
def _(engine: Engine) -> None:
    claim(engine)
    engine.clock.turn(seconds=engine.runtime.config.lease.total_seconds() - 1)
    for lane, claims in engine.take():
        engine.publish(lane, claims)


@scenario(S.CLAIMED, S.SCHEDULED, A.REAPER)
def _(engine: Engine) -> None:
    claim(engine)
    engine.lease_out()
    engine.turn()


@scenario(S.CLAIMED, S.PLANNED, A.PLANNER)
def _(engine: Engine) -> None:
    schedule(engine)
    engine.due()
    # A post that is claimed ahead of its time may still be edited.
    engine.clock.turn(seconds=-0.9)
    engine.turn()
    edit(engine, title="改过的标题")


@scenario(S.CLAIMED, S.SENDING, A.WORKER)
def _(engine: Engine) -> None:
    send(engine)


@scenario(S.CLAIMED, S.MISSED, A.WORKER)
def _(engine: Engine) -> None:
    claim(engine)
    pass_usefulness(engine)
    for lane, claims in engine.take():
        engine.publish(lane, claims)


@scenario(S.CLAIMED, S.CANCELLED, A.PLANNER)
def _(engine: Engine) -> None:
    claim(engine)
    cancel(engine)


@scenario(S.CLAIMED, S.UNKNOWN, A.PLANNER)
def _(engine: Engine) -> None:
    claim_in_doubt(engine)
    cancel(engine)


# sending


@scenario(S.SENDING, S.PUBLISHED, A.WORKER)
def _(engine: Engine) -> None:
    send(engine)


@scenario(S.SENDING, S.ACCEPTED, A.WORKER)
def _(engine: Engine) -> None:
    send(engine, Accepted("token"))


@scenario(S.SENDING, S.HANDED_OFF, A.WORKER)
def _(engine: Engine) -> None:
    hand_off(engine)


@scenario(S.SENDING, S.RETRYING, A.WORKER)
def _(engine: Engine) -> None:
    send(engine, BUSY)


@scenario(S.SENDING, S.FAILED, A.WORKER)
def _(engine: Engine) -> None:
    send(engine, RejectedError("no"))


@scenario(S.SENDING, S.UNKNOWN, A.WORKER)
def _(engine: Engine) -> None:
    send(engine, CUT)


@scenario(S.SENDING, S.UNKNOWN, A.REAPER)
def _(engine: Engine) -> None:
    claim(engine)
    for _lane, claims in engine.take():
        tasks = engine.publisher.make_ready(claims)
        with engine.runtime.database.write() as session:
            intend(engine.runtime, session, "host:2", tasks, engine.clock.at)
    engine.lease_out()
    engine.turn()


def send_parts(engine: Engine, *script: Any) -> Any:
    """Publish the first part of a post of several; the first calls have the results in *script*."""
    channel = engine.script("scripted_parts")
    channel.script.extend(script)
    engine.plan("scripted_parts", title="一", body="二\n\n三")
    engine.due()
    engine.work()
    return channel


@scenario(S.SENDING, S.SCHEDULED, A.WORKER)
def _(engine: Engine) -> None:
    send_parts(engine)


@scenario(S.CLAIMED, S.UNKNOWN, A.WORKER)
def _(engine: Engine) -> None:
    retry_in_doubt(engine, "scripted_forgetful")
    engine.clock.turn(minutes=11)
    engine.work()


# accepted


@scenario(S.ACCEPTED, S.SCHEDULED, A.WORKER)
def _(engine: Engine) -> None:
    send_parts(engine, Accepted("token", poll_after=5), Receipt(id="7"))
    engine.settle(10)


@scenario(S.ACCEPTED, S.HANDED_OFF, A.WORKER)
def _(engine: Engine) -> None:
    by_hand = HandOff({"zh": "请手动发布", "en": "Post it"})
    send(engine, Accepted("token", poll_after=5), by_hand)
    engine.settle(10)


@scenario(S.ACCEPTED, S.UNKNOWN, A.DISPATCHER)
def _(engine: Engine) -> None:
    send(engine, Accepted("token", poll_after=5))
    engine.clock.turn(days=2)
    engine.turn()


@scenario(S.ACCEPTED, S.PUBLISHED, A.WORKER)
def _(engine: Engine) -> None:
    send(engine, Accepted("token", poll_after=5), Receipt(id="7"))
    engine.settle(10)


@scenario(S.ACCEPTED, S.FAILED, A.WORKER)
def _(engine: Engine) -> None:
    send(engine, Accepted("token", poll_after=5), RejectedError("no"))
    engine.settle(10)


# handed off


@scenario(S.HANDED_OFF, S.PUBLISHED, A.PERSON)
def _(engine: Engine) -> None:
    hand_off(engine)
    resolve(engine, Resolution.OUT)


@scenario(S.HANDED_OFF, S.SCHEDULED, A.PERSON)
def _(engine: Engine) -> None:
    send_parts(engine, HandOff({"zh": "请手动发布", "en": "Post it"}))
    resolve(engine, Resolution.OUT)


@scenario(S.HANDED_OFF, S.FAILED, A.PERSON)
def _(engine: Engine) -> None:
    hand_off(engine)
    resolve(engine, Resolution.DROP)


@scenario(S.HANDED_OFF, S.CANCELLED, A.PLANNER)
def _(engine: Engine) -> None:
    hand_off(engine)
    cancel(engine)


# unknown


@scenario(S.UNKNOWN, S.PUBLISHED, A.WORKER)
def _(engine: Engine) -> None:
    send(engine, CUT, kind="scripted_findable")
    engine.runtime.registry.channel_type("scripted_findable").found[:] = [Receipt(id="42")]  # type: ignore[attr-defined]  # the scripted channel's own
    engine.settle(60)


@scenario(S.UNKNOWN, S.SCHEDULED, A.WORKER)
def _(engine: Engine) -> None:
    send_parts(engine, CUT).found.append(Receipt(id="1"))
    engine.settle(60)


@scenario(S.UNKNOWN, S.SCHEDULED, A.PERSON)
def _(engine: Engine) -> None:
    send_parts(engine, CUT)
    resolve(engine, Resolution.OUT)


@scenario(S.UNKNOWN, S.ACCEPTED, A.WORKER)
def _(engine: Engine) -> None:
    send(engine, CUT, kind="scripted_findable")
    engine.runtime.registry.channel_type("scripted_findable").found[:] = [Accepted("token")]  # type: ignore[attr-defined]  # the scripted channel's own
    engine.settle(60)


@scenario(S.UNKNOWN, S.PUBLISHED, A.PERSON)
def _(engine: Engine) -> None:
    send(engine, CUT)
    resolve(engine, Resolution.OUT)


@scenario(S.UNKNOWN, S.RETRYING, A.DISPATCHER)
def _(engine: Engine) -> None:
    send(engine, CUT, kind="scripted_idempotent")
    engine.settle(10)


@scenario(S.UNKNOWN, S.RETRYING, A.WORKER)
def _(engine: Engine) -> None:
    send(engine, CUT, kind="scripted_findable")
    engine.runtime.registry.channel_type("scripted_findable").found[:] = [None]  # type: ignore[attr-defined]  # the scripted channel's own
    engine.settle(60)


@scenario(S.UNKNOWN, S.RETRYING, A.PERSON)
def _(engine: Engine) -> None:
    send(engine, CUT)
    resolve(engine, Resolution.SEND_AGAIN)


@scenario(S.UNKNOWN, S.FAILED, A.PERSON)
def _(engine: Engine) -> None:
    send(engine, CUT)
    resolve(engine, Resolution.DROP)


@scenario(S.UNKNOWN, S.PLANNED, A.PERSON)
def _(engine: Engine) -> None:
    plan_unrendered(engine)
    restore(engine)
    resolve(engine, Resolution.SEND_AGAIN)


# restored from a backup


@scenario(S.PLANNED, S.UNKNOWN, A.PERSON)
def _(engine: Engine) -> None:
    plan_unrendered(engine)
    restore(engine)


@scenario(S.SCHEDULED, S.UNKNOWN, A.PERSON)
def _(engine: Engine) -> None:
    schedule(engine)
    restore(engine)


@scenario(S.RETRYING, S.UNKNOWN, A.PERSON)
def _(engine: Engine) -> None:
    send(engine, BUSY)
    restore(engine)


@scenario(S.CLAIMED, S.UNKNOWN, A.PERSON)
def _(engine: Engine) -> None:
    claim(engine)
    restore(engine)


# ended


@scenario(S.FAILED, S.PLANNED, A.PERSON)
def _(engine: Engine) -> None:
    send(engine, RejectedError("no"))
    plan_by_hand(engine)


@scenario(S.MISSED, S.PLANNED, A.PLANNER)
def _(engine: Engine) -> None:
    engine.script("scripted")
    make_channel(engine.runtime, "there", "scripted")
    make_entry(engine.runtime, make_calendar(engine.runtime, "there"), **LIVESTREAM)
    while engine.deliveries()[0].status is not S.MISSED:
        engine.clock.turn(hours=1)
        engine.turn()
    with entry_of(engine) as (session, entry):
        entries.move_entry(
            session,
            entry.id,
            entry.rev,
            week=WEEK,
            day=Weekday.SUN,
            slot="晚间",
            time=None,
            by="mei",
            now=engine.clock.at,
            usefulness=USEFULNESS,
        )


@scenario(S.MISSED, S.PLANNED, A.PERSON)
def _(engine: Engine) -> None:
    schedule(engine)
    engine.due()
    pass_usefulness(engine)
    engine.turn()
    plan_by_hand(engine)


@scenario(S.CANCELLED, S.PLANNED, A.PLANNER)
def _(engine: Engine) -> None:
    schedule(engine)
    cancel(engine)
    with entry_of(engine) as (session, entry):
        approve(session, entry, by="lan", now=engine.clock.at, usefulness=USEFULNESS)


@scenario(S.CANCELLED, S.PLANNED, A.PERSON)
def _(engine: Engine) -> None:
    schedule(engine)
    # The entry is still approved, but its new time is three hours ago.
    edit(engine, slot=None, time=time(9))
    plan_by_hand(engine)


# The test


@dataclass
class Spy:
    """Records each move in the database, with the actor that requested it."""

    moves: list[Move] = field(default_factory=list)
    asked: list[Move] = field(default_factory=list)

    def check(self, before: DeliveryStatus, after: DeliveryStatus, actor: Actor) -> None:
        """Check a move as `check_move` does, and record the actor that requested it."""
        check_move(before, after, actor)
        self.asked.append((before, after, actor))

    def see(self, _connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        """Record the moves that a statement has made."""
        if not statement.startswith("UPDATE deliveries"):
            return
        rows = cursor.connection.execute("SELECT a, b FROM spied").fetchall()
        cursor.connection.execute("DELETE FROM spied")
        for before, after in rows:
            self.moves.append(next(m for m in reversed(self.asked) if m[:2] == (before, after)))


@pytest.fixture
def spied(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Engine, Spy]]:
    """Yield an engine on SQLite and a spy that records the moves of its deliveries."""
    spy = Spy()
    monkeypatch.setattr(moves, "check_move", spy.check)
    with closing(Database(sqlite_url)) as database:
        with database.write() as session:
            session.execute(text("CREATE TABLE spied (a TEXT, b TEXT)"))
            session.execute(
                text(
                    "CREATE TRIGGER spy AFTER UPDATE OF status ON deliveries "
                    "WHEN old.status <> new.status "
                    "BEGIN INSERT INTO spied VALUES (old.status, new.status); END"
                )
            )
        engine = Engine(make_runtime(database, tmp_path))
        event.listen(database.engine, "after_cursor_execute", spy.see)
        yield engine, spy
        engine.publisher.close()


@pytest.mark.parametrize("move", SCENARIOS, ids="-".join)
def test_the_real_code_makes_the_move(spied: tuple[Engine, Spy], move: Move) -> None:
    """The scenario makes this move, as this actor."""
    engine, spy = spied

    SCENARIOS[move](engine)

    assert move in spy.moves


def test_every_legal_move_has_a_scenario() -> None:
    """`MOVES` contains exactly the moves that have a scenario."""
    legal = {(*pair, actor) for pair, actors in MOVES.items() for actor in actors}

    assert set(SCENARIOS) == legal
