"""A state machine that runs the real services with random actions, crashes and clock changes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from contentsvc.db.models import Delivery
from contentsvc.db.session import Database
from contentsvc.domain.deliveries import MOVES, DeliveryStatus
from contentsvc.errors import ContentsvcError
from contentsvc.services import entries
from contentsvc.services.channel_setup.channels import pause_channel, resume_channel
from contentsvc.services.deliveries import Resolution, plan_again, resolve_delivery
from contentsvc.services.planning import approve
from tests.factories import (
    USEFULNESS,
)
from tests.integration.services.delivery.machine_state import KINDS, TYPES, State, in_words
from tests.integration.services.delivery.machine_world import CERTAIN, Says, Stage

S = DeliveryStatus
_MOST_ENTRIES = 3
_WITHDRAW: dict[str, Callable[..., Any]] = {
    "cancel": entries.cancel_entry,
    "delete": entries.delete_entry,
    "return": entries.return_entry,
}
_PLANS = ["write", "approve", "edit", "move", *_WITHDRAW]
_MISHAPS = ["worker", "dispatcher", "redis away", "redis empty", "renderer"]
_says = st.sampled_from(Says)
_pick = st.integers(0, 7)


class Publishing(State):
    """The rules for people, processes and clocks, and the invariants after each rule."""

    # Actions of people

    @initialize(minutes=st.integers(0, 30))
    def begin(self, minutes: int) -> None:
        """Create an approved entry."""
        self._write(minutes, approved=True)

    @rule(pick=_pick, minutes=st.integers(-5, 90), yes=st.booleans(), what=st.sampled_from(_PLANS))
    def plan(self, pick: int, minutes: int, what: str, *, yes: bool) -> None:
        """Let a person write, approve, change, move or withdraw an entry."""
        with suppress(ContentsvcError):
            if what == "write" and self.made < _MOST_ENTRIES:
                self._write(minutes, approved=yes)
            elif what == "move":
                self._move(pick, minutes)
            elif what == "edit":
                self._edit(pick, minutes, review=yes)
            elif what == "approve":
                with self._entry(pick) as (session, entry):
                    approve(session, entry, by="lan", now=self.now, usefulness=USEFULNESS)
            elif what in _WITHDRAW:
                with self._entry(pick) as (session, entry):
                    _WITHDRAW[what](
                        session, entry.id, entry.rev, by="mei", now=self.now, usefulness=USEFULNESS
                    )

    @rule(name=st.sampled_from(sorted(KINDS)), pauses=st.booleans())
    def pause(self, name: str, *, pauses: bool) -> None:
        """Let a person pause or resume a channel."""
        with self.runtime.database.write() as session:
            if pauses:
                pause_channel(session, name, reason="later", now=self.now)
            else:
                resume_channel(session, name, now=self.now)

    @rule(pick=_pick, resolution=st.sampled_from(Resolution), looks=st.booleans())
    def settle(self, pick: int, resolution: Resolution, *, looks: bool) -> None:
        """Let a person settle an unknown or handed-off delivery, or plan an ended delivery again.

        If the person *looks*, the decision agrees with the platform.
        """
        ended = {S.FAILED, S.MISSED, S.CANCELLED}
        rows = self._rows(S.UNKNOWN, S.HANDED_OFF, *ended)
        if not rows:
            return
        delivery = rows[pick % len(rows)]
        if looks:
            out = self._platform(delivery).taken[delivery.key] > 0
            resolution = Resolution.OUT if out else Resolution.SEND_AGAIN
        values: dict[str, Any] = {"by": "mei", "now": self.now, "usefulness": USEFULNESS}
        with suppress(ContentsvcError), self.runtime.database.write() as session:
            if delivery.status in ended:
                plan_again(session, delivery.id, **values)
            else:
                resolve_delivery(session, delivery.id, resolution, **values)
            self.told.add(delivery.key)

    # Events in processes

    @rule(says=_says, to=st.sampled_from(Stage), times=st.integers(1, 2))
    def publish(self, says: Says, to: Stage, times: int) -> None:
        """Claim the next due deliveries and let workers process them up to a stage.

        The workers may get each batch twice.
        """
        rows = self._rows(S.SCHEDULED, S.RETRYING, S.UNKNOWN, S.ACCEPTED, S.PLANNED)
        ahead = [(row.next_at - self.now).total_seconds() for row in rows]
        self._advance(max(0.0, min(ahead, default=0.0)))
        self._turn()
        self._turn()
        self._take(times)
        for worker in list(self.workers):
            self._go_on(worker, to, says)

    @precondition(lambda self: self.workers)
    @rule(pick=_pick, says=_says, to=st.sampled_from(Stage))
    def go_on(self, pick: int, says: Says, to: Stage) -> None:
        """Let a suspended worker continue."""
        self._go_on(self.workers[pick % len(self.workers)], to, says)

    @precondition(lambda self: self.workers)
    @rule(stage=st.sampled_from([Stage.TAKEN, Stage.ANSWERED]))
    def gather(self, stage: Stage) -> None:
        """Give the batches of several workers to one worker, which records them together."""
        self._gather(stage)

    @rule(what=st.sampled_from(_MISHAPS), pick=_pick)
    def break_down(self, what: str, pick: int) -> None:
        """Kill a process, or lose the content of Redis."""
        if what == "worker" and self.workers:
            self.workers.pop(pick % len(self.workers))
        elif what == "dispatcher":
            self.engine.dispatcher.turn(self.now)
            self._forget()
            self._new_dispatcher()
        elif what == "redis away":
            self.engine.queue.is_down = True
            self.engine.dispatcher.turn(self.now)
            self.engine.queue.is_down = False
        elif what == "redis empty":
            self.queued.clear()
            self._forget()
        elif what == "renderer":
            self._turn(renders=False)

    @rule(seconds=st.sampled_from([0.5, 3.0, 31.0, 40.0, 95.0, 700.0, 7300.0]))
    def wait(self, seconds: float) -> None:
        """Let time pass, so that leases may expire."""
        self._advance(seconds)

    @rule(minutes=st.integers(-60, 60))
    def set_clock(self, minutes: int) -> None:
        """Set the wall clock forward or back."""
        self.engine.clock.turn(minutes=minutes)

    # Invariants

    @invariant()
    def what_is_promised_holds(self) -> None:
        """Check all invariants."""
        rows = self._rows()
        self._is_never_denied(rows)
        self._is_never_held_without_end(rows)
        self._is_never_out_twice()
        self._is_never_blindly_sent_again()
        self._moves_by_the_table()

    def _is_never_denied(self, rows: list[Delivery]) -> None:
        """Check that no published post is failed, missed or cancelled, but by a person."""
        denied = [row for row in rows if row.status in {S.FAILED, S.MISSED, S.CANCELLED}]
        for delivery in denied:
            if delivery.key not in self.told:
                assert not self._platform(delivery).taken[delivery.key], in_words(delivery)

    def _is_never_out_twice(self) -> None:
        """Check that each key was published at most once, unless a person sent it again."""
        for platform in self.platforms.values():
            for key, count in platform.taken.items():
                assert count <= 1 or key in self.told, (key, platform.calls[key])

    def _is_never_blindly_sent_again(self) -> None:
        """Check the channel that is neither idempotent nor findable.

        All of its calls before the last one certainly published nothing.
        """
        for key, said in self.platforms["plain"].calls.items():
            if key not in self.told:
                assert set(said[:-1]) <= CERTAIN, said

    def _moves_by_the_table(self) -> None:
        """Check that `MOVES` contains every move that the trigger has logged."""
        with self.runtime.database.read() as session:
            rows = session.execute(
                text("SELECT id, a, b FROM spied WHERE id > :seen ORDER BY id"),
                {"seen": self.spied},
            ).all()
        for number, before, after in rows:
            self.spied = number
            assert (S(before), S(after)) in MOVES, f"{before} to {after}"

    def _is_never_held_without_end(self, rows: list[Delivery]) -> None:
        """Check that every claimed or sending delivery has a lease."""
        for delivery in rows:
            if delivery.status in {S.CLAIMED, S.SENDING}:
                assert delivery.lease_until is not None, in_words(delivery)

    def teardown(self) -> None:
        """Kill all workers and repair everything else; check that all deliveries settle."""
        self.workers.clear()
        self.queued.clear()
        with self.runtime.database.write() as session:
            for name in TYPES:
                resume_channel(session, name, now=self.now)
        unsettled = self._unsettled()
        for _ in range(150):
            if not unsettled:
                break
            self._turn()
            self._take()
            for worker in list(self.workers):
                self._go_on(worker, Stage.DONE, Says.RECEIPT)
            unsettled = self._unsettled()
            self.what_is_promised_holds()
            self._advance(self._until_next(unsettled))
        assert unsettled == [], [in_words(delivery) for delivery in unsettled]
        self.engine.publisher.close()
        self.runtime.database.close()


def _run(make_database: Callable[[], Database], folder: Path, *, examples: int) -> None:
    class _Publishing(Publishing):
        def __init__(self) -> None:
            super().__init__(make_database, folder)

    run_state_machine_as_test(
        _Publishing,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            print_blob=False,
            derandomize=settings().derandomize,
            database=None,
            # Failing examples are not shrunk, since that takes many minutes.
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.hypothesis
@pytest.mark.timeout(900)
def test_what_is_promised_holds_on_sqlite(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """No random sequence of events loses, repeats, delays or blocks a delivery."""
    template = request.getfixturevalue("_sqlite_template")
    count = iter(range(1_000_000))

    def fresh() -> Database:
        path = tmp_path / f"{next(count)}.db"
        shutil.copy(template, path)
        return Database(f"sqlite:///{path}")

    _run(fresh, tmp_path, examples=25)


@pytest.mark.hypothesis
@pytest.mark.timeout(900)
def test_what_is_promised_holds_on_postgresql(
    tmp_path: Path, postgres_server: str, request: pytest.FixtureRequest
) -> None:
    """The same holds on PostgreSQL, with fewer examples, since each needs a new database."""
    template = request.getfixturevalue("_postgres_template")
    names: list[str] = []

    with psycopg.connect(postgres_server, autocommit=True) as connection:

        def fresh() -> Database:
            names.append(f"machine_{len(names)}")
            connection.execute(f"CREATE DATABASE {names[-1]} TEMPLATE {template}")
            url = postgres_server.replace("/postgres?", f"/{names[-1]}?", 1)
            return Database(url.replace("postgresql://", "postgresql+psycopg://", 1))

        try:
            _run(fresh, tmp_path, examples=5)
        finally:
            for name in names:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
