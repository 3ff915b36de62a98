"""The render worker's child processes: deadlines, sudden ends, and runs that are set aside."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from contentsvc.db.models import Delivery
from contentsvc.db.session import Database
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.services.runtime import Runtime
from contentsvc.worker import render_runs
from contentsvc.worker.render_runs import RenderRun, RenderRuns
from tests.acceptance.running import until
from tests.factories import make_calendar, make_channel, make_entry, make_runtime


@pytest.fixture
def runtime(sqlite_url: str, tmp_path: Path) -> Iterator[Runtime]:
    """Yield a runtime with one planned delivery."""
    with closing(Database(sqlite_url)) as database:
        runtime = make_runtime(database, tmp_path)
        make_channel(runtime)
        make_entry(runtime, make_calendar(runtime))
        yield runtime


def _delivery(runtime: Runtime) -> Delivery:
    with runtime.database.read() as session:
        return session.scalars(select(Delivery)).one()


def _fork(runs: RenderRuns, lane: str, work: Callable[[RenderRun], None]) -> int:
    """Begin a run whose child process does *work*; return the id of the child."""
    runs.begin(lane)
    child = os.fork()
    if child == 0:
        work(runs.current)
        os._exit(0)
    return child


def _run(runs: RenderRuns, work: Callable[[RenderRun], None]) -> None:
    """Run *work* in a child process, and let the worker record its end."""
    os.waitpid(_fork(runs, "site", work), 0)
    runs.ended()


def _killed(delivery_id: int) -> Callable[[RenderRun], None]:
    def work(run: RenderRun) -> None:
        run.note(delivery_id)
        os.kill(os.getpid(), signal.SIGKILL)

    return work


def test_a_delivery_that_kills_its_process_three_times_fails(runtime: Runtime) -> None:
    """After two sudden ends it stays planned with the reason; after the third it has failed."""
    runs, delivery_id = RenderRuns(runtime), _delivery(runtime).id
    seen = []

    for _ in range(3):
        _run(runs, _killed(delivery_id))
        seen.append((_delivery(runtime).status, str(_delivery(runtime).error)))

    said = "the process that rendered it ended unexpectedly"
    planned, failed = DeliveryStatus.PLANNED, DeliveryStatus.FAILED
    assert seen == [(planned, said), (planned, said), (failed, said)]


def _sleep() -> None:
    time.sleep(3600)


def _keep_the_interpreter() -> None:
    # A regular expression keeps the interpreter's lock, so that no thread of Python can run.
    re.match(r"(a+)+$", "a" * 64 + "b")


@pytest.mark.parametrize("block", [_sleep, _keep_the_interpreter])
def test_a_rendering_past_its_deadline_ends_its_process(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, block: Callable[[], None]
) -> None:
    """The process ends by itself, whatever the plugin does, and the delivery has the reason."""
    monkeypatch.setattr(render_runs, "_DEADLINE", 0.3)
    delivery_id = _delivery(runtime).id

    def work(run: RenderRun) -> None:
        run.note(delivery_id)
        block()

    _run(RenderRuns(runtime), work)

    assert _delivery(runtime).status is DeliveryStatus.PLANNED
    assert "did not return within 0.3 s while rendering" in str(_delivery(runtime).error)


def test_a_process_that_ends_between_renderings_harms_no_delivery(runtime: Runtime) -> None:
    """After the last rendering of a job, the end of the process says nothing of a delivery."""

    def work(run: RenderRun) -> None:
        run.note(_delivery(runtime).id)
        run.note(0)

    _run(RenderRuns(runtime), work)

    assert str(_delivery(runtime).error) == ""


def test_a_slow_rendering_blocks_only_its_own_plugin(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker goes on without a slow run; its lane is blocked until the process has ended."""
    monkeypatch.setattr(render_runs, "_SLOW", 0.05)
    monkeypatch.setattr(render_runs, "_DEADLINE", 2.0)
    runs, delivery_id = RenderRuns(runtime), _delivery(runtime).id

    def work(run: RenderRun) -> None:
        run.note(delivery_id)
        _sleep()

    child = _fork(runs, "hung", work)
    until("slow", lambda: runs.should_go_on)
    runs.set_aside(child)
    runs.begin("site")
    while_hung = runs.current.blocked_lanes
    assert not runs.should_go_on

    def is_free() -> bool:
        runs.begin("site")
        return not runs.current.blocked_lanes

    until("ended", is_free)

    assert while_hung == {"hung"}
    assert "did not return" in str(_delivery(runtime).error)
