"""The state and steps of the state machine: a service whose workers can stop between two steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis.stateful import (
    RuleBasedStateMachine,
)
from sqlalchemy import select, text
from sqlalchemy.orm import Session, joinedload

from contentsvc.db.mapping import content_of
from contentsvc.db.models import Delivery, Entry
from contentsvc.db.session import Database
from contentsvc.domain.deliveries import ENDED, Action, DeliveryStatus, Outcome
from contentsvc.domain.entries import EntryStatus
from contentsvc.errors import TemporaryError
from contentsvc.services import entries
from contentsvc.services.calendar_settings import get_calendar
from contentsvc.services.delivery.calling import Answer
from contentsvc.services.delivery.dispatching import Dispatcher
from contentsvc.services.delivery.recording import intend, record
from contentsvc.services.delivery.sending import has_time_for_a_call, not_begun
from contentsvc.services.delivery.tasks import Task, judge
from contentsvc.services.ports import Claim
from tests.factories import (
    SHANGHAI,
    USEFULNESS,
    WEEK,
    Clock,
    MemoryQueue,
    make_calendar,
    make_channel,
    make_content,
    make_entry,
    make_runtime,
)
from tests.integration.services.delivery.engine_world import Engine
from tests.integration.services.delivery.machine_world import Hands, Platform, Says, Stage

__all__ = ["KINDS", "TYPES", "State", "in_words"]

S = DeliveryStatus
KINDS = {
    "plain": Platform(idempotent=False),
    "keyed": Platform(idempotent=True),
    "asked": Platform(idempotent=False),
}
TYPES = {"plain": "scripted", "keyed": "scripted_idempotent", "asked": "scripted_findable"}

#: Longest seconds that a worker waits with a delivery that was claimed before it is due.
_LONGEST_WAIT = 5.0
#: Statements that create a trigger, which logs every change of a delivery's status.
_SPY = {
    "sqlite": [
        "CREATE TABLE spied (id INTEGER PRIMARY KEY, delivery_id INTEGER, a TEXT, b TEXT)",
        """CREATE TRIGGER spy AFTER UPDATE OF status ON deliveries WHEN old.status <> new.status
        BEGIN INSERT INTO spied (delivery_id, a, b) VALUES (new.id, old.status, new.status); END""",
    ],
    "postgresql": [
        "CREATE TABLE spied (id SERIAL PRIMARY KEY, delivery_id INTEGER, a TEXT, b TEXT)",
        """CREATE FUNCTION spy() RETURNS trigger AS $$ BEGIN INSERT INTO spied (delivery_id, a, b)
        VALUES (new.id, old.status, new.status); RETURN new; END $$ LANGUAGE plpgsql""",
        """CREATE TRIGGER spy AFTER UPDATE OF status ON deliveries FOR EACH ROW
        WHEN (old.status <> new.status) EXECUTE FUNCTION spy()""",
    ],
}


class State(RuleBasedStateMachine):
    """The service, platforms and workers that the rules act on."""

    def __init__(self, make_database: Callable[[], Database], folder: Path) -> None:
        super().__init__()
        runtime = make_runtime(make_database(), folder)
        self.engine = Engine(replace(runtime, queue=MemoryQueue(), clock=Clock()))
        self.runtime = self.engine.runtime
        #: The monotonic clock: seconds that have passed, regardless of changes of the wall clock.
        self.seconds = 0.0
        self._new_dispatcher()
        self.platforms = {name: replace(kind) for name, kind in KINDS.items()}
        for platform in self.platforms.values():
            platform.taken, platform.pending, platform.calls = type(platform.taken)(), set(), {}
        for name, kind in TYPES.items():
            make_channel(self.runtime, name, kind)
        self.calendar = make_calendar(self.runtime, *TYPES)
        #: Batches in the queue, each with the wall-clock time of its claims.
        self.queued: list[tuple[datetime, list[Claim]]] = []
        self.workers: list[Hands] = []
        #: Keys of deliveries that a person has settled or planned again.
        self.told: set[str] = set()
        self.spied = 0
        self.made = 0
        with self.runtime.database.write() as session:
            for statement in _SPY[self.runtime.database.engine.dialect.name]:
                session.execute(text(statement))

    # A worker, step by step

    def _go_on(self, worker: Hands, to: Stage, says: Says) -> None:
        steps = {
            Stage.TAKEN: self._intend,
            Stage.INTENDED: self._begin_calls,
            Stage.CALLING: lambda worker: self._call(worker, says),
            Stage.ANSWERED: self._note,
        }
        order = list(Stage)
        while worker in self.workers and order.index(worker.stage) < order.index(to):
            steps[worker.stage](worker)

    def _gather(self, stage: Stage) -> None:
        """Give all batches of the workers at *stage* to the first of them."""
        workers = [one for one in self.workers if one.stage is stage]
        if not workers:
            return
        first, *others = workers
        for other in others:
            self.workers.remove(other)
            first.tasks += other.tasks
            first.answers += other.answers
            first.claimed_at = max(first.claimed_at, other.claimed_at)

    def _intend(self, worker: Hands) -> None:
        worker.tasks = [task for task in worker.tasks if self._fits(task)]
        self._wait_for_instants(worker)
        with self.runtime.database.write() as session:
            worker.tasks = intend(self.runtime, session, "host:2", worker.tasks, self.now)
            for task in worker.tasks:
                self._check_wanted(session, task, worker.claimed_at)
        worker.stage, worker.intended_at, worker.since = Stage.INTENDED, self.now, self.seconds

    def _wait_for_instants(self, worker: Hands) -> None:
        """Advance the clock until all tasks are due; drop tasks that are due too far ahead.

        The latter happens after the wall clock was set back.
        """
        ahead = {
            task: (task.delivery.next_at - self.now).total_seconds()
            for task in worker.tasks
            if task.action is Action.PUBLISH and task.delivery.next_at > worker.claimed_at
        }
        worker.tasks = [task for task in worker.tasks if ahead.get(task, 0.0) <= _LONGEST_WAIT]
        self._advance(max([0.0, *(ahead.get(task, 0.0) for task in worker.tasks)]))

    def _begin_calls(self, worker: Hands) -> None:
        assert worker.intended_at is not None
        worker.stage = Stage.CALLING
        passed = timedelta(seconds=self.seconds - worker.since)
        if not has_time_for_a_call(self.runtime, worker.intended_at, passed):
            worker.answers = [(task, not_begun()) for task in worker.tasks]
            worker.stage = Stage.ANSWERED
        worker.since = self.seconds

    def _call(self, worker: Hands, says: Says) -> None:
        """Call the platform for each task, unless the deadline of the call has passed."""
        over = worker.is_beyond(self.seconds, self.runtime.config.call_timeout)
        worker.answers = [
            (task, Answer(Outcome.UNKNOWN) if over else self._ask(task, says))
            for task in worker.tasks
        ]
        worker.stage = Stage.ANSWERED

    def _note(self, worker: Hands) -> None:
        self.workers.remove(worker)
        with self.runtime.database.write() as session:
            verdicts = [judge(task, answer, self.now) for task, answer in worker.answers]
            record(session, verdicts, self.now)

    # What people do to an entry

    def _write(self, minutes: int, *, approved: bool) -> None:
        self.made += 1
        make_entry(
            self.runtime,
            self._fresh_calendar(),
            approved=approved,
            now=self.now,
            key=f"entry-{self.made}",
            title=f"第 {self.made} 篇",
            **self._when(minutes),
        )

    def _edit(self, pick: int, number: int, *, review: bool) -> None:
        with self._entry(pick) as (session, entry):
            content = replace(content_of(entry), title=f"改 {number}")
            entries.change_entry(
                session,
                entry.id,
                entry.rev,
                content,
                by="mei",
                now=self.now,
                usefulness=USEFULNESS,
                review_on_edit=review,
            )

    def _move(self, pick: int, minutes: int) -> None:
        when = self._when(minutes)
        with self._entry(pick) as (session, entry):
            entries.move_entry(
                session,
                entry.id,
                entry.rev,
                week=WEEK,
                day=when["day"],
                slot=None,
                time=when["time"],
                by="mei",
                now=self.now,
                usefulness=USEFULNESS,
            )

    # Helpers

    @property
    def now(self) -> datetime:
        """Return the time of the wall clock."""
        return self.engine.clock.at

    def _check_wanted(self, session: Session, task: Task, claimed_at: datetime) -> None:
        """Check that a delivery is not sent early, or with an outdated or unapproved entry."""
        row = session.get_one(Delivery, task.delivery.id, options=[joinedload(Delivery.entry)])
        if task.action is Action.PUBLISH:
            # A delivery that a person sends again is due now, even if the clock was set back.
            due = row.key in self.told or row.due_at <= max(claimed_at, self.now)
            assert due, f"early: {in_words(row)}"
            assert row.entry.status is EntryStatus.APPROVED, "not approved"
            assert row.entry.deleted_at is None, "deleted"
            if row.attempt_count == 1:
                assert row.entry.title in task.rendition.title, "an old text"

    def _turn(self, *, renders: bool = True) -> None:
        """Let the dispatcher take a turn, and render the deliveries that it enqueued."""
        self.engine.dispatcher.turn(self.now)
        queue = self.engine.queue
        self.queued += [(self.now, claims) for _, claims in queue.published + queue.followed_up]
        planned = self.engine.queue.rendered if renders else []
        self._forget()
        self.engine.renderer.render_planned(planned)

    def _new_dispatcher(self) -> None:
        self.engine.dispatcher = Dispatcher(self.runtime, "host:1", lambda: self.seconds)

    def _forget(self) -> None:
        queue = self.engine.queue
        queue.published, queue.followed_up, queue.rendered = [], [], []

    def _take(self, times: int = 1) -> None:
        """Create a worker for each queued batch, which gets the batch *times* times."""
        for claimed_at, claims in self.queued:
            tasks = self.engine.publisher.make_ready(claims)
            if tasks:
                self.workers.append(Hands(tasks * times, claimed_at))
        self.queued = []

    def _advance(self, seconds: float) -> None:
        self.seconds += seconds
        self.engine.clock.turn(seconds=seconds)

    def _fits(self, task: Task) -> bool:
        lease = task.delivery.lease_until
        return lease is None or self.now + self.runtime.config.call_timeout < lease

    def _ask(self, task: Task, says: Says) -> Answer:
        platform, key = self.platforms[task.delivery.channel_name], task.delivery.key
        kind = self.engine.script(task.channel.type)
        if task.action is Action.PUBLISH:
            kind.script[:] = [platform.receive(key, says)]
        elif says in {Says.BUSY, Says.SLOWLY}:
            # The platform cannot be searched at the moment.
            kind.script[:] = kind.found[:] = [TemporaryError("busy")]
        elif task.action is Action.FIND:
            kind.found[:] = [platform.find(key)]
        else:
            kind.script[:] = [lambda: platform.poll(key, says)]
        return task.ask()

    def _platform(self, delivery: Delivery) -> Platform:
        return self.platforms[delivery.channel.name]

    def _rows(self, *statuses: DeliveryStatus) -> list[Delivery]:
        query = select(Delivery).order_by(Delivery.id).options(joinedload(Delivery.channel))
        with self.runtime.database.read() as session:
            return [row for row in session.scalars(query) if not statuses or row.status in statuses]

    def _unsettled(self) -> list[Delivery]:
        """Return the deliveries that have not ended and do not wait for a person."""
        rows = self._rows(*(set(S) - ENDED - {S.HANDED_OFF, S.UNKNOWN}))
        unknown = [row for row in self._rows(S.UNKNOWN) if row.channel.name == "asked"]
        return rows + unknown

    def _until_next(self, rows: list[Delivery]) -> float:
        times = [row.next_at for row in rows] + [row.lease_until for row in rows]
        ahead = [(at - self.now).total_seconds() for at in times if at is not None]
        return max(2.5, min([after for after in ahead if after > 0], default=0.0))

    def _fresh_calendar(self) -> Any:
        with self.runtime.database.read() as session:
            return get_calendar(session, "baby-benefits")

    def _when(self, minutes: int) -> dict[str, Any]:
        local = (self.now + timedelta(minutes=minutes)).astimezone(SHANGHAI)
        day = list(type(make_content().day))[local.weekday()]
        return {"day": day, "slot": None, "time": local.time().replace(microsecond=0)}

    @contextmanager
    def _entry(self, pick: int) -> Iterator[tuple[Session, Entry]]:
        with self.runtime.database.write() as session:
            ids = list(session.scalars(select(Entry.id).order_by(Entry.id)))
            yield session, entries.get_entry(session, ids[pick % len(ids)])


def in_words(delivery: Delivery) -> str:
    return (
        f"{delivery.channel.name} {delivery.status} in_doubt={delivery.in_doubt} "
        f"attempts={delivery.attempt_count} next_at={delivery.next_at} {delivery.error}"
    )
